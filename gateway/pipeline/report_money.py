"""Money by receipt, and what was billed against what was paid (HF-11, HF-15, HF-27; DOMAIN 3.9, 12)."""

from collections.abc import Callable, Iterable
from itertools import groupby

from gateway.domain.money import ZERO, Money
from gateway.domain.period import CoverageMonth
from gateway.feeds.report import Cell, Column
from gateway.pipeline.report_kit import By, Kit, ReportKind, Rows, amounts, days, days_since, numbers, text
from gateway.ports.collection import BilledPaid, MoneyLine
from gateway.remittance.aging import bucket_of
from gateway.remittance.variance import LineKey, compare

_AGED = (*days("deposited_on"), *numbers("days"), *text("bucket"))


def _aged(kit: Kit, line: MoneyLine) -> tuple[Cell, ...]:
    """Return the cells of `_AGED`: suspense ages from the deposit (DOMAIN 8.6)."""
    bucket = bucket_of(line.deposited_on, kit.as_of).value if line.deposited_on else ""
    return (line.deposited_on, days_since(line.deposited_on, kit.as_of), bucket)


def _suspense(kit: Kit) -> Rows:
    for line in kit.reader.money(by_account=True):
        if line.suspense:
            where = (line.receipt_id, line.partner_id, line.trace, ", ".join(line.reasons))
            yield (*where, *_aged(kit, line), line.suspense)


def _unmatched(kit: Kit) -> Rows:
    for line in kit.reader.money(by_account=True):
        for where, amount in (("unapplied", line.unapplied), ("suspense", line.suspense)):
            if amount:
                about = (line.receipt_id, line.account_id, line.partner_id, line.trace, where, ", ".join(line.reasons))
                yield (*about, *_aged(kit, line), amount)


def _cash(kit: Kit) -> Rows:
    for line in kit.reader.money(by_account=False):
        state = line.state.value if line.state else ""
        sums = (line.received, line.applied, line.unapplied, line.suspense, line.refunded)
        yield (line.receipt_id, line.partner_id, line.trace, line.deposited_on, state, *sums)


_SUMS = amounts("billed", "adjusted", "paid", "written_off", "open")
_KEYS: dict[By, tuple[tuple[str, ...], Callable[[BilledPaid], tuple[str, ...]]]] = {
    By.PLAN: (("account_id", "month", "product"), lambda each: (each.account_id, str(each.month), each.product)),
    By.ACCOUNT: (("account_id", "month"), lambda each: (each.account_id, str(each.month))),
    By.POLICY: (("account_id", "month", "policy"), lambda each: (each.account_id, str(each.month), each.policy)),
    By.MEMBER: (
        ("account_id", "month", "policy", "product", "membership_id"),
        lambda each: (each.account_id, str(each.month), each.policy, each.product, each.membership_id),
    ),
}


def _paid_vs_billed_columns(by: By) -> tuple[Column, ...]:
    return (*text(*_KEYS[by][0], "agrees"), *_SUMS)


def _paid_vs_billed(kit: Kit) -> Rows:
    """Yield sums over each key; what is open says whether paid and billed agree."""
    key_of = _KEYS[kit.by][1]
    for history in kit.reader.histories():
        found = sorted(kit.reader.billed_paid(history.account_id), key=key_of)
        for key, same in groupby(found, key=key_of):
            sums = _sums(same)
            yield (*key, "" if sums[-1] else "yes", *sums)


def _sums(lines: Iterable[BilledPaid]) -> tuple[Money, ...]:
    """Return the cells of `_SUMS`."""
    amounts_ = [(each.billed, each.adjusted, each.paid, each.written_off, each.open) for each in lines]
    return tuple(sum(column, ZERO) for column in zip(*amounts_, strict=True))


def _variances(kit: Kit) -> Rows:
    """Yield, per account, the sum of the lines that agree, then each that does not (DOMAIN 3.9, HF-06).

    A month is compared when it has begun or anything was paid on it. What was written off is no variance.
    """
    for history in kit.reader.histories():
        owed, paid = _lines(kit, history.account_id)
        extra = kit.reader.extra_lines(history.account_id)
        found = compare(owed, paid)
        differing = {each.key for each in found.variances}
        agreed = sum((amount for key, amount in owed.items() if key not in differing), ZERO)
        if agreed:
            yield (history.account_id, "matched", "", "", "", "", agreed, agreed, ZERO)
        for each in found.variances:
            month, policy, membership_id = each.key
            about = (history.account_id, each.kind.value, month, policy, membership_id, "")
            yield (*about, each.billed, each.paid, each.amount)
        for line in extra:
            where = f"{line.receipt_id} line {line.line}: {line.reason}"
            yield (history.account_id, "extra", "", "", "", where, ZERO, line.amount, line.amount)


def _lines(kit: Kit, account_id: str) -> tuple[dict[LineKey, Money], dict[LineKey, Money]]:
    """Return what is to be paid and what was paid by month, policy and membership, of the months that are compared."""
    owed: dict[LineKey, Money] = {}
    paid: dict[LineKey, Money] = {}
    for each in kit.reader.billed_paid(account_id):
        key = (str(each.month), each.policy, each.membership_id)
        owed[key] = owed.get(key, ZERO) + each.billed + each.adjusted - each.written_off
        paid[key] = paid.get(key, ZERO) + each.paid
    now = str(CoverageMonth.of(kit.as_of))
    compared = {key for key in owed if key[0] <= now or paid[key]}
    return {key: owed[key] for key in compared}, {key: paid[key] for key in compared}


SUSPENSE = ReportKind(
    "money that nobody is known to own, by days since its deposit",
    lambda _by: (*text("receipt_id", "partner_id", "trace", "reasons"), *_AGED, *amounts("suspense")),
    _suspense,
)
UNMATCHED = ReportKind(
    "money without an invoice, unapplied or in suspense, with the reason",
    lambda _by: (
        *text("receipt_id", "account_id", "partner_id", "trace", "where", "reasons"),
        *_AGED,
        *amounts("amount"),
    ),
    _unmatched,
)
CASH = ReportKind(
    "every receipt, and where its money is",
    lambda _by: (
        *text("receipt_id", "partner_id", "trace"),
        *days("deposited_on"),
        *text("state"),
        *amounts("received", "applied", "unapplied", "suspense", "refunded"),
    ),
    _cash,
)
PAID_VS_BILLED = ReportKind(
    "billed, adjusted, paid, written off and open, by coverage month",
    _paid_vs_billed_columns,
    _paid_vs_billed,
    (By.PLAN, By.ACCOUNT, By.POLICY, By.MEMBER),
)

VARIANCES = ReportKind(
    "lines of members and months where paid and billed disagree: missing, extra, different",
    lambda _by: (
        *text("account_id", "variance", "month", "policy", "membership_id", "remittance_line"),
        *amounts("billed", "paid", "difference"),
    ),
    _variances,
)
