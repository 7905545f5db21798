"""Read models for people: which question is answered where, and how an id is completed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime

from sqlalchemy import Column, ColumnElement, Engine, select

from gateway.domain.bill_run import Hold
from gateway.domain.charge import InvoiceRequest
from gateway.domain.collection import CaseEntry, CaseWork
from gateway.domain.period import CoverageMonth
from gateway.errors import NotFound
from gateway.ports.bill_views import BookProof, RunView, StatementView
from gateway.ports.collection import ReportReader
from gateway.ports.queries import (
    AccountView,
    ConsolidatedView,
    Excerpt,
    FileLine,
    InvoiceView,
    JournalProof,
    Kind,
    MemberView,
    PaymentView,
    RequestFilter,
    RequestView,
    Summary,
    Timeline,
    WorkLine,
)
from gateway.store import (
    prove_bills,
    read_bills,
    read_files,
    read_members,
    read_money,
    read_requests,
    read_reviews,
    read_summary,
)
from gateway.store.cases import case_entries, cases_where, find_case
from gateway.store.engine import reading
from gateway.store.read_reports import SqlReportReader
from gateway.store.tables_bill_runs import bill_runs, consolidated_bills
from gateway.store.tables_billing import invoice_requests, invoices, receipts
from gateway.store.tables_enrollment import accounts, members, memberships
from gateway.store.tables_exchange import files, transaction_sets
from gateway.store.transaction import Transaction
from gateway.store.verify_journal import prove_journal

_LAST = "\U0010ffff"  # sorts after every text that begins alike
_CANDIDATES = 6

# By kind: what may be typed, and the id that it stands for.
_NAMES: dict[Kind, tuple[tuple[Column[str], Column[str]], ...]] = {
    Kind.FILE: ((files.c.id, files.c.id),),
    Kind.SET: ((transaction_sets.c.id, transaction_sets.c.id),),
    Kind.MEMBER: (
        (memberships.c.id, memberships.c.id),
        (memberships.c.subscriber_id, memberships.c.id),
        (members.c.id, members.c.membership_id),
    ),
    Kind.ACCOUNT: ((accounts.c.id, accounts.c.id),),
    Kind.REQUEST: ((invoice_requests.c.id, invoice_requests.c.id),),
    Kind.INVOICE: ((invoices.c.id, invoices.c.id),),
    Kind.CONSOLIDATED: ((consolidated_bills.c.id, consolidated_bills.c.id),),
    Kind.RUN: ((bill_runs.c.id, bill_runs.c.id),),
    Kind.PAYMENT: ((receipts.c.id, receipts.c.id), (receipts.c.trace, receipts.c.id)),
}


class SqlQueries:
    """The `Queries` port; each call reads one state of the database and holds nothing afterwards."""

    def __init__(self, engine: Engine) -> None:
        """Take the engine of the database."""
        self._engine = engine

    def files(self, *, limit: int = 50, partner_id: str = "") -> list[FileLine]:
        """Return the newest files first, of one partner or all."""
        with reading(self._engine) as connection:
            return read_files.newest(Transaction(connection), limit, partner_id)

    def find(self, kind: Kind, prefix: str) -> str:
        """Return the whole id that `prefix` begins. Raises NotFound when nothing or more than one thing begins so."""
        with reading(self._engine) as connection:
            return _complete(Transaction(connection), kind, prefix)

    def timeline(self, file_id: str) -> Timeline:
        """Return one file from landing to delivery. Raises NotFound."""
        with reading(self._engine) as connection:
            db = Transaction(connection)
            return read_files.timeline(db, _complete(db, Kind.FILE, file_id))

    def member(self, member_id: str, *, known_at: datetime | None = None) -> MemberView:
        """Return the membership of a member, membership or subscriber id, as known at an instant. Raises NotFound."""
        with reading(self._engine) as connection:
            db = Transaction(connection)
            membership_id = _complete(db, Kind.MEMBER, member_id)
            if known_at is None:
                return read_members.member(db, membership_id)
            return read_members.member_as_known(db, membership_id, known_at)

    def account(self, account_id: str) -> AccountView:
        """Return one account. Raises NotFound."""
        with reading(self._engine) as connection:
            db = Transaction(connection)
            return read_members.account(db, _complete(db, Kind.ACCOUNT, account_id))

    def invoice(self, invoice_id: str, *, line: int | None = None) -> InvoiceView:
        """Return one invoice, or of its lines only one. Raises NotFound."""
        with reading(self._engine) as connection:
            db = Transaction(connection)
            view = read_money.invoice(db, _complete(db, Kind.INVOICE, invoice_id), line)
        if line is not None and not view.lines.items:
            raise NotFound(f"invoice {view.invoice.id} has no line {line}", hint=f"it has {view.invoice.lines_count}")
        return view

    def consolidated(self, bill_id: str) -> ConsolidatedView:
        """Return one consolidated bill with the bills on it. Raises NotFound."""
        with reading(self._engine) as connection:
            db = Transaction(connection)
            return ConsolidatedView(*read_bills.consolidated(db, _complete(db, Kind.CONSOLIDATED, bill_id)))

    def statement(self, account_id: str, period: CoverageMonth) -> StatementView:
        """Return the bills of an account for a period (the month of their cutoff). Raises NotFound for the account."""
        with reading(self._engine) as connection:
            db = Transaction(connection)
            return read_bills.statement(db, _complete(db, Kind.ACCOUNT, account_id), period)

    def run(self, run_id: str) -> RunView:
        """Return the bill run of a business date (`2025-11-10`). Raises NotFound."""
        with reading(self._engine) as connection:
            db = Transaction(connection)
            return read_bills.run(db, _complete(db, Kind.RUN, run_id))

    def holds(self) -> tuple[Hold, ...]:
        """Return the accounts that wait for a person, longest first."""
        with reading(self._engine) as connection:
            return read_bills.holds(Transaction(connection))

    def prove(self, account_id: str = "") -> BookProof:
        """Prove issued bills and journal from what is stored, of one account or all. Raises NotFound."""
        with reading(self._engine) as connection:
            db = Transaction(connection)
            return prove_bills.prove(db, _complete(db, Kind.ACCOUNT, account_id) if account_id else "")

    def requests(self, wanted: RequestFilter, *, limit: int = 200) -> Excerpt[InvoiceRequest]:
        """Return the invoice requests that a filter lets through, the newest first."""
        with reading(self._engine) as connection:
            return read_requests.requests(Transaction(connection), wanted, limit)

    def request(self, request_id: str) -> RequestView:
        """Return one invoice request. Raises NotFound."""
        with reading(self._engine) as connection:
            db = Transaction(connection)
            return read_requests.request(db, _complete(db, Kind.REQUEST, request_id))

    def payment(self, receipt_id: str) -> PaymentView:
        """Return the money of a receipt id or trace number. Raises NotFound."""
        with reading(self._engine) as connection:
            db = Transaction(connection)
            return read_money.payment(db, _complete(db, Kind.PAYMENT, receipt_id))

    def worklist(self, *, partner_id: str = "", closed: bool = False, limit: int = 200) -> Excerpt[WorkLine]:
        """Return what waits to be put right, oldest first; `closed`: what was, the last closed first."""
        with reading(self._engine) as connection:
            return read_reviews.worklist(Transaction(connection), partner_id, limit, closed=closed)

    def verify_journal(self) -> JournalProof:
        """Recompute the whole journal in one state of the database."""
        with reading(self._engine) as connection:
            return prove_journal(Transaction(connection))

    @contextmanager
    def reading_reports(self, as_of: date) -> Iterator[ReportReader]:
        """Open one state of the database for a report."""
        with reading(self._engine) as connection:
            yield SqlReportReader(Transaction(connection), as_of)

    def cases(self, *, closed: bool = False, kind: str = "", account_id: str = "") -> list[CaseWork]:
        """Return cases that are open (or closed), the next due first."""
        with reading(self._engine) as connection:
            return cases_where(Transaction(connection), closed=closed, kind=kind, account_id=account_id)

    def case(self, key: str) -> tuple[CaseWork, list[CaseEntry]]:
        """Return one case and its log, by key or the beginning of one. Raises NotFound."""
        with reading(self._engine) as connection:
            db = Transaction(connection)
            found = find_case(db, key)
            return found, case_entries(db, found.case.key)

    def summary(self) -> Summary:
        """Return counts and sums over everything."""
        with reading(self._engine) as connection:
            return read_summary.summary(Transaction(connection))


def _complete(db: Transaction, kind: Kind, prefix: str) -> str:
    """Return the id that `prefix` names wholly, else the only one it begins."""
    found = _ids(db, kind, lambda typed: typed == prefix) or _ids(
        db, kind, lambda typed: (typed >= prefix) & (typed < prefix + _LAST)
    )
    if not found:
        hint = "`gateway log` lists the files, and `gateway show` leads on from there"
        raise NotFound(f"there is no {kind} {prefix!r}", hint=hint)
    if len(found) > 1:
        more = " and more" if len(found) >= _CANDIDATES else ""
        raise NotFound(f"{prefix!r} may be any of {', '.join(found)}{more}", hint="write more of the id")
    return found[0]


def _ids(db: Transaction, kind: Kind, is_meant: Callable[[Column[str]], ColumnElement[bool]]) -> list[str]:
    """Return the first ids of a kind of which something that may be typed is meant."""
    found = {
        str(row[0])
        for typed, named in _NAMES[kind]
        for row in db.rows(select(named).where(is_meant(typed)).distinct().order_by(named).limit(_CANDIDATES))
    }
    return sorted(found)[:_CANDIDATES]
