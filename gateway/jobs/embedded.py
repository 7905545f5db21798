"""The in-process runner for the embedded database: a few threads over the jobs table, one process per home."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from gateway.errors import ConcurrentChange
from gateway.jobs.alone import alone
from gateway.logs import get_logger
from gateway.ports.clock import Clock
from gateway.ports.jobs import ClaimedJob, JobTable, Perform

_IDLE_SECONDS = 1.0  # how soon `stop`, and a job that came from outside or has become due, is noticed
_PATIENCE = 10  # a writer may hold SQLite longer than one statement waits for it: this many times as long is borne

_T = TypeVar("_T")


class EmbeddedRunner:
    """Runs jobs from a `JobTable` on `threads` threads; jobs of one lock run one at a time and in order.

    One that was stopped, or met an error of ours, stays stopped.
    """

    def __init__(self, table: JobTable, perform: Perform, clock: Clock, *, threads: int = 2, lock_file: Path) -> None:
        """Take the table, what performs a job, and the file that keeps a second process from running the same jobs."""
        self._table = table
        self._perform = perform
        self._clock = clock
        self._threads = threads
        self._lock_file = lock_file
        self._stopping = False  # a plain flag: a signal handler may set it whatever lock its thread holds
        self._changed = threading.Condition()
        self._running = 0

    def drain(self) -> int:
        """Run all jobs that are due, and those they cause; return how many ran."""
        return self._work(until_idle=True)

    def run(self) -> None:
        """Run jobs as they come, until `stop`; then finish what is in hand and return."""
        self._work(until_idle=False)

    def stop(self) -> None:
        """Ask `run` to end, even one that has not begun; may be called from a signal handler or another thread."""
        self._stopping = True

    def _work(self, *, until_idle: bool) -> int:
        """Run the threads to their end and return how many jobs they ran; an error of ours is raised here."""
        counts: list[int] = []
        errors: list[BaseException] = []

        def body() -> None:
            try:
                counts.append(self._loop(until_idle=until_idle))
            except BaseException as error:
                errors.append(error)
                self.stop()

        with alone(self._lock_file):
            # Alone, so whoever left these jobs in hand is dead.
            stranded = self._table.release_stranded()
            if stranded:
                get_logger().warning("jobs of an interrupted run are done again", jobs=stranded)
            workers = [threading.Thread(target=body, name=f"worker-{n}") for n in range(1, self._threads + 1)]
            try:
                for worker in workers:
                    worker.start()
                for worker in workers:
                    worker.join()
            except BaseException:  # Ctrl-C: the home is not let go with jobs in hand
                self.stop()
                with self._changed:
                    self._changed.wait_for(lambda: self._running == 0)
                raise
        if errors:
            raise errors[0]
        return sum(counts)

    def _loop(self, *, until_idle: bool) -> int:
        """Run jobs until told to stop, or until nothing is due and no other thread may still cause work."""
        ran = 0
        while True:
            with self._changed:
                if self._stopping:
                    return ran
                claimed = _patiently(lambda: self._table.claim(self._clock.now()))
                if claimed is None:
                    if until_idle and self._running == 0:
                        return ran
                    self._changed.wait(_IDLE_SECONDS)
                    continue
                self._running += 1
            try:
                self._run(claimed)
                ran += 1
            finally:
                with self._changed:
                    self._running -= 1
                    self._changed.notify_all()

    def _run(self, claimed: ClaimedJob) -> None:
        """Perform one job and write down how it ended."""
        decision = self._perform(claimed.job, claimed.attempt)
        _patiently(lambda: self._table.finish(claimed, decision))


def _patiently(step: Callable[[], _T]) -> _T:
    """Return what `step` on the table returns; it is tried again while others keep the database to themselves."""
    for _ in range(_PATIENCE - 1):
        try:
            return step()
        except ConcurrentChange:
            get_logger().warning("the job table is kept busy by a long transaction; waiting")
    return step()
