"""Invoices and payments as people read them: every cent with its way back."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, func, select, tuple_

from gateway.domain.charge import InvoiceLine
from gateway.domain.journal import EntryKind, LedgerAccount, Posting
from gateway.domain.money import ZERO
from gateway.domain.remittance import Receipt
from gateway.ports.queries import BilledLine, Excerpt, InvoiceView, PaymentView, PostingLine, WayBack
from gateway.store.exchanges import select_sets
from gateway.store.invoices import invoice_of, select_invoices
from gateway.store.ledger import placement_of
from gateway.store.read_bills import consolidated_of_invoice, corrected_by, corrects, shares
from gateway.store.read_files import SHOWN, document_lines
from gateway.store.tables_billing import (
    invoice_lines,
    invoices,
    journal_entries,
    journal_postings,
    placements,
    receipts,
)
from gateway.store.tables_enrollment import membership_events
from gateway.store.tables_exchange import documents, files, transaction_sets
from gateway.store.transaction import Record, Transaction

_Cause = tuple[str, str]  # set id, source


def invoice(db: Transaction, invoice_id: str, line: int | None = None) -> InvoiceView:
    """Return an invoice that is there, with the first of its lines or only one of them."""
    row = db.rows(select_invoices().where(invoices.c.id == invoice_id))[0]
    since = (journal_postings.c.invoice_id == invoice_id) & (journal_entries.c.kind != EntryKind.INVOICE)
    of_invoice = invoice_lines.c.invoice_id == invoice_id
    shown = of_invoice if line is None else of_invoice & (invoice_lines.c.number == line)
    on_receivable = since & (journal_postings.c.ledger == LedgerAccount.RECEIVABLE)
    return InvoiceView(
        invoice=invoice_of(row),
        open=row.open,
        shares=shares(db, invoice_id),
        corrects=corrects(db, invoice_id),
        corrected_by=corrected_by(db, invoice_id),
        consolidated_id=consolidated_of_invoice(db, invoice_id),
        lines=billed_lines(db, shown),
        settled_by=_postings(db, on_receivable).items,
        documents=tuple(document_lines(db, documents.c.subject_id == invoice_id)),
    )


def billed_lines(db: Transaction, condition: ColumnElement[bool]) -> Excerpt[BilledLine]:
    """Return invoice lines with what caused each."""
    line = invoice_lines.c
    rows = db.rows(
        select(invoice_lines).where(condition).order_by(line.month, line.invoice_id, line.number).limit(SHOWN)
    )
    causes = way_back(db, {(row.set_id, row.source) for row in rows})
    lines = []
    for row in rows:
        values = row._asdict()
        invoice_id, _ = values.pop("invoice_id"), values.pop("account_id")
        lines.append(BilledLine(invoice_id, InvoiceLine(**values), causes.get((row.set_id, row.source))))
    return Excerpt(tuple(lines), db.scalar(select(func.count(line.number)).where(condition)))


def way_back(db: Transaction, causes: Iterable[_Cause]) -> dict[_Cause, WayBack]:
    """Return, for set ids and sources (`ISA13/GS06/ST02/ordinal`), the file, set and segment they come from."""
    wanted = [cause for cause in causes if cause[0]]
    set_ids = sorted({set_id for set_id, _ in wanted})
    event = membership_events.c
    positions = {
        (row.set_id, row.source): row.position
        for row in db.rows(
            select(event.set_id, event.source, event.position).where(tuple_(event.set_id, event.source).in_(wanted))
        )
    }
    sets = {
        row.id: row
        for row in db.rows(select_sets().add_columns(files.c.name).where(transaction_sets.c.id.in_(set_ids)))
    }
    return {cause: _way_back(sets[cause[0]], cause[1], positions.get(cause, 0)) for cause in wanted if cause[0] in sets}


def _way_back(row: Record, source: str, position: int) -> WayBack:
    """Return the way back through a set's row; the ordinal is the last part of the source."""
    ordinal = source.rpartition("/")[2]
    return WayBack(
        file_id=row.file_id,
        file_name=row.name,
        set_id=row.id,
        isa13=row.isa13,
        gs06=row.gs06,
        st02=row.control_number,
        ordinal=int(ordinal) if ordinal.isdecimal() else 0,
        position=position,
    )


def payment(db: Transaction, receipt_id: str) -> PaymentView:
    """Return a receipt that is there."""
    receipt = Receipt(**db.rows(select(receipts).where(receipts.c.id == receipt_id))[0]._asdict())
    cash, remittance = (receipt.cash_set_id, ""), (receipt.remittance_set_id, "")
    ways = way_back(db, {cash, remittance})
    piece = placements.c
    now = (piece.receipt_id == receipt_id) & piece.released_in.is_(None)
    sums = {
        kind: db.scalar(select(func.sum(piece.amount)).where(now, condition)) or ZERO
        for kind, condition in {
            "applied": piece.reason.is_(None) & ~piece.is_refund,
            "unapplied": piece.reason.is_not(None) & ~piece.is_suspense,
            "suspense": piece.reason.is_not(None) & piece.is_suspense,
            "refunded": piece.is_refund,
        }.items()
    }
    rows = db.rows(select(placements).where(now).order_by(piece.round, piece.ordinal).limit(SHOWN))
    return PaymentView(
        receipt=receipt,
        announced_by=ways.get(cash),
        explained_by=ways.get(remittance),
        **sums,
        placements=Excerpt(tuple(map(placement_of, rows)), db.scalar(select(func.count(piece.ordinal)).where(now))),
        entries=_postings(db, journal_entries.c.receipt_id == receipt_id),
    )


def _postings(db: Transaction, condition: ColumnElement[bool]) -> Excerpt[PostingLine]:
    """Return postings in the order of their books."""
    entry, posting = journal_entries.c, journal_postings.c
    wanted = (
        select(journal_postings, entry.book, entry.sequence, entry.kind, entry.on, entry.receipt_id, entry.set_id)
        .join(journal_entries, entry.key == posting.entry_key)
        .where(condition)
    )
    rows = db.rows(wanted.order_by(entry.on, entry.book, entry.sequence, posting.number).limit(SHOWN))
    total = db.scalar(select(func.count()).select_from(wanted.subquery()))
    return Excerpt(tuple(map(_posting_line, rows)), total)


def _posting_line(row: Record) -> PostingLine:
    """Return a posting with its entry."""
    return PostingLine(
        entry=row.entry_key,
        book=row.book,
        sequence=row.sequence,
        kind=row.kind,
        on=row.on,
        posting=Posting(row.ledger, row.amount, row.account_id, row.invoice_id, row.membership_id, row.month),
        receipt_id=row.receipt_id,
        set_id=row.set_id,
    )
