"""How long cover goes on while premium is unpaid (DOMAIN 8.7). Nothing here ends cover: only an 834 does."""

from dataclasses import dataclass
from datetime import date, timedelta

from gateway.domain.period import CoverageMonth

GROUP_GRACE_DAYS = 31  # the common contract; the policy table of a state may say otherwise


@dataclass(frozen=True, slots=True)
class AptcGrace:
    """The three consecutive months of 45 CFR 156.270 for an enrollee who gets advance payments of the tax credit."""

    months: tuple[CoverageMonth, CoverageMonth, CoverageMonth]

    @property
    def ends_on(self) -> date:
        """The last day on which all that is owed may still be paid."""
        return self.months[2].last_day

    @property
    def cover_would_end_on(self) -> date:
        """The last covered day if nothing is paid: the end of the first month."""
        return self.months[0].last_day


def group_grace_ends(due_on: date, days: int = GROUP_GRACE_DAYS) -> date:
    """Return the last day of a group's grace for an invoice due on `due_on`."""
    return due_on + timedelta(days=days)


def aptc_grace(first_unpaid: CoverageMonth) -> AptcGrace:
    """Return the grace of an enrollee with APTC who has not paid since `first_unpaid`."""
    second = first_unpaid.next()
    return AptcGrace((first_unpaid, second, second.next()))
