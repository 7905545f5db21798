"""Expected files: what should have come by now and did not (DESIGN, decision 10)."""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

_DAY = timedelta(days=1)


class Every(StrEnum):
    """How often a file is due."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class ExpectedFile:
    """A file that should come again and again.

    `day` is the day of the month (in a shorter month its last day) or of the week, 1 for Monday; it has no meaning
    for a daily file. `since` is the first day on which the file may be due.
    """

    partner_id: str
    what: str  # the file in the partner's words, such as "full enrollment file"
    set_type: str  # ST01
    every: Every
    day: int
    grace_days: int
    since: date


@dataclass(frozen=True, slots=True)
class Missing:
    """A file that has not come by its last day; `key` is the same whenever the same file of the same day is missed."""

    key: str
    what: str
    due_on: date
    last_day: date  # due date and grace
    message: str


def missing_files(
    expectations: Sequence[ExpectedFile], arrivals: Sequence[tuple[date, str]], today: date
) -> list[Missing]:
    """Return the files that should have come before `today` and have not, in order of expectation and due date.

    `arrivals` are the days on which a set of a type (ST01) came from the partner, in any order. Each arrival stands
    for one due date, the earliest that still waits and that it is not too far from: it may come up to half an
    interval early, and up to half an interval or the grace days late. A file that came late is no longer missing.
    """
    return [
        _missing(expected, due_on)
        for expected in expectations
        for due_on in _unmet(expected, sorted(day for day, kind in arrivals if kind == expected.set_type), today)
        if due_on + expected.grace_days * _DAY < today
    ]


def _unmet(expected: ExpectedFile, arrivals: list[date], today: date) -> Iterator[date]:
    """Yield the due dates that no arrival stands for."""
    waiting = [day for day in arrivals if day <= today]
    due_on = _first_due(expected)
    earliest = due_on - (_next_due(expected, due_on) - due_on) // 2
    while due_on <= today:
        after = _next_due(expected, due_on)
        halfway = due_on + (after - due_on - _DAY) // 2
        latest = max(halfway, due_on + expected.grace_days * _DAY)
        found = next((day for day in waiting if earliest <= day <= latest), None)
        if found is None:
            yield due_on
        else:
            waiting.remove(found)
        earliest = halfway + _DAY
        due_on = after


def _first_due(expected: ExpectedFile) -> date:
    """Return the first due date on or after `since`."""
    since = expected.since
    if expected.every is Every.DAY:
        return since
    if expected.every is Every.WEEK:
        return since + timedelta(days=(expected.day - since.isoweekday()) % 7)
    due_on = _in_month(since.year, since.month, expected.day)
    return due_on if due_on >= since else _next_due(expected, due_on)


def _next_due(expected: ExpectedFile, due_on: date) -> date:
    """Return the due date that follows `due_on`."""
    if expected.every is Every.MONTH:
        year, month = (due_on.year + 1, 1) if due_on.month == 12 else (due_on.year, due_on.month + 1)
        return _in_month(year, month, expected.day)
    return due_on + timedelta(days=7 if expected.every is Every.WEEK else 1)


def _in_month(year: int, month: int, day: int) -> date:
    """Return the day of a month, or its last day when the month is shorter."""
    return date(year, month, min(day, monthrange(year, month)[1]))


def _missing(expected: ExpectedFile, due_on: date) -> Missing:
    """Return the notice of one missed due date."""
    last_day = due_on + expected.grace_days * _DAY
    return Missing(
        key=f"expected/{expected.partner_id}/{expected.set_type}/{expected.what}/{due_on}",
        what=expected.what,
        due_on=due_on,
        last_day=last_day,
        message=(
            f"{expected.partner_id} has not sent the {expected.set_type} it owes ({expected.what}), "
            f"due on {due_on}, by {last_day}: ask for it"
        ),
    )
