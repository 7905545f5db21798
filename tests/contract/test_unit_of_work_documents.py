"""Outbound documents, their delivery states, our control numbers."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from gateway.domain.exchange import DeliveryState, DocumentKind
from gateway.errors import NotFound
from gateway.ports.unit_of_work import OpenUnitOfWork
from gateway.store.database import Database
from gateway.store.tables_exchange import control_numbers
from tests.contract.records import NOW, document, file

LATER = NOW + timedelta(minutes=1)


def test_a_document_is_made_once_for_what_it_is_about(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        assert unit.documents.add(document("D1", key="ack/I1/999"))
        assert not unit.documents.add(document("D1", key="ack/I1/999"))
        assert document("D1", key="ack/I1/999") == unit.documents.find_by_key("ack/I1/999")
        assert document("D1", key="ack/I1/999") == unit.documents.get("D1")
        assert unit.documents.find_by_key("ack/I1/TA1") is None
        with pytest.raises(NotFound, match="there is no document D2"):
            unit.documents.get("D2")


def test_a_delivery_state_changes_only_from_where_it_is_expected(database: Database, open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.files.claim(file())
        unit.documents.add(document())
        states = (DeliveryState.SENDING, DeliveryState.UNKNOWN)
        assert not unit.documents.move("D1", DeliveryState.VERIFIED, expected=[DeliveryState.SENT], at=NOW)
        assert unit.documents.move("D1", states[0], expected=[DeliveryState.QUEUED], at=NOW)
        assert unit.documents.move("D1", states[1], expected=[states[0]], at=LATER, reason="the line broke")
        assert [1, 2] == [unit.documents.count_try("D1") for _ in range(2)]
        unit.documents.forget_tries("D1")
        assert [1, 2] == [unit.documents.count_try("D1") for _ in range(2)]
        unit.commit()
        changed = unit.documents.get("D1")
    assert (DeliveryState.UNKNOWN, "the line broke", 2) == (changed.state, changed.reason, changed.tries)
    (shown,) = database.queries().timeline("F1").documents
    assert [(NOW, DeliveryState.SENDING, ""), (LATER, DeliveryState.UNKNOWN, "the line broke")] == [
        (each.at, each.state, each.reason) for each in shown.attempts
    ]


def test_documents_in_a_state_are_read_oldest_first(open_unit: OpenUnitOfWork) -> None:
    newer, older = document("D1", at=LATER), document("D2")
    with open_unit() as unit:
        unit.documents.add(newer)
        unit.documents.add(older)
        unit.documents.add(replace(document("D3"), state=DeliveryState.VERIFIED))
        assert [older, newer] == unit.documents.in_state([DeliveryState.QUEUED, DeliveryState.UNKNOWN])


def test_what_was_sent_under_a_control_number_is_found(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.documents.add(document())
        unit.documents.add(replace(document("D2"), partner_id="birch"))
        assert [document()] == unit.documents.find_by_control_number("acme", "000000007")
        assert [] == unit.documents.find_by_control_number("acme", "000000008")


def test_control_numbers_rise_without_gaps_towards_each_partner(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.documents.next_control_number("PLAN", "acme", "ISA")
        unit.commit()
        unit.documents.next_control_number("PLAN", "acme", "ISA")  # never committed: the number was not used
    with open_unit() as unit:
        assert 2 == unit.documents.next_control_number("PLAN", "acme", "ISA")
        assert 3 == unit.documents.next_control_number("PLAN", "acme", "ISA")
        assert 1 == unit.documents.next_control_number("PLAN", "acme", "GS")
        assert 1 == unit.documents.next_control_number("PLAN", "birch", "ISA")


def test_a_control_number_has_nine_digits_and_begins_again_after_the_last(
    database: Database, open_unit: OpenUnitOfWork
) -> None:
    with open_unit() as unit:
        unit.documents.next_control_number("PLAN", "acme", "ISA")
        unit.commit()
    with database.engine.begin() as connection:
        connection.execute(update(control_numbers).values(last=999_999_998))
    with open_unit() as unit:
        assert [999_999_999, 1, 2] == [unit.documents.next_control_number("PLAN", "acme", "ISA") for _ in range(3)]


def test_what_a_partner_has_not_answered_is_told_with_when_it_was_delivered(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.files.claim(file())
        for number in (1, 2):
            unit.documents.add(replace(document(f"D{number}", key=f"K{number}"), kind=DocumentKind.REPORT_824))
        assert ["D1", "D2"] == [each.id for each in unit.documents.undelivered("acme")]
        for number, at in ((1, LATER), (2, NOW)):
            for state in (DeliveryState.SENT, DeliveryState.VERIFIED):
                unit.documents.move(f"D{number}", state, expected=list(DeliveryState), at=at)
        assert [("D2", NOW), ("D1", LATER)] == unit.documents.delivered("acme", [DocumentKind.REPORT_824])
        assert [] == unit.documents.delivered("acme", [DocumentKind.TA1])
        assert [] == unit.documents.delivered("birch", [DocumentKind.REPORT_824])
        unit.documents.move("D2", DeliveryState.ACKNOWLEDGED, expected=list(DeliveryState), at=LATER)
        assert [("D1", LATER)] == unit.documents.delivered("acme", [DocumentKind.REPORT_824])
        assert [] == unit.documents.undelivered("acme")


def test_control_numbers_go_on_from_a_seed_and_never_back(open_unit: OpenUnitOfWork) -> None:
    series = ("US", "acme", "ISA")
    with open_unit() as unit:
        assert 0 == unit.documents.last_control_number(*series)
        assert unit.documents.seed_control_number(*series, 4711)
        assert 4712 == unit.documents.next_control_number(*series)
        assert not unit.documents.seed_control_number(*series, 4712)
        assert not unit.documents.seed_control_number(*series, 1)
        assert unit.documents.seed_control_number(*series, 5000)
        assert 5000 == unit.documents.last_control_number(*series)
        assert 1 == unit.documents.next_control_number("US", "birch", "ISA")


def test_what_is_sent_instead_of_a_document_is_noted_once(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.files.claim(file())
        unit.documents.add(document())
        assert unit.documents.seal("D1", "999.edi.pgp", "outbound/acme/sealed", 77)
        assert not unit.documents.seal("D1", "999.edi.pgp.pgp", "outbound/acme/again", 78)
        found = unit.documents.get("D1")
        assert ("999.edi.pgp", "outbound/acme/sealed", 77) == (found.name, found.sealed_path, found.sealed_bytes)
