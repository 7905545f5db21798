"""Memberships and accounts as people read them."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from gateway.domain.charge import InvoiceRequest
from gateway.domain.coverage import Coverage, Family, Membership, MembershipEvent
from gateway.domain.journal import LedgerAccount
from gateway.domain.parties import Account
from gateway.domain.period import CoverageMonth, Period
from gateway.enrollment.covers import Covers
from gateway.errors import NotFound
from gateway.ports.queries import (
    AccountView,
    Count,
    CoverageLine,
    Excerpt,
    InvoiceSummary,
    KeptLine,
    MemberLine,
    MemberView,
    MonthLine,
)
from gateway.store.invoices import SqlInvoices, select_invoices, summary_of
from gateway.store.ledger import SqlLedger
from gateway.store.member_details import details_of
from gateway.store.read_bills import holds, impacts
from gateway.store.read_files import SHOWN, changes, outcomes
from gateway.store.read_kept import kept_lines
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
    membership = _membership(db, membership_id)
    return MemberView(
        membership=membership,
        members=_people(db, members.c.membership_id == membership_id),
        coverages=tuple(map(_coverage_line, _versions(db, coverages.c.membership_id == membership_id))),
        changes=changes(db, membership_events.c.membership_id == membership_id).items,
        outcomes=outcomes(db, membership_log.c.membership_id == membership_id).items,
        billed=billed_lines(db, invoice_lines.c.membership_id == membership_id),
        kept=tuple(_kept(db, membership_id)),
    )


def member_as_known(db: Transaction, membership_id: str, at: datetime) -> MemberView:
    """Return what was known of a membership at an instant; raises NotFound when nothing was.

    A version was believed from `known_at` until before `superseded_at`. Status and termination reason are those that
    followed from what was known; the policy, of which no history is kept, is today's.
    """
    event, cover = membership_events.c, coverages.c
    until_then = (event.membership_id == membership_id) & (event.known_at <= at)
    if not db.exists(until_then):
        raise NotFound(
            f"nothing was known of membership {membership_id} at {at:%Y-%m-%d %H:%M:%S} UTC",
            hint="`gateway show member` without --as-known-at shows since when it is known",
        )
    believed = _versions(
        db,
        (cover.membership_id == membership_id)
        & (cover.known_at <= at)
        & or_(cover.superseded_at.is_(None), cover.superseded_at > at),
    )
    issued = select(invoices.c.id).where(invoices.c.issued_at <= at)
    return MemberView(
        membership=_as_believed(db, _membership(db, membership_id), believed, until_then),
        members=_people(db, members.c.id.in_(select(event.member_id).where(until_then))),
        coverages=tuple(replace(_coverage_line(row), superseded_at=None) for row in believed),
        changes=changes(db, until_then).items,
        outcomes=outcomes(db, (membership_log.c.membership_id == membership_id) & (membership_log.c.at <= at)).items,
        billed=billed_lines(
            db, (invoice_lines.c.membership_id == membership_id) & invoice_lines.c.invoice_id.in_(issued)
        ),
        known_at=at,
    )


def _membership(db: Transaction, membership_id: str) -> Membership:
    """Return a membership that is there."""
    its = [memberships.c[field.name] for field in fields(Membership)]
    return Membership(*db.rows(select(*its).where(memberships.c.id == membership_id))[0])


def _people(db: Transaction, condition: ColumnElement[bool]) -> tuple[MemberLine, ...]:
    """Return members in the order of their ids."""
    rows = db.rows(select(members).where(condition).order_by(members.c.id))
    return tuple(MemberLine(each.id, each.is_subscriber, each.relationship) for each in rows)


def _kept(db: Transaction, membership_id: str) -> Iterator[KeptLine]:
    """Yield what else was sent of each member."""
    wanted = select(members.c.id, members.c.details).where(members.c.membership_id == membership_id)
    for row in db.rows(wanted.order_by(members.c.id)):
        yield from kept_lines(row.id, details_of(row.details))


def _versions(db: Transaction, condition: ColumnElement[bool]) -> Sequence[Record]:
    """Return versions of covers, by member and product, in the order they were learnt of."""
    cover = coverages.c
    order = (cover.member_id, cover.line_id, cover.known_at, cover.starts_on, cover.id)
    return db.rows(select(coverages).where(condition).order_by(*order))


def _as_believed(
    db: Transaction, membership: Membership, believed: Sequence[Record], until_then: ColumnElement[bool]
) -> Membership:
    """Return a membership with the status that follows from the covers believed, and the reason that had ended it."""
    event = membership_events.c
    ends = event.event.in_([MembershipEvent.TERMINATE, MembershipEvent.CANCEL])
    last = select(event.reason).where(until_then & ends).order_by(event.known_at.desc(), event.ordinal.desc()).limit(1)
    family = Family(membership, coverages=tuple(map(_coverage, believed)))
    return replace(membership, status=Covers(family).status, termination_reason=db.scalar(last) or "")


def _coverage(row: Record) -> Coverage:
    """Return the coverage version that a whole row of `coverages` holds."""
    values = row._asdict()
    return Coverage(period=Period(values.pop("starts_on"), values.pop("ends_before")), **values)


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
    changed, changes_total = impacts(db, account_id)
    return AccountView(
        account=Account(**row._asdict()),
        memberships=tuple(Count(str(status), count) for status, count in statuses),
        balance=ledger.balance(LedgerAccount.RECEIVABLE, account_id=account_id),
        unapplied=-ledger.balance(LedgerAccount.UNAPPLIED, account_id=account_id),
        months=tuple(MonthLine(CoverageMonth.parse(month), billed, open_) for month, billed, open_ in months),
        requests=_requests(db, account_id),
        invoices=_invoices(db, account_id),
        impacts=Excerpt(changed, changes_total),
        holds=holds(db, account_id),
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
