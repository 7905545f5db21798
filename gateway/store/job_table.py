"""The embedded queue: a table of the same database, so that a job and its cause commit together.

The order is that of procrastinate: a job waits while an earlier one with the same lock is running or waiting.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol, cast

from sqlalchemy import ColumnElement, Dialect, Engine, case, delete, or_, select, update

from gateway.ports.jobs import ClaimedJob, Decision, Done, GiveUp, Job, JobState, RetryAt
from gateway.store import driver_errors
from gateway.store.columns import Instant
from gateway.store.tables_work import jobs

_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)


class _Cursor(Protocol):
    """What both drivers' cursors can do."""

    def fetchone(self) -> object:
        """Return the next row, or None."""
        ...


class _DriverConnection(Protocol):
    """What both drivers' connections can do."""

    def execute(self, statement: str, parameters: tuple[object, ...]) -> _Cursor:
        """Run one statement."""
        ...


class EmbeddedQueue:
    """Defers jobs into the `jobs` table through the driver's connection of the running transaction."""

    def __init__(self, dialect: Dialect) -> None:
        """Take the database's dialect: how instants and parameters are written."""
        mark = "?" if dialect.name == "sqlite" else "%s"
        self._statement = (
            "INSERT INTO jobs (station, subject, lock, run_at, state, attempt, reason) "
            f"VALUES ({', '.join([mark] * 7)})"
        )
        self._pending = (
            f"SELECT 1 FROM jobs WHERE station = {mark} AND subject = {mark} AND state IN ({mark}, {mark}) LIMIT 1"
        )
        bind = Instant().dialect_impl(dialect).bind_processor(dialect)
        self._bind = cast("Callable[[datetime | None], object]", bind)

    def defer(self, job: Job, connection: object) -> None:
        """Insert `job` through the driver's `connection`; it exists once that commits."""
        with driver_errors.translated():
            cast("_DriverConnection", connection).execute(
                self._statement,
                (job.station, job.subject, job.lock, self._bind(job.run_at), JobState.TODO.value, 0, ""),
            )

    def is_pending(self, job: Job, connection: object) -> bool:
        """Tell whether a job of the same station and subject waits or runs."""
        with driver_errors.translated():
            found = cast("_DriverConnection", connection).execute(
                self._pending, (job.station, job.subject, JobState.TODO.value, JobState.DOING.value)
            )
            return found.fetchone() is not None


class SqlJobTable:
    """The runner's side of the embedded queue (ports/jobs.JobTable); any number of threads."""

    def __init__(self, engine: Engine) -> None:
        """Take the engine of the database."""
        self._engine = engine

    def claim(self, now: datetime) -> ClaimedJob | None:
        """Take the oldest due job that no earlier job of the same lock holds back, or None."""
        candidate = (
            select(jobs.c.id, jobs.c.station, jobs.c.subject, jobs.c.lock, jobs.c.run_at, jobs.c.attempt)
            .where(jobs.c.state == JobState.TODO, or_(jobs.c.run_at.is_(None), jobs.c.run_at <= now), ~_is_held_back())
            .order_by(jobs.c.id)
            .limit(1)
            .with_for_update(skip_locked=True, of=jobs)
        )
        with self._engine.begin() as connection:
            row = connection.execute(candidate).first()
            if row is None:
                return None
            attempt = row.attempt + 1
            connection.execute(update(jobs).where(jobs.c.id == row.id).values(state=JobState.DOING, attempt=attempt))
        return ClaimedJob(row.id, Job(row.station, row.subject, row.lock, row.run_at), attempt)

    def finish(self, claimed: ClaimedJob, decision: Decision) -> None:
        """Write down how a claimed job ended; of those done only the last of each lock is kept."""
        this = jobs.c.id == claimed.id
        match decision:
            case Done():
                change = update(jobs).where(this).values(state=JobState.DONE)
            case RetryAt(at):
                change = update(jobs).where(this).values(state=JobState.TODO, run_at=at)
            case GiveUp(reason):
                change = update(jobs).where(this).values(state=JobState.FAILED, reason=reason)
        done_before = (jobs.c.lock == claimed.job.lock) & (jobs.c.state == JobState.DONE) & (jobs.c.id != claimed.id)
        with self._engine.begin() as connection:
            connection.execute(change)
            if isinstance(decision, Done):
                connection.execute(delete(jobs).where(done_before))

    def next_due(self) -> datetime | None:
        """Return when the next waiting job is due (1970 for `at once`), or None when nothing waits that could run."""
        due = case((jobs.c.run_at.is_(None), _AT_ONCE), else_=jobs.c.run_at)
        with self._engine.connect() as connection:
            row = connection.execute(
                select(due.label("due")).where(jobs.c.state == JobState.TODO, ~_is_held_back()).order_by("due").limit(1)
            ).first()
        return None if row is None else Instant().process_result_value(row.due, self._engine.dialect)

    def release_stranded(self) -> int:
        """Put jobs that a dead process left in `doing` back to `todo`; return how many."""
        with self._engine.begin() as connection:
            return connection.execute(
                update(jobs).where(jobs.c.state == JobState.DOING).values(state=JobState.TODO)
            ).rowcount


def _is_held_back() -> ColumnElement[bool]:
    """Return the condition that a job with the same lock runs now, or waits since earlier."""
    other = jobs.alias()
    waits_since_earlier = (other.c.state == JobState.TODO) & (other.c.id < jobs.c.id)
    in_the_way = or_(other.c.state == JobState.DOING, waits_since_earlier)
    return select(1).where(other.c.lock == jobs.c.lock, in_the_way).exists()
