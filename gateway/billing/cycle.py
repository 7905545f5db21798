"""Bill cycles over time: the pattern of their windows, and the windows that continue it (DOMAIN 3.8, IA-56)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

from gateway.billing.dates import Window
from gateway.domain.period import CoverageMonth

_T = TypeVar("_T")
_DAY = timedelta(days=1)
_SATURDAY = 5
_LONGEST_MONTH = 31
_LOOKED_AT = 24  # windows: what a cycle did years ago is not its pattern any more


class Roll(StrEnum):
    """Where a day of the month goes that falls on a weekend; where the windows do not tell, the first is taken."""

    BACK = "back"
    FORWARD = "forward"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class CyclePattern:
    """How the windows of a cycle follow from the month they start in.

    A window starts on `start_day`, rolled off the weekend; it ends `weekdays` weekdays later; cutoff and accounting
    date lie so many months from the month of the start, on a day (31: the month's last).
    """

    step_months: int
    start_day: int
    roll: Roll
    weekdays: int
    cutoff: tuple[int, int]
    accounting: tuple[int, int]

    def window(self, month: CoverageMonth) -> Window:
        """Return the window that starts in `month`."""
        nominal = _day_of(month, self.start_day)
        start = _rolled(nominal, self.roll)
        if CoverageMonth.of(start) != month:  # a window never leaves its month
            start = _rolled(nominal, Roll.FORWARD if self.roll is Roll.BACK else Roll.BACK)
        end = start
        for _ in range(self.weekdays):
            end = _rolled(end + _DAY, Roll.FORWARD)
        return Window(start, end, _offset(month, self.cutoff), _offset(month, self.accounting))

    def __str__(self) -> str:
        """Say the pattern in words."""
        every = "every month" if self.step_months == 1 else f"every {self.step_months} months"
        rolled = {
            Roll.KEPT: "",
            Roll.BACK: " or the weekday before",
            Roll.FORWARD: " or the weekday after",
        }[self.roll]
        return (
            f"{every} on day {self.start_day}{rolled}, open for {self.weekdays} weekdays more; "
            f"cutoff {_in_words(self.cutoff)}, accounting {_in_words(self.accounting)}"
        )


def pattern_of(windows: Sequence[Window]) -> CyclePattern | None:
    """Return the pattern that most of the latest windows follow, or None where no monthly one explains half of them."""
    latest = sorted(windows, key=lambda window: window.start)[-_LOOKED_AT:]
    months = [CoverageMonth.of(window.start) for window in latest]
    if len(latest) < 2:  # one window has no step
        return None
    guesses = [
        CyclePattern(
            step_months=_usual(_index(later) - _index(earlier) for earlier, later in pairwise(months)),
            start_day=day,
            roll=roll,
            weekdays=_usual(_weekdays(window.start, window.end) for window in latest),
            cutoff=_usual(_offset_to(month, window.cutoff) for month, window in zip(months, latest, strict=True)),
            accounting=_usual(
                _offset_to(month, window.accounting) for month, window in zip(months, latest, strict=True)
            ),
        )
        for day in sorted({window.start.day for window in latest})
        for roll in Roll
    ]
    explained = {guess: _explains(guess, months, latest) for guess in guesses}
    best = max(guesses, key=lambda guess: explained[guess])
    return best if best.step_months > 0 and explained[best] * 2 >= len(latest) else None


def extend(windows: Sequence[Window], pattern: CyclePattern, through: date) -> list[Window]:
    """Return the windows that continue `windows` until every day up to `through` is billed by one.

    Only what comes after the last window is made, so that doing it again makes none.
    """
    last = max(windows, key=lambda window: window.start)
    month, made, cutoff = CoverageMonth.of(last.start), [], last.cutoff
    while cutoff < through:
        for _ in range(pattern.step_months):
            month = month.next()
        made.append(pattern.window(month))
        if made[-1].cutoff <= cutoff:  # a cycle that stands still would go on for ever
            return made[:-1]
        cutoff = made[-1].cutoff
    return made


def _explains(pattern: CyclePattern, months: Sequence[CoverageMonth], windows: Sequence[Window]) -> int:
    """Return how many windows are exactly as the pattern makes them."""
    return sum(pattern.window(month) == window for month, window in zip(months, windows, strict=True))


def _usual(values: Iterable[_T]) -> _T:
    """Return the value that occurs most often, the first of equals."""
    return Counter(values).most_common(1)[0][0]


def _index(month: CoverageMonth) -> int:
    """Return a month as a running number."""
    return month.year * 12 + month.month


def _day_of(month: CoverageMonth, day: int) -> date:
    """Return a day of the month, its last where it has fewer."""
    return month.first_day.replace(day=min(day, month.days))


def _rolled(day: date, roll: Roll) -> date:
    """Return `day`, or the weekday before or after it."""
    step = {Roll.KEPT: 0, Roll.BACK: -1, Roll.FORWARD: 1}[roll]
    while step and day.weekday() >= _SATURDAY:
        day += step * _DAY
    return day


def _weekdays(first: date, last: date) -> int:
    """Return how many weekdays lie after `first` through `last`."""
    later = (first + n * _DAY for n in range(1, (last - first).days + 1))
    return sum(day.weekday() < _SATURDAY for day in later)


def _offset_to(month: CoverageMonth, day: date) -> tuple[int, int]:
    """Return how many months `day` lies from `month`, and its day of the month: 31 for the last one."""
    there = CoverageMonth.of(day)
    return _index(there) - _index(month), _LONGEST_MONTH if day == there.last_day else day.day


def _offset(month: CoverageMonth, offset: tuple[int, int]) -> date:
    """Return the day that lies so many months from `month`."""
    months, day = offset
    index = _index(month) + months - 1
    return _day_of(CoverageMonth(index // 12, index % 12 + 1), day)


def _in_words(offset: tuple[int, int]) -> str:
    """Return an offset in words."""
    months, day = offset
    which = "the last day" if day == _LONGEST_MONTH else f"day {day}"
    when = {-1: "the month before", 0: "the same month", 1: "the next month"}.get(months, f"{months:+} months")
    return f"{which} of {when}"
