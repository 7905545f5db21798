"""Money is Decimal, two places, half-up (DOMAIN 1)."""

from decimal import Decimal

import pytest

from gateway.domain.money import from_cents, round_cents, to_cents


@pytest.mark.parametrize(
    ("expected", "exact"),
    [("380.00", "380"), ("218.70", "218.7035714"), ("0.13", "0.125"), ("-0.13", "-0.125"), ("2.68", "2.675")],
)
def test_halves_of_a_cent_are_rounded_away_from_zero(expected, exact):
    assert Decimal(expected) == round_cents(Decimal(exact))


@pytest.mark.parametrize("cents", [0, 1, -1, 371750, -435000, 9_999_999_999])
def test_cents_survive_the_way_into_the_database_and_back(cents):
    assert cents == to_cents(from_cents(cents))


def test_a_fraction_of_a_cent_is_never_stored():
    with pytest.raises(ValueError, match="round it first"):
        to_cents(Decimal("1.005"))
