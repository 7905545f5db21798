"""A unit of work is one transaction: all of it, or nothing; and what the drivers raise leaves as our own errors."""

import contextlib
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.domain.exchange import Incident, LogEvent, RemoteFile, Sighting
from gateway.errors import ConcurrentChange, ConfigurationError, NotFound, SchemaOutdated, StoreError, StoreUnavailable
from gateway.ports.jobs import Job
from gateway.ports.unit_of_work import OpenUnitOfWork
from gateway.store.database import Database
from tests.contract.records import (
    ACME,
    NOW,
    add_file_with_set,
    change,
    coverage,
    file,
    member,
    receipt,
    request,
    set_record,
)


def test_what_was_not_committed_was_never_written(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.files.claim(file())
    with open_unit() as unit, pytest.raises(NotFound):
        unit.files.get("F1")


def test_an_error_inside_leaves_nothing_behind(open_unit: OpenUnitOfWork) -> None:
    with contextlib.suppress(RuntimeError), open_unit() as unit:
        unit.files.claim(file())
        raise RuntimeError
    with open_unit() as unit, pytest.raises(NotFound):
        unit.files.get("F1")


def test_a_unit_may_commit_step_by_step(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.files.claim(file("F1"))
        unit.commit()
        unit.files.claim(file("F2"))
        unit.commit()
        unit.files.claim(file("F3"))
    with open_unit() as unit:
        assert ["F1", "F2"] == [unit.files.get(each).id for each in ("F1", "F2")]
        with pytest.raises(NotFound, match="there is no file F3"):
            unit.files.get("F3")


def test_a_job_exists_once_the_transaction_commits(database: Database, open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.defer(Job("check", "F1", "acme"))
    assert database.job_table().claim(NOW) is None
    with open_unit() as unit:
        unit.defer(Job("check", "F1", "acme"))
        unit.commit()
    claimed = database.job_table().claim(NOW)
    assert claimed is not None
    assert (Job("check", "F1", "acme"), 1) == (claimed.job, claimed.attempt)


def test_a_tick_belongs_to_the_first_node(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        assert unit.claim_tick("poll/acme:14:30", NOW)
        unit.commit()
    with open_unit() as unit:
        assert not unit.claim_tick("poll/acme:14:30", NOW)


def test_one_incident_is_closed_by_its_key_and_the_others_stand(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        for number, key in enumerate(["K1", "K2"]):
            unit.open_incident(Incident(key, "sequence_gap", "acme", NOW + timedelta(hours=number), "a gap"))
        unit.open_incident(Incident("K3", "login_refused", "acme", NOW, "refused"))
        unit.open_incident(Incident("K4", "sequence_gap", "birch", NOW, "a gap"))
        assert ["K1", "K2"] == [each.key for each in unit.standing_incidents(["sequence_gap"], "acme")]
        assert unit.close_incident("K1", NOW)
        assert not unit.close_incident("K1", NOW)
        assert ["K3", "K2"] == [each.key for each in unit.standing_incidents(["sequence_gap", "login_refused"], "acme")]


def test_ticks_are_forgotten_by_when_they_were_claimed(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.claim_tick("poll:1", NOW)
        unit.claim_tick("poll:2", NOW + timedelta(hours=1))
        assert 1 == unit.forget_ticks(NOW + timedelta(hours=1))
        assert unit.claim_tick("poll:1", NOW)
        assert not unit.claim_tick("poll:2", NOW)


def test_an_incident_is_opened_once_and_closed_with_its_kind(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        assert unit.open_incident(Incident("K1", "sequence_gap", "acme", NOW, "000000004 is missing"))
        assert not unit.open_incident(Incident("K1", "sequence_gap", "acme", NOW, "000000004 is missing"))
        unit.open_incident(Incident("K2", "login_refused", "acme", NOW, "refused"))
        assert 1 == unit.close_incidents("sequence_gap", "acme", NOW)
        assert 0 == unit.close_incidents("sequence_gap", "acme", NOW)
        assert not unit.open_incident(Incident("K1", "sequence_gap", "acme", NOW, "000000004 is missing"))


def test_a_line_of_the_log_is_written_once(database: Database, open_unit: OpenUnitOfWork) -> None:
    event = LogEvent("K1", NOW, "receive", "F1", "F1", "Received 1200 bytes; kept.")
    for _ in range(2):
        with open_unit() as unit:
            unit.files.claim(file())
            unit.record(event, event)
            unit.commit()
    assert 1 == database.queries().timeline("F1").steps.total


def test_an_instant_comes_back_as_the_same_instant_in_utc(open_unit: OpenUnitOfWork) -> None:
    elsewhere = datetime.fromisoformat("2025-11-05T09:30:00.123456-05:00")
    with open_unit() as unit:
        unit.files.claim(file(at=elsewhere))
        received_at = unit.files.get("F1").received_at
    assert elsewhere == received_at
    assert timedelta(0) == received_at.utcoffset()


def test_a_time_without_a_zone_is_refused(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit, pytest.raises(StoreError, match="without a zone"):
        unit.files.claim(file(at=datetime(2025, 11, 5, 14, 30)))


def test_a_fraction_of_a_cent_is_refused(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit, pytest.raises(StoreError, match="fraction of a cent"):
        unit.ledger.add_receipt(replace(receipt(), amount=Decimal("0.005")))


def test_a_partners_nul_character_does_not_stop_the_work(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.files.record_look("acme", [Sighting(RemoteFile("/outbox/a\x00b", 1, 1), NOW)])
        assert ["/outbox/a\ufffdb"] == list(unit.files.last_look("acme"))


def test_an_effect_whose_cause_does_not_exist_is_refused_at_commit(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.enrollment.add_account(ACME)
        unit.enrollment.save([change(members=(member(),), opened=(coverage(),))])
        with pytest.raises(StoreError) as caught:
            unit.commit()
    assert StoreError is type(caught.value)


def test_an_error_of_the_database_quotes_no_row(open_unit: OpenUnitOfWork) -> None:
    planted = member(last_name="Planted")
    with open_unit() as unit, pytest.raises(StoreError) as caught:
        unit.enrollment.save([change(members=(replace(planted, relationship=None),))])  # type: ignore[arg-type]
    shown = []
    error: BaseException | None = caught.value
    while error is not None:
        shown.append(f"{error!r} {error}")
        error = error.__cause__ or error.__context__
    assert not any("Planted" in text for text in shown)


def test_a_second_open_request_of_an_account_is_a_change_by_someone_else(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.enrollment.add_account(ACME)
        unit.requests.add(request("R1"))
        unit.commit()
    with open_unit() as unit, pytest.raises(ConcurrentChange):
        unit.requests.add(request("R2"))


def test_two_writers_wait_for_each_other(open_unit: OpenUnitOfWork) -> None:
    begun, numbers = threading.Barrier(4), []

    def allocate() -> None:
        begun.wait()
        for _ in range(5):
            with open_unit() as unit:
                number = unit.invoices.next_number("invoice/ACME")
                unit.commit()
            numbers.append(number)

    threads = [threading.Thread(target=allocate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(range(1, 21)) == sorted(numbers)


def test_reading_waits_for_no_writer(database: Database, open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.files.claim(file())
        assert [] == database.queries().files()


def test_an_empty_database_asks_for_its_schema(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path}/empty.db")
    with (
        empty.unit_of_work(empty.embedded_queue())() as unit,
        pytest.raises(SchemaOutdated, match="gateway db upgrade"),
    ):
        unit.files.claim(file())
    empty.close()


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all/gateway.db", "postgresql://gateway@127.0.0.1:1/gateway"])
def test_a_database_that_does_not_answer_is_tried_again(url: str) -> None:
    absent = Database(url)
    with pytest.raises(StoreUnavailable) as caught:
        absent.check_schema()
    absent.close()
    assert caught.value.is_temporary


@pytest.mark.parametrize("url", ["", "mysql://gateway@localhost/gateway", "gateway.db"])
def test_a_database_of_another_kind_is_a_mistake_in_the_configuration(url: str) -> None:
    with pytest.raises(ConfigurationError, match="database_url"):
        Database(url)


def test_the_same_world_can_be_written_twice(open_unit: OpenUnitOfWork) -> None:
    for _ in range(2):
        with open_unit() as unit:
            add_file_with_set(unit)
            unit.commit()
    with open_unit() as unit:
        assert set_record() == unit.exchanges.get_set("S1")
