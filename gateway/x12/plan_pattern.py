"""The fast path: regular expressions that say of raw bytes that they fit, for one segment and for runs of a whole loop.

A pattern promises one thing only: what it matches has no finding. What it does not match may be right all the same
(a leap day, an unusual order) and is then looked at by the slow path. Every repetition is possessive, every choice is
decided by its first characters, so that no input makes a pattern go back over what it has read.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, permutations
from typing import NamedTuple, TypeAlias

from gateway.domain.exchange import Delimiters
from gateway.x12.check_value import DATE_FORMATS, faults_of
from gateway.x12.guide import UNLIMITED, CompositeNode, DataElement, ElementNode, SegmentNode, SyntaxNote
from gateway.x12.plan import ChildPlan, LoopPlan, SegmentPlan

Pattern: TypeAlias = re.Pattern[bytes]

_NEVER = "(?!)"
_YEAR_MONTH_DAY = (
    r"(?:1[89]|2[01])[0-9]{2}"
    r"(?:(?:0[13578]|1[02])(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)(?:0[1-9]|[12][0-9]|30)|02(?:0[1-9]|1[0-9]|2[0-8]))"
)
_LEAP_DAY = r"(?:1[89]|2[01])(?:0[48]|[2468][048]|[13579][26])0229"
_DATE = f"(?:{_YEAR_MONTH_DAY}|{_LEAP_DAY})"
_TIME = r"(?:[01][0-9]|2[0-3])[0-5][0-9]"
_RANGE = re.compile(rb"RD8.([0-9]{8})-([0-9]{8})", re.DOTALL)
_REPEAT_MAX = 60_000  # what `re` counts to


# What rules between segments would complain of is refused already where one segment shows it (check_rules).
_REFUSED = {"INS": (" Y (?!18 )", " N 18 "), "LUI": (" LE ",)}
_POSTAL_CODE, _ZIP = "116", "[0-9]{5}(?:[0-9]{4})?+"


class Style(NamedTuple):
    """How an interchange is written: what patterns are made for, and found again by."""

    marks: Delimiters
    version: str  # ISA12
    line_end: str  # what follows every terminator


@dataclass(frozen=True, slots=True)
class Run:
    """The pattern of a run of one repeated loop.

    `opening` begins each repetition, with the end of the segment before it; that end alone is `end`.
    """

    pattern: Pattern
    opening: bytes
    end: bytes


def late_range(data: bytes, start: int, end: int) -> int:
    """Return where in `data[start:end]` a range of dates ends before it begins, -1 for nowhere."""
    if data.find(b"RD8", start, end) < 0 or all(a <= b for a, b in _RANGE.findall(data, start, end)):
        return -1
    return next((m.start() for m in _RANGE.finditer(data, start, end) if m[1] > m[2]), -1)


class PatternWriter:
    """Writes the patterns of one style."""

    def __init__(self, style: Style) -> None:
        """Take the delimiters, version and line ends that the patterns are for."""
        marks = style.marks
        self._style = style
        self._element = re.escape(marks.element)
        self._component = re.escape(marks.component)
        self._repetition = re.escape(marks.repetition)
        self._terminator = re.escape(marks.segment)
        taken = {marks.element, marks.component, marks.repetition, marks.segment}
        taken |= {"^", "`"} if style.version < "00501" else set()
        self._text = _character_class(chr(n) for n in range(0x20, 0x7F) if chr(n) not in taken)
        self._any = f"[^{self._element}{self._terminator}]"
        self._values: dict[ElementNode, str] = {}

    def segment(self, plan: SegmentPlan) -> Pattern:
        """Return the pattern that a whole raw segment without terminator must match to be free of findings.

        It may still hold a range of dates that ends before it begins: see `late_range`.
        """
        return re.compile(self._segment(plan.node, r"\Z").encode("latin-1"))

    def run(self, loop: LoopPlan) -> Run:
        """Return the pattern of one or more repetitions of `loop`, each followed by its next or by what ends it."""
        after = "|".join(sorted(re.escape(tag) for tag in _tags_after(loop)))
        pattern = f"(?:{self._loop(loop)}(?=(?:{after}){self._element}))++"
        end = self._style.marks.segment + self._style.line_end
        opening = f"{end}{loop.first.tag}{self._style.marks.element}"
        return Run(re.compile(pattern.encode("latin-1")), opening.encode("latin-1"), end.encode("latin-1"))

    def _loop(self, loop: LoopPlan) -> str:
        first, *rest = loop.children
        groups = [list(group) for _, group in groupby(rest, key=lambda child: child.order)]
        return self._child(first) + "".join(self._group(group) for group in groups)

    def _group(self, group: list[ChildPlan]) -> str:
        """Return the pattern of children that may stand in any order: the guide's, with one of them between all."""
        wide = [child for child in group if child.most > 1]
        if len(group) > 1 and len(wide) == 1 and not wide[0].required:
            share = min(wide[0].most, _REPEAT_MAX) // len(group)
            between = _times(self._child(wide[0]), 0, share)
            return between + "".join(self._counted(child) + between for child in group if child is not wide[0])
        return "".join(self._counted(child) for child in group)

    def _counted(self, child: ChildPlan) -> str:
        return _times(self._child(child), int(child.required), child.most)

    def _child(self, child: ChildPlan) -> str:
        if child.node.usage == "N":
            return _NEVER
        if isinstance(child, LoopPlan):
            return self._loop(child)
        return self._segment(child.node, self._terminator + re.escape(self._style.line_end))

    def _segment(self, node: SegmentNode, end: str) -> str:
        used = [part for part in node.elements if part.usage != "N"]
        if not used:
            return _NEVER
        last = used[-1].sequence
        required = max((part.sequence for part in used if part.usage == "R"), default=1)
        pieces = self._pieces(node, last)
        pattern = ""
        for piece in reversed(pieces[required:]):
            pattern = f"(?:{piece}{pattern})?+"
        pattern = "".join(pieces[:required]) + pattern
        return f"{node.tag}{self._notes(node, end)}{pattern}(?<!{self._element}){end}"

    def _pieces(self, node: SegmentNode, last: int) -> list[str]:
        """Return the pattern of each element up to `last`, separator first."""
        parts = {part.sequence: part for part in node.elements}
        pieces: list[str] = []
        for number in range(1, last + 1):
            part = parts.get(number)
            if part is None or part.usage == "N":
                pieces.append(self._element)
                continue
            value = self._dated(parts.get(number - 1), part) if _is_date_period(part) else self._value(part)
            pieces.append(self._element + (value if part.usage == "R" else f"(?:{value})?+"))
        return pieces

    def _dated(self, before: ElementNode | CompositeNode | None, part: ElementNode | CompositeNode) -> str:
        """Return the pattern of element 1251 by the format that the element 1250 just before it gives, already read."""
        if not isinstance(before, ElementNode) or before.data.number != "1250" or not before.codes:
            return _NEVER
        choices = []
        for code in sorted(before.codes):
            value = _format(code) if code in DATE_FORMATS else self._value(part)
            said = re.escape(code + self._style.marks.element)
            choices.append(f"(?<={self._element}{said}){value}")
        return f"(?:{'|'.join(choices)})"

    def _value(self, part: ElementNode | CompositeNode) -> str:
        one = self._composite(part) if isinstance(part, CompositeNode) else self._simple(part)
        if part.repeat > 1 and self._repetition:
            return f"{one}(?:{self._repetition}{one}){{0,{min(part.repeat, _REPEAT_MAX) - 1}}}+"
        return one

    def _composite(self, node: CompositeNode) -> str:
        parts = {part.sequence: part for part in node.components if part.usage != "N"}
        if not parts:
            return _NEVER
        required = max((n for n, part in parts.items() if part.usage == "R"), default=1)
        pieces: list[str] = []
        for number in range(1, max(parts) + 1):
            part = parts.get(number)
            separator = self._component if number > 1 else ""
            value = self._simple(part) if part else ""
            pieces.append(separator + (value if part and part.usage == "R" else f"(?:{value})?+"))
        pattern = ""
        for piece in reversed(pieces[required:]):
            pattern = f"(?:{piece}{pattern})?+"
        not_empty = f"(?<![{self._element}{self._component}{self._repetition}])"
        return "".join(pieces[:required]) + pattern + not_empty

    def _simple(self, node: ElementNode) -> str:
        if node not in self._values:
            self._values[node] = self._write_simple(node)
        return self._values[node]

    def _write_simple(self, node: ElementNode) -> str:
        data = node.data
        if node.pattern:
            return _NEVER
        if node.codes:
            marks = self._style.marks
            taken = {marks.element, marks.component, marks.repetition, marks.segment}
            fitting = (code for code in node.codes if not any(faults_of(node, code, version=self._style.version)))
            return _one_of(code for code in fitting if not taken & set(code))
        if data.number == _POSTAL_CODE:
            return _ZIP
        kind = data.type[:1] if data.type.startswith("N") else data.type
        return _TYPES.get(kind, self._string)(data)

    def _string(self, data: DataElement) -> str:
        return f"{self._text}{{{data.min},{min(data.max, _REPEAT_MAX)}}}+(?<! )"

    def _notes(self, node: SegmentNode, end: str) -> str:
        """Return a look ahead that refuses what breaks a syntax note."""
        usage = {part.sequence: part.usage for part in node.elements}
        broken = [each for note in node.notes for each in self._broken(note, usage, end)]
        broken += [each.replace(" ", self._element) for each in _REFUSED.get(node.tag, ())]
        return f"(?!{'|'.join(broken)})" if broken else ""

    def _broken(self, note: SyntaxNote, usage: dict[int, str], end: str) -> Iterator[str]:
        for present, absent in _violations(note):
            if any(usage.get(n, "N") == "N" for n in present) or any(usage.get(n) == "R" for n in absent):
                continue  # cannot be, or is another fault already
            sent = {n: True for n in present if usage.get(n) != "R"}
            left_out = {n: False for n in absent if usage.get(n, "N") != "N"}
            if sent or left_out:
                yield self._presence(sent | left_out, end)

    def _presence(self, wanted: dict[int, bool], end: str) -> str:
        """Return the pattern, from after the tag, of a segment in which each element named is there or is not."""
        last_sent = max((n for n, sent in wanted.items() if sent), default=0)
        pattern, skipped = "", 0
        for number in range(1, last_sent + 1):
            if number not in wanted:
                skipped += 1
                continue
            pattern += (
                self._skip(skipped) + self._element + (f"{self._any}++" if wanted[number] else f"(?={self._element})")
            )
            skipped = 0
        missing = sorted(n for n in wanted if n > last_sent)
        return pattern + self._absence(missing, last_sent, end) if missing else pattern

    def _absence(self, missing: list[int], read: int, end: str) -> str:
        """Return the pattern of a segment, read up to element `read`, that lacks every element of `missing`."""
        if not missing:
            return ""
        before = missing[0] - read - 1
        ends = f"(?:{self._element}{self._any}*+){{0,{before}}}+{end}" if before else end
        empty = f"{self._skip(before)}{self._element}(?={self._element})"
        return f"(?:{ends}|{empty}{self._absence(missing[1:], missing[0], end)})"

    def _skip(self, count: int) -> str:
        return f"(?:{self._element}{self._any}*+){{{count}}}" if count else ""


