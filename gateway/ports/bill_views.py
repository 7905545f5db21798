"""What people look at of bills beside the bill itself: runs, statements, impacts of changes, proofs of the books.

Like every view it holds ids, counts, codes and amounts, never a person (DESIGN, decision 14).
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.domain.bill_run import BillRun, ConsolidatedBill, RunOrder, RunProof
from gateway.domain.charge import Invoice, LineType
from gateway.domain.coverage import MembershipEvent
from gateway.domain.money import Money
from gateway.domain.period import CoverageMonth


@dataclass(frozen=True, slots=True)
class BillShare:
    """The lines of a bill that are of one kind, together: by company, product, tier, month and kind of line."""

    legal_entity: str  # '' is the account's own company
    product: str
    tier: str
    month: CoverageMonth
    line_type: LineType
    is_fee: bool
    lines: int
    amount: Money
    employer_share: Money | None


@dataclass(frozen=True, slots=True)
class Correction:
    """What a later bill changed of an issued one (HF-22), or what this one changes of an earlier."""

    invoice_id: str
    lines: int
    amount: Money


@dataclass(frozen=True, slots=True)
class StatementBill:
    """One bill of a statement. `ledger_due` is what the account's books said right after it was posted."""

    invoice: Invoice
    shares: tuple[BillShare, ...]
    ledger_due: Money


@dataclass(frozen=True, slots=True)
class StatementView:
    """The bills of an account for one period: the month that a bill is for, that of its cutoff (HN-01)."""

    account_id: str
    period: CoverageMonth
    bills: tuple[StatementBill, ...]
    periods: tuple[CoverageMonth, ...]  # of all statements that there are


@dataclass(frozen=True, slots=True)
class RunView:
    """A bill run: what was frozen, how it ended, and whether nothing fell out."""

    run: BillRun
    proof: RunProof
    billed: Money
    lines: int
    orders: tuple[RunOrder, ...]  # the first so many, held ones first
    orders_total: int
    consolidated: tuple[ConsolidatedBill, ...]


class Impact(StrEnum):
    """What a change of a membership came to on the account's bills (HF-25)."""

    BILLED = "billed"  # lines of the membership stand on that bill
    NO_EFFECT = "no_effect"  # the bill that looked at it found nothing to change
    OPEN = "open"  # no bill has looked at it yet


@dataclass(frozen=True, slots=True)
class ImpactLine:
    """A change that may touch the bill, with the bill that holds it or what it waits for."""

    event: MembershipEvent
    membership_id: str
    effective_on: date | None
    known_at: datetime
    source: str
    set_id: str
    impact: Impact
    invoice_id: str  # that holds it, or looked at it; '' while it is open
    request_id: str  # the open request it waits for; '': the next bill of the cycle
    deadline: date | None  # when that request is processed


@dataclass(frozen=True, slots=True)
class BookFault:
    """Something in issued bills or the journal that does not prove."""

    subject_id: str  # invoice, series or book
    fault: str


@dataclass(frozen=True, slots=True)
class BookProof:
    """All issued bills looked at again: totals, journal, numbers, and every line's explanation."""

    invoices: int
    lines: int
    entries: int
    billed: Money
    faults: tuple[BookFault, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.faults
