import io
import itertools
import logging
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyx12.params import ParamsBase
from pyx12.x12n_document import x12n_document

from gateway.domain.exchange import AckCode, Delimiters, DocumentKind, FunctionalGroup, Party, TransactionSet
from gateway.domain.finding import Finding, Level, Place, Severity
from gateway.x12.acknowledge import AckIdentity, GroupOutcome, SetOutcome
from gateway.x12.acknowledge_group import GroupAckWriter, write_997, write_999

NOON = datetime(2025, 11, 5, 12, 30, 15, tzinfo=UTC)
ACCEPTED, WITH_ERRORS, PARTIAL, REJECTED = AckCode


def identity(**changes) -> AckIdentity:
    return AckIdentity(
        **{
            "ours": Party("ZZ", "EXAMPLEHEALTH"),
            "theirs": Party("30", "123456789"),
            "our_code": "EHP",
            "their_code": "ACME",
            "instant": NOON,
            "control_number": "000000042",
            "group_control_number": "17",
            **changes,
        }
    )


def group(functional_id: str = "BE", guide: str = "005010X220A1", control_number: str = "7") -> FunctionalGroup:
    return FunctionalGroup(1, functional_id, "ACME", "EHP", "20251104", "0815", control_number, guide)


def a_set(control_number: str = "0001", set_type: str = "834", guide: str = "005010X220A1") -> TransactionSet:
    return TransactionSet(1, set_type, control_number, guide, 0, 0, 10)


def on_set(code: str) -> Finding:
    return Finding(f"IK502:{code}", Level.SET, "")


def on_segment(code: str, tag: str = "INS", position: int = 12, loop: str = "2000", **more) -> Finding:
    place = Place(segment=tag, position=position, loop=loop)
    return Finding(f"IK304:{code}", Level.SEGMENT, "", place=place, **more)


def on_element(code: str, element: int = 3, tag: str = "INS", position: int = 12, **more) -> Finding:
    where = {key: more.pop(key) for key in ("component", "repetition", "loop") if key in more}
    place = Place(segment=tag, position=position, element=element, **{"loop": "2000", **where})
    return Finding(f"IK403:{code}", Level.ELEMENT, "", place=place, **more)


def of(outcome: SetOutcome, functional_group: FunctionalGroup | None = None) -> GroupOutcome:
    accepted = int(outcome.ack is not REJECTED)
    ack = ACCEPTED if outcome.ack is ACCEPTED else outcome.ack
    return GroupOutcome(functional_group or group(), ack, 1, 1, accepted, (), [outcome])


def answer_999(*groups: GroupOutcome, **changes) -> str:
    out = io.BytesIO()
    write_999(identity(**changes), groups, out)
    return out.getvalue().decode("latin-1")


def answer_997(*groups: GroupOutcome, **changes) -> str:
    out = io.BytesIO()
    write_997(identity(**{"version": "00401", **changes}), groups, out)
    return out.getvalue().decode("latin-1")


def body(text: str) -> list[str]:
    """The segments between ST and SE of all sets."""
    return [
        line for line in text.split("~\n") if line[:3].rstrip("*") not in {"ISA", "GS", "ST", "SE", "GE", "IEA", ""}
    ]


def notes(*findings: Finding, ack: AckCode = REJECTED, answer=answer_999) -> list[str]:
    return body(answer(of(SetOutcome(a_set(), ack, findings))))[2:-1]


def faults_by_pyx12(text: str, folder: Path, caplog) -> list[str]:
    """Return what pyx12 finds wrong with an acknowledgement. It writes none for FA groups, so its log is read."""
    source = folder / "ack.x12"
    source.write_text(text)
    caplog.clear()
    with caplog.at_level(logging.ERROR, logger="pyx12"):
        clean = x12n_document(ParamsBase(), str(source), None, None)
    return [record.getMessage() for record in caplog.records] + ([] if clean else ["refused"])


EVERYTHING = (
    on_set("4"),
    # pyx12 counts both kinds of CTX as one, so that here no segment has both
    on_segment("3", "REF", 13, trigger=Place("INS", 12, 1, loop="2000")),
    on_element("7", value="21", element_reference=875, context="SUBSCRIBER NUMBER REF02:S100"),
    on_element("I9", 6, component=1, trigger=Place("INS", 12, 5, 1, 1, "2000"), element_reference=1218),
    on_element("8", 2, "DMG", 17, value="1979*0229~", element_reference=1251, loop="2100A"),
    on_segment("I4", "HLH", 18, "2100A"),
)


