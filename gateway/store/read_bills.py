"""Bills as people read them: statements, runs, what a bill corrects, what a change came to."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, select

from gateway.domain.bill_run import BillRun, ConsolidatedBill, Hold, OrderEnd, RunOrder
from gateway.domain.coverage import MembershipEvent
from gateway.domain.journal import LedgerAccount
from gateway.domain.money import ZERO, Money
from gateway.domain.period import CoverageMonth
from gateway.ports.bill_views import (
    BillShare,
    Correction,
    Impact,
    ImpactLine,
    RunView,
    StatementBill,
    StatementView,
)
from gateway.store.bill_runs import SqlBillRuns, SqlHolds, consolidated_of
from gateway.store.invoices import invoice_of, select_invoices
from gateway.store.read_files import SHOWN
from gateway.store.tables_bill_runs import bill_run_orders, bill_runs, consolidated_bills, consolidated_items
from gateway.store.tables_billing import (
    invoice_lines,
    invoice_requests,
    invoices,
    journal_entries,
    journal_postings,
)
from gateway.store.tables_enrollment import membership_events, membership_log, memberships
from gateway.store.transaction import Record, Transaction

IMPACTING = (
    MembershipEvent.ENROLL,
    MembershipEvent.CHANGE,
    MembershipEvent.TERMINATE,
    MembershipEvent.CANCEL,
    MembershipEvent.REINSTATE,
)
"""The events that may change what is due; the others have no rate effect (DOMAIN 4.5)."""


def shares(db: Transaction, invoice_id: str) -> tuple[BillShare, ...]:
    """Return what a bill's lines come to, by company, product, tier, month and kind of line."""
    line = invoice_lines.c
    kinds = (line.legal_entity, line.product, line.tier, line.month, line.line_type, line.is_fee)
    rows = db.rows(
        select(*kinds, func.count(), func.sum(line.amount), func.sum(line.employer_share))
        .where(line.invoice_id == invoice_id)
        .group_by(*kinds)
        .order_by(line.legal_entity, line.is_fee, line.product, line.tier, line.month, line.line_type)
    )
    return tuple(BillShare(*row) for row in rows)


def corrects(db: Transaction, invoice_id: str) -> tuple[Correction, ...]:
    """Return what a bill changes of earlier ones."""
    line = invoice_lines.c
    return _corrections(
        db, line.corrects_invoice_id, (line.invoice_id == invoice_id) & (line.corrects_invoice_id != "")
    )


def corrected_by(db: Transaction, invoice_id: str) -> tuple[Correction, ...]:
    """Return what later bills changed of this one."""
    line = invoice_lines.c
    account = select(invoices.c.account_id).where(invoices.c.id == invoice_id).scalar_subquery()
    # The account is named for the index's sake: corrections stay inside it.
    return _corrections(db, line.invoice_id, (line.account_id == account) & (line.corrects_invoice_id == invoice_id))


def _corrections(db: Transaction, other: ColumnElement[str], condition: ColumnElement[bool]) -> tuple[Correction, ...]:
    """Return lines and sums of the lines under `condition` by the other bill."""
    wanted = select(other, func.count(), func.sum(invoice_lines.c.amount)).where(condition)
    return tuple(Correction(*row) for row in db.rows(wanted.group_by(other).order_by(other)))


def consolidated_of_invoice(db: Transaction, invoice_id: str) -> str:
    """Return the id of the consolidated bill that a bill stands on, or ''."""
    item = consolidated_items.c
    return db.scalar(select(item.consolidated_id).where(item.invoice_id == invoice_id)) or ""


def consolidated(db: Transaction, bill_id: str) -> tuple[ConsolidatedBill, tuple[StatementBill, ...]]:
    """Return a consolidated bill that is there, with the bills on it."""
    bill = consolidated_of(db, db.rows(select(consolidated_bills).where(consolidated_bills.c.id == bill_id))[0])
    return bill, _bills(db, invoices.c.id.in_(bill.invoice_ids))


def statement(db: Transaction, account_id: str, period: CoverageMonth) -> StatementView:
    """Return the bills of an account that are there for a period, and of which periods there are any."""
    of_account = invoices.c.account_id == account_id
    of_period = invoices.c.cutoff_on.between(period.first_day, period.last_day)
    cutoffs = db.rows(select(invoices.c.cutoff_on).where(of_account).distinct().order_by(invoices.c.cutoff_on))
    return StatementView(
        account_id=account_id,
        period=period,
        bills=_bills(db, of_account & of_period),
        periods=tuple(dict.fromkeys(CoverageMonth.of(row.cutoff_on) for row in cutoffs)),
    )


def _bills(db: Transaction, condition: ColumnElement[bool]) -> tuple[StatementBill, ...]:
    """Return bills in the order of issue."""
    rows = db.rows(select_invoices().where(condition).order_by(invoices.c.issued_at, invoices.c.id))
    return tuple(StatementBill(invoice_of(row), shares(db, row.id), _ledger_due(db, row)) for row in rows)


def _ledger_due(db: Transaction, row: Record) -> Money:
    """Return the account's receivable right after a bill was posted: the sum of its book up to that entry."""
    entry, posting = journal_entries.c, journal_postings.c
    own = select(entry.sequence).where(entry.key == f"invoice/{row.request_id}").scalar_subquery()
    wanted = (
        select(func.sum(posting.amount))
        .join(journal_entries, entry.key == posting.entry_key)
        .where(entry.book == row.account_id, entry.sequence <= own, posting.ledger == LedgerAccount.RECEIVABLE)
    )
    return db.scalar(wanted) or ZERO


