"""999 (005010X231A1) and 997: one AK1 … AK9 per functional group, written while its sets pass by (DOMAIN 7.3).

The two differ in segment names, in what a code may be (a 997 knows no I-codes) and in context; `_Dialect` says how.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO, Self

from gateway.domain.exchange import AckCode, DocumentKind, FunctionalGroup
from gateway.domain.finding import Finding, Level, Place
from gateway.x12.acknowledge import AckIdentity, GroupOutcome, SetOutcome
from gateway.x12.writer import Element, GroupHead, InterchangeWriter, copied, loop_id

_CODES_MAX = 5  # IK502 to IK506, AK905 to AK909
_LONGEST_COPY = 99  # data element 724
_LONGEST_CONTEXT = 35  # data element 9998
_SEGMENT_HAS_ELEMENT_ERRORS = "8"
_TRIGGER = ("SITUATIONAL TRIGGER",)

# A 997 cannot say that only the guide forbids something: each I-code becomes the standard's nearest (DOMAIN 7.3).
_SEGMENT_CODES_997 = {"I4": "2", "I6": "3", "I7": "3", "I8": "3", "I9": "2"}
_ELEMENT_CODES_997 = {"I6": "7", "I9": "2", "I10": "10", "I11": "1", "I12": "7", "I13": "10"}
_SET_CODES_997 = {"I5": "5", "I6": "1"}
# Codes that release 5010 added: too many repetitions, too many components; set not in group, bad convention.
_ELEMENT_CODES_4010 = {**_ELEMENT_CODES_997, "12": "3", "13": "3"}
_SET_CODES_4010 = {**_SET_CODES_997, "18": "6", "19": "1"}
_GROUP_CODES_4010 = {"19": "6"}


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How one release of one acknowledgement writes what all of them say."""

    set_type: str
    guide: str  # GS08
    convention: str  # ST03
    segment: str
    element: str
    set_trailer: str
    names_guides: bool  # AK103 and AK203 exist
    contexts: bool  # CTX exists
    repetitions: bool  # IK401-3/AK401-3 exists
    segment_codes: Mapping[str, str] = field(default_factory=dict)
    element_codes: Mapping[str, str] = field(default_factory=dict)
    set_codes: Mapping[str, str] = field(default_factory=dict)
    group_codes: Mapping[str, str] = field(default_factory=dict)


_999 = _Dialect(
    set_type="999",
    guide="005010X231A1",
    convention="005010X231A1",
    segment="IK3",
    element="IK4",
    set_trailer="IK5",
    names_guides=True,
    contexts=True,
    repetitions=True,
)
_997_5010 = _Dialect(
    set_type="997",
    guide="005010",
    convention="",
    segment="AK3",
    element="AK4",
    set_trailer="AK5",
    names_guides=True,
    contexts=False,
    repetitions=True,
    segment_codes=_SEGMENT_CODES_997,
    element_codes=_ELEMENT_CODES_997,
    set_codes=_SET_CODES_997,
)
_997_4010 = _Dialect(
    set_type="997",
    guide="004010",
    convention="",
    segment="AK3",
    element="AK4",
    set_trailer="AK5",
    names_guides=False,
    contexts=False,
    repetitions=False,
    segment_codes=_SEGMENT_CODES_997,
    element_codes=_ELEMENT_CODES_4010,
    set_codes=_SET_CODES_4010,
    group_codes=_GROUP_CODES_4010,
)


@dataclass(slots=True)
class _SegmentNote:
    """One IK3 or AK3: the place, its code, and the element findings below it."""

    place: Place
    code: str
    first: Finding
    elements: list[Finding] = field(default_factory=list)


