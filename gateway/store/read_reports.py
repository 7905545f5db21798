"""What reports are made of, read as of a day: accounts, what was billed and paid of them, and money by receipt.

What was billed counts from its bill date, everything else from its accounting date in the journal.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby

from sqlalchemy import BindParameter, case, func, literal, or_, select

from gateway.domain.charge import LineType
from gateway.domain.collection import AccountHistory
from gateway.domain.journal import EntryKind, LedgerAccount
from gateway.domain.money import ZERO, Money, from_cents, to_cents
from gateway.domain.period import CoverageMonth
from gateway.ports.collection import AccountFigures, BilledPaid, ExtraLine, MoneyLine
from gateway.store.collection import histories, months
from gateway.store.columns import PlainText
from gateway.store.figures import account_figures
from gateway.store.invoices import invoice_cents
from gateway.store.open_items import InvoiceCents, Item, net, open_by_item
from gateway.store.tables_billing import (
    invoice_lines,
    journal_entries,
    journal_postings,
    placements,
    receipts,
)
from gateway.store.tables_enrollment import accounts, memberships
from gateway.store.transaction import Record, Transaction

_ACCOUNTS = 200  # whose histories are held at once
_RECEIPTS = 500
_CHARGES = [LineType.CURRENT, LineType.FEE]
_WHERE = {
    "received": LedgerAccount.CASH,
    "unapplied": LedgerAccount.UNAPPLIED,
    "suspense": LedgerAccount.SUSPENSE,
    "refunded": LedgerAccount.REFUND_PAYABLE,
}


class SqlReportReader:
    """The `ReportReader` port over one state of the database."""

    def __init__(self, transaction: Transaction, as_of: date) -> None:
        """Take the transaction that reads, and the day."""
        self._db = transaction
        self.as_of = as_of

    def histories(self) -> Iterator[AccountHistory]:
        """Yield the history of every account through the day, in the order of their ids."""
        after = ""
        while ids := self._account_ids(after):
            yield from histories(self._db, ids, self.as_of)
            after = ids[-1]

    def _account_ids(self, after: str) -> list[str]:
        """Return the ids of the next accounts."""
        wanted = select(accounts.c.id).where(accounts.c.id > after).order_by(accounts.c.id).limit(_ACCOUNTS)
        return [row.id for row in self._db.rows(wanted)]

    def months(self, account_id: str) -> list[tuple[CoverageMonth, Money, Money]]:
        """Return (coverage month, billed, open) of an account, in order."""
        return months(self._db, account_id, self.as_of)

    def figures(self, account_id: str) -> AccountFigures:
        """Return what the daily review compares."""
        return account_figures(self._db, account_id, self.as_of)

    def billed_paid(self, account_id: str) -> list[BilledPaid]:
        """Return what was billed and paid of an account, by membership, product and month."""
        of_account = invoice_lines.c.account_id == account_id
        open_now = invoice_cents(self._db, of_account, until=self.as_of)
        unpaid = invoice_cents(self._db, of_account, until=self.as_of, without=[EntryKind.WRITE_OFF])
        policies = self._policies(account_id)
        found: dict[tuple[str, str, str], _Row] = defaultdict(_Row)
        for invoice_id, lines in groupby(self._lines(account_id), key=lambda row: row.invoice_id):
            if invoice_id in open_now:
                _spread(found, list(lines), unpaid[invoice_id], open_now[invoice_id])
        return [
            BilledPaid(
                account_id,
                policies.get(membership_id, ""),
                membership_id,
                product,
                CoverageMonth.parse(month),
                *map(from_cents, (row.billed, row.adjusted, row.paid, row.written_off)),
            )
            for (month, product, membership_id), row in sorted(found.items())
        ]

    def extra_lines(self, account_id: str) -> list[ExtraLine]:
        """Return the lines of remittances that paid an account for what it was not billed, as they lie today."""
        piece = placements.c
        is_known = or_(receipts.c.settles_on.is_(None), receipts.c.settles_on <= self.as_of)
        rows = self._db.rows(
            select(piece.receipt_id, piece.line, piece.amount, piece.reason)
            .join(receipts, receipts.c.id == piece.receipt_id)
            .where(
                piece.account_id == account_id,
                piece.reason.is_not(None),
                piece.line.is_not(None),
                piece.released_in.is_(None),
                is_known,
            )
            .order_by(piece.receipt_id, piece.round, piece.ordinal)
        )
        return [ExtraLine(row.receipt_id, row.line, row.amount, row.reason.value) for row in rows]

    def _policies(self, account_id: str) -> dict[str, str]:
        """Return the policy of each membership of an account."""
        its = memberships.c
        return {
            row.id: row.policy for row in self._db.rows(select(its.id, its.policy).where(its.account_id == account_id))
        }

    def _lines(self, account_id: str) -> Sequence[Record]:
        """Return what each invoice bills by membership, month and product: charges and adjustments apart."""
        line = invoice_lines.c
        key = (line.invoice_id, line.membership_id, line.month, line.product)
        is_charge = line.line_type.in_(_CHARGES)
        charges = func.sum(case((is_charge, line.amount), else_=ZERO), type_=line.amount.type)
        return self._db.rows(
            select(*key, charges.label("charged"), func.sum(line.amount).label("amount"))
            .where(line.account_id == account_id)
            .group_by(*key)
            .order_by(*key)
        )

    def money(self, *, by_account: bool) -> Iterator[MoneyLine]:
        """Yield every receipt whose money was posted by the day: whole, or by the account that holds a part of it."""
        after = ""
        entry = journal_entries.c
        while True:
            wanted = select(entry.receipt_id).where(entry.receipt_id > _from(after), entry.on <= self.as_of).distinct()
            ids = [row.receipt_id for row in self._db.rows(wanted.order_by(entry.receipt_id).limit(_RECEIPTS))]
            if not ids:
                return
            yield from self._money(ids, by_account=by_account)
            after = ids[-1]

    def _money(self, receipt_ids: Sequence[str], *, by_account: bool) -> Iterator[MoneyLine]:
        """Yield the lines of a page of receipts."""
        posting, entry = journal_postings.c, journal_entries.c
        rows = self._db.rows(
            select(entry.receipt_id, posting.account_id, posting.ledger, func.sum(posting.amount).label("sum"))
            .join(journal_entries, entry.key == posting.entry_key)
            .where(self._db.among(entry.receipt_id, receipt_ids), entry.on <= self.as_of)
            .group_by(entry.receipt_id, posting.account_id, posting.ledger)
            .order_by(entry.receipt_id, posting.account_id)
        )
        sums: dict[tuple[str, str], dict[LedgerAccount, Money]] = {}
        for row in rows:
            key = (row.receipt_id, row.account_id if by_account else "")
            held = sums.setdefault(key, {})
            held[row.ledger] = held.get(row.ledger, ZERO) + row.sum
        about = {
            row.id: row for row in self._db.rows(select(receipts).where(self._db.among(receipts.c.id, receipt_ids)))
        }
        deposited = self._deposited(receipt_ids)
        reasons = self._reasons(receipt_ids)
        for (receipt_id, account_id), held in sorted(sums.items()):
            amounts = {name: held.get(ledger, ZERO) for name, ledger in _WHERE.items()}
            receipt = about.get(receipt_id)
            yield MoneyLine(
                receipt_id,
                receipt.partner_id if receipt else "",
                receipt.trace if receipt else "",
                receipt.settles_on if receipt and receipt.settles_on else deposited.get(receipt_id),
                receipt.state if receipt else None,
                account_id,
                amounts["received"],
                -amounts["unapplied"],
                -amounts["suspense"],
                -amounts["refunded"],
                _reasons_of(reasons[receipt_id], account_id if by_account else None),
            )

    def _deposited(self, receipt_ids: Iterable[str]) -> dict[str, date]:
        """Return the day on which each receipt was posted first, where the money names none."""
        entry = journal_entries.c
        first = func.min(entry.on, type_=entry.on.type)
        wanted = select(entry.receipt_id, first).where(self._db.among(entry.receipt_id, receipt_ids))
        return {row[0]: row[1] for row in self._db.rows(wanted.group_by(entry.receipt_id))}

    def _reasons(self, receipt_ids: Iterable[str]) -> defaultdict[str, set[tuple[str, str]]]:
        """Return, per receipt, (account, reason) of its pieces without a place."""
        piece = placements.c
        wanted = select(piece.receipt_id, piece.account_id, piece.reason).where(
            self._db.among(piece.receipt_id, receipt_ids), piece.reason.is_not(None)
        )
        found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        for row in self._db.rows(wanted.distinct()):
            found[row.receipt_id].add((row.account_id, row.reason.value))
        return found


def _from(after: str) -> BindParameter[str]:
    """Return the id after which a page begins; '' is before all ids, and not the NULL that stands for no id."""
    return literal(after, PlainText())


def _reasons_of(reasons: set[tuple[str, str]], account_id: str | None) -> tuple[str, ...]:
    """Return the reasons for an account's pieces, or for all where it is None."""
    return tuple(sorted({reason for of_account, reason in reasons if account_id in {None, of_account}}))


