"""What every way of running jobs must do; each test runs on the embedded queue and on procrastinate."""

import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from queue import SimpleQueue

import pytest

from gateway.jobs.timetable import ApsTimetable
from gateway.ports.jobs import Decision, GiveUp, Job, RetryAt, Schedule
from tests.contract.jobs_queue import PATIENCE_SECONDS, Queue, Station, run_to_end, running, wait_for

ROOT = Path(__file__).parents[2]
HOUR = timedelta(hours=1)


def job(subject: str, lock: str | None = None) -> Job:
    return Job("station", subject, lock=lock or subject)


@pytest.fixture
def queue(database_url, tmp_path) -> Iterator[Queue]:
    opened = Queue(database_url, tmp_path)
    yield opened
    opened.database.close()


def test_a_job_exists_once_its_unit_of_work_commits(queue):
    station = Station()
    with queue.open_unit() as unit:
        unit.defer(job("check"))
        unit.commit()
    assert 1 == queue.drain(station)
    assert [("check", 1)] == station.seen


def test_a_job_of_a_unit_of_work_that_is_rolled_back_never_was(queue):
    station = Station()
    with queue.open_unit() as unit:
        unit.defer(job("check"))
    assert 0 == queue.drain(station)
    assert [] == station.seen


def test_a_job_is_pending_from_when_it_is_deferred_until_it_has_ended(queue):
    asked = Job("station", "acme", lock="another")

    def pending() -> bool:
        with queue.open_unit() as unit:
            return unit.is_pending(asked)

    with queue.open_unit() as unit:
        unit.defer(Job("another", "acme", lock="acme"))
        unit.defer(Job("station", "birch", lock="acme"))
        assert not unit.is_pending(asked)
        unit.defer(job("acme"))
        assert unit.is_pending(asked)  # already in the transaction that defers it
        unit.commit()
    seen = []
    queue.drain(Station(lambda job, _: seen.append((job.subject, pending()))))
    assert ("acme", True) in seen
    assert not pending()


def test_a_job_brings_its_station_subject_and_lock(queue):
    jobs = []

    def perform(job: Job, attempt: int) -> Decision | None:
        jobs.append((job.station, job.subject, job.lock))

    queue.defer(Job("deliver", "D-1", lock="deliver/acme"))
    queue.drain(Station(perform))
    assert [("deliver", "D-1", "deliver/acme")] == jobs


def test_a_job_runs_once(queue):
    station = Station()
    queue.defer(job("check"))
    assert [1, 0] == [queue.drain(station), queue.drain(station)]
    assert [("check", 1)] == station.seen


def test_jobs_of_one_lock_run_in_the_order_they_came_and_never_at_the_same_time(queue):
    inside: Counter[str] = Counter()
    most: list[int] = []

    def perform(job: Job, attempt: int) -> None:
        inside[job.lock] += 1
        most.append(inside[job.lock])
        inside[job.lock] -= 1

    station = Station(perform)
    queue.defer(*(job(f"{lock}{number}", lock) for number in range(8) for lock in "ab"))
    assert 16 == queue.drain(station, threads=4)
    assert [f"a{number}" for number in range(8)] == [name for name in station.subjects if name.startswith("a")]
    assert [f"b{number}" for number in range(8)] == [name for name in station.subjects if name.startswith("b")]
    assert {1} == set(most)


def test_while_a_job_runs_its_lock_waits_and_other_locks_do_not(queue):
    others_ran = threading.Event()
    begun_meanwhile = []

    def perform(job: Job, attempt: int) -> None:
        if job.subject == "slow":
            wait_for(others_ran)
            begun_meanwhile.extend(station.subjects)
        elif job.subject == "last of the others":
            others_ran.set()

    station = Station(perform)
    queue.defer(
        job("slow", "acme"), job("behind it", "acme"), job("other", "dunes"), job("last of the others", "dunes")
    )
    assert 4 == queue.drain(station)
    assert {"slow", "other", "last of the others"} == set(begun_meanwhile)
    assert "behind it" == station.subjects[-1]


def test_a_job_behind_another_of_its_lock_begins_as_soon_as_that_one_has_ended(queue):
    """No poll lies between them: a hundred jobs of one partner would take a hundred polls."""
    station = Station(lambda job, attempt: runner.stop() if job.subject == "99" else None)
    runner = queue.runner(station)
    queue.defer(*(job(str(number), "acme") for number in range(100)))
    run_to_end(runner)
    assert [str(number) for number in range(100)] == station.subjects


def test_a_job_deferred_for_later_is_not_run_before_its_time(queue):
    station = Station()
    queue.defer(Job("station", "later", "later", run_at=queue.clock.now() + HOUR), job("now"))
    assert 1 == queue.drain(station)
    queue.pass_time(HOUR)
    assert 1 == queue.drain(station)
    assert ["now", "later"] == station.subjects


def test_a_job_that_asks_to_run_again_does_so_at_its_time_and_its_attempts_count_from_one(queue):
    now = queue.clock.now()
    times = {1: now + HOUR, 2: now - HOUR}
    station = Station(lambda job, attempt: RetryAt(times[attempt]) if attempt in times else None)
    queue.defer(job("deliver"))
    assert [1, 0] == [queue.drain(station), queue.drain(station)]
    queue.pass_time(HOUR)
    assert 2 == queue.drain(station), "a time that has passed is due at once"
    queue.pass_time(HOUR)
    assert 0 == queue.drain(station)
    assert [("deliver", 1), ("deliver", 2), ("deliver", 3)] == station.seen


