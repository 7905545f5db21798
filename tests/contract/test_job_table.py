"""The embedded queue: jobs run once, in order within a lock, and never two of a lock at the same time."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from gateway.ports.jobs import ClaimedJob, Done, GiveUp, Job, JobTable, RetryAt
from gateway.ports.unit_of_work import OpenUnitOfWork
from gateway.store.database import Database
from tests.contract.records import NOW

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def table(database: Database) -> JobTable:
    return database.job_table()


def put(open_unit: OpenUnitOfWork, *jobs: Job) -> None:
    with open_unit() as unit:
        for job in jobs:
            unit.defer(job)
        unit.commit()


def claim(table: JobTable, at: datetime = NOW) -> ClaimedJob:
    claimed = table.claim(at)
    assert claimed is not None
    return claimed


def test_the_oldest_job_is_taken_first(table: JobTable, open_unit: OpenUnitOfWork) -> None:
    put(open_unit, Job("check", "F1", "acme"), Job("check", "F2", "birch"))
    assert ["F1", "F2"] == [claim(table).job.subject for _ in range(2)]
    assert table.claim(NOW) is None


def test_jobs_with_one_lock_run_one_after_the_other(table: JobTable, open_unit: OpenUnitOfWork) -> None:
    put(open_unit, Job("check", "F1", "acme"), Job("check", "F2", "acme"), Job("check", "F3", "birch"))
    first = claim(table)
    assert "F3" == claim(table).job.subject
    assert table.claim(NOW) is None
    table.finish(first, Done())
    assert "F2" == claim(table).job.subject


def test_a_job_waits_for_an_earlier_one_of_its_lock_that_is_tried_again_later(
    table: JobTable, open_unit: OpenUnitOfWork
) -> None:
    put(open_unit, Job("deliver", "D1", "acme"), Job("deliver", "D2", "acme"))
    table.finish(claim(table), RetryAt(LATER))
    assert table.claim(NOW) is None
    again = claim(table, LATER)
    assert ("D1", 2) == (again.job.subject, again.attempt)
    table.finish(again, GiveUp("the partner refused our login"))
    assert ("D2", 1) == (claim(table, LATER).job.subject, 1)


def test_a_job_is_not_taken_before_its_time(table: JobTable, open_unit: OpenUnitOfWork) -> None:
    put(open_unit, Job("feed", "INV1", "acme", run_at=LATER))
    assert table.claim(LATER - timedelta(microseconds=1)) is None
    assert LATER == claim(table, LATER).job.run_at


def test_the_next_due_time_is_that_of_a_job_that_could_run(table: JobTable, open_unit: OpenUnitOfWork) -> None:
    assert table.next_due() is None
    put(open_unit, Job("feed", "INV1", "acme", run_at=LATER), Job("feed", "INV2", "acme"))
    assert LATER == table.next_due()
    put(open_unit, Job("feed", "INV3", "birch", run_at=NOW))
    assert NOW == table.next_due()
    put(open_unit, Job("feed", "INV4", "cedar"))
    assert datetime(1970, 1, 1, tzinfo=UTC) == table.next_due()


def test_what_a_dead_process_held_is_done_again(table: JobTable, open_unit: OpenUnitOfWork) -> None:
    put(open_unit, Job("check", "F1", "acme"), Job("check", "F2", "birch"))
    claim(table)
    assert 1 == table.release_stranded()
    assert 0 == table.release_stranded()
    again = claim(table)
    assert ("F1", 2) == (again.job.subject, again.attempt)


def test_several_threads_never_take_the_same_job_nor_the_same_lock(table: JobTable, open_unit: OpenUnitOfWork) -> None:
    put(open_unit, *(Job("check", f"F{n}", f"partner{n % 3}") for n in range(30)))
    running: set[str] = set()
    done: list[tuple[str, int]] = []
    guard = threading.Lock()
    overlaps: list[str] = []

    def work() -> None:
        while len(done) < 30:
            claimed = table.claim(NOW)
            if claimed is None:
                continue
            with guard:
                if claimed.job.lock in running:
                    overlaps.append(claimed.job.subject)
                running.add(claimed.job.lock)
            with guard:
                running.discard(claimed.job.lock)
                done.append((claimed.job.lock, int(claimed.job.subject[1:])))
            table.finish(claimed, Done())

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == overlaps
    for lock in ("partner0", "partner1", "partner2"):
        assert list(range(int(lock[-1]), 30, 3)) == [number for of, number in done if of == lock]
