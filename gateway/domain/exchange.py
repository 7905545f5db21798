"""What came in and what went out: files, interchanges, sets, outbound documents and their states.

State sets are closed and equal in code and database (a test compares them).
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from gateway.domain.finding import Finding


class FileState(StrEnum):
    """Where an inbound file is on its route.

    received → checked → applied → acknowledged; or quarantined, where a person must look.
    """

    RECEIVED = "received"  # bytes kept, nothing read yet
    CHECKED = "checked"  # envelopes, sets and findings recorded
    APPLIED = "applied"  # every set is in a final state
    ACKNOWLEDGED = "acknowledged"  # every acknowledgement owed is queued for delivery: the end of the route
    QUARANTINED = "quarantined"  # no X12 at all, so that no acknowledgement is possible; or our work failed three times


class SetState(StrEnum):
    """What became of one transaction set."""

    CHECKED = "checked"  # fits its guide well enough, waits to be applied
    APPLIED = "applied"  # its effects are committed (members with errors inside it may be refused)
    HELD = "held"  # a guard stopped it (older than the last file, mass termination): a person must release it
    WAITING = "waiting"  # a remittance whose money has not arrived yet
    REFUSED = "refused"  # rejected by syntax, guide or business rules: no effect
    IGNORED = "ignored"  # understood and deliberately without effect: information copy, test data, an acknowledgement
    QUARANTINED = "quarantined"  # our work on it failed three times


class DeliveryState(StrEnum):
    """Where an outbound document is: put, there, acknowledged are three facts with three proofs (DESIGN 9)."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"  # renamed into place, not yet looked at again
    UNKNOWN = "unknown"  # the connection broke where it may or may not have arrived: the janitor looks
    VERIFIED = "verified"  # seen on the remote side with the right size
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    GIVEN_UP = "given_up"


class DocumentKind(StrEnum):
    """What an outbound document is."""

    TA1 = "TA1"
    ACK_999 = "999"
    ACK_997 = "997"
    REPORT_824 = "824"
    REJECTS = "rejects"  # the rows of a census file that were refused
    INVOICE_CSV = "invoice_csv"
    INVOICE_JSON = "invoice_json"
    EFFECTUATION_834 = "834"
    DISCREPANCY_CSV = "discrepancy_csv"


class AckCode(StrEnum):
    """TA104, IK501/AK501, AK901: accepted, accepted with errors, partially accepted, rejected."""

    ACCEPTED = "A"
    WITH_ERRORS = "E"
    PARTIAL = "P"
    REJECTED = "R"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the partner's server lists it; `modified_at` is the server's own clock, epoch seconds."""

    path: str
    size_bytes: int
    modified_at: int


@dataclass(frozen=True, slots=True)
class Sighting:
    """A file as the last look saw it: since when (our clock) it lies there unchanged, and what fetching it showed."""

    remote: RemoteFile
    since: datetime
    is_unfinished: bool = False  # its bytes broke off: it is fetched again when it has changed


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file whose bytes we keep. `id` is made of partner and hash: the same bytes are the same file."""

    id: str
    partner_id: str
    name: str  # the base name it arrived under; the partner's choice, so never logged
    sha256: str
    size_bytes: int
    received_at: datetime
    kept_path: str  # relative to the archive's root
    state: FileState = FileState.RECEIVED
    reason: str = ""
    tries: int = 0
    raw_path: str = ""  # where it came packed or encrypted: the bytes as they came


@dataclass(frozen=True, slots=True)
class FileContent:
    """How many segments of one set type (ST01) a file holds, and when it came."""

    file_id: str
    received_at: datetime
    set_type: str
    segments: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """One landing of a file: the same bytes may land several times, only the first is worked on."""

    partner_id: str
    remote: RemoteFile
    file_id: str
    arrived_at: datetime
    is_duplicate: bool
    put_away: bool = False  # archived or deleted on the remote side, as the profile says


@dataclass(frozen=True, slots=True)
class Delimiters:
    """The four delimiters that an ISA declares, as one-character strings (latin-1)."""

    element: str = "*"
    component: str = ":"
    repetition: str = "^"  # empty for versions before 00402, where ISA11 is the standards id
    segment: str = "~"


@dataclass(frozen=True, slots=True)
class Party:
    """An interchange party: ISA05/06 or ISA07/08, blanks trimmed."""

    qualifier: str
    id: str


@dataclass(frozen=True, slots=True)
class Interchange:
    """ISA … IEA: one envelope from one sender. `ordinal` counts interchanges in the file from 1."""

    ordinal: int
    control_number: str  # ISA13, zeros kept
    sender: Party
    receiver: Party
    date: str  # ISA09 as sent: TA1 returns it
    time: str  # ISA10 as sent
    version: str  # ISA12
    ack_requested: bool  # ISA14 = 1
    usage: str  # ISA15: P or T
    delimiters: Delimiters = field(default_factory=Delimiters)


