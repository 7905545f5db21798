"""Work calendars: which days the business works (DOMAIN 3.6, OR-27).

A calendar is a data file of `mappings/calendars/`; `parse_calendar` reads its text and does not touch the disk. Federal
holidays of the United States come from the library `holidays`, which knows every year's.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from holidays import country_holidays

from gateway.errors import ConfigurationError

_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Saturdays, Sundays and `holidays` are off, and where it is `federal` the holidays of the United States too."""

    holidays: frozenset[date] = frozenset()
    federal: bool = False

    def is_working(self, day: date) -> bool:
        """Tell whether the business works on `day`."""
        if day.weekday() >= _SATURDAY or day in self.holidays:
            return False
        return not (self.federal and day in federal_holidays(day.year))

    def roll_forward(self, day: date) -> date:
        """Return `day` when it is a working day, else the next one that is."""
        while not self.is_working(day):
            day += _DAY
        return day

    def roll_back(self, day: date) -> date:
        """Return `day` when it is a working day, else the last one before it."""
        while not self.is_working(day):
            day -= _DAY
        return day

    def after(self, day: date, working_days: int) -> date:
        """Return the day on which so many working days after `day` have come."""
        for _ in range(working_days):
            day = self.roll_forward(day + _DAY)
        return day


def parse_calendar(text: str, *, name: str = "calendar") -> WorkCalendar:
    """Return the calendar written in `text`, the TOML of one file of `mappings/calendars/`.

    `federal = true` takes the holidays of the United States' federal offices; the table `[holidays]` names further days
    off, such as the company's: `2025-11-28 = "The day after Thanksgiving"`. Raises ConfigurationError, which names
    `name` and every entry that is wrong.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{name}: not TOML: {error}") from error
    unknown = sorted(set(document) - {"description", "federal", "holidays"})
    entries, federal = document.get("holidays", {}), document.get("federal", False)
    if not isinstance(federal, bool):
        raise ConfigurationError(f"{name}: federal is neither true nor false", hint="write federal = true")
    if unknown or not isinstance(entries, Mapping):
        raise ConfigurationError(
            f"{name}: unknown or misplaced keys: {', '.join(unknown) or 'holidays'}",
            hint='write a description and one table [holidays] with lines such as 2025-11-27 = "Thanksgiving"',
        )
    days = {key: _day(key) for key in entries}
    wrong = sorted(key for key, day in days.items() if day is None)
    if wrong:
        raise ConfigurationError(
            f"{name}: not dates: {', '.join(wrong)}", hint="write each day off as YYYY-MM-DD under [holidays]"
        )
    return WorkCalendar(frozenset(day for day in days.values() if day is not None), federal)


@cache
def federal_holidays(year: int) -> frozenset[date]:
    """Return the days of `year` on which federal offices close (5 U.S.C. 6103), the days they are kept on included.

    New Year's Day of the next year is in it where it is kept on December 31.
    """
    return frozenset(country_holidays("US", years=year, observed=True))


def _day(text: str) -> date | None:
    """Return the date written as YYYY-MM-DD, or None for anything else."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar date has no zone
    except ValueError:
        return None
