"""Reading what partners say of our files: TA1, 997, 999 and 824 into one kind of value (DOMAIN 7).

The reading is lenient, as it must be: a 999 that breaks its guide still says what it says. Whether it keeps its guide
is for the check to find; here every answer that names its subject counts.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from gateway.domain.exchange import AckCode, Acknowledgement, Delimiters, DocumentKind
from gateway.domain.finding import Finding, Level, Place, Severity
from gateway.x12.acknowledge_code import meaning
from gateway.x12.check_envelope import read_isa
from gateway.x12.reader import CHUNK_BYTES, Segment, text_of

ANSWERING_SETS = frozenset({"997", "999", "824"})
"""ST01 of the sets that `acknowledgements_in` reads."""

_ACK_CODES = {
    "A": AckCode.ACCEPTED,
    "E": AckCode.WITH_ERRORS,
    "P": AckCode.PARTIAL,
    "R": AckCode.REJECTED,
    # Security: authentication failed, or decrypting was refused. Nothing of ours was taken.
    "M": AckCode.REJECTED,
    "W": AckCode.REJECTED,
    "X": AckCode.REJECTED,
}
# The second letter of OTI01, whatever unit (transaction, group, batch, item) the first one names.
_VERDICTS = {
    "A": AckCode.ACCEPTED,
    "C": AckCode.WITH_ERRORS,
    "E": AckCode.WITH_ERRORS,
    "P": AckCode.PARTIAL,
    "R": AckCode.REJECTED,
}
_CANDIDATE = re.compile(rb"ISA|TA1")
_DIGITS_MAX = 10  # of a position; longer runs of digits are no number that the standard knows
_ISA_OR_TA1_BYTES = 400  # how far an ISA of wrong widths is read; a TA1 and the blanks before it are shorter


def acknowledgements_in(
    set_type: str, segments: Iterable[Segment], delimiters: Delimiters
) -> Iterator[Acknowledgement]:
    """Yield what one 997, 999 or 824 says, in its order: each set that it names, then the group (AK9).

    `segments` are those of the set from ST on, as `read_set` gives them. Anything else than `ANSWERING_SETS` yields
    nothing.
    """
    if set_type in {"997", "999"}:
        kind = DocumentKind.ACK_999 if set_type == "999" else DocumentKind.ACK_997
        yield from _group_answers(kind, segments, delimiters)
    elif set_type == "824":
        yield from _reports(segments, delimiters)


def read_ta1s(stream: BinaryIO) -> Iterator[Acknowledgement]:
    """Yield every TA1 of a file, wherever in its interchange it stands: some write it after GE.

    Reads the stream from its present position to its end, in one pass and constant memory.
    """
    marks: Delimiters | None = None
    data, base, looked_at = stream.read(CHUNK_BYTES), 0, -1
    while data:
        more = stream.read(CHUNK_BYTES)
        # What stands so near to the end that it may be cut is looked at again with what follows.
        whole = len(data) - (_ISA_OR_TA1_BYTES if more else 0)
        for found in _CANDIDATE.finditer(data):
            at = found.start()
            if base + at <= looked_at or at > whole:
                continue
            looked_at = base + at
            if marks is not None and not _begins_segment(data, at, marks.segment.encode("latin-1")):
                continue
            if found.group() == b"ISA":
                isa = read_isa(data, at)
                marks = isa.delimiters if isa is not None else marks
            elif marks is not None and data[at + 3 : at + 4] == marks.element.encode("latin-1"):
                yield _ta1(data[at : at + _ISA_OR_TA1_BYTES], marks)
        kept = data[-2 * _ISA_OR_TA1_BYTES :] if more else b""
        base += len(data) - len(kept)
        data = kept + more


def _begins_segment(data: bytes, at: int, terminator: bytes) -> bool:
    """Whether a segment begins at `data[at]`: before it stands a terminator, but for blanks, or nothing at all."""
    before = data[max(0, at - _ISA_OR_TA1_BYTES) : at]
    text = before.rstrip(b" \t\r\n")
    return not text or text.endswith(terminator) or terminator in before[len(text) :]


def _ta1(raw: bytes, marks: Delimiters) -> Acknowledgement:
    elements = _padded(text_of(raw.split(marks.segment.encode("latin-1"), 1)[0]).split(marks.element), 6)
    said, note = elements[4].strip(), elements[5].strip()
    findings = (_finding(f"TA105:{note}", Level.INTERCHANGE, Place("TA1")),) if note not in {"", "000"} else ()
    return Acknowledgement(
        DocumentKind.TA1, _ACK_CODES.get(said), said, interchange=elements[1].strip(), findings=findings
    )


@dataclass(slots=True)
class _Subject:
    """What the answer being read is about, and what was said of it so far."""

    functional_id: str = ""
    group: str = ""
    set_type: str = ""
    transaction_set: str = ""
    reference: str = ""
    said: str = ""
    findings: list[Finding] = field(default_factory=list)

    def answer(self, kind: DocumentKind) -> Acknowledgement:
        report = kind is DocumentKind.REPORT_824
        return Acknowledgement(
            kind,
            _VERDICTS.get(self.said[1:]) if report else _ACK_CODES.get(self.said),
            self.said,
            functional_id=self.functional_id,
            group=self.group,
            set_type=self.set_type,
            transaction_set=self.transaction_set,
            reference=self.reference,
            findings=tuple(self.findings),
        )


def _group_answers(kind: DocumentKind, segments: Iterable[Segment], marks: Delimiters) -> Iterator[Acknowledgement]:
    functional_id = group = ""
    subject = _Subject()
    place = Place()
    for segment in segments:
        e = [each.strip() for each in _padded(segment.elements, 10)]
        match segment.tag:
            case "AK1":
                functional_id, group = e[1], e[2]
            case "AK2":
                subject = _Subject(functional_id, group, e[1], e[2])
            case "IK3" | "AK3":
                place = Place(e[1] or None, _number(e[2]), loop=e[3] or None)
                if e[4] != "8":  # 8 only says that elements follow
                    subject.findings.append(_finding(f"IK304:{e[4]}", Level.SEGMENT, place))
            case "IK4" | "AK4":
                where = [_number(each) for each in _padded(e[1].split(marks.component), 3)]
                at = Place(place.segment, place.position, where[0], where[1], where[2], place.loop)
                finding = _finding(f"IK403:{e[3]}", Level.ELEMENT, at, e[4] or None, _number(e[2]))
                subject.findings.append(finding)
            case "IK5" | "AK5":
                subject.said = e[1]
                subject.findings += [_finding(f"IK502:{each}", Level.SET, Place()) for each in e[2:7] if each]
                yield subject.answer(kind)
            case "AK9":
                subject = _Subject(functional_id, group, said=e[1])
                subject.findings += [_finding(f"AK905:{each}", Level.GROUP, Place()) for each in e[5:10] if each]
                yield subject.answer(kind)


def _reports(segments: Iterable[Segment], marks: Delimiters) -> Iterator[Acknowledgement]:
    subject: _Subject | None = None
    for segment in segments:
        e = [each.strip() for each in _padded(segment.elements, 12)]
        if segment.tag == "OTI":
            if subject is not None:
                yield subject.answer(DocumentKind.REPORT_824)
            reference = e[3] if e[3] != "NA" else ""
            subject = _Subject("", e[8], e[10], e[9], reference, said=e[1])
        elif subject is not None:
            _take_error(subject, segment.tag, e, marks)
    if subject is not None:
        yield subject.answer(DocumentKind.REPORT_824)


def _take_error(subject: _Subject, tag: str, e: Sequence[str], marks: Delimiters) -> None:
    """Add what TED, NTE or RED says: RED's industry code names the finding, notes are the partner's own words."""
    if tag == "TED":
        where = [_number(each) for each in _padded(e[5].split(marks.component), 3)]
        place = Place(e[3] or None, _number(e[4]), where[0], where[1], where[2])
        subject.findings.append(_finding(f"TED01:{e[1]}", Level.BUSINESS, place, e[2] or e[7] or None))
    elif subject.findings and tag in {"NTE", "RED"}:
        last = subject.findings[-1]
        words = f"{last.value} {e[2]}" if last.value else e[2]
        code, message = last.code, last.message
        if tag == "RED" and e[6]:
            code, message, words = f"RED06:{e[6]}", f"{meaning(last.code)}, industry code {e[6]}", last.value or ""
        subject.findings[-1] = Finding(
            code, last.level, message, last.severity, last.place, words or None, last.element_reference
        )


def _finding(code: str, level: Level, place: Place, value: str | None = None, reference: int | None = None) -> Finding:
    return Finding(code, level, meaning(code), Severity.ERROR, place, value, reference)


def _padded(elements: Sequence[str], length: int) -> list[str]:
    return [*elements, *[""] * (length - len(elements))][: max(length, len(elements))]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX else None
