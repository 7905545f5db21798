"""Envelopes, sets and findings of checked files."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.exchange import AckCode, SetState
from gateway.domain.finding import Finding, Level, Place, Severity
from gateway.errors import NotFound
from gateway.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from tests.contract.records import (
    NOW,
    RECEIVER,
    SENDER,
    add_file_with_set,
    file,
    group,
    interchange,
    set_record,
)

WRONG_CODE = Finding(
    "IK403:7",
    Level.ELEMENT,
    "INS03 is not a code of the guide.",
    place=Place("INS", 12, 3, None, None, "2000", 14, 812),
    value="999",
    element_reference=875,
    member=2,
    context="SUBSCRIBER NUMBER REF02:A100",
    trigger=Place("HD", 20, 1),
)
MISSING = Finding("IK304:3", Level.SEGMENT, "NM1 is missing.", Severity.WARNING, Place("NM1", 13, loop="2100A"), snip=2)


def test_envelopes_and_sets_come_back_as_they_were_recorded(open_unit: OpenUnitOfWork) -> None:
    second = replace(set_record("S2", ordinal=2), ack=AckCode.REJECTED, state=SetState.REFUSED, findings_left_out=7)
    with open_unit() as unit:
        unit.files.claim(file())
        # A check learns of a set before it knows how its group and interchange end: they are written last.
        unit.exchanges.add_sets([(second, []), (set_record(), [])])
        unit.exchanges.add_group(group(), [], file_id="F1")
        unit.exchanges.add_interchange(interchange(), [])
        unit.commit()
        assert [interchange()] == unit.exchanges.interchanges("F1")
        assert [group()] == unit.exchanges.groups("I1")
        assert [set_record(), second] == list(unit.exchanges.sets("G1"))
        assert second == unit.exchanges.get_set("S2")
        with pytest.raises(NotFound, match="there is no transaction set S3"):
            unit.exchanges.get_set("S3")


def test_many_sets_are_read_in_their_order_while_they_change(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        add_file_with_set(unit)
        unit.exchanges.add_sets([(set_record(f"S{n:04d}", ordinal=n), []) for n in range(2502, 1, -1)])
        seen = []
        for record in unit.exchanges.sets_of_file("F1", states=[SetState.CHECKED]):
            seen.append(record.set.ordinal)
            unit.exchanges.move_set(record.id, SetState.APPLIED, expected=[SetState.CHECKED])
            if record.set.ordinal % 1000 == 0:
                unit.commit()
        assert list(range(1, 2503)) == seen
        assert [] == list(unit.exchanges.sets_of_file("F1", states=[SetState.CHECKED]))


def test_the_sets_of_a_file_follow_the_order_of_its_envelopes(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        add_file_with_set(unit)
        unit.exchanges.add_group(group("G0", gs06="2", ordinal=2), [], file_id="F1")
        unit.exchanges.add_interchange(interchange("I0", isa13="000000002", ordinal=2), [])
        unit.exchanges.add_group(group("GA", interchange_id="I0"), [], file_id="F1")
        of_second_group = replace(set_record("S0"), group_id="G0", gs06="2")
        of_second_interchange = replace(set_record("SA"), group_id="GA", interchange_id="I0", isa13="000000002")
        unit.exchanges.add_sets([(of_second_interchange, []), (of_second_group, [])])
        found = list(unit.exchanges.sets_of_file("F1", states=list(SetState)))
    assert [set_record(), of_second_group, of_second_interchange] == found


def test_a_finding_stands_where_it_was_found(open_unit: OpenUnitOfWork) -> None:
    on_file, on_interchange, on_group = (
        Finding(code, level, "…", place=Place(byte=0))
        for code, level in (("NO_X12", Level.FILE), ("TA105:001", Level.INTERCHANGE), ("AK905:4", Level.GROUP))
    )
    with open_unit() as unit:
        unit.files.claim(file())
        unit.exchanges.add_interchange(interchange(), [on_interchange])
        unit.exchanges.add_group(group(), [on_group], file_id="F1")
        unit.exchanges.add_sets([(set_record(), [MISSING, WRONG_CODE])])
        unit.exchanges.add_findings("F1", "", [on_file])
        unit.commit()
        assert [on_file] == unit.exchanges.findings(file_id="F1")
        assert [on_interchange] == unit.exchanges.findings(interchange_id="I1")
        assert [on_group] == unit.exchanges.findings(group_id="G1")
        assert [MISSING, WRONG_CODE] == sorted(unit.exchanges.findings(set_id="S1"), key=lambda each: each.code)


def test_the_same_finding_again_adds_nothing(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        add_file_with_set(unit)
        for _ in range(2):
            unit.exchanges.add_findings("F1", "S1", [WRONG_CODE, MISSING, WRONG_CODE])
        assert 2 == len(unit.exchanges.findings(set_id="S1"))


def test_findings_are_read_in_the_order_of_their_place(open_unit: OpenUnitOfWork) -> None:
    found = [
        Finding("IK502:5", Level.SET, "…"),
        Finding("IK304:3", Level.SEGMENT, "…", place=Place("NM1", 3)),
        Finding("IK403:1", Level.ELEMENT, "…", place=Place("INS", 12, 1)),
        Finding("IK403:7", Level.ELEMENT, "…", place=Place("INS", 12, 3)),
        Finding("UNKNOWN_SPONSOR", Level.BUSINESS, "…", place=Place("N1", 40), member=2),
    ]
    with open_unit() as unit:
        add_file_with_set(unit)
        unit.exchanges.add_findings("F1", "S1", list(reversed(found)))
        assert found == unit.exchanges.findings(set_id="S1")


def test_a_rejected_envelope_refuses_the_sets_that_still_wait(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        add_file_with_set(unit)
        unit.exchanges.add_sets([(replace(set_record("S2", ordinal=2), state=SetState.IGNORED), [])])
        assert 1 == unit.exchanges.refuse_sets(reason="see AK905", group_id="G1")
        assert 0 == unit.exchanges.refuse_sets(reason="see TA105", interchange_id="I1")
        assert replace(set_record(), state=SetState.REFUSED, reason="see AK905") == unit.exchanges.get_set("S1")
        assert SetState.IGNORED is unit.exchanges.get_set("S2").state


def test_a_set_moves_on_only_from_where_it_is_expected(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        add_file_with_set(unit)
        assert not unit.exchanges.move_set("S1", SetState.APPLIED, expected=[SetState.WAITING])
        assert unit.exchanges.move_set("S1", SetState.HELD, expected=[SetState.CHECKED], reason="older")
        assert (SetState.HELD, "older") == (unit.exchanges.get_set("S1").state, unit.exchanges.get_set("S1").reason)
        assert [1, 2] == [unit.exchanges.count_try("S1") for _ in range(2)]


def find_earlier(unit: UnitOfWork, *, isa13: str = "000000001", but_file: str = "F2") -> str | None:
    return unit.exchanges.earlier_interchange(
        SENDER, RECEIVER, isa13, since=NOW - timedelta(days=365), but_file=but_file
    )


def test_a_control_number_that_came_before_is_found(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        add_file_with_set(unit)
        unit.files.claim(file("F2", at=NOW + timedelta(minutes=5)))
        assert "F1" == find_earlier(unit)
        assert find_earlier(unit, isa13="000000002") is None
        assert find_earlier(unit, but_file="F1") is None
        assert unit.exchanges.earlier_interchange(RECEIVER, SENDER, "000000001", since=NOW, but_file="F2") is None


def test_a_control_number_of_more_than_a_year_ago_may_come_again(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.files.claim(file("F0", at=NOW - timedelta(days=366)))
        unit.exchanges.add_interchange(interchange("I0", file_id="F0"), [])
        assert find_earlier(unit) is None


def test_a_rejected_interchange_may_be_sent_again_under_its_number(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.files.claim(file())
        unit.exchanges.add_interchange(replace(interchange(), ta1_code=AckCode.REJECTED, ta1_note="006"), [])
        assert find_earlier(unit) is None


def test_a_file_checked_again_is_no_duplicate_of_a_later_one(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.files.claim(file("F1"))
        unit.files.claim(file("F2", at=NOW + timedelta(minutes=5)))
        unit.exchanges.add_interchange(interchange("I2", file_id="F2"), [])
        assert find_earlier(unit, but_file="F1") is None


def test_a_business_reference_belongs_to_the_set_that_claimed_it_first(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        add_file_with_set(unit)
        unit.exchanges.add_sets([(set_record("S2", ordinal=2), [])])
        assert unit.exchanges.claim_reference("834", "acme/BGN-1", "S1") is None
        assert unit.exchanges.claim_reference("834", "acme/BGN-1", "S1") is None
        assert "S1" == unit.exchanges.claim_reference("834", "acme/BGN-1", "S2")
        assert unit.exchanges.claim_reference("820", "acme/BGN-1", "S2") is None


def test_only_a_newer_stamp_is_remembered(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        assert "" == unit.exchanges.last_applied_at("acme/G001234")
        for stamp in ("2025-11-05T1430", "2025-11-06T0900", "2025-11-04T2359"):
            unit.exchanges.note_applied("acme/G001234", stamp)
        assert "2025-11-06T0900" == unit.exchanges.last_applied_at("acme/G001234")
        assert "" == unit.exchanges.last_applied_at("acme/G009999")
