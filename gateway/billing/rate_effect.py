"""What a new price table would do to what is due, account by account and month by month (HF-24): sums, no names."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.domain.charge import BilledAmount, Charge
from gateway.domain.finding import Finding, Level, Severity
from gateway.domain.money import ZERO, Money
from gateway.domain.period import CoverageMonth


@dataclass(frozen=True, slots=True)
class MonthEffect:
    """One account and coverage month: what was billed of it so far, what is due now and would be due then.

    `memberships` and `members` count those whose amount changes. Where the month is billed, `change` becomes
    adjustments on the next bill; otherwise the month is billed at the new amount.
    """

    account_id: str
    month: CoverageMonth
    memberships: int
    members: int
    billed: Money
    due_now: Money
    due_then: Money

    @property
    def change(self) -> Money:
        """What the month costs more, or less."""
        return self.due_then - self.due_now


@dataclass(slots=True)
class _Month:
    """Sums while they grow."""

    due_now: Money = ZERO
    due_then: Money = ZERO
    billed: Money = ZERO
    memberships: int = 0
    members: int = 0


@dataclass(slots=True)
class EffectTally:
    """Adds up one account's effect; hand it the memberships one by one, then what was billed."""

    account_id: str
    unpriced_now: int = 0  # memberships with cover that has no price
    unpriced_then: int = 0
    _months: dict[CoverageMonth, _Month] = field(default_factory=dict)

    def add(self, now: Iterable[Charge], then: Iterable[Charge]) -> None:
        """Add what one membership, or the account itself, owes at the present and at the new prices."""
        before, after = _by_month(now), _by_month(then)
        for month in before.keys() | after.keys():
            sums = self._months.setdefault(month, _Month())
            due_now, _ = before.get(month, (ZERO, 0))
            due_then, _ = after.get(month, (ZERO, 0))
            sums.due_now += due_now
            sums.due_then += due_then
            lives = max(each[month][1] for each in (before, after) if month in each)
            if due_now != due_then and lives:
                sums.memberships += 1
                sums.members += lives

    def add_billed(self, billed: Iterable[BilledAmount]) -> None:
        """Add what stands billed."""
        for each in billed:
            self._months.setdefault(each.month, _Month()).billed += each.amount

    def changed(self) -> list[MonthEffect]:
        """Return the months whose amount changes, in order."""
        return [
            MonthEffect(
                self.account_id, month, sums.memberships, sums.members, sums.billed, sums.due_now, sums.due_then
            )
            for month, sums in sorted(self._months.items())
            if sums.due_now != sums.due_then or sums.memberships
        ]

    def doubts(self) -> list[Finding]:
        """Return COVER_UNPRICED, as a warning, where cover has a price now and would have none."""
        more = self.unpriced_then - self.unpriced_now
        if more <= 0:
            return []
        message = f"account {self.account_id}: {more} membership{'' if more == 1 else 's'} would have no price any more"
        return [Finding("COVER_UNPRICED", Level.BUSINESS, message, severity=Severity.WARNING, snip=7)]


def _by_month(charges: Iterable[Charge]) -> dict[CoverageMonth, tuple[Money, int]]:
    """Return amount and lives by month; in several products the most lives of one count."""
    found: dict[CoverageMonth, tuple[Money, int]] = {}
    for charge in charges:
        amount, lives = found.get(charge.month, (ZERO, 0))
        found[charge.month] = (amount + charge.amount, max(lives, charge.lives))
    return found
