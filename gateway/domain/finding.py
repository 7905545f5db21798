"""Findings: what is wrong in a partner's data, where, and what would be right.

A finding's `code` is written as the acknowledgement carries it (`TA105:001`, `AK905:4`, `IK502:4`, `IK304:3`,
`IK403:7`, DOMAIN 7.2 and 7.3) or is one of our business errors (`UNKNOWN_SPONSOR`, DOMAIN 7.4).
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """Whether a finding refuses what it stands on."""

    ERROR = "error"
    WARNING = "warning"


class Level(StrEnum):
    """What a finding stands on."""

    FILE = "file"
    INTERCHANGE = "interchange"
    GROUP = "group"
    SET = "set"
    SEGMENT = "segment"
    ELEMENT = "element"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding stands, well enough to be sent back.

    `position` counts segments in the transaction set from ST = 1; `element`, `component` and `repetition` are
    1-based; `line` (1-based) and `byte` (0-based offset of the segment) are those of the file.
    """

    segment: str | None = None
    position: int | None = None
    element: int | None = None
    component: int | None = None
    repetition: int | None = None
    loop: str | None = None
    line: int | None = None
    byte: int | None = None


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in data; `message` is one plain sentence without personal data.

    `value` is the offending value as IK404 and TED07 return it to the partner: it may be personal, is kept out of
    `repr` and must never be logged. `member` is the ordinal of the INS or ENT loop, 1-based, for business findings.
    `context` is the business unit as CTX names it (`SUBSCRIBER NUMBER REF02:S100`), equally personal; `trigger` is
    the place whose presence made a situational rule apply (CTX*SITUATIONAL TRIGGER). `element_reference` is the
    data element number of the standard (IK402). `snip` is the WEDI SNIP type, 1 to 7.
    """

    code: str
    level: Level
    message: str
    severity: Severity = Severity.ERROR
    place: Place = NOWHERE
    value: str | None = field(default=None, repr=False)
    element_reference: int | None = None
    snip: int = 1
    member: int | None = None
    context: str = field(default="", repr=False)
    trigger: Place | None = None

    @property
    def is_error(self) -> bool:
        """Whether this finding refuses what it stands on."""
        return self.severity is Severity.ERROR
