"""The books proved from what is stored: every issued bill, its lines' explanations, numbers and the journal."""

import re
from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import Select, func, or_, select, true

from gateway.billing.explain import unexplained
from gateway.domain.charge import InvoiceLine
from gateway.domain.journal import GENESIS, EntryKind, JournalEntry, LedgerAccount, Posting
from gateway.domain.money import ZERO
from gateway.ports.bill_views import BookFault, BookProof
from gateway.store.invoices import SqlInvoices
from gateway.store.tables_bill_runs import consolidated_bills, consolidated_items
from gateway.store.tables_billing import (
    invoices,
    journal_books,
    journal_entries,
    journal_postings,
    number_series,
)
from gateway.store.transaction import Record, Transaction

_FAULTS_TOLD = 100
_SERIES = ("invoice/", "consolidated/")
_NUMBER = re.compile(r"(?:INV|CON)([A-Z]*)(\d+)")


def prove(db: Transaction, account_id: str = "") -> BookProof:
    """Look at every issued bill again, of one account or all, and at the journal's chains; memory stays flat."""
    faults: list[BookFault] = []
    counts = {"invoices": 0, "lines": 0, "entries": 0}
    billed = ZERO
    of_account = invoices.c.account_id == account_id if account_id else true()
    for page in db.pages(
        select(invoices.c.id, invoices.c.total, invoices.c.lines_count).where(of_account), invoices.c.id
    ):
        for row in page:
            counts["invoices"] += 1
            counts["lines"] += row.lines_count
            billed += row.total
            faults += _of_bill(db, row)
    for book, digest in _books(db, account_id):
        entries, found = _of_book(db, book, digest)
        counts["entries"] += entries
        faults += found
    if not account_id:
        faults += _of_numbers(db)
        faults += _of_consolidated(db)
    return BookProof(**counts, billed=billed, faults=tuple(faults[:_FAULTS_TOLD]))


def _of_bill(db: Transaction, bill: Record) -> Iterator[BookFault]:
    """Yield what is wrong with one bill: its lines, its total, its posting, its explanations."""
    count, total = 0, ZERO
    for chunk in _chunks(SqlInvoices(db).lines(bill.id)):
        count += len(chunk)
        total += sum((line.amount for line in chunk), ZERO)
        for line, fault in unexplained(chunk):
            yield BookFault(bill.id, f"line {line.number} does not explain its amount: {fault}")
    if (count, total) != (bill.lines_count, bill.total):
        yield BookFault(bill.id, f"its {count} lines add up to {total}; it says {bill.lines_count} and {bill.total}")
    posting, entry = journal_postings.c, journal_entries.c
    posted = db.scalar(
        select(func.sum(posting.amount))
        .join(journal_entries, entry.key == posting.entry_key)
        .where(
            posting.invoice_id == bill.id,
            posting.ledger == LedgerAccount.RECEIVABLE,
            entry.kind == EntryKind.INVOICE,
        )
    )
    if (posted or ZERO) != bill.total:
        yield BookFault(bill.id, f"the journal posts {posted or ZERO} for it, its total is {bill.total}")


def _chunks(lines: Iterator[InvoiceLine]) -> Iterator[list[InvoiceLine]]:
    """Yield lines a thousand at a time."""
    for _, group in groupby(enumerate(lines), lambda pair: pair[0] // 1000):
        yield [line for _, line in group]


def _books(db: Transaction, account_id: str) -> Iterator[tuple[str, str]]:
    """Yield each book with the digest of its last entry."""
    wanted: Select[tuple[str, str]] = select(journal_books.c.book, journal_books.c.digest)
    if account_id:
        wanted = wanted.where(journal_books.c.book == account_id)
    for page in db.pages(wanted, journal_books.c.book):
        yield from ((row.book, row.digest) for row in page)


def _of_book(db: Transaction, book: str, digest: str) -> tuple[int, list[BookFault]]:
    """Return how many entries a book has, and what is wrong with its chain: gaps, edits, an entry out of balance."""
    entry = journal_entries.c
    previous, expected, count = GENESIS, 1, 0
    columns = (
        *(entry.sequence, entry.key, entry.book, entry.kind, entry.on, entry.source),
        *(entry.set_id, entry.receipt_id, entry.note, entry.previous, entry.digest),
    )
    for page in db.pages(select(*columns).where(entry.book == book), entry.sequence):
        postings = _postings(db, [row.key for row in page])
        for row in page:
            count += 1
            try:
                made = JournalEntry(
                    row.key,
                    row.book,
                    row.kind,
                    row.on,
                    postings.get(row.key, ()),
                    row.source,
                    set_id=row.set_id,
                    receipt_id=row.receipt_id,
                    note=row.note,
                )
            except ValueError:
                return count, [BookFault(book, f"entry {row.sequence} does not balance")]
            chained = (expected, previous, made.digest(previous))
            if (row.sequence, row.previous, row.digest) != chained:
                return count, [BookFault(book, f"entry {row.sequence} does not follow from the one before it")]
            previous, expected = row.digest, expected + 1
    return count, [] if previous == digest else [BookFault(book, "its last entry is not the one it says")]


def _postings(db: Transaction, keys: list[str]) -> dict[str, tuple[Posting, ...]]:
    """Return the postings of entries, in order."""
    posting = journal_postings.c
    rows = db.rows(
        select(journal_postings).where(db.among(posting.entry_key, keys)).order_by(posting.entry_key, posting.number)
    )
    return {
        key: tuple(
            Posting(row.ledger, row.amount, row.account_id, row.invoice_id, row.membership_id, row.month)
            for row in group
        )
        for key, group in groupby(rows, lambda row: row.entry_key)
    }


def _of_numbers(db: Transaction) -> Iterator[BookFault]:
    """Yield the series whose numbers have gaps: the last number is how many bills there are."""
    bills: dict[str, tuple[int, int]] = {}  # how many there are, and the highest number
    for kind, table in (("invoice", invoices), ("consolidated", consolidated_bills)):
        for page in db.pages(select(table.c.id), table.c.id):
            for row in page:
                found = _NUMBER.fullmatch(row.id)
                if found:
                    count, highest = bills.get(f"{kind}/{found[1]}", (0, 0))
                    bills[f"{kind}/{found[1]}"] = (count + 1, max(highest, int(found[2])))
    for row in db.rows(select(number_series).order_by(number_series.c.series)):
        count, highest = bills.pop(row.series, (0, 0))
        if row.series.startswith(_SERIES) and (count, highest) != (row.last, row.last):
            yield BookFault(row.series, f"{row.last} numbers were given, {count} bills are there up to {highest}")
    yield from (BookFault(series, "its bills were numbered by nobody") for series in sorted(bills))


def _of_consolidated(db: Transaction) -> Iterator[BookFault]:
    """Yield the consolidated bills that are not the sum of the bills on them."""
    bill, item = consolidated_bills.c, consolidated_items.c
    total = func.sum(invoices.c.total)
    rows = db.rows(
        select(bill.id)
        .outerjoin_from(consolidated_bills, consolidated_items, item.consolidated_id == bill.id)
        .outerjoin(invoices, invoices.c.id == item.invoice_id)
        .group_by(bill.id, bill.total)
        .having(or_(total.is_(None), total != bill.total))
    )
    yield from (BookFault(row.id, "it is not the sum of the bills on it") for row in rows)
