"""One database transaction: everything a station reads and writes, committed together or not at all.

A station opens a unit of work, reads, calls pure code, writes effect, state change and the next job, and commits.
Leaving the context without `commit` writes nothing. Every `add` is keyed by content: adding the same thing again
changes nothing and answers False where the caller needs to know.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType, TracebackType
from typing import Protocol

from gateway.domain.charge import (
    BilledAmount,
    Invoice,
    InvoiceLine,
    InvoiceRequest,
    OpenInvoice,
    OpenItem,
    RequestLogEntry,
    TrialBill,
)
from gateway.domain.coverage import (
    Family,
    FamilyChange,
    Member,
    Membership,
    MembershipChange,
    MembershipEvent,
    MembershipLogEntry,
    Told,
    ToldFamily,
)
from gateway.domain.exchange import (
    Arrival,
    DeliveryState,
    DocumentKind,
    FileContent,
    FileState,
    GroupRecord,
    Incident,
    InterchangeRecord,
    LogEvent,
    OutboundDocument,
    Party,
    ReceivedFile,
    RemoteFile,
    SetRecord,
    SetState,
    Sighting,
)
from gateway.domain.finding import Finding
from gateway.domain.journal import JournalEntry, LedgerAccount
from gateway.domain.money import Money
from gateway.domain.parties import Account
from gateway.domain.period import CoverageMonth
from gateway.domain.remittance import Case, Placement, Receipt, Remittance
from gateway.domain.request_audit import Characteristic, TypeVersion
from gateway.ports.bill_runs import BillRuns, Holds
from gateway.ports.collection import Cases, Collection
from gateway.ports.jobs import Job
from gateway.ports.money_orders import MoneyOrders
from gateway.ports.rate_changes import RateChanges
from gateway.ports.review import Discrepancies, Reviews, WorkItems


class Files(Protocol):
    """Inbound files, their arrivals, and what the last look at a partner's folder showed."""

    def last_look(self, partner_id: str) -> dict[str, Sighting]:
        """Return what the last look saw in the partner's folder, by path."""
        ...

    def record_look(self, partner_id: str, seen: Sequence[Sighting]) -> None:
        """Replace the last look by this one."""
        ...

    def mark_unfinished(self, partner_id: str, remote: RemoteFile) -> None:
        """Note of a file of the last look that its bytes break off."""
        ...

    def claim(self, file: ReceivedFile) -> bool:
        """Add the file; False when these bytes of this partner are already here (the winner works, others end)."""
        ...

    def add_arrival(self, arrival: Arrival) -> bool:
        """Add one landing; False when this landing (partner, path, size, time) is already recorded."""
        ...

    def find_arrival(self, partner_id: str, remote: RemoteFile) -> Arrival | None:
        """Return the recorded landing of exactly this remote file (path, size, time), or None."""
        ...

    def mark_put_away(self, arrival: Arrival) -> None:
        """Note that the remote side was archived or deleted."""
        ...

    def get(self, file_id: str) -> ReceivedFile:
        """Return one file; raises NotFound."""
        ...

    def move(self, file_id: str, to: FileState, *, expected: Iterable[FileState], reason: str = "") -> bool:
        """Change the state if it is one of `expected` now; False (and no change) otherwise."""
        ...

    def count_try(self, file_id: str) -> int:
        """Add one failed try and return how many there were."""
        ...

    def contents_since(self, partner_id: str, since: datetime) -> list[FileContent]:
        """Return what each of the partner's files that arrived at or after `since` holds of each set type, in order."""
        ...

    def unfinished(self, partner_id: str) -> list[tuple[str, datetime]]:
        """Return id and arrival of each of the partner's files that is not at the end of its route, oldest first."""
        ...


