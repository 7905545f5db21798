"""What is owed over time, what was done to collect it, and the cases that people work on (DOMAIN 8.5 to 8.7, 8.11)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.domain.money import ZERO, Money
from gateway.domain.parties import LineOfBusiness
from gateway.domain.period import CoverageMonth
from gateway.domain.remittance import Case

DISPUTE = "DISPUTE"
"""The kind of case that freezes dunning for its amount while it is open (IA-45)."""


class DelinquencyState(StrEnum):
    """Where an account stands (DOMAIN 8.7). No state but TERMINATED ends cover, and only an 834 leads to that one."""

    CURRENT = "CURRENT"
    PAST_DUE = "PAST_DUE"
    IN_GRACE = "IN_GRACE"
    GRACE_EXPIRED = "GRACE_EXPIRED"
    TERM_REQUESTED = "TERM_REQUESTED"
    TERMINATED = "TERMINATED"
    DISPUTED = "DISPUTED"  # all that is past due is disputed: nothing is asked for


class StepKind(StrEnum):
    """What was done to collect: four notices, the request to whoever sends the 834, and that request's end."""

    REMINDER = "reminder"
    LATE = "late_notice"
    SECOND = "second_notice"
    FINAL = "final_notice"
    TERMINATION_REQUEST = "termination_request"
    WITHDRAWAL = "withdrawal"

    @property
    def is_contact(self) -> bool:
        """Whether the account hears of it, so that it counts against the contact cap (IA-44)."""
        return self not in {StepKind.TERMINATION_REQUEST, StepKind.WITHDRAWAL}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done to collect, written once. `key` is made of account, arrears and kind."""

    key: str
    account_id: str
    kind: StepKind
    started_on: date  # of the arrears it is about; of a reminder the due date
    planned_on: date
    made_on: date
    amount: Money
    deadline: date | None = None  # the last day to pay, as the final notice gave it
    cover_ends_on: date | None = None  # of a termination request: the last covered day that is asked for
    note: str = ""


@dataclass(frozen=True, slots=True)
class BilledInvoice:
    """An issued invoice as collection sees it; `month` is its accounting month."""

    id: str
    bill_on: date
    due_on: date
    month: CoverageMonth
    total: Money


@dataclass(frozen=True, slots=True)
class Settled:
    """What was paid, written off or (negative) taken back on an invoice on one day."""

    invoice_id: str
    on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class Dispute:
    """A challenge to a part of an invoice; open from `opened_on` until the day it was closed on."""

    invoice_id: str
    amount: Money
    opened_on: date
    closed_on: date | None = None

    def is_open(self, day: date) -> bool:
        """Tell whether it was open on a day; on the day of its end it still is."""
        return self.opened_on <= day and (self.closed_on is None or day <= self.closed_on)


@dataclass(frozen=True, slots=True)
class AccountHistory:
    """All that an account's standing follows from; the order within the tuples means nothing.

    `held` are the changes of the account's unapplied money by day. `ended_on` is the last covered day when an 834
    has ended every cover. `has_subsidy`: advance payments of the tax credit came for it.
    """

    account_id: str
    partner_id: str
    line_of_business: LineOfBusiness
    invoices: tuple[BilledInvoice, ...] = ()
    settled: tuple[Settled, ...] = ()
    held: tuple[tuple[date, Money], ...] = ()
    disputes: tuple[Dispute, ...] = ()
    steps: tuple[Step, ...] = ()
    ended_on: date | None = None
    has_subsidy: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an account stood when it was looked at, kept whenever that changed (HN-12)."""

    account_id: str
    as_of: date
    state: DelinquencyState
    past_due: Money
    disputed: Money = ZERO
    started_on: date | None = None
    grace_ends_on: date | None = None
    paid_through: date | None = None


class CaseCause(StrEnum):
    """Why a case had come about, as whoever closes it found (DOMAIN 8.11: error source)."""

    CLIENT_DATA = "CLIENT_DATA"
    INSURER_SYSTEM = "INSURER_SYSTEM"
    PAYMENT_PROCESSING = "PAYMENT_PROCESSING"
    EXPECTED = "EXPECTED"  # nothing was wrong: the change is explained


class CaseAct(StrEnum):
    """What somebody did with a case."""

    OPENED = "opened"
    ASSIGNED = "assigned"
    ESCALATED = "escalated"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class CaseWork:
    """A case with who works on it and until when. `opened_at` is None until somebody or the daily review took it up.

    It is overdue after `due_on`, and escalated once when it is open after `escalates_on` (HF-03, HF-08).
    """

    case: Case
    opened_at: datetime | None = None
    owner: str = ""
    due_on: date | None = None
    escalates_on: date | None = None
    escalated_at: datetime | None = None
    closed_at: datetime | None = None
    cause: CaseCause | None = None
    reason: str = ""

    def is_overdue(self, today: date) -> bool:
        """Tell whether it should have been closed before today."""
        return self.closed_at is None and self.due_on is not None and today > self.due_on


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """One line of a case's log: who did what, when and why; never edited."""

    id: str
    case_key: str
    at: datetime
    by: str
    act: CaseAct
    text: str
