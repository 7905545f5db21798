"""What is wrong with an envelope: ISA and IEA as TA105 says it, GS and GE as AK905 says it (DOMAIN 7.2 and 7.3)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.domain.exchange import AckCode, Delimiters, FunctionalGroup, Interchange, Party
from gateway.domain.finding import Finding, Level, Place, Severity
from gateway.x12.check_value import is_date, is_time

ISA_BYTES = 106
_ISA_ELEMENTS = 16
_ISA_LONGEST = 400  # how far the sixteenth separator is looked for where the widths are wrong
_NO_REPETITION_BEFORE = "00402"

# DOMAIN 7.2: these refuse the interchange; 014, 015 and 019 do not. What DOMAIN does not name follows its spirit: an
# interchange that can be read and answered is accepted with errors, one that cannot is rejected.
_ACCEPTED_WITH_ERRORS = frozenset({"010", "011", "012", "013", "014", "015", "019"})

# The standard's I05; the HIPAA guides use nine of them, but an envelope may carry other sets.
_QUALIFIERS = frozenset({*(f"{n:02d}" for n in range(1, 39) if n not in {5, 6}), "AM", "NR", "SA", "SN", "ZZ"})
_AGENCIES = frozenset({"X", "T"})


@dataclass(frozen=True, slots=True)
class Isa:
    """A readable ISA: its sixteen elements as sent, its delimiters, and its length with the terminator."""

    elements: tuple[str, ...]
    delimiters: Delimiters
    length: int


def read_isa(data: bytes, at: int) -> Isa | None:
    """Return the ISA that begins at `data[at]`, or None where there is none that could be read.

    An ISA is 106 bytes with fixed widths (DOMAIN 4.1); with other widths the sixteenth separator tells where it ends.
    """
    if data[at : at + 3] != b"ISA" or len(data) < at + 5:
        return None
    separator = data[at + 3 : at + 4]
    if separator.isalnum() or separator.isspace():
        return None
    window = data[at : at + _ISA_LONGEST]
    parts = window.split(separator, _ISA_ELEMENTS)
    if len(parts) <= _ISA_ELEMENTS or len(parts[16]) < 2:
        return None
    component, terminator = parts[16][:1], parts[16][1:2]
    if component.isalnum() or terminator.isalnum() or len({separator, component, terminator}) < 3:
        return None
    texts = [part.decode("latin-1") for part in (*parts[:16], component)]
    if any("\n" in text for text in texts[:16]):
        return None
    can_repeat = texts[12] >= _NO_REPETITION_BEFORE and _is_separator(texts[11])
    marks = Delimiters(
        separator.decode("latin-1"), texts[16], texts[11] if can_repeat else "", terminator.decode("latin-1")
    )
    return Isa(tuple(texts), marks, sum(map(len, parts[:16])) + _ISA_ELEMENTS + 2)


def interchange_of(isa: Isa, ordinal: int) -> Interchange:
    """Return the domain's view of an ISA; values are trimmed of blanks but otherwise as sent."""
    e = [each.strip() for each in isa.elements]
    return Interchange(
        ordinal=ordinal,
        control_number=e[13],
        sender=Party(e[5], e[6]),
        receiver=Party(e[7], e[8]),
        date=e[9],
        time=e[10],
        version=e[12],
        ack_requested=e[14] == "1",
        usage=e[15],
        delimiters=isa.delimiters,
    )


def isa_findings(isa: Isa, place: Place) -> list[Finding]:
    """Return what is wrong with an ISA, one finding for each element."""
    e = isa.elements
    found: list[Finding] = []

    def expect(code: str, element: int, *, holds: bool, rule: str) -> None:
        if not holds:
            found.append(interchange_finding(code, f"ISA{element:02d} {rule}", place, element))

    expect("010", 1, holds=len(e[1]) == 2 and e[1].isalnum(), rule="must be a qualifier of two characters")
    expect("011", 2, holds=len(e[2]) == 10, rule="must be 10 characters wide")
    expect("012", 3, holds=len(e[3]) == 2 and e[3].isalnum(), rule="must be a qualifier of two characters")
    expect("013", 4, holds=len(e[4]) == 10, rule="must be 10 characters wide")
    expect("005", 5, holds=e[5] in _QUALIFIERS, rule="must be an interchange id qualifier such as ZZ or 30")
    expect("006", 6, holds=len(e[6]) == 15 and bool(e[6].strip()), rule="must be an id, 15 characters wide")
    expect("007", 7, holds=e[7] in _QUALIFIERS, rule="must be an interchange id qualifier such as ZZ or 30")
    expect("008", 8, holds=len(e[8]) == 15 and bool(e[8].strip()), rule="must be an id, 15 characters wide")
    expect("014", 9, holds=is_date("D6", e[9]), rule="must be a date YYMMDD")
    expect("015", 10, holds=len(e[10]) == 4 and is_time(e[10]), rule="must be a time HHMM")
    expect("016", 11, holds=_standards_id_is_good(isa), rule="must be U, or from 00402 on the repetition separator")
    expect("017", 12, holds=bool(re.fullmatch(r"00[2-9]\d\d", e[12])), rule="must be a version such as 00501")
    expect("018", 13, holds=_is_control_number(e[13], 9), rule="must be nine digits")
    expect("019", 14, holds=e[14] in {"0", "1"}, rule="must be 0 or 1")
    expect("020", 15, holds=e[15] in {"P", "T"}, rule="must be P or T")
    return found