class Exchanges(Protocol):
    """Envelopes, sets and findings of checked files."""

    def add_interchange(self, record: InterchangeRecord, findings: Sequence[Finding]) -> None:
        """Add an interchange with its own findings."""
        ...

    def add_group(self, record: GroupRecord, findings: Sequence[Finding], *, file_id: str) -> None:
        """Add a functional group with its own findings."""
        ...

    def add_sets(self, sets: Sequence[tuple[SetRecord, Sequence[Finding]]]) -> None:
        """Add sets with their findings, in bulk."""
        ...

    def add_findings(self, file_id: str, set_id: str, findings: Sequence[Finding]) -> None:
        """Add findings to a file (`set_id` empty) or to a set; the same finding again adds nothing."""
        ...

    def earlier_interchange(
        self, sender: Party, receiver: Party, control_number: str, *, since: datetime, but_file: str
    ) -> str | None:
        """Return the id of another file that carried this control number between these parties, or None."""
        ...

    def claim_reference(self, kind: str, key: str, set_id: str) -> str | None:
        """Claim a business reference (834 BGN02, 820 trace) for a set; return the set that already has it, or None."""
        ...

    def interchanges(self, file_id: str) -> list[InterchangeRecord]:
        """Return the interchanges of a file in order."""
        ...

    def groups(self, interchange_id: str) -> list[GroupRecord]:
        """Return the groups of an interchange in order."""
        ...

    def sets(self, group_id: str) -> Iterator[SetRecord]:
        """Yield the sets of a group in order, without holding them all."""
        ...

    def sets_of_file(self, file_id: str, *, states: Iterable[SetState]) -> Iterator[SetRecord]:
        """Yield the sets of a file that are in one of `states`, in order."""
        ...

    def get_set(self, set_id: str) -> SetRecord:
        """Return one set; raises NotFound."""
        ...

    def files_of(self, set_ids: Iterable[str]) -> set[str]:
        """Return the ids of the files that brought these sets."""
        ...

    def findings(self, *, set_id: str = "", file_id: str = "", group_id: str = "") -> list[Finding]:
        """Return findings of a set, or those that stand on the file or group itself, in order of place."""
        ...

    def move_set(self, set_id: str, to: SetState, *, expected: Iterable[SetState], reason: str = "") -> bool:
        """Change a set's state if it is one of `expected` now; False (and no change) otherwise."""
        ...

    def refuse_sets(self, *, reason: str, interchange_id: str = "", group_id: str = "") -> int:
        """Refuse every set of an interchange or group that is still `checked`; return how many there were."""
        ...

    def count_try(self, set_id: str) -> int:
        """Add one failed try and return how many there were."""
        ...

    def last_applied_at(self, scope: str) -> str:
        """Return the newest file stamp (BGN03 and BGN04) applied for a sponsor and policy, or ''."""
        ...

    def control_numbers_since(self, partner_id: str, since: datetime) -> list[tuple[Party, str]]:
        """Return sender and ISA13 of the interchanges a partner sent at or after `since`, in order of arrival."""
        ...

    def held_sets(self, partner_id: str) -> list[tuple[str, datetime]]:
        """Return id and the file's arrival of each of the partner's sets that a person must release, oldest first."""
        ...

    def note_applied(self, scope: str, stamp: str) -> None:
        """Remember the stamp of an applied file when it is newer than the one known."""
        ...


