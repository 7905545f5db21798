"""procrastinate on PostgreSQL: any number of nodes run the same jobs, each once, in order within a lock.

A node that dies is noticed by its missing heartbeat, and what it held is given to others by `rescue_stranded`, which
carries no lock itself so that it can never be the job that is stuck. Times are the database server's.
"""

import asyncio
import contextlib
import datetime as dt
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import procrastinate
import psycopg
from procrastinate import exceptions, retry
from procrastinate.jobs import Job as PgJob
from procrastinate.worker import Worker

from gateway.errors import SchemaOutdated, StoreUnavailable
from gateway.logs import get_logger
from gateway.ports.jobs import Done, GiveUp, Job, Perform, RetryAt

_TASK = "station"
_SILENT_SECONDS = 30.0  # three heartbeats missed: the node is taken for dead
_CONNECT_SECONDS = 10.0
_PENDING = (
    "SELECT 1 FROM procrastinate_jobs WHERE status IN ('todo', 'doing') "
    "AND args->>'station' = %s AND args->>'subject' = %s LIMIT 1"
)
_NO_SUCH = {"42P01", "42883", "42704"}  # SQLSTATE of a table, function or type that is not there


class _AgainError(Exception):
    """Carries a RetryAt through procrastinate, which learns of retries from exceptions only; None: at once."""

    def __init__(self, at: dt.datetime | None) -> None:
        super().__init__("the job asked to run again later")
        self.at = at


class _GivenUpError(Exception):
    """Marks the job as failed; why was written where people look."""


class _AsDecided(retry.BaseRetryStrategy):
    """Runs a job again exactly when its decision said so."""

    def get_retry_decision(self, *, exception: BaseException, job: PgJob) -> retry.RetryDecision | None:  # noqa: ARG002 - theirs
        """Return the time carried by the exception, or None for any other end."""
        return retry.RetryDecision(retry_at=exception.at) if isinstance(exception, _AgainError) else None


class DistributedQueue:
    """Defers jobs inside the caller's own PostgreSQL transaction (ports/jobs.JobQueue); it opens no connection."""

    def __init__(self) -> None:
        """Make the procrastinate app that words the statements; it never connects, so it need not know where to."""
        self._app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())

    def defer(self, job: Job, connection: object) -> None:
        """Insert `job` through the psycopg `connection`; it exists once that connection commits."""
        with _store_errors():
            self._app.configure_task(_TASK, lock=job.lock, schedule_at=job.run_at, connection=connection).defer(
                station=job.station, subject=job.subject, lock=job.lock
            )

    def is_pending(self, job: Job, connection: object) -> bool:
        """Tell whether a job of the same station and subject waits or runs; read through the same `connection`."""
        with _store_errors():
            found = cast("psycopg.Connection[tuple[int]]", connection).execute(_PENDING, (job.station, job.subject))
            return found.fetchone() is not None


def install_schema(database_url: str) -> bool:
    """Create procrastinate's tables unless they are there; return whether they were created."""
    connector = procrastinate.SyncPsycopgConnector(
        conninfo=_connection_string(database_url), min_size=1, max_size=1, timeout=_CONNECT_SECONDS
    )
    with _store_errors(), procrastinate.App(connector=connector).open() as app:
        if app.check_connection():
            return False
        app.schema_manager.apply_schema()
    return True


