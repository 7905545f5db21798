"""What stands against a partner's calendar at one moment: late, missing, short and unexpected files (DESIGN 10)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import takewhile
from statistics import median

from gateway.watch.expected import Due, Every, ExpectedFile, dues_of, missing_of

_TREND = 6  # so many files before the last one say how large such a file usually is
_TREND_LEAST = 3  # fewer say nothing
_UNEXPECTED_FOR = timedelta(days=7)  # whoever has not asked for so long will not
_DAY = timedelta(days=1)
_AHEAD = {Every.DAY: timedelta(days=10), Every.WEEK: timedelta(days=14), Every.MONTH: timedelta(days=62)}
"""How far ahead of today the next due date lies at most, weekends and holidays counted."""


class NoticeKind(StrEnum):
    """What is wrong with a file that is expected; also the kind of its incident."""

    LATE = "expected_file_late"  # due, and still within its days of grace
    MISSING = "expected_file_missing"
    SHORT = "expected_file_short"
    UNEXPECTED = "unexpected_file"


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a file of a partner brought of one set type (ST01), when (in the partner's time zone), and how much."""

    file_id: str
    at: datetime
    set_type: str
    segments: int


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that stands now; `key` is the same as long as it is the same thing."""

    key: str
    kind: NoticeKind
    message: str
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a partner owes: its files, and the time of day by which each must be there (None: the end of the day)."""

    expectations: Sequence[tuple[ExpectedFile, time | None]]
    tells_unexpected: bool = False


def notices(calendar: Calendar, arrivals: Sequence[Arrived], now: datetime) -> list[Notice]:
    """Return what stands at `now` (in the partner's time zone), at most one notice for each file that is owed.

    A file that is missed again and again is one notice, from the first due date since it last came. A notice that is
    no longer returned is over: the file came, or a larger one did.
    """
    found: list[Notice] = []
    expected_days: dict[str, set[date]] = {}
    for expected, by in calendar.expectations:
        of_type = [each for each in arrivals if each.set_type == expected.set_type]
        # The day of today counts as over once its time has come.
        today = now.date() + _DAY * (by is not None and now.time() > by)
        dues = dues_of(expected, (each.at.date() for each in of_type), today + _AHEAD[expected.every])
        reached = [due for due in dues if due.due_on < today]
        found += [each for each in (_lack(expected, reached, by, today), _shortness(expected, of_type)) if each]
        expected_days.setdefault(expected.set_type, set()).update(due.came_on for due in dues if due.came_on)
    if calendar.tells_unexpected:
        found += _unexpected(arrivals, expected_days, now)
    return found


def _lack(expected: ExpectedFile, reached: Sequence[Due], by: time | None, today: date) -> Notice | None:
    """Return that the file is missing or late since it last came, or None."""
    unmet = list(takewhile(lambda due: due.came_on is None, reversed(reached)))[::-1]
    missed = [due for due in unmet if due.last_day < today]
    if missed:
        first = missing_of(expected, missed[0])
        again = f" ({len(missed)} times in a row)" if len(missed) > 1 else ""
        return Notice(first.key, NoticeKind.MISSING, first.message + again, first.due_on)
    if unmet:
        due = unmet[0]
        message = (
            f"{expected.partner_id} is late with the {expected.set_type} it owes ({expected.what}), "
            f"due on {due.due_on}{f' by {by:%H:%M}' if by else ''}; it is missing after {due.last_day}"
        )
        return Notice(f"late/{missing_of(expected, due).key}", NoticeKind.LATE, message, due.due_on)
    return None


def _shortness(expected: ExpectedFile, came: Sequence[Arrived]) -> Notice | None:
    """Return that the last file holds far less than such files do, or None."""
    in_order = sorted(came, key=lambda each: each.at)
    earlier = [each.segments for each in in_order[:-1]][-_TREND:]
    if not expected.least_percent or len(earlier) < _TREND_LEAST:
        return None
    last = in_order[-1]
    usual = median(earlier)
    if last.segments * 100 >= usual * expected.least_percent:
        return None
    message = (
        f"{last.file_id} of {expected.partner_id} ({expected.what}) has {last.segments} segments, less than "
        f"{expected.least_percent} % of the usual {usual:.0f}: ask whether it is whole"
    )
    return Notice(f"short/{expected.partner_id}/{expected.what}/{last.file_id}", NoticeKind.SHORT, message)


def _unexpected(arrivals: Sequence[Arrived], expected_days: dict[str, set[date]], now: datetime) -> Iterator[Notice]:
    """Yield the recent files of expected types that stand for no due date: a second one, or one out of its time."""
    seen: set[tuple[str, date]] = set()
    for each in sorted(arrivals, key=lambda arrived: arrived.at):
        days = expected_days.get(each.set_type)
        if days is None:
            continue
        is_first = (each.set_type, each.at.date()) not in seen
        seen.add((each.set_type, each.at.date()))
        if (each.at.date() not in days or not is_first) and now - each.at <= _UNEXPECTED_FOR:
            message = f"{each.file_id} brought a {each.set_type} that is due on no day near its own: ask what it is for"
            yield Notice(f"unexpected/{each.file_id}/{each.set_type}", NoticeKind.UNEXPECTED, message)
