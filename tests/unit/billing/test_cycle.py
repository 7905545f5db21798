"""The pattern of a bill cycle and the windows that continue it (DOMAIN 3.8, IA-56)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.billing.cycle import CyclePattern, Roll, extend, pattern_of
from gateway.billing.dates import Window
from gateway.domain.period import CoverageMonth

TENTH = CyclePattern(1, 10, Roll.BACK, 3, (1, 31), (1, 1))
YEAR = [CoverageMonth(2025, month) for month in range(1, 13)]


def windows(pattern, months=YEAR):
    return [pattern.window(month) for month in months[:: pattern.step_months]]


def test_a_cycle_says_its_pattern_in_words():
    assert (
        "every month on day 10 or the weekday before, open for 3 weekdays more; "
        "cutoff the last day of the next month, accounting day 1 of the next month"
    ) == str(pattern_of(windows(TENTH)))


def test_a_window_that_departs_from_the_pattern_is_outvoted():
    odd = windows(TENTH)
    odd[4] = Window(date(2025, 5, 7), date(2025, 5, 30), date(2025, 6, 30), date(2025, 6, 1))
    assert TENTH == pattern_of(odd)


def test_windows_continue_over_new_year_until_the_day_that_shall_be_billed():
    made = extend(windows(TENTH), TENTH, date(2026, 3, 15))
    assert [
        Window(date(2026, 1, 9), date(2026, 1, 14), date(2026, 2, 28), date(2026, 2, 1)),
        Window(date(2026, 2, 10), date(2026, 2, 13), date(2026, 3, 31), date(2026, 3, 1)),
    ] == made


def test_doing_it_again_adds_nothing():
    once = windows(TENTH) + extend(windows(TENTH), TENTH, date(2026, 12, 31))
    assert [] == extend(once, TENTH, date(2026, 12, 31))


@pytest.mark.parametrize(
    ("pattern", "cutoff"),
    [
        (CyclePattern(3, 5, Roll.FORWARD, 5, (2, 31), (0, 1)), date(2026, 3, 31)),
        (CyclePattern(1, 5, Roll.KEPT, 2, (-1, 31), (0, 1)), date(2025, 12, 31)),
    ],
    ids=["quarters in advance", "months in arrears"],
)
def test_quarters_and_arrears_have_patterns_too(pattern, cutoff):
    assert windows(pattern) == windows(pattern_of(windows(pattern)))
    assert cutoff == extend(windows(pattern), pattern, cutoff)[0].cutoff


@pytest.mark.parametrize(
    "found",
    [
        [],
        windows(TENTH)[:1],
        [Window(day, day, day, day) for day in (date(2025, 1, 3), date(2025, 2, 20), date(2025, 6, 11))],
        [Window(day, day, day, day) for day in (date(2025, 1, 7), date(2025, 1, 14), date(2025, 1, 21))],
    ],
    ids=["none", "one window", "no order in it", "weekly"],
)
def test_no_pattern_is_said_and_not_guessed(found):
    assert pattern_of(found) is None


@given(
    st.builds(
        CyclePattern,
        step_months=st.sampled_from([1, 2, 3, 6]),
        start_day=st.integers(1, 20),
        roll=st.sampled_from(Roll),
        weekdays=st.integers(0, 5),
        cutoff=st.tuples(st.integers(-1, 2), st.just(31)),
        accounting=st.tuples(st.integers(0, 2), st.just(1)),
    )
)
def test_a_regular_cycle_is_always_continued_as_it_was(pattern):
    months = [CoverageMonth(year, month) for year in (2025, 2026) for month in range(1, 13)]
    whole = windows(pattern, months)
    half = len(whole) // 2
    found = pattern_of(whole[:half])
    if found is not None and half >= 2:
        continued = extend(whole[:half], found, whole[half].cutoff)
        assert whole[half].cutoff == continued[0].cutoff
