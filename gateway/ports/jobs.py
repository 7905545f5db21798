"""Work to be done later, behind one port: the in-process runner on SQLite, procrastinate on PostgreSQL."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class JobState(StrEnum):
    """The life of a job in the embedded queue."""

    TODO = "todo"
    DOING = "doing"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """One run of one station on one subject. Jobs with the same `lock` never run at the same time, and in order."""

    station: str
    subject: str
    lock: str
    run_at: datetime | None = None  # None: as soon as possible


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this process took; `attempt` counts from 1."""

    id: int
    job: Job
    attempt: int


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Run it again, not before `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """The work is done, or there was none."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Never run it again; `reason` was written to where people look."""

    reason: str


Decision = Done | RetryAt | GiveUp
Perform = Callable[[Job, int], Decision]
"""Runs one job (second argument: the attempt, from 1). It never raises: every error is already a decision."""


class JobQueue(Protocol):
    """Where a unit of work puts jobs, inside its own database transaction."""

    def defer(self, job: Job, connection: object) -> None:
        """Write `job` through the driver's `connection` of the running transaction; it exists once that commits."""
        ...

    def is_pending(self, job: Job, connection: object) -> bool:
        """Tell whether a job of the same station and subject waits or runs, whatever its lock and time."""
        ...


class JobTable(Protocol):
    """The embedded queue: a table of the same database, for one process (any number of threads)."""

    def claim(self, now: datetime) -> ClaimedJob | None:
        """Take the oldest due job whose lock no running job holds, or None."""
        ...

    def finish(self, claimed: ClaimedJob, decision: Decision) -> None:
        """Write down how a claimed job ended."""
        ...

    def next_due(self) -> datetime | None:
        """Return when the next waiting job is due, or None when nothing waits."""
        ...

    def release_stranded(self) -> int:
        """Put jobs that a dead process left in `doing` back to `todo`; return how many."""
        ...


class Runner(Protocol):
    """Runs jobs until it is told to stop, or until nothing is due."""

    def drain(self) -> int:
        """Run all jobs that are due, and those they cause; return how many ran."""
        ...

    def run(self) -> None:
        """Run jobs as they come, until `stop`; then finish what is in hand and return."""
        ...

    def stop(self) -> None:
        """Ask `run` to end, even one that has not begun; may be called from a signal handler or another thread."""
        ...


@dataclass(frozen=True, slots=True)
class Schedule:
    """Something that recurs: `cron` in five fields, in `time_zone`; the tick's key is `name:slot`."""

    name: str
    job: Job
    cron: str = ""
    every_seconds: int = 0  # used when cron is empty
    time_zone: str = "UTC"
    calendar: str = ""  # the work calendar on whose days off a slot passes without a job


class Timetable(Protocol):
    """The clock of a node: at each slot it calls `tick`, which enqueues the job once over all nodes."""

    def start(self) -> None:
        """Begin to tick in the background."""
        ...

    def stop(self) -> None:
        """Stop ticking; a tick in hand ends first."""
        ...


Tick = Callable[[Schedule, datetime], bool]
"""Enqueues a schedule's job for one slot; False when another node already did."""
