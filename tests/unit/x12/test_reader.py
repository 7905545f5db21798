"""Reading kept sets again, and the window that the checker looks through."""

import io

import pytest

from gateway.domain.exchange import Delimiters
from gateway.x12.reader import CHUNK_BYTES, Segment, Window, read_set

MARKS = Delimiters()


def test_a_segment_gives_its_elements_by_number():
    segment = Segment(b"INS*Y*18*021**A*D:0", "*", 7, 99)
    assert ("INS", 7, 99) == (segment.tag, segment.position, segment.byte)
    assert ("Y", "", "") == (segment.element(1), segment.element(4), segment.element(40))
    assert ["D", "0"] == segment.components(6, MARKS)
    assert ["Y"] == segment.components(1, MARKS)


def test_a_segment_gives_repetitions_where_the_interchange_has_a_separator():
    segment = Segment(b"COB*P**1*1^35", "*", 1, 0)
    assert ["1", "35"] == segment.repetitions(4, MARKS)
    assert ["1^35"] == segment.repetitions(4, Delimiters(repetition=""))


def test_a_segment_is_shown_without_its_values():
    assert "Segment('NM1', position=3)" == repr(Segment(b"NM1*IL*1*ALPHA", "*", 3, 0))


@pytest.mark.parametrize(("raw", "text"), [(b"N3*A\xc3\x84", "\xc4"), (b"N3*A\xc4", "\xc4")])
def test_letters_of_eight_bits_are_read_as_utf8_or_latin1(raw, text):
    assert f"A{text}" == Segment(raw, "*", 1, 0).element(1)


def test_a_set_is_read_from_its_bytes_alone():
    data = b"ISA...~GS*1~ST*834*1~\r\n BGN*00~~\nSE*3*1~GE*1~"
    start, end = data.index(b"ST*"), data.index(b"GE*")
    read = list(read_set(io.BytesIO(data), start, end, MARKS))
    assert [("ST", 1), ("BGN", 2), ("SE", 3)] == [(s.tag, s.position) for s in read]
    assert [start, data.index(b"BGN"), data.index(b"SE*")] == [s.byte for s in read]


def test_a_truncated_set_ends_with_what_is_there():
    assert ["ST", "BG"] == [s.tag for s in read_set(io.BytesIO(b"ST*834~BG"), 0, 900, MARKS)]


def test_a_set_longer_than_a_chunk_is_read_whole():
    lines = [b"REF*%07d" % n for n in range(CHUNK_BYTES // 8)]
    read = read_set(io.BytesIO(b"~".join(lines) + b"~"), 0, 1 << 30, MARKS)
    assert [line.decode() for line in lines] == ["*".join(segment.elements) for segment in read]


def test_a_window_tells_lines_and_offsets_after_it_moved():
    data = b"".join(b"%09d\n" % n for n in range(100_000))
    window = Window(io.BytesIO(data))
    for number in (5, 30_000, 99_999):
        wanted = b"%09d" % number
        while (at := window.data.find(wanted)) < 0:
            window.at = max(len(window.data) - 20, 0)
            assert window.fill()
        assert (number + 1, number * 10) == (window.line(at), window.byte(at))
        assert number == window.line(at - 1)


def test_a_window_at_the_end_brings_no_more():
    window = Window(io.BytesIO(b"abc"))
    assert window.ensure(3)
    assert not window.ensure(4)
    assert not window.fill()
    assert b"abc" == window.data
