"""What a rule between segments is: a balance, a count, an order of dates, a code of others (SNIP 3, 4 and 5).

A rule has two faces. The slow path shows it each segment (`see`). The fast path shows it raw bytes that fit the guide:
`trouble` says from where on the rule wants to see segments one by one, `skim` takes in the bytes before that.
"""

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

from gateway.domain.finding import Severity
from gateway.x12.plan_pattern import Style


class Complaint(NamedTuple):
    """What a rule has to say, and where: the segment at hand, or another one before it. Element 0 is the segment."""

    element: int
    message: str
    segment: str = ""
    position: int = 0


class Seen(NamedTuple):
    """A segment that a rule is shown: its elements, the loop it stands in, and its position in the set."""

    elements: Sequence[str]
    loop: str
    position: int

    @property
    def tag(self) -> str:
        """The segment id."""
        return self.elements[0]

    def at(self, number: int) -> str:
        """Return element `number`, empty when it is absent."""
        return self.elements[number] if number < len(self.elements) else ""


class Span(NamedTuple):
    """Bytes that fit the guide: whole repetitions of a loop, from the terminator before the first to the last one."""

    data: bytes
    start: int
    end: int

    def holds(self, literal: bytes) -> bool:
        """Whether `literal` stands in the span."""
        return self.data.find(literal, self.start, self.end) >= 0

    def count(self, literal: bytes) -> int:
        """Return how often `literal` stands in the span."""
        return self.data.count(literal, self.start, self.end)

    def every(self, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
        """Yield the matches of `pattern` in the span."""
        return pattern.finditer(self.data, self.start, self.end)

    def fields(self, pattern: re.Pattern[bytes]) -> list[tuple[bytes, ...]]:
        """Return the groups of every match of `pattern`, which has two or more."""
        return pattern.findall(self.data, self.start, self.end)


class Rule:
    """One rule during one set. `name` is what `Severities` knows it by and the code of its findings."""

    name: ClassVar[str]
    snip: ClassVar[int] = 4
    severity: ClassVar[Severity] = Severity.WARNING
    tags: ClassVar[frozenset[str]]

    def __init__(self, style: Style) -> None:
        """Start a set written in `style`."""
        self.style = style

    def see(self, segment: Seen) -> Iterator[Complaint]:
        """Take in a segment of `tags`; yield what is wrong with it."""
        raise NotImplementedError

    def trouble(self, span: Span) -> int:  # noqa: ARG002 - rules that can use it do
        """Return where in the data of `span` this rule may have to complain; -1 for nowhere."""
        return -1

    def skim(self, span: Span) -> None:
        """Take in a span that gives no trouble."""

    def close(self) -> Iterator[Complaint]:
        """Yield what is wrong with the set as a whole."""
        return iter(())


def literal(style: Style, *parts: str) -> bytes:
    """Return the bytes of `parts` as the beginning of a segment, with the end of the segment before it."""
    marks = style.marks
    return (marks.segment + style.line_end + marks.element.join(parts) + marks.element).encode("latin-1")


def pattern(style: Style, text: str) -> re.Pattern[bytes]:
    """Compile `text`, in which a blank is the element separator, `END` the end of a segment and `FIELD` any element."""
    marks = style.marks
    field = f"[^{re.escape(marks.element)}{re.escape(marks.segment)}]*+"
    text = text.replace(" ", re.escape(marks.element)).replace("FIELD", field)
    return re.compile(text.replace("END", re.escape(marks.segment + style.line_end)).encode("latin-1"))


_ZIP = re.compile("[0-9]{5}(?:[0-9]{4})?")


class PostalCode(Rule):
    """N403 of an address in the United States has five or nine digits. Patterns refuse what breaks it."""

    name = "POSTAL_CODE"
    snip = 5
    tags = frozenset({"N4"})

    def see(self, segment: Seen) -> Iterator[Complaint]:
        """Look at N403 where N404 is empty or US."""
        code = segment.at(3)
        if code and segment.at(4) in {"", "US"} and not _ZIP.fullmatch(code):
            yield Complaint(3, "N403 must be a ZIP code of five or nine digits for an address in the United States")