class _Row:
    """What was billed and what became of it, in cents."""

    def __init__(self) -> None:
        self.billed = self.adjusted = self.paid = self.written_off = 0


def _spread(
    found: dict[tuple[str, str, str], _Row], lines: Sequence[Record], unpaid: InvoiceCents, open_now: InvoiceCents
) -> None:
    """Add one invoice to `found`, by (month, product, membership).

    The journal knows memberships and months, not products: what was paid on an item goes to its products pro rata to
    what they cost, to the cent, so that every sum foots (DOMAIN 8.4).
    """
    by_item: dict[Item, dict[Item, int]] = defaultdict(dict)
    for line in lines:
        item = (line.membership_id, str(line.month))
        row = found[str(line.month), line.product, line.membership_id]
        row.billed += to_cents(line.charged)
        row.adjusted += to_cents(line.amount - line.charged)
        by_item[item][line.product, ""] = to_cents(line.amount)
    after_payments, after_all = open_by_item(unpaid), open_by_item(open_now)
    for item, products in by_item.items():
        billed = sum(products.values())
        left = net(products, after_payments[item] - billed) if after_payments[item] != billed else products
        still = net(products, after_all[item] - billed) if after_all[item] != billed else products
        for (product, nothing), cents in products.items():
            row = found[item[1], product, item[0]]
            row.paid += cents - left[product, nothing]
            row.written_off += left[product, nothing] - still[product, nothing]
