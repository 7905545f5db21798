"""What is owed: invoice requests, invoices and their lines (DOMAIN 3 and 8)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.domain.money import ZERO, Money
from gateway.domain.period import CoverageMonth


class InvoiceMode(StrEnum):
    """Whether a person or an event makes the request (DOMAIN 3.2)."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"


class BillGeneration(StrEnum):
    """A real bill, or one that posts nothing (DOMAIN 3.2)."""

    REGULAR = "regular"
    TRIAL = "trial"


LEGAL_REQUEST_TYPES: dict[tuple[InvoiceMode, BillGeneration, bool], bool] = {
    (InvoiceMode.MANUAL, BillGeneration.REGULAR, True): True,
    (InvoiceMode.MANUAL, BillGeneration.REGULAR, False): True,
    (InvoiceMode.MANUAL, BillGeneration.TRIAL, False): False,
    (InvoiceMode.AUTOMATIC, BillGeneration.REGULAR, False): False,
}
"""The only legal (mode, generation, approval) of an invoice request type; the value: whether it may have a defer
count (DOMAIN 3.2)."""


REQUEST_OBJECTS: dict[BillGeneration, str] = {
    BillGeneration.REGULAR: "Invoice Request - Regular Bill Generation",
    BillGeneration.TRIAL: "Invoice Request - Trial Bill Generation",
}
"""The business object that fits each bill generation type (DOMAIN 3.2)."""


class RequestStatus(StrEnum):
    """Life cycle of an invoice request (DOMAIN 3.3)."""

    DRAFT = "draft"
    APPROVAL = "approval_in_progress"
    DEFER = "defer_processing"
    DEFER_BATCH = "defer_processing_batch"
    PROCESSED = "processed"
    CANCELED = "canceled"
    REJECTED = "rejected"
    ERROR = "error"

    @property
    def is_final(self) -> bool:
        """Whether nothing can happen to the request any more."""
        return self in {RequestStatus.PROCESSED, RequestStatus.CANCELED, RequestStatus.REJECTED}


@dataclass(frozen=True, slots=True)
class InvoiceRequest:
    """An order to produce one bill out of cycle for one account; while one is open, later events join it."""

    id: str
    account_id: str
    partner_id: str
    request_type: str  # code of the type in billing.toml
    status: RequestStatus
    created_on: date
    processing_on: date
    cutoff_on: date
    bill_on: date
    accounting_on: date
    source: str  # SetSource.key of the first event, or what a person or the policy's dates ordered
    invoice_id: str | None = None
    reason: str = ""
    is_manual: bool = False  # a person ordered it, and typed its dates
    is_trial: bool = False  # its bill posts nothing and is kept as an image
    created_by: str = "gateway"
    decided_by: str = ""  # who approved or rejected it


class PolicyEvent(StrEnum):
    """What happens to a group's policy as a whole (DOMAIN 3.4); an 834 carries none of it, the configuration does."""

    IN_FORCE = "in_force"  # C1-INVREQCRE: onboarding
    TERMINATE = "terminate"  # C1-INVREQPT
    REINSTATE = "reinstate"  # C1-INVREPRIN
    RENEW = "renew"  # C1-IRPOLREW


@dataclass(frozen=True, slots=True)
class RequestLogEntry:
    """One line of a request's own log: the status it took, when, by whom and why. `key` is unique."""

    key: str
    request_id: str
    at: datetime
    status: RequestStatus
    actor: str
    note: str = ""  # plain words, no personal data


class LineType(StrEnum):
    """DOMAIN 10: the line_type column of a feed."""

    CURRENT = "CURRENT"
    RETRO_ADD = "RETRO_ADD"
    RETRO_TERM = "RETRO_TERM"
    RETRO_CHANGE = "RETRO_CHANGE"
    FEE = "FEE"
    CREDIT = "CREDIT"
    BALANCE_FORWARD = "BALANCE_FWD"
    PAYMENT = "PAYMENT"


