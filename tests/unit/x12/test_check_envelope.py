"""Every envelope there is: several of them, odd delimiters, broken trailers, things that are no X12."""

import io

import pytest

from gateway.domain.exchange import AckCode, Delimiters
from gateway.x12 import plan_run
from gateway.x12.check import FileFindings, GroupOpened, InterchangeOpened, Limits
from gateway.x12.reader import CHUNK_BYTES, read_set
from tests.unit.x12.test_check import BASE, REMITTANCE


def ta1(checked):
    return [(each.ta1_code.value, each.ta1_note) for each in checked.interchanges]


@pytest.mark.parametrize("end", ["~", "~\n", "~\r\n", "~\r", "\n", "\r\n", "'", "\x1d", "~\n\n", "~\r\n\r\n"])
def test_segments_may_end_in_any_legal_way(end, envelope, run):
    checked = run(envelope(BASE, BASE, end=end))
    assert [] == checked.codes
    assert [15, 15] == [each.set.segments for each in checked.sets]


@pytest.mark.parametrize("marks", ["|", "\x1d", "^", "+"])
def test_any_element_separator_is_taken_from_the_isa(marks, envelope, run):
    data = envelope(BASE).replace(b"*^*00501", b"*!*00501").replace(b"*", marks.encode("latin-1"))
    checked = run(data)
    assert [] == checked.codes
    (opened,) = checked.of(InterchangeOpened)
    assert Delimiters(marks, ":", "!", "~") == opened.interchange.delimiters


@pytest.mark.parametrize("marks", ["|>\x1f'", "\x1d\x1f\x1e\x1c", "!@#$", "^\\]["])
def test_any_four_delimiters_are_taken_by_both_paths(marks, envelope, run, full_834, monkeypatch):
    monkeypatch.setattr(plan_run, "_SEGMENT_PAYS_AFTER", 0)
    monkeypatch.setattr(plan_run, "_RUN_PAYS_AFTER", 0)
    body = full_834.replace("ANN@EXAMPLE.COM", "ANN").replace("REG@EXAMPLE.EDU", "REG")
    text = envelope(body, end="~").decode().translate(dict(zip(map(ord, "*:^~"), marks, strict=True)))
    assert [] == run(text.encode()).codes


def test_each_interchange_and_group_is_closed_for_itself(envelope, run):
    other = envelope(REMITTANCE, kind="820", guide="005010X218", isa="000000002").replace(b"SENDER  ", b"OTHERS  ")
    checked = run(envelope(BASE, isa="000000001") + other)
    assert [("A", "000"), ("A", "000")] == ta1(checked)
    opened = checked.of(InterchangeOpened)
    assert [("SENDER", 1), ("OTHERS", 2)] == [(o.interchange.sender.id, o.interchange.ordinal) for o in opened]
    assert ["BE", "RA"] == [each.group.functional_id for each in checked.of(GroupOpened)]


def test_interchanges_may_use_different_delimiters(envelope, run):
    second = envelope(BASE, isa="000000002", end="'\r\n").replace(b"*", b"|")
    assert [] == run(envelope(BASE) + second).codes


def test_a_byte_order_mark_is_told_and_read_over(envelope, run):
    checked = run(b"\xef\xbb\xbf" + envelope(BASE))
    assert ["FILE:BOM"] == checked.codes
    assert [AckCode.ACCEPTED] == [each.ack for each in checked.sets]


@pytest.mark.parametrize("padding", [b"", b"\n\n", b"   \r\n", b"\x1a", b"\x00\x00"])
def test_padding_after_the_last_segment_is_nothing(padding, envelope, run):
    assert [] == run(envelope(BASE) + padding).codes


def test_bytes_that_are_no_x12_are_told_where_they_stand(envelope, run):
    checked = run(b"HELLO\n" + envelope(BASE) + b"GOODBYE" + envelope(BASE, isa="000000002") + b"END")
    assert ["FILE:GARBAGE", "FILE:GARBAGE", "FILE:TRAILING_DATA"] == checked.codes
    assert [("A", "000"), ("A", "000")] == ta1(checked)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 500, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_data_after_blanks_without_end_is_told(size, envelope, run):
    assert ["FILE:TRAILING_DATA"] == run(envelope(BASE) + b" " * size + b"AB").codes
    assert [] == run(envelope(BASE) + b" " * size).codes


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"hello",
        b"ISA",
        b"ISA*00*",
        b"%PDF-1.7 ISA",
        b"\xff\xfeI\x00S\x00A\x00",
        b"ISA" * 5000,
        bytes(300_000),
    ],
)
def test_what_is_no_x12_is_one_finding(data, run):
    checked = run(data)
    assert [FileFindings] == [type(event) for event in checked.events]
    assert ["FILE:NOT_X12"] == checked.codes


