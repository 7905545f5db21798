"""Expected files: when each is due, which arrival stands for which due date, and what has not come (DESIGN 10)."""

from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

_DAY = timedelta(days=1)


def always(_day: date) -> bool:
    """Tell that the business works on this day too: the calendar of a file that is due on holidays."""
    return True


class Every(StrEnum):
    """How often a file is due."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class ExpectedFile:
    """A file that should come again and again.

    `day` is the day of the month (in a shorter month its last day) or of the week, 1 for Monday; it has no meaning
    for a daily file. `since` is the first day on which the file may be due. A due date on which `is_working` says no
    moves to the next day that is worked on (that of a daily file falls out), and days of grace are such days.
    """

    partner_id: str
    what: str  # the file in the partner's words, such as "full enrollment file"
    set_type: str  # ST01
    every: Every
    day: int
    grace_days: int
    since: date
    is_working: Callable[[date], bool] = always
    least_percent: int = 0  # of what such files usually hold; 0: any size is right


@dataclass(frozen=True, slots=True)
class Missing:
    """A file that has not come by its last day; `key` is the same whenever the same file of the same day is missed."""

    key: str
    what: str
    due_on: date
    last_day: date  # due date and grace
    message: str


@dataclass(frozen=True, slots=True)
class Due:
    """One due date that has been reached: its last day, and the day on which the file came, if it did."""

    due_on: date
    last_day: date
    came_on: date | None


def missing_files(
    expectations: Sequence[ExpectedFile], arrivals: Sequence[tuple[date, str]], today: date
) -> list[Missing]:
    """Return the files that should have come before `today` and have not, in order of expectation and due date.

    `arrivals` are the days on which a set of a type (ST01) came from the partner, in any order. Each arrival stands
    for one due date, the earliest that still waits and that it is not too far from: it may come up to half an
    interval early, and up to half an interval or the grace days late. A file that came late is no longer missing.
    """
    return [
        missing_of(expected, due)
        for expected in expectations
        for due in dues_of(expected, (day for day, kind in arrivals if kind == expected.set_type), today)
        if due.came_on is None and due.last_day < today
    ]


def dues_of(expected: ExpectedFile, came_on: Iterable[date], today: date) -> list[Due]:
    """Return the due dates up to `today`, each with the arrival that stands for it, as `missing_files` says."""
    waiting = sorted(day for day in came_on if day <= today)
    found: list[Due] = []
    dates = _due_dates(expected)
    due_on, after = next(dates), next(dates)
    earliest = due_on - (after - due_on) // 2
    while due_on <= today:
        halfway = due_on + (after - due_on - _DAY) // 2
        last_day = _with_grace(expected, due_on)
        came = next((day for day in waiting if earliest <= day <= max(halfway, last_day)), None)
        if came is not None:
            waiting.remove(came)
        found.append(Due(due_on, last_day, came))
        earliest = halfway + _DAY
        due_on, after = after, next(dates)
    return found


def _due_dates(expected: ExpectedFile) -> Iterator[date]:
    """Yield the due dates in order, without end, none twice."""
    nominal, last = _first_due(expected), None
    while True:
        due_on = nominal
        while expected.every is not Every.DAY and not expected.is_working(due_on):
            due_on += _DAY
        if due_on != last and expected.is_working(due_on):
            last = due_on
            yield due_on
        nominal = _next_due(expected, nominal)


def _with_grace(expected: ExpectedFile, due_on: date) -> date:
    """Return the last day on which the file is not missed."""
    day, left = due_on, expected.grace_days
    while left:
        day += _DAY
        left -= expected.is_working(day)
    return day


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


def missing_of(expected: ExpectedFile, due: Due) -> Missing:
    """Return the notice of one missed due date."""
    return Missing(
        key=f"expected/{expected.partner_id}/{expected.set_type}/{expected.what}/{due.due_on}",
        what=expected.what,
        due_on=due.due_on,
        last_day=due.last_day,
        message=(
            f"{expected.partner_id} has not sent the {expected.set_type} it owes ({expected.what}), "
            f"due on {due.due_on}, by {due.last_day}: ask for it"
        ),
    )
