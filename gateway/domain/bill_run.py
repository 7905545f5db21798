"""A bill run: what was to be billed when it began, how each of it ended, and which accounts wait for a person."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.domain.money import Money


class OrderEnd(StrEnum):
    """How an order of a bill run ended; every one ends in exactly one of these."""

    INVOICED = "invoiced"
    NOTHING_DUE = "nothing_due"
    HELD = "held"
    TRIED = "tried"  # the image of a trial bill was made


@dataclass(frozen=True, slots=True)
class BillRun:
    """The bill run of one batch business date; `id` is that date. `proved_at` None: not all of it has ended."""

    id: str
    business_date: date
    begun_at: datetime
    proved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunOrder:
    """One account's order, written down before anything was billed.

    What was learned after `frozen_at` waits for the next run. `key` is the invoice request's id, or the bill cycle's
    window (`cycle/ACCOUNT/START`).
    """

    run_id: str
    key: str
    number: int  # requests first, oldest first
    account_id: str
    bill_on: date
    cutoff_on: date
    accounting_on: date
    source: str
    frozen_at: datetime
    ending: OrderEnd | None = None
    ended_at: datetime | None = None
    invoice_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunProof:
    """That nothing fell out: every order that was frozen ended, and the invoices are those that are there."""

    run_id: str
    invoiced: int
    nothing_due: int
    held: int
    pending: int
    tried: int = 0
    astray: tuple[str, ...] = ()  # keys of orders whose end and whose invoice do not agree

    @property
    def orders(self) -> int:
        """How many orders were frozen."""
        return self.invoiced + self.nothing_due + self.held + self.tried + self.pending

    @property
    def holds(self) -> bool:
        """Whether every order ended, and as it says."""
        return not self.pending and not self.astray


class HoldEnd(StrEnum):
    """How an account's waiting ended."""

    CAUSE_GONE = "cause_gone"  # a later run could bill it, or found another reason
    RELEASED = "released"  # a named person let it go out as it is


@dataclass(frozen=True, slots=True)
class Hold:
    """An account that waits for a person, with the order that could not be billed.

    `findings` are code and sentence of each check that stopped the bill; none where our own work failed. A release
    lifts exactly these sentences from this order: another fault, or the same with other amounts, holds it anew.
    """

    id: str
    account_id: str
    partner_id: str
    order_key: str
    number: int  # how often the order was held before
    bill_on: date
    cutoff_on: date
    accounting_on: date
    source: str
    reason: str
    findings: tuple[tuple[str, str], ...]
    held_at: datetime
    ending: HoldEnd | None = None
    ended_at: datetime | None = None
    ended_by: str = ""
    end_reason: str = ""


@dataclass(frozen=True, slots=True)
class ConsolidatedBill:
    """One bill over the bills of several accounts of a partner: what an 820 names in REF*2F (DOMAIN 5.1, 10).

    It owns nothing: each account keeps its own bill and its own books. `total` is what those bills add up to.
    """

    id: str  # letters and digits, at most 22 characters
    partner_id: str
    code: str  # the word that its accounts share in billing.toml
    run_id: str
    issued_at: datetime
    bill_on: date
    total: Money
    invoice_ids: tuple[str, ...]
