"""Invoice requests."""

from datetime import date

from sqlalchemy import bindparam, select, update

from gateway.domain.charge import InvoiceRequest, RequestStatus
from gateway.domain.coverage import MembershipLogEntry
from gateway.store.tables_billing import invoice_requests
from gateway.store.tables_enrollment import membership_log
from gateway.store.transaction import Transaction, values_of

_OPEN = [status for status in RequestStatus if not status.is_final]
_REQUEST = select(invoice_requests).where(invoice_requests.c.id == bindparam("id"))
# A bill that failed is tried again by the next run (DOMAIN 3.3).
_MAY_BE_DUE = [RequestStatus.DEFER, RequestStatus.DEFER_BATCH, RequestStatus.ERROR]


class SqlRequests:
    """The `Requests` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def open_for(self, account_id: str) -> InvoiceRequest | None:
        """Return the account's request that is in no final status, or None: there is at most one."""
        row = self._db.first(
            select(invoice_requests).where(
                invoice_requests.c.account_id == account_id, invoice_requests.c.status.in_(_OPEN)
            )
        )
        return None if row is None else InvoiceRequest(**row._asdict())

    def add(self, request: InvoiceRequest) -> bool:
        """Add a request; False when its id is there. Raises ConcurrentChange when the account got an open one since."""
        return self._db.add_one(invoice_requests, values_of(request), key=["id"])

    def update(self, request: InvoiceRequest) -> None:
        """Write status, dates, invoice and reason of a request."""
        values = values_of(request)
        self._db.change(update(invoice_requests).where(invoice_requests.c.id == values.pop("id")).values(values))

    def has_earlier(self, account_id: str) -> bool:
        """Tell whether the account ever had a request."""
        return self._db.exists(invoice_requests.c.account_id == account_id)

    def find(self, request_id: str) -> InvoiceRequest | None:
        """Return one request or None."""
        row = self._db.first(_REQUEST, {"id": request_id})
        return None if row is None else InvoiceRequest(**row._asdict())

    def due(self, business_date: date) -> list[InvoiceRequest]:
        """Return the deferred (or failed) requests whose processing date is not after `business_date`, oldest first."""
        found = self._db.rows(
            select(invoice_requests)
            .where(invoice_requests.c.status.in_(_MAY_BE_DUE), invoice_requests.c.processing_on <= business_date)
            .order_by(invoice_requests.c.processing_on, invoice_requests.c.created_on, invoice_requests.c.id)
        )
        return [InvoiceRequest(**row._asdict()) for row in found]

    def log_of(self, request_id: str) -> list[MembershipLogEntry]:
        """Return the membership log entries that made or joined a request, oldest first."""
        found = self._db.rows(
            select(membership_log)
            .where(membership_log.c.request_id == request_id)
            .order_by(membership_log.c.at, membership_log.c.key)
        )
        return [MembershipLogEntry(**row._asdict()) for row in found]
