"""One database transaction on one connection: the parts of a unit of work bound together."""

from collections.abc import Iterable
from datetime import datetime
from types import TracebackType

from sqlalchemy import Engine, bindparam, delete, select, update

from gateway.domain.exchange import Incident, LogEvent
from gateway.ports.bill_runs import BillRuns, Holds
from gateway.ports.collection import Cases, Collection
from gateway.ports.jobs import Job, JobQueue
from gateway.ports.money_orders import MoneyOrders
from gateway.ports.rate_changes import RateChanges
from gateway.ports.review import Discrepancies, Reviews, WorkItems
from gateway.ports.unit_of_work import Documents, Enrollment, Exchanges, Files, Invoices, Ledger, RequestAudit, Requests
from gateway.store import driver_errors
from gateway.store.bill_runs import SqlBillRuns, SqlHolds
from gateway.store.cases import SqlCases
from gateway.store.collection import SqlCollection
from gateway.store.documents import SqlDocuments
from gateway.store.enrollment import SqlEnrollment
from gateway.store.exchanges import SqlExchanges
from gateway.store.files import SqlFiles
from gateway.store.invoices import SqlInvoices
from gateway.store.ledger import SqlLedger
from gateway.store.money_orders import SqlMoneyOrders
from gateway.store.rate_changes import SqlRateChanges
from gateway.store.request_audit import SqlRequestAudit
from gateway.store.requests import SqlRequests
from gateway.store.reviews import SqlDiscrepancies, SqlReviews, SqlWorkItems
from gateway.store.tables_work import incidents, log_events, ticks
from gateway.store.transaction import Transaction, values_of

_ABOUT = (
    select(incidents)
    .where(
        incidents.c.kind == bindparam("kind"),
        incidents.c.subject_id == bindparam("subject_id"),
        incidents.c.closed_at.is_(None),
    )
    .order_by(incidents.c.opened_at, incidents.c.key)
)


class SqlUnitOfWork:
    """The `UnitOfWork` port on SQLAlchemy Core.

    The transaction begins with the first statement, not with the context; after `commit` the next statement begins
    another one.
    """

    files: Files
    exchanges: Exchanges
    enrollment: Enrollment
    requests: Requests
    request_audit: RequestAudit
    invoices: Invoices
    bill_runs: BillRuns
    holds: Holds
    ledger: Ledger
    documents: Documents
    reviews: Reviews
    work_items: WorkItems
    discrepancies: Discrepancies
    rate_changes: RateChanges
    money: MoneyOrders
    cases: Cases
    collection: Collection

    def __init__(self, engine: Engine, queue: JobQueue) -> None:
        """Take the engine, and the queue that deferred jobs go to."""
        self._engine = engine
        self._queue = queue

    def __enter__(self) -> "SqlUnitOfWork":
        """Take a connection and bind the parts to it."""
        self._connection = self._engine.connect()
        self._db = Transaction(self._connection)
        self.files = SqlFiles(self._db)
        self.exchanges = SqlExchanges(self._db)
        self.enrollment = SqlEnrollment(self._db)
        self.requests = SqlRequests(self._db)
        self.request_audit = SqlRequestAudit(self._db)
        self.invoices = SqlInvoices(self._db)
        self.bill_runs = SqlBillRuns(self._db)
        self.holds = SqlHolds(self._db)
        self.ledger = SqlLedger(self._db)
        self.documents = SqlDocuments(self._db)
        self.reviews = SqlReviews(self._db)
        self.work_items = SqlWorkItems(self._db)
        self.discrepancies = SqlDiscrepancies(self._db)
        self.rate_changes = SqlRateChanges(self._db)
        self.money = SqlMoneyOrders(self._db)
        self.cases = SqlCases(self._db)
        self.collection = SqlCollection(self._db)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Roll back what was not committed, and give the connection back."""
        self._connection.close()

    def commit(self) -> None:
        """Commit everything that was written."""
        self._connection.commit()

    def defer(self, job: Job) -> None:
        """Enqueue a job that exists once this transaction commits."""
        if not self._connection.in_transaction():
            self._connection.begin()
        with driver_errors.translated():
            self._queue.defer(job, self._connection.connection.driver_connection)

    def is_pending(self, job: Job) -> bool:
        """Tell whether a job of the same station and subject waits or runs."""
        if not self._connection.in_transaction():
            self._connection.begin()
        return self._queue.is_pending(job, self._connection.connection.driver_connection)

    def forget_ticks(self, before: datetime) -> int:
        """Remove the ticks of slots that were claimed before an instant; return how many there were."""
        return self._db.change(delete(ticks).where(ticks.c.at < before))

    def claim_tick(self, key: str, at: datetime) -> bool:
        """Add a tick of the timetable; False when another node already has it."""
        return self._db.add_one(ticks, {"key": key, "at": at})

    def record(self, *events: LogEvent) -> None:
        """Append to the transaction log; an event whose key is there adds nothing."""
        self._db.add(log_events, map(values_of, events))

    def open_incident(self, incident: Incident) -> bool:
        """Open an incident; False when its key is open or was opened before."""
        return self._db.add_one(incidents, values_of(incident))

    def has_incident(self, kind: str, partner_id: str) -> bool:
        """Tell whether a partner has an open incident of a kind."""
        on = incidents.c
        return self._db.exists((on.kind == kind) & (on.partner_id == partner_id) & on.closed_at.is_(None))

    def standing_incidents(self, kinds: Iterable[str], partner_id: str) -> list[Incident]:
        """Return a partner's open incidents of these kinds, oldest first."""
        on = incidents.c
        rows = self._db.rows(
            select(incidents)
            .where(on.kind.in_(list(kinds)), on.partner_id == partner_id, on.closed_at.is_(None))
            .order_by(on.opened_at, on.key)
        )
        return [Incident(**row._asdict()) for row in rows]

    def incidents_about(self, kind: str, subject_id: str) -> list[Incident]:
        """Return the open incidents of a kind about an account, oldest first."""
        rows = self._db.rows(_ABOUT, {"kind": kind, "subject_id": subject_id})
        return [Incident(**row._asdict()) for row in rows]

    def close_incident(self, key: str, at: datetime) -> bool:
        """Close one incident; False when it is not open."""
        is_open = (incidents.c.key == key) & incidents.c.closed_at.is_(None)
        return self._db.change(update(incidents).where(is_open).values(closed_at=at)) > 0

    def close_incidents(self, kind: str, partner_id: str, at: datetime) -> int:
        """Close a partner's open incidents of a kind; return how many there were."""
        return self._db.change(
            update(incidents)
            .where(incidents.c.kind == kind, incidents.c.partner_id == partner_id, incidents.c.closed_at.is_(None))
            .values(closed_at=at)
        )