class Enrollment(Protocol):
    """Memberships, members, coverage history, membership log, accounts."""

    def families(self, membership_ids: Iterable[str]) -> dict[str, Family]:
        """Return what is believed now of these memberships, by id, in a bounded number of queries."""
        ...

    def families_of_account(self, account_id: str, *, known_at: datetime | None = None) -> Iterator[Family]:
        """Yield the families of an account in the order of membership id, in chunks; with `known_at` as known then."""
        ...

    def save(self, changes: Sequence[FamilyChange], told: Mapping[str, Told] = MappingProxyType({})) -> None:
        """Write memberships, members, coverage versions and events in bulk.

        `told` is by membership what it will be known again by; a membership that is changed without it is told nothing.
        """
        ...

    def add_events(self, events: Sequence[MembershipChange], known_at: datetime) -> None:
        """Write events of memberships that stay as they are, in bulk."""
        ...

    def told_last(self, digests: Iterable[str]) -> dict[str, ToldFamily]:
        """Return, by digest, the memberships that were told one of these digests last."""
        ...

    def add_account(self, account: Account) -> None:
        """Add an account unless it is there."""
        ...

    def account(self, account_id: str) -> Account | None:
        """Return one account or None."""
        ...

    def accounts_of(self, partner_id: str) -> list[Account]:
        """Return a partner's accounts in the order of their ids."""
        ...

    def lock_account(self, account_id: str) -> None:
        """Keep every other transaction that locks this account waiting until this one ends."""
        ...

    def add_log(self, entries: Sequence[MembershipLogEntry]) -> None:
        """Append to the membership log; an entry whose key is there adds nothing."""
        ...

    def events_of_set(self, set_id: str) -> Iterator[tuple[int, MembershipEvent]]:
        """Yield INS ordinal and event of what a set came to, in the order of the loops (0: absent from the file)."""
        ...

    def members(self, member_ids: Iterable[str]) -> dict[str, Member]:
        """Return members by id."""
        ...

    def memberships_by_subscriber(self, subscriber_ids: Iterable[str]) -> dict[str, list[Membership]]:
        """Return the memberships with these subscriber ids, of any account, by subscriber id."""
        ...


class Requests(Protocol):
    """Invoice requests."""

    def open_for(self, account_id: str) -> InvoiceRequest | None:
        """Return the account's regular request that is in no final status, or None: there is at most one."""
        ...

    def add(self, request: InvoiceRequest) -> bool:
        """Add a request; False when its id is there."""
        ...

    def update(self, request: InvoiceRequest) -> None:
        """Write status, dates, invoice and reason of a request."""
        ...

    def has_earlier(self, account_id: str) -> bool:
        """Tell whether the account ever had a request."""
        ...

    def was_processed(self, account_ids: Iterable[str]) -> bool:
        """Tell whether any of these accounts has a regular request that was processed."""
        ...

    def find(self, request_id: str) -> InvoiceRequest | None:
        """Return one request or None."""
        ...

    def due(self, business_date: date) -> list[InvoiceRequest]:
        """Return the deferred requests whose processing date is not after `business_date`, oldest first."""
        ...

    def log_of(self, request_id: str) -> list[MembershipLogEntry]:
        """Return the membership log entries about a request."""
        ...

    def add_log(self, entries: Sequence[RequestLogEntry]) -> None:
        """Append to the requests' own log; an entry whose key is there adds nothing."""
        ...

    def has_log(self, key: str) -> bool:
        """Tell whether the requests' own log has an entry of this key."""
        ...

    def keep_trial(self, bill: TrialBill, lines: Sequence[InvoiceLine]) -> None:
        """Keep the image of a trial bill; one that is there stays as it is."""
        ...

    def trial(self, request_id: str) -> TrialBill | None:
        """Return the trial bill of a request, or None."""
        ...

    def trial_lines(self, request_id: str) -> Iterator[InvoiceLine]:
        """Yield the lines of a trial bill in order."""
        ...


