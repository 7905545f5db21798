"""Reviews, work items and discrepancies on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.review import Disagreement, Discrepancy, ItemEnd, Review, Verdict, WorkItem
from gateway.errors import NotFound
from gateway.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from gateway.store.database import Database
from tests.contract.records import NOW, add_file_with_set

RELEASE = Review("R1", "S1", "F1", Verdict.RELEASE, "Jo Doe", "confirmed", NOW, ("OLD_FILE", "MASS_TERM_GUARD"))
ITEM = WorkItem(
    "W1", "acme", "ACME", "A100", ("I1", "I2"), "UNKNOWN_PLAN", "No such plan.", "F1", "S1", 2, 14, opened_at=NOW
)
HELD = replace(ITEM, id="W2", subscriber_id="", names=(), code="OLD_FILE", ordinal=0)


@pytest.fixture
def unit(open_unit: OpenUnitOfWork) -> UnitOfWork:
    with open_unit() as unit:
        add_file_with_set(unit)
        unit.commit()
        yield unit


def test_a_decision_is_kept_once_with_all_it_says(unit: UnitOfWork) -> None:
    assert (True, False) == (unit.reviews.add(RELEASE), unit.reviews.add(replace(RELEASE, by="Somebody Else")))
    assert (RELEASE, [RELEASE], []) == (
        unit.reviews.get("R1"),
        unit.reviews.of_set("S1"),
        unit.reviews.of_set("S2"),
    )


def test_a_decision_that_is_not_there_is_not_found(unit: UnitOfWork) -> None:
    with pytest.raises(NotFound, match="there is no review R9"):
        unit.reviews.get("R9")


def test_decisions_about_a_set_come_in_the_order_they_were_made(unit: UnitOfWork) -> None:
    later = replace(RELEASE, id="R0", verdict=Verdict.REFUSE, at=NOW + timedelta(hours=1), waived=())
    unit.reviews.add(later)
    unit.reviews.add(RELEASE)
    assert [RELEASE, later] == unit.reviews.of_set("S1")


def test_an_open_item_is_found_by_partner_and_subscriber(unit: UnitOfWork) -> None:
    assert not unit.work_items.has_open("acme")
    unit.work_items.add([ITEM, HELD])
    unit.work_items.add([replace(ITEM, message="said again")])
    assert (True, False) == (unit.work_items.has_open("acme"), unit.work_items.has_open("birch"))
    assert [ITEM] == unit.work_items.open_for("acme", ["A100", "A200"])
    assert [] == unit.work_items.open_for("birch", ["A100"])


def test_an_item_is_closed_once(unit: UnitOfWork) -> None:
    unit.work_items.add([ITEM])
    unit.work_items.close(["W1"], ItemEnd.APPLIED, at=NOW, by_set="S1")
    unit.work_items.close(["W1"], ItemEnd.SENT_AGAIN, at=NOW + timedelta(hours=1))
    assert ([], False) == (unit.work_items.open_for("acme", ["A100"]), unit.work_items.has_open("acme"))


def test_the_end_of_a_whole_set_leaves_its_members_items_open(unit: UnitOfWork, database: Database) -> None:
    unit.work_items.add([ITEM, HELD])
    unit.work_items.close_set("S1", ItemEnd.REFUSED, at=NOW)
    unit.commit()
    assert [ITEM] == unit.work_items.open_for("acme", ["A100", ""])
    (closed,) = database.queries().worklist(closed=True).items
    assert ("W2", ItemEnd.REFUSED, NOW, "") == (closed.id, closed.ending, closed.closed_at, closed.closed_by)


def test_the_work_list_names_envelopes_and_remedy_oldest_first(unit: UnitOfWork, database: Database) -> None:
    unit.work_items.add([replace(ITEM, opened_at=NOW + timedelta(days=1)), HELD])
    unit.commit()
    found = database.queries().worklist(limit=1)
    (first,) = found.items
    assert (2, 1, "W2", "000000001", "1", "0001") == (
        found.total,
        found.left_out,
        first.id,
        first.isa13,
        first.gs06,
        first.st02,
    )
    assert "gateway release" in first.remedy
    assert [] == list(database.queries().worklist(partner_id="birch").items)


def test_discrepancies_come_back_in_their_order_however_many(unit: UnitOfWork) -> None:
    told = [Discrepancy(Disagreement.DATES, "M1", f"P{n}", n, "PPO", "GOLD", "A100", "a", "b") for n in range(1, 1203)]
    told.append(Discrepancy(Disagreement.MISSING_THERE, "M1", "P0"))
    unit.discrepancies.add("S1", told)
    unit.discrepancies.add("S1", told[:3])
    assert told == list(unit.discrepancies.of_set("S1"))
    assert [] == list(unit.discrepancies.of_set("S2"))