class DistributedRunner:
    """One node: procrastinate workers for jobs of any station, as many as jobs may run at the same time.

    Each worker runs one job at a time. A worker of several would look for the next job of a lock only at its next
    poll, seconds after the one before it ended; a worker of one looks at once. A node that was stopped, or met an error
    of ours, stays stopped.
    """

    def __init__(
        self, database_url: str, perform: Perform, *, threads: int = 2, silent_seconds: float = _SILENT_SECONDS
    ) -> None:
        """Take the database, what performs a job, how many run at a time, and when a silent node is taken for dead."""
        self._perform = perform
        self._threads = threads
        self._silent_seconds = silent_seconds
        self._ran = 0
        self._error: BaseException | None = None
        self._counting = threading.Lock()
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._workers: list[Worker] = []
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=_connection_string(database_url),
                min_size=1,
                max_size=threads + 2,
                timeout=_CONNECT_SECONDS,
            )
        )
        self._app.task(name=_TASK, retry=_AsDecided(), pass_context=True)(self._station)
        rescue = self._app.task(name="rescue_stranded")(self._rescue_stranded)
        self._app.periodic(cron=f"* * * * * */{max(1, min(30, int(silent_seconds / 3)))}")(rescue)

    def drain(self) -> int:
        """Run all jobs that are due, and those they cause; return how many ran."""
        return self._work(wait=False)

    def run(self) -> None:
        """Run jobs as they come, until `stop`; then finish what is in hand and return."""
        self._work(wait=True)

    def stop(self) -> None:
        """Ask `run` to end, even one that has not begun; may be called from a signal handler or another thread."""
        self._stopping = True
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has just closed: then the run has ended
                loop.call_soon_threadsafe(self._end_workers)

    def _work(self, *, wait: bool) -> int:
        """Run the workers to their end and return how many jobs they ran; an error of ours is raised here."""
        self._ran, self._error = 0, None
        with _store_errors():
            asyncio.run(self._run_workers(wait=wait))
        if self._error is not None:
            raise self._error
        return self._ran

    async def _run_workers(self, *, wait: bool) -> None:
        """Open the connections and run the workers; when one of them breaks, the others finish what they hold."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(self._threads, thread_name_prefix="worker"))
        async with self._app.open_async():
            self._workers = [self._worker(wait=wait) for _ in range(self._threads)]
            tasks = [loop.create_task(self._run_worker(worker)) for worker in self._workers]
            self._loop = loop
            if self._stopping:  # asked before there was a loop to tell; a worker heeds it only once it has begun
                loop.call_soon(self._end_workers)
            try:
                ends = await asyncio.gather(*tasks, return_exceptions=True)
            finally:
                self._loop = None
        for end in ends:
            if end is not None:
                raise end

    async def _run_worker(self, worker: Worker) -> None:
        """Run one worker to its end; its fault ends the others too."""
        try:
            await worker.run()  # type: ignore[no-untyped-call]  # procrastinate leaves it untyped
        except BaseException:
            self._end_workers()
            raise

    def _worker(self, *, wait: bool) -> Worker:
        """Return a worker that runs one job at a time, until it is stopped or until none is due."""
        return Worker(
            self._app,
            wait=wait,
            concurrency=1,
            install_signal_handlers=False,
            update_heartbeat_interval=self._silent_seconds / 3,
            stalled_worker_timeout=self._silent_seconds,
            delete_jobs="successful",
        )

    def _end_workers(self) -> None:
        """Have every worker finish what it holds; a task's `cancel` would do, but Python 3.11 may lose it."""
        for worker in self._workers:
            worker.stop()  # type: ignore[no-untyped-call]  # as above

    def _station(self, context: procrastinate.JobContext, station: str, subject: str, lock: str) -> None:
        """Perform one job and turn its decision into procrastinate's language."""
        try:
            decision = self._perform(Job(station, subject, lock), context.job.attempts + 1)
        except BaseException as error:
            self._error = error
            self.stop()
            raise _AgainError(None) from None
        with self._counting:
            self._ran += 1
        match decision:
            case Done():
                return
            case RetryAt(at):
                raise _AgainError(at)
            case GiveUp():
                raise _GivenUpError

    async def _rescue_stranded(self, timestamp: int) -> None:  # noqa: ARG002 - procrastinate passes the slot
        """Give the jobs of silent nodes back to the queue."""
        manager = self._app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=self._silent_seconds):
            get_logger(job=job.id).warning("a job of a node that went silent is done again")
            await manager.retry_job(job)


def _connection_string(database_url: str) -> str:
    """Return what libpq understands: SQLAlchemy's driver suffix taken off."""
    return database_url.replace("postgresql+psycopg://", "postgresql://", 1)


@contextlib.contextmanager
def _store_errors() -> Iterator[None]:
    """Let what procrastinate and its pool raise leave as one of our StoreError tree."""
    try:
        yield
    except (exceptions.ConnectorException, psycopg.Error) as error:
        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        state = cause.sqlstate if isinstance(cause, psycopg.Error) else None
        if state in _NO_SUCH:
            raise SchemaOutdated("The job tables are not there.", hint="run `gateway db upgrade`") from error
        said = f"psycopg said: {type(cause).__name__} (SQLSTATE {state or 'none'})."
        raise StoreUnavailable(f"{StoreUnavailable.__doc__} {said}") from error
