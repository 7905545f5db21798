"""What an 820 says was paid, the money itself, and where every cent of it went (DOMAIN 5 and 6)."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from gateway.domain.money import ZERO, Money
from gateway.domain.parties import Organization
from gateway.domain.period import Period


class Handling(StrEnum):
    """BPR01."""

    WITH_PAYMENT = "C"
    PAYMENT_ONLY = "D"
    REMITTANCE_ONLY = "I"
    PRENOTE = "P"
    SPLIT = "U"
    MAY_SPLIT = "X"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """ADX: a signed amount and the payer's reason, which is a claim and never an enrolment change."""

    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class RemittanceLine:
    """One RMR of an 820, organisation (2300A) or individual (2300B), or one X306 payment line."""

    ordinal: int
    position: int  # segment position of RMR in the set
    is_individual: bool
    qualifier: str  # RMR01: IK, 11, 1L, AZ, ZZ ...
    reference: str  # RMR02: invoice, policy, or X306 payment type
    action: str  # RMR03: PA, PI, PO, PP
    paid: Money  # RMR04
    billed: Money | None = None  # RMR05
    member_ids: tuple[str, ...] = field(default=(), repr=False)  # RMR02, ENT04, NM109 in the order of DOMAIN 5.5
    references: tuple[tuple[str, str], ...] = ()  # REF qualifiers and values
    period: Period | None = None  # DTM*582
    adjustments: tuple[Adjustment, ...] = ()  # ADX of 2320
    head_count: int | None = None  # SLN with unit IE


@dataclass(frozen=True, slots=True)
class Remittance:
    """One 820 set."""

    handling: Handling  # BPR01
    amount: Money  # BPR02
    method: str  # BPR04
    trace: str  # TRN02
    originator: str  # TRN03
    settles_on: date | None  # BPR16
    payer: Organization  # N1*PR, or N1*RM in X306
    receiver: Organization  # N1*PE
    references: tuple[tuple[str, str], ...] = ()  # header REF
    period: Period | None = None  # header DTM*582
    lines: tuple[RemittanceLine, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()  # ADX of 2200
    is_exchange: bool = False  # 005010X306

    def reference(self, *qualifiers: str) -> str:
        """Return the value of the first header REF with one of `qualifiers`, in the order asked, or ''."""
        for wanted in qualifiers:
            for qualifier, value in self.references:
                if qualifier == wanted:
                    return value
        return ""


class UnplacedReason(StrEnum):
    """Why money has no place: exactly one per piece (DOMAIN 5.5)."""

    NO_PARTNER_RIGHT = "NO_PARTNER_RIGHT"
    NO_ACCOUNT = "NO_ACCOUNT"
    NO_INVOICE = "NO_INVOICE"
    NO_MEMBER = "NO_MEMBER"
    NO_PERIOD = "NO_PERIOD"
    AMBIGUOUS = "AMBIGUOUS"
    CLOSED_INVOICE = "CLOSED_INVOICE"
    OUT_OF_BALANCE = "OUT_OF_BALANCE"
    DUPLICATE = "DUPLICATE"
    OVERPAID = "OVERPAID"
    NO_REMITTANCE = "NO_REMITTANCE"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"


class ReceiptState(StrEnum):
    """Whether money is only announced or has arrived."""

    EXPECTED = "expected"  # a remittance said so; the bank has not
    ADVANCED = "advanced"  # placed on the payer's word, as agreed with it; the bank has not confirmed yet
    CONFIRMED = "confirmed"
    APPLIED = "applied"  # confirmed, and every cent has a place


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that arrived or is announced. `id` is made of trace, originator, amount and settlement date."""

    id: str
    partner_id: str
    trace: str
    originator: str
    amount: Money
    settles_on: date | None
    state: ReceiptState
    cash_set_id: str = ""  # the set that brought or announced the money
    remittance_set_id: str = ""  # the set that explains it
    payer_id: str = ""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one piece of a receipt went: an invoice (allocation), an account's unapplied cash, or suspense."""

    ordinal: int
    amount: Money
    account_id: str = ""
    invoice_id: str = ""
    membership_id: str = ""
    month: str = ""
    reason: UnplacedReason | None = None  # None for an allocation
    line: int | None = None  # RemittanceLine.ordinal
    is_suspense: bool = False
    is_subsidy: bool = False  # APTC: credited to the subsidy receivable, not to the enrollee (DOMAIN 6)
    is_user_fee: bool = False  # UF: what the exchange keeps for itself, negative (DOMAIN 6)
    is_refund: bool = False  # goes back to the payer (DOMAIN 8.8)
    is_income: bool = False  # paid too much inside the tolerance, and kept by agreement (DOMAIN 8.4)


@dataclass(frozen=True, slots=True)
class WriteOff:
    """A short payment inside the tolerance (DOMAIN 8.4)."""

    invoice_id: str
    account_id: str
    amount: Money
    reason: str = "TOLERANCE"
    membership_id: str = ""  # whose share of the invoice is given up, where it is itemised
    month: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """Something a person must settle: a short payment, a claim of the payer. `key` opens it once only."""

    key: str
    kind: str  # SHORT_PAY, OVER_PAY, PAYER_CLAIM, COUNT_VARIANCE
    account_id: str
    invoice_id: str
    amount: Money
    message: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What was decided for one receipt: placements sum to `received`, always."""

    received: Money
    placements: tuple[Placement, ...] = ()
    write_offs: tuple[WriteOff, ...] = ()
    cases: tuple[Case, ...] = ()

    def __post_init__(self) -> None:
        if sum((p.amount for p in self.placements), ZERO) != self.received:
            raise ValueError("a settlement must place every cent that was received, and no cent more")
