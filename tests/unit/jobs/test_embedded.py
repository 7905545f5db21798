"""What only the embedded runner has to hold: its home to itself, and its nerve while SQLite is busy."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from gateway.errors import ConcurrentChange, ConfigurationError
from gateway.jobs.embedded import EmbeddedRunner
from gateway.ports.jobs import Done, Job
from tests.contract.jobs_queue import Queue, Station, running, wait_for

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def queue(database_url, tmp_path):
    opened = Queue(database_url, tmp_path)
    yield opened
    opened.database.close()


def test_a_second_runner_in_the_same_home_is_refused_until_the_first_has_ended(queue):
    came = threading.Event()
    queue.defer(Job("check", "first", lock="acme"))
    with running(queue.runner(Station(lambda job, attempt: came.set()))):
        wait_for(came)
        with pytest.raises(ConfigurationError, match="another gateway process is working in this home"):
            queue.drain(Station())
    assert 0 == queue.drain(Station())


def test_the_jobs_that_a_job_causes_are_shared_by_all_threads_of_a_drain(queue):
    meeting = threading.Barrier(2, timeout=30)

    def perform(job: Job, attempt: int) -> None:
        if job.subject == "receive":
            queue.defer(*(Job("check", number, lock=number) for number in ("1", "2")))
        else:
            meeting.wait()

    queue.defer(Job("check", "receive", lock="acme"))
    assert 3 == queue.drain(Station(perform))


def test_ctrl_c_in_a_drain_does_not_let_go_of_the_home_before_what_is_in_hand_is_finished(queue, tmp_path):
    told = threading.Event()
    finished = []

    class Told(EmbeddedRunner):
        def stop(self) -> None:
            super().stop()
            told.set()

    def perform(job: Job, attempt: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        wait_for(told)
        finished.append(job.subject)

    queue.defer(Job("check", "first", lock="acme"), Job("check", "second", lock="acme"))
    runner = Told(queue.database.job_table(), Station(perform), queue.clock, lock_file=tmp_path / "lock")
    with pytest.raises(KeyboardInterrupt):
        runner.drain()
    assert ["first"] == finished
    assert 1 == queue.drain(Station())


class BusyTable:
    """The job table while a long transaction keeps SQLite's one writer's place: every other call finds it taken."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._calls = 0

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            self._calls += 1
            if name in {"claim", "finish"} and self._calls % 2 == 0:
                raise ConcurrentChange
            return getattr(self._table, name)(*arguments)

        return call


def test_a_table_that_is_busy_for_long_delays_jobs_and_loses_none(queue, tmp_path):
    queue.defer(*(Job("check", str(number), lock="acme") for number in range(5)))
    station = Station()
    table = BusyTable(queue.database.job_table())
    assert 5 == EmbeddedRunner(table, station, queue.clock, threads=1, lock_file=tmp_path / "lock").drain()
    assert [(str(number), 1) for number in range(5)] == station.seen


def test_a_table_that_stays_busy_ends_the_run_with_the_error(queue, tmp_path):
    class Taken(BusyTable):
        def claim(self, now: object) -> None:
            raise ConcurrentChange

    table = Taken(queue.database.job_table())
    with pytest.raises(ConcurrentChange):
        EmbeddedRunner(table, lambda job, attempt: Done(), queue.clock, lock_file=tmp_path / "lock").drain()


@pytest.mark.parametrize(
    ("missing", "module"),
    [
        (["fcntl"], "gateway.jobs.embedded"),  # another operating system
        (["procrastinate", "psycopg"], "gateway.bootstrap"),  # installed without the extra `postgresql`
    ],
)
def test_what_is_not_there_stops_no_one_who_does_not_need_it(database_url, missing, module):
    hidden = "".join(f"sys.modules[{name!r}] = None; " for name in missing)
    platform = "sys.platform = 'win32'; " if "fcntl" in missing else ""
    program = f"import sys, pathlib, threading, structlog; {hidden}{platform}import {module}"
    assert 0 == subprocess.run([sys.executable, "-c", program], check=False).returncode
