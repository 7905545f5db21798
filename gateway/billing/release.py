"""What is looked at before a bill goes out: a finding that is an error holds this one account (IA-54, DOMAIN 8.5).

A bill is looked at part by part, one membership after the other, so that a large one is never in memory whole.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeAlias

from gateway.billing.account import AccountRules, RateSource
from gateway.billing.rating import RateTable
from gateway.domain.charge import BilledAmount, Charge, InvoiceLine, LineType
from gateway.domain.finding import Finding, Level, Severity
from gateway.domain.money import ZERO, Money
from gateway.domain.period import CoverageMonth

LIFTABLE = frozenset({"NEGATIVE_TOTAL", "ZERO_RATE", "MISSING_RATE", "DUPLICATE_MEMBER", "PREMIUM_JUMP"})
"""What a named person may let go out as it is; anything else is wrong whoever says otherwise."""

_TOLD = 20  # of the same check: who must look at an account need not read a thousand sentences


@dataclass(frozen=True, slots=True)
class BillDraft:
    """A bill before it is issued, or a part of it, with what it was made of. `current` is the month it is for."""

    account: AccountRules
    rates: RateTable
    current: CoverageMonth
    due: Sequence[Charge]
    billed: Sequence[BilledAmount]
    lines: Sequence[InvoiceLine]


class ReleaseCheck(Protocol):
    """One question about a bill."""

    def take(self, part: BillDraft) -> None:
        """Look at a part; memberships come whole."""
        ...

    def findings(self) -> Iterable[Finding]:
        """Return what is remarkable about all parts together."""
        ...


class Inspection:
    """All checks over one bill."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._checks = [make() for make in CHECKS]

    def take(self, part: BillDraft) -> None:
        """Look at a part of the bill; a membership is in one part."""
        for check in self._checks:
            check.take(part)

    def findings(self) -> list[Finding]:
        """Return what is remarkable, in the order of the checks; see `is_held`."""
        return [finding for check in self._checks for finding in check.findings()]


def check_release(draft: BillDraft) -> list[Finding]:
    """Return what is remarkable about a whole draft, in the order of the checks; see `is_held`."""
    inspection = Inspection()
    inspection.take(draft)
    return inspection.findings()


def is_held(findings: Iterable[Finding]) -> bool:
    """Tell whether the account must wait for a person: one of the findings is an error."""
    return any(finding.is_error for finding in findings)


