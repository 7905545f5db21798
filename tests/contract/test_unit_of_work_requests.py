"""Requests that people make, on both databases: their log, trial bills, characteristics, versions of types."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gateway.domain.charge import RequestLogEntry, RequestStatus, TrialBill
from gateway.domain.request_audit import Characteristic, TypeChange, TypeVersion
from gateway.errors import ConcurrentChange
from gateway.ports.queries import RequestFilter
from gateway.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from gateway.store.database import Database
from tests.contract.records import ACME, add_file_with_set, change, line, membership, money, request

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)
DAY = date(2025, 11, 5)


@pytest.fixture
def unit(open_unit: OpenUnitOfWork):
    """A unit of work in a world with set S1, account ACME and membership M1."""
    with open_unit() as opened:
        add_file_with_set(opened)
        opened.enrollment.add_account(ACME)
        opened.enrollment.save([change(membership("M1", subscriber_id="A100"), ordinal=1)])
        yield opened


def entry(status: RequestStatus, request_id: str = "R1") -> RequestLogEntry:
    return RequestLogEntry(f"{request_id}/{status}", request_id, NOON, status, "pat", "as ordered")


def test_who_made_and_decided_a_request_is_kept(unit: UnitOfWork) -> None:
    ordered = replace(request(), is_manual=True, is_trial=True, created_by="pat")
    unit.requests.add(ordered)
    unit.requests.update(replace(ordered, decided_by="kim"))
    assert replace(ordered, decided_by="kim") == unit.requests.find("R1")


def test_a_trial_request_is_never_the_open_one_and_stands_beside_it(unit: UnitOfWork) -> None:
    unit.requests.add(replace(request("T1"), is_trial=True))
    unit.requests.add(replace(request("T2"), is_trial=True))
    assert unit.requests.open_for("ACME") is None
    unit.requests.add(request())
    assert request() == unit.requests.open_for("ACME")
    with pytest.raises(ConcurrentChange):
        unit.requests.add(request("R2"))


def test_only_a_processed_regular_request_counts_as_billed(unit: UnitOfWork) -> None:
    done = replace(request(), status=RequestStatus.PROCESSED)
    unit.requests.add(replace(done, id="T1", is_trial=True))
    unit.requests.add(replace(done, id="C1", status=RequestStatus.CANCELED))
    assert not unit.requests.was_processed(["ACME", "BIRCH"])
    unit.requests.add(done)
    assert unit.requests.was_processed(["ACME", "BIRCH"])
    assert not unit.requests.was_processed(["BIRCH"])


def test_the_log_of_a_request_is_read_in_the_order_it_was_written(unit: UnitOfWork, database: Database) -> None:
    unit.requests.add(request())
    written = [entry(status) for status in (RequestStatus.DRAFT, RequestStatus.APPROVAL, RequestStatus.DEFER)]
    for each in (*written, written[0]):
        unit.requests.add_log([each])
    assert (True, False) == (unit.requests.has_log("R1/draft"), unit.requests.has_log("R1/processed"))
    unit.commit()
    assert tuple(written) == database.queries().request("R1").log


def test_a_trial_bill_comes_back_as_it_was_made_and_is_kept_once(unit: UnitOfWork) -> None:
    unit.requests.add(replace(request(), is_trial=True))
    lines = [line(1, "1450.00", "2025-12"), replace(line(2, "10.00", "2025-11"), employer_share=money("4.00"))]
    bill = TrialBill(
        "R1", "ACME", NOON, DAY, DAY, DAY, DAY, money("1460.00"), 2, money("5.00"), money("0.00"), ("one", "two")
    )
    unit.requests.keep_trial(bill, lines)
    unit.requests.keep_trial(replace(bill, total=money("0.00")), [])
    assert bill == unit.requests.trial("R1")
    assert lines == list(unit.requests.trial_lines("R1"))
    assert unit.requests.trial("R2") is None


def test_requests_are_found_by_status_account_and_day(unit: UnitOfWork, database: Database) -> None:
    unit.enrollment.add_account(replace(ACME, id="BIRCH"))
    first = replace(request("R1"), created_on=DAY, status=RequestStatus.PROCESSED)
    second = replace(request("R2"), created_on=date(2025, 11, 7))
    third = replace(request("R3", account_id="BIRCH"), created_on=date(2025, 11, 9))
    for each in (first, second, third):
        unit.requests.add(each)
    unit.commit()

    def found(limit=9, **wanted):
        return [each.id for each in database.queries().requests(RequestFilter(**wanted), limit=limit).items]

    assert ["R3", "R2", "R1"] == found()
    assert ["R3"] == found(limit=1)
    assert 3 == database.queries().requests(RequestFilter(), limit=1).total
    assert ["R1"] == found(status=RequestStatus.PROCESSED)
    assert ["R3"] == found(account_id="BIRCH")
    assert ["R2"] == found(since=date(2025, 11, 6), until=date(2025, 11, 7))


def test_the_latest_word_about_a_membership_counts_and_every_word_is_kept(unit: UnitOfWork) -> None:
    def said(setting: str, minute: int) -> Characteristic:
        at = NOON.replace(minute=minute)
        return Characteristic(f"k{minute}", "M1", "INVRACTE", setting, at, "kim", reason="as agreed")

    unit.request_audit.add_characteristics([said("Y", 5), said("N", 3), said("Y", 5)])
    assert {"M1": {"INVRACTE": "Y"}} == unit.request_audit.characteristics(["M1", "M2"])


def test_versions_of_types_come_in_their_order_and_are_never_rewritten(unit: UnitOfWork) -> None:
    first = TypeVersion("acme", "ADHOC", 1, TypeChange.WRITTEN, "{}", NOON, "by hand", "seen")
    second = replace(first, number=2, change=TypeChange.INACTIVATED, by="kim")
    unit.request_audit.add_type_versions([second, first])
    unit.request_audit.add_type_versions([replace(first, content="changed")])
    assert [first, second] == unit.request_audit.type_versions("acme")
    assert [] == unit.request_audit.type_versions("birch")
