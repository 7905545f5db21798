"""The one writer of outbound X12: envelopes, segments and their counts.

X12 knows no escape: a value that holds a delimiter cannot be sent. The writer refuses such a value, and a copy of a
partner's own bad value (IK404, TED07) goes through `copied` first, which takes the delimiters out of it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import TracebackType
from typing import BinaryIO, Self, TypeAlias

from gateway.domain.exchange import Delimiters, Party
from gateway.errors import ValueNotWritable

Component: TypeAlias = str | int
Element: TypeAlias = str | int | Decimal | tuple[Component, ...] | None
"""One element: text, a number, an amount, a composite as a tuple of its components, or nothing."""

_NOT_PRINTABLE = "\x00-\x1f\x7f-\x9f"
_STAND_INS = "?-._ "  # what replaces a delimiter inside a copied value: the first that is no delimiter itself
_REPETITION_SINCE = "00402"  # before it ISA11 is the standards id, always U


@dataclass(frozen=True, slots=True)
class InterchangeHead:
    """What an outbound ISA says. `instant` is aware and written in UTC; `control_number` is ISA13, nine digits."""

    sender: Party
    receiver: Party
    control_number: str
    instant: datetime
    usage: str = "P"  # ISA15
    version: str = "00501"  # ISA12
    ack_requested: bool = False  # ISA14
    delimiters: Delimiters = field(default_factory=Delimiters)
    line_end: str = "\n"  # after every terminator; empty for one long line


@dataclass(frozen=True, slots=True)
class GroupHead:
    """What an outbound GS says: GS01, GS02, GS03, GS06 and GS08; the instant is the interchange's."""

    functional_id: str
    sender_code: str
    receiver_code: str
    control_number: str
    guide: str


