"""Both ways of keeping jobs, made ready for a test alike: the embedded queue on SQLite, procrastinate on PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from gateway.jobs.distributed import DistributedQueue, DistributedRunner, install_schema
from gateway.jobs.embedded import EmbeddedRunner
from gateway.ports.clock import FixedClock
from gateway.ports.jobs import Decision, Done, Job, JobQueue, Perform, Runner
from gateway.store.database import Database

PATIENCE_SECONDS = 30  # how long a test waits for what must happen; reached only when it fails


@dataclass
class Queue:
    """A database with its way of keeping jobs; `folder` is the home of the process that works on it."""

    url: str
    folder: Path
    clock: FixedClock = field(default_factory=lambda: FixedClock(datetime.now(UTC)))

    def __post_init__(self) -> None:
        self.database = Database(self.url)
        self.is_distributed = not self.database.is_embedded
        queue: JobQueue = self.database.embedded_queue()
        if self.is_distributed:
            install_schema(self.url)
            queue = DistributedQueue()
        self.open_unit = self.database.unit_of_work(queue)

    def runner(self, perform: Perform, *, threads: int = 2, silent_seconds: float = 30) -> Runner:
        """Return what runs jobs; `silent_seconds` matters only where nodes watch each other."""
        if self.is_distributed:
            return DistributedRunner(self.url, perform, threads=threads, silent_seconds=silent_seconds)
        lock_file = self.folder / "home" / ".gateway.lock"
        return EmbeddedRunner(self.database.job_table(), perform, self.clock, threads=threads, lock_file=lock_file)

    def drain(self, perform: Perform, *, threads: int = 2) -> int:
        return self.runner(perform, threads=threads).drain()

    def defer(self, *jobs: Job) -> None:
        with self.open_unit() as unit:
            for job in jobs:
                unit.defer(job)
            unit.commit()

    def pass_time(self, span: timedelta) -> None:
        """Let `span` pass: our clock is moved, or (the server's clock cannot be) what waits is moved to meet it."""
        self.clock.instant += span
        if self.is_distributed:
            with psycopg.connect(self.url) as connection:
                connection.execute("UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - %s", [span])


@dataclass
class Station:
    """Performs jobs and remembers what it saw; `decide` says how a job ends, Done unless told otherwise."""

    decide: Callable[[Job, int], Decision | None] = lambda job, attempt: None
    seen: list[tuple[str, int]] = field(default_factory=list)

    def __call__(self, job: Job, attempt: int) -> Decision:
        self.seen.append((job.subject, attempt))
        return self.decide(job, attempt) or Done()

    @property
    def subjects(self) -> list[str]:
        return [subject for subject, _attempt in self.seen]


@contextmanager
def running(runner: Runner) -> Iterator[threading.Thread]:
    """Run `runner` in a thread; at the end it is stopped and must have returned."""
    thread = threading.Thread(target=runner.run)
    thread.start()
    try:
        yield thread
    finally:
        runner.stop()
        thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


def run_to_end(runner: Runner) -> None:
    """Run `runner` until something in it stops it; what it raises is raised here."""
    with ThreadPoolExecutor(1) as thread:
        run = thread.submit(runner.run)
        try:
            run.result(PATIENCE_SECONDS)
        finally:
            runner.stop()


def wait_for(event: threading.Event) -> None:
    """Wait until `event` is set, in a job as in a test; it is a failure when it never is."""
    if not event.wait(PATIENCE_SECONDS):
        raise TimeoutError("what was waited for did not happen")
