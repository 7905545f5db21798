"""Checking a file: any bytes in, events out, in one pass and constant memory (DOMAIN 7).

`check` reads interchanges, groups and sets and yields what it finds as values. Nothing that a partner wrote raises;
only reading itself may (OSError). Which acknowledgements are configured plays no part.
"""

from collections.abc import Iterator
from typing import BinaryIO

from gateway.domain.finding import Finding, Level, Place, Severity
from gateway.x12.check_envelope import (
    ISA_BYTES,
    Isa,
    interchange_finding,
    interchange_of,
    isa_findings,
    number_of,
    read_isa,
    ta1_of,
)
from gateway.x12.check_event import (
    CheckEvent,
    FileFindings,
    GroupClosed,
    GroupOpened,
    InterchangeClosed,
    InterchangeOpened,
    Limits,
    SetChecked,
    Severities,
)
from gateway.x12.check_group import CheckContext, GroupCheck
from gateway.x12.check_source import PADDING, Source
from gateway.x12.guide import GuideLibrary
from gateway.x12.plan_pattern import Style
from gateway.x12.reader import Window

__all__ = [
    "CheckEvent",
    "FileFindings",
    "GroupClosed",
    "GroupOpened",
    "InterchangeClosed",
    "InterchangeOpened",
    "Limits",
    "SetChecked",
    "Severities",
    "check",
]

_BOM = b"\xef\xbb\xbf"
_IN_SIGHT = 4 * ISA_BYTES  # enough for an ISA, even one of wrong widths


def check(
    stream: BinaryIO, guides: GuideLibrary, limits: Limits | None = None, *, severities: Severities | None = None
) -> Iterator[CheckEvent]:
    """Yield the events of the file on `stream`, from its present position to its end.

    Every `InterchangeOpened` and `GroupOpened` has its closing event; a set that breaks off is a `SetChecked` too.
    Raises nothing for any content.
    """
    context = CheckContext(guides, limits or Limits(), severities or Severities())
    yield from _FileCheck(Window(stream), context).events()


class _FileCheck:
    """The pass over one file: what lies outside of interchanges, and each interchange in turn."""

    def __init__(self, window: Window, context: CheckContext) -> None:
        self._window = window
        self._context = context
        self._control_numbers: set[tuple[str, str]] = set()

    def events(self) -> Iterator[CheckEvent]:
        """Yield the events of the whole file."""
        self._window.ensure(ISA_BYTES)
        if self._window.data.startswith(_BOM):
            yield self._note("BOM", "the file begins with a byte order mark", Severity.WARNING)
            self._window.at = len(_BOM)
        ordinal = 0
        while True:
            isa, skipped = self._find_isa()
            if isa is None:
                break
            if skipped:
                yield self._note("GARBAGE", f"{skipped} bytes that are no X12 stand before ISA")
            ordinal += 1
            yield from _InterchangeCheck(self._window, self._context, isa, ordinal).events(self._control_numbers)
        if ordinal == 0:
            yield self._note("NOT_X12", "no readable ISA: this is no X12, or it begins broken off")
        elif skipped:
            message = f"{skipped} bytes that are no X12 follow the last interchange"
            yield self._note("TRAILING_DATA", message, Severity.WARNING)

    def _find_isa(self) -> tuple[Isa | None, int]:
        """Move to the next readable ISA; return it and how many bytes were skipped, 0 for mere padding."""
        window = self._window
        start = window.byte(window.at)
        is_padding = True
        while True:
            window.ensure(_IN_SIGHT)
            found = window.data.find(b"ISA", window.at)
            # The first letters of an ISA may be the last bytes in sight.
            until = found if found >= 0 else max(window.at, len(window.data) - (0 if window.ended else 2))
            is_padding = is_padding and not window.data[window.at : until].strip(PADDING)
            window.at = until
            isa = None
            if found >= 0:
                window.ensure(_IN_SIGHT)
                isa = read_isa(window.data, window.at)
            if isa is not None or (window.ended and window.at == len(window.data)):
                return isa, 0 if is_padding else window.byte(window.at) - start
            if found >= 0:
                is_padding = False
                window.at += 3
            else:
                window.fill()

    def _note(self, code: str, message: str, severity: Severity = Severity.ERROR) -> FileFindings:
        place = Place(line=self._window.line(self._window.at), byte=self._window.byte(self._window.at))
        return FileFindings((Finding(f"FILE:{code}", Level.FILE, message, severity, place),))


class _InterchangeCheck:
    """One ISA … IEA."""

    def __init__(self, window: Window, context: CheckContext, isa: Isa, ordinal: int) -> None:
        self._context = context
        self._isa = isa
        self._interchange = interchange_of(isa, ordinal)
        self._source = Source(window, isa.delimiters, longest=context.limits.segment_bytes)
        after = window.data[window.at + isa.length :][:2]
        line_end = next((end for end in ("\r\n", "\n", "\r") if after.startswith(end.encode())), "")
        self._style = Style(isa.delimiters, isa.elements[12], line_end)
        self._findings: list[Finding] = []

    def events(self, control_numbers: set[tuple[str, str]]) -> Iterator[CheckEvent]:
        """Yield the events of the interchange, from ISA to IEA or to where it breaks off.

        `control_numbers` are those of the file so far, with sender and receiver; this one's is added.
        """
        source = self._source
        self._open(control_numbers)
        source.window.at += self._isa.length
        yield InterchangeOpened(self._interchange)
        group_numbers: set[str] = set()
        groups, has_orphans, is_closed = 0, False, False
        while not is_closed and (elements := source.next()) is not None:
            tag = elements[0]
            if tag == "GS":
                groups += 1
                group = GroupCheck(self._context, source, self._style, groups)
                yield from group.events(elements, group_numbers)
                self._findings += group.interchange_findings
            elif tag == "IEA":
                self._close(elements, groups)
                is_closed = True
            elif tag.startswith("ISA"):
                source.put_back()
                break
            elif tag != "TA1" and not has_orphans:
                has_orphans = True
                self._add("022", "a segment stands outside of every functional group", tag)
        if not is_closed:
            self._add("023", "IEA is missing: the interchange breaks off", "IEA")
        code, note = ta1_of(self._findings)
        yield InterchangeClosed(code, note, tuple(self._findings))

    def _open(self, control_numbers: set[tuple[str, str]]) -> None:
        mine = self._interchange
        self._findings += isa_findings(self._isa, self._source.place("ISA"))
        key = (f"{mine.sender}{mine.receiver}", mine.control_number)
        if key in control_numbers:
            self._add("025", "ISA13 stands twice in this file for the same sender and receiver", "ISA", 13)
        control_numbers.add(key)

    def _close(self, elements: list[str], groups: int) -> None:
        count, number = [*elements, "", ""][1:3]
        if number_of(count) != groups:
            self._add("021", f"IEA01 does not say {groups}, the number of groups that came", "IEA", 1)
        if number != self._interchange.control_number:
            self._add("001", "IEA02 differs from ISA13", "IEA", 2)

    def _add(self, code: str, message: str, tag: str, element: int | None = None) -> None:
        self._findings.append(interchange_finding(code, message, self._source.place(tag), element))