def _violations(note: SyntaxNote) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Yield the ways to break `note`: elements that are there, elements that are not."""
    first, *others = note.elements
    if note.kind == "P":
        yield from (((a,), (b,)) for a, b in permutations(note.elements, 2))
    elif note.kind == "R":
        yield (), note.elements
    elif note.kind == "E":
        yield from (((a, b), ()) for a, b in permutations(note.elements, 2) if a < b)
    elif note.kind == "C":
        yield from (((first,), (other,)) for other in others)
    else:
        yield (first,), tuple(others)


def _tags_after(loop: LoopPlan) -> set[str]:
    """Return the tags that end one repetition for sure: the loop's own first, and those only found after the loop."""
    inside = {segment.tag for segment in loop.segments()}
    after = {loop.first.tag}
    order, around = loop.order, loop.parent
    while around is not None:
        after |= {child.first.tag for child in around.children if child.order >= order} - inside
        order, around = around.order, around.parent
    return after


def _is_date_period(part: ElementNode | CompositeNode) -> bool:
    return isinstance(part, ElementNode) and part.data.number == "1251"


def _format(code: str) -> str:
    # Whether a range ends before it begins is more than a pattern can say: see `late_range`.
    return {"D8": _DATE, "DT": _DATE, "RD8": f"{_DATE}-{_DATE}", "TM": _time(4, 8)}.get(code, _NEVER)


