"""Memberships and accounts as people read them."""

from sqlalchemy import func, select

from gateway.domain.charge import InvoiceRequest
from gateway.domain.coverage import Membership
from gateway.domain.journal import LedgerAccount
from gateway.domain.parties import Account
from gateway.domain.period import CoverageMonth, Period
from gateway.ports.queries import (
    AccountView,
    Count,
    CoverageLine,
    Excerpt,
    InvoiceSummary,
    MemberLine,
    MemberView,
    MonthLine,
)
from gateway.store.invoices import SqlInvoices, select_invoices, summary_of
from gateway.store.ledger import SqlLedger
from gateway.store.read_files import SHOWN, changes, outcomes
from gateway.store.read_money import billed_lines
from gateway.store.tables_billing import invoice_lines, invoice_requests, invoices
from gateway.store.tables_enrollment import (
    accounts,
    coverages,
    members,
    membership_events,
    membership_log,
    memberships,
)
from gateway.store.transaction import Record, Transaction


def member(db: Transaction, membership_id: str) -> MemberView:
    """Return a membership that is there, with its whole history."""
    row = db.rows(select(memberships).where(memberships.c.id == membership_id))[0]
    people = db.rows(select(members).where(members.c.membership_id == membership_id).order_by(members.c.id))
    cover = coverages.c
    versions = db.rows(
        select(coverages)
        .where(cover.membership_id == membership_id)
        .order_by(cover.member_id, cover.line_id, cover.known_at, cover.starts_on, cover.id)
    )
    return MemberView(
        membership=Membership(**row._asdict()),
        members=tuple(MemberLine(each.id, each.is_subscriber, each.relationship) for each in people),
        coverages=tuple(_coverage_line(each) for each in versions),
        changes=changes(db, membership_events.c.membership_id == membership_id).items,
        outcomes=outcomes(db, membership_log.c.membership_id == membership_id).items,
        billed=billed_lines(db, invoice_lines.c.membership_id == membership_id),
    )


def _coverage_line(row: Record) -> CoverageLine:
    """Return one version of a cover."""
    return CoverageLine(
        id=row.id,
        member_id=row.member_id,
        insurance_line=row.insurance_line,
        plan=row.plan,
        level=row.level,
        starts_on=row.starts_on,
        last_day=Period(row.starts_on, row.ends_before).last_day,
        status=row.status,
        known_at=row.known_at,
        superseded_at=row.superseded_at,
        source=row.source,
        set_id=row.set_id,
    )


def account(db: Transaction, account_id: str) -> AccountView:
    """Return an account that is there."""
    row = db.rows(select(accounts).where(accounts.c.id == account_id))[0]
    ledger = SqlLedger(db)
    statuses = db.rows(
        select(memberships.c.status, func.count())
        .where(memberships.c.account_id == account_id)
        .group_by(memberships.c.status)
        .order_by(memberships.c.status)
    )
    months = SqlInvoices(db).months(account_id)
    return AccountView(
        account=Account(**row._asdict()),
        memberships=tuple(Count(str(status), count) for status, count in statuses),
        balance=ledger.balance(LedgerAccount.RECEIVABLE, account_id=account_id),
        unapplied=-ledger.balance(LedgerAccount.UNAPPLIED, account_id=account_id),
        months=tuple(MonthLine(CoverageMonth.parse(month), billed, open_) for month, billed, open_ in months),
        requests=_requests(db, account_id),
        invoices=_invoices(db, account_id),
    )


def _requests(db: Transaction, account_id: str) -> Excerpt[InvoiceRequest]:
    """Return the newest requests of an account."""
    request = invoice_requests.c
    of_account = request.account_id == account_id
    rows = db.rows(
        select(invoice_requests).where(of_account).order_by(request.created_on.desc(), request.id).limit(SHOWN)
    )
    total = db.scalar(select(func.count(request.id)).where(of_account))
    return Excerpt(tuple(InvoiceRequest(**row._asdict()) for row in rows), total)


def _invoices(db: Transaction, account_id: str) -> Excerpt[InvoiceSummary]:
    """Return the newest invoices of an account."""
    of_account = invoices.c.account_id == account_id
    rows = db.rows(
        select_invoices().where(of_account).order_by(invoices.c.issued_at.desc(), invoices.c.id.desc()).limit(SHOWN)
    )
    return Excerpt(tuple(map(summary_of, rows)), db.scalar(select(func.count(invoices.c.id)).where(of_account)))