@dataclass(frozen=True, slots=True)
class FunctionalGroup:
    """GS … GE. `ordinal` counts groups in the interchange from 1."""

    ordinal: int
    functional_id: str  # GS01
    sender_code: str  # GS02
    receiver_code: str  # GS03
    date: str  # GS04 as sent
    time: str  # GS05 as sent
    control_number: str  # GS06
    guide: str  # GS08


@dataclass(frozen=True, slots=True)
class TransactionSet:
    """ST … SE. `ordinal` counts sets in the group from 1; the bytes from ST through SE's terminator are kept."""

    ordinal: int
    type: str  # ST01
    control_number: str  # ST02
    guide: str  # ST03, or GS08 where ST03 is absent
    byte_start: int
    byte_end: int
    segments: int


@dataclass(frozen=True, slots=True)
class SetRecord:
    """A transaction set as recorded by the check: enough to read its bytes again and to acknowledge it."""

    id: str
    file_id: str
    partner_id: str
    interchange_id: str
    group_id: str
    isa13: str
    gs06: str
    usage: str  # ISA15
    version: str  # ISA12
    functional_id: str  # GS01
    kept_path: str
    delimiters: Delimiters
    set: TransactionSet
    ack: AckCode
    findings_left_out: int = 0
    state: SetState = SetState.CHECKED
    reason: str = ""
    tries: int = 0

    @property
    def source(self) -> "SetSource":
        """The reference that every effect of this set carries."""
        return SetSource(self.file_id, self.id, self.isa13, self.gs06, self.set.control_number)


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """A functional group as recorded: what a 999 or 997 says in AK1 and AK9."""

    id: str
    interchange_id: str
    group: FunctionalGroup
    ack: AckCode
    included: int  # GE01 as sent
    received: int  # ST counted
    accepted: int  # sets not rejected by syntax or guide


@dataclass(frozen=True, slots=True)
class InterchangeRecord:
    """An interchange as recorded: what a TA1 says."""

    id: str
    file_id: str
    interchange: Interchange
    ta1_code: AckCode
    ta1_note: str  # TA105


@dataclass(frozen=True, slots=True)
class SetSource:
    """Which set caused an effect: the way back from a cent to its segment (DESIGN, decision 1)."""

    file_id: str
    set_id: str
    isa13: str
    gs06: str
    st02: str

    def key(self, ordinal: int) -> str:
        """Return `ISA13/GS06/ST02/ordinal`, the external transaction id of DOMAIN 3.5, for one INS or ENT loop."""
        return f"{self.isa13}/{self.gs06}/{self.st02}/{ordinal}"


@dataclass(frozen=True, slots=True)
class OutboundDocument:
    """Bytes that a partner is owed. `key` is made of what the document is about: the same key is never sent twice."""

    id: str
    key: str
    kind: DocumentKind
    partner_id: str
    name: str  # final remote name; no personal data
    folder: str  # remote folder
    sha256: str
    size_bytes: int
    kept_path: str
    created_at: datetime
    state: DeliveryState = DeliveryState.QUEUED
    reason: str = ""
    tries: int = 0
    subject_id: str = ""  # the file or invoice it is about
    control_number: str = ""  # our ISA13, where it is X12
    sealed_path: str = ""  # where it goes packed or encrypted: the bytes that are sent, made at the first attempt
    sealed_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a partner says of something we sent, by TA1, 997, 999 or 824.

    It speaks of our set where `transaction_set` is given, else of our group `group`, else of our interchange
    `interchange` (TA1 only: the others do not return ISA13). An 824 may name its subject by `reference` alone.
    `code` is None where the partner used a code that the standard does not know; `said` is that code as sent.
    """

    kind: DocumentKind
    code: AckCode | None
    said: str
    interchange: str = ""  # TA101: our ISA13
    functional_id: str = ""  # AK101: our GS01
    group: str = ""  # AK102, OTI08: our GS06
    set_type: str = ""  # AK201, OTI10: our ST01
    transaction_set: str = ""  # AK202, OTI09: our ST02
    reference: str = ""  # OTI03
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """What the remote side showed after the rename."""

    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that should have happened and did not, or that a person must look at. `key` opens it once only."""

    key: str
    kind: str  # expected_file_missing, sequence_gap, host_key_changed, login_refused, ...
    partner_id: str
    opened_at: datetime
    message: str
    due_on: date | None = None
    closed_at: datetime | None = None
    subject_id: str = ""  # the account it is about, where it is about one


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One line of the transaction log: what a station decided about a file. `key` makes a repeated run write it once.

    `text` is a plain sentence with ids, counts, codes and positions; never personal data.
    """

    key: str
    at: datetime
    station: str
    file_id: str
    subject_id: str  # what it is about: the file itself, a set, a document, an invoice ...
    text: str