def run(db: Transaction, run_id: str) -> RunView:
    """Return a bill run that is there."""
    order = bill_run_orders.c
    of_run = order.run_id == run_id
    held_first = case((order.ending == OrderEnd.HELD, 0), else_=1)
    rows = db.rows(select(bill_run_orders).where(of_run).order_by(held_first, order.number, order.key).limit(SHOWN))
    billed = db.rows(
        select(func.sum(invoices.c.total), func.sum(invoices.c.lines_count))
        .join_from(bill_run_orders, invoices, invoices.c.id == order.invoice_id)
        .where(of_run)
    )[0]
    over = db.rows(
        select(consolidated_bills).where(consolidated_bills.c.run_id == run_id).order_by(consolidated_bills.c.id)
    )
    return RunView(
        run=BillRun(**db.rows(select(bill_runs).where(bill_runs.c.id == run_id))[0]._asdict()),
        proof=SqlBillRuns(db).proof(run_id),
        billed=billed[0] or ZERO,
        lines=int(billed[1] or 0),
        orders=tuple(RunOrder(**row._asdict()) for row in rows),
        orders_total=db.scalar(select(func.count()).select_from(bill_run_orders).where(of_run)),
        consolidated=tuple(consolidated_of(db, row) for row in over),
    )


def holds(db: Transaction, account_id: str = "") -> tuple[Hold, ...]:
    """Return who waits for a person, of one account or all, longest first."""
    return tuple(SqlHolds(db).open_for(account_id))


class _Look(NamedTuple):
    """A bill, or a run that found nothing to bill, with what it knew."""

    known_at: datetime
    cutoff_on: date
    invoice_id: str


def impacts(db: Transaction, account_id: str, *, limit: int = SHOWN) -> tuple[tuple[ImpactLine, ...], int]:
    """Return the newest changes of an account that may touch its bill, and how many there are.

    Each is billed, without effect, or open: there is no fourth (HF-25).
    """
    event = membership_events.c
    wanted = (
        select(membership_events)
        .join(memberships, memberships.c.id == event.membership_id)
        .where(memberships.c.account_id == account_id, event.event.in_(IMPACTING))
    )
    rows = db.rows(wanted.order_by(event.known_at.desc(), event.key.desc()).limit(limit))
    total = db.scalar(select(func.count()).select_from(wanted.subquery()))
    looks, asked = _looks(db, account_id), _requests(db, [row.key for row in rows])
    found = [(row, _look_at(row, looks, asked.get(row.key))) for row in rows]
    on_bills = _on_bills(db, found)
    return tuple(_impact(row, look, asked.get(row.key), on_bills) for row, look in found), total


def _looks(db: Transaction, account_id: str) -> list[_Look]:
    """Return what was looked at for an account, in order of what was known."""
    order = bill_run_orders.c
    made_in = and_(order.invoice_id == invoices.c.id, order.account_id == invoices.c.account_id)
    billed = db.rows(
        select(func.coalesce(func.min(order.frozen_at), invoices.c.issued_at), invoices.c.cutoff_on, invoices.c.id)
        .outerjoin_from(invoices, bill_run_orders, made_in)
        .where(invoices.c.account_id == account_id)
        .group_by(invoices.c.id, invoices.c.issued_at, invoices.c.cutoff_on)
    )
    nothing = db.rows(
        select(order.frozen_at, order.cutoff_on).where(
            order.account_id == account_id, order.ending == OrderEnd.NOTHING_DUE
        )
    )
    return sorted([_Look(*row) for row in billed] + [_Look(row[0], row[1], "") for row in nothing])


def _requests(db: Transaction, event_keys: Sequence[str]) -> dict[str, Record]:
    """Return the invoice request that each event made or joined."""
    log, request = membership_log.c, invoice_requests.c
    rows = db.rows(
        select(log.key, request.id, request.status, request.processing_on, request.invoice_id)
        .join(invoice_requests, request.id == log.request_id)
        .where(log.key.in_(event_keys))
    )
    return {row.key: row for row in rows}


def _look_at(event: Record, looks: Iterable[_Look], request: Record | None) -> _Look | None:
    """Return the first look that saw an event and reached the day it takes effect; its own request's bill is one."""
    effective_on = event.effective_on or event.known_at.date()
    for look in looks:
        knows = look.known_at >= event.known_at or (request is not None and request.invoice_id == look.invoice_id != "")
        if knows and look.cutoff_on >= effective_on:
            return look
    return None


def _on_bills(db: Transaction, found: Iterable[tuple[Record, _Look | None]]) -> set[tuple[str, str]]:
    """Return which memberships have lines on which of the bills that looked at them."""
    pairs = {(look.invoice_id, row.membership_id) for row, look in found if look is not None and look.invoice_id}
    line = invoice_lines.c
    rows = db.rows(
        select(line.invoice_id, line.membership_id)
        .where(
            line.invoice_id.in_({invoice_id for invoice_id, _ in pairs}),
            line.membership_id.in_({membership_id for _, membership_id in pairs}),
        )
        .distinct()
    )
    return {(row[0], row[1]) for row in rows}


def _impact(row: Record, look: _Look | None, request: Record | None, on_bills: set[tuple[str, str]]) -> ImpactLine:
    """Return what one change came to."""
    is_open = look is None
    waits_for = request if is_open and request is not None and not request.status.is_final else None
    invoice_id = look.invoice_id if look is not None else ""
    billed = (invoice_id, row.membership_id) in on_bills
    return ImpactLine(
        event=row.event,
        membership_id=row.membership_id,
        effective_on=row.effective_on,
        known_at=row.known_at,
        source=row.source,
        set_id=row.set_id,
        impact=Impact.OPEN if is_open else Impact.BILLED if billed else Impact.NO_EFFECT,
        invoice_id=invoice_id,
        request_id=waits_for.id if waits_for is not None else "",
        deadline=waits_for.processing_on if waits_for is not None else None,
    )