def _time(least: int, most: int) -> str:
    if least > 4 or most < 4:
        return _NEVER
    seconds = "(?:[0-5][0-9](?:[0-9]{1,2}+)?+)?+" if most >= 8 else "(?:[0-5][0-9])?+" if most >= 6 else ""
    return _TIME + seconds


def _decimal(data: DataElement) -> str:
    whole = f"[0-9]{{{data.min},{data.max}}}+"
    if data.max < data.min + 2:
        return f"-?+{whole}"
    return f"-?+(?:[0-9]{{{data.min},{data.max - 2}}}+(?:[.][0-9]{{1,2}}+)?+|{whole})"


_TYPES: dict[str, Callable[[DataElement], str]] = {
    "DT": lambda data: _DATE if data.min <= 8 <= data.max else _NEVER,
    "TM": lambda data: _time(data.min, data.max),
    "R": _decimal,
    "N": lambda data: f"-?+[0-9]{{{data.min},{data.max}}}+",
}


def _times(pattern: str, least: int, most: int) -> str:
    if (least, most) == (1, 1):
        return pattern
    if (least, most) == (0, 1):
        return f"(?:{pattern})?+"
    return f"(?:{pattern}){{{least},{'' if most >= UNLIMITED else min(most, _REPEAT_MAX)}}}+"


def _character_class(characters: Iterable[str]) -> str:
    """Return a character class, runs of neighbours written as ranges."""
    ranges: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "[" + "".join(f"\\x{a:02x}-\\x{b:02x}" for a, b in ranges) + "]"


def _one_of(words: Iterable[str]) -> str:
    """Return a pattern of exactly these words as a tree of first characters: each is decided without going back."""
    branches: dict[str, list[str]] = {}
    ends = False
    for word in words:
        if word:
            branches.setdefault(word[0], []).append(word[1:])
        else:
            ends = True
    by_rest: dict[str, list[str]] = {}
    for first, rests in branches.items():
        by_rest.setdefault("" if rests == [""] else _one_of(rests), []).append(first)
    choices = [
        (_character_class(firsts) if len(firsts) > 1 else re.escape(firsts[0])) + rest
        for rest, firsts in by_rest.items()
    ]
    if not choices:
        return "" if ends else _NEVER
    choice = choices[0] if len(choices) == 1 else f"(?:{'|'.join(choices)})"
    return f"(?:{choice})?+" if ends else choice
