"""Money that the bank took back after it had arrived: everything it did is undone, and said (DOMAIN 8.12)."""

from dataclasses import dataclass, replace
from datetime import date

from gateway.domain.exchange import LogEvent
from gateway.domain.identity import content_id
from gateway.domain.money import ZERO
from gateway.domain.money_order import OrderKind, OrderState, ReturnedReceipt
from gateway.domain.period import CoverageMonth
from gateway.domain.remittance import Case, Receipt, ReceiptState
from gateway.errors import NotAllowed, NotFound
from gateway.logs import get_logger
from gateway.pipeline.money_orders import receipt_set
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork
from gateway.remittance.journal import reversal_entries
from gateway.remittance.paid_through import MonthSettlement, paid_through


@dataclass(frozen=True, slots=True)
class PaidThroughMove:
    """How far an account was paid before and is paid now; None: nothing of it is."""

    account_id: str
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A return as it stands; `is_new` is False when it was written before, and nothing was done."""

    returned: ReturnedReceipt
    moves: tuple[PaidThroughMove, ...] = ()
    is_new: bool = True


def take_back(plant: Plant, receipt_id: str, *, code: str, by: str, reason: str) -> TakenBack:
    """Undo a receipt that the bank returned (R01, NSF ...) or that was booked by mistake.

    Invoices are owed again, write-offs that leaned on it too, nothing of it stays unapplied or in suspense;
    paid-through moves back, with a line in the log and a case for each account. Orders that wait for it end. Doing it
    twice does nothing twice. Raises NotFound, and NotAllowed for money that never arrived.
    """
    with plant.open_unit() as unit:
        receipt = unit.ledger.receipt(receipt_id)
        if receipt is None:
            raise NotFound(f"there is no payment {receipt_id!r}", hint="`gateway show payment` finds it by its trace")
        before = unit.money.returned(receipt_id)
        if before is not None:
            return TakenBack(before, is_new=False)
        moves = take_back_in(plant, unit, receipt, code=code, by=by, reason=reason)
        unit.commit()
    get_logger(receipt=receipt_id).info("taken back", code=code, accounts=len(moves))
    return TakenBack(ReturnedReceipt(receipt_id, code, by, reason, plant.clock.now()), moves)


def take_back_in(
    plant: Plant, unit: UnitOfWork, receipt: Receipt, *, code: str, by: str, reason: str
) -> tuple[PaidThroughMove, ...]:
    """Undo a receipt in the caller's transaction; see `take_back`. Raises NotAllowed for money that never arrived."""
    if receipt.state is ReceiptState.EXPECTED:
        raise NotAllowed(f"payment {receipt.id} is only announced: there is no money to take back")
    now = plant.clock.now()
    if not unit.money.add_return(ReturnedReceipt(receipt.id, code, by, reason, now)):
        return ()
    entries = unit.money.entries_of(receipt.id)
    accounts = sorted({posting.account_id for entry in entries for posting in entry.postings if posting.account_id})
    for account_id in accounts:
        unit.enrollment.lock_account(account_id)
    before = {account_id: _paid_until(unit, account_id) for account_id in accounts}
    unit.ledger.append(reversal_entries(entries, receipt, plant.clock.business_date(), code))
    unit.money.release_all(receipt.id)
    _end_orders(plant, unit, receipt, code)
    moves = tuple(PaidThroughMove(each, before[each], _paid_until(unit, each)) for each in accounts)
    _tell(plant, unit, receipt, moves, f"{code}, by {by}: {reason}")
    return moves


def _paid_until(unit: UnitOfWork, account_id: str) -> date | None:
    """Return how far an account is paid (DOMAIN 8.7)."""
    months = unit.invoices.months(account_id)
    return paid_through([MonthSettlement(CoverageMonth.parse(str(month)), *rest) for month, *rest in months])


def _end_orders(plant: Plant, unit: UnitOfWork, receipt: Receipt, code: str) -> None:
    """End orders about the money that have not left the house; a refund that has is a case of its own."""
    for order in unit.money.on_receipt(receipt.id):
        waits = order.state is OrderState.WAITING
        if waits or (order.kind is OrderKind.REFUND and order.state is OrderState.BOOKED):
            why = f"the bank took the money back ({code})"
            ended = replace(order, state=OrderState.REFUSED, decided_at=plant.clock.now(), decided_reason=why)
            unit.money.update(ended, expected=order.state)
        elif order.kind is OrderKind.REFUND and order.state is OrderState.PAID_OUT:
            text = (
                f"Refund {order.id} was paid out of payment {receipt.id}, which the bank took back since: ask for it."
            )
            key = f"REFUND_UNCOVERED/{order.id}"
            unit.ledger.open_cases([Case(key, "REFUND_UNCOVERED", order.account_id, "", order.amount, text)])


def _tell(plant: Plant, unit: UnitOfWork, receipt: Receipt, moves: tuple[PaidThroughMove, ...], why: str) -> None:
    """Write one line for the payment and one for each account whose paid-through moved back, and open its case."""
    set_id = receipt_set(unit, receipt.id)
    file_id = unit.exchanges.get_set(set_id).file_id if set_id else ""
    now = plant.clock.now()
    text = f"Payment {receipt.id} of {receipt.amount} was taken back ({why})."
    unit.record(LogEvent(content_id("E", receipt.id, "returned"), now, "return", file_id, receipt.id, text))
    for move in moves:
        text = f"Payment {receipt.id} of {receipt.amount} was taken back: what it paid is owed again."
        case = Case(f"RETURNED/{receipt.id}/{move.account_id}", "RETURNED", move.account_id, "", receipt.amount, text)
        unit.ledger.open_cases([case] if receipt.amount != ZERO else [])
        if move.before != move.after:
            moved = f"moved back from {move.before} to {move.after or 'nothing'}"
            text = f"Paid-through of account {move.account_id} {moved}: payment {receipt.id} was taken back."
            key = content_id("E", receipt.id, "paid-through", move.account_id)
            unit.record(LogEvent(key, now, "return", file_id, move.account_id, text))
