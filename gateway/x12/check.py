"""Checking a file: any bytes in, events out, in one pass and constant memory (DOMAIN 7).

`check` reads interchanges, groups and sets and yields what it finds as values. Nothing that a partner wrote raises;
only reading itself may (OSError). Which acknowledgements are configured plays no part.
"""

from collections.abc import Iterator
from typing import BinaryIO

from gateway.domain.exchange import AckCode, FunctionalGroup, Interchange, TransactionSet
from gateway.domain.finding import Finding, Level, Place, Severity
from gateway.x12.check_envelope import (
    ISA_BYTES,
    Isa,
    group_finding,
    group_of,
    gs_findings,
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
from gateway.x12.check_findings import Findings
from gateway.x12.check_set import SetWalk
from gateway.x12.check_source import PADDING, Source
from gateway.x12.guide import Guide, GuideLibrary
from gateway.x12.plan import GuidePlan
from gateway.x12.plan_pattern import Style
from gateway.x12.plan_run import plan_of
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

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_ENDS_A_SET = frozenset({"IEA", "GS", "GE", "ST"})  # and ISA, with whatever separator
_BUSINESS = {
    "BGN": (1, 2, 3, 6, 8),
    "BPR": (1, 2, 4, 16),
    "TRN": (1, 2, 3),
    "BIG": (1, 2),
}
"""Elements that name a set for those who look for duplicates (DOMAIN 7.6); no account numbers."""


def check(
    stream: BinaryIO, guides: GuideLibrary, limits: Limits | None = None, *, severities: Severities | None = None
) -> Iterator[CheckEvent]:
    """Yield the events of the file on `stream`, from its present position to its end.

    Every `InterchangeOpened`, `GroupOpened` has its closing event; a set that breaks off is a `SetChecked` too.
    Raises nothing for any content.
    """
    yield from _FileCheck(Window(stream), guides, limits or Limits(), severities or Severities()).events()


class _FileCheck:
    """The pass over one file: what lies outside of interchanges, and each interchange in turn."""

    def __init__(self, window: Window, guides: GuideLibrary, limits: Limits, severities: Severities) -> None:
        self.window = window
        self.guides = guides
        self.limits = limits
        self.severities = severities
        self.control_numbers: set[tuple[str, str]] = set()
        self._plans: dict[tuple[str, str, str, str], GuidePlan | None] = {}

    def events(self) -> Iterator[CheckEvent]:
        """Yield the events of the whole file."""
        window = self.window
        window.ensure(ISA_BYTES)
        if window.data[:3] == _BOMS[0]:
            window.at = 3
            yield FileFindings((self._note("BOM", "the file begins with a byte order mark", Severity.WARNING),))
        ordinal = 0
        while True:
            isa, skipped = self._find_isa()
            if isa is None:
                break
            if skipped:
                yield FileFindings((self._note("GARBAGE", f"{skipped} bytes that are no X12 stand before ISA"),))
            ordinal += 1
            yield from _InterchangeCheck(self, isa, ordinal).events()
        if ordinal == 0:
            yield FileFindings((self._note("NOT_X12", "no readable ISA: this is no X12, or it begins broken off"),))
        elif skipped:
            text = f"{skipped} bytes that are no X12 follow the last interchange"
            yield FileFindings((self._note("TRAILING_DATA", text, Severity.WARNING),))

    def _find_isa(self) -> tuple[Isa | None, int]:
        """Move to the next readable ISA; return it and how many bytes that are not blank were skipped."""
        window = self.window
        skipped = 0
        while True:
            window.ensure(4 * ISA_BYTES)
            found = window.data.find(b"ISA", window.at)
            until = found if found >= 0 else max(window.at, len(window.data) - (0 if window.ended else 2))
            skipped += len(window.data[window.at : until].strip(PADDING))
            window.at = until
            if found >= 0:
                window.ensure(4 * ISA_BYTES)
                isa = read_isa(window.data, window.at)
                if isa is not None:
                    return isa, skipped
                window.at += 3
                skipped += 3
            elif not window.fill():
                skipped += len(window.data[window.at :].strip(PADDING))
                window.at = len(window.data)
                return None, skipped

    def plan_for(self, version: str, group: FunctionalGroup, convention: str, set_type: str) -> GuidePlan | None:
        """Return the plan for a set, remembered for the next; None where no guide serves it."""
        key = (version, group.functional_id, convention, set_type)
        if key not in self._plans:
            guide: Guide | None = self.guides.find(*key)
            self._plans[key] = plan_of(guide) if guide is not None else None
        return self._plans[key]

    def _note(self, code: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
        place = Place(line=self.window.line(self.window.at), byte=self.window.byte(self.window.at))
        return Finding(f"FILE:{code}", Level.FILE, message, severity, place)


class _InterchangeCheck:
    """One ISA … IEA."""

    def __init__(self, file: _FileCheck, isa: Isa, ordinal: int) -> None:
        self._file = file
        self._window = file.window
        self._isa = isa
        self.interchange: Interchange = interchange_of(isa, ordinal)
        self._source = Source(file.window, isa.delimiters, longest=file.limits.segment_bytes)
        self._style = Style(isa.delimiters, isa.elements[12], self._line_end())
        self._findings: list[Finding] = []
        self._group_numbers: set[str] = set()

    def events(self) -> Iterator[CheckEvent]:
        """Yield the events of the interchange, from ISA to IEA or to where it breaks off."""
        place = self._place("ISA")
        self._window.at += self._isa.length
        self._findings += isa_findings(self._isa, place)
        key = (f"{self.interchange.sender}{self.interchange.receiver}", self.interchange.control_number)
        if key in self._file.control_numbers:
            self._add("025", "ISA13 stands twice in this file for the same sender and receiver", place, 13)
        self._file.control_numbers.add(key)
        yield InterchangeOpened(self.interchange)
        groups, orphans, closed = 0, 0, False
        while not closed and (elements := self._source.next()) is not None:
            tag, place = elements[0], self._place(elements[0])
            if tag == "GS":
                groups += 1
                yield from self._group(elements, groups, place)
            elif tag == "IEA":
                self._close(elements, groups, place)
                closed = True
            elif tag.startswith("ISA"):
                self._source.put_back()
                break
            elif tag != "TA1":
                orphans += 1
                if orphans == 1:
                    self._add("022", "a segment stands outside of every functional group", place)
        if not closed:
            self._add("023", "IEA is missing: the interchange breaks off", self._place("IEA"))
        code, note = ta1_of(self._findings)
        yield InterchangeClosed(code, note, tuple(self._findings))

    def _line_end(self) -> str:
        after = self._window.at + self._isa.length
        following = self._window.data[after : after + 2].decode("latin-1")
        return next((end for end in ("\r\n", "\n", "\r") if following.startswith(end)), "")

    def _close(self, elements: list[str], groups: int, place: Place) -> None:
        count, number = [*elements, "", ""][1:3]
        if number_of(count) != groups:
            self._add("021", f"IEA01 does not say {groups}, the number of groups that came", place, 1)
        if number != self.interchange.control_number:
            self._add("001", "IEA02 differs from ISA13", place, 2)

    def _group(self, elements: list[str], ordinal: int, place: Place) -> Iterator[CheckEvent]:
        group = group_of(elements, ordinal)
        version = self.interchange.version
        findings: list[Finding] = []
        for finding in gs_findings(elements, version, place):
            (findings if finding.level is Level.GROUP else self._findings).append(finding)
        if group.control_number in self._group_numbers:
            findings.append(group_finding("19", "GS06 stands twice in this interchange", place, 6))
        self._group_numbers.add(group.control_number)
        if not self._file.guides.knows(group.functional_id):
            findings.append(group_finding("1", "no guide here serves this functional group (GS01)", place, 1))
        elif not self._file.guides.knows(group.functional_id, group.guide):
            findings.append(group_finding("2", "no guide here has this version (GS08)", place, 8))
        yield GroupOpened(group)
        received = accepted = warned = 0
        numbers: set[str] = set()
        included, closed, orphans = 0, False, 0
        while not closed and (elements := self._source.next() or []):
            tag, place = elements[0], self._place(elements[0])
            if tag == "ST":
                received += 1
                checked = self._set(elements, received, group, numbers)
                accepted += checked.ack is not AckCode.REJECTED
                warned += checked.ack is AckCode.WITH_ERRORS
                yield checked
            elif tag == "GE":
                included = self._close_group(elements, group, received, place, findings)
                closed = True
            elif tag in {"GS", "IEA"} or tag.startswith("ISA"):
                self._source.put_back()
                break
            else:
                orphans += 1
                if orphans == 1:
                    self._add("022", "a segment stands in a group but outside of every transaction set", place)
        if not closed:
            findings.append(group_finding("3", "GE is missing: the group breaks off", self._place("GE")))
        refused = bool(findings)
        accepted = 0 if refused else accepted
        if refused or (received and not accepted):
            ack = AckCode.REJECTED
        elif accepted < received:
            ack = AckCode.PARTIAL
        else:
            ack = AckCode.WITH_ERRORS if warned else AckCode.ACCEPTED
        yield GroupClosed(ack, max(included, 0), received, accepted, tuple(findings))

    def _close_group(
        self, elements: list[str], group: FunctionalGroup, received: int, place: Place, findings: list[Finding]
    ) -> int:
        count, number = [*elements, "", ""][1:3]
        included = number_of(count)
        if included != received:
            text = f"GE01 does not say {received}, the number of transaction sets that came"
            findings.append(group_finding("5", text, place, 1))
        if number.strip() != group.control_number:
            findings.append(group_finding("4", "GE02 differs from GS06", place, 2))
        return included

    def _set(self, elements: list[str], ordinal: int, group: FunctionalGroup, numbers: set[str]) -> SetChecked:
        return _SetCheck(self._file, self._source, self._style, group).run(elements, ordinal, numbers)

    def _place(self, tag: str) -> Place:
        at = self._source.at
        return Place(tag[:3] or None, line=self._window.line(at), byte=self._window.byte(at))

    def _add(self, code: str, message: str, place: Place, element: int | None = None) -> None:
        self._findings.append(interchange_finding(code, message, place, element))


class _SetCheck:
    """One ST … SE."""

    def __init__(self, file: _FileCheck, source: Source, style: Style, group: FunctionalGroup) -> None:
        self._file = file
        self._source = source
        self._style = style
        self._group = group
        self._business: dict[str, str] = {}

    def run(self, elements: list[str], ordinal: int, numbers: set[str]) -> SetChecked:
        """Check the set whose ST was just read, and leave the source behind its SE, or before what ended it."""
        set_type, number, convention = [each.strip() for each in [*elements, "", "", ""][1:4]]
        guide = convention or self._group.guide
        found = self._findings = Findings(
            self._source,
            most=self._file.limits.findings_per_set,
            severities=self._file.severities,
            set_type=set_type,
        )
        started = self._source.window.byte(self._source.at)
        if number in numbers:
            found.on_set("23", "ST02 stands twice in this group", "ST", 2)
        numbers.add(number)
        if convention and self._group.guide and convention != self._group.guide:
            found.on_set("19", "ST03 names another guide than GS08", "ST", 3)
        walk = self._walk(guide, set_type)
        if walk is not None:
            walk.begin(elements)
        position = self._follow(walk, number)
        ended = self._source.window.byte(self._source.window.at)
        checked = TransactionSet(ordinal, set_type, number, guide, started, ended, position)
        ack = AckCode.WITH_ERRORS if found.has_warning else AckCode.ACCEPTED
        ack = AckCode.REJECTED if found.has_error else ack
        return SetChecked(checked, ack, found.sorted(), found.left_out, tuple(self._business.items()))

    def _walk(self, guide: str, set_type: str) -> SetWalk | None:
        plan = self._file.plan_for(self._style.version, self._group, guide, set_type)
        if plan is not None:
            return SetWalk(plan, self._style, self._findings, severities=self._file.severities)
        known = self._file.guides.knows(self._group.functional_id)
        self._findings.on_set("I6" if known else "1", "no guide here serves this transaction set", "ST", 1)
        return None

    def _follow(self, walk: SetWalk | None, number: str) -> int:
        """Read and check the segments after ST; return how many the set has."""
        source = self._source
        position = 1
        while (elements := source.next()) is not None:
            tag = elements[0]
            if tag in _ENDS_A_SET or tag[:3] == "ISA":
                source.put_back()
                break
            if source.is_odd or tag in _BUSINESS:
                self._look_at(elements, position + 1)
            if walk is not None and not source.too_long:
                position += walk.take(elements, position + 1, source)
            else:
                position += 1
            if tag == "SE":
                self._close(walk, elements, position, number)
                return position
        if walk is not None:
            walk.close(position + 1)
        self._findings.position = position + 1
        self._findings.on_set("2", "SE is missing: the transaction set breaks off", "SE")
        return position

    def _look_at(self, elements: list[str], position: int) -> None:
        """Note what only the bytes show, and the elements that name the set."""
        tag, found = elements[0], self._findings
        found.position = position
        if self._source.indented:
            found.on_segment("1", "blanks stand before the segment id", tag)
        if self._source.too_long:
            found.on_segment("8", f"it is longer than the limit of {self._file.limits.segment_bytes} bytes", tag)
        if self._source.cut_off:
            found.on_segment("8", "the file ends inside this segment", tag)
        for element in _BUSINESS.get(tag, ()):
            if element < len(elements) and elements[element]:
                self._business.setdefault(f"{tag}{element:02d}", elements[element])

    def _close(self, walk: SetWalk | None, elements: list[str], position: int, number: str) -> None:
        if walk is not None:
            walk.close(position)
        count, closing = [*elements, "", ""][1:3]
        self._findings.position = position
        if number_of(count) != position:
            self._findings.on_set("4", f"SE01 does not say {position}, the number of segments from ST to SE", "SE", 1)
        if closing.strip() != number:
            self._findings.on_set("3", "SE02 differs from ST02", "SE", 2)
