"""Our findings beside pyx12's over seeded mutations: equal, but for the departures named here, each with its reason.

A mutation breaks one thing at one place of a file that holds every loop of its guide. By default a slice of them
runs; GATEWAY_MUTATIONS=2400 runs that many.
"""

import io
import json
import os
import random
from collections.abc import Iterator
from functools import cache
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
    """Return `segments` (ST to SE) with one fault, chosen by `seed`; SE01 is made right again, unless it is the fault."""
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
    body.insert(at, dice.choice(["ZZZ*1", "CLM*1*2", "HL*1", "AB1"]))


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


@cache
def _map(name: str):
    return pyx12.map_if.load_map_file.__wrapped__(name, pyx12.params.params(), None)


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


# What pyx12 says in fewer words: the same fault, another code. Reasons beside each.
_ELEMENT_AS_SEGMENT = {
    "2",  # a syntax note: pyx12 says only that the segment has a fault (section 5, 14)
    "10",
    "3",  # too many elements, or a separator at the end
    "13",
}
_SEGMENT_CODES = {
    "2": "1",  # pyx12 has one code for "not here", whatever the reason
    "7": "1",
    "I4": "2",
}
_ELEMENT_CODES = {
    "I10": "10",  # 10 is the exclusion of a syntax note; "not used" is I10
    "I12": "7",
}


def our_facts(findings: list[Finding]) -> set[Fact]:
    """Return our findings in pyx12's words."""
    facts: set[Fact] = set()
    for finding in findings:
        code, place = finding.code.partition(":")[2], finding.place
        if not finding.is_error:
            continue
        if finding.level is Level.SET:
            facts.add(("set", code, 0, 0, 0))
        elif finding.level is Level.SEGMENT:
            facts.add(("segment", _SEGMENT_CODES.get(code, code), place.position or 0, 0, 0))
        elif code in _ELEMENT_AS_SEGMENT:
            facts.add(("segment", "8", place.position or 0, 0, 0))
        else:
            code = _ELEMENT_CODES.get(code, code)
            facts.add(("element", code, place.position or 0, place.element or 0, place.component or 0))
    return facts