class _Sentences:
    """A check that says one sentence about each thing it meets, and each sentence once."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._said: dict[str, None] = {}

    def say(self, sentence: str) -> None:
        """Keep a sentence."""
        self._said[sentence] = None

    def findings(self) -> Iterable[Finding]:
        """Return the sentences in order, and how many more there are."""
        said = sorted(self._said)
        yield from (_finding(self._code, sentence) for sentence in said[:_TOLD])
        if len(said) > _TOLD:
            yield _finding(self._code, f"And {len(said) - _TOLD} more like these.")


class _NegativeTotal:
    """Say that the bill is a credit bill; it goes out all the same, unless it gives more than the account allows."""

    def __init__(self) -> None:
        self._total = ZERO
        self._limit: Decimal | None = None

    def take(self, part: BillDraft) -> None:
        self._limit = part.account.credit_limit
        for line in part.lines:
            self._total += line.amount

    def findings(self) -> Iterable[Finding]:
        if self._total < ZERO:
            exceeds = self._limit is not None and -self._total > self._limit
            severity = Severity.ERROR if exceeds else Severity.WARNING
            yield _finding("NEGATIVE_TOTAL", f"The bill is a credit of {-self._total}.", severity)


class _ZeroRate(_Sentences):
    """Stop a price of zero in our own rate table: cover without a premium is a mistake in the table."""

    def __init__(self) -> None:
        super().__init__("ZERO_RATE")

    def take(self, part: BillDraft) -> None:
        if part.account.rate_source is RateSource.SENT:
            return
        for charge in part.due:
            if not charge.rate:
                self.say(f"The rate of plan {charge.product}, tier {charge.tier} is zero.")


class _MissingRate(_Sentences):
    """Stop a credit for a month that has no price any more: more likely a row of the table is missing."""

    def __init__(self) -> None:
        super().__init__("MISSING_RATE")

    def take(self, part: BillDraft) -> None:
        if part.account.rate_source is not RateSource.TABLE:
            return
        for line in part.lines:
            if line.line_type is LineType.RETRO_TERM and not line.is_fee and not _has_price(part.rates, line):
                self.say(
                    f"A credit would be given for plan {line.product}, tier {line.tier} in {line.month}, but no rate "
                    "is known for that month."
                )


class _DuplicateMember(_Sentences):
    """Stop a membership that is charged for more days of one insurance line than the month has."""

    def __init__(self) -> None:
        super().__init__("DUPLICATE_MEMBER")

    def take(self, part: BillDraft) -> None:
        days: dict[tuple[str, str, CoverageMonth], int] = {}
        for charge in part.due:
            if charge.amount and not charge.is_fee:
                key = (charge.membership_id, charge.insurance_line, charge.month)
                days[key] = days.get(key, 0) + charge.days_covered
        for (membership_id, insurance_line, month), covered in days.items():
            if covered > month.days:
                self.say(f"Membership {membership_id} is charged twice for insurance line {insurance_line} in {month}.")


class _OrphanCharge(_Sentences):
    """Stop a charge that neither a set and segment nor the rule of a fee stands behind (IA-42)."""

    def __init__(self) -> None:
        super().__init__("ORPHAN_CHARGE")

    def take(self, part: BillDraft) -> None:
        for charge in part.due:
            if not charge.source or not (charge.set_id or charge.is_fee):
                self.say(f"Membership {charge.membership_id} is charged without a source.")


class _OverlappingPeriod(_Sentences):
    """Stop a bill on which the same days of one membership and product are charged twice (IA-39)."""

    def __init__(self) -> None:
        super().__init__("OVERLAPPING_PERIOD")

    def take(self, part: BillDraft) -> None:
        seen = set()
        for line in part.lines:
            key = (line.membership_id, line.product, line.month)
            if key in seen or line.days_covered > line.days_in_month:
                self.say(
                    f"Membership {line.membership_id}, product {line.product}: days of {line.month} are charged twice."
                )
            seen.add(key)


class _Jump:
    """Stop a premium that moved more against last month's billed one than the account allows."""

    def __init__(self) -> None:
        self._before = self._now = ZERO
        self._limit: Decimal | None = None

    def take(self, part: BillDraft) -> None:
        self._limit = part.account.jump_percent
        if self._limit is None:
            return
        month, previous = part.current, part.current.previous()
        self._before += sum((each.amount for each in part.billed if each.month == previous), ZERO)
        self._now += sum((charge.amount for charge in part.due if charge.month == month), ZERO)

    def findings(self) -> Iterable[Finding]:
        limit, before, now = self._limit, self._before, self._now
        if limit is not None and before != ZERO and _exceeds(now - before, before, limit):
            yield _finding(
                "PREMIUM_JUMP", f"The month's premium moves from {before} to {now}, by more than {limit} percent."
            )


def _exceeds(change: Money, base: Money, percent: Decimal) -> bool:
    """Tell whether `change` is more than `percent` of `base`, either way."""
    return abs(change) * 100 > abs(base) * percent


def _has_price(rates: RateTable, line: InvoiceLine) -> bool:
    """Tell whether the table prices the line's plan and tier on the first or last day of its month."""
    days = (line.month.first_day, line.month.last_day)
    return any(rates.has_price(line.product, line.tier, day) for day in days)


def _finding(code: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
    """Return a business finding of SNIP type 7: our own rules."""
    return Finding(code=code, level=Level.BUSINESS, message=message, severity=severity, snip=7)


MakeCheck: TypeAlias = Callable[[], ReleaseCheck]

CHECKS: tuple[MakeCheck, ...] = (
    _NegativeTotal,
    _ZeroRate,
    _MissingRate,
    _DuplicateMember,
    _OrphanCharge,
    _OverlappingPeriod,
    _Jump,
)
"""The checks in the order in which a reader meets their findings."""
