"""procrastinate on PostgreSQL: any number of nodes run the same jobs, each once, in order within a lock.

A node that dies is noticed by its heartbeat, and what it held is given to others by `rescue_stranded`, which
carries no lock itself so that it can never be the job that is stuck.
"""

import asyncio
import contextlib
import datetime as dt
import threading

import procrastinate
from procrastinate import retry
from procrastinate.jobs import Job as PgJob

from gateway.logs import get_logger
from gateway.ports.jobs import Done, GiveUp, Job, Perform, RetryAt

_TASK = "station"
_HEARTBEAT_SECONDS = 10.0
_SILENT_SECONDS = 30.0  # three heartbeats missed: the node is taken for dead


class _AgainError(Exception):
    """Carries a RetryAt through procrastinate, which learns of retries from exceptions only."""

    def __init__(self, at: dt.datetime) -> None:
        super().__init__("the job asked to run again later")
        self.at = at


class _GivenUpError(Exception):
    """Marks the job as failed; why was written where people look."""


class _AsDecided(retry.BaseRetryStrategy):
    """Runs a job again exactly when its decision said so."""

    def get_retry_decision(self, *, exception: BaseException, job: PgJob) -> retry.RetryDecision | None:  # noqa: ARG002
        """Return the time carried by the exception, or None for any other end."""
        return retry.RetryDecision(retry_at=exception.at) if isinstance(exception, _AgainError) else None


def _connection_string(database_url: str) -> str:
    """Return what libpq understands: SQLAlchemy's driver suffix taken off."""
    return database_url.replace("postgresql+psycopg://", "postgresql://", 1)


class DistributedQueue:
    """Defers jobs inside the caller's own PostgreSQL transaction (ports/jobs.JobQueue)."""

    def __init__(self, database_url: str) -> None:
        """Take the database that holds both our tables and procrastinate's."""
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=_connection_string(database_url))
        )

    def defer(self, job: Job, connection: object) -> None:
        """Insert `job` through the psycopg `connection`; it exists once that connection commits."""
        self._app.configure_task(
            _TASK, lock=job.lock, schedule_at=job.run_at, connection=connection, allow_unknown=True
        ).defer(station=job.station, subject=job.subject, lock=job.lock)


def install_schema(database_url: str) -> bool:
    """Create procrastinate's tables unless they are there; return whether they were created."""
    app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=_connection_string(database_url)))
    with app.open():
        present = app.connector.get_sync_connector().execute_query_one(
            "SELECT to_regclass('procrastinate_jobs') IS NOT NULL AS present"
        )
        if present["present"]:
            return False
        app.schema_manager.apply_schema()
    return True


class DistributedRunner:
    """One node's worker: runs jobs of any station, `threads` at a time."""

    def __init__(self, database_url: str, perform: Perform, *, threads: int = 2) -> None:
        """Take the database, what performs a job, and how many jobs run at the same time."""
        self._perform = perform
        self._threads = threads
        self._ran = 0
        self._counting = threading.Lock()
        self._worker: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=_connection_string(database_url))
        )
        self._app.task(name=_TASK, retry=_AsDecided(), pass_context=True)(self._station)
        rescue = self._app.task(name="rescue_stranded")(self._rescue_stranded)
        self._app.periodic(cron="* * * * *")(rescue)

    def drain(self) -> int:
        """Run all jobs that are due, and those they cause; return how many ran."""
        before = self._ran
        while True:
            ran = self._ran
            asyncio.run(self._work(wait=False))
            if self._ran == ran:
                return self._ran - before

    def run(self) -> None:
        """Run jobs as they come, until `stop`; then finish what is in hand and return."""
        asyncio.run(self._work(wait=True))

    def stop(self) -> None:
        """Ask `run` to end; may be called from a signal handler or another thread."""
        if self._loop is not None and self._worker is not None:
            self._loop.call_soon_threadsafe(self._worker.cancel)

    async def _work(self, *, wait: bool) -> None:
        """Open the connections, run the worker, and let a requested end pass as an end."""
        async with self._app.open_async():
            self._loop = asyncio.get_running_loop()
            self._worker = asyncio.create_task(
                self._app.run_worker_async(
                    wait=wait,
                    concurrency=self._threads,
                    install_signal_handlers=False,
                    update_heartbeat_interval=_HEARTBEAT_SECONDS,
                    stalled_worker_timeout=_SILENT_SECONDS,
                    delete_jobs="successful",
                )
            )
            with contextlib.suppress(asyncio.CancelledError):
                await self._worker
            self._worker = self._loop = None

    def _station(self, context: procrastinate.JobContext, station: str, subject: str, lock: str) -> None:
        """Perform one job and turn its decision into procrastinate's language."""
        attempt = context.job.attempts + 1
        decision = self._perform(Job(station, subject, lock), attempt)
        with self._counting:
            self._ran += 1
        match decision:
            case Done():
                return
            case RetryAt(at):
                raise _AgainError(at)
            case GiveUp(reason):
                raise _GivenUpError(reason)

    async def _rescue_stranded(self, timestamp: int) -> None:  # noqa: ARG002 - procrastinate passes the slot
        """Give the jobs of silent nodes back to the queue."""
        for job in await self._app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_SILENT_SECONDS):
            get_logger(job=job.id).warning("a job of a node that went silent is done again")
            await self._app.job_manager.retry_job(job)
