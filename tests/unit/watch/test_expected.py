"""Files that should have come and did not."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.watch.expected import Every, ExpectedFile, missing_files

MONTHLY = ExpectedFile("acme", "full file", "834", Every.MONTH, day=3, grace_days=1, since=date(2025, 11, 1))
WEEKLY = ExpectedFile("acme", "changes", "834", Every.WEEK, day=5, grace_days=3, since=date(2025, 11, 1))
DAILY = ExpectedFile("elm", "lockbox", "820", Every.DAY, day=1, grace_days=1, since=date(2025, 11, 3))


def day(text: str) -> date:
    return date.fromisoformat(f"2025-{text}")


def missed(expected: ExpectedFile, arrivals: list[str], today: str) -> list[str]:
    """Return the due dates that are missed, when sets of the expected type came on these days of 2025."""
    came = [(day(each), expected.set_type) for each in arrivals]
    return [f"{missing.due_on:%m-%d}" for missing in missing_files([expected], came, day(today))]


def test_a_file_is_missing_from_the_day_after_its_last_day():
    [missing] = missing_files([MONTHLY], [], day("11-05"))
    assert (
        "expected/acme/834/full file/2025-11-03",
        "full file",
        day("11-03"),
        day("11-04"),
        "acme has not sent the 834 it owes (full file), due on 2025-11-03, by 2025-11-04: ask for it",
    ) == (missing.key, missing.what, missing.due_on, missing.last_day, missing.message)
    assert [] == missing_files([MONTHLY], [], day("11-04"))


@pytest.mark.parametrize(
    ("expected", "arrivals", "today", "due_dates"),
    [
        (MONTHLY, ["11-03"], "11-30", []),
        (MONTHLY, ["11-04"], "11-30", []),
        (MONTHLY, ["11-01"], "11-30", []),  # early
        (MONTHLY, ["11-09"], "11-30", []),  # late, but it came
        (MONTHLY, ["11-17"], "11-30", []),
        (MONTHLY, ["11-18"], "11-30", ["11-03"]),
        (MONTHLY, ["11-25"], "12-10", ["11-03"]),  # so late that it is the next one, early
        (MONTHLY, ["11-03", "11-10"], "12-10", ["12-03"]),  # a second file of the month is not the next one
        (MONTHLY, ["11-03", "11-25"], "12-10", []),
        (MONTHLY, [], "12-31", ["11-03", "12-03"]),
        (WEEKLY, [], "11-10", []),  # Friday 11-07 and three days
        (WEEKLY, [], "11-11", ["11-07"]),
        (WEEKLY, ["11-07", "11-14"], "11-25", ["11-21"]),
        (WEEKLY, ["11-10", "11-14"], "11-18", []),
        (DAILY, ["11-03", "11-04", "11-05"], "11-07", []),
        (DAILY, ["11-03", "11-05", "11-05"], "11-07", []),  # that of the 4th came on the 5th
        (DAILY, ["11-03", "11-05"], "11-07", ["11-05"]),  # one of two is missing, whichever it is
        (DAILY, [], "11-06", ["11-03", "11-04"]),
    ],
)
def test_each_arrival_stands_for_one_due_date(expected, arrivals, today, due_dates):
    assert due_dates == missed(expected, arrivals, today)


def test_an_arrival_after_today_does_not_count_yet():
    assert ["11-03"] == missed(MONTHLY, ["11-06"], "11-05")


def test_sets_of_another_type_do_not_count():
    assert ["11-03"] == [
        f"{each.due_on:%m-%d}" for each in missing_files([MONTHLY], [(day("11-03"), "820")], day("11-05"))
    ]


def test_two_expectations_are_judged_apart():
    keys = [missing.key for missing in missing_files([MONTHLY, DAILY], [(day("11-03"), "834")], day("11-05"))]
    assert ["expected/elm/820/lockbox/2025-11-03"] == keys


@pytest.mark.parametrize(("since", "due_dates"), [("11-03", ["11-03", "12-03"]), ("11-04", ["12-03"]), ("12-31", [])])
def test_nothing_is_due_before_it_began(since, due_dates):
    late = ExpectedFile("acme", "full file", "834", Every.MONTH, 3, 1, since=day(since))
    assert due_dates == missed(late, [], "12-31")


def test_the_thirty_first_is_the_last_day_of_a_shorter_month():
    last = ExpectedFile("acme", "full file", "834", Every.MONTH, 31, 0, since=date(2026, 1, 1))
    assert [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)] == [
        missing.due_on for missing in missing_files([last], [], date(2026, 4, 1))
    ]


@given(
    every=st.sampled_from(Every),
    on_day=st.integers(1, 7),
    grace_days=st.integers(0, 10),
    arrivals=st.lists(st.integers(0, 120)),
    more=st.integers(0, 120),
)
def test_one_more_arrival_never_makes_more_files_missing(every, on_day, grace_days, arrivals, more):
    start = date(2025, 9, 1)
    expected = ExpectedFile("acme", "file", "834", every, on_day, grace_days, since=start)

    def count(days: list[int]) -> int:
        came = [(start + timedelta(days=each), "834") for each in days]
        return len(missing_files([expected], came, start + timedelta(days=120)))

    assert count([*arrivals, more]) <= count(arrivals)


@given(every=st.sampled_from(Every), on_day=st.integers(1, 7), grace_days=st.integers(0, 10))
def test_a_file_that_always_comes_on_its_day_is_never_missing(every, on_day, grace_days):
    expected = ExpectedFile("acme", "file", "834", every, on_day, grace_days, since=date(2025, 9, 1))
    due_dates = [missing.due_on for missing in missing_files([expected], [], date(2026, 1, 31))]
    missing = missing_files([expected], [(each, "834") for each in due_dates], date(2026, 1, 31))
    assert due_dates
    assert [] == missing
