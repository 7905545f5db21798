"""Spans of days and months.

Spans are half-open, `[starts_on, ends_before)`. X12 and partners write the last covered day (inclusive);
it is converted at the edge, both ways, by `Period.through` and `Period.last_day`.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from gateway.domain.value import value

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class CoverageMonth:
    """The calendar month that a premium pays for; `str()` gives `2025-11`."""

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> "CoverageMonth":
        """Return the month that `day` lies in."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> "CoverageMonth":
        """Return the month written as `YYYY-MM`; raises ValueError for anything else."""
        return cls.of(date.fromisoformat(f"{text}-01"))

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return self.period.starts_on

    @property
    def last_day(self) -> date:
        """The last day of the month."""
        return date(self.year, self.month, self.days)

    @property
    def days(self) -> int:
        """How many days the month has."""
        return self.period.days

    @property
    def period(self) -> "Period":
        """The month as a span of days."""
        return _days_of(self.year, self.month)

    def next(self) -> "CoverageMonth":
        """Return the following month."""
        return CoverageMonth(self.year + self.month // 12, self.month % 12 + 1)

    def previous(self) -> "CoverageMonth":
        """Return the month before."""
        return CoverageMonth.of(self.first_day - _DAY)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    def __hash__(self) -> int:
        return self.year * 12 + self.month  # months are the keys of every comparison: a tuple takes four times as long


@value
class Period:
    """A half-open span of days; `ends_before=None` means open."""

    starts_on: date
    ends_before: date | None = None

    @classmethod
    def through(cls, starts_on: date, last_day: date | None) -> "Period":
        """Return the span from `starts_on` through `last_day` inclusive, as X12 writes it (DOMAIN 4.4 rule 3)."""
        return cls(starts_on, None if last_day is None else last_day + _DAY)

    @property
    def last_day(self) -> date | None:
        """The last covered day (inclusive), or None when the span is open."""
        return None if self.ends_before is None else self.ends_before - _DAY

    @property
    def is_empty(self) -> bool:
        """Whether the span holds no day: end on or before start."""
        return self.ends_before is not None and self.ends_before <= self.starts_on

    def contains(self, day: date) -> bool:
        """Tell whether `day` lies inside."""
        return self.starts_on <= day and (self.ends_before is None or day < self.ends_before)

    def overlap(self, other: "Period") -> "Period | None":
        """Return the days that both spans share, or None."""
        starts_on = max(self.starts_on, other.starts_on)
        ends = [end for end in (self.ends_before, other.ends_before) if end is not None]
        shared = Period(starts_on, min(ends) if ends else None)
        return None if shared.is_empty else shared

    @property
    def days(self) -> int:
        """How many days a closed span holds; raises ValueError for an open one."""
        if self.ends_before is None:
            raise ValueError("an open period has no number of days")
        return max((self.ends_before - self.starts_on).days, 0)


@lru_cache(maxsize=4096)  # a bill run asks for the same few months a million times
def _days_of(year: int, month: int) -> Period:
    """Return the days of a calendar month."""
    return Period(date(year, month, 1), date(year + month // 12, month % 12 + 1, 1))


def months_between(first: CoverageMonth, last: CoverageMonth) -> list[CoverageMonth]:
    """Return the months from `first` through `last`, in order; empty when `last` is earlier."""
    months = []
    month = first
    while month <= last:
        months.append(month)
        month = month.next()
    return months
