"""How far an account or membership is paid (DOMAIN 8.7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gateway.domain.money import ZERO, Money
from gateway.domain.period import CoverageMonth


@dataclass(frozen=True, slots=True)
class MonthSettlement:
    """What was billed for a coverage month, and what of it is still open after payments and write-offs."""

    month: CoverageMonth
    billed: Money
    open: Money

    @property
    def is_settled(self) -> bool:
        """Whether the month is paid, written off, or came to nothing."""
        return self.open <= ZERO


def paid_through(months: Sequence[MonthSettlement]) -> date | None:
    """Return the last day of the last month up to which every month is settled, or None where the first is open.

    The order of `months` does not matter. A month that was never billed owes nothing and is no gap; one that is
    short is a gap, and nothing paid after it counts until it is settled (DOMAIN 8.7 and 9.6).
    """
    last_day: date | None = None
    for settlement in sorted(months, key=lambda each: each.month):
        if not settlement.is_settled:
            break
        last_day = settlement.month.last_day
    return last_day