def _standards_id_is_good(isa: Isa) -> bool:
    said = isa.elements[11]
    if isa.elements[12] < _NO_REPETITION_BEFORE:
        return said == "U"
    # Senders that repeat nothing often leave the U of old releases: nothing is lost by it.
    others = {isa.delimiters.element, isa.delimiters.component, isa.delimiters.segment}
    return said == "U" or (_is_separator(said) and said not in others)


def _is_separator(text: str) -> bool:
    # The separators of ASCII itself, FS to US, are good ones, though Python takes them for blanks.
    return len(text) == 1 and not text.isalnum() and text not in " \t\r\n"


def interchange_finding(code: str, message: str, place: Place, element: int | None = None) -> Finding:
    """Return a finding of the interchange; TA105 `code` decides whether it refuses (DOMAIN 7.2)."""
    severity = Severity.WARNING if code in _ACCEPTED_WITH_ERRORS else Severity.ERROR
    where = Place(place.segment, None, element, line=place.line, byte=place.byte)
    return Finding(f"TA105:{code}", Level.INTERCHANGE, message, severity, where)


def ta1_of(findings: Iterable[Finding]) -> tuple[AckCode, str]:
    """Return TA104 and TA105 for the findings of an interchange: the first that refuses it, else the first."""
    told = [finding for finding in findings if finding.code.startswith("TA105:")]
    worst = next((finding for finding in told if finding.is_error), None) or next(iter(told), None)
    if worst is None:
        return AckCode.ACCEPTED, "000"
    return (AckCode.REJECTED if worst.is_error else AckCode.WITH_ERRORS), worst.code.partition(":")[2]


def group_of(elements: Sequence[str], ordinal: int) -> FunctionalGroup:
    """Return the domain's view of a GS; what is absent is empty."""
    e = [each.strip() for each in [*elements, *[""] * 9][:9]]
    return FunctionalGroup(ordinal, e[1], e[2], e[3], e[4], e[5], e[6], e[8])


def gs_findings(elements: Sequence[str], version: str, place: Place) -> list[Finding]:
    """Return what is wrong with a GS. What AK905 has no code for is TA105 024, which names a bad GS as its example."""
    e = [*elements, *[""] * 9]
    found: list[Finding] = []
    if not _is_control_number(e[6], 1, 9):
        found.append(group_finding("6", "GS06 must be a number of one to nine digits", place, 6))
    kinds = ("D8",) if version >= "00401" else ("D8", "D6")
    rules = (
        (2, 2 <= len(e[2].rstrip()) <= 15, "must be an application code of 2 to 15 characters"),
        (3, 2 <= len(e[3].rstrip()) <= 15, "must be an application code of 2 to 15 characters"),
        (4, any(is_date(kind, e[4]) for kind in kinds), "must be a date CCYYMMDD"),
        (5, is_time(e[5]), "must be a time HHMM, HHMMSS or HHMMSSDD"),
        (7, e[7] in _AGENCIES, "must be X"),
    )
    found += [interchange_finding("024", f"GS{n:02d} {rule}", place, n) for n, holds, rule in rules if not holds]
    return found


def group_finding(code: str, message: str, place: Place, element: int | None = None) -> Finding:
    """Return a finding of the group, which AK905 `code` tells; it refuses the group."""
    where = Place(place.segment, None, element, line=place.line, byte=place.byte)
    return Finding(f"AK905:{code}", Level.GROUP, message, place=where)


def number_of(text: str) -> int:
    """Return a count of a trailer, -1 where it is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else -1


def _is_control_number(text: str, least: int, most: int | None = None) -> bool:
    return text.isascii() and text.isdigit() and least <= len(text) <= (most or least)
