"""Our findings beside pyx12's over seeded mutations: equal, but for the departures named here, each with its reason.

A mutation breaks one thing at one place of a file that holds every loop of its guide. By default a slice of them
runs; GATEWAY_MUTATIONS=2400 runs that many.
"""

import io
import json
import os
import random
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
import pyx12.map_if
import pyx12.map_index
import pyx12.params
import pyx12.x12n_document

from gateway.domain.finding import Finding, Level

MUTATIONS = int(os.environ.get("GATEWAY_MUTATIONS", "300"))

Fact = tuple[str, str, int, int, int]
"""Level, code, position, element, component (0: none)."""


class Mutation(NamedTuple):
    """One broken file: what was done, and the segments from ST to SE with terminators taken off."""

    what: str
    segments: list[str]


def mutate(segments: list[str], seed: int) -> Mutation:
    """Return `segments` (ST to SE) with one fault, chosen by `seed`; SE01 is right, unless it is the fault."""
    dice = random.Random(seed)
    body = list(segments)
    at = dice.randrange(1, len(body) - 1)
    elements = body[at].split("*")
    what = dice.choice(sorted(FAULTS))
    FAULTS[what](dice, body, at, elements)
    if what != "wrong count":
        body[-1] = f"SE*{len(body)}*0001"
    return Mutation(f"{what} at {at + 1}: {segments[at]}", body)


def _put(body: list[str], at: int, elements: list[str]) -> None:
    while len(elements) > 1 and not elements[-1]:
        elements.pop()
    body[at] = "*".join(elements)


def _drop(dice, body, at, elements):
    del body[at]


def _double(dice, body, at, elements):
    body.insert(at, body[at])


def _swap(dice, body, at, elements):
    if at + 1 < len(body) - 1:
        body[at], body[at + 1] = body[at + 1], body[at]


def _move(dice, body, at, elements):
    body.insert(dice.randrange(1, len(body) - 1), body.pop(at))


def _lengthen(dice, body, at, elements):
    number = dice.randrange(1, len(elements))
    elements[number] += "9" * dice.choice([1, 5, 90])
    _put(body, at, elements)


def _shorten(dice, body, at, elements):
    number = dice.randrange(1, len(elements))
    elements[number] = elements[number][:1]
    _put(body, at, elements)


def _empty(dice, body, at, elements):
    elements[dice.randrange(1, len(elements))] = ""
    _put(body, at, elements)


def _bad_code(dice, body, at, elements):
    elements[dice.randrange(1, len(elements))] = dice.choice(["Q", "QX", "QXQ"])
    _put(body, at, elements)


def _bad_date(dice, body, at, elements):
    dates = [n for n, each in enumerate(elements) if len(each) == 8 and each.isdigit()]
    if dates:
        elements[dice.choice(dates)] = dice.choice(["20251301", "20250230", "2025110", "17991231", "2025110A"])
    _put(body, at, elements)


def _unknown(dice, body, at, elements):
    body.insert(at, dice.choice(["ZZZ*1", "CLM*1*2", "SVC*A"]))


def _fill(dice, body, at, elements):
    empty = [n for n in range(1, len(elements)) if not elements[n]]
    if empty:
        elements[dice.choice(empty)] = dice.choice(["1", "A", "01"])
    _put(body, at, elements)


def _append(dice, body, at, elements):
    elements += [""] * dice.randrange(4) + ["1"]
    _put(body, at, elements)


def _odd_character(dice, body, at, elements):
    number = dice.randrange(1, len(elements))
    elements[number] = (elements[number][:-1] or "X") + dice.choice([" ", "\t", "\x07", "`", "{", "+"])
    _put(body, at, elements)


def _trailing(dice, body, at, elements):
    body[at] += "*"


def _lower(dice, body, at, elements):
    body[at] = body[at][:2].lower() + body[at][2:]


def _count(dice, body, at, elements):
    body[-1] = f"SE*{len(body) + dice.choice([-1, 1, 100])}*0001"


FAULTS = {
    "drop": _drop,
    "double": _double,
    "swap": _swap,
    "move": _move,
    "lengthen": _lengthen,
    "shorten": _shorten,
    "empty": _empty,
    "bad code": _bad_code,
    "bad date": _bad_date,
    "unknown segment": _unknown,
    "fill": _fill,
    "append": _append,
    "odd character": _odd_character,
    "trailing separator": _trailing,
    "lower case": _lower,
    "wrong count": _count,
}


@pytest.fixture(scope="module", autouse=True)
def cached_maps():
    """pyx12 parses its maps anew for every file; here they are read once."""
    real = pyx12.map_if.load_map_file
    patch = pytest.MonkeyPatch()
    loaded = {}

    def load(name, param, path=None):
        if name not in loaded:
            loaded[name] = real(name, param, path)
        return loaded[name]

    patch.setattr(pyx12.map_if, "load_map_file", load)
    yield
    patch.undo()


def pyx12_facts(data: bytes) -> set[Fact]:
    """Return what pyx12 finds in the one set of `data`."""
    report = io.StringIO()
    source = io.StringIO(data.decode("ascii"))
    pyx12.x12n_document.x12n_document(pyx12.params.params(), source, io.StringIO(), None, fd_json=report)
    facts: set[Fact] = set()
    for interchange in json.loads(report.getvalue())["interchanges"]:
        for group in interchange["groups"]:
            for each in group["transactions"]:
                facts |= {("set", error["err_cde"], 0, 0, 0) for error in each["errors"]}
                for segment in each["segments"]:
                    facts |= set(_pyx12_segment(segment))
    return facts


