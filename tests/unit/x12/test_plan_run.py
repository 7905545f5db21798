"""The fast path says the same as the slow one: files of many members, some broken, checked both ways."""

import io
import os
import random

import pytest

from gateway.x12 import check_set, plan_run
from gateway.x12.plan_run import Patterns, patterns_of
from tests.benchmarks import generate_x12
from tests.unit.x12.test_differential import mutate

FILES = int(os.environ.get("GATEWAY_MUTATIONS", "300")) // 10


@pytest.fixture
def both_ways(run, monkeypatch):
    """Check bytes by the slow path alone, then with patterns from the first segment on; return both."""

    def checked(data):
        with monkeypatch.context() as slow:
            slow.setattr(Patterns, "fits", lambda self, plan, raw: False)
            slow.setattr(Patterns, "run", lambda self, loop: None)
            expected = run(data)
        with monkeypatch.context() as fast:
            patterns_of.cache_clear()
            fast.setattr(plan_run, "_SEGMENT_PAYS_AFTER", 0)
            fast.setattr(plan_run, "_RUN_PAYS_AFTER", 0)
            return expected, run(data)

    return checked


def _broken(kind: str, seed: int, line_end: str = "\n") -> bytes:
    """Return a file of many loops in which a few segments are broken."""
    out = io.BytesIO()
    dice = random.Random(seed)
    generate_x12.write(kind, dice.choice([3, 40]), out, line_end=line_end)
    end = f"~{line_end}"
    lines = out.getvalue().decode().split(end)
    segments = lines[2:-3]
    for _ in range(dice.randrange(4)):
        segments = mutate(segments, dice.randrange(1 << 30)).segments
    return end.join([*lines[:2], *segments, *lines[-3:]]).encode()


@pytest.mark.parametrize("kind", generate_x12.KINDS)
def test_both_paths_find_the_same_in_good_files(kind, both_ways):
    out = io.BytesIO()
    generate_x12.write(kind, 100, out)
    slow, fast = both_ways(out.getvalue())
    assert slow.events == fast.events
    assert [] == fast.findings


@pytest.mark.parametrize("kind", generate_x12.KINDS)
@pytest.mark.parametrize("line_end", ["\n", "", "\r\n"])
def test_both_paths_find_the_same_in_broken_files(kind, line_end, both_ways):
    for seed in range(FILES // 3):
        data = _broken(kind, seed, line_end)
        slow, fast = both_ways(data)
        assert slow.events == fast.events, f"seed {seed}"


def test_the_fast_path_is_taken_over_good_members(run, monkeypatch):
    """Without this the comparisons above would compare the slow path with itself."""
    out = io.BytesIO()
    generate_x12.write("834-varied", 200, out)
    patterns_of.cache_clear()
    taken = []
    real = check_set.SetWalk.take

    def counting(self, elements, position, source):
        taken.append(elements[0])
        return real(self, elements, position, source)

    monkeypatch.setattr(check_set.SetWalk, "take", counting)
    (checked,) = run(out.getvalue()).sets
    assert checked.set.segments > 5000
    assert len(taken) < 2000


RULES_834 = [
    ("INS*N*18*021*28*A", "MEMBER_RELATION"),
    ("INS*Y*19*021*28*A", "MEMBER_RELATION"),
    ("N4*SPRINGFIELD*IL*627", "POSTAL_CODE"),
    ("LUI*LE*QQ", "LANGUAGE_CODE"),
    ("DTP*336*D8*20251101\nDTP*337*D8*20251001", "DATE_LOGIC"),
    ("DTP*337*D8*20251001\nDTP*336*D8*20251101", "DATE_LOGIC"),
    ("DTP*348*D8*20251101\nDTP*349*D8*20251001", "DATE_LOGIC"),
    ("DTP*349*D8*20251001\nDTP*348*D8*20251101", "DATE_LOGIC"),
]


@pytest.mark.parametrize(("segments", "rule"), RULES_834)
def test_both_paths_ask_the_rules_between_segments(segments, rule, both_ways):
    out = io.BytesIO()
    generate_x12.write("834-varied", 30, out)
    lines = out.getvalue().decode().split("~\n")
    tag = segments.split("*")[0]
    key = segments.split("\n")[0].split("*")[1] if tag == "DTP" else ""
    key = {"337": "336", "349": "348"}.get(key, key)
    places = [n for n, line in enumerate(lines) if line.split("*")[0] == tag and key in line.split("*")[1]]
    at = places[len(places) // 2]
    lines[at] = segments.replace("\n", "~\n")
    if "349" in segments:
        del lines[at + 1]  # its own end date
    slow, fast = both_ways("~\n".join(lines).encode())
    assert slow.events == fast.events
    assert rule in fast.codes


def test_adjustments_without_a_remittance_line_are_no_balance_on_either_path(both_ways, envelope):
    body = "BPR*I*5*C*NON******1512345678******20251130\nTRN*3*T1*1512345678\nN1*PE*A*FI*1X\nN1*PR*B*FI*1X\n"
    slow, fast = both_ways(envelope(f"{body}ENT*1*2L*FI*1X\nADX*1*52\nADX*2*52", kind="820", guide="005010X218"))
    assert slow.events == fast.events
    assert "OUT_OF_BALANCE" not in fast.codes


def test_a_file_that_breaks_off_says_so_at_its_end_on_either_path(both_ways):
    out = io.BytesIO()
    generate_x12.write("834-plain", 40, out)
    data = out.getvalue()[: out.getvalue().index(b"GE*")]
    slow, fast = both_ways(data)
    assert slow.events == fast.events
    assert {len(data)} == {finding.place.byte for finding in fast.findings}
