"""The journal proven against itself and against what it explains: invoices, receipts and where their pieces are."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Subquery, case, func, select

from gateway.domain.journal import EntryKind, Fault, LedgerAccount, Posting
from gateway.domain.money import ZERO
from gateway.domain.remittance import ReceiptState
from gateway.ports.queries import JournalProof
from gateway.remittance.proof import Link, chain_faults
from gateway.store.tables_billing import (
    invoice_lines,
    invoices,
    journal_books,
    journal_entries,
    journal_postings,
    placements,
    receipts,
    returned_receipts,
)
from gateway.store.transaction import Record, Transaction

_LINK = ("key", "kind", "on", "source", "set_id", "receipt_id", "note", "previous", "digest")


def prove_journal(db: Transaction) -> JournalProof:
    """Return everything that disagrees, with how much was looked at."""
    faults = tuple(journal_faults(db))
    counts = {
        table.name: int(db.scalar(select(func.count()).select_from(table)))
        for table in (journal_books, journal_entries, receipts, invoices)
    }
    return JournalProof(faults, *counts.values())


def journal_faults(db: Transaction) -> Iterator[Fault]:
    """Yield everything that does not agree; nothing is held but a page of entries."""
    heads = {row.book: (row.sequence, row.digest) for row in db.rows(select(journal_books))}
    yield from chain_faults(_links(db), heads)
    yield from _orphans(db)
    yield from _invoice_faults(db)
    yield from _receipt_faults(db)


def _links(db: Transaction) -> Iterator[Link]:
    """Yield every entry with its postings, by book and sequence."""
    entry = journal_entries.c
    for page in db.pages(
        select(entry.book, entry.sequence, *(entry[name] for name in _LINK)), entry.book, entry.sequence
    ):
        postings = _postings_of(db, [row.key for row in page])
        for row in page:
            yield Link(**row._asdict(), postings=tuple(postings[row.key]))


def _postings_of(db: Transaction, keys: list[str]) -> dict[str, list[Posting]]:
    """Return the postings of a chunk of entries, in their order."""
    posting = journal_postings.c
    rows = db.rows(
        select(journal_postings).where(db.among(posting.entry_key, keys)).order_by(posting.entry_key, posting.number)
    )
    found: dict[str, list[Posting]] = defaultdict(list)
    for row in rows:
        found[row.entry_key].append(
            Posting(row.ledger, row.amount, row.account_id, row.invoice_id, row.membership_id, row.month)
        )
    return found


def _orphans(db: Transaction) -> Iterator[Fault]:
    """Yield postings that belong to no entry."""
    posting = journal_postings.c
    rows = db.rows(
        select(posting.entry_key, posting.number)
        .outerjoin_from(journal_postings, journal_entries, journal_entries.c.key == posting.entry_key)
        .where(journal_entries.c.key.is_(None))
        .order_by(posting.entry_key, posting.number)
    )
    for row in rows:
        yield Fault(f"posting {row.entry_key} no. {row.number}", "it belongs to no entry")


def _invoice_faults(db: Transaction) -> Iterator[Fault]:
    """Yield invoices whose total is not what their lines or the journal say, or that were not paid as pieces say."""
    lines = _sums(invoice_lines.c.invoice_id, lines=invoice_lines.c.amount)
    posting = journal_postings.c
    is_bill = journal_entries.c.kind == EntryKind.INVOICE
    is_payment = journal_entries.c.kind == EntryKind.ALLOCATION
    booked = (
        select(
            posting.invoice_id.label("id"),
            _sum(posting.amount, is_bill).label("billed"),
            _sum(posting.amount, is_payment).label("paid"),
        )
        .join(journal_entries, journal_entries.c.key == posting.entry_key)
        .where(posting.ledger == LedgerAccount.RECEIVABLE, posting.invoice_id.is_not(None))
        .group_by(posting.invoice_id)
        .subquery()
    )
    piece = placements.c
    placed = (
        select(piece.invoice_id.label("id"), func.sum(piece.amount).label("placed"))
        .where(piece.released_in.is_(None), piece.reason.is_(None), piece.invoice_id.is_not(None))
        .group_by(piece.invoice_id)
        .subquery()
    )
    total = invoices.c.total
    in_lines, billed, paid, at = (
        func.coalesce(each, ZERO) for each in (lines.c.lines, booked.c.billed, booked.c.paid, placed.c.placed)
    )
    found = (
        select(invoices.c.id, total, in_lines.label("lines"), billed.label("billed"), paid.label("paid"))
        .add_columns(at.label("placed"))
        .outerjoin_from(invoices, lines, lines.c.id == invoices.c.id)
        .outerjoin(booked, booked.c.id == invoices.c.id)
        .outerjoin(placed, placed.c.id == invoices.c.id)
        .where((total != in_lines) | (total != billed) | (at + paid != ZERO))
    )
    for row in db.rows(found.order_by(invoices.c.id)):
        said = f"total {row.total}, lines {row.lines}, billed in the journal {row.billed}"
        yield Fault(f"invoice {row.id}", f"{said}; paid by pieces {row.placed}, in the journal {-row.paid}")


def _receipt_faults(db: Transaction) -> Iterator[Fault]:
    """Yield receipts of which received is not applied + unapplied + suspense + refunded, in pieces and in the journal.

    A receipt that is only expected, or that the bank took back, holds nothing.
    """
    piece, posting = placements.c, journal_postings.c
    is_unplaced = piece.reason.is_not(None)
    pieces = (
        select(
            piece.receipt_id.label("id"),
            func.sum(piece.amount).label("total"),
            _sum(piece.amount, is_unplaced & ~piece.is_suspense).label("unapplied"),
            _sum(piece.amount, is_unplaced & piece.is_suspense).label("suspense"),
            _sum(piece.amount, piece.is_refund).label("refunded"),
        )
        .where(piece.released_in.is_(None))
        .group_by(piece.receipt_id)
        .subquery()
    )
    ledgers = {
        "received": LedgerAccount.CASH,
        "unapplied": LedgerAccount.UNAPPLIED,
        "suspense": LedgerAccount.SUSPENSE,
        "refunded": LedgerAccount.REFUND_PAYABLE,
    }
    booked = (
        select(
            journal_entries.c.receipt_id.label("id"),
            *(_sum(posting.amount, posting.ledger == ledger).label(name) for name, ledger in ledgers.items()),
        )
        .join(journal_entries, journal_entries.c.key == posting.entry_key)
        .where(journal_entries.c.receipt_id.is_not(None))
        .group_by(journal_entries.c.receipt_id)
        .subquery()
    )
    is_held = (receipts.c.state != ReceiptState.EXPECTED) & returned_receipts.c.receipt_id.is_(None)
    wanted = case((is_held, receipts.c.amount), else_=ZERO)
    now = {name: func.coalesce(pieces.c[name], ZERO) for name in ("total", "unapplied", "suspense", "refunded")}
    said = {name: func.coalesce(booked.c[name], ZERO) for name in ledgers}
    differs: ColumnElement[bool] = (wanted != now["total"]) | (wanted != said["received"])
    for name in ("unapplied", "suspense", "refunded"):
        differs |= now[name] + said[name] != ZERO
    columns = [each.label(f"piece_{name}") for name, each in now.items()]
    columns += [each.label(f"journal_{name}") for name, each in said.items()]
    found = (
        select(receipts.c.id, wanted.label("wanted"), *columns)
        .outerjoin_from(receipts, pieces, pieces.c.id == receipts.c.id)
        .outerjoin(booked, booked.c.id == receipts.c.id)
        .outerjoin(returned_receipts, returned_receipts.c.receipt_id == receipts.c.id)
        .where(differs)
    )
    for row in db.rows(found.order_by(receipts.c.id)):
        yield Fault(f"receipt {row.id}", _receipt_text(row))


def _receipt_text(row: Record) -> str:
    """Say how a receipt disagrees."""
    in_pieces = ", ".join(f"{name} {getattr(row, f'piece_{name}')}" for name in ("unapplied", "suspense", "refunded"))
    booked = ", ".join(f"{name} {-getattr(row, f'journal_{name}')}" for name in ("unapplied", "suspense", "refunded"))
    return (
        f"{row.wanted} should be held; its pieces are {row.piece_total} ({in_pieces}), "
        f"the journal received {row.journal_received} ({booked})"
    )


def _sum(amount: ColumnElement[Any], condition: ColumnElement[bool]) -> ColumnElement[Any]:
    """Return the sum of amounts under a condition, 0 where there is none."""
    return func.sum(case((condition, amount), else_=ZERO))


def _sums(key: ColumnElement[Any], **amounts: ColumnElement[Any]) -> Subquery:
    """Return sums by key."""
    columns = (func.sum(amount).label(name) for name, amount in amounts.items())
    return select(key.label("id"), *columns).group_by(key).subquery()