def test_an_accepted_set_is_told_in_three_segments():
    assert [
        "AK1*BE*7*005010X220A1",
        "AK2*834*0001*005010X220A1",
        "IK5*A",
        "AK9*A*1*1*1",
    ] == body(answer_999(of(SetOutcome(a_set(), ACCEPTED))))


def test_the_999_names_its_guide_in_gs_and_st():
    lines = answer_999(of(SetOutcome(a_set(), ACCEPTED))).split("~\n")
    assert "GS*FA*EHP*ACME*20251105*123015*17*X*005010X231A1" == lines[1]
    assert "ST*999*0001*005010X231A1" == lines[2]


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (on_segment("3", "REF", 13), ["IK3*REF*13*2000*3"]),
        (on_segment("7", "HD", 20, "2300"), ["IK3*HD*20*2300*7"]),
        (on_segment("I4", "ICM", 20, "2100A"), ["IK3*ICM*20*2100*I4"]),
        (on_segment("1", "XYZZY", 4, loop=None), ["IK3*XYZ*4**1"]),
        (on_segment("8", "INS", 4), ["IK3*INS*4*2000*8"]),
        (on_element("7", value="0A1", element_reference=875), ["IK3*INS*12*2000*8", "IK4*3*875*7*0A1"]),
        (on_element("1", 6, component=2), ["IK3*INS*12*2000*8", "IK4*6:2**1"]),
        (on_element("7", 4, component=1, repetition=3), ["IK3*INS*12*2000*8", "IK4*4:1:3**7"]),
        (on_element("5", 4, repetition=3), ["IK3*INS*12*2000*8", "IK4*4::3**5"]),
        (on_element("5", value="X" * 150), ["IK3*INS*12*2000*8", "IK4*3**5*" + "X" * 99]),
        (on_element("7", value="CAMP*HILL:A~^"), ["IK3*INS*12*2000*8", "IK4*3**7*CAMP?HILL?A??"]),
        (on_element("6", value="  "), ["IK3*INS*12*2000*8", "IK4*3**6"]),
    ],
)
def test_every_finding_is_told_at_its_place(finding, expected):
    assert expected == [line for line in notes(finding) if not line.startswith("IK5")]


def test_the_business_unit_follows_the_segment_it_belongs_to():
    finding = on_element("7", value="X", context="SUBSCRIBER NUMBER REF02:S*100:A")
    assert [
        "IK3*INS*12*2000*8",
        "CTX*SUBSCRIBER NUMBER REF02:S?100?A",
        "IK4*3**7*X",
        "IK5*R*5",
    ] == notes(finding)


def test_what_triggered_a_situational_rule_is_told_for_segments_and_for_elements():
    trigger = Place(segment="INS", position=12, element=5, loop="2000")
    assert [
        "IK3*DTP*15*2000*I6",
        "CTX*SITUATIONAL TRIGGER*INS*12*2000*5",
        "CTX*ENT01:4",
        "IK5*R*I5",
    ] == notes(on_segment("I6", "DTP", 15, trigger=trigger, context="ENT01:4"))
    assert [
        "IK3*INS*12*2000*8",
        "IK4*6:1**I9",
        "CTX*SITUATIONAL TRIGGER*INS*12*2000",
        "IK5*R*I5",
    ] == notes(on_element("I9", 6, component=1, trigger=Place("INS", 12, loop="2000")))


def test_all_element_findings_of_a_segment_share_one_note_and_places_are_in_order():
    found = notes(
        on_element("7", 3), on_segment("3", "REF", 13), on_element("8", 2, "DMG", 10), on_element("1", 2), on_set("4")
    )
    assert ["IK3*DMG*10*2000*8", "IK4*2**8", "IK3*INS*12*2000*8", "IK4*3**7", "IK4*2**1", "IK3*REF*13*2000*3"] == (
        found[:-1]
    )


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ((on_set("4"),), "IK5*R*4"),
        ((on_set("4"), on_set("3")), "IK5*R*4*3"),
        ((on_segment("3"),), "IK5*R*5"),
        ((on_segment("I4"),), "IK5*R*I5"),
        ((on_element("I10"),), "IK5*R*I5"),
        ((on_element("I10"), on_element("7")), "IK5*R*I5*5"),
        ((on_set("2"), on_set("5"), on_segment("3")), "IK5*R*2*5"),
        (tuple(on_set(code) for code in ("1", "2", "3", "4", "6", "7", "23")), "IK5*R*1*2*3*4*6"),
        ((), "IK5*R*5"),
    ],
)
def test_a_set_tells_up_to_five_codes(findings, expected):
    assert expected == notes(*findings)[-1]