class InterchangeWriter:
    """Writes one interchange to a binary stream, which it neither opens nor closes.

    Use it as a context: `with InterchangeWriter(out, head) as writer, writer.group(...), writer.transaction_set(...)`.
    Trailers with their counts follow by themselves; when an exception leaves a context its trailer is not written, so
    that a broken document can never look whole.
    """

    def __init__(self, out: BinaryIO, head: InterchangeHead) -> None:
        """Take the stream and the head; nothing is written before the context is entered.

        Raises `ValueNotWritable` when an id or control number does not fit its ISA element.
        """
        self._out = out
        self._head = head
        marks = head.delimiters
        self._element, self._component = marks.element, marks.component
        self._end = marks.segment + head.line_end
        separators = marks.element + marks.component + marks.repetition + marks.segment
        if len(set(separators)) != len(separators) or not separators.isascii():
            raise ValueNotWritable("the delimiters of an outbound interchange must be different ASCII characters")
        self._forbidden = re.compile(f"[{re.escape(separators)}{_NOT_PRINTABLE}]")
        self._isa = self._header()
        self._groups = 0
        self._sets = 0
        self._segments = 0

    def __enter__(self) -> Self:
        """Write ISA."""
        self._write(self._isa)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write IEA, unless an exception left the interchange unfinished."""
        if kind is None:
            self.segment("IEA", self._groups, self._head.control_number)

    @contextmanager
    def group(self, head: GroupHead) -> Iterator[None]:
        """Write GS, then what the context writes, then GE with the number of sets."""
        moment = self._head.instant.astimezone(UTC)
        self.segment(
            "GS",
            head.functional_id,
            head.sender_code,
            head.receiver_code,
            f"{moment:%Y%m%d}",
            f"{moment:%H%M%S}",
            head.control_number,
            "X",
            head.guide,
        )
        self._groups += 1
        self._sets = 0
        yield
        self.segment("GE", self._sets, head.control_number)

    @contextmanager
    def transaction_set(self, set_type: str, *, guide: str = "", control_number: str = "") -> Iterator[str]:
        """Write ST (ST03 only where a guide is given), then what the context writes, then SE with its count.

        Yields ST02: `control_number`, or the ordinal of the set in its group, four digits or more.
        """
        self._sets += 1
        number = control_number or f"{self._sets:04}"
        self._segments = 0
        self.segment("ST", set_type, number, guide)
        yield number
        self.segment("SE", self._segments + 1, number)

    def segment(self, tag: str, *elements: Element) -> None:
        """Write one segment; empty elements and components at the end are left off, as the standard demands.

        Raises `ValueNotWritable`, naming tag and element but never the value, when a value holds a delimiter, a
        control character, or a character outside Latin-1.
        """
        parts = [tag]
        for element in elements:
            if isinstance(element, tuple):
                parts.append(self._composite(tag, element, len(parts)))
            else:
                parts.append(self._text(tag, element, len(parts)))
        while not parts[-1]:
            parts.pop()
        self._write(self._element.join(parts))
        self._segments += 1

    def _write(self, segment: str) -> None:
        self._out.write((segment + self._end).encode("latin-1"))

    def _text(self, tag: str, value: str | int | Decimal | None, position: int) -> str:
        if value is None:
            return ""
        text = amount(value) if isinstance(value, Decimal) else str(value)
        if self._forbidden.search(text):
            raise ValueNotWritable(
                f"{tag}{position:02} holds a delimiter or a control character, and X12 has no way to escape it"
            )
        try:
            text.encode("latin-1")
        except UnicodeEncodeError:
            raise ValueNotWritable(f"{tag}{position:02} holds a character outside Latin-1") from None
        return text

    def _composite(self, tag: str, components: tuple[Component, ...], position: int) -> str:
        texts = [self._text(tag, component, position) for component in components]
        while texts and not texts[-1]:
            texts.pop()
        return self._component.join(texts)

    def _header(self) -> str:
        """Return ISA without its terminator: 105 characters (DOMAIN 4.1)."""
        head, marks = self._head, self._head.delimiters
        moment = head.instant.astimezone(UTC)
        if not re.fullmatch(r"\d{9}", head.control_number):
            raise ValueNotWritable("ISA13 must have exactly nine digits")
        ids = (head.sender.qualifier, head.sender.id, head.receiver.qualifier, head.receiver.id)
        fields = [
            "00", " " * 10, "00", " " * 10,
            f"{ids[0]:<2}", f"{ids[1]:<15}", f"{ids[2]:<2}", f"{ids[3]:<15}",
            f"{moment:%y%m%d}", f"{moment:%H%M}",
            marks.repetition if head.version >= _REPETITION_SINCE else "U",
            head.version, head.control_number, str(int(head.ack_requested)), head.usage, marks.component,
        ]  # fmt: skip
        isa = marks.element.join(["ISA", *fields])
        if len(isa) != 105 or any(self._forbidden.search(value) for value in ids):
            raise ValueNotWritable(
                "the parties of an outbound interchange do not fit ISA05 to ISA08",
                hint="a qualifier has 2 characters, an id 1 to 15, and neither may hold a delimiter",
            )
        return isa


def amount(value: Decimal) -> str:
    """Return a decimal as X12 type R writes it: no exponent, no trailing zeros, a point only where needed."""
    text = f"{value + 0:f}"  # + 0 turns a negative zero into zero
    return text.rstrip("0").rstrip(".") if "." in text else text


def copied(value: str | None, delimiters: Delimiters, *, longest: int) -> str:
    """Return a partner's value so that it can stand in our own segment, or empty text when nothing is left of it.

    Delimiters, control characters and characters outside ASCII are replaced one for one, the rest is cut to
    `longest` characters and blanks at the end go: AK404 and IK404 must never make a syntax error of their own.
    """
    if not value:
        return ""
    separators = delimiters.element + delimiters.component + delimiters.repetition + delimiters.segment
    stand_in = next(mark for mark in _STAND_INS if mark not in separators)
    return re.sub(f"[{re.escape(separators)}]|[^ -~]", stand_in, value[:longest]).rstrip()


def loop_id(loop: str | None) -> str:
    """Return a loop id as data element 447 holds it: four characters, loop 2010AA is told as 2010.

    The names that maps give to what is in no loop (`ST_LOOP`) are no loop ids and give empty text.
    """
    return "" if loop is None or loop.endswith("_LOOP") else loop[:4]
