"""Spans are half-open inside, inclusive on the wire (DOMAIN 4.4 rule 3)."""

from datetime import date

import pytest

from gateway.domain.period import CoverageMonth, Period, months_between


def test_the_last_covered_day_of_x12_is_converted_both_ways():
    period = Period.through(date(2025, 11, 1), date(2025, 11, 30))
    assert date(2025, 12, 1) == period.ends_before
    assert date(2025, 11, 30) == period.last_day
    assert 30 == period.days


def test_an_end_before_the_begin_covers_no_day():
    assert Period.through(date(2025, 11, 1), date(2025, 10, 31)).is_empty
    assert not Period.through(date(2025, 11, 1), date(2025, 11, 1)).is_empty


def test_an_open_period_contains_every_later_day_and_has_no_length():
    period = Period(date(2025, 11, 1))
    assert period.contains(date(2099, 1, 1))
    assert not period.contains(date(2025, 10, 31))
    with pytest.raises(ValueError, match="open period"):
        _ = period.days


def test_the_overlap_of_two_periods_is_what_both_cover():
    november = CoverageMonth(2025, 11).period
    assert Period(date(2025, 11, 12), date(2025, 12, 1)) == november.overlap(Period(date(2025, 11, 12)))
    assert november.overlap(Period(date(2025, 12, 1))) is None


def test_months_follow_each_other_over_the_turn_of_the_year():
    expected = ["2025-11", "2025-12", "2026-01"]
    assert expected == [str(m) for m in months_between(CoverageMonth(2025, 11), CoverageMonth(2026, 1))]
    assert CoverageMonth(2025, 12) == CoverageMonth(2026, 1).previous()
    assert 29 == CoverageMonth.parse("2028-02").days
