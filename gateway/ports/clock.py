"""Time is injected: two clocks, system and batch business date (DESIGN, decision 13)."""

from datetime import UTC, date, datetime
from typing import Protocol


class Clock(Protocol):
    """Where instants and dates come from."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        ...

    def business_date(self) -> date:
        """Return the batch business date: what deferred work is measured against (DOMAIN 3.3)."""
        ...


class SystemClock:
    """The machine's clock; the batch business date is its UTC date."""

    def now(self) -> datetime:
        """Return the machine's present instant in UTC."""
        return datetime.now(UTC)

    def business_date(self) -> date:
        """Return the machine's date in UTC."""
        return self.now().date()


class FixedClock:
    """A clock that stands still until it is moved: `--as-of`, GATEWAY_CLOCK, demo and tests."""

    def __init__(self, instant: datetime, business_date: date | None = None) -> None:
        """Stand at `instant` (UTC); `business_date` defaults to its date."""
        self.instant = instant
        self._business_date = business_date

    def now(self) -> datetime:
        """Return the instant the clock stands at."""
        return self.instant

    def business_date(self) -> date:
        """Return the date that was set, else the instant's."""
        return self._business_date or self.instant.date()
