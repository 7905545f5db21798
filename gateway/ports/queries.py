"""What people look at: read models for the command line, the demo and the console, and their JSON.

No view holds a name, birth date, SSN, address or a finding's value: people are ids here (DESIGN, decision 14). Lists
that grow with files are excerpts: the first so many, and how many there are.
"""

from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Generic, Protocol, TypeAlias, TypeVar

from gateway.domain.bill_run import ConsolidatedBill, Hold
from gateway.domain.charge import (
    Invoice,
    InvoiceLine,
    InvoiceRequest,
    InvoiceStatus,
    RequestLogEntry,
    RequestStatus,
    TrialBill,
)
from gateway.domain.coverage import CoverageStatus, Membership, MembershipEvent, MembershipLogEntry
from gateway.domain.exchange import AckCode, Arrival, DeliveryState, DocumentKind, FileState, Incident, SetState
from gateway.domain.finding import Level, Place, Severity
from gateway.domain.journal import EntryKind, Fault, Posting
from gateway.domain.money import Money
from gateway.domain.parties import Account
from gateway.domain.period import CoverageMonth
from gateway.domain.remittance import Placement, Receipt
from gateway.domain.review import Disagreement, ItemEnd, Review
from gateway.ports.bill_views import (
    BillShare,
    BookProof,
    Correction,
    ImpactLine,
    RunView,
    StatementBill,
    StatementView,
)
from gateway.ports.collection import Reports

Json: TypeAlias = dict[str, "Json"] | list["Json"] | str | int | bool | None

T = TypeVar("T")


class Kind(StrEnum):
    """What can be shown by its id."""

    FILE = "file"
    SET = "transaction set"
    MEMBER = "member"
    ACCOUNT = "account"
    REQUEST = "invoice request"
    INVOICE = "invoice"
    CONSOLIDATED = "consolidated bill"
    RUN = "bill run"
    PAYMENT = "payment"


