"""A list bill against its remittance, line by line: who is missing, who is extra, what differs (FEATURES HF-06)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.money import ZERO, Money
from gateway.domain.period import CoverageMonth


class VarianceKind(StrEnum):
    """How a member of a bill and of its remittance disagree."""

    MISSING = "missing"  # billed, and the remittance says nothing of it
    EXTRA = "extra"  # remitted, and not billed
    AMOUNT = "amount"  # another amount than billed


@dataclass(frozen=True, slots=True)
class MemberMonth:
    """A member's coverage month, as billed or as remitted; `member` is the subscriber id that both sides know."""

    member: str
    month: CoverageMonth
    amount: Money


@dataclass(frozen=True, slots=True)
class Variance:
    """One disagreement."""

    kind: VarianceKind
    member: str
    month: CoverageMonth
    billed: Money
    remitted: Money

    @property
    def difference(self) -> Money:
        """What was remitted less what was billed."""
        return self.remitted - self.billed


@dataclass(frozen=True, slots=True)
class Comparison:
    """What agrees, in sum, and everything that does not: `matched` and the remitted sides are what was remitted."""

    matched: Money
    variances: tuple[Variance, ...]

    @property
    def billed(self) -> Money:
        """Everything that was billed."""
        return self.matched + sum((each.billed for each in self.variances), ZERO)

    @property
    def remitted(self) -> Money:
        """Everything that was remitted for members."""
        return self.matched + sum((each.remitted for each in self.variances), ZERO)


def compare(billed: Sequence[MemberMonth], remitted: Sequence[MemberMonth]) -> Comparison:
    """Return how a remittance disagrees with a bill, by member and month; several products of a member are one sum."""
    ours, theirs = _sums(billed), _sums(remitted)
    matched, found = ZERO, []
    for key in sorted({*ours, *theirs}):
        due, paid = ours.get(key), theirs.get(key)
        if due == paid:
            matched += due or ZERO
        elif paid is None:
            found.append(Variance(VarianceKind.MISSING, *key, billed=due or ZERO, remitted=ZERO))
        elif due is None:
            found.append(Variance(VarianceKind.EXTRA, *key, billed=ZERO, remitted=paid))
        else:
            found.append(Variance(VarianceKind.AMOUNT, *key, billed=due, remitted=paid))
    return Comparison(matched, tuple(found))


def _sums(items: Sequence[MemberMonth]) -> dict[tuple[str, CoverageMonth], Money]:
    sums: dict[tuple[str, CoverageMonth], Money] = defaultdict(lambda: ZERO)
    for each in items:
        sums[each.member, each.month] += each.amount
    return dict(sums)
