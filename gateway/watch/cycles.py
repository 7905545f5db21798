"""Bill cycles that end: the alarm to extend one before requests find no window (IA-56, DOMAIN 3.6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

WINDOWS_AHEAD = 2
"""So many windows must be ahead: the next one may be billed up to the cutoff of the one after it (DOMAIN 3.6)."""


@dataclass(frozen=True, slots=True)
class CycleAhead:
    """A bill cycle of a partner with the first days of its windows."""

    partner_id: str
    code: str
    starts: Sequence[date]


@dataclass(frozen=True, slots=True)
class EndingCycle:
    """A cycle with too few windows ahead; `key` is the same until it is extended."""

    key: str
    code: str
    ahead: int
    message: str


def windows_ahead(starts: Iterable[date], today: date) -> int:
    """Return how many windows begin after `today`."""
    return sum(start > today for start in starts)


def ending_cycles(cycles: Iterable[CycleAhead], today: date) -> list[EndingCycle]:
    """Return the cycles with fewer than two windows ahead, in the order given."""
    return [_ending(each, ahead) for each in cycles if (ahead := windows_ahead(each.starts, today)) < WINDOWS_AHEAD]


def _ending(cycle: CycleAhead, ahead: int) -> EndingCycle:
    """Return the alarm of one cycle."""
    last = max(cycle.starts, default=None)
    left = {0: "no window", 1: "one window"}[ahead]
    message = (
        f"bill cycle {cycle.code} of {cycle.partner_id} has {left} ahead, the last begins on {last or 'no day'}: "
        f"extend it with `gateway cycle extend {cycle.partner_id} {cycle.code} --through DATE`"
    )
    return EndingCycle(f"cycle/{cycle.partner_id}/{cycle.code}/{last}/{ahead}", cycle.code, ahead, message)
