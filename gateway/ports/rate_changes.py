"""What a unit of work keeps of price files that people change: every change with who loaded and who decided it."""

from collections.abc import Mapping
from typing import Protocol

from gateway.domain.period import CoverageMonth
from gateway.domain.rate_change import RateChange


class RateChanges(Protocol):
    """Changes of price files; a table has at most one that is staged."""

    def add(self, change: RateChange) -> bool:
        """Add a staged change; False when its id is there or another change of the table is staged."""
        ...

    def get(self, change_id: str) -> RateChange:
        """Return one change; raises NotFound."""
        ...

    def staged(self, partner_id: str, file: str) -> RateChange | None:
        """Return the change of a table that waits for a decision, or None."""
        ...

    def in_force(self, partner_id: str, file: str) -> RateChange | None:
        """Return the change of a table that was approved last, or None: the partner's own file is in force."""
        ...

    def decide(self, change: RateChange) -> bool:
        """Write state, number and decision of a change that is staged; False (and nothing) when it is not any more."""
        ...

    def changes_of(self, partner_id: str = "", file: str = "") -> list[RateChange]:
        """Return the changes of a table, of a partner, or all, the last loaded first."""
        ...

    def billed_through(self, partner_id: str) -> Mapping[str, CoverageMonth]:
        """Return the last month on an invoice of each of a partner's accounts that has one, by account id."""
        ...