def test_an_isa_of_the_wrong_width_is_read_and_told(envelope, run):
    checked = run(envelope(BASE).replace(b"*SENDER         *", b"*SENDER*"))
    assert [("R", "006")] == ta1(checked)
    assert [AckCode.ACCEPTED] == [each.ack for each in checked.sets]


ISA_FAULTS = [
    (b"*ZZ*SENDER ", b"*QQ*SENDER ", "R", "005"),
    (b"*ZZ*RECEIVER ", b"*QQ*RECEIVER ", "R", "007"),
    (b"*SENDER         *", b"*               *", "R", "006"),
    (b"*RECEIVER       *", b"*               *", "R", "008"),
    (b"*251105*", b"*251305*", "E", "014"),
    (b"*0800*^", b"*2500*^", "E", "015"),
    (b"*^*00501*", b"*A*00501*", "R", "016"),
    (b"*00501*", b"*0X501*", "R", "017"),
    (b"*00501*000000001*", b"*00501*00000000A*", "R", "018"),
    (b"*0*P*:", b"*2*P*:", "E", "019"),
    (b"*0*P*:", b"*0*Q*:", "R", "020"),
    (b"*00*          *00*", b"*0 *          *00*", "E", "010"),
    (b"IEA*1*", b"IEA*2*", "R", "021"),
    (b"IEA*1*", b"IEA*X*", "R", "021"),
    (b"GS*BE*SENDER*", b"GS*BE*S*", "R", "024"),
    (b"*20251105*0800*7*X", b"*251105*0800*7*X", "R", "024"),
    (b"*20251105*0800*7*X", b"*20251105*800*7*X", "R", "024"),
]


@pytest.mark.parametrize(("before", "after", "code", "note"), ISA_FAULTS)
def test_a_fault_of_the_interchange_has_its_ta1_code(before, after, code, note, envelope, run):
    data = envelope(BASE)
    assert before in data
    assert (code, note) in ta1(run(data.replace(before, after, 1)))


def test_the_worst_fault_of_an_interchange_speaks_for_it(envelope, run):
    data = envelope(BASE).replace(b"*251105*", b"*251305*", 1).replace(b"IEA*1*", b"IEA*2*")
    checked = run(data)
    assert [("R", "021")] == ta1(checked)
    assert ["TA105:014", "TA105:021"] == checked.codes


def test_a_control_number_used_twice_in_a_file_is_refused(envelope, run):
    checked = run(envelope(BASE) + envelope(BASE))
    assert [("A", "000"), ("R", "025")] == ta1(checked)


TRUNCATIONS = [
    (b"IEA*", {"TA105:023"}),
    (b"GE*", {"AK905:3", "TA105:023"}),
    (b"SE*15", {"IK502:2", "AK905:3", "TA105:023"}),
    (b"48*D8", {"IK304:8", "IK502:2", "AK905:3", "TA105:023"}),
    (b"DTP*348", {"IK304:3", "IK502:2", "AK905:3", "TA105:023"}),
]


@pytest.mark.parametrize(("at", "expected"), TRUNCATIONS)
def test_truncation_is_always_loud(at, expected, envelope, run):
    data = envelope(BASE)
    checked = run(data[: data.rindex(at)])
    assert expected == {code for code in checked.codes if not code.startswith("IK403")}
    assert [("R", "023")] == ta1(checked)


def test_a_missing_trailer_inside_a_file_ends_what_it_should_have_ended(envelope, run):
    first, second = envelope(BASE, BASE), envelope(BASE, isa="000000002")
    no_se = run(first.replace(b"SE*15*0001~\n", b"") + second)
    no_ge = run(first.replace(b"GE*2*7~\n", b"") + second)
    no_iea = run(first.replace(b"IEA*1*000000001~\n", b"") + second)
    assert ["IK502:2"] == no_se.codes
    assert ["AK905:3"] == no_ge.codes
    assert ["TA105:023"] == no_iea.codes
    assert [3, 3, 3] == [len(each.sets) for each in (no_se, no_ge, no_iea)]


