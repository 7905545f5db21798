"""What the daily review compares of one account: bills by month, what fell due, what was paid, what was left open."""

from collections import defaultdict
from datetime import date

from sqlalchemy import func, select

from gateway.domain.charge import LineType
from gateway.domain.journal import EntryKind, LedgerAccount
from gateway.domain.money import ZERO, Money
from gateway.domain.period import CoverageMonth
from gateway.ports.collection import AccountFigures, BilledMonth, BillProducts
from gateway.store.tables_billing import (
    invoice_lines,
    invoices,
    journal_entries,
    journal_postings,
    placements,
    receipts,
    remittance_lines,
)
from gateway.store.transaction import Transaction

_Month = CoverageMonth


def account_figures(db: Transaction, account_id: str, as_of: date) -> AccountFigures:
    """Return the figures of an account through a day."""
    its = invoices.c
    rows = db.rows(
        select(its.id, its.accounting_on, its.due_on, its.total)
        .where(its.account_id == account_id, its.bill_on <= as_of)
        .order_by(its.bill_on, its.id)
    )
    month_of = {row.id: _Month.of(row.accounting_on) for row in rows}
    due: defaultdict[CoverageMonth, Money] = defaultdict(lambda: ZERO)
    for row in rows:
        due[_Month.of(row.due_on)] += row.total
    settled = _settled(db, account_id, as_of)
    paid: defaultdict[CoverageMonth, Money] = defaultdict(lambda: ZERO)
    for (_, on), amount in settled.items():
        paid[_Month.of(on)] += amount
    totals = {row.id: row.total for row in rows}
    paid_on: defaultdict[str, Money] = defaultdict(lambda: ZERO)
    for (invoice_id, _), amount in settled.items():
        paid_on[invoice_id] += amount
    bills = [
        BillProducts(each, month_of[each], _products(db, each), totals[each] - amount, _reported(db, each))
        for each, amount in paid_on.items()
        if each in totals and amount > ZERO and amount < totals[each]
    ]
    return AccountFigures(_billed(db, account_id, month_of), due, paid, tuple(bills))


def _settled(db: Transaction, account_id: str, as_of: date) -> dict[tuple[str, date], Money]:
    """Return what money settled on each invoice by day; write-offs are no payment."""
    posting, entry = journal_postings.c, journal_entries.c
    rows = db.rows(
        select(posting.invoice_id, entry.on, func.sum(posting.amount).label("sum"))
        .join(journal_entries, entry.key == posting.entry_key)
        .where(
            posting.account_id == account_id,
            posting.ledger == LedgerAccount.RECEIVABLE,
            entry.kind.not_in([EntryKind.INVOICE, EntryKind.WRITE_OFF]),
            entry.on <= as_of,
        )
        .group_by(posting.invoice_id, entry.on)
        .order_by(entry.on, posting.invoice_id)
    )
    return {(row.invoice_id, row.on): -row.sum for row in rows}


def _billed(db: Transaction, account_id: str, month_of: dict[str, CoverageMonth]) -> tuple[BilledMonth, ...]:
    """Return the current charges by accounting month; several products count a person once."""
    line = invoice_lines.c
    is_current = (line.account_id == account_id) & (line.line_type == LineType.CURRENT)
    amounts = db.rows(
        select(line.invoice_id, line.product, line.tier, line.rate, func.sum(line.amount).label("amount"))
        .where(is_current)
        .group_by(line.invoice_id, line.product, line.tier, line.rate)
    )
    per_member = (
        select(line.invoice_id, func.max(line.lives).label("lives"))
        .where(is_current)
        .group_by(line.invoice_id, line.membership_id, line.member_id)
        .subquery()
    )
    lives: defaultdict[CoverageMonth, int] = defaultdict(int)
    of_invoice = select(per_member.c.invoice_id, func.sum(per_member.c.lives)).group_by(per_member.c.invoice_id)
    for row in db.rows(of_invoice):
        if row[0] in month_of:
            lives[month_of[row[0]]] += int(row[1])
    products: defaultdict[CoverageMonth, dict[str, Money]] = defaultdict(dict)
    rates: defaultdict[CoverageMonth, dict[tuple[str, str], frozenset[Money]]] = defaultdict(dict)
    for row in amounts:
        if row.invoice_id in month_of:
            month, price = month_of[row.invoice_id], (row.product, row.tier)
            products[month][row.product] = products[month].get(row.product, ZERO) + row.amount
            rates[month][price] = rates[month].get(price, frozenset()) | {row.rate}
    return tuple(BilledMonth(month, lives[month], products[month], rates[month]) for month in sorted(products))


def _products(db: Transaction, invoice_id: str) -> dict[str, Money]:
    """Return what an invoice bills by product."""
    line = invoice_lines.c
    rows = db.rows(
        select(line.product, func.sum(line.amount).label("amount"))
        .where(line.invoice_id == invoice_id)
        .group_by(line.product)
        .order_by(line.product)
    )
    return {row.product: row.amount for row in rows}


def _reported(db: Transaction, invoice_id: str) -> frozenset[str]:
    """Return every reference by which the remittances that paid an invoice name what they pay."""
    line = remittance_lines.c
    payers = select(receipts.c.remittance_set_id).join(placements, placements.c.receipt_id == receipts.c.id)
    of_payers = line.set_id.in_(payers.where(placements.c.invoice_id == invoice_id))
    rows = db.rows(select(line.reference, line.references).where(of_payers).distinct())
    named = {row.reference for row in rows}
    return frozenset(named | {value for row in rows for _, value in row.references} - {""})
