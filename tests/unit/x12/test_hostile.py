"""Any bytes give findings, never an exception, and in time that grows with their length only."""

import io
import string

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.domain.exchange import Delimiters
from gateway.x12 import plan_run
from gateway.x12.check import GroupClosed, GroupOpened, InterchangeClosed, InterchangeOpened, check
from gateway.x12.guide import GuideLibrary
from gateway.x12.plan_run import Patterns, patterns_of
from gateway.x12.reader import read_set
from tests.unit.x12.conftest import FULL_820, FULL_834, GUIDES, interchange

LIBRARY = GuideLibrary(GUIDES)
SEGMENTS = sorted({line for line in (FULL_834 + FULL_820).splitlines() if line})
WHOLE = (interchange(FULL_834), interchange(FULL_820, kind="820", guide="005010X218"))
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

anything = st.binary(max_size=400)
letters = st.sampled_from(string.printable + "*~^:\x00\xe9")
elements = st.text(letters, max_size=12)
segments = st.one_of(
    st.sampled_from(SEGMENTS),
    st.lists(elements, min_size=1, max_size=6).map("*".join),
    st.sampled_from(
        ["ST*834*0001*005010X220A1", "SE*3*0001", "GS*BE*S1*R1*20251105*0800*7*X*005010X220A1", "GE*1*7", "IEA*1*1"]
    ),
)


def events(data: bytes) -> list:
    """Check `data`, and see that what is opened is closed, each once and in order."""
    found = list(check(io.BytesIO(data), LIBRARY))
    open_now = []
    closes = {GroupClosed: GroupOpened, InterchangeClosed: InterchangeOpened}
    for event in found:
        if type(event) in closes.values():
            open_now.append(type(event))
        elif type(event) in closes:
            assert closes[type(event)] is open_now.pop()
        assert all(finding.message for finding in getattr(event, "findings", ()))
    assert [] == open_now
    return found


@QUICK
@given(anything)
@example(b"ISA")
@example(b"ISA*" * 100)
def test_any_bytes_give_findings(data):
    assert events(data)


@QUICK
@given(st.sampled_from(WHOLE), st.data())
def test_a_file_with_any_bytes_put_over_it_gives_findings(whole, data):
    at = data.draw(st.integers(0, len(whole)))
    put = data.draw(anything)
    gone = data.draw(st.integers(0, 300))
    assert events(whole[:at] + put + whole[at + gone :])


@QUICK
@given(st.lists(segments, max_size=25))
def test_any_segments_in_any_order_give_findings(body):
    data = interchange("\n".join(each.replace("\n", " ") for each in body))
    found = events(data)
    for checked in (event for event in found if hasattr(event, "set")):
        list(read_set(io.BytesIO(data), checked.set.byte_start, checked.set.byte_end, Delimiters()))


@QUICK
@given(
    st.text(
        st.characters(min_codepoint=33, max_codepoint=255),
        min_size=4,
        max_size=4,
    )
)
def test_any_delimiters_are_taken(marks):
    element, component, repetition, terminator = marks
    data = interchange(FULL_834).decode().translate({42: element, 58: component, 94: repetition, 126: terminator})
    assert events(data.encode("latin-1"))


HOSTILE = [
    b"N3*" + b" " * 200_000,
    b"N3*" + b"A" * 200_000,
    b"REF*" * 50_000,
    b"*" * 200_000,
    b"AMT*P3*" + b"1" * 200_000,
    b"AMT*P3*" + b"-" * 200_000,
    b"DTP*348*RD8*" + b"20251101-" * 20_000,
    b"DMG*D8*19800102*F**" + b"C:RET:1^" * 25_000,
    b"DMG*D8*19800102*F**" + b":" * 200_000,
    b"COB*P*1*1*" + b"1^" * 100_000,
    b"~" * 200_000,
    b"NM1" * 60_000,
]


@pytest.mark.parametrize("segment", HOSTILE, ids=[each[:12].decode() + "…" for each in HOSTILE])
def test_a_hostile_segment_costs_no_more_than_its_length(segment, monkeypatch):
    """No pattern goes back over what it has read: else these would not end."""
    monkeypatch.setattr(plan_run, "_SEGMENT_PAYS_AFTER", 0)
    monkeypatch.setattr(plan_run, "_RUN_PAYS_AFTER", 0)
    patterns_of.cache_clear()
    member = interchange(FULL_834)
    at = member.index(b"DMG*")
    assert events(member[:at] + segment + b"~\n" + member[at:])


def test_no_pattern_goes_back_over_hostile_segments():
    """Every segment pattern of two guides refuses long runs of each character at once."""
    plans = [
        plan_run.plan_of(LIBRARY.find("00501", "BE", "005010X220A1", "834")),
        plan_run.plan_of(LIBRARY.find("00501", "RA", "005010X218", "820")),
    ]
    style = plan_run.Style(Delimiters(), "00501", "\n")
    for plan in plans:
        patterns = Patterns(style)
        for segment in plan.root.segments():
            pattern = patterns._writer.segment(segment)
            for filler in (b" ", b"A", b"1", b"-", b"*", b"*1", b"*A ", b":", b"^1", b"1:"):
                assert pattern.fullmatch(segment.tag.encode() + b"*" + filler * 5000) is None
