"""What is looked at before a bill goes out: a finding that is an error holds this one account (IA-54, DOMAIN 8.5)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from gateway.billing.account import AccountRules, RateSource
from gateway.billing.rating import RateTable
from gateway.domain.charge import BilledAmount, Charge, InvoiceLine, LineType
from gateway.domain.finding import Finding, Level, Severity
from gateway.domain.money import ZERO, Money
from gateway.domain.period import CoverageMonth


@dataclass(frozen=True, slots=True)
class BillDraft:
    """A bill before it is issued, with what it was made of. `current` is the month that the bill is for."""

    account: AccountRules
    rates: RateTable
    current: CoverageMonth
    due: Sequence[Charge]
    billed: Sequence[BilledAmount]
    lines: Sequence[InvoiceLine]


def check_release(draft: BillDraft) -> list[Finding]:
    """Return what is remarkable about the draft, in the order of the checks; see `is_held`."""
    return [finding for check in CHECKS for finding in check(draft)]


def is_held(findings: Iterable[Finding]) -> bool:
    """Tell whether the account must wait for a person: one of the findings is an error."""
    return any(finding.is_error for finding in findings)


def _negative_total(draft: BillDraft) -> list[Finding]:
    """Say that the bill is a credit bill; it goes out all the same."""
    total = sum((line.amount for line in draft.lines), ZERO)
    if total >= ZERO:
        return []
    return [_finding("NEGATIVE_TOTAL", f"The bill is a credit of {-total}.", Severity.WARNING)]


def _zero_rate(draft: BillDraft) -> list[Finding]:
    """Stop a price of zero in our own rate table: cover without a premium is a mistake in the table."""
    if draft.account.rate_source is RateSource.SENT:
        return []
    free = sorted({(charge.product, charge.tier) for charge in draft.due if charge.rate == ZERO})
    return [_finding("ZERO_RATE", f"The rate of plan {product}, tier {tier} is zero.") for product, tier in free]


def _missing_rate(draft: BillDraft) -> list[Finding]:
    """Stop a credit for a month that has no price any more: more likely a row of the table is missing."""
    unpriced = sorted(
        {
            (line.product, line.tier, line.month)
            for line in draft.lines
            if line.line_type is LineType.RETRO_TERM
            and draft.account.rate_source is RateSource.TABLE
            and not _has_price(draft.rates, line)
        }
    )
    return [
        _finding("MISSING_RATE", f"A credit would be given for plan {product}, tier {tier} in {month}, but no rate is "
                 "known for that month.")
        for product, tier, month in unpriced
    ]  # fmt: skip


def _duplicate_member(draft: BillDraft) -> list[Finding]:
    """Stop a membership that is charged for more days of one insurance line than the month has."""
    days: dict[tuple[str, str, CoverageMonth], int] = {}
    for charge in draft.due:
        if charge.amount:
            key = (charge.membership_id, charge.insurance_line, charge.month)
            days[key] = days.get(key, 0) + charge.days_covered
    return [
        _finding(
            "DUPLICATE_MEMBER", f"Membership {membership_id} is charged twice for insurance line {line} in {month}."
        )
        for (membership_id, line, month), covered in sorted(days.items())
        if covered > month.days
    ]


def _orphan_charge(draft: BillDraft) -> list[Finding]:
    """Stop a charge that no set or segment stands behind (IA-42)."""
    orphans = sorted({charge.membership_id for charge in draft.due if not (charge.set_id and charge.source)})
    return [
        _finding("ORPHAN_CHARGE", f"Membership {membership_id} is charged without a source.")
        for membership_id in orphans
    ]


def _jump(draft: BillDraft) -> list[Finding]:
    """Stop a premium that moved more against last month's billed one than the account allows."""
    limit = draft.account.jump_percent
    before = sum((each.amount for each in draft.billed if each.month == draft.current.previous()), ZERO)
    now = sum((charge.amount for charge in draft.due if charge.month == draft.current), ZERO)
    if limit is None or before == ZERO or not _exceeds(now - before, before, limit):
        return []
    return [
        _finding("PREMIUM_JUMP", f"The month's premium moves from {before} to {now}, by more than {limit} percent.")
    ]


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


ReleaseCheck: TypeAlias = Callable[[BillDraft], list[Finding]]

CHECKS: tuple[ReleaseCheck, ...] = (
    _negative_total,
    _zero_rate,
    _missing_rate,
    _duplicate_member,
    _orphan_charge,
    _jump,
)
"""The checks in the order in which a reader meets their findings."""
