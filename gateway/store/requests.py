"""Invoice requests, their log, and the bills of those that are trials."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from sqlalchemy import bindparam, false, select, update

from gateway.domain.charge import InvoiceLine, InvoiceRequest, RequestLogEntry, RequestStatus, TrialBill
from gateway.domain.coverage import MembershipLogEntry
from gateway.store.tables_billing import invoice_requests
from gateway.store.tables_enrollment import membership_log
from gateway.store.tables_requests import request_log, trial_bills, trial_lines
from gateway.store.transaction import Transaction, chunks, values_of

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
        """Return the account's regular request that is in no final status, or None: there is at most one."""
        row = self._db.first(
            select(invoice_requests).where(
                invoice_requests.c.account_id == account_id,
                invoice_requests.c.status.in_(_OPEN),
                invoice_requests.c.is_trial.is_(false()),
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

    def was_processed(self, account_ids: Iterable[str]) -> bool:
        """Tell whether any of these accounts has a regular request that was processed."""
        request = invoice_requests.c
        done = (request.status == RequestStatus.PROCESSED) & request.is_trial.is_(false())
        return any(self._db.exists(done & self._db.among(request.account_id, chunk)) for chunk in chunks(account_ids))

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

    def add_log(self, entries: Sequence[RequestLogEntry]) -> None:
        """Append to the requests' own log; an entry whose key is there adds nothing."""
        self._db.add(request_log, map(values_of, entries))

    def has_log(self, key: str) -> bool:
        """Tell whether the requests' own log has an entry of this key."""
        return self._db.exists(request_log.c.key == key)

    def keep_trial(self, bill: TrialBill, lines: Sequence[InvoiceLine]) -> None:
        """Keep the image of a trial bill; one that is there stays as it is."""
        if self._db.add_one(trial_bills, values_of(bill)):
            self._db.add(trial_lines, ({"request_id": bill.request_id, **values_of(line)} for line in lines))

    def trial(self, request_id: str) -> TrialBill | None:
        """Return the trial bill of a request, or None."""
        row = self._db.first(select(trial_bills).where(trial_bills.c.request_id == request_id))
        return None if row is None else TrialBill(**row._asdict())

    def trial_lines(self, request_id: str) -> Iterator[InvoiceLine]:
        """Yield the lines of a trial bill in order."""
        columns = [column for column in trial_lines.c if column.name not in {"number", "request_id"}]
        wanted = select(trial_lines.c.number, *columns).where(trial_lines.c.request_id == request_id)
        for page in self._db.pages(wanted, trial_lines.c.number):
            yield from (InvoiceLine(**row._asdict()) for row in page)
