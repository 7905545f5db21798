"""What is kept and read of collection: cases, steps, standings, and what accounts owed on any day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from gateway.domain.collection import AccountHistory, CaseEntry, CaseWork, Standing, Step
from gateway.domain.money import ZERO, Money
from gateway.domain.period import CoverageMonth
from gateway.domain.remittance import Case, ReceiptState


class Cases(Protocol):
    """Cases with who works on them; their log is append-only."""

    def add(self, opened: Sequence[CaseWork], entries: Sequence[CaseEntry] = ()) -> list[str]:
        """Open cases, each with its first log entry, and return the keys of those that were not there."""
        ...

    def get(self, key: str) -> CaseWork:
        """Return one case by its key or the only one whose key begins so; it stays ours. Raises NotFound."""
        ...

    def update(self, work: CaseWork) -> None:
        """Write all that may change of a case: owner, dates, escalation and end."""
        ...

    def not_taken_up(self) -> list[Case]:
        """Return the cases that were opened without a date, in the order of their keys."""
        ...

    def to_escalate(self, today: date) -> list[CaseWork]:
        """Return the open cases that were to be settled before today and were never escalated."""
        ...

    def log(self, entry: CaseEntry) -> None:
        """Append to a case's log; an entry whose id is there adds nothing."""
        ...

    def log_of(self, key: str) -> list[CaseEntry]:
        """Return a case's log, oldest first."""
        ...


class Collection(Protocol):
    """What accounts owe over time, and what was done to collect it."""

    def account_ids(self) -> list[str]:
        """Return the ids of all accounts that ever had an invoice, in order."""
        ...

    def history(self, account_id: str, as_of: date) -> AccountHistory:
        """Return what was billed, settled and disputed through a day, and all steps; raises NotFound."""
        ...

    def months(self, account_id: str, as_of: date) -> list[tuple[CoverageMonth, Money, Money]]:
        """Return (coverage month, billed, open) as of a day, in order."""
        ...

    def figures(self, account_id: str, as_of: date) -> "AccountFigures":
        """Return what the daily review compares: bills, what fell due and what was paid, through a day."""
        ...

    def add_steps(self, steps: Sequence[Step]) -> None:
        """Write steps down; one whose key is there adds nothing."""
        ...

    def last_standing(self, account_id: str, before: date) -> Standing | None:
        """Return the standing that was written last before a day, or None."""
        ...

    def put_standing(self, standing: Standing) -> None:
        """Write where an account stands on a day, in place of what was written for that day before."""
        ...


@dataclass(frozen=True, slots=True)
class BilledMonth:
    """The current charges of one account and accounting month: by product, with the full prices, and the lives."""

    month: CoverageMonth
    lives: int
    products: Mapping[str, Money]
    rates: Mapping[tuple[str, str], frozenset[Money]]  # by product and tier


@dataclass(frozen=True, slots=True)
class BillProducts:
    """One invoice on which something was paid: what it billed by product, what it left open, what the payer named."""

    invoice_id: str
    month: CoverageMonth
    products: Mapping[str, Money]
    open: Money
    reported: frozenset[str]


@dataclass(frozen=True, slots=True)
class AccountFigures:
    """What the daily review compares; `due` and `paid` are by the month of the due date and of the money."""

    billed: tuple[BilledMonth, ...]
    due: Mapping[CoverageMonth, Money]
    paid: Mapping[CoverageMonth, Money]
    bills: tuple[BillProducts, ...]


@dataclass(frozen=True, slots=True)
class BilledPaid:
    """What was billed and what became of it, for one membership, product and coverage month; it foots to `open`."""

    account_id: str
    policy: str
    membership_id: str
    product: str
    month: CoverageMonth
    billed: Money = ZERO
    adjusted: Money = ZERO
    paid: Money = ZERO
    written_off: Money = ZERO

    @property
    def open(self) -> Money:
        """What is still owed."""
        return self.billed + self.adjusted - self.paid - self.written_off


@dataclass(frozen=True, slots=True)
class MoneyLine:
    """Money of one receipt as of a day, with one account or, in suspense, with none."""

    receipt_id: str
    partner_id: str
    trace: str
    deposited_on: date | None
    state: ReceiptState | None
    account_id: str
    received: Money
    unapplied: Money
    suspense: Money
    refunded: Money
    reasons: tuple[str, ...]

    @property
    def applied(self) -> Money:
        """What is neither held nor refunded (DOMAIN 12)."""
        return self.received - self.unapplied - self.suspense - self.refunded


@dataclass(frozen=True, slots=True)
class ExtraLine:
    """A line of a remittance whose money found no item of a bill to pay, with the reason."""

    receipt_id: str
    line: int
    amount: Money
    reason: str


class ReportReader(Protocol):
    """One state of the database, read as of one day: everything streams, in the order of the ids."""

    as_of: date

    def histories(self) -> Iterator[AccountHistory]:
        """Yield the history of every account through the day, in the order of their ids."""
        ...

    def months(self, account_id: str) -> list[tuple[CoverageMonth, Money, Money]]:
        """Return (coverage month, billed, open) of an account, in order."""
        ...

    def billed_paid(self, account_id: str) -> list[BilledPaid]:
        """Return what was billed and paid of an account, by membership, product and month."""
        ...

    def extra_lines(self, account_id: str) -> list[ExtraLine]:
        """Return the lines of remittances that paid an account for what it was not billed, as they lie today."""
        ...

    def figures(self, account_id: str) -> AccountFigures:
        """Return what the daily review compares."""
        ...

    def money(self, *, by_account: bool) -> Iterator[MoneyLine]:
        """Yield every receipt whose money was posted by the day: whole, or by the account that holds a part of it."""
        ...


class Reports(Protocol):
    """Where reports read from."""

    def reading_reports(self, as_of: date) -> AbstractContextManager[ReportReader]:
        """Open one state of the database for a report."""
        ...

    def cases(self, *, closed: bool = False, kind: str = "", account_id: str = "") -> Iterable[CaseWork]:
        """Return cases that are open (or closed), the next due first."""
        ...

    def case(self, key: str) -> tuple[CaseWork, list[CaseEntry]]:
        """Return one case and its log, by key or the beginning of one. Raises NotFound."""
        ...
