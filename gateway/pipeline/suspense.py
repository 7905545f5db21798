"""Unplaced money as people work it: the pieces, and where each probably belongs."""

from dataclasses import dataclass, replace

from gateway.domain.charge import OpenInvoice
from gateway.domain.money import ZERO
from gateway.domain.money_order import Piece
from gateway.domain.parties import Organization
from gateway.domain.period import CoverageMonth
from gateway.domain.remittance import Handling, Remittance, RemittanceLine
from gateway.pipeline.books import load_books
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork
from gateway.remittance.books import Books
from gateway.remittance.suspense import Clues, Suggestion, suggest

_UNSAID = Remittance(Handling.PAYMENT_ONLY, ZERO, "", "", "", None, Organization(), Organization())
_POLICIES = frozenset({"14", "18", "1L", "38", "AZ", "POL"})  # REF01 of line or header


@dataclass(frozen=True, slots=True)
class Worked:
    """A piece, with the invoices that something speaks for."""

    piece: Piece
    suggestions: tuple[Suggestion, ...]


def look_at(plant: Plant, piece_id: str) -> Worked:
    """Return a piece with its suggestions, the best first; nothing is written. Raises NotFound."""
    with plant.open_unit() as unit:
        piece = unit.money.piece(piece_id)
        remittance = unit.ledger.remittance(piece.remittance_set_id) if piece.remittance_set_id else None
        line = _line_of(remittance, piece)
        clues = _clues(unit, piece, remittance, line)
        said = replace(remittance, lines=(line,) if line else ()) if remittance else None
        books = _books(plant, unit, piece, said, clues.traced)
        return Worked(piece, tuple(suggest(piece, clues, books)))


def _line_of(remittance: Remittance | None, piece: Piece) -> RemittanceLine | None:
    """Return the line that the piece came with."""
    lines = remittance.lines if remittance else ()
    return next((each for each in lines if each.ordinal == piece.placement.line), None)


def _clues(unit: UnitOfWork, piece: Piece, remittance: Remittance | None, line: RemittanceLine | None) -> Clues:
    """Return what is known of a piece beside its amount."""
    references = (*(line.references if line else ()), *(remittance.references if remittance else ()))
    policies = {value for qualifier, value in references if qualifier in _POLICIES}
    if line is not None:
        policies.add(line.reference)
    period = (line.period if line else None) or (remittance.period if remittance else None)
    traced = unit.money.accounts_of_trace(piece.trace, piece.receipt_id)
    return Clues(
        line=line,
        policies=frozenset(policies - {""}),
        period_month=CoverageMonth.of(period.starts_on) if period else None,
        traced=frozenset([*traced, *unit.money.accounts_paid_by(piece.originator)]),
    )


def _books(plant: Plant, unit: UnitOfWork, piece: Piece, said: Remittance | None, traced: frozenset[str]) -> Books:
    """Return what is open wherever a clue leads, and every invoice that owes exactly this."""
    books = load_books(plant, unit, said or _UNSAID, also=traced)
    known = {each.id for each in books.open_invoices}
    exact = [unit.invoices.find_invoice(number) for number in unit.money.invoices_owing(piece.placement.amount)]
    more: list[OpenInvoice] = [each for each in exact if each is not None and each.id not in known]
    return replace(books, open_invoices=(*books.open_invoices, *more))
