"""Invoice requests as people read them: lists by what is asked, and one with its log and its bill (OR-35)."""

from sqlalchemy import ColumnElement, func, select, true

from gateway.domain.charge import InvoiceLine, InvoiceRequest, RequestLogEntry
from gateway.ports.queries import Excerpt, RequestFilter, RequestView
from gateway.store.invoices import select_invoices, summary_of
from gateway.store.read_files import SHOWN, outcomes
from gateway.store.requests import SqlRequests
from gateway.store.tables_billing import invoice_requests, invoices
from gateway.store.tables_enrollment import membership_log
from gateway.store.tables_requests import request_log, trial_lines
from gateway.store.transaction import Transaction


def requests(db: Transaction, wanted: RequestFilter, limit: int) -> Excerpt[InvoiceRequest]:
    """Return the requests that a filter lets through, the newest first."""
    its, condition = invoice_requests.c, _condition(wanted)
    rows = db.rows(
        select(invoice_requests).where(condition).order_by(its.created_on.desc(), its.id.desc()).limit(limit)
    )
    total = db.scalar(select(func.count(its.id)).where(condition))
    return Excerpt(tuple(InvoiceRequest(**row._asdict()) for row in rows), int(total))


def request(db: Transaction, request_id: str) -> RequestView:
    """Return a request that is there."""
    found = InvoiceRequest(**db.rows(select(invoice_requests).where(invoice_requests.c.id == request_id))[0]._asdict())
    line = request_log.c
    columns = [column for column in line if column.name != "id"]
    log = db.rows(select(*columns).where(line.request_id == request_id).order_by(line.id))
    issued = db.rows(select_invoices().where(invoices.c.request_id == request_id))
    return RequestView(
        request=found,
        log=tuple(RequestLogEntry(**row._asdict()) for row in log),
        outcomes=outcomes(db, membership_log.c.request_id == request_id),
        invoice=summary_of(issued[0]) if issued else None,
        trial=SqlRequests(db).trial(request_id),
        trial_lines=_trial_lines(db, request_id),
    )


def _condition(wanted: RequestFilter) -> ColumnElement[bool]:
    """Return the condition that a filter means."""
    its = invoice_requests.c
    condition: ColumnElement[bool] = true()
    if wanted.status is not None:
        condition &= its.status == wanted.status
    if wanted.account_id:
        condition &= its.account_id == wanted.account_id
    if wanted.since is not None:
        condition &= its.created_on >= wanted.since
    if wanted.until is not None:
        condition &= its.created_on <= wanted.until
    return condition


def _trial_lines(db: Transaction, request_id: str) -> Excerpt[InvoiceLine]:
    """Return the first lines of a trial bill."""
    its = trial_lines.c
    columns = [column for column in its if column.name != "request_id"]
    rows = db.rows(select(*columns).where(its.request_id == request_id).order_by(its.number).limit(SHOWN))
    total = db.scalar(select(func.count(its.number)).where(its.request_id == request_id))
    return Excerpt(tuple(InvoiceLine(**row._asdict()) for row in rows), int(total))