def test_a_warning_is_told_where_the_set_is_accepted_with_errors_but_is_no_reason_to_reject():
    warning = on_element("7", value="QC", severity=Severity.WARNING)
    assert ["IK5*A"] == notes(warning, ack=ACCEPTED)
    assert ["IK3*INS*12*2000*8", "IK4*3**7*QC", "IK5*E*5"] == notes(warning, ack=WITH_ERRORS)
    assert ["IK3*REF*13*2000*3", "IK5*R*5"] == notes(warning, on_segment("3", "REF", 13))


def test_business_findings_belong_on_the_824_and_not_here():
    assert ["IK5*E"] == notes(Finding("UNKNOWN_SPONSOR", Level.BUSINESS, ""), ack=WITH_ERRORS)


@pytest.mark.parametrize(
    ("ack", "findings", "expected"),
    [
        (ACCEPTED, (), "AK9*A*3*3*3"),
        (PARTIAL, (), "AK9*P*3*3*2"),
        (REJECTED, ("AK905:5",), "AK9*R*3*3*2*5"),
        (REJECTED, ("AK905:4", "AK905:5", "AK905:4"), "AK9*R*3*3*2*4*5"),
    ],
)
def test_the_group_is_told_with_its_counts_and_codes(ack, findings, expected):
    sets = [SetOutcome(a_set(f"000{n}"), ACCEPTED) for n in range(1, 4)]
    told = tuple(Finding(code, Level.GROUP, "") for code in findings)
    accepted = 3 if ack is ACCEPTED else 2
    assert expected == body(answer_999(GroupOutcome(group(), ack, 3, 3, accepted, told, sets)))[-1]


def test_every_functional_group_has_its_own_999_in_one_interchange():
    first, second = of(SetOutcome(a_set(), ACCEPTED)), of(SetOutcome(a_set(), REJECTED), group(control_number="8"))
    lines = answer_999(first, second).split("~\n")
    assert ["AK1*BE*7*005010X220A1", "AK1*BE*8*005010X220A1"] == [line for line in lines if line.startswith("AK1")]
    assert ["SE*6*0001", "SE*6*0002"] == [line for line in lines if line.startswith("SE")]
    assert ["GE*2*17", "IEA*1*000000042", ""] == lines[-3:]


def test_a_group_without_sets_is_acknowledged_too():
    empty = GroupOutcome(group(), REJECTED, 0, 0, 0, (Finding("AK905:1", Level.GROUP, ""),))
    assert ["AK1*BE*7*005010X220A1", "AK9*R*0*0*0*1"] == body(answer_999(empty))


def test_identifiers_that_are_missing_leave_a_document_that_can_still_be_read():
    nameless = GroupOutcome(
        group("", "", ""), REJECTED, 1, 1, 0, (), [SetOutcome(a_set("", "", ""), REJECTED, (on_segment("1", ""),))]
    )
    assert ["AK1*??*0*?", "AK2*???*0000", "IK3*??*12*2000*1", "IK5*R*5", "AK9*R*1*1*0"] == body(answer_999(nameless))


@pytest.mark.parametrize(
    ("finding", "in_4010", "in_5010"),
    [
        (on_segment("I4"), "AK3*INS*12*2000*2", "AK3*INS*12*2000*2"),
        (on_segment("I6"), "AK3*INS*12*2000*3", "AK3*INS*12*2000*3"),
        (on_element("I12", 2), "AK4*2**7", "AK4*2**7"),
        (on_element("12", 2), "AK4*2**3", "AK4*2**12"),
        (on_element("7", 2, component=1, repetition=4), "AK4*2:1**7", "AK4*2:1:4**7"),
        (on_set("I6"), "AK5*R*1", "AK5*R*1"),
        (on_set("18"), "AK5*R*6", "AK5*R*18"),
    ],
)
def test_a_997_says_the_nearest_thing_its_release_knows(finding, in_4010, in_5010):
    assert in_4010 in notes(finding, answer=answer_997)
    assert in_5010 in notes(finding, answer=lambda *groups: answer_997(*groups, version="00501"))


