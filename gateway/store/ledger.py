"""The journal, receipts and where their pieces went, and what the remittances said."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select, update

from gateway.domain.journal import GENESIS, EntryKind, JournalEntry, LedgerAccount, Posting
from gateway.domain.money import ZERO, Money
from gateway.domain.remittance import Case, Placement, Receipt, ReceiptState, Remittance
from gateway.store.remittance_rows import LINE_COLUMNS, line_values, remittance_of, remittance_row
from gateway.store.tables_billing import (
    cases,
    journal_books,
    journal_entries,
    journal_postings,
    placements,
    receipts,
    remittance_lines,
    remittances,
)
from gateway.store.transaction import ID_LIST, Record, Shape, Transaction, chunks, is_among, values_of

_PLACED = tuple(field.name for field in fields(Placement))
_PLACEMENT = Shape(*_PLACED)
_POSTING = Shape(*(field.name for field in fields(Posting)))
_HEAD = select(journal_books).where(journal_books.c.book == bindparam("book")).with_for_update()
_MOVE_HEAD = update(journal_books).where(journal_books.c.book == bindparam("of_book"))
_BALANCE = select(func.sum(journal_postings.c.amount)).where(
    journal_postings.c.ledger == bindparam("ledger"), journal_postings.c.account_id == bindparam("account_id")
)
_LAST_INVOICE = select(func.max(journal_entries.c.sequence)).where(
    journal_entries.c.book == bindparam("account_id"), journal_entries.c.kind == EntryKind.INVOICE
)
# Two steps: most accounts have no entry since their last bill, and then no posting need be looked at.
_SINCE_LAST_INVOICE = select(journal_entries.c.key).where(
    journal_entries.c.book == bindparam("account_id"),
    journal_entries.c.sequence > _LAST_INVOICE.scalar_subquery(),
)
_ANNOUNCED = select(receipts).where(receipts.c.state == ReceiptState.EXPECTED).order_by(receipts.c.id)


@cache
def _known_keys(*, is_sqlite: bool) -> Select[Any]:
    """Return the select of those of the keys `ids` that the journal has."""
    ids = bindparam("ids", type_=ID_LIST[is_sqlite])
    return select(journal_entries.c.key).where(is_among(journal_entries.c.key, ids, is_sqlite=is_sqlite))


class SqlLedger:
    """The `Ledger` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def append(self, entries: Sequence[JournalEntry]) -> None:
        """Append entries to their books' hash chains; an entry whose key is there adds nothing.

        Books are locked in one order, so that two transactions never wait for each other.
        """
        by_book: dict[str, dict[str, JournalEntry]] = {}
        for entry in entries:
            by_book.setdefault(entry.book, {}).setdefault(entry.key, entry)
        for book in sorted(by_book):
            self._append_to(book, by_book[book])

    def _append_to(self, book: str, entries: dict[str, JournalEntry]) -> None:
        """Append to one book, whose head row stays locked until the transaction ends."""
        self._db.add_one(journal_books, {"book": book, "sequence": 0, "digest": GENESIS})
        head = self._db.rows(_HEAD, {"book": book})[0]
        sequence, digest = head.sequence, head.digest
        known = self._known(list(entries))
        new = [entry for entry in entries.values() if entry.key not in known]
        rows = []
        for entry in new:
            sequence, previous, digest = sequence + 1, digest, entry.digest(digest)
            rows.append(_entry_row(entry) | {"sequence": sequence, "previous": previous, "digest": digest})
        self._db.insert_values(
            journal_postings,
            ("entry_key", "number", *_POSTING.names),
            (
                (entry.key, number, *_POSTING.take(posting))
                for entry in new
                for number, posting in enumerate(entry.postings, start=1)
            ),
        )
        self._db.insert(journal_entries, rows)  # last: the database takes an entry whose postings balance, and seals it
        self._db.change(_MOVE_HEAD, {"of_book": book, "sequence": sequence, "digest": digest})

    def _known(self, keys: Sequence[str]) -> set[str]:
        """Return which of `keys` the journal has."""
        known: set[str] = set()
        for chunk in chunks(keys):
            values = {"ids": self._db.id_list(chunk)}
            known |= {row.key for row in self._db.rows(_known_keys(is_sqlite=self._db.is_sqlite), values)}
        return known

    def balance(
        self, ledger: LedgerAccount, *, account_id: str = "", invoice_id: str = "", since: date | None = None
    ) -> Money:
        """Return the sum of postings on a ledger account, debit positive, for an account or invoice, from a day on."""
        if account_id and not (invoice_id or since):
            of_account: Money = self._db.scalar(_BALANCE, {"ledger": ledger, "account_id": account_id}) or ZERO
            return of_account
        posting = journal_postings.c
        wanted = select(func.sum(posting.amount)).where(posting.ledger == ledger)
        if account_id:
            wanted = wanted.where(posting.account_id == account_id)
        if invoice_id:
            wanted = wanted.where(posting.invoice_id == invoice_id)
        if since:
            wanted = wanted.join(journal_entries, journal_entries.c.key == posting.entry_key).where(
                journal_entries.c.on >= since
            )
        balance: Money = self._db.scalar(wanted) or ZERO
        return balance

    def settled_since_last_invoice(self, account_id: str) -> Money:
        """Return what was paid or written off on the account's receivables since its last invoice, positive."""
        keys = [row.key for row in self._db.rows(_SINCE_LAST_INVOICE, {"account_id": account_id})]
        posting, settled = journal_postings.c, ZERO
        for chunk in chunks(keys):
            of_chunk = self._db.among(posting.entry_key, chunk) & (posting.ledger == LedgerAccount.RECEIVABLE)
            settled -= self._db.scalar(select(func.sum(posting.amount)).where(of_chunk)) or ZERO
        return settled

    def add_receipt(self, receipt: Receipt) -> bool:
        """Add money announced or arrived; False when its id is there."""
        return self._db.add_one(receipts, values_of(receipt))

    def receipt(self, receipt_id: str) -> Receipt | None:
        """Return one receipt or None; it stays ours until the transaction ends, for what is decided on it."""
        row = self._db.first(select(receipts).where(receipts.c.id == receipt_id).with_for_update())
        return None if row is None else Receipt(**row._asdict())

    def announced(self) -> list[tuple[Receipt, Remittance]]:
        """Return the money that a remittance announced and no bank has brought, with that remittance."""
        found = [Receipt(**row._asdict()) for row in self._db.rows(_ANNOUNCED)]
        said = [(receipt, self.remittance(receipt.remittance_set_id)) for receipt in found]
        return [(receipt, remittance) for receipt, remittance in said if remittance is not None]

    def update_receipt(self, receipt: Receipt) -> None:
        """Write the state of a receipt, its payer, and the sets that brought and explained it."""
        written = {name: getattr(receipt, name) for name in ("state", "payer_id", "cash_set_id", "remittance_set_id")}
        self._db.change(update(receipts).where(receipts.c.id == receipt.id).values(written))

    def add_remittance(self, set_id: str, remittance: Remittance, receipt_id: str) -> None:
        """Keep what an 820 said, with its lines, so that it can be shown and applied later."""
        self._db.add_one(remittances, remittance_row(set_id, remittance, receipt_id))
        self._db.add_values(remittance_lines, LINE_COLUMNS, (line_values(set_id, line) for line in remittance.lines))

    def remittance(self, set_id: str) -> Remittance | None:
        """Return a kept remittance or None."""
        row = self._db.first(select(remittances).where(remittances.c.set_id == set_id))
        if row is None:
            return None
        lines = select(remittance_lines).where(remittance_lines.c.set_id == set_id).order_by(remittance_lines.c.ordinal)
        return remittance_of(row, self._db.rows(lines))

    def add_placements(self, receipt_id: str, placements_made: Sequence[Placement]) -> None:
        """Write where the pieces of a receipt went."""
        number = self._round(receipt_id)
        rows = ((receipt_id, number, None, *_PLACEMENT.take(placement)) for placement in placements_made)
        self._db.add_values(placements, ("receipt_id", "round", "released_in", *_PLACEMENT.names), rows)

    def _round(self, receipt_id: str) -> int:
        """Return how often pieces of the receipt were released so far."""
        released = select(func.max(placements.c.released_in)).where(placements.c.receipt_id == receipt_id)
        return self._db.scalar(released) or 0

    def release(self, receipt_id: str) -> list[Placement]:
        """Return and supersede the unapplied and suspense placements of a receipt, so that they can be placed anew."""
        unplaced = (
            (placements.c.receipt_id == receipt_id)
            & placements.c.reason.is_not(None)
            & placements.c.released_in.is_(None)
        )
        found = self._db.rows(select(placements).where(unplaced).order_by(placements.c.round, placements.c.ordinal))
        if found:
            self._db.change(update(placements).where(unplaced).values(released_in=self._round(receipt_id) + 1))
        return [placement_of(row) for row in found]

    def open_cases(self, opened: Sequence[Case]) -> None:
        """Open cases; one whose key is there is not opened again."""
        self._db.add(cases, map(values_of, opened))


def _entry_row(entry: JournalEntry) -> dict[str, Any]:
    """Return the row of an entry, its place in the chain left out."""
    row = values_of(entry)
    del row["postings"]
    return row


def placement_of(row: Record) -> Placement:
    """Return the placement that a row of `placements` holds."""
    return Placement(*(getattr(row, name) for name in _PLACED))
