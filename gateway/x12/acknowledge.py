"""What an acknowledgement is made of: outcomes, identities, the choice of kind, and TA1 (DOMAIN 7.1 and 7.2).

Everything here is values in and bytes out. Outcomes come from what was *done*, recorded or just checked; nothing is
checked again. The 999 and the 997 are written in acknowledge_group.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Literal, Self, TypeAlias

from gateway.domain.exchange import (
    AckCode,
    Delimiters,
    DocumentKind,
    FunctionalGroup,
    Interchange,
    Party,
    TransactionSet,
)
from gateway.domain.finding import Finding
from gateway.x12.writer import InterchangeHead, InterchangeWriter, copied

Ta1Policy: TypeAlias = Literal["requested", "always", "errors"]
GroupAckPolicy: TypeAlias = Literal["auto", "999", "997"]

_WRITABLE_VERSIONS = ("00401", "00501")
_NO_ERROR = "000"


@dataclass(frozen=True, slots=True)
class SetOutcome:
    """What IK5/AK5 says of one transaction set, and the findings behind it in the order of the file."""

    set: TransactionSet
    ack: AckCode
    findings: tuple[Finding, ...] = ()
    findings_left_out: int = 0


@dataclass(frozen=True, slots=True)
class GroupOutcome:
    """What AK9 says of one functional group; `sets` may be read once only, so that it never fills memory.

    `included` is GE01 as sent, `received` the sets counted, `accepted` those whose ack is not R.
    """

    group: FunctionalGroup
    ack: AckCode
    included: int
    received: int
    accepted: int
    findings: tuple[Finding, ...] = ()
    sets: Iterable[SetOutcome] = ()


@dataclass(frozen=True, slots=True)
class InterchangeOutcome:
    """What TA1 says of one interchange; `carries_ta1` when it brought a TA1 itself, which is never answered."""

    interchange: Interchange
    ta1_code: AckCode
    ta1_note: str
    findings: tuple[Finding, ...] = ()
    carries_ta1: bool = False


@dataclass(frozen=True, slots=True)
class AckIdentity:
    """Envelope of an acknowledgement: who we are to whom, when, and under which of our own control numbers.

    `group_control_number` is GS06 and not needed for a TA1. ISA14 of what is written is always 0: an interchange that
    carries acknowledgements only asks for none (DOMAIN 7.1).
    """

    ours: Party
    theirs: Party
    our_code: str  # GS02
    their_code: str  # GS03
    instant: datetime
    control_number: str  # ISA13, nine digits
    group_control_number: str = "1"  # GS06
    usage: str = "P"
    version: str = "00501"
    delimiters: Delimiters = field(default_factory=Delimiters)
    line_end: str = "\n"

    @classmethod
    def answering(
        cls, interchange: Interchange, group: FunctionalGroup | None, *, instant: datetime, control_number: str
    ) -> Self:
        """Return the identity that answers `interchange` (and `group`): sender and receiver change places.

        Ids are taken as the partner wrote them, cut to what ISA and GS hold. The answer is in the interchange's own
        release where we write that release (00401, 00501), else in 00501. GS06 is ISA13 without leading zeros.
        """
        standard = Delimiters()

        def party(theirs: Party) -> Party:
            return Party(copied(theirs.qualifier, standard, longest=2), copied(theirs.id, standard, longest=15))

        return cls(
            ours=party(interchange.receiver),
            theirs=party(interchange.sender),
            our_code=copied(group.receiver_code, standard, longest=15) if group else "",
            their_code=copied(group.sender_code, standard, longest=15) if group else "",
            instant=instant,
            control_number=control_number,
            group_control_number=str(int(control_number)),
            usage=interchange.usage if interchange.usage in {"P", "T"} else "P",
            version=interchange.version if interchange.version in _WRITABLE_VERSIONS else "00501",
        )

    @property
    def head(self) -> InterchangeHead:
        """The ISA of the acknowledgement."""
        return InterchangeHead(
            sender=self.ours,
            receiver=self.theirs,
            control_number=self.control_number,
            instant=self.instant,
            usage=self.usage,
            version=self.version,
            delimiters=self.delimiters,
            line_end=self.line_end,
        )


def wants_ta1(outcome: InterchangeOutcome, policy: Ta1Policy = "requested") -> bool:
    """Whether a TA1 is owed: R always, else as ISA14 or the partner's `x12.ta1` asks (DOMAIN 7.1).

    `requested` answers A and E when ISA14 is 1, `always` answers every interchange, `errors` answers E but never A.
    An interchange that carried a TA1 is never answered with one.
    """
    if outcome.carries_ta1:
        return False
    if outcome.ta1_code is AckCode.REJECTED or policy == "always":
        return True
    if policy == "errors":
        return outcome.ta1_code is not AckCode.ACCEPTED
    return outcome.interchange.ack_requested


def group_ack_kind(group: FunctionalGroup, policy: GroupAckPolicy = "auto") -> DocumentKind | None:
    """Return which acknowledgement answers `group`: 999, 997, or none for a group of acknowledgements (GS01 = FA).

    `auto` gives 999 to the 5010 HIPAA guides (GS08 = 005010X…) and 997 to everything else (DOMAIN 7.1). 4010 has no
    999: a policy that demands one there still gets a 997.
    """
    if group.functional_id == "FA":
        return None
    if policy == "997" or not group.guide.startswith("005010"):
        return DocumentKind.ACK_997
    if policy == "999" or group.guide.startswith("005010X"):
        return DocumentKind.ACK_999
    return DocumentKind.ACK_997


def write_ta1(identity: AckIdentity, outcome: InterchangeOutcome, out: BinaryIO) -> None:
    """Write an interchange that holds the TA1 for `outcome` and no group: IEA01 is 0 (DOMAIN 7.2).

    TA101 to TA103 return the original's ISA13, ISA09 and ISA10; TA105 is 000 where no note is given.
    """
    original, marks = outcome.interchange, identity.delimiters
    with InterchangeWriter(out, identity.head) as writer:
        writer.segment(
            "TA1",
            copied(original.control_number, marks, longest=9),
            copied(original.date, marks, longest=6),
            copied(original.time, marks, longest=4),
            outcome.ta1_code.value,
            outcome.ta1_note or _NO_ERROR,
        )
