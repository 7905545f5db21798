"""Many rows in one call: nothing is lost, mixed up or merged on the way to either database."""

import json

import pytest
from sqlalchemy import select

from gateway.ports.unit_of_work import OpenUnitOfWork
from gateway.store.enrollment import SqlEnrollment
from gateway.store.tables_enrollment import members
from gateway.store.tables_work import log_events
from gateway.store.transaction import CHUNK
from gateway.store.unit_of_work import SqlUnitOfWork
from tests.contract.records import NOW


def event(number: int, text: str = "something") -> dict[str, object]:
    return {
        "key": f"E{number:05d}",
        "at": NOW,
        "station": "check",
        "file_id": "F1",
        "subject_id": "F1",
        "text": text,
    }


def texts(unit: SqlUnitOfWork) -> list[str]:
    return [row.text for row in unit._db.rows(select(log_events.c.text).order_by(log_events.c.key))]


def test_rows_of_several_chunks_arrive_whole_and_in_place(open_unit: OpenUnitOfWork) -> None:
    count = 2 * CHUNK + 1
    with open_unit() as unit:
        unit._db.add(log_events, (event(number, f"text {number}") for number in range(count)))
        assert [f"text {number}" for number in range(count)] == texts(unit)


def test_rows_may_name_their_columns_in_any_order(open_unit: OpenUnitOfWork) -> None:
    turned = dict(reversed(event(2, "second").items()))
    with open_unit() as unit:
        unit._db.add(log_events, [event(1, "first"), turned])
        assert ["first", "second"] == texts(unit)


def test_a_key_that_comes_twice_in_one_call_is_added_once(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit._db.add(log_events, [event(1, "first"), event(1, "again"), event(2, "second")])
        assert ["first", "second"] == texts(unit)


def test_text_keeps_quotes_backslashes_braces_and_loses_only_its_nul(open_unit: OpenUnitOfWork) -> None:
    sent = ["it's", 'a "quote"', "back\\slash", "{a,b}", "NULL", "", "ü€😀", "50 %s", "a\x00b"]
    with open_unit() as unit:
        unit._db.add(log_events, (event(number, text) for number, text in enumerate(sent)))
        assert [*sent[:-1], "a\ufffdb"] == texts(unit)


@pytest.mark.parametrize(
    "sent", [[""], ["", ""], ["a\x1fb", ""], ["\x1e", "\x1f", "a"], ["\x1f\x1e", "\ue000", "\ue001"]]
)
def test_no_character_of_a_text_is_taken_for_a_boundary(open_unit: OpenUnitOfWork, sent: list[str]) -> None:
    with open_unit() as unit:
        unit._db.add(log_events, (event(number, text) for number, text in enumerate(sent)))
        assert sent == texts(unit)


def test_values_that_are_equal_and_differ_as_json_stay_apart(open_unit: OpenUnitOfWork) -> None:
    kept = [(1,), (True,), (1.0,)]
    person = {column.name: "" for column in members.columns} | {"birth_date": None, "is_subscriber": True}
    with open_unit() as unit:
        assert isinstance(unit.enrollment, SqlEnrollment)
        rows = ({**person, "id": f"P{number}", "contacts": each} for number, each in enumerate(kept))
        unit._db.add(members, rows)
        found = unit._db.rows(select(members.c.contacts).order_by(members.c.id))
    assert [json.dumps(each) for each in kept] == [json.dumps(row.contacts) for row in found]
