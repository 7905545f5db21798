import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.exchange import (
    AckCode,
    Acknowledgement,
    Delimiters,
    DocumentKind,
    FunctionalGroup,
    Interchange,
    Party,
    TransactionSet,
)
from gateway.domain.finding import Finding, Level, Place
from gateway.x12.acknowledge import AckIdentity, GroupOutcome, InterchangeOutcome, SetOutcome, write_ta1
from gateway.x12.acknowledge_code import meaning
from gateway.x12.acknowledge_group import write_997, write_999
from gateway.x12.check import InterchangeOpened, SetChecked, check
from gateway.x12.guide import GuideLibrary
from gateway.x12.inbound_ack import acknowledgements_in, read_ta1s
from gateway.x12.reader import CHUNK_BYTES, read_set
from gateway.x12.report_824 import ApplicationReport, ReportingParty, ReportVerdict, write_824

LIBRARY = GuideLibrary(Path(__file__).parents[3] / "mappings" / "guides")
NOON = datetime(2025, 11, 5, 12, 30, tzinfo=UTC)
IDENTITY = AckIdentity(Party("ZZ", "ACME"), Party("ZZ", "EXAMPLEHEALTH"), "ACME", "EHP", NOON, "000000042")
GROUP = FunctionalGroup(1, "BE", "EHP", "ACME", "20251104", "0815", "7", "005010X220A1")
ISA = "ISA*00*          *00*          *ZZ*ACME           *ZZ*EXAMPLEHEALTH  *251105*1230*^*00501*{:09}*0*P*:~"


def read(content: bytes) -> list[Acknowledgement]:
    """Everything that the sets of a file say, as the pipeline reads it: by the places that the check found."""
    stream = io.BytesIO(content)
    marks = Delimiters()
    places = []
    for event in check(stream, LIBRARY):
        if isinstance(event, InterchangeOpened):
            marks = event.interchange.delimiters
        elif isinstance(event, SetChecked):
            places.append((event.set, marks))
    return [
        ack
        for each, marks in places
        for ack in acknowledgements_in(each.type, read_set(stream, each.byte_start, each.byte_end, marks), marks)
    ]


def body(set_type: str, *segments: str, guide: str = "") -> bytes:
    st = f"ST*{set_type}*0001" + (f"*{guide}" if guide else "")
    lines = [ISA.format(1), "GS*FA*ACME*EHP*20251105*1230*1*X*" + (guide or "004010") + "~", st + "~"]
    lines += [f"{segment}~" for segment in segments]
    return "".join([*lines, f"SE*{len(segments) + 2}*0001~GE*1*1~IEA*1*000000001~"]).encode()


def a_set(control_number: str = "0001") -> TransactionSet:
    return TransactionSet(1, "834", control_number, "005010X220A1", 0, 0, 10)


FINDINGS = (
    Finding("IK502:4", Level.SET, ""),
    Finding("IK304:3", Level.SEGMENT, "", place=Place("REF", 13, loop="2000")),
    Finding("IK403:7", Level.ELEMENT, "", place=Place("INS", 12, 6, 1, 2, "2000"), value="99", element_reference=1218),
)


@pytest.mark.parametrize(("write", "kind"), [(write_999, DocumentKind.ACK_999), (write_997, DocumentKind.ACK_997)])
def test_what_we_write_reads_back_as_what_it_says(write, kind):
    out = io.BytesIO()
    sets = [SetOutcome(a_set("0001"), AckCode.ACCEPTED), SetOutcome(a_set("0002"), AckCode.REJECTED, FINDINGS)]
    group_findings = (Finding("AK905:5", Level.GROUP, ""),)
    write(IDENTITY, [GroupOutcome(GROUP, AckCode.PARTIAL, 2, 2, 1, group_findings, sets)], out)
    good, bad, group = read(out.getvalue())
    assert (kind, AckCode.ACCEPTED, "BE", "7", "834", "0001", ()) == (
        good.kind, good.code, good.functional_id, good.group, good.set_type, good.transaction_set, good.findings,
    )  # fmt: skip
    assert (AckCode.REJECTED, "7", "0002") == (bad.code, bad.group, bad.transaction_set)
    assert [
        ("IK304:3", Place("REF", 13, loop="2000"), None),
        ("IK403:7", Place("INS", 12, 6, 1, 2, "2000"), "99"),
        ("IK502:4", Place(), None),
        ("IK502:5", Place(), None),
    ] == sorted(((f.code, f.place, f.value) for f in bad.findings), key=lambda f: f[0])
    assert (AckCode.PARTIAL, "7", "", ["AK905:5"]) == (
        group.code, group.group, group.transaction_set, [f.code for f in group.findings],
    )  # fmt: skip


