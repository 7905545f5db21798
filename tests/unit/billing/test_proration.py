"""DOMAIN 8.2 and 9.3, to the cent."""

from datetime import date
from decimal import Decimal

import pytest

from gateway.billing.proration import PricedSpan, Proration, ProrationRule, prorate
from gateway.domain.period import CoverageMonth, Period

NONE, DAILY, WASH = (ProrationRule(each) for each in Proration)
WASH_NOT_INCLUSIVE = ProrationRule(Proration.MID_MONTH, 15, wash_day_inclusive=False)
NOVEMBER = CoverageMonth(2025, 11)


def span(rate: str, starts_on: date, last_day: date | None = None) -> PricedSpan:
    return PricedSpan(Period.through(starts_on, last_day), Decimal(rate))


def november(first: int, last: int | None = None, rate: str = "600.00") -> PricedSpan:
    return span(rate, date(2025, 11, first), last and date(2025, 11, last))


@pytest.mark.parametrize(
    ("month", "covered", "daily", "wash"),
    [
        (NOVEMBER, span("600.00", date(2025, 11, 12)), "380.00", "600.00"),
        (CoverageMonth(2026, 2), span("612.37", date(2025, 1, 1), date(2026, 2, 10)), "218.70", "0.00"),
        (CoverageMonth(2025, 12), span("845.50", date(2025, 12, 9), date(2025, 12, 20)), "327.29", "845.50"),
    ],
    ids=["start", "end", "same month"],
)
def test_domain_9_3_prorates_to_the_cent(month, covered, daily, wash):
    amounts = [prorate(month, [covered], rule).amount for rule in (DAILY, WASH, NONE)]
    assert [Decimal(daily), Decimal(wash), covered.rate] == amounts


@pytest.mark.parametrize(
    ("covered", "inclusive", "not_inclusive"),
    [
        (november(14), 600, 600),
        (november(15), 600, 0),
        (november(16), 0, 0),
        (span("600.00", date(2025, 1, 1), date(2025, 11, 14)), 0, 0),
        (span("600.00", date(2025, 1, 1), date(2025, 11, 15)), 0, 600),
        (span("600.00", date(2025, 1, 1), date(2025, 11, 16)), 600, 600),
        (november(15, 15), 0, 0),
        (november(15, 16), 600, 0),
        (november(14, 15), 0, 600),
        (span("600.00", date(2025, 1, 1)), 600, 600),
    ],
    ids=["from 14", "from 15", "from 16", "to 14", "to 15", "to 16", "15 only", "15 to 16", "14 to 15", "all"],
)
def test_day_15_itself_follows_the_inclusive_switch(covered, inclusive, not_inclusive):
    amounts = [prorate(NOVEMBER, [covered], rule).amount for rule in (WASH, WASH_NOT_INCLUSIVE)]
    assert [inclusive, not_inclusive] == amounts


def test_a_price_that_changes_inside_the_month_is_mixed_by_days():
    spans = [november(1, 10, "600.00"), november(11, rate="900.00")]
    assert Decimal("800.00") == prorate(NOVEMBER, spans, DAILY).amount


def test_days_charged_in_pieces_cost_no_cent_more_than_the_month():
    thirds = [november(1, 10, "100.00"), november(11, 20, "100.00"), november(21, rate="100.00")]
    assert Decimal("100.00") == prorate(NOVEMBER, thirds, DAILY).amount


@pytest.mark.parametrize(("change_on", "amount"), [(15, 900), (16, 600)])
def test_the_price_in_force_on_the_wash_day_holds_for_the_month(change_on, amount):
    spans = [november(1, change_on - 1, "600.00"), november(change_on, rate="900.00")]
    assert amount == prorate(NOVEMBER, spans, WASH).amount


def test_without_proration_the_first_price_of_the_month_holds():
    assert 600 == prorate(NOVEMBER, [november(1, 10), november(11, rate="900.00")], NONE).amount


def test_a_gap_over_the_wash_day_costs_the_month():
    assert 0 == prorate(NOVEMBER, [november(1, 10), november(20)], WASH).amount


def test_a_wash_day_of_one_that_is_not_inclusive_asks_for_a_start_in_an_earlier_month():
    rule = ProrationRule(Proration.MID_MONTH, 1, wash_day_inclusive=False)
    october = span("600.00", date(2025, 10, 31))
    assert [600, 0] == [prorate(NOVEMBER, [each], rule).amount for each in (october, november(1))]


@pytest.mark.parametrize(
    ("month", "covered", "amount"),
    [
        (CoverageMonth(2024, 2), span("609.00", date(2024, 2, 20)), "210.00"),  # 10 of 29
        (CoverageMonth(2024, 2), span("609.00", date(2024, 1, 1), date(2024, 2, 28)), "588.00"),  # 28 of 29
        (CoverageMonth(2024, 2), span("609.00", date(2024, 2, 29), date(2024, 2, 29)), "21.00"),  # 1 of 29
        (CoverageMonth(2025, 2), span("609.00", date(2025, 2, 20)), "195.75"),  # 9 of 28
    ],
)
def test_a_leap_february_has_29_days(month, covered, amount):
    assert Decimal(amount) == prorate(month, [covered], DAILY).amount


def test_a_price_that_changes_inside_a_leap_february_is_mixed_by_its_29_days():
    spans = [span("609.00", date(2024, 1, 1), date(2024, 2, 14)), span("667.00", date(2024, 2, 15))]
    assert Decimal("639.00") == prorate(CoverageMonth(2024, 2), spans, DAILY).amount  # 14 x 21.00 + 15 x 23.00
