"""Effective-dated rates (DOMAIN 8.1)."""

from datetime import date
from decimal import Decimal

import pytest

from gateway.billing.rating import Rate, RateTable


def rate(amount: str, starts_on: date, ends_on: date | None = None) -> Rate:
    return Rate("GOLD", "EMP", Decimal(amount), starts_on, ends_on)


YEAR_2025 = rate("600.00", date(2025, 1, 1), date(2025, 12, 31))
FROM_2026 = rate("650.00", date(2026, 1, 1))


@pytest.mark.parametrize(
    ("day", "found"),
    [
        (date(2024, 12, 31), None),
        (date(2025, 1, 1), YEAR_2025),
        (date(2025, 12, 31), YEAR_2025),
        (date(2026, 1, 1), FROM_2026),
        (date(2099, 1, 1), FROM_2026),
    ],
)
def test_the_rate_in_force_on_the_day_is_found(day, found):
    assert found == RateTable([FROM_2026, YEAR_2025]).lookup("GOLD", "EMP", day)


@pytest.mark.parametrize(("plan", "tier"), [("SILVER", "EMP"), ("GOLD", "FAM")])
def test_an_unknown_plan_or_tier_has_no_rate(plan, tier):
    assert None is RateTable([YEAR_2025]).lookup(plan, tier, date(2025, 6, 1))


def test_an_open_rate_ends_where_the_next_one_begins():
    table = RateTable([rate("600.00", date(2025, 1, 1)), FROM_2026])
    assert ([], FROM_2026) == (table.faults(), table.lookup("GOLD", "EMP", date(2026, 1, 1)))


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        ([YEAR_2025, FROM_2026], []),
        (
            [YEAR_2025, rate("650.00", date(2026, 2, 1))],
            ["plan GOLD, tier EMP: no rate from 2026-01-01 through 2026-01-31; add one"],
        ),
        (
            [YEAR_2025, rate("650.00", date(2025, 12, 1))],
            ["plan GOLD, tier EMP: the rates overlap from 2025-12-01 through 2025-12-31; end the earlier one before"],
        ),
        (
            [YEAR_2025, rate("650.00", date(2025, 12, 31))],
            ["plan GOLD, tier EMP: the rates overlap from 2025-12-31 through 2025-12-31; end the earlier one before"],
        ),
        ([FROM_2026, FROM_2026], ["plan GOLD, tier EMP: two rates begin on 2026-01-01; keep one"]),
    ],
    ids=["none", "gap", "overlap", "overlap of a day", "twice"],
)
def test_gaps_and_overlaps_are_named(rows, faults):
    assert faults == RateTable(rows).faults()


def test_in_a_gap_there_is_no_rate():
    table = RateTable([YEAR_2025, rate("650.00", date(2026, 2, 1))])
    assert None is table.lookup("GOLD", "EMP", date(2026, 1, 15))


def test_an_open_rate_does_not_come_back_when_the_one_that_followed_it_has_ended():
    table = RateTable([rate("600.00", date(2025, 1, 1)), rate("650.00", date(2026, 1, 1), date(2026, 6, 30))])
    assert None is table.lookup("GOLD", "EMP", date(2026, 7, 1))
