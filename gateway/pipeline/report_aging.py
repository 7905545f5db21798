"""Aging: what is owed by bucket, with what stands beside and is never netted (DOMAIN 8.6, 9.5; HF-14)."""

from gateway.domain.collection import AccountHistory
from gateway.domain.money import ZERO, Money
from gateway.feeds.report import Column
from gateway.pipeline.report_kit import By, Kit, ReportKind, Rows, amounts, days, days_since, numbers, text
from gateway.remittance.aging import Bucket, age, bucket_of
from gateway.remittance.arrears import Day, Ledger
from gateway.remittance.rules import Tolerance

_BESIDE = amounts("open", "past_due", "credits", "unapplied", "suspense", "net_exposure")


def _columns(by: By) -> tuple[Column, ...]:
    if by is By.INVOICE:
        return (*text("account_id", "item"), *days("due_on"), *numbers("days"), *text("bucket"), *_BESIDE)
    return (*text("account_id", "partner_id"), *amounts(*(bucket.value for bucket in Bucket)), *_BESIDE)


def _rows(kit: Kit) -> Rows:
    """Yield what every account owes, then what lies in suspense and has no account."""
    for history in kit.reader.histories():
        day = Ledger(history, Tolerance()).on(kit.as_of)
        if day.late or day.not_due or day.credit or day.unapplied:
            yield from _by_invoice(kit, history, day) if kit.by is By.INVOICE else _by_account(kit, history, day)
    by_partner: dict[str, Money] = {}
    for line in kit.reader.money(by_account=False):
        if line.suspense and kit.by is By.INVOICE:
            since = days_since(line.deposited_on, kit.as_of)
            beside = _beside(suspense=line.suspense)
            yield ("", line.receipt_id, line.deposited_on, since, "suspense", *beside)
        elif line.suspense:
            by_partner[line.partner_id] = by_partner.get(line.partner_id, ZERO) + line.suspense
    for partner_id, suspense in sorted(by_partner.items()):
        yield ("", partner_id, *(ZERO for _ in Bucket), *_beside(suspense=suspense))


def _by_account(kit: Kit, history: AccountHistory, day: Day) -> Rows:
    """Yield one account's row: a column for each bucket."""
    owed = ((each.due_on, amount) for each, amount in (*day.late.items(), *day.not_due.items()))
    found = age(owed, kit.as_of)
    credit = sum(day.credit.values(), ZERO)
    beside = _beside(found.total_open, found.past_due, credit=credit, unapplied=day.unapplied)
    yield (history.account_id, history.partner_id, *(found.buckets[bucket] for bucket in Bucket), *beside)


def _by_invoice(kit: Kit, history: AccountHistory, day: Day) -> Rows:
    """Yield a row for each open invoice, the oldest first, and one for unapplied money."""
    for each in sorted({**day.late, **day.not_due, **day.credit}, key=lambda invoice: (invoice.due_on, invoice.id)):
        since = days_since(each.due_on, kit.as_of)
        late = day.late.get(each, ZERO)
        owed = late or day.not_due.get(each, ZERO)
        bucket = bucket_of(each.due_on, kit.as_of).value if owed else "credit"
        yield (
            *(history.account_id, each.id, each.due_on, since, bucket),
            *_beside(owed, late, credit=day.credit.get(each, ZERO)),
        )
    if day.unapplied:
        yield (history.account_id, "", None, None, "unapplied", *_beside(unapplied=day.unapplied))


def _beside(
    owed: Money = ZERO,
    late: Money = ZERO,
    *,
    credit: Money = ZERO,
    unapplied: Money = ZERO,
    suspense: Money = ZERO,
) -> tuple[Money, ...]:
    """Return the cells of `_BESIDE`: exposure is what is owed less what we hold for the account itself."""
    return (owed, late, credit, unapplied, suspense, owed - credit - unapplied)


AGING = ReportKind(
    "what every account owes, by days past due; credits, unapplied money and suspense beside",
    _columns,
    _rows,
    (By.ACCOUNT, By.INVOICE),
)
