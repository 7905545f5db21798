"""Station: money that waited for an enrolment or a bill is placed by itself once that is there (DOMAIN 3.9)."""

from collections.abc import Mapping
from dataclasses import replace

from gateway.domain.exchange import LogEvent
from gateway.domain.identity import content_id
from gateway.domain.money import ZERO
from gateway.domain.money_order import Piece
from gateway.domain.remittance import Placement, Receipt, Remittance, Settlement, UnplacedReason
from gateway.pipeline.books import load_books, remittance_rules
from gateway.pipeline.plant import Plant
from gateway.ports.jobs import Job
from gateway.ports.unit_of_work import UnitOfWork
from gateway.remittance.journal import release_entries, settlement_entries
from gateway.remittance.ladder import place

_WAITS = frozenset({UnplacedReason.NO_MEMBER, UnplacedReason.NO_PERIOD})


def place_again(plant: Plant, subject: str) -> None:
    """Place the pieces of a receipt that wait for a member or a bill; `subject` is `RECEIPT@CAUSE`.

    Only what the remittance's own lines now have a place for moves; where nothing changes, nothing is written.
    """
    receipt_id, _, cause = subject.partition("@")
    with plant.open_unit() as unit:
        receipt = unit.ledger.receipt(receipt_id)
        said = unit.ledger.remittance(receipt.remittance_set_id) if receipt and receipt.remittance_set_id else None
        if receipt is None or said is None:
            return
        waiting: dict[int | None, Piece] = {
            each.placement.line: each
            for each in unit.money.pieces_of_receipt(receipt_id)
            if each.placement.reason in _WAITS and each.placement.line and each.placement.amount > ZERO
        }
        rest = _only(said, waiting)
        if rest.amount == ZERO:
            return
        partner_id = unit.exchanges.get_set(receipt.remittance_set_id).partner_id
        books = load_books(plant, unit, rest)
        settlement = place(rest, rest.amount, books, remittance_rules(plant.partner(partner_id)))
        pieces = list(waiting.values())
        if _is_unchanged(settlement, pieces):
            return
        _post(plant, unit, receipt, pieces, settlement, cause=cause)
        unit.commit()


def jobs_for(receipt_ids: list[str], cause: str) -> list[Job]:
    """Return the jobs that place these receipts again because of `cause`, a set or an invoice."""
    return [Job("place_again", f"{receipt_id}@{cause}", lock=f"place/{receipt_id}") for receipt_id in receipt_ids]


def _only(said: Remittance, waiting: Mapping[int | None, Piece]) -> Remittance:
    """Return the remittance with those lines only whose money waits, each over what waits of it."""
    lines = tuple(
        replace(line, paid=waiting[line.ordinal].placement.amount, billed=None, adjustments=())
        for line in said.lines
        if line.ordinal in waiting
    )
    return replace(said, amount=sum((line.paid for line in lines), ZERO), lines=lines, adjustments=())


def _is_unchanged(settlement: Settlement, pieces: list[Piece]) -> bool:
    """Tell whether every piece would lie where it lies."""

    def where(each: Placement) -> tuple[object, ...]:
        return (each.line or 0, each.amount, each.account_id, each.invoice_id, each.reason or "")

    return sorted(map(where, settlement.placements), key=repr) == sorted(
        (where(each.placement) for each in pieces), key=repr
    )


def _post(
    plant: Plant, unit: UnitOfWork, receipt: Receipt, pieces: list[Piece], settlement: Settlement, *, cause: str
) -> None:
    """Take the pieces up and place them anew, in journal, placements and log."""
    on = plant.clock.business_date()
    source = f"again/{cause}"
    entries = release_entries([each.placement for each in pieces], receipt, on, source)
    unit.ledger.append([*entries, *settlement_entries(settlement, receipt, on, source)])
    for piece in pieces:
        unit.money.release(piece)
    unit.ledger.add_placements(receipt.id, settlement.placements)
    unit.ledger.open_cases(settlement.cases)
    applied = sum((each.amount for each in settlement.placements if each.reason is None), ZERO)
    moved = sum((each.amount for each in settlement.placements if not each.is_suspense), ZERO)
    file_id = unit.exchanges.get_set(receipt.remittance_set_id).file_id
    text = (
        f"receipt {receipt.id}: {settlement.received} waited and was placed after {cause}: {applied} applied, "
        f"{moved - applied} unapplied, {settlement.received - moved} in suspense."
    )
    key = content_id("E", receipt.id, source)
    unit.record(LogEvent(key, plant.clock.now(), "settle", file_id, receipt.id, text))