GROUP_FAULTS = [
    (b"GE*1*7", b"GE*1*8", "AK905:4"),
    (b"GE*1*7", b"GE**7", "AK905:5"),
    (b"*0800*7*X", b"*0800*A*X", "AK905:6"),
    (b"SE*15*0001", b"SE*15*0002", "IK502:3"),
    (b"ST*834*0001*", b"ST*834*1*", "IK502:7"),
]


@pytest.mark.parametrize(("before", "after", "code"), GROUP_FAULTS)
def test_a_fault_of_a_group_or_set_has_its_code(before, after, code, envelope, run):
    data = envelope(BASE)
    assert before in data
    assert code in run(data.replace(before, after)).codes


def test_a_group_number_used_twice_is_refused(envelope, run):
    data = envelope(BASE)
    group = data[data.index(b"GS*") : data.index(b"IEA*")]
    checked = run(data.replace(group, group + group).replace(b"IEA*1", b"IEA*2"))
    assert ["AK905:19"] == checked.codes
    assert ["A", "R"] == [each.ack.value for each in checked.groups]


def test_segments_outside_of_groups_and_sets_are_told_once(envelope, run):
    data = envelope(BASE).replace(b"ST*834", b"REF*1*2~\nREF*1*3~\nST*834").replace(b"IEA*", b"REF*1*2~\nIEA*")
    checked = run(data)
    assert ["TA105:022", "TA105:022"] == checked.codes
    assert [("R", "022")] == ta1(checked)


def test_a_ta1_between_isa_and_gs_is_no_fault(envelope, run):
    data = envelope(BASE).replace(b"GS*", b"TA1*000000009*251105*0800*A*000~\nGS*", 1)
    assert [] == run(data).codes


def test_blanks_before_a_segment_id_are_told_and_read_over(envelope, run):
    checked = run(envelope(BASE).replace(b"N3*1 MAIN", b"   N3*1 MAIN"))
    assert [("IK304:1", "N3", 10, None)] == checked.places


def test_empty_segments_do_not_count(envelope, run):
    assert [] == run(envelope(BASE).replace(b"N3*1 MAIN", b"~~\n~N3*1 MAIN")).codes


@pytest.mark.parametrize("size", [CHUNK_BYTES - 1, CHUNK_BYTES, 1 << 20])
def test_a_segment_of_a_megabyte_is_one_finding(size, envelope, run):
    checked = run(envelope(BASE.replace("1 MAIN ST", "X" * size)))
    assert [("IK403:5", "N3", 10, 1)] == checked.places


def test_a_segment_over_the_limit_is_skipped_and_told(envelope, run):
    checked = run(envelope(BASE.replace("1 MAIN ST", "X" * 3_000_000)), limits=Limits(segment_bytes=1 << 20))
    assert [("IK304:8", None, 10, None)] == checked.places


@pytest.mark.parametrize("shift", range(0, 40, 3))
def test_a_chunk_may_end_anywhere(shift, envelope, run):
    """The border between two chunks falls on every part of a segment in turn."""
    fill = CHUNK_BYTES - envelope(BASE).index(b"N4*") - shift
    body = BASE.replace("N3*1 MAIN ST\n", "")
    data = envelope(body).replace(b"N4*", b"\n" * fill + b"N4*")
    checked = run(data)
    assert [] == checked.codes
    assert [14] == [each.set.segments for each in checked.sets]


def test_twenty_thousand_sets_are_as_many_findings_as_sets(envelope, run):
    one = b"ST*834*%05d*005010X220A1~SE*2*%05d~"
    head, tail = envelope(BASE, end="~").split(b"ST*834", 1)[0], b"GE*20000*7~IEA*1*000000001~"
    checked = run(head + b"".join(one % (n, n) for n in range(20_000)) + tail)
    assert 20_000 == len(checked.sets)
    assert {"IK304:3"} == set(checked.codes)


def test_the_segments_of_a_set_are_read_again_from_its_bytes(envelope, run):
    data = envelope(BASE, BASE.replace("MAIN ST", "M\xe4IN ST"), end="~\r\n")
    checked = run(data)
    for each in checked.sets:
        segments = list(read_set(io.BytesIO(data), each.set.byte_start, each.set.byte_end, Delimiters()))
        assert each.set.segments == len(segments)
        assert list(range(1, 16)) == [segment.position for segment in segments]
        assert ("ST", "SE") == (segments[0].tag, segments[-1].tag)
        assert all(data[s.byte : s.byte + len(s.raw)] == s.raw for s in segments)
    assert "1 M\xe4IN ST" == segments[9].element(1)
