"""The in-process runner for the embedded database: a few threads over the jobs table, one process per home."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import ConfigurationError
from gateway.logs import get_logger
from gateway.ports.clock import Clock
from gateway.ports.jobs import JobTable, Perform

_IDLE_SECONDS = 1.0  # how soon a job that another thread or command deferred is noticed


class EmbeddedRunner:
    """Runs jobs from a `JobTable` on `threads` threads; jobs of one lock run one at a time and in order."""

    def __init__(self, table: JobTable, perform: Perform, clock: Clock, *, threads: int = 2, lock_file: Path) -> None:
        """Take the table, what performs a job, and the file that keeps a second process from running the same jobs."""
        self._table = table
        self._perform = perform
        self._clock = clock
        self._threads = threads
        self._lock_file = lock_file
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._running = 0

    def drain(self) -> int:
        """Run all jobs that are due, and those they cause; return how many ran."""
        with self._alone():
            return self._work(until_idle=True)

    def run(self) -> None:
        """Run jobs as they come, until `stop`; then finish what is in hand and return."""
        with self._alone():
            self._work(until_idle=False)

    def stop(self) -> None:
        """Ask `run` to end; may be called from a signal handler."""
        self._stop.set()

    def _work(self, *, until_idle: bool) -> int:
        """Run the threads to their end and return how many jobs they ran; an error of ours is raised here."""
        stranded = self._table.release_stranded()
        if stranded:
            get_logger().warning("jobs of an interrupted run are done again", jobs=stranded)
        counts: list[int] = []
        errors: list[BaseException] = []

        def body() -> None:
            try:
                counts.append(self._loop(until_idle=until_idle))
            except BaseException as error:
                errors.append(error)
                self._stop.set()

        workers = [threading.Thread(target=body, name=f"worker-{n}") for n in range(1, self._threads + 1)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self._stop.clear()
        if errors:
            raise errors[0]
        return sum(counts)

    def _loop(self, *, until_idle: bool) -> int:
        """Claim and run until told to stop, or until nothing is due and no other thread may still cause work."""
        ran = 0
        while not self._stop.is_set():
            with self._changed:
                claimed = self._table.claim(self._clock.now())
                if claimed is None:
                    if until_idle and self._running == 0:
                        self._changed.notify_all()
                        break
                    self._changed.wait(_IDLE_SECONDS)
                    continue
                self._running += 1
            try:
                self._table.finish(claimed, self._perform(claimed.job, claimed.attempt))
                ran += 1
            finally:
                with self._changed:
                    self._running -= 1
                    self._changed.notify_all()
        return ran

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the home's lock file: what a dead process left in `doing` can then safely be taken over."""
        self._lock_file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConfigurationError(
                    "another gateway process is working in this home",
                    hint="it will do what is due; stop it first (SIGTERM), or use PostgreSQL for several processes",
                ) from None
            yield
        finally:
            os.close(descriptor)
