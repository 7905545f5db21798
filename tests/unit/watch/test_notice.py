"""What stands against a partner's calendar at one moment, and what is over."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from gateway.watch.expected import Every, ExpectedFile
from gateway.watch.notice import Arrived, Calendar, NoticeKind, notices

THANKSGIVING = date(2025, 11, 27)


def works(day: date) -> bool:
    return day.weekday() < 5 and day != THANKSGIVING


WEEKLY = ExpectedFile("acme", "changes", "834", Every.WEEK, day=4, grace_days=2, since=date(2025, 11, 1))  # Thursdays
WORKED = ExpectedFile("acme", "changes", "834", Every.WEEK, 4, 2, date(2025, 11, 1), is_working=works)
DAILY = ExpectedFile("elm", "lockbox", "820", Every.DAY, 1, 1, date(2025, 11, 24), is_working=works)
FULL = ExpectedFile("birch", "full file", "834", Every.MONTH, 3, 1, date(2025, 6, 1), least_percent=60)


def at(text: str) -> datetime:
    """Return an instant of 2025, such as `11-06 17:00`."""
    return datetime.fromisoformat(f"2025-{text}").replace(tzinfo=UTC)


def came(*days: str, segments: int = 100, set_type: str = "834") -> list[Arrived]:
    return [Arrived(f"F{number}", at(day), set_type, segments) for number, day in enumerate(days, start=1)]


def standing(expected: ExpectedFile, arrivals: list[Arrived], now: str, by: str = "", *, unexpected: bool = False):
    """Return kind and due date of each notice."""
    calendar = Calendar([(expected, time.fromisoformat(by) if by else None)], tells_unexpected=unexpected)
    return [(each.kind.name, each.due_on and f"{each.due_on:%m-%d}") for each in notices(calendar, arrivals, at(now))]


@pytest.mark.parametrize(
    ("arrivals", "now", "by", "stands"),
    [
        ([], "11-06 23:59", "", []),  # the day of its due date
        ([], "11-07 00:01", "", [("LATE", "11-06")]),
        ([], "11-06 16:59", "17:00", []),
        ([], "11-06 17:01", "17:00", [("LATE", "11-06")]),
        ([], "11-08 17:01", "17:00", [("MISSING", "11-06")]),
        ([], "11-08 23:59", "", [("LATE", "11-06")]),
        ([], "11-09 00:01", "", [("MISSING", "11-06")]),
        (["11-09 10:00"], "11-09 11:00", "", []),  # it came: over
        ([], "11-21 00:01", "", [("MISSING", "11-06")]),  # twice missed and late again: still one
        (["11-06 10:00"], "11-23 00:01", "", [("MISSING", "11-13")]),
        (["11-06 10:00", "11-20 10:00"], "11-21 00:01", "", []),  # what came since is whatever came before it
    ],
)
def test_a_file_that_is_owed_is_first_late_then_missing_and_never_two_things(arrivals, now, by, stands):
    assert stands == standing(WEEKLY, came(*arrivals), now, by)


def test_the_notice_of_a_file_missed_again_and_again_is_the_same_one_and_counts():
    first, third = (notices(Calendar([(WEEKLY, None)]), [], at(now)) for now in ("11-10 00:01", "11-24 00:01"))
    assert first[0].key == third[0].key
    assert "(3 times in a row)" in third[0].message


@pytest.mark.parametrize(
    ("expected", "now", "stands"),
    [
        (WORKED, "11-28 23:00", [("MISSING", "11-06")]),
        (WORKED, "11-10 23:00", [("LATE", "11-06")]),  # Thursday and two working days: Monday is the last
        (WORKED, "11-11 00:01", [("MISSING", "11-06")]),
        (DAILY, "11-28 23:00", [("MISSING", "11-24")]),
    ],
)
def test_days_off_are_no_days_of_grace(expected, now, stands):
    assert stands == standing(expected, [], now)


def test_a_due_date_on_a_holiday_moves_to_the_next_working_day():
    thursdays = came("11-06 10:00", "11-13 10:00", "11-20 10:00")
    assert [] == standing(WORKED, thursdays, "11-28 23:00")
    assert [("LATE", "11-28")] == standing(WORKED, thursdays, "11-29 00:01")


def test_a_daily_file_is_not_due_on_days_off():
    days = came("11-24 10:00", "11-25 10:00", "11-26 10:00", "11-28 10:00", set_type="820")
    assert [] == standing(DAILY, days, "12-01 23:00")
    assert [("LATE", "12-01")] == standing(DAILY, days, "12-02 00:01")


@pytest.mark.parametrize(("segments", "stands"), [(59, [("SHORT", None)]), (60, []), (200, [])])
def test_a_file_that_holds_far_less_than_usual_is_short(segments, stands):
    usual = came("07-03 10:00", "08-03 10:00", "09-03 10:00", "10-03 10:00")
    last = Arrived("F9", at("11-03 10:00"), "834", segments)
    assert stands == standing(FULL, [*came("06-03 10:00"), *usual, last], "11-04 00:01")


def test_two_earlier_files_say_nothing_of_the_usual_size():
    last = Arrived("F9", at("11-03 10:00"), "834", 1)
    assert [] == standing(
        ExpectedFile("birch", "full file", "834", Every.MONTH, 3, 1, date(2025, 9, 1), least_percent=60),
        [*came("09-03 10:00", "10-03 10:00"), last],
        "11-04 00:01",
    )


@pytest.mark.parametrize(
    ("arrivals", "now", "stands"),
    [
        (["11-06 10:00"], "11-06 11:00", []),
        (["11-05 10:00"], "11-05 11:00", []),  # early
        (["11-06 10:00", "11-06 15:00"], "11-06 16:00", [("UNEXPECTED", None)]),
        (["11-06 10:00", "11-08 15:00"], "11-08 16:00", [("UNEXPECTED", None)]),
        (["11-06 10:00", "11-08 15:00", "11-13 10:00"], "11-16 16:00", []),  # told for a week
    ],
)
def test_a_file_that_nothing_was_due_for_is_told_where_that_is_wanted(arrivals, now, stands):
    assert stands == standing(WEEKLY, came(*arrivals), now, unexpected=True)
    assert [] == standing(WEEKLY, came(*arrivals), now)


def test_files_of_kinds_that_nobody_expects_are_never_unexpected():
    assert [] == standing(WEEKLY, came("11-06 10:00", "11-07 10:00", set_type="999"), "11-06 11:00", unexpected=True)


def test_the_night_on_which_clocks_change_has_one_deadline():
    """At 01:30 on 2 November New York has the hour twice; the file is due by 17:00 local time all the same."""
    zone = ZoneInfo("America/New_York")
    sundays = ExpectedFile("acme", "changes", "834", Every.WEEK, 7, 0, date(2025, 11, 1))
    calendar = Calendar([(sundays, time(17))])
    before, after = (datetime(2025, 11, 2, 21 + hour, 59 * hour, tzinfo=UTC).astimezone(zone) for hour in (0, 1))
    assert [] == notices(calendar, [], before)  # 16:00, one hour later than on Saturday in UTC
    assert [NoticeKind.MISSING] == [each.kind for each in notices(calendar, [], after)]
