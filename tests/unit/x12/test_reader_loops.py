"""A set cut into loops: the same segments as read one by one, whatever lies between them."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.exchange import Delimiters
from gateway.x12 import reader
from gateway.x12.reader import read_loops, read_set

MARKS = Delimiters()


def loops_of(data: bytes, start: int = 0, delimiters: Delimiters = MARKS):
    return list(read_loops(io.BytesIO(data), start, len(data), delimiters, "INS"))


def test_a_set_is_its_head_and_a_loop_for_each_ins():
    data = b"GS*1~ST*834*1~\r\nBGN*00~~\nINS*Y~REF*0F*1~\nINS*N~\nREF*0F*1~SE*7*1~"
    head, first, second = loops_of(data, data.index(b"ST*"))
    assert [(1, b"ST*834*1~\r\nBGN*00~~\n"), (3, b"INS*Y~REF*0F*1~\n"), (5, b"INS*N~\nREF*0F*1~")] == [
        (loop.position, loop.raw) for loop in (head, first, second)
    ]
    assert [data.index(b"ST*"), data.index(b"INS*Y"), data.index(b"INS*N")] == [head.byte, first.byte, second.byte]


def test_a_set_without_a_loop_is_all_head():
    assert [b"ST*834*1~BGN*00~"] == [loop.raw for loop in loops_of(b"ST*834*1~BGN*00~SE*3*1~")]


def test_a_set_that_breaks_off_ends_with_what_is_there():
    assert [b"ST*834*1~", b"INS*Y~REF*0"] == [loop.raw for loop in loops_of(b"ST*834*1~INS*Y~REF*0")]


def test_a_segment_whose_id_only_begins_alike_opens_no_loop():
    assert 1 == len(loops_of(b"ST*834*1~INSX*Y~REF*INS~"))


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1000])
@given(
    parts=st.lists(
        st.sampled_from([b"INS*Y", b"INS*N", b"REF*0F*S1", b"HD*021", b"", b" ", b"\r\n", b"INSX*1", b"N3*INS*"]),
        max_size=30,
    )
)
def test_the_loops_hold_the_segments_of_the_set_in_their_places(chunk, parts):
    data = b"~\n".join([b"ST*834*0001", *parts, b"SE*9*0001"]) + b"~"
    sizes, reader.CHUNK_BYTES = reader.CHUNK_BYTES, chunk
    try:
        loops = loops_of(data)
    finally:
        reader.CHUNK_BYTES = sizes
    whole = list(read_set(io.BytesIO(data), 0, len(data), MARKS))[:-1]
    cut = [segment for loop in loops for segment in loop.segments(MARKS)]
    assert [(each.raw, each.position, each.byte) for each in whole] == [
        (each.raw, each.position, each.byte) for each in cut
    ]
    assert sum(segment.tag == "INS" for segment in whole) == len(loops) - 1