def _pyx12_segment(segment: dict) -> Iterator[Fact]:
    position = segment["seg_count"]
    for error in segment["errors"]:
        code = "8" if error["err_cde"] == "SEG1" else error["err_cde"]
        yield ("segment", code, position, 0, 0)
    for element in segment["elements"]:
        for error in element["errors"]:
            yield ("element", error["err_cde"], position, element["ele_pos"], element["subele_pos"] or 0)


# The same fault in pyx12's words.
_ELEMENT_AS_SEGMENT = frozenset({"2", "3", "10", "13"})
"""Syntax notes, too many elements, a separator at the end: pyx12 says only that the segment is at fault (5.14)."""
_SEGMENT_CODES = {"2": "1", "7": "1", "I4": "2"}
"""pyx12 has one code for "not here", whatever the reason, and no I-codes (5.15)."""
_ELEMENT_CODES = {"I10": "10", "I12": "7"}
"""10 is the exclusion of a syntax note in the standard; "not used" is I10."""


def our_facts(findings: list[Finding]) -> set[Fact]:
    """Return our errors in pyx12's words."""
    facts: set[Fact] = set()
    for finding in findings:
        code, place = finding.code.partition(":")[2], finding.place
        if not finding.is_error:
            continue
        if finding.level is Level.SET:
            facts.add(("set", code, 0, 0, 0))
        elif finding.level is Level.SEGMENT:
            facts.add(("segment", _SEGMENT_CODES.get(code, code), place.position, 0, 0))
        elif code in _ELEMENT_AS_SEGMENT or finding.element_reference is None:
            # pyx12 keeps no place for faults of a composite as a whole either
            facts.add(("segment", "8", place.position, 0, 0))
        else:
            code = _ELEMENT_CODES.get(code, code)
            facts.add(("element", code, place.position, place.element, place.component or 0))
    return facts


def _bad_qualifier(ours: set[Fact], theirs: set[Fact]) -> int:
    """Return the position of a segment whose qualifier is no code: for pyx12 it is not there at all (5.7)."""
    places = {"1", "4", "5", "6", "7"}
    return min((p for level, code, p, element, _ in ours
                if level == "element" and element in {1, 2} and code in places and ("segment", "1", p, 0, 0) in theirs),
               default=0)  # fmt: skip


def _without(facts: set[Fact], code: str) -> set[Fact]:
    return {fact for fact in facts if fact[:2] != ("segment", code)}


def _positions(facts: set[Fact], code: str) -> list[int]:
    return sorted(fact[2] for fact in facts if fact[:2] == ("segment", code))


def departure(mutation: Mutation, ours: set[Fact], theirs: set[Fact]) -> str:
    """Return by which named departure the two differ, empty when they are equal; `UNEXPLAINED` fails the test."""
    if ours == theirs:
        return ""
    tags = [segment.split("*")[0] for segment in mutation.segments]
    if tags[1] not in {"BGN", "BPR"} or tags.count(tags[1]) > 1:
        # Header and detail are no loops of the standard: without its first segment pyx12 finds none of the header.
        return "header not opened, or opened twice, by its first segment"
    at = _bad_qualifier(ours, theirs)
    if at and {fact for fact in ours if 0 < fact[2] < at} == {fact for fact in theirs if 0 < fact[2] < at}:
        return "a bad code in the qualifier is that element's fault, not a missing segment and those after it (5.7)"
    if "LS" in tags and "LE" not in tags:
        return "LS without LE (5.8)"
    if not all(re.fullmatch("[A-Z][A-Z0-9]{1,2}", tag) for tag in tags):
        theirs = theirs - {("segment", "1", min(_positions(theirs - ours, "1"), default=0), 0, 0)}
        if ours == theirs:
            return "pyx12 tells an invalid segment id a second time at the next segment that it finds"
    if _without(ours, "3") == _without(theirs, "3"):
        return _missing_departure(_positions(ours, "3"), _positions(theirs, "3"), last=len(tags))
    return "UNEXPLAINED"


def _missing_departure(ours: list[int], theirs: list[int], *, last: int) -> str:
    """Return why the positions of missing segments differ."""
    if len(ours) > len(theirs):
        return "pyx12 does not look for what is missing where a loop is opened anew right after its first segment"
    if not ours and len(theirs) == 1:
        return "pyx12 misses a required loop that comes later at the same position, where any order is right"
    if 0 < len(ours) < len(theirs) and ours[0] <= theirs[0]:
        return "pyx12 tells a missing loop again at each segment it looks past it"
    if len(ours) == len(theirs) > 0 and ours[-1] == last == theirs[-1] + 1:
        return "pyx12 does not count SE"
    if len(ours) == len(theirs) and all(a <= b for a, b in zip(ours, theirs, strict=True)):
        return "a missing segment is told where it should stand, not where it was noticed (5.20)"
    return "UNEXPLAINED"


@pytest.mark.parametrize(("kind", "guide"), [("834", "005010X220A1"), ("820", "005010X218")])
def test_findings_equal_those_of_pyx12_but_for_named_departures(kind, guide, request, envelope, run):
    whole = envelope(request.getfixturevalue(f"full_{kind}"), kind=kind, guide=guide).decode().split("~\n")
    head, segments, tail = whole[:2], whole[2:-3], whole[-3:]
    unexplained = []
    for seed in range(MUTATIONS // 2):
        mutation = mutate(segments, seed)
        data = "~\n".join([*head, *mutation.segments, *tail]).encode()
        theirs = pyx12_facts(data)
        (checked,) = run(data).sets
        ours = our_facts(list(checked.findings))
        if departure(mutation, ours, theirs) == "UNEXPLAINED":
            unexplained.append((seed, mutation.what, sorted(ours - theirs), sorted(theirs - ours)))
    assert [] == unexplained