class RequestAudit(Protocol):
    """What people decided about who may be billed and how: written once, never edited."""

    def add_characteristics(self, values: Sequence[Characteristic]) -> None:
        """Add values of memberships; one whose key is there adds nothing."""
        ...

    def characteristics(self, membership_ids: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the latest values of memberships, by membership and type code."""
        ...

    def type_versions(self, partner_id: str) -> list[TypeVersion]:
        """Return every version of a partner's request types, by code and number."""
        ...

    def add_type_versions(self, versions: Sequence[TypeVersion]) -> None:
        """Add versions; one that is there adds nothing."""
        ...


class Invoices(Protocol):
    """Issued invoices and their lines: written once, never edited."""

    def billed(self, account_id: str, *, through: CoverageMonth | None = None) -> Iterator[BilledAmount]:
        """Yield what was billed so far per membership, product and month, in that order (sums of zero too).

        With `through` only months that are not after it.
        """
        ...

    def next_number(self, series: str) -> int:
        """Allocate the next number of a series, without gaps, in this transaction."""
        ...

    def add(self, invoice: Invoice, lines: Sequence[InvoiceLine]) -> None:
        """Add an issued invoice with its lines."""
        ...

    def find_by_request(self, request_id: str) -> Invoice | None:
        """Return the invoice that a request or cycle window (`cycle/ACCOUNT/START`) made, or None."""
        ...

    def orders_billed(self, order_keys: Iterable[str]) -> set[str]:
        """Return which of these requests and cycle windows made an invoice."""
        ...

    def get(self, invoice_id: str) -> Invoice:
        """Return one invoice; its status is computed from the journal. Raises NotFound."""
        ...

    def issued_for(self, account_ids: Iterable[str]) -> list[Invoice]:
        """Return the invoices of these accounts, oldest first."""
        ...

    def lines(self, invoice_id: str) -> Iterator[InvoiceLine]:
        """Yield an invoice's lines in order."""
        ...

    def open_invoices(self, account_id: str) -> list[OpenInvoice]:
        """Return the account's invoices with something owed, oldest due date first (then number)."""
        ...

    def find_invoice(self, invoice_id: str) -> OpenInvoice | None:
        """Return one invoice as a payment sees it, settled or not, or None when there is none of that number."""
        ...

    def open_items(self, account_id: str) -> list[OpenItem]:
        """Return, for each open invoice, membership and month, what was billed and is still open."""
        ...

    def months(self, account_id: str) -> list[tuple[str, Money, Money]]:
        """Return (coverage month, billed, open) per month of the account, in order: for paid-through."""
        ...


class Ledger(Protocol):
    """The journal, receipts and remittances."""

    def append(self, entries: Sequence[JournalEntry]) -> None:
        """Append entries to their books' hash chains; an entry whose key is there adds nothing."""
        ...

    def balance(
        self, ledger: LedgerAccount, *, account_id: str = "", invoice_id: str = "", since: date | None = None
    ) -> Money:
        """Return the sum of postings on a ledger account, debit positive, for an account or invoice, from a day on."""
        ...

    def settled_since_last_invoice(self, account_id: str) -> Money:
        """Return what was paid or written off on the account's receivables since its last invoice, positive."""
        ...

    def add_receipt(self, receipt: Receipt) -> bool:
        """Add money announced or arrived; False when its id is there."""
        ...

    def receipt(self, receipt_id: str) -> Receipt | None:
        """Return one receipt or None; it stays ours until the transaction ends, for what is decided on it."""
        ...

    def announced(self) -> list[tuple[Receipt, Remittance]]:
        """Return the money that a remittance announced and no bank has brought, with that remittance."""
        ...

    def update_receipt(self, receipt: Receipt) -> None:
        """Write the state of a receipt, its payer, and the sets that brought and explained it."""
        ...

    def add_remittance(self, set_id: str, remittance: Remittance, receipt_id: str) -> None:
        """Keep what an 820 said, with its lines, so that it can be shown and applied later."""
        ...

    def remittance(self, set_id: str) -> Remittance | None:
        """Return a kept remittance or None."""
        ...

    def add_placements(self, receipt_id: str, placements: Sequence[Placement]) -> None:
        """Write where the pieces of a receipt went."""
        ...

    def release(self, receipt_id: str) -> list[Placement]:
        """Return and supersede the unapplied and suspense placements of a receipt, so that they can be placed anew."""
        ...

    def open_cases(self, cases: Sequence[Case]) -> None:
        """Open cases; one whose key is there is not opened again."""
        ...


class Documents(Protocol):
    """Outbound documents and our control numbers."""

    def next_control_number(self, our_id: str, partner_id: str, kind: str) -> int:
        """Allocate the next ISA13 (`kind` "ISA") or GS06 ("GS") towards a partner: rising, gapless, 1 to 999999999."""
        ...

    def last_control_number(self, our_id: str, partner_id: str, kind: str) -> int:
        """Return the last number allocated towards a partner, 0 where none was."""
        ...

    def seed_control_number(self, our_id: str, partner_id: str, kind: str, last: int) -> bool:
        """Let the numbers towards a partner go on after `last`; False, and no change, where they are there already."""
        ...

    def add(self, document: OutboundDocument) -> bool:
        """Add a document; False when its key is there."""
        ...

    def find_by_key(self, key: str) -> OutboundDocument | None:
        """Return the document with this key, or None."""
        ...

    def get(self, document_id: str) -> OutboundDocument:
        """Return one document; raises NotFound."""
        ...

    def move(
        self,
        document_id: str,
        to: DeliveryState,
        *,
        expected: Iterable[DeliveryState],
        at: datetime,
        reason: str = "",
    ) -> bool:
        """Change the delivery state if it is one of `expected` now, and write the attempt down; False otherwise."""
        ...

    def seal(self, document_id: str, name: str, path: str, size_bytes: int) -> bool:
        """Note the bytes that are sent instead of the document's own, and their name; False when that was done."""
        ...

    def count_try(self, document_id: str) -> int:
        """Add one failed try and return how many there were."""
        ...

    def forget_tries(self, document_id: str) -> None:
        """Count the failed tries from nought again."""
        ...

    def in_state(self, states: Iterable[DeliveryState]) -> list[OutboundDocument]:
        """Return the documents in these states, oldest first."""
        ...

    def undelivered(self, partner_id: str) -> list[OutboundDocument]:
        """Return the partner's documents that are on their way, oldest first."""
        ...

    def delivered(self, partner_id: str, kinds: Iterable[DocumentKind]) -> list[tuple[str, datetime]]:
        """Return id and delivery of the partner's documents of these kinds that it has not answered, oldest first."""
        ...

    def find_by_control_number(self, partner_id: str, control_number: str) -> list[OutboundDocument]:
        """Return what we sent to a partner under this ISA13."""
        ...


class UnitOfWork(Protocol):
    """One transaction. Use as a context manager; what was not committed is rolled back."""

    files: Files
    exchanges: Exchanges
    enrollment: Enrollment
    requests: Requests
    request_audit: RequestAudit
    invoices: Invoices
    bill_runs: BillRuns
    holds: Holds
    ledger: Ledger
    documents: Documents
    reviews: Reviews
    work_items: WorkItems
    discrepancies: Discrepancies
    rate_changes: RateChanges
    money: MoneyOrders
    cases: Cases
    collection: Collection

    def __enter__(self) -> "UnitOfWork":
        """Begin the transaction."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Roll back what was not committed, and give the connection back."""
        ...

    def commit(self) -> None:
        """Commit everything that was written."""
        ...

    def defer(self, job: Job) -> None:
        """Enqueue a job that exists once this transaction commits."""
        ...

    def is_pending(self, job: Job) -> bool:
        """Tell whether a job of the same station and subject waits or runs."""
        ...

    def claim_tick(self, key: str, at: datetime) -> bool:
        """Add a tick of the timetable; False when another node already has it."""
        ...

    def forget_ticks(self, before: datetime) -> int:
        """Remove the ticks of slots that were claimed before an instant; return how many there were."""
        ...

    def record(self, *events: LogEvent) -> None:
        """Append to the transaction log; an event whose key is there adds nothing."""
        ...

    def open_incident(self, incident: Incident) -> bool:
        """Open an incident; False when its key is open or was opened before."""
        ...

    def has_incident(self, kind: str, partner_id: str) -> bool:
        """Tell whether a partner has an open incident of a kind."""
        ...

    def standing_incidents(self, kinds: Iterable[str], partner_id: str) -> list[Incident]:
        """Return a partner's open incidents of these kinds, oldest first."""
        ...

    def incidents_about(self, kind: str, subject_id: str) -> list[Incident]:
        """Return the open incidents of a kind about an account, oldest first."""
        ...

    def close_incident(self, key: str, at: datetime) -> bool:
        """Close one incident; False when it is not open."""
        ...

    def close_incidents(self, kind: str, partner_id: str, at: datetime) -> int:
        """Close a partner's open incidents of a kind; return how many there were."""
        ...


OpenUnitOfWork = Callable[[], UnitOfWork]