def test_a_job_that_waits_to_run_again_keeps_its_place_in_its_lock_and_holds_no_other(queue):
    at = queue.clock.now() + HOUR
    station = Station(lambda job, attempt: RetryAt(at) if (job.subject, attempt) == ("first", 1) else None)
    queue.defer(job("first", "acme"), job("second", "acme"), job("other", "dunes"))
    assert 2 == queue.drain(station)
    queue.pass_time(HOUR)
    assert 2 == queue.drain(station)
    assert [("first", 2), ("second", 1)] == station.seen[-2:]


def test_a_job_that_is_given_up_never_runs_again_and_frees_its_lock(queue):
    station = Station(lambda job, attempt: GiveUp("the partner refuses it") if job.subject == "first" else None)
    queue.defer(job("first", "acme"), job("second", "acme"))
    assert 2 == queue.drain(station)
    queue.pass_time(24 * HOUR)
    assert 0 == queue.drain(station)
    assert [("first", 1), ("second", 1)] == station.seen


def test_jobs_that_a_job_causes_run_in_the_same_drain(queue):
    follows = {"receive": "check", "check": "apply", "apply": "acknowledge"}

    def perform(job: Job, attempt: int) -> None:
        if job.subject in follows:
            queue.defer(Job("station", follows[job.subject], job.lock))

    station = Station(perform)
    queue.defer(job("receive", "acme"))
    assert 4 == queue.drain(station)
    assert ["receive", "check", "apply", "acknowledge"] == station.subjects


def test_a_drain_ends_when_nothing_is_due(queue):
    assert 0 == queue.drain(Station())


def test_a_run_takes_up_what_is_deferred_while_it_waits(queue):
    came = threading.Event()
    with running(queue.runner(Station(lambda job, attempt: came.set()))):
        queue.defer(job("check"))
        wait_for(came)


def test_a_run_that_is_stopped_finishes_what_is_in_hand_and_leaves_the_rest(queue):
    in_hand, may_end = threading.Event(), threading.Event()

    def perform(job: Job, attempt: int) -> None:
        in_hand.set()
        wait_for(may_end)

    station = Station(perform)
    queue.defer(job("first", "acme"), job("second", "acme"))
    runner = queue.runner(station, threads=1)
    with running(runner) as thread:
        wait_for(in_hand)
        runner.stop()
        runner.stop()  # people press Ctrl-C twice
        assert thread.is_alive()
        may_end.set()
    assert ["first"] == station.subjects
    later = Station()
    assert 1 == queue.drain(later)
    assert [("second", 1)] == later.seen


def test_a_run_that_is_stopped_before_it_begins_ends_at_once(queue):
    station = Station()
    queue.defer(job("check"))
    runner = queue.runner(station)
    runner.stop()
    run_to_end(runner)
    runner = queue.runner(station)
    assert [] == station.seen
    assert 1 == runner.drain()


def test_an_error_of_ours_ends_the_run_and_the_job_is_done_by_the_next(queue):
    def perform(job: Job, attempt: int) -> None:
        raise ZeroDivisionError

    queue.defer(job("check"))
    with pytest.raises(ZeroDivisionError):
        run_to_end(queue.runner(Station(perform), threads=1))
    station = Station()
    assert 1 == queue.drain(station)
    assert [("check", 2)] == station.seen


def test_a_slot_gets_one_job_however_many_nodes_tick(queue):
    daily = Schedule("bill", job("bill"), every_seconds=86_400)
    ticked: SimpleQueue[tuple[datetime, bool]] = SimpleQueue()

    def tick(schedule: Schedule, slot: datetime) -> bool:
        with queue.open_unit() as unit:
            is_first = unit.claim_tick(f"{schedule.name}:{slot.isoformat()}", queue.clock.now())
            if is_first:
                unit.defer(schedule.job)
            unit.commit()
        ticked.put((slot, is_first))
        return is_first

    nodes = [ApsTimetable([daily], tick) for _ in range(3)]
    for node in nodes:
        node.start()
    ticks = [ticked.get(timeout=PATIENCE_SECONDS) for _ in nodes]
    for node in nodes:
        node.stop()
    assert 1 == len({slot for slot, _is_first in ticks})
    assert [False, False, True] == sorted(is_first for _slot, is_first in ticks)
    assert 1 == queue.drain(Station())


@contextmanager
def process(queue: Queue) -> Iterator[subprocess.Popen[str]]:
    """Start a daemon as a process of its own on the same queue; a test that fails leaves none behind."""
    command = [sys.executable, "-W", "error", "-m", "tests.contract.jobs_process", queue.url, str(queue.folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True, bufsize=1) as started:
        guard = threading.Timer(PATIENCE_SECONDS, started.kill)
        guard.start()
        try:
            yield started
        finally:
            guard.cancel()
            started.kill()


def test_a_job_that_a_killed_process_had_in_hand_is_done_again_by_the_next_and_before_those_behind_it(queue):
    with process(queue) as victim:
        assert "in hand scheduled 1\n" == victim.stdout.readline()
        victim.send_signal(signal.SIGKILL)
        assert -signal.SIGKILL == victim.wait()
    station = Station(lambda job, attempt: runner.stop() if job.subject == "behind it" else None)
    runner = queue.runner(station, silent_seconds=2)
    run_to_end(runner)
    assert [("scheduled", 2), ("behind it", 1)] == station.seen


def test_a_daemon_that_gets_sigterm_finishes_what_is_in_hand_loses_nothing_and_exits_with_0(queue):
    with process(queue) as daemon:
        assert "in hand scheduled 1\n" == daemon.stdout.readline()
        daemon.send_signal(signal.SIGTERM)
        assert "asked to end\n" == daemon.stdout.readline()
        said, errors = daemon.communicate("go on\n")
    assert (0, "done scheduled\nended\n", "") == (daemon.returncode, said, errors)
    station = Station()
    assert 1 == queue.drain(station)
    assert [("behind it", 1)] == station.seen
