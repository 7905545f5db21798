"""Inbound files, their landings, and the last look at a folder."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.exchange import Arrival, FileContent, FileState, RemoteFile, Sighting
from gateway.errors import NotFound
from gateway.ports.unit_of_work import OpenUnitOfWork
from tests.contract.records import NOW, add_file_with_set, file, group, interchange, set_record

REMOTE = RemoteFile("/outbox/november.834", 1200, 1_762_350_000)


def test_a_look_replaces_the_look_before_it(open_unit: OpenUnitOfWork) -> None:
    grown = Sighting(replace(REMOTE, size_bytes=2400), NOW)
    seen = Sighting(REMOTE, NOW - timedelta(hours=1), is_unfinished=True)
    with open_unit() as unit:
        assert {} == unit.files.last_look("acme")
        unit.files.record_look("acme", [seen, Sighting(RemoteFile("/outbox/gone.834", 1, 1), NOW)])
        unit.files.record_look("birch", [seen])
        unit.files.record_look("acme", [grown])
        assert {REMOTE.path: grown} == unit.files.last_look("acme")
        assert {REMOTE.path: seen} == unit.files.last_look("birch")
        unit.files.mark_unfinished("acme", REMOTE)
        assert {REMOTE.path: replace(grown, is_unfinished=True)} == unit.files.last_look("acme")
        unit.files.record_look("acme", [])
        assert {} == unit.files.last_look("acme")


def test_the_first_to_claim_the_bytes_of_a_partner_works_on_them(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        assert unit.files.claim(file("F1", sha256="ab" * 32))
        assert not unit.files.claim(file("F1", sha256="ab" * 32))
        assert not unit.files.claim(file("F9", sha256="ab" * 32))
        assert unit.files.claim(file("F2", sha256="ab" * 32, partner="birch"))


def test_a_file_comes_back_as_it_was_claimed(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.files.claim(file())
        assert file() == unit.files.get("F1")
        with pytest.raises(NotFound, match="there is no file F2"):
            unit.files.get("F2")


def test_a_landing_is_recorded_once_and_put_away_once(open_unit: OpenUnitOfWork) -> None:
    landing = Arrival("acme", REMOTE, "F1", NOW, is_duplicate=False)
    with open_unit() as unit:
        unit.files.claim(file())
        assert unit.files.add_arrival(landing)
        assert not unit.files.add_arrival(landing)
        assert landing == unit.files.find_arrival("acme", REMOTE)
        unit.files.mark_put_away(landing)
        assert replace(landing, put_away=True) == unit.files.find_arrival("acme", REMOTE)


@pytest.mark.parametrize("other", [{"size_bytes": 1201}, {"modified_at": 1}, {"path": "/outbox/other.834"}])
def test_a_remote_file_that_changed_is_another_landing(open_unit: OpenUnitOfWork, other: dict[str, int]) -> None:
    changed = replace(REMOTE, **other)
    with open_unit() as unit:
        unit.files.claim(file())
        unit.files.add_arrival(Arrival("acme", REMOTE, "F1", NOW, is_duplicate=False))
        assert unit.files.find_arrival("acme", changed) is None
        assert unit.files.find_arrival("birch", REMOTE) is None
        assert unit.files.add_arrival(Arrival("acme", changed, "F1", NOW, is_duplicate=True))


def test_a_file_moves_on_only_from_where_it_is_expected(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.files.claim(file())
        assert not unit.files.move("F1", FileState.APPLIED, expected=[FileState.CHECKED], reason="too early")
        assert file() == unit.files.get("F1")
        assert unit.files.move("F1", FileState.QUARANTINED, expected=[FileState.RECEIVED], reason="This is no X12")
        assert replace(file(), state=FileState.QUARANTINED, reason="This is no X12") == unit.files.get("F1")
        assert not unit.files.move("F2", FileState.QUARANTINED, expected=list(FileState))


def test_failed_tries_are_counted(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.files.claim(file())
        assert [1, 2, 3] == [unit.files.count_try("F1") for _ in range(3)]
        assert 3 == unit.files.get("F1").tries


def test_what_a_partner_sent_since_an_instant_is_told_by_file_and_set_type(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        add_file_with_set(unit)
        unit.exchanges.add_sets([(set_record("S2", ordinal=2, set_type="820"), [])])
        unit.files.claim(file("F2", at=NOW + timedelta(days=2)))
        unit.exchanges.add_interchange(interchange("I2", file_id="F2"), [])
        unit.exchanges.add_group(group("G2", interchange_id="I2"), [], file_id="F2")
        unit.exchanges.add_sets([(replace(set_record("S3", file_id="F2"), interchange_id="I2", group_id="G2"), [])])
        later = NOW + timedelta(days=2)
        size = set_record().set.segments
        last = FileContent("F2", later, "834", size)
        both = [FileContent("F1", NOW, "820", size), FileContent("F1", NOW, "834", size), last]
        assert both == unit.files.contents_since("acme", NOW)
        assert [last] == unit.files.contents_since("acme", later)
        assert [] == unit.files.contents_since("birch", NOW)


def test_a_file_is_unfinished_until_the_end_of_its_route(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.files.claim(file("F2", at=NOW + timedelta(days=2)))
        unit.files.claim(file("F1"))
        assert [("F1", NOW), ("F2", NOW + timedelta(days=2))] == unit.files.unfinished("acme")
        assert [] == unit.files.unfinished("birch")
        for file_id, state in (("F1", FileState.ACKNOWLEDGED), ("F2", FileState.QUARANTINED)):
            unit.files.move(file_id, state, expected=[FileState.RECEIVED])
        assert [] == unit.files.unfinished("acme")
