"""What an invoice feed shows, and the totals that every format must prove (DOMAIN 10)."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO, Protocol, TypeAlias

from gateway.billing.statement import CURRENT_TYPES, Statement
from gateway.domain.charge import Invoice, InvoiceLine
from gateway.domain.exchange import DocumentKind
from gateway.domain.money import ZERO, Money
from gateway.errors import InvariantBroken

_AMOUNT = re.compile(r"-?\d+\.\d{2}")


@dataclass(frozen=True, slots=True)
class FeedLine:
    """One invoice line with what its reader knows the subscriber by; the name is personal."""

    line: InvoiceLine
    member_ref: str  # subscriber id as the partner sent it
    subscriber_name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class StatementNotes:
    """What a statement tells its reader besides its figures (DOMAIN 10, IA-37)."""

    how_to_pay: str = ""
    how_to_dispute: str = ""
    grace: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceStatement:
    """An issued invoice as it is rendered. `lines` is read once, in order, and may be a generator."""

    invoice: Invoice
    account_name: str
    lines: Iterable[FeedLine] = field(repr=False)
    bill_group: str = ""
    notes: StatementNotes = StatementNotes()


@dataclass(frozen=True, slots=True)
class FeedTotals:
    """How many lines a feed holds, and the sum of their amounts."""

    rows: int
    total: Money


class Tally:
    """Adds up lines while they are written."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._rows = 0
        self._current = self._adjustments = ZERO
        self._of_entity: dict[str, Money] = {}

    def add(self, line: InvoiceLine) -> None:
        """Count one line."""
        self._rows += 1
        if line.line_type in CURRENT_TYPES:
            self._current += line.amount
        else:
            self._adjustments += line.amount
        self._of_entity[line.legal_entity] = self._of_entity.get(line.legal_entity, ZERO) + line.amount

    @property
    def totals(self) -> FeedTotals:
        """What was counted so far."""
        return FeedTotals(self._rows, self._current + self._adjustments)

    @property
    def legal_entities(self) -> dict[str, Money]:
        """What each company's share comes to, in order of name; '' is the account's own company."""
        return dict(sorted(self._of_entity.items()))

    def prove(self, invoice: Invoice) -> Statement:
        """Return the statement; raises InvariantBroken when the lines are not all there or do not add up."""
        if self.totals != FeedTotals(invoice.lines_count, invoice.total):
            raise InvariantBroken(
                f"invoice {invoice.id} has {invoice.lines_count} lines and {invoice.total}; "
                f"its feed would show {self.totals.rows} and {self.totals.total}"
            )
        figures = (invoice.previous_balance, invoice.payments, self._adjustments, self._current)
        return Statement(*figures, invoice.pending)


def read_amount(text: str) -> Money:
    """Return an amount as feeds write it, with exactly two decimals; raises ValueError for anything else."""
    if not _AMOUNT.fullmatch(text):
        raise ValueError("not an amount with two decimals")
    return Decimal(text)


def agree(written: FeedTotals, counted: FeedTotals) -> FeedTotals:
    """Return `counted`, re-added from a feed's bytes; raises InvariantBroken unless it states the same."""
    if written != counted:
        raise InvariantBroken(
            f"the feed says {written.rows} lines and {written.total}; "
            f"its bytes hold {counted.rows} lines and {counted.total}"
        )
    return counted


class Render(Protocol):
    """Writes a statement to `out` and returns the totals that were written."""

    def __call__(self, statement: InvoiceStatement, out: BinaryIO) -> FeedTotals:
        """Write `statement` to `out`, which stays open; raises InvariantBroken when the lines do not add up."""
        ...


Verify: TypeAlias = Callable[[BinaryIO], FeedTotals]
"""Re-adds a feed's totals from its bytes; raises InvariantBroken when they differ from those it states."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """One format: how it is called, written and proved."""

    kind: DocumentKind
    extension: str
    render: Render
    verify: Verify
