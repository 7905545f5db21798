"""Effective-dated tier rates (DOMAIN 8.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from gateway.domain.money import Money

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rate:
    """One monthly price of a plan and tier; `ends_on` is inclusive, None means until the next row begins."""

    plan: str
    tier: str
    amount: Money
    starts_on: date
    ends_on: date | None = None


class RateTable:
    """The rates of one account, looked up by plan, tier and day."""

    def __init__(self, rates: Iterable[Rate] = ()) -> None:
        """Take the rows in any order; `faults` tells what is wrong with them."""
        self._rows: dict[tuple[str, str], list[Rate]] = {}
        self._tiers: dict[str, frozenset[str]] = {}
        for rate in sorted(rates, key=lambda row: row.starts_on):
            self._rows.setdefault((rate.plan, rate.tier), []).append(rate)
            self._tiers[rate.plan] = self._tiers.get(rate.plan, frozenset()) | {rate.tier}

    def lookup(self, plan: str, tier: str, day: date) -> Rate | None:
        """Return the row in force on `day`, the latest to begin when several are; None in a gap."""
        for rate in reversed(self._rows.get((plan, tier), ())):
            if rate.starts_on <= day and (rate.ends_on is None or day <= rate.ends_on):
                return rate
        return None

    def tiers(self, plan: str) -> frozenset[str]:
        """Return the tiers that the plan has a price for on any day."""
        return self._tiers.get(plan, frozenset())

    def faults(self) -> list[str]:
        """Return the gaps and overlaps between rows of the same plan and tier, one plain sentence each."""
        return [
            fault
            for rows in self._rows.values()
            for earlier, later in pairwise(rows)
            if (fault := _fault_between(earlier, later))
        ]


def _fault_between(earlier: Rate, later: Rate) -> str:
    """Return what is wrong where `later` follows `earlier`, or ''."""
    what = f"plan {later.plan}, tier {later.tier}"
    if earlier.starts_on == later.starts_on:
        return f"{what}: two rates begin on {later.starts_on}; keep one"
    if earlier.ends_on is None or earlier.ends_on + _DAY == later.starts_on:
        return ""
    if earlier.ends_on >= later.starts_on:
        return f"{what}: the rates overlap from {later.starts_on} through {earlier.ends_on}; end the earlier one before"
    return f"{what}: no rate from {earlier.ends_on + _DAY} through {later.starts_on - _DAY}; add one"