def test_an_824_reads_back_with_the_partners_words_kept_out_of_sight():
    out = io.BytesIO()
    finding = Finding(
        "SUBSCRIBER_NOT_FOUND", Level.BUSINESS, "Nobody called Ann.", place=Place("INS", 12, 3), value="S100"
    )
    party = ReportingParty("ACME CORP", "B5678")
    report = ApplicationReport(GROUP, a_set("0009"), ReportVerdict.PARTIAL, "REF1", (finding,))
    good = ApplicationReport(GROUP, a_set("0010"), ReportVerdict.ACCEPTED, "REF2")
    write_824(IDENTITY, (party, party), [report, good], out)
    said, other = read(out.getvalue())
    assert (DocumentKind.REPORT_824, AckCode.PARTIAL, "TP", "7", "834", "0009", "") == (
        said.kind, said.code, said.said, said.group, said.set_type, said.transaction_set, said.reference,
    )  # fmt: skip
    (told,) = said.findings
    assert ("RED06:SUBSCRIBER_NOT_FOUND", Place("INS", 12, 3), "S100 Nobody called Ann.") == (
        told.code, told.place, told.value,
    )  # fmt: skip
    assert "Ann" not in repr(said)
    assert (AckCode.ACCEPTED, "0010", ()) == (other.code, other.transaction_set, other.findings)


@pytest.mark.parametrize("guide", ["005010X231", "005010X231A1"])
def test_a_999_is_read_with_and_without_the_a1_of_its_guide(guide):
    content = body("999", "AK1*BE*7*005010X220A1", "AK2*834*0001", "IK5*A", "AK9*A*1*1*1", guide=guide)
    assert [("0001", AckCode.ACCEPTED), ("", AckCode.ACCEPTED)] == [(a.transaction_set, a.code) for a in read(content)]


@pytest.mark.parametrize("guide", ["005010X186", "005010X186A1"])
def test_an_824_is_read_with_and_without_the_a1_of_its_guide(guide):
    content = body("824", "BGN*11*1*20251105", "OTI*TR*TN*NA***20251104*0815*7*0001*834*005010X220A1", guide=guide)
    assert [("0001", AckCode.REJECTED)] == [(a.transaction_set, a.code) for a in read(content)]
    known = LIBRARY.find("00501", "AG", guide, "824")
    assert known is not None


def test_a_997_without_sets_speaks_of_the_group():
    (group,) = read(body("997", "AK1*IN*7", "AK9*A*1*1*1"))
    assert ("IN", "7", "", AckCode.ACCEPTED) == (
        group.functional_id,
        group.group,
        group.transaction_set,
        group.code,
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [("A", AckCode.ACCEPTED), ("M", AckCode.REJECTED), ("X", AckCode.REJECTED), ("1", None), ("", None)],
)
def test_a_code_that_the_standard_does_not_know_is_no_verdict(said, expected):
    (group,) = read(body("997", "AK1*IN*7", f"AK9*{said}*1*1*1"))
    assert (expected, said) == (group.code, group.said)


def test_an_824_of_a_plain_release_may_name_its_subject_by_reference_alone():
    (said,) = read(body("824", "BGN*11*1*20251105", "OTI*TE*IV*INV77", "TED*848*Wrong price", "NTE**Call us"))
    assert ("INV77", AckCode.WITH_ERRORS) == (said.reference, said.code)
    assert [("TED01:848", "the data is not correct", "Wrong price Call us")] == [
        (f.code, f.message, f.value) for f in said.findings
    ]