def test_a_997_has_no_context_and_names_guides_only_since_5010():
    outcome = SetOutcome(a_set(set_type="810", guide="004010"), REJECTED, EVERYTHING)
    text = answer_997(of(outcome, group("IN", "004010")))
    assert "CTX" not in text
    assert ["AK1*IN*7", "AK2*810*0001"] == body(text)[:2]
    assert "*17*X*004010~" in text
    text = answer_997(of(outcome, group("IN", "005010")), version="00501")
    assert ["AK1*IN*7*005010", "AK2*810*0001"] == body(text)[:2]
    assert "*17*X*005010~" in text


@pytest.mark.parametrize("marks", [Delimiters(), Delimiters("|", ">", "!", "'")])
def test_pyx12_accepts_our_999(tmp_path, caplog, marks):
    sets = [
        SetOutcome(a_set("0001"), ACCEPTED),
        SetOutcome(a_set("0002"), REJECTED, EVERYTHING),
        SetOutcome(a_set("0003"), WITH_ERRORS, (on_element("7", value="QC", severity=Severity.WARNING),)),
    ]
    answered = [
        GroupOutcome(group(), PARTIAL, 3, 3, 2, (), sets),
        GroupOutcome(group("RA", "005010X218", "8"), REJECTED, 0, 0, 0, (Finding("AK905:2", Level.GROUP, ""),)),
    ]
    text = answer_999(*answered, delimiters=marks)
    assert "CTX" in text
    assert [] == faults_by_pyx12(text, tmp_path, caplog)


def test_pyx12_accepts_our_997(tmp_path, caplog):
    sets = [
        SetOutcome(a_set("0001"), ACCEPTED),
        SetOutcome(a_set("0002"), REJECTED, (*EVERYTHING, on_set("18"), on_element("12", 9))),
    ]
    text = answer_997(GroupOutcome(group(guide="004010X095A1"), PARTIAL, 2, 2, 1, (), sets))
    assert [] == faults_by_pyx12(text, tmp_path, caplog)


def test_pyx12_is_not_easily_pleased(tmp_path, caplog):
    text = answer_999(of(SetOutcome(a_set(), ACCEPTED)))
    assert faults_by_pyx12(text.replace("AK9*A", "AK9*Z"), tmp_path, caplog)
    assert faults_by_pyx12(text.replace("SE*6", "SE*7"), tmp_path, caplog)


def test_memory_does_not_grow_with_the_sets():
    class Nowhere(io.RawIOBase):
        def write(self, content):
            return len(content)

    def sets(number: int) -> Iterator[SetOutcome]:
        for ordinal in range(number):
            yield SetOutcome(a_set(f"{ordinal:04}"), REJECTED, EVERYTHING)

    def peak(number: int) -> int:
        tracemalloc.start()
        write_999(identity(), [GroupOutcome(group(), REJECTED, number, number, 0, (), sets(number))], Nowhere())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(1)
    assert peak(2_000) < 2 * peak(20)


def test_sets_may_arrive_one_by_one():
    out, together = io.BytesIO(), io.BytesIO()
    outcomes = [SetOutcome(a_set(f"000{n}"), ACCEPTED) for n in (1, 2)]
    whole = GroupOutcome(group(), ACCEPTED, 2, 2, 2, (), iter(outcomes))
    with GroupAckWriter(DocumentKind.ACK_999, identity(), out) as writer:
        writer.open(whole.group)
        for outcome in outcomes:
            writer.add(outcome)
        writer.close(whole)
    write_999(identity(), [whole], together)
    assert together.getvalue() == out.getvalue()


@pytest.mark.parametrize("lost", range(1, 12))
def test_whatever_characters_a_bad_value_holds_the_999_stays_readable(lost):
    value = "".join(map(chr, itertools.islice(itertools.count(lost * 25 - 25), 25)))
    line = notes(on_element("6", value=value))[1]
    assert 4 == line.count("*") or value.strip() == ""
    assert line.isascii()
    assert line.isprintable()
