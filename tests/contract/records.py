"""Made-up records of one small world, so that a test says only what it is about."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from gateway.domain.charge import Invoice, InvoiceLine, InvoiceRequest, LineType, RequestStatus
from gateway.domain.coverage import (
    Coverage,
    CoverageStatus,
    FamilyChange,
    LogOutcome,
    Member,
    Membership,
    MembershipChange,
    MembershipEvent,
    MembershipLogEntry,
    MembershipStatus,
)
from gateway.domain.exchange import (
    AckCode,
    Arrival,
    Delimiters,
    DeliveryState,
    DocumentKind,
    FileState,
    FunctionalGroup,
    GroupRecord,
    Incident,
    Interchange,
    InterchangeRecord,
    LogEvent,
    OutboundDocument,
    Party,
    ReceivedFile,
    RemoteFile,
    SetRecord,
    SetState,
    TransactionSet,
)
from gateway.domain.finding import Finding, Level, Place
from gateway.domain.journal import EntryKind, JournalEntry, LedgerAccount, Posting
from gateway.domain.parties import Account, LineOfBusiness, Person
from gateway.domain.period import CoverageMonth, Period
from gateway.domain.remittance import Placement, Receipt, ReceiptState, UnplacedReason
from gateway.ports.unit_of_work import UnitOfWork

NOW = datetime(2025, 11, 5, 14, 30, tzinfo=UTC)
SENDER, RECEIVER = Party("30", "123456789"), Party("ZZ", "PLAN")
ACME = Account("ACME", "acme", LineOfBusiness.GROUP, "G001234")


def money(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("0.01"))


def file(this: str = "F1", *, sha256: str = "", partner: str = "acme", at: datetime = NOW) -> ReceivedFile:
    return ReceivedFile(this, partner, f"{this}.834", sha256 or this * 8, 1200, at, f"inbound/{partner}/{this}")


def interchange(
    this: str = "I1", *, file_id: str = "F1", isa13: str = "000000001", ordinal: int = 1
) -> InterchangeRecord:
    envelope = Interchange(
        ordinal, isa13, SENDER, RECEIVER, "251105", "1430", "00501", True, "P", Delimiters("*", ">", "^", "\n")
    )
    return InterchangeRecord(this, file_id, envelope, AckCode.ACCEPTED, "000")


def group(this: str = "G1", *, interchange_id: str = "I1", gs06: str = "1", ordinal: int = 1) -> GroupRecord:
    envelope = FunctionalGroup(ordinal, "BE", "ACME", "PLAN", "20251105", "1430", gs06, "005010X220A1")
    return GroupRecord(this, interchange_id, envelope, AckCode.PARTIAL, 2, 2, 1)


def set_record(this: str = "S1", *, file_id: str = "F1", ordinal: int = 1, set_type: str = "834") -> SetRecord:
    """A set of group G1 in interchange I1."""
    return SetRecord(
        id=this,
        file_id=file_id,
        partner_id="acme",
        interchange_id="I1",
        group_id="G1",
        isa13="000000001",
        gs06="1",
        usage="P",
        version="00501",
        functional_id="BE",
        kept_path=f"inbound/acme/{file_id}",
        delimiters=Delimiters("*", ">", "^", "\n"),
        set=TransactionSet(
            ordinal, set_type, f"{ordinal:04d}", "005010X220A1", ordinal * 1000, ordinal * 1000 + 900, 40
        ),
        ack=AckCode.ACCEPTED,
    )


def add_file_with_set(unit: UnitOfWork) -> None:
    """File F1 with interchange I1, group G1 and set S1: what effects refer to."""
    unit.files.claim(file())
    unit.exchanges.add_interchange(interchange(), [])
    unit.exchanges.add_group(group(), [], file_id="F1")
    unit.exchanges.add_sets([(set_record(), [])])


def membership(this: str = "M1", *, subscriber_id: str = "A100", account_id: str = "ACME") -> Membership:
    return Membership(this, "acme", account_id, subscriber_id, MembershipStatus.ACTIVE, policy="G001234")


def member(this: str = "P1", *, membership_id: str = "M1", last_name: str = "Alpha") -> Member:
    person = Person(last_name=last_name, first_name="Ann", birth_date=date(1980, 2, 29), contacts=(("TE", "555"),))
    return Member(this, membership_id, True, "18", person, "A")


def coverage(this: str = "C1", *, line_id: str = "L1", membership_id: str = "M1", member_id: str = "P1") -> Coverage:
    return Coverage(
        id=this,
        line_id=line_id,
        member_id=member_id,
        membership_id=membership_id,
        insurance_line="HLT",
        plan="GOLD",
        level="FAM",
        period=Period(date(2025, 9, 1)),
        status=CoverageStatus.ACTIVE,
        source="000000001/1/0001/1",
        set_id="S1",
        known_at=NOW,
        premium=money("1450"),
    )


def change(
    who: Membership | None = None,
    *,
    members: tuple[Member, ...] = (),
    opened: tuple[Coverage, ...] = (),
    superseded: tuple[str, ...] = (),
    at: datetime = NOW,
    ordinal: int = 1,
) -> FamilyChange:
    """One maintenance request of set S1, done."""
    who = who or membership()
    event = MembershipChange(
        key=f"S1/{ordinal}",
        event=MembershipEvent.ENROLL,
        membership_id=who.id,
        member_id=f"P{who.id[1:]}",
        effective_on=date(2025, 9, 1),
        source=set_record().source,
        ordinal=ordinal,
        position=10 + ordinal,
    )
    return FamilyChange(who, members, opened, superseded, at, (event,))


def log_entry(key: str = "K1", *, request_id: str | None = "R1") -> MembershipLogEntry:
    return MembershipLogEntry(
        key=key,
        membership_id="M1",
        at=NOW,
        event=MembershipEvent.ENROLL,
        outcome=LogOutcome.CREATED if request_id else LogOutcome.NOT_ELIGIBLE,
        source="000000001/1/0001/1",
        set_id="S1",
        request_id=request_id,
        processing_on=date(2025, 11, 10),
        cutoff_on=date(2025, 11, 30),
    )


def request(
    this: str = "R1", *, account_id: str = "ACME", status: RequestStatus = RequestStatus.DEFER_BATCH, on: int = 10
) -> InvoiceRequest:
    day = date(2025, 11, on)
    return InvoiceRequest(
        this, account_id, "acme", "ENROLL", status, date(2025, 11, 5), day, date(2025, 11, 30), day, day, "source"
    )


def line(
    number: int,
    amount: str,
    month: str,
    *,
    membership_id: str = "M1",
    line_type: LineType = LineType.CURRENT,
    product: str = "GOLD",
    lives: int = 1,
) -> InvoiceLine:
    """A line caused by the first INS loop of set S1."""
    return InvoiceLine(
        number=number,
        line_type=line_type,
        membership_id=membership_id,
        member_id=f"P{membership_id[1:]}",
        product=product,
        insurance_line="HLT",
        tier="FAM",
        month=CoverageMonth.parse(month),
        amount=money(amount),
        rate=money("1450"),
        lives=lives,
        days_covered=30,
        days_in_month=30,
        formula="1450.00",
        set_id="S1",
        source="000000001/1/0001/1",
    )


def invoice(
    this: str = "INV1",
    *lines: InvoiceLine,
    request_id: str = "",
    due: date = date(2025, 12, 1),
    account_id: str = "ACME",
) -> Invoice:
    return Invoice(
        id=this,
        account_id="ACME",
        partner_id="acme",
        request_id=request_id or f"cycle/{this}",
        issued_at=NOW,
        bill_on=date(2025, 11, 15),
        due_on=due,
        cutoff_on=date(2025, 11, 30),
        accounting_on=date(2025, 11, 30),
        total=sum((each.amount for each in lines), money("0")),
        lines_count=len(lines),
        previous_balance=money("0"),
        payments=money("0"),
    )


def issue(unit: UnitOfWork, this: str, *lines: InvoiceLine, due: date = date(2025, 12, 1)) -> Invoice:
    """Add an invoice and post it, one receivable per membership and month."""
    issued = invoice(this, *lines, due=due)
    unit.invoices.add(issued, lines)
    shares: dict[tuple[str, str], Decimal] = {}
    for each in lines:
        share = (each.membership_id, str(each.month))
        shares[share] = shares.get(share, money("0")) + each.amount
    postings = [
        Posting(LedgerAccount.RECEIVABLE, amount, "ACME", this, membership_id, month)
        for (membership_id, month), amount in shares.items()
    ]
    postings.append(Posting(LedgerAccount.PREMIUM, -issued.total, "ACME", this))
    unit.ledger.append(
        [JournalEntry(f"invoice/{this}", "ACME", EntryKind.INVOICE, date(2025, 11, 30), tuple(postings))]
    )
    return issued


def settle(
    unit: UnitOfWork,
    invoice_id: str,
    amount: str,
    *,
    key: str = "",
    membership_id: str = "",
    month: str = "",
    kind: EntryKind = EntryKind.ALLOCATION,
    receipt_id: str = "",
) -> None:
    """Post money against an invoice, or against one membership and month of it."""
    ledger = LedgerAccount.WRITE_OFF if kind is EntryKind.WRITE_OFF else LedgerAccount.UNAPPLIED
    about = ("ACME", invoice_id, membership_id, month)
    postings = (Posting(ledger, money(amount), *about), Posting(LedgerAccount.RECEIVABLE, -money(amount), *about))
    entry = JournalEntry(
        key or f"settled/{invoice_id}/{membership_id}/{month}",
        "ACME",
        kind,
        date(2025, 12, 1),
        postings,
        receipt_id=receipt_id,
    )
    unit.ledger.append([entry])


def receipt(this: str = "T1", amount: str = "3717.50", *, state: ReceiptState = ReceiptState.CONFIRMED) -> Receipt:
    return Receipt(this, "bank", "EFT20251201A", "1123456789", money(amount), date(2025, 12, 1), state, "", "S1")


def document(
    this: str = "D1", *, key: str = "", subject_id: str = "F1", control_number: str = "000000007", at: datetime = NOW
) -> OutboundDocument:
    return OutboundDocument(
        id=this,
        key=key or f"ack/{this}",
        kind=DocumentKind.ACK_999,
        partner_id="acme",
        name=f"{this}.999",
        folder="/inbox",
        sha256="ab" * 32,
        size_bytes=412,
        kept_path=f"outbound/acme/{this}",
        created_at=at,
        subject_id=subject_id,
        control_number=control_number,
    )


def write_a_world(unit: UnitOfWork) -> None:
    """One file from landing to delivery, and all it caused: a member, a request, an invoice, money, documents.

    File F1 (acme) landed twice; set S1 enrolled M1 at position 11 with a finding; INV1 billed 1450.00 for December
    and was paid 1000.00 by receipt T1, of which 250.00 more is unapplied and 30.00 in suspense. F2 (birch) is no X12.
    """
    add_file_with_set(unit)
    remote = RemoteFile("/outbox/F1.834", 1200, 1_762_350_000)
    unit.files.add_arrival(Arrival("acme", remote, "F1", NOW, is_duplicate=False, put_away=True))
    again = replace(remote, path="/outbox/again.834")
    unit.files.add_arrival(Arrival("acme", again, "F1", NOW + timedelta(hours=1), is_duplicate=True))
    finding = Finding("IK403:7", Level.ELEMENT, "INS03 is not a code.", place=Place("INS", 18, 3), value="PLANTED")
    unit.exchanges.add_findings("F1", "S1", [finding])
    unit.exchanges.move_set("S1", SetState.APPLIED, expected=[SetState.CHECKED])
    unit.enrollment.add_account(ACME)
    unit.enrollment.save([change(members=(member(last_name="Planted"),), opened=(coverage(),))])
    unit.enrollment.add_log([log_entry()])
    unit.requests.add(request())
    issue(unit, "INV1", line(1, "1450.00", "2025-12"), line(2, "25.00", "2025-12", line_type=LineType.FEE))
    unit.ledger.add_receipt(receipt(amount="1280.00"))
    settle(unit, "INV1", "1000.00", membership_id="M1", month="2025-12", receipt_id="T1")
    unit.ledger.add_placements(
        "T1",
        [
            Placement(1, money("1000"), "ACME", "INV1", "M1", "2025-12", line=1),
            Placement(2, money("250"), "ACME", reason=UnplacedReason.OVERPAID),
            Placement(3, money("30"), reason=UnplacedReason.NO_ACCOUNT, is_suspense=True),
        ],
    )
    postings = (
        Posting(LedgerAccount.CASH, money("1280")),
        Posting(LedgerAccount.SUSPENSE, money("-30")),
        Posting(LedgerAccount.UNAPPLIED, money("-1250"), "ACME"),
    )
    unit.ledger.append([JournalEntry("cash/T1", "bank", EntryKind.RECEIPT, NOW.date(), postings, receipt_id="T1")])
    unit.documents.add(document())
    unit.documents.move("D1", DeliveryState.VERIFIED, expected=[DeliveryState.QUEUED], at=NOW + timedelta(minutes=2))
    unit.documents.add(replace(document("D2", subject_id="INV1"), kind=DocumentKind.INVOICE_CSV, control_number=""))
    unit.record(
        LogEvent("E1", NOW, "receive", "F1", "F1", "Received 1200 bytes; kept."),
        LogEvent("E3", NOW + timedelta(minutes=3), "feed", "", "D2", "invoice_csv written"),
        LogEvent("E2", NOW + timedelta(minutes=1), "check", "F1", "F1", "Checked."),
    )
    unit.files.claim(replace(file("F2", partner="birch", at=NOW + timedelta(hours=2)), state=FileState.QUARANTINED))
    unit.open_incident(Incident("N1", "file_quarantined", "birch", NOW, "F2: this is no X12"))
    unit.open_incident(Incident("N2", "sequence_gap", "acme", NOW, "a gap", closed_at=NOW))