def test_other_sets_say_nothing_about_ours():
    assert [] == read(body("834", "BGN*00*1*20251105*0800****2"))


def test_a_999_that_breaks_off_says_what_it_said_so_far():
    content = body("999", "AK1*BE*7*005010X220A1", "AK2*834*0001", "IK3*REF*x*2000", "IK4*::", "IK5*R*5")
    (bad,) = read(content[: content.index(b"SE*")])
    assert ("0001", AckCode.REJECTED) == (bad.transaction_set, bad.code)
    assert Place("REF", None, loop="2000") == bad.findings[0].place


def ta1s(content: bytes) -> list[tuple[str, AckCode | None, list[str]]]:
    return [(a.interchange, a.code, [f.code for f in a.findings]) for a in read_ta1s(io.BytesIO(content))]


def test_our_ta1_reads_back():
    original = Interchange(1, "000000019", Party("ZZ", "A"), Party("ZZ", "B"), "251104", "0815", "00501", True, "P")
    out = io.BytesIO()
    write_ta1(IDENTITY, InterchangeOutcome(original, AckCode.REJECTED, "025"), out)
    (said,) = read_ta1s(io.BytesIO(out.getvalue()))
    assert (DocumentKind.TA1, "000000019", AckCode.REJECTED, "R") == (
        said.kind,
        said.interchange,
        said.code,
        said.said,
    )
    assert ["the control number came before"] == [f.message for f in said.findings]


A_TA1 = "TA1*000000019*251104*0815*A*000~"
ACCEPTED = ("000000019", AckCode.ACCEPTED, [])


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        (A_TA1 + "IEA*0*000000001~", [ACCEPTED]),
        ("\r\n  TA1*000000019*251104*0815*E*015~", [("000000019", AckCode.WITH_ERRORS, ["TA105:015"])]),
        ("TA1*0659*20110922*0512*A~" + A_TA1, [("0659", AckCode.ACCEPTED, []), ACCEPTED]),
        ("TA1*000000019*251104*0815*Z*000~", [("000000019", None, [])]),
        ("GS*FA*A*B*20251105*1230*1*X*005010~GE*0*1~" + A_TA1, [ACCEPTED]),
        ("GS*BE*A*B*20251105*1230*1*X*005010~NM1*IL*1*TA1*LISA*X~N1*TA1*ISA~GE*0*1~", []),
        ("TA1", []),
        ("TA1*", [("", None, [])]),
    ],
)
def test_ta1s_are_found_wherever_they_stand(segments, expected):
    assert expected == ta1s((ISA.format(1) + segments).encode())


def test_each_interchange_has_its_own_delimiters():
    first = ISA.format(1) + "TA1*000000001*251104*0815*A*000~IEA*0*000000001~\r\n"
    second = (
        ISA.format(2).replace("*", "|").replace("~", "\n")
        + "TA1|000000002|251104|0815|R|001\nN1|TA1|X\nIEA|0|000000002\n"
    )
    assert [("000000001", AckCode.ACCEPTED, []), ("000000002", AckCode.REJECTED, ["TA105:001"])] == ta1s(
        (first + second).encode()
    )


@pytest.mark.parametrize("shift", [-500, -401, -400, -200, -40, -20, -3, -1, 0, 1])
def test_a_ta1_at_the_edge_of_a_chunk_is_found_once(shift):
    head = ISA.format(1).encode()
    segment = b"N1*PE*X~"
    ta1 = b"TA1*000000019*251104*0815*A*000~"
    filling = segment * ((CHUNK_BYTES + shift - len(head)) // len(segment))
    filling += b" " * (CHUNK_BYTES + shift - len(head) - len(filling))
    for tail in (b"", b"IEA*0*000000001~", segment * (CHUNK_BYTES // 4)):
        assert [("000000019", AckCode.ACCEPTED, [])] == ta1s(head + filling + ta1 + tail)


def test_a_file_that_is_no_x12_has_no_ta1():
    assert [] == ta1s(b"TA1*000000019*251104*0815*A*000~")
    assert [] == ta1s(b"")


def test_an_unknown_code_is_still_named():
    assert "code 99 of IK304" == meaning("IK304:99")
