"""What only procrastinate has to hold: our transaction, several nodes, its tables, its silence about our data."""

import logging
import threading
from collections import defaultdict

import pytest

from gateway.errors import SchemaOutdated
from gateway.jobs.distributed import DistributedQueue, DistributedRunner, install_schema
from gateway.ports.jobs import Done, GiveUp, Job, RetryAt
from gateway.store.database import Database
from tests.contract.jobs_queue import Queue, Station

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def queue(database_url, tmp_path):
    opened = Queue(database_url, tmp_path)
    yield opened
    opened.database.close()


def test_the_job_tables_are_installed_once(database_url):
    assert [True, False] == [install_schema(database_url), install_schema(database_url)]


def test_without_the_job_tables_the_reader_is_told_what_to_run(database_url):
    database = Database(database_url)
    with database.unit_of_work(DistributedQueue())() as unit, pytest.raises(SchemaOutdated) as deferring:
        unit.defer(Job("check", "file", lock="acme"))
    with pytest.raises(SchemaOutdated) as running:
        DistributedRunner(database_url, lambda job, attempt: Done()).drain()
    database.close()
    assert ["run `gateway db upgrade`"] * 2 == [deferring.value.hint, running.value.hint]


def test_no_one_sees_a_job_before_its_transaction_commits(queue):
    station = Station()
    with queue.open_unit() as unit:
        unit.defer(Job("check", "file", lock="acme"))
        assert 0 == queue.drain(station)
        unit.commit()
    assert 1 == queue.drain(station)


def test_several_nodes_share_the_jobs_each_runs_once_and_in_order_within_its_lock(queue):
    seen: defaultdict[str, list[int]] = defaultdict(list)
    meeting = threading.Barrier(2, timeout=30)
    met = set()

    def node(name: str):
        def perform(job: Job, attempt: int) -> Done:
            if name not in met:  # the first job of each node waits for the other's: both work
                met.add(name)
                meeting.wait()
            seen[job.lock].append(int(job.subject))
            return Done()

        return threading.Thread(target=DistributedRunner(queue.url, perform, threads=2).drain)

    queue.defer(*(Job("check", str(number), lock=lock) for number in range(10) for lock in "abcdef"))
    nodes = [node("one"), node("two")]
    for each in nodes:
        each.start()
    for each in nodes:
        each.join()
    assert {lock: list(range(10)) for lock in "abcdef"} == seen


def test_more_jobs_run_at_a_time_than_asyncio_has_threads_of_its_own(queue):
    meeting = threading.Barrier(8, timeout=30)
    queue.defer(*(Job("check", str(number), lock=str(number)) for number in range(8)))
    station = Station(lambda job, attempt: meeting.wait() and None)
    assert 8 == queue.drain(station, threads=8)


def test_logs_at_their_most_talkative_name_jobs_by_ids_and_never_quote_a_reason(queue, caplog):
    ends = {1: RetryAt(queue.clock.now()), 2: GiveUp("JOHN DOE is not on file")}
    queue.defer(Job("check", "F-1", lock="acme"))
    with caplog.at_level(logging.DEBUG):
        assert 2 == queue.drain(Station(lambda job, attempt: ends[attempt]))
    assert "station='check', subject='F-1'" in caplog.text.replace("lock='acme', ", "").replace('"', "'")
    assert "JOHN DOE" not in caplog.text
