"""What people order about money without a place: apply, move, refund; above a limit by two of them (DOMAIN 8.8)."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from gateway.domain.exchange import LogEvent
from gateway.domain.identity import content_id
from gateway.domain.money import ZERO, Money, round_cents, to_cents
from gateway.domain.money_order import MoneyOrder, OrderKind, OrderState, Piece
from gateway.domain.remittance import Receipt, Settlement
from gateway.errors import InvariantBroken, NotAllowed, NotFound
from gateway.logs import get_logger
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork
from gateway.remittance.books import Books
from gateway.remittance.journal import release_entries, settlement_entries
from gateway.remittance.refund import RefundRules, refund_refusals
from gateway.remittance.suspense import applied, moved, refunded

_STATION = "money"


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order as it stands; `is_new` is False when it had been given or decided before, and nothing was done."""

    order: MoneyOrder
    is_new: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants done with a piece: `target` is an invoice to pay or an account; no amount: the whole."""

    kind: OrderKind
    piece_id: str
    by: str
    reason: str
    target: str = ""
    amount: Money | None = None


def order(plant: Plant, wish: Wish) -> Ordered:
    """Give an order about a piece of unplaced money; it is booked at once, unless a second person has to approve it.

    The same order twice is one order. Raises NotFound for a piece, invoice or account that is not there, and
    NotAllowed for what the rules do not allow.
    """
    with plant.open_unit() as unit:
        if (before := _given_before(unit, wish)) is not None:
            return Ordered(before, is_new=False)
        piece = unit.money.piece(wish.piece_id)
        given = _order_of(plant, wish, piece)
        _refuse_unless_possible(plant, unit, given, piece)
        if any(
            each.state is OrderState.WAITING and _is_about(each, piece)
            for each in unit.money.on_receipt(piece.receipt_id)
        ):
            hint = "`gateway suspense orders` shows it: approve or refuse it first"
            raise NotAllowed(f"another order about piece {piece.id} waits for a second person", hint=hint)
        if not unit.money.add(given):
            raise NotAllowed("this very order was refused before", hint="say in --reason what is different now")
        if given.amount <= _limit_of(plant, given.kind):
            given = _book(plant, unit, replace(given, state=OrderState.BOOKED), piece)
        else:
            _log(plant, unit, given, piece, "waits for a second person")
        unit.commit()
    get_logger(order=given.id).info("ordered", kind=given.kind.value, state=given.state.value)
    return Ordered(given, is_new=True)


def approve(plant: Plant, order_id: str, *, by: str, reason: str = "") -> Ordered:
    """Book an order that waits for a second person. Approving twice does nothing twice.

    Raises NotFound, and NotAllowed when `by` gave it, when it was decided otherwise, or its money moved on.
    """
    with plant.open_unit() as unit:
        given = unit.money.get(order_id)
        if given.state not in {OrderState.WAITING, OrderState.REFUSED}:
            return Ordered(given, is_new=False)
        _refuse_unless_waiting(given)
        if by.casefold() == given.ordered_by.casefold():
            raise NotAllowed(f"order {given.id} was given by {by}", hint="another person has to approve it")
        try:
            piece = unit.money.piece(_piece_id(given))
        except NotFound:
            hint = "refuse the order, and give one about where the money lies now"
            raise NotAllowed(f"the money of order {given.id} moved on meanwhile", hint=hint) from None
        _refuse_unless_possible(plant, unit, given, piece)
        decided = replace(
            given, state=OrderState.BOOKED, decided_by=by, decided_at=plant.clock.now(), decided_reason=reason
        )
        decided = _book(plant, unit, decided, piece)
        unit.commit()
    return Ordered(decided, is_new=True)


def refuse(plant: Plant, order_id: str, *, by: str, reason: str) -> Ordered:
    """End an order that waits, without effect; who gave it may do so too. Refusing twice does nothing twice."""
    with plant.open_unit() as unit:
        given = unit.money.get(order_id)
        if given.state is OrderState.REFUSED:
            return Ordered(given, is_new=False)
        _refuse_unless_waiting(given)
        now = plant.clock.now()
        ended = replace(given, state=OrderState.REFUSED, decided_by=by, decided_at=now, decided_reason=reason)
        unit.money.update(ended, expected=OrderState.WAITING)
        unit.commit()
    return Ordered(ended, is_new=True)


def pieces_of(plant: Plant, *, suspense: bool, account_id: str = "", limit: int = 200) -> list[Piece]:
    """Return the pieces in suspense, or those unapplied on accounts (or one), the oldest deposit first."""
    with plant.open_unit() as unit:
        return unit.money.pieces(suspense=suspense, account_id=account_id, limit=limit)


def orders_of(plant: Plant, kinds: Collection[OrderKind], states: Collection[OrderState] = ()) -> list[MoneyOrder]:
    """Return orders of these kinds (and states, where any are named), the oldest first."""
    with plant.open_unit() as unit:
        return unit.money.orders(kinds, states)


def _given_before(unit: UnitOfWork, wish: Wish) -> MoneyOrder | None:
    """Return the order of the same content that was given before about the same piece, unless it was refused."""
    receipt_id = wish.piece_id.partition(".")[0]
    for each in unit.money.on_receipt(receipt_id):
        is_same = (each.kind, _piece_id(each), each.target) == (wish.kind, wish.piece_id, wish.target)
        if is_same and wish.amount in {None, each.amount} and each.state is not OrderState.REFUSED:
            return each
    return None


def _order_of(plant: Plant, wish: Wish, piece: Piece) -> MoneyOrder:
    """Return the order that a wish makes of a piece; raises NotAllowed for an amount that the piece does not have."""
    held = piece.placement.amount
    amount = held if wish.amount is None else round_cents(wish.amount)
    if not ZERO < amount <= held:
        raise NotAllowed(
            f"piece {piece.id} is {held:.2f}, {amount:.2f} of it cannot be ordered about",
            hint=f"name an amount from 0.01 to {held:.2f}"
            if held > ZERO
            else "it is money taken back: nothing to give",
        )
    return MoneyOrder(
        id=content_id("O", wish.kind, piece.id, to_cents(amount), wish.target, wish.by, wish.reason),
        kind=wish.kind,
        receipt_id=piece.receipt_id,
        round=piece.round,
        ordinal=piece.placement.ordinal,
        amount=amount,
        account_id=piece.placement.account_id,
        target=wish.target,
        ordered_by=wish.by,
        ordered_at=plant.clock.now(),
        reason=wish.reason,
    )


def _limit_of(plant: Plant, kind: OrderKind) -> Money:
    """Return the amount above which a second person has to approve."""
    money = plant.settings.money
    return money.refund_second_person_above if kind is OrderKind.REFUND else money.second_person_above


def _is_about(each: MoneyOrder, piece: Piece) -> bool:
    return _piece_id(each) == piece.id


def _piece_id(each: MoneyOrder) -> str:
    return f"{each.receipt_id}.{each.round}.{each.ordinal}"


def _refuse_unless_waiting(given: MoneyOrder) -> None:
    """Raise NotAllowed for an order that was decided."""
    if given.state is not OrderState.WAITING:
        raise NotAllowed(f"order {given.id} is {given.state}, by {given.decided_by or given.ordered_by}")


def _refuse_unless_possible(plant: Plant, unit: UnitOfWork, given: MoneyOrder, piece: Piece) -> None:
    """Raise NotFound or NotAllowed, before anything is written, for what cannot be done with the piece."""
    if given.kind is OrderKind.REFUND:
        rules = RefundRules(plant.settings.money.refund_age_days, plant.settings.money.refund_minimum)
        has_dispute = bool(given.account_id) and unit.money.has_dispute(given.account_id)
        today = plant.clock.business_date()
        refusals = list(refund_refusals(piece, given.amount, today, rules, has_dispute=has_dispute))
        if refusals:
            problem, remedy = refusals[0]
            raise NotAllowed(f"piece {piece.id} cannot be refunded: {problem}", hint=remedy)
    elif given.kind is OrderKind.MOVE:
        if given.target == piece.placement.account_id:
            raise NotAllowed(f"piece {piece.id} lies on account {given.target} already")
        if unit.enrollment.account(given.target) is None and not _is_configured(plant, given.target):
            raise NotFound(f"there is no account {given.target!r}", hint="name it as `gateway show account` does")
    else:
        invoice = unit.invoices.find_invoice(given.target)
        if invoice is None:
            raise NotFound(f"there is no invoice {given.target!r}", hint="`gateway suspense show` names open ones")
        if invoice.open <= ZERO:
            hint = "choose another invoice, or move the money to the account"
            raise NotAllowed(f"nothing is open on invoice {invoice.id}", hint=hint)


def _is_configured(plant: Plant, account_id: str) -> bool:
    return any(account_id in partner.accounts for partner in plant.partners.values())


def _book(plant: Plant, unit: UnitOfWork, given: MoneyOrder, piece: Piece) -> MoneyOrder:
    """Place the piece as ordered, post it, and write the order down as booked."""
    receipt = unit.ledger.receipt(piece.receipt_id)
    if receipt is None:
        raise InvariantBroken(f"piece {piece.id} belongs to no receipt")
    settlement = _SETTLE[given.kind](unit, given, piece)
    post_piece(plant, unit, receipt, piece, settlement, source=given.id)
    unit.money.update(given, expected=OrderState.WAITING)
    _log(plant, unit, given, piece, "booked")
    return given


def post_piece(
    plant: Plant, unit: UnitOfWork, receipt: Receipt, piece: Piece, settlement: Settlement, *, source: str
) -> None:
    """Take one piece up and place it anew, in placements and journal; `source` is what caused it."""
    on = plant.clock.business_date()
    entries = release_entries([piece.placement], receipt, on, source)
    unit.ledger.append([*entries, *settlement_entries(settlement, receipt, on, source)])
    unit.money.release(piece)
    unit.ledger.add_placements(receipt.id, settlement.placements)


def _apply(unit: UnitOfWork, given: MoneyOrder, piece: Piece) -> Settlement:
    """Return the piece on the invoice of the order; the account is ours until the transaction ends."""
    invoice = unit.invoices.find_invoice(given.target)
    if invoice is None:
        raise InvariantBroken(f"invoice {given.target} of order {given.id} is gone")
    unit.enrollment.lock_account(invoice.account_id)
    books = Books(
        open_invoices=tuple(unit.invoices.open_invoices(invoice.account_id)),
        open_items=tuple(unit.invoices.open_items(invoice.account_id)),
        find_invoice=unit.invoices.find_invoice,
    )
    return applied(piece, given.amount, invoice, books)


def _move(_unit: UnitOfWork, given: MoneyOrder, piece: Piece) -> Settlement:
    return moved(piece, given.amount, given.target)


def _refund(_unit: UnitOfWork, given: MoneyOrder, piece: Piece) -> Settlement:
    return refunded(piece, given.amount)


_SETTLE: Mapping[OrderKind, Callable[[UnitOfWork, MoneyOrder, Piece], Settlement]] = {
    OrderKind.APPLY: _apply,
    OrderKind.MOVE: _move,
    OrderKind.REFUND: _refund,
}


def _log(plant: Plant, unit: UnitOfWork, given: MoneyOrder, piece: Piece, became: str) -> None:
    """Write into the story of the file that explained the money what was ordered, and by whom."""
    set_id = receipt_set(unit, piece.receipt_id)
    file_id = unit.exchanges.get_set(set_id).file_id if set_id else ""
    where = f" to {given.target}" if given.target else ""
    by = given.ordered_by + (f" and {given.decided_by}" if given.decided_by else "")
    text = f"Order {given.id} {became}: {given.kind} {given.amount} of piece {piece.id}{where}, by {by}: {given.reason}"
    key = content_id("E", given.id, became)
    unit.record(LogEvent(key, plant.clock.now(), _STATION, file_id, given.receipt_id, text))


def receipt_set(unit: UnitOfWork, receipt_id: str) -> str:
    """Return the set that explained a receipt, else the one that brought it, or ''."""
    receipt = unit.ledger.receipt(receipt_id)
    return (receipt.remittance_set_id or receipt.cash_set_id) if receipt else ""
