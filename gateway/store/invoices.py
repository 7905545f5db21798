"""Issued invoices and their lines; what is open on them follows from the journal."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import chain, groupby, repeat
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Text, bindparam, func, select, true, type_coerce

from gateway.domain.charge import (
    BilledAmount,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    LineType,
    OpenInvoice,
    OpenItem,
)
from gateway.domain.journal import EntryKind, LedgerAccount
from gateway.domain.money import ZERO, Money, from_cents, to_cents
from gateway.domain.period import CoverageMonth
from gateway.errors import NotFound
from gateway.ports.queries import InvoiceSummary
from gateway.store.open_items import InvoiceCents, Item, net, open_by_item
from gateway.store.tables_billing import invoice_lines, invoices, journal_entries, journal_postings, number_series
from gateway.store.tables_enrollment import memberships
from gateway.store.transaction import Record, Transaction, chunks, values_of

# What takes part in the difference between due and billed: premium and fees; the others stand for money that moved.
_DUE = [LineType.CURRENT, LineType.FEE, LineType.RETRO_ADD, LineType.RETRO_TERM, LineType.RETRO_CHANGE]
_MEMBERSHIPS = 500  # whose billed lines are held at once: a few hundred lines each
_LAST_MONTH = CoverageMonth(9999, 11)
_line = invoice_lines.c
_OF_ACCOUNT = (_line.account_id == bindparam("account_id")) & _line.line_type.in_(_DUE)
_AFTER = _line.membership_id > bindparam("after")
_SOME_IDS = select(_line.membership_id).where(_OF_ACCOUNT).distinct().order_by(_line.membership_id).limit(_MEMBERSHIPS)
_THEIR_LINES = (
    select(
        _line.membership_id,
        _line.product,
        type_coerce(_line.month, Text),
        type_coerce(_line.amount, BigInteger),
        type_coerce(_line.employer_share, BigInteger),
        _line.member_id,
        _line.tier,
        _line.insurance_line,
        _line.invoice_id,
        _line.legal_entity,
        _line.is_fee,
    )
    .join(invoices, invoices.c.id == _line.invoice_id)
    .where(_OF_ACCOUNT, _line.membership_id <= bindparam("last"), _line.month <= bindparam("through"))
    .order_by(_line.membership_id, _line.product, _line.month, invoices.c.issued_at, invoices.c.id, _line.number)
)
# The first memberships may begin with '', what was billed to the account as a whole; the others follow the last one.
_BILLED = ((_SOME_IDS, _THEIR_LINES), (_SOME_IDS.where(_AFTER), _THEIR_LINES.where(_AFTER)))
_KEY_OF_BILLED = itemgetter(0, 1, 2)
_OF_REQUEST = select(invoices.c.id).where(invoices.c.request_id == bindparam("request_id"))


class SqlInvoices:
    """The `Invoices` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def billed(self, account_id: str, *, through: CoverageMonth | None = None) -> Iterator[BilledAmount]:
        """Yield what was billed so far, in the order of membership, product and month, in chunks of memberships."""
        values: dict[str, object] = {"account_id": account_id, "through": through or _LAST_MONTH}
        for some_ids, their_lines in chain(_BILLED, repeat(_BILLED[-1])):
            ids = [row.membership_id for row in self._db.rows(some_ids, values)]
            if ids:
                values["last"] = ids[-1]
                yield from _added_up(self._db.rows(their_lines, values))
                values["after"] = ids[-1]
            if len(ids) < _MEMBERSHIPS:
                return

    def next_number(self, series: str) -> int:
        """Allocate the next number of a series, without gaps, in this transaction."""
        return self._db.count_up(number_series, {"series": series})

    def add(self, invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
        """Add an issued invoice with its lines."""
        row = values_of(invoice)
        del row["status"]
        self._db.add_one(invoices, row, key=["id"])
        about = {"invoice_id": invoice.id, "account_id": invoice.account_id}
        self._db.add(invoice_lines, (about | values_of(line) for line in lines))

    def find_by_request(self, request_id: str) -> Invoice | None:
        """Return the invoice that a request or cycle window made, or None."""
        invoice_id = self._db.scalar(_OF_REQUEST, {"request_id": request_id})
        return None if invoice_id is None else self.get(invoice_id)

    def orders_billed(self, order_keys: Iterable[str]) -> set[str]:
        """Return which of these requests and cycle windows made an invoice."""
        made: set[str] = set()
        for chunk in chunks(dict.fromkeys(order_keys)):
            rows = self._db.rows(select(invoices.c.request_id).where(invoices.c.request_id.in_(chunk)))
            made |= {row.request_id for row in rows}
        return made

    def get(self, invoice_id: str) -> Invoice:
        """Return one invoice; its status is computed from the journal. Raises NotFound."""
        found = self._invoices(invoices.c.id == invoice_id)
        if not found:
            raise NotFound(f"there is no invoice {invoice_id}")
        return found[0]

    def issued_for(self, account_ids: Iterable[str]) -> list[Invoice]:
        """Return the invoices of these accounts, oldest first."""
        found: list[Invoice] = []
        for chunk in chunks(dict.fromkeys(account_ids)):
            found += self._invoices(invoices.c.account_id.in_(chunk))
        return sorted(found, key=lambda invoice: (invoice.bill_on, invoice.issued_at, invoice.id))

    def _invoices(self, condition: ColumnElement[bool]) -> list[Invoice]:
        """Return the invoices under `condition` with the status that the journal gives them."""
        return [invoice_of(row) for row in self._db.rows(select_invoices().where(condition))]

    def lines(self, invoice_id: str) -> Iterator[InvoiceLine]:
        """Yield an invoice's lines in order."""
        columns = [column for column in invoice_lines.c if column.name not in {"number", "invoice_id", "account_id"}]
        wanted = select(invoice_lines.c.number, *columns).where(invoice_lines.c.invoice_id == invoice_id)
        for page in self._db.pages(wanted, invoice_lines.c.number):
            yield from (InvoiceLine(**row._asdict()) for row in page)

    def open_invoices(self, account_id: str) -> list[OpenInvoice]:
        """Return the account's invoices with something owed, oldest due date first (then number)."""
        return [each for each in self._as_open(invoices.c.account_id == account_id) if each.open > ZERO]

    def find_invoice(self, invoice_id: str) -> OpenInvoice | None:
        """Return one invoice as a payment sees it, settled or not, or None when there is none of that number."""
        found = self._as_open(invoices.c.id == invoice_id)
        return found[0] if found else None

    def _as_open(self, condition: ColumnElement[bool]) -> list[OpenInvoice]:
        """Return the invoices under `condition` with what is open, their months and the lives billed."""
        rows = self._db.rows(select_invoices().where(condition).order_by(invoices.c.due_on, invoices.c.id))
        line = invoice_lines.c
        wanted = select(invoices.c.id).where(condition)
        months: dict[str, list[CoverageMonth]] = {}
        of_invoice = select(line.invoice_id, line.month).where(line.invoice_id.in_(wanted)).distinct()
        for row in self._db.rows(of_invoice.order_by(line.invoice_id, line.month)):
            months.setdefault(row.invoice_id, []).append(row.month)
        lives = self._lives(wanted)
        return [
            OpenInvoice(
                id=row.id,
                account_id=row.account_id,
                due_on=row.due_on,
                total=row.total,
                open=row.open,
                months=tuple(months.get(row.id, ())),
                lives=lives.get(row.id),
            )
            for row in rows
        ]

    def _lives(self, invoice_ids: Select[Any]) -> dict[str, int]:
        """Return how many persons the current charges of each invoice bill; several products count a person once."""
        line = invoice_lines.c
        per_member = (
            select(line.invoice_id, func.max(line.lives).label("lives"))
            .where(line.invoice_id.in_(invoice_ids), line.line_type == LineType.CURRENT)
            .group_by(line.invoice_id, line.membership_id, line.member_id)
            .subquery()
        )
        total = func.sum(per_member.c.lives)
        rows = self._db.rows(select(per_member.c.invoice_id, total).group_by(per_member.c.invoice_id))
        return {row[0]: int(row[1]) for row in rows}

    def open_items(self, account_id: str) -> list[OpenItem]:
        """Return, for each open invoice, membership and month, what was billed and is still open."""
        owed = [invoice.id for invoice in self.open_invoices(account_id)]
        items: list[OpenItem] = []
        for chunk in chunks(owed):
            items += self._items(chunk)
        return items

    def _items(self, invoice_ids: Sequence[str]) -> list[OpenItem]:
        """Return the items of at most a chunk of invoices, in the order of the invoices, memberships and months."""
        line = invoice_lines.c
        rows = self._db.rows(
            select(
                line.invoice_id,
                line.membership_id,
                line.month,
                func.min(line.member_id).label("member_id"),
                func.max(memberships.c.subscriber_id).label("subscriber_id"),
                func.max(memberships.c.policy).label("policy"),
            )
            .outerjoin_from(invoice_lines, memberships, memberships.c.id == line.membership_id)
            .where(line.invoice_id.in_(invoice_ids))
            .group_by(line.invoice_id, line.membership_id, line.month)
        )
        cents = invoice_cents(self._db, line.invoice_id.in_(invoice_ids))
        opens = {invoice_id: open_by_item(invoice) for invoice_id, invoice in cents.items()}
        rank = {invoice_id: n for n, invoice_id in enumerate(invoice_ids)}
        found = [
            OpenItem(
                invoice_id=row.invoice_id,
                membership_id=row.membership_id,
                member_id=row.member_id,
                subscriber_id=row.subscriber_id or "",
                policy=row.policy or "",
                month=row.month,
                billed=from_cents(cents[row.invoice_id].billed[row.membership_id, str(row.month)]),
                open=from_cents(opens[row.invoice_id][row.membership_id, str(row.month)]),
            )
            for row in rows
        ]
        return sorted(found, key=lambda item: (rank[item.invoice_id], item.membership_id, item.month))

    def months(self, account_id: str, *, until: date | None = None) -> list[tuple[str, Money, Money]]:
        """Return (coverage month, billed, open) per month of the account, in order; `until`: as of that day.

        The credits of an invoice count against its own charges first: an invoice of which nothing is owed leaves
        nothing open in any month.
        """
        billed: dict[str, int] = {}
        still: dict[str, int] = {}
        for invoice in invoice_cents(self._db, invoice_lines.c.account_id == account_id, until=until).values():
            for (_, month), cents in invoice.billed.items():
                billed[month] = billed.get(month, 0) + cents
            for (_, month), cents in net(open_by_item(invoice)).items():
                still[month] = still.get(month, 0) + cents
        return [(month, from_cents(billed[month]), from_cents(still[month])) for month in sorted(billed)]


def invoice_cents(
    db: Transaction, condition: ColumnElement[bool], *, until: date | None = None, without: Sequence[EntryKind] = ()
) -> dict[str, InvoiceCents]:
    """Return, per invoice with lines under `condition`, what was billed and posted by membership and month.

    `until`: only what was billed and posted through that day. Entries of the kinds in `without` are left out.
    """
    line, posting, entry = invoice_lines.c, journal_postings.c, journal_entries.c
    condition &= (
        true() if until is None else line.invoice_id.in_(select(invoices.c.id).where(invoices.c.bill_on <= until))
    )
    billed = db.rows(
        select(line.invoice_id, line.membership_id, line.month, func.sum(line.amount).label("amount"))
        .where(condition)
        .group_by(line.invoice_id, line.membership_id, line.month)
        .order_by(line.invoice_id, line.membership_id, line.month)
    )
    # Asked for the ledger, SQLite would read all of it: the invoices' few other postings are left out here instead.
    rows_posted = db.rows(
        select(
            *(posting.invoice_id, posting.membership_id, posting.month, posting.ledger),
            func.sum(posting.amount).label("amount"),
        )
        .join(journal_entries, entry.key == posting.entry_key)
        .where(
            posting.invoice_id.in_(select(line.invoice_id).where(condition)),
            entry.kind.not_in([EntryKind.INVOICE, *without]),
            true() if until is None else entry.on <= until,
        )
        .group_by(posting.invoice_id, posting.membership_id, posting.month, posting.ledger)
    )
    posted = [row for row in rows_posted if row.ledger is LedgerAccount.RECEIVABLE]
    by_invoice = {row.invoice_id: InvoiceCents({}, {}) for row in billed}
    sides: tuple[tuple[Sequence[Any], str], ...] = ((billed, "billed"), (posted, "posted"))
    for rows, side in sides:
        for row in rows:
            item: Item = (row.membership_id, str(row.month))
            getattr(by_invoice[row.invoice_id], side)[item] = to_cents(row.amount)
    return by_invoice


@lru_cache(maxsize=1024)
def month_of(text: str) -> CoverageMonth:
    """Return the month that the database writes as `YYYY-MM`; the same few come back in every row."""
    return CoverageMonth.parse(text)


def _added_up(rows: Iterable[Record]) -> Iterator[BilledAmount]:
    """Yield what lines of the same membership, product and month add up to, described by the last of them.

    Cents and months come as the database has them: each bill looks at every line that the account ever got.
    """
    for (membership_id, product, month), same in groupby(rows, _KEY_OF_BILLED):
        lines = list(same)
        _, _, _, _, _, member_id, tier, insurance_line, invoice_id, legal_entity, is_fee = lines[-1]
        yield BilledAmount(
            membership_id,
            product,
            month_of(month),
            from_cents(sum([each[3] for each in lines])),
            member_id,
            tier,
            insurance_line,
            invoice_id,
            legal_entity=legal_entity,
            is_fee=is_fee,
            employer_share=_shares(each[4] for each in lines),
        )


def _shares(shares: Iterable[int | None]) -> Money | None:
    """Return what the employer's shares, in cents, add up to, or None where none was ever agreed."""
    agreed = [share for share in shares if share is not None]
    return from_cents(sum(agreed)) if agreed else None


def select_invoices() -> Select[Any]:
    """Return the select of invoices with `open`, what the journal says is still owed on each."""
    owed = (
        select(func.coalesce(func.sum(journal_postings.c.amount), ZERO))
        .where(journal_postings.c.invoice_id == invoices.c.id, journal_postings.c.ledger == LedgerAccount.RECEIVABLE)
        .scalar_subquery()
    )
    return select(invoices, owed.label("open"))


def invoice_of(row: Record) -> Invoice:
    """Return the invoice that a row of `select_invoices` holds."""
    values = row._asdict()
    owed = values.pop("open")
    issued = Invoice(**values)
    if owed <= ZERO:
        return replace(issued, status=InvoiceStatus.PAID)
    return replace(issued, status=InvoiceStatus.PARTIAL if owed < issued.total else InvoiceStatus.OPEN)


def summary_of(row: Record) -> InvoiceSummary:
    """Return what people see of the invoice that a row of `select_invoices` holds."""
    issued = invoice_of(row)
    shown = ("id", "account_id", "partner_id", "issued_at", "bill_on", "due_on", "total", "status", "lines_count")
    return InvoiceSummary(**{name: getattr(issued, name) for name in shown}, open=row.open)
