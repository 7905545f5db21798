"""X12 says itself where it ends: no cut file is taken for a whole one, no whole one for a cut one."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.demo.scenario import sample
from gateway.x12.ending import breaks_off
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

WHOLE = Envelope().around(enrollment(member("A1")))
TWO = WHOLE + Envelope(number="000000102").around(enrollment(member("A2")))
LAST_DIGIT = len(WHOLE.rstrip(b"~\n"))  # of IEA02: what stands behind it says nothing any more


def cut(content: bytes) -> bool:
    return breaks_off(io.BytesIO(content))


@pytest.mark.parametrize(
    "content",
    [
        WHOLE,
        TWO,
        WHOLE.replace(b"\n", b""),
        WHOLE.replace(b"\n", b"\r\n"),
        WHOLE.replace(b"~\n", b"\n"),  # the line end is the terminator
        b"\xef\xbb\xbf" + WHOLE,
        b"\r\n" + WHOLE + b"\r\n\x1a",
        WHOLE.rstrip(b"~\n"),
        WHOLE + b"-- forwarded by the mail gateway --\n",
        sample("acme_enroll.834"),
        sample("dunes_enroll.834"),
    ],
    ids=range(11),
)
def test_a_whole_file_does_not_break_off(content):
    assert not cut(content)


@pytest.mark.parametrize("content", [b"", b"Dear billing team,\n", b"subscriber;name\n1;x\n", b"\n\n"])
def test_what_is_no_x12_never_breaks_off(content):
    assert not cut(content)


@given(st.integers(1, LAST_DIGIT - 1))
def test_every_shorter_beginning_of_a_file_breaks_off(size):
    assert cut(WHOLE[:size])


@given(st.integers(len(WHOLE) + 3, len(WHOLE) + LAST_DIGIT - 1))
def test_a_second_interchange_must_have_its_end_too(size):
    assert cut(TWO[:size])


def test_only_the_ends_of_a_large_file_are_read():
    class Counting(io.BytesIO):
        taken = 0

        def read(self, size=-1, /):
            data = super().read(size)
            self.taken += len(data)
            return data

    many = Envelope().around(*(enrollment(member("A1"), number=f"{n:04d}") for n in range(1, 2000)))
    stream = Counting(many)
    assert not breaks_off(stream)
    assert stream.taken < 100_000 < len(many)
