"""Paid against billed, line by line: what agrees, what is missing, extra or different (DOMAIN 3.9; HF-06, HF-20).

The same comparison serves a list bill, where a remittance is held against our invoice, and a self-bill group, where
the group's own list or head count is held against what its members should cost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import TypeAlias

from gateway.domain.money import ZERO, Money

_PRODUCTS_MAX = 5  # left out together: a bill with more open is simply short

LineKey: TypeAlias = tuple[str, ...]
"""What a line is about: membership and month, or policy, plan or account at a higher level."""


class VarianceKind(StrEnum):
    """How a line of the payer and a line of ours disagree."""

    MISSING = "missing"  # billed, not paid
    EXTRA = "extra"  # paid, not billed
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Variance:
    """One line that disagrees."""

    kind: VarianceKind
    key: LineKey
    billed: Money
    paid: Money

    @property
    def amount(self) -> Money:
        """Paid less billed."""
        return self.paid - self.billed


@dataclass(frozen=True, slots=True)
class Comparison:
    """What agrees and what does not: `matched` and the variances add up to what was paid, always."""

    billed: Money
    paid: Money
    matched: Money  # billed and, in the end, paid: variances are what is paid beyond or short of it
    variances: tuple[Variance, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every pay instruction is matched (DOMAIN 3.9: Completed, else Open)."""
        return not self.variances


def compare(billed: Mapping[LineKey, Money], paid: Mapping[LineKey, Money]) -> Comparison:
    """Hold what was paid against what was billed; `matched` + the variances' amounts = paid.

    A line of which nothing was paid is missing, one that was never billed is extra. `matched` is what is billed on
    all lines of ours: a missing line stands in it and is taken off again by its variance.
    """
    variances = []
    for key in sorted(billed.keys() | paid.keys()):
        ours, theirs = billed.get(key, ZERO), paid.get(key, ZERO)
        if ours != theirs:
            variances.append(Variance(_kind(ours, theirs), key, ours, theirs))
    total_billed, total_paid = sum(billed.values(), ZERO), sum(paid.values(), ZERO)
    return Comparison(total_billed, total_paid, total_billed, tuple(variances))


def _kind(ours: Money, theirs: Money) -> VarianceKind:
    if theirs == ZERO:
        return VarianceKind.MISSING
    return VarianceKind.EXTRA if ours == ZERO else VarianceKind.DIFFERENT


@dataclass(frozen=True, slots=True)
class HeadCount:
    """What a self-bill group reports of one plan and tier: so many subscribers."""

    plan: str
    tier: str
    subscribers: int


def priced(
    counts: Iterable[HeadCount], rates: Mapping[tuple[str, str], Money]
) -> tuple[dict[LineKey, Money], list[str]]:
    """Return what reported head counts cost by plan and tier, and a sentence for each that has no rate."""
    costs: dict[LineKey, Money] = {}
    unpriced = []
    for each in counts:
        rate = rates.get((each.plan, each.tier))
        if rate is None:
            unpriced.append(f"no rate on file for {each.plan} {each.tier}, reported for {each.subscribers}")
        else:
            key = (each.plan, each.tier)
            costs[key] = costs.get(key, ZERO) + rate * each.subscribers
    return costs, unpriced


def missing_products(billed: Mapping[str, Money], still_open: Money, reported: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the products of a bill that its payment leaves out (HF-20); `still_open` is what it left of the bill.

    A payer that names products (`reported`) leaves out what it does not name. One that names none has left out
    products when what is open is, to the cent, what they cost: the fewest that explain it are named.
    """
    due = {product: amount for product, amount in sorted(billed.items()) if amount > ZERO}
    named = set(reported) & set(billed)
    if named:
        return tuple(product for product in due if product not in named)
    if still_open <= ZERO or still_open >= sum(due.values(), ZERO):
        return ()
    sizes = range(1, min(len(due), _PRODUCTS_MAX))
    sets = (chosen for size in sizes for chosen in combinations(due, size))
    return next((chosen for chosen in sets if sum((due[each] for each in chosen), ZERO) == still_open), ())
