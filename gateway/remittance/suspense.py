"""Money without a place, worked by people: where it probably belongs and why, and what an order makes of a piece."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from gateway.domain.charge import OpenInvoice
from gateway.domain.money import ZERO, Money
from gateway.domain.money_order import Piece
from gateway.domain.period import CoverageMonth
from gateway.domain.remittance import Placement, RemittanceLine, Settlement
from gateway.remittance.books import Books
from gateway.remittance.worksheet import Worksheet, bills


class Evidence(StrEnum):
    """Why a piece of money may belong to an invoice; the heavier, the earlier in `_WEIGHTS`."""

    AMOUNT = "exact amount"
    SUBSCRIBER = "subscriber id"
    POLICY = "policy"
    TRACE = "trace"
    TAX_ID = "payer tax id"
    MONTH = "month"


_WEIGHTS = {
    Evidence.AMOUNT: 6,
    Evidence.SUBSCRIBER: 5,
    Evidence.POLICY: 4,
    Evidence.TRACE: 3,
    Evidence.TAX_ID: 3,
    Evidence.MONTH: 1,
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An invoice that a piece of money may pay, with what speaks for it."""

    invoice: OpenInvoice
    evidence: tuple[Evidence, ...]

    @property
    def weight(self) -> int:
        """How much speaks for it: the sum of the weights of its evidence."""
        return sum(_WEIGHTS[each] for each in self.evidence)


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known of a piece beyond its amount: what its remittance line says, and whom its payer paid before.

    `members` are those that ids of the line lead to, `traced` the accounts that the same trace (TRN02) or the same
    originator (TRN03) led to earlier.
    """

    line: RemittanceLine | None = None
    policies: frozenset[str] = frozenset()
    period_month: CoverageMonth | None = None
    traced: frozenset[str] = frozenset()


def suggest(piece: Piece, clues: Clues, books: Books) -> list[Suggestion]:
    """Return the open invoices that something speaks for, what speaks most first, then the oldest due.

    An amount alone is evidence, a month alone is not: too many invoices have it.
    """
    found = []
    for invoice in books.open_invoices:
        evidence = tuple(_evidence(piece, clues, books, invoice))
        if set(evidence) - {Evidence.MONTH}:
            found.append(Suggestion(invoice, evidence))
    return sorted(found, key=lambda each: (-each.weight, each.invoice.due_on, each.invoice.id))


def _evidence(piece: Piece, clues: Clues, books: Books, invoice: OpenInvoice) -> list[Evidence]:
    """Return what speaks for an invoice, in the order of `Evidence`."""
    account = next((each for each in books.accounts if each.id == invoice.account_id), None)
    named = {member.account_id for members in books.members.values() for member in members}
    numbers = {invoice.account_id, *(account.policies if account else ())}
    period = clues.line.period if clues.line else None
    speaks: Mapping[Evidence, bool] = {
        Evidence.AMOUNT: piece.placement.amount == invoice.open,
        Evidence.SUBSCRIBER: invoice.account_id in named,
        Evidence.POLICY: bool(clues.policies & numbers),
        Evidence.TRACE: invoice.account_id in clues.traced,
        Evidence.TAX_ID: bool(piece.payer_id) and account is not None and piece.payer_id in account.tax_ids,
        Evidence.MONTH: any(
            bills(month, period) if period else month == clues.period_month for month in invoice.months
        ),
    }
    return [each for each, is_so in speaks.items() if is_so]


def applied(piece: Piece, amount: Money, invoice: OpenInvoice, books: Books) -> Settlement:
    """Return the piece with `amount` of it on an invoice, and the rest left as it was.

    What the invoice does not owe stays unapplied on its account. Itemised invoices are paid pro rata, fees last.
    """
    sheet = Worksheet(books)
    target = sheet.invoice(invoice.id)
    if target is None:
        raise ValueError(f"invoice {invoice.id} is not in the books that were loaded")
    rest = sheet.pay_invoice(target, amount, None)
    return _placed(piece, amount, [*sheet.placements, _left(piece, rest, invoice.account_id)])


def moved(piece: Piece, amount: Money, account_id: str) -> Settlement:
    """Return the piece with `amount` of it unapplied on an account, and the rest left as it was."""
    return _placed(piece, amount, [_left(piece, amount, account_id)])


def refunded(piece: Piece, amount: Money) -> Settlement:
    """Return the piece with `amount` of it on its way back to the payer, and the rest left as it was."""
    back = Placement(1, amount, piece.placement.account_id, line=piece.placement.line, is_refund=True)
    return _placed(piece, amount, [back])


def _left(piece: Piece, amount: Money, account_id: str) -> Placement:
    """Return money that stays unapplied on an account, with the reason and line that the piece had."""
    return replace(piece.placement, amount=amount, account_id=account_id, is_suspense=False)


def _placed(piece: Piece, amount: Money, placed: list[Placement]) -> Settlement:
    """Return a settlement of the whole piece, numbered through: what was placed, and what was not ordered about."""
    was = piece.placement
    pieces = [*placed, replace(was, amount=was.amount - amount)]
    kept = [each for each in pieces if each.amount != ZERO]
    numbered = tuple(
        replace(each, ordinal=number, line=each.line or was.line) for number, each in enumerate(kept, start=1)
    )
    return Settlement(was.amount, numbered)