@dataclass(frozen=True, slots=True)
class Excerpt(Generic[T]):
    """The first `items` of `total`."""

    items: tuple[T, ...]
    total: int

    @property
    def left_out(self) -> int:
        """How many are not shown."""
        return self.total - len(self.items)


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are of a state or kind."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One change of a document's delivery state."""

    at: datetime
    state: DeliveryState
    reason: str


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """An outbound document: what it is, where its bytes are kept, and where it was put."""

    id: str
    kind: DocumentKind
    partner_id: str
    subject_id: str  # the file or invoice it is about
    name: str
    folder: str
    kept_path: str
    size_bytes: int
    control_number: str
    created_at: datetime
    state: DeliveryState
    reason: str
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True)
class FileLine:
    """One line of `gateway log`. `members` counts whom the file was about, `duplicates` how often it landed again."""

    id: str
    partner_id: str
    name: str
    received_at: datetime
    size_bytes: int
    kept_path: str
    state: FileState
    reason: str
    sets: int
    accepted: int
    refused: int
    members: int
    duplicates: int
    documents: tuple[DocumentLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a timeline: who decided what, about which id."""

    at: datetime
    station: str
    subject_id: str
    text: str


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding without its value."""

    code: str
    level: Level
    severity: Severity
    place: Place
    member: int | None
    message: str


@dataclass(frozen=True, slots=True)
class EnvelopeLine:
    """An interchange or a group of a file, with how it is acknowledged."""

    level: Level
    control_number: str
    guide: str  # GS08, empty for an interchange
    ack: AckCode
    note: str  # TA105, empty for a group
    findings: tuple[FindingLine, ...]


@dataclass(frozen=True, slots=True)
class SetLine:
    """A transaction set of a file, with how it is acknowledged and what became of it."""

    id: str
    isa13: str
    gs06: str
    st02: str
    type: str
    guide: str
    segments: int
    ack: AckCode
    state: SetState
    reason: str
    findings: Excerpt[FindingLine]


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A membership event: what one INS loop came to. `position` is that of its INS segment in the set (ST = 1)."""

    event: MembershipEvent
    membership_id: str
    member_id: str
    effective_on: date | None
    source: str  # ISA13/GS06/ST02/ordinal
    set_id: str
    ordinal: int
    position: int
    known_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class InvoiceSummary:
    """An invoice and how much of it is owed."""

    id: str
    account_id: str
    partner_id: str
    issued_at: datetime
    bill_on: date
    due_on: date
    total: Money
    open: Money
    status: InvoiceStatus
    lines_count: int


@dataclass(frozen=True, slots=True)
class DiscrepancyLine:
    """How a full file that compares (BGN08 = 4) and what is on file disagree about one member.

    `ordinal` is the INS loop, empty for somebody who is not in the file; `on_file` and `sent` are what differs.
    """

    set_id: str
    st02: str
    ordinal: int | None
    subscriber_id: str
    kind: Disagreement
    membership_id: str
    member_id: str
    insurance_line: str
    plan: str
    on_file: str
    sent: str


@dataclass(frozen=True, slots=True)
class WorkLine:
    """A member that was refused, or a held set, with what would be right.

    `ordinal` is the INS loop (0: the whole set), `position` the segment's in the set (ST = 1, 0: not known). How and
    when it was put right, and by which set, is empty while it is open.
    """

    id: str
    partner_id: str
    account_id: str
    subscriber_id: str
    code: str
    message: str
    remedy: str
    file_id: str
    set_id: str
    isa13: str
    gs06: str
    st02: str
    ordinal: int
    position: int
    opened_at: datetime
    ending: ItemEnd | None
    closed_at: datetime | None
    closed_by: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A file from landing to delivery, with every decision and everything it caused."""

    file: FileLine
    arrivals: tuple[Arrival, ...]
    steps: Excerpt[Step]
    findings: tuple[FindingLine, ...]  # on the file itself
    envelopes: tuple[EnvelopeLine, ...]
    sets: Excerpt[SetLine]
    reviews: tuple[Review, ...]  # who released or refused a held set
    discrepancies: Excerpt[DiscrepancyLine]
    changes: Excerpt[ChangeLine]
    outcomes: Excerpt[MembershipLogEntry]
    requests: tuple[InvoiceRequest, ...]
    invoices: tuple[InvoiceSummary, ...]
    receipts: tuple[Receipt, ...]
    documents: tuple[DocumentLine, ...]  # about the file, and about the invoices it caused


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A person of a membership, as an id."""

    id: str
    is_subscriber: bool
    relationship: str


@dataclass(frozen=True, slots=True)
class KeptLine:
    """Something that was sent of a member beside person and cover, the latest of its name.

    `what` is reference, date, particular, reporting category, responsible person, or as sent (a segment or element that
    no rule reads). `name` is its qualifier or name, for what came with an HD line after line and plan; `value` is empty
    where it is personal, and for all that is kept as sent.
    """

    member_id: str
    what: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class CoverageLine:
    """One version of one cover; `last_day` is inclusive, `superseded_at` empty while we believe it."""

    id: str
    member_id: str
    insurance_line: str
    plan: str
    level: str
    starts_on: date
    last_day: date | None
    status: CoverageStatus
    known_at: datetime
    superseded_at: datetime | None
    source: str
    set_id: str


@dataclass(frozen=True, slots=True)
class WayBack:
    """Which file, set and segment caused something; `position` counts segments in the set from ST = 1, 0: not known."""

    file_id: str
    file_name: str
    set_id: str
    isa13: str
    gs06: str
    st02: str
    ordinal: int  # of the INS or ENT loop
    position: int


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line of an invoice, with what caused it."""

    invoice_id: str
    line: InvoiceLine
    caused_by: WayBack | None


@dataclass(frozen=True, slots=True)
class MemberView:
    """A membership with its people, all versions of their covers, and what was decided and billed.

    `known_at` is the instant whose knowledge is shown: then `coverages` are those believed at it, and the
    membership's status is the one that followed from them. None: all that is known now, superseded versions too.
    """

    membership: Membership
    members: tuple[MemberLine, ...]
    coverages: tuple[CoverageLine, ...]
    changes: tuple[ChangeLine, ...]
    outcomes: tuple[MembershipLogEntry, ...]
    billed: Excerpt[BilledLine]
    known_at: datetime | None = None
    kept: tuple[KeptLine, ...] = ()  # of which no history is kept: none where `known_at` is asked for


@dataclass(frozen=True, slots=True)
class MonthLine:
    """What was billed to an account for a coverage month, and what of it is open."""

    month: CoverageMonth
    billed: Money
    open: Money


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account: who is in it, what it owes, what was asked and billed."""

    account: Account
    memberships: tuple[Count, ...]
    balance: Money  # owed, all invoices together
    unapplied: Money  # paid and not yet put against an invoice
    months: tuple[MonthLine, ...]
    requests: Excerpt[InvoiceRequest]
    invoices: Excerpt[InvoiceSummary]
    impacts: Excerpt[ImpactLine]  # changes that may touch the bill, newest first (HF-25)
    holds: tuple[Hold, ...]  # why it waits for a person


@dataclass(frozen=True, slots=True)
class PostingLine:
    """A posting with the entry it belongs to."""

    entry: str
    book: str
    sequence: int
    kind: EntryKind
    on: date
    posting: Posting
    receipt_id: str
    set_id: str


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice with its lines and their causes, what settled it, and how it was delivered.

    `shares` are all of its lines, added up; `corrects` and `corrected_by` the bills it changes and that changed it.
    """

    invoice: Invoice
    open: Money
    shares: tuple[BillShare, ...]
    corrects: tuple[Correction, ...]
    corrected_by: tuple[Correction, ...]
    consolidated_id: str  # the consolidated bill it stands on, or ''
    lines: Excerpt[BilledLine]
    settled_by: tuple[PostingLine, ...]
    documents: tuple[DocumentLine, ...]


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which requests are wanted; what is not said lets everything through. The days are those of creation."""

    status: RequestStatus | None = None
    account_id: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class RequestView:
    """An invoice request with its log, the membership events that raised it, and its bill or the image of one."""

    request: InvoiceRequest
    log: tuple[RequestLogEntry, ...]
    outcomes: Excerpt[MembershipLogEntry]
    invoice: InvoiceSummary | None
    trial: TrialBill | None
    trial_lines: Excerpt[InvoiceLine]


@dataclass(frozen=True, slots=True)
class ConsolidatedView:
    """A consolidated bill with the bill of each account on it."""

    bill: ConsolidatedBill
    bills: tuple[StatementBill, ...]


@dataclass(frozen=True, slots=True)
class PaymentView:
    """Money that came or was announced, and where every cent of it is."""

    receipt: Receipt
    announced_by: WayBack | None
    explained_by: WayBack | None
    applied: Money
    unapplied: Money
    suspense: Money
    refunded: Money
    placements: Excerpt[Placement]
    entries: Excerpt[PostingLine]


@dataclass(frozen=True, slots=True)
class CashSummary:
    """received = applied + unapplied + suspense + refunded, always (DOMAIN 12)."""

    received: Money
    applied: Money
    unapplied: Money
    suspense: Money
    refunded: Money
    written_off: Money


@dataclass(frozen=True, slots=True)
class JournalProof:
    """What a verification of the journal looked at, and everything that disagrees."""

    faults: tuple[Fault, ...]
    books: int
    entries: int
    receipts: int
    invoices: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole plant at a glance."""

    files: tuple[Count, ...]  # by state
    sets: tuple[Count, ...]  # by state
    documents: Excerpt[DocumentLine]
    document_states: tuple[Count, ...]  # "kind state"
    invoices: Excerpt[InvoiceSummary]
    invoiced: Money
    cash: CashSummary
    incidents: tuple[Incident, ...]  # open
    quarantined: tuple[FileLine, ...]


class Queries(Reports, Protocol):
    """Read models. Every id may be given as a prefix that names one thing only; NotFound names the candidates."""

    def files(self, *, limit: int = 50, partner_id: str = "") -> list[FileLine]:
        """Return the newest files first, of one partner or all."""
        ...

    def find(self, kind: Kind, prefix: str) -> str:
        """Return the whole id that `prefix` begins; a member by subscriber id, a payment by trace, too.

        Raises NotFound when nothing or more than one thing begins so.
        """
        ...

    def timeline(self, file_id: str) -> Timeline:
        """Return one file from landing to delivery. Raises NotFound."""
        ...

    def member(self, member_id: str, *, known_at: datetime | None = None) -> MemberView:
        """Return the membership of a member id, membership id or subscriber id. Raises NotFound.

        With `known_at` only what was known at that instant: covers that were believed then (known since, and not yet
        superseded), and the people, changes, decisions and bills up to it. NotFound when nothing was known yet.
        """
        ...

    def account(self, account_id: str) -> AccountView:
        """Return one account. Raises NotFound."""
        ...

    def invoice(self, invoice_id: str, *, line: int | None = None) -> InvoiceView:
        """Return one invoice, or of its lines only one. Raises NotFound."""
        ...

    def consolidated(self, bill_id: str) -> ConsolidatedView:
        """Return one consolidated bill with the bills on it. Raises NotFound."""
        ...

    def statement(self, account_id: str, period: CoverageMonth) -> StatementView:
        """Return the bills of an account for a period (the month of their cutoff). Raises NotFound for the account."""
        ...

    def run(self, run_id: str) -> RunView:
        """Return the bill run of a business date (`2025-11-10`). Raises NotFound."""
        ...

    def holds(self) -> tuple[Hold, ...]:
        """Return the accounts that wait for a person, longest first."""
        ...

    def prove(self, account_id: str = "") -> BookProof:
        """Prove issued bills and journal from what is stored, of one account or all. Raises NotFound."""
        ...

    def requests(self, wanted: RequestFilter, *, limit: int = 200) -> Excerpt[InvoiceRequest]:
        """Return the invoice requests that a filter lets through, the newest first."""
        ...

    def request(self, request_id: str) -> RequestView:
        """Return one invoice request. Raises NotFound."""
        ...

    def payment(self, receipt_id: str) -> PaymentView:
        """Return the money of a receipt id or trace number. Raises NotFound."""
        ...

    def worklist(self, *, partner_id: str = "", closed: bool = False, limit: int = 200) -> Excerpt[WorkLine]:
        """Return what waits to be put right, oldest first; `closed`: what was, the last closed first."""
        ...

    def verify_journal(self) -> JournalProof:
        """Recompute the whole journal (DESIGN, decision 6) in one state of the database."""
        ...

    def summary(self) -> Summary:
        """Return counts and sums over everything."""
        ...


def to_json(view: object) -> Json:
    """Return a view as what JSON holds: amounts as text with two places, days and instants in ISO 8601."""
    match view:
        case None | bool() | int():
            return view
        case str() | Decimal() | CoverageMonth():  # a StrEnum is its value
            return str(view)
        case datetime() | date():
            return view.isoformat()
        case tuple() | list():
            return [to_json(item) for item in view]
    if is_dataclass(view):
        return {field.name: to_json(getattr(view, field.name)) for field in fields(view)}
    raise TypeError(f"a {type(view).__name__} has no form in JSON")