@dataclass(frozen=True, slots=True)
class Charge:
    """What one membership owes for one product and coverage month as known today: the left side of the difference.

    `rate` is the full month's price; `days_covered` of `days_in_month` and `formula` explain how `amount` follows.
    """

    account_id: str
    membership_id: str
    member_id: str
    product: str  # plan code of the rate table
    insurance_line: str
    tier: str
    month: CoverageMonth
    amount: Money
    rate: Money
    lives: int
    days_covered: int
    days_in_month: int
    formula: str
    set_id: str  # the set that caused the coverage version
    source: str
    legal_entity: str = ""  # the company that underwrites the product (HN-17); '': the account's own
    is_fee: bool = False  # a named fee, `product` is its name: never inside a premium (IA-51)
    employer_share: Money | None = None  # what the employer contributes of `amount`; None: not agreed
    priced_by: str = ""  # the row of the rate table, or the place in the 834, that gave `rate`

    @property
    def key(self) -> tuple[str, str, CoverageMonth]:
        """What is compared between due and billed: membership, product, month."""
        return (self.membership_id, self.product, self.month)


@dataclass(frozen=True, slots=True)
class BilledAmount:
    """The right side of the difference: what was billed so far for one membership, product and month."""

    membership_id: str
    product: str
    month: CoverageMonth
    amount: Money
    member_id: str
    tier: str
    insurance_line: str
    last_invoice_id: str  # the invoice that an adjustment corrects
    legal_entity: str = ""
    is_fee: bool = False
    employer_share: Money | None = None  # of `amount`; None: not agreed


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line of an invoice, signed; an adjustment names the invoice and month it corrects."""

    number: int
    line_type: LineType
    membership_id: str
    member_id: str
    product: str
    insurance_line: str
    tier: str
    month: CoverageMonth
    amount: Money
    rate: Money
    lives: int
    days_covered: int
    days_in_month: int
    formula: str
    set_id: str
    source: str
    corrects_invoice_id: str = ""
    reason: str = ""
    legal_entity: str = ""
    is_fee: bool = False
    employer_share: Money | None = None  # signed, of `amount`; None: not agreed
    priced_by: str = ""


class InvoiceStatus(StrEnum):
    """How much of an issued invoice is settled."""

    OPEN = "open"
    PARTIAL = "partial"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Invoice:
    """An issued bill: immutable but for `status`, which follows from the journal."""

    id: str  # invoice number: letters and digits, at most 22 characters (DOMAIN 10)
    account_id: str
    partner_id: str
    request_id: str
    issued_at: datetime
    bill_on: date
    due_on: date
    cutoff_on: date
    accounting_on: date
    total: Money
    lines_count: int
    previous_balance: Money
    payments: Money
    pending: Money = ZERO  # announced and not yet there when the bill was made (IA-38)
    status: InvoiceStatus = InvoiceStatus.OPEN


@dataclass(frozen=True, slots=True)
class TrialBill:
    """The image of a bill that posted nothing: what the next regular bill of these dates would have been.

    `remarks` are what would have held it, and what has no price.
    """

    request_id: str
    account_id: str
    made_at: datetime
    bill_on: date
    due_on: date
    cutoff_on: date
    accounting_on: date
    total: Money
    lines_count: int
    previous_balance: Money
    payments: Money
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An invoice as a payment sees it: what is still owed on it, and for which memberships and months."""

    id: str
    account_id: str
    due_on: date
    total: Money
    open: Money
    months: tuple[CoverageMonth, ...] = ()
    lives: int | None = None  # persons billed, which a remittance's head count is compared with; None: not known


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One membership's share of an open invoice for one month: what an individual remittance line is matched to."""

    invoice_id: str
    membership_id: str
    member_id: str
    subscriber_id: str
    policy: str
    month: CoverageMonth
    billed: Money
    open: Money
