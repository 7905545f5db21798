"""DOMAIN 3.6 and table 9.1, row by row; OR-22, OR-25 to OR-30."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from gateway.billing.calendar import WorkCalendar, parse_calendar
from gateway.billing.dates import DATE_ALGORITHMS, NoFutureWindow, RequestDates, Window, invoice_request_dates

CALENDARS = Path(__file__).parents[3] / "mappings" / "calendars"

WINDOWS = (
    Window(date(2025, 10, 10), date(2025, 10, 15), date(2025, 11, 30), date(2025, 11, 1)),
    Window(date(2025, 11, 10), date(2025, 11, 14), date(2025, 12, 31), date(2025, 12, 1)),
    Window(date(2025, 12, 10), date(2025, 12, 15), date(2026, 1, 31), date(2026, 1, 1)),
    Window(date(2026, 1, 9), date(2026, 1, 14), date(2026, 2, 28), date(2026, 2, 1)),
)
BLACK_FRIDAY = date(2025, 11, 28)


@pytest.fixture(scope="module")
def federal() -> WorkCalendar:
    return parse_calendar((CALENDARS / "us-federal.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("algorithm", ["C1-INVRDTCIM", "C1-INVRDTCAL"])
@pytest.mark.parametrize(
    ("created", "company_holidays", "processing_on", "cutoff_on", "accounting_on"),
    [
        (date(2025, 10, 20), [], date(2025, 10, 23), date(2025, 11, 30), date(2025, 11, 1)),
        (date(2025, 10, 28), [], date(2025, 10, 31), date(2025, 12, 31), date(2025, 12, 1)),
        (date(2025, 11, 7), [], date(2025, 11, 10), date(2025, 12, 31), date(2025, 12, 1)),
        (date(2025, 11, 24), [], date(2025, 11, 28), date(2025, 12, 31), date(2025, 12, 1)),
        (date(2025, 11, 24), [BLACK_FRIDAY], date(2025, 12, 1), date(2026, 1, 31), date(2026, 1, 1)),
        (date(2025, 11, 26), [], date(2025, 12, 1), date(2026, 1, 31), date(2026, 1, 1)),
    ],
    ids=["gap 18", "gap 10", "gap 0", "gap 12", "one holiday more: gap 9", "a Saturday: gap 9"],
)
def test_or_25_table_9_1_gives_the_dates_row_by_row(
    algorithm, created, company_holidays, processing_on, cutoff_on, accounting_on, federal
):
    calendar = replace(federal, holidays=frozenset(company_holidays))
    assert RequestDates(cutoff_on, processing_on, processing_on, accounting_on) == DATE_ALGORITHMS[algorithm](
        created, 3, WINDOWS, calendar, 10
    )


@pytest.mark.parametrize(
    ("created", "wait_days", "processing_on"),
    [
        (date(2025, 10, 20), 0, date(2025, 10, 20)),
        (date(2025, 10, 30), 3, date(2025, 11, 2)),
        (date(2024, 2, 27), 3, date(2024, 3, 1)),
    ],
    ids=["none", "across the month's end", "across a leap day"],
)
def test_or_22_wait_days_are_calendar_days(created, wait_days, processing_on):
    windows = (Window(date(2025, 12, 10), date(2025, 12, 15), date(2025, 12, 31), date(2025, 12, 1)),)
    answer = invoice_request_dates(created, wait_days, windows, None, None)
    assert processing_on == answer.processing_on


def test_without_a_threshold_the_present_window_is_kept_even_a_day_before_the_next_one():
    answer = invoice_request_dates(date(2025, 11, 9), 0, WINDOWS, None, None)
    assert date(2025, 11, 30) == answer.cutoff_on


def test_before_the_first_window_the_first_one_is_used():
    answer = invoice_request_dates(date(2025, 6, 1), 0, WINDOWS, None, 10)
    assert date(2025, 11, 30) == answer.cutoff_on


def test_windows_may_come_in_any_order():
    answer = invoice_request_dates(date(2025, 10, 20), 3, WINDOWS[::-1], None, 10)
    assert date(2025, 11, 30) == answer.cutoff_on


def test_no_window_ahead_is_said_and_not_guessed():
    assert NoFutureWindow(date(2026, 1, 13)) == invoice_request_dates(date(2026, 1, 10), 3, WINDOWS, None, 10)


def test_held_pricing_delays_the_processing_date():
    answer = invoice_request_dates(date(2025, 10, 20), 3, WINDOWS, None, 10, reprice_after=date(2025, 11, 3))
    assert (date(2025, 11, 6), date(2025, 12, 31)) == (answer.processing_on, answer.cutoff_on)


@pytest.mark.parametrize(
    ("closed_through", "accounting_on"),
    [
        (date(2025, 10, 31), date(2025, 11, 1)),
        (date(2025, 11, 1), date(2025, 11, 2)),
        (date(2025, 11, 30), date(2025, 12, 1)),
    ],
)
def test_a_closed_accounting_period_moves_the_posting_to_the_first_open_day(closed_through, accounting_on):
    answer = invoice_request_dates(date(2025, 10, 20), 0, WINDOWS, None, 10, closed_through=closed_through)
    assert accounting_on == answer.accounting_on


def test_or_27_the_federal_calendar_keeps_eleven_weekdays_a_year(federal):
    days = {year: [date(year, 1, 1) + timedelta(days=n) for n in range(365)] for year in (2025, 2026, 2027, 2030)}
    off = {year: sum(day.weekday() < 5 and not federal.is_working(day) for day in days[year]) for year in days}
    assert {2025: 11, 2026: 11, 2027: 12, 2030: 11} == off  # 2027 also keeps New Year's Day 2028


@pytest.mark.parametrize(
    "kept_on", [date(2026, 7, 3), date(2027, 7, 5), date(2027, 6, 18), date(2027, 12, 31)], ids=str
)
def test_a_holiday_on_a_weekend_is_kept_on_the_friday_before_or_the_monday_after(kept_on, federal):
    assert not federal.is_working(kept_on)


def test_a_working_day_is_kept_and_a_weekend_rolls_to_monday():
    calendar = WorkCalendar()
    friday = date(2025, 11, 7)
    assert [friday] + [date(2025, 11, 10)] * 3 == [calendar.roll_forward(friday + timedelta(days=n)) for n in range(4)]


def cutoff(created, calendar, threshold=10):
    return invoice_request_dates(created, 3, WINDOWS, calendar, threshold).cutoff_on


def test_or_27_a_request_that_would_be_processed_on_thanksgiving_is_processed_on_the_friday(federal):
    answer = invoice_request_dates(date(2025, 11, 24), 3, WINDOWS, federal, 10)
    assert (date(2025, 11, 28), date(2025, 12, 31)) == (answer.processing_on, answer.cutoff_on)


def test_or_29_further_from_the_next_window_than_the_threshold_the_present_cutoff_counts(federal):
    assert date(2025, 11, 30) == cutoff(date(2025, 10, 20), federal)  # 18 days
    assert date(2025, 11, 30) == cutoff(date(2025, 10, 28), federal, threshold=9)  # 10 days


@pytest.mark.parametrize(
    ("created", "cutoff_on"),
    [(date(2025, 10, 28), date(2025, 12, 31)), (date(2025, 11, 7), date(2025, 12, 31))],
    ids=["10 days", "0 days"],
)
def test_or_30_as_near_as_the_threshold_or_nearer_the_next_cutoff_counts_and_a_request_is_made(
    created, cutoff_on, federal
):
    assert cutoff_on == cutoff(created, federal)


def test_or_30_one_more_holiday_turns_twelve_days_into_nine_and_changes_the_month_billed(federal):
    with_a_company_day = replace(federal, holidays=frozenset({BLACK_FRIDAY}))
    assert date(2025, 12, 31) == cutoff(date(2025, 11, 24), federal)
    assert date(2026, 1, 31) == cutoff(date(2025, 11, 24), with_a_company_day)
