"""What looks wrong about a new rate table before anybody is billed with it (HF-24)."""

from datetime import date
from decimal import Decimal

import pytest

from gateway.billing.rate_doubts import rate_doubts
from gateway.billing.rating import Rate
from gateway.domain.finding import Severity

NEW_YEAR, NEXT_YEAR = date(2025, 1, 1), date(2026, 1, 1)
PRICES = {"EMP": "600.00", "ESP": "1240.00", "ECH": "1100.00", "FAM": "1450.00"}


def table(starts_on: date = NEW_YEAR, plan: str = "GOLD", **prices: str) -> list[Rate]:
    return [Rate(plan, tier, Decimal(amount), starts_on) for tier, amount in (PRICES | prices).items() if amount]


TODAY = table()


def codes(after: list[Rate], before: list[Rate] = TODAY) -> list[str]:
    return sorted({doubt.code for doubt in rate_doubts(before, after)})


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (TODAY, []),
        ([*TODAY, *table(NEXT_YEAR, EMP="650.00", ESP="1302.00", ECH="1155.00", FAM="1522.50")], []),
        (table(EMP="1450.00", FAM="600.00"), ["RATE_JUMP", "TIER_ORDER"]),  # two tiers exchanged
        (table(ESP="1500.00"), ["TIER_ORDER"]),
        (table(FAM="1812.50"), []),  # a quarter
        (table(FAM="1812.51"), ["RATE_JUMP"]),
        (table(FAM="145.00"), ["RATE_JUMP", "TIER_ORDER"]),  # a digit lost
        (table(FAM="", FMA="1450.00"), ["RATE_ENDS", "UNKNOWN_TIER"]),
        (table(plan="GOLD2"), ["RATE_ENDS"]),
        ([*TODAY, *table(plan="SILVER")], []),
    ],
)
def test_a_table_that_slipped_is_doubted(after, expected):
    assert expected == codes(after)


def test_a_price_that_ends_without_another_is_doubted_and_one_that_ended_before_is_not():
    ended = [Rate("GOLD", "EMP", Decimal("600.00"), NEW_YEAR, date(2025, 12, 31))]
    going = [Rate("GOLD", "EMP", Decimal("600.00"), NEW_YEAR)]
    assert (["RATE_ENDS"], []) == (codes(ended, going), codes(ended, ended))


def test_a_renewal_is_compared_with_the_price_that_it_follows():
    late = [*TODAY, *table(NEXT_YEAR, EMP="800.00")]
    (doubt,) = rate_doubts(TODAY, late)
    assert ("RATE_JUMP", Severity.WARNING) == (doubt.code, doubt.severity)
    assert "GOLD, tier EMP from 2026-01-01: 800.00 instead of 600.00" in doubt.message


def test_bands_of_ages_are_no_unknown_tiers():
    bands = [Rate("SILVER", tier, Decimal("300.00"), NEW_YEAR) for tier in ("AGE 0-14", "AGE 15+")]
    assert [] == codes([*TODAY, *bands])
