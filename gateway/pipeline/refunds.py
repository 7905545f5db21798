"""Refunds on their way: into a payout file for the bank, paid by hand, or back again (DOMAIN 8.8 and 8.12)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from gateway.domain.exchange import LogEvent
from gateway.domain.identity import content_id
from gateway.domain.money import ZERO, Money
from gateway.domain.money_order import MoneyOrder, OrderKind, OrderState
from gateway.domain.remittance import Placement, UnplacedReason
from gateway.errors import ConcurrentChange, InvariantBroken, NotAllowed
from gateway.feeds.nacha import Credit, Originator, render_payout
from gateway.partners.billing import AccountSettings
from gateway.partners.profile import SecretReference
from gateway.pipeline.money_orders import Ordered, receipt_set
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork
from gateway.remittance.journal import refund_returned_entries

_SATURDAY = 5
FindSecret = Callable[[SecretReference], str]


@dataclass(frozen=True, slots=True)
class PaidOut:
    """A payout: the file that was kept, or '' where nothing could be paid by file, and what is left for hands."""

    path: str = ""
    orders: tuple[MoneyOrder, ...] = ()
    by_hand: tuple[MoneyOrder, ...] = ()

    @property
    def total(self) -> Money:
        """What the file pays."""
        return sum((each.amount for each in self.orders), ZERO)


def pay_out(plant: Plant, *, by: str, find_secret: FindSecret) -> PaidOut:
    """Write every booked refund whose account has a bank into one NACHA file below outbound/, and mark it paid out.

    File and marks are one: what is in a file is never in a second one, and a run without anything to pay writes none.
    Raises ConfigurationError for a secret that is not there, and ValueNotWritable for what no bank would take; then
    nothing is marked.
    """
    settings = plant.settings.payout
    with plant.open_unit() as unit:
        booked = unit.money.orders([OrderKind.REFUND], [OrderState.BOOKED])
        banks = {each.id: _bank_of(plant, each) for each in booked} if settings.bank_routing else {}
        by_file = [each for each in booked if banks.get(each.id) is not None]
        by_hand = tuple(each for each in booked if banks.get(each.id) is None)
        if not by_file:
            return PaidOut(by_hand=by_hand)
        payments = [_credit(each, banks[each.id], find_secret) for each in by_file]
        now = plant.clock.now()
        number = unit.invoices.next_number(f"payout/{now:%Y-%m-%d}")
        name = settings.company_name or plant.settings.identity.name
        us = Originator(settings.bank_routing, settings.bank_name, settings.company_id, name)
        content = render_payout(
            us, payments, made_at=now, pays_on=_next_banking_day(plant.clock.business_date()), number=number
        )
        with plant.archive.incoming("outbound", settings.bank_partner, now.date()) as incoming:
            incoming.stream.write(content)
            kept = incoming.keep()
        paid = [_paid(plant, unit, each, payout_id=kept.sha256[:16], by=by) for each in by_file]
        unit.commit()
    return PaidOut(kept.path, tuple(paid), by_hand)


def pay_by_hand(plant: Plant, order_id: str, *, by: str, reference: str) -> Ordered:
    """Write down that a booked refund was paid outside of the gateway, by cheque say. Twice does nothing twice."""
    with plant.open_unit() as unit:
        given = _refund(unit, order_id)
        if given.state is OrderState.PAID_OUT:
            return Ordered(given, is_new=False)
        if given.state is not OrderState.BOOKED:
            raise NotAllowed(f"refund {given.id} is {given.state}", hint="only a booked refund is paid")
        paid = _paid(plant, unit, given, payout_id=reference, by=by)
        unit.commit()
    return Ordered(paid, is_new=True)


def came_back(plant: Plant, order_id: str, *, code: str, by: str, reason: str) -> Ordered:
    """Put a refund that the bank returned (R03 ...) back on its account, unapplied. Twice does nothing twice."""
    with plant.open_unit() as unit:
        given = _refund(unit, order_id)
        if given.state is OrderState.RETURNED:
            return Ordered(given, is_new=False)
        if given.state is not OrderState.PAID_OUT:
            raise NotAllowed(f"refund {given.id} is {given.state}", hint="only one that was paid out can come back")
        receipt = unit.ledger.receipt(given.receipt_id)
        if receipt is None:
            raise InvariantBroken(f"refund {given.id} belongs to no receipt")
        piece = unit.money.refund_piece(given)
        on = plant.clock.business_date()
        unit.ledger.append(refund_returned_entries(piece.placement, receipt, on, given.id, code))
        unit.money.release(piece)
        unplaced = Placement(1, given.amount, given.account_id, reason=UnplacedReason.OVERPAID)
        unit.ledger.add_placements(receipt.id, [replace(unplaced, line=piece.placement.line)])
        back = replace(given, state=OrderState.RETURNED, code=code)
        _write(unit, back, expected=OrderState.PAID_OUT)
        _log(plant, unit, back, f"came back from the bank ({code}), by {by}: {reason}")
        unit.commit()
    return Ordered(back, is_new=True)


def _refund(unit: UnitOfWork, order_id: str) -> MoneyOrder:
    """Return a refund; raises NotFound and NotAllowed."""
    given = unit.money.get(order_id)
    if given.kind is not OrderKind.REFUND:
        raise NotAllowed(f"order {given.id} is no refund")
    return given


def _paid(plant: Plant, unit: UnitOfWork, given: MoneyOrder, *, payout_id: str, by: str) -> MoneyOrder:
    """Mark a booked refund as paid out."""
    paid = replace(given, state=OrderState.PAID_OUT, payout_id=payout_id, paid_by=by, paid_at=plant.clock.now())
    _write(unit, paid, expected=OrderState.BOOKED)
    _log(plant, unit, paid, f"was paid out with {payout_id}, by {by}")
    return paid


def _write(unit: UnitOfWork, given: MoneyOrder, *, expected: OrderState) -> None:
    if not unit.money.update(given, expected=expected):
        raise ConcurrentChange


def _log(plant: Plant, unit: UnitOfWork, given: MoneyOrder, became: str) -> None:
    set_id = receipt_set(unit, given.receipt_id)
    file_id = unit.exchanges.get_set(set_id).file_id if set_id else ""
    text = f"Refund {given.id} of {given.amount} to account {given.account_id} {became}."
    key = content_id("E", given.id, given.state)
    unit.record(LogEvent(key, plant.clock.now(), "refund", file_id, given.receipt_id, text))


def _bank_of(plant: Plant, given: MoneyOrder) -> AccountSettings | None:
    """Return the settings of the refund's account where they name a bank; accounts of single subscribers have none."""
    for partner in plant.partners.values():
        settings = partner.accounts.get(given.account_id)
        if settings is not None and settings.refund_routing and settings.refund_account is not None:
            return settings
    return None


def _credit(given: MoneyOrder, settings: AccountSettings | None, find_secret: FindSecret) -> Credit:
    """Return the payment of one refund."""
    if settings is None or settings.refund_account is None:
        raise InvariantBroken(f"refund {given.id} has no bank")
    return Credit(
        routing=settings.refund_routing,
        account=find_secret(settings.refund_account),
        kind=settings.refund_account_kind,
        amount=given.amount,
        reference=given.id[:15],
        payee=settings.name or given.account_id,
    )


def _next_banking_day(day: date) -> date:
    """Return the next weekday: the bank itself moves what falls on its holidays."""
    following = day + timedelta(days=1)
    while following.weekday() >= _SATURDAY:
        following += timedelta(days=1)
    return following