class GroupAckWriter:
    """Writes one interchange of 999s or 997s, one per functional group, to a binary stream.

    For each group call `open`, then `add` for every set in the order of the file, then `close`. Memory does not grow
    with the sets. Use it as a context; an exception that leaves it leaves the interchange without its trailer.
    """

    def __init__(self, kind: DocumentKind, identity: AckIdentity, out: BinaryIO) -> None:
        """Take DocumentKind.ACK_999 or ACK_997 (written in the release of `identity.version`) and the stream."""
        if kind is DocumentKind.ACK_999:
            self._dialect = _999
        else:
            self._dialect = _997_5010 if identity.version == "00501" else _997_4010
        self._identity = identity
        self._writer = InterchangeWriter(out, identity.head)
        self._envelope = ExitStack()
        self._set = ExitStack()

    def __enter__(self) -> Self:
        """Write ISA and GS."""
        mine = self._identity
        self._envelope.enter_context(self._writer)
        self._envelope.enter_context(
            self._writer.group(
                GroupHead("FA", mine.our_code, mine.their_code, mine.group_control_number, self._dialect.guide)
            )
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write GE and IEA, unless an exception left the interchange unfinished."""
        self._envelope.__exit__(kind, error, trace)

    def open(self, group: FunctionalGroup) -> None:
        """Write ST and AK1 for `group`."""
        dialect = self._dialect
        self._set.enter_context(self._writer.transaction_set(dialect.set_type, guide=dialect.convention))
        self._writer.segment(
            "AK1",
            self._copied(group.functional_id, 2) or "??",
            self._copied(group.control_number, 9) or "0",
            (self._copied(group.guide, 12) or "?") if dialect.names_guides else "",
        )

    def add(self, outcome: SetOutcome) -> None:
        """Write AK2, the notes on segments and elements, and IK5 or AK5 for one set.

        A set that is accepted is told without notes. One that is accepted with errors tells all it has, one that is
        rejected only what rejects it: a warning must not look like the reason.
        """
        original, dialect = outcome.set, self._dialect
        self._writer.segment(
            "AK2",
            self._copied(original.type, 3) or "???",
            self._copied(original.control_number, 9) or "0000",
            # ST03 is returned, and a set without ST03 carries the release from GS08, which is no convention
            self._copied(original.guide, 35) if dialect.names_guides and "X" in original.guide else "",
        )
        told: list[Finding] = []
        if outcome.ack is not AckCode.ACCEPTED:
            told = [f for f in outcome.findings if f.is_error or outcome.ack is not AckCode.REJECTED]
        notes = _segment_notes(told)
        for note in notes:
            self._write_note(note)
        codes = [dialect.set_codes.get(code, code) for code in _set_codes(told, notes)]
        if outcome.ack is AckCode.REJECTED and not codes:
            codes = ["5"]
        self._writer.segment(dialect.set_trailer, outcome.ack.value, *_unique(codes))

    def close(self, outcome: GroupOutcome) -> None:
        """Write AK9 and SE for the open group; `outcome.sets` is not read."""
        codes = (
            self._dialect.group_codes.get(_code(finding), _code(finding))
            for finding in outcome.findings
            if finding.level is Level.GROUP
        )
        self._writer.segment(
            "AK9", outcome.ack.value, outcome.included, outcome.received, outcome.accepted, *_unique(codes)
        )
        self._set.close()

    def _write_note(self, note: _SegmentNote) -> None:
        dialect, place = self._dialect, note.place
        self._writer.segment(
            dialect.segment,
            self._copied(place.segment, 3) or "??",
            place.position or 1,
            loop_id(place.loop),
            dialect.segment_codes.get(note.code, note.code),
        )
        if dialect.contexts:
            if not note.elements and note.first.trigger is not None:
                self._write_trigger(note.first.trigger)
            context = next((f.context for f in (note.first, *note.elements) if f.context), "")
            if context:
                name, _, value = context.partition(":")
                self._writer.segment("CTX", (name, self._copied(value, _LONGEST_CONTEXT) or "?"))
        for finding in note.elements:
            self._write_element(finding)

    def _write_element(self, finding: Finding) -> None:
        dialect, place = self._dialect, finding.place
        code = _code(finding)
        where: list[str | int] = [place.element or 1, place.component or ""]
        if dialect.repetitions:
            where.append(place.repetition or "")
        self._writer.segment(
            dialect.element,
            tuple(where),
            finding.element_reference or "",
            dialect.element_codes.get(code, code),
            self._copied(finding.value, _LONGEST_COPY),
        )
        if dialect.contexts and finding.trigger is not None:
            self._write_trigger(finding.trigger)

    def _write_trigger(self, trigger: Place) -> None:
        where: Element = None
        if trigger.element is not None:
            where = (trigger.element, trigger.component or "", trigger.repetition or "")
        self._writer.segment(
            "CTX",
            _TRIGGER,
            self._copied(trigger.segment, 3),
            trigger.position or 1,
            loop_id(trigger.loop),
            where,
        )

    def _copied(self, value: str | None, longest: int) -> str:
        return copied(value, self._identity.delimiters, longest=longest)


def write_999(identity: AckIdentity, groups: Iterable[GroupOutcome], out: BinaryIO) -> None:
    """Write one interchange with a 999 (005010X231A1) for each of `groups`, all under the GS of `identity`."""
    _write(DocumentKind.ACK_999, identity, groups, out)


def write_997(identity: AckIdentity, groups: Iterable[GroupOutcome], out: BinaryIO) -> None:
    """Write one interchange with a 997 for each of `groups`, in the release that `identity.version` names."""
    _write(DocumentKind.ACK_997, identity, groups, out)


def _write(kind: DocumentKind, identity: AckIdentity, groups: Iterable[GroupOutcome], out: BinaryIO) -> None:
    with GroupAckWriter(kind, identity, out) as writer:
        for group in groups:
            writer.open(group.group)
            for outcome in group.sets:
                writer.add(outcome)
            writer.close(group)


def _segment_notes(findings: Iterable[Finding]) -> list[_SegmentNote]:
    """Return one note per segment finding, and one with code 8 per segment that has element findings, by position."""
    notes: list[_SegmentNote] = []
    with_elements: dict[tuple[int | None, str | None], _SegmentNote] = {}
    for finding in findings:
        code, place = _code(finding), finding.place
        if finding.level is Level.SEGMENT and code != _SEGMENT_HAS_ELEMENT_ERRORS:
            notes.append(_SegmentNote(place, code, finding))
        elif finding.level in {Level.SEGMENT, Level.ELEMENT}:
            note = with_elements.get((place.position, place.segment))
            if note is None:
                note = _SegmentNote(place, _SEGMENT_HAS_ELEMENT_ERRORS, finding)
                with_elements[place.position, place.segment] = note
                notes.append(note)
            if place.element is not None:
                note.elements.append(finding)
    notes.sort(key=lambda note: note.place.position or 0)
    return notes


def _set_codes(findings: Iterable[Finding], notes: Iterable[_SegmentNote]) -> Iterator[str]:
    """Yield IK502 codes: those of the set, then 5 and I5 for segments wrong by the standard and by the guide."""
    yield from (_code(finding) for finding in findings if finding.level is Level.SET)
    for note in notes:
        for code in [_code(finding) for finding in note.elements] or [note.code]:
            yield "I5" if code.startswith("I") else "5"


def _code(finding: Finding) -> str:
    return finding.code.partition(":")[2]


def _unique(codes: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(codes))[:_CODES_MAX]
