"""Bringing a remittance and its money together, whichever comes first (DOMAIN 5.1, 5.4 and 7.6)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from gateway.domain.finding import Finding, Level, Place
from gateway.domain.identity import content_id
from gateway.domain.money import ZERO, Money, to_cents
from gateway.domain.remittance import Handling, Receipt, ReceiptState, Remittance

BANKING_DAYS = 5  # how far the settlement dates of remittance and money may lie apart (DOMAIN 5.4)
_DAY = timedelta(days=1)
_SATURDAY = 5
_ANNOUNCES_MONEY = frozenset({Handling.WITH_PAYMENT, Handling.PAYMENT_ONLY, Handling.SPLIT, Handling.MAY_SPLIT})


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a set says (DOMAIN 5.1); neither: a report or a prenote, kept without effect."""

    announces_money: bool
    explains_money: bool


@dataclass(frozen=True, slots=True)
class Association:
    """What a set does to the receipt it is about.

    `receipt` is as it should be written, `apply_now` already counted in its state; None for a report or prenote.
    With `apply_now` the lines of the set `receipt.remittance_set_id` (or none, where that is empty) are placed, and
    with `release_first` the pieces of the receipt that were placed without an explanation are taken up before.
    `waiting` says that the set waits for its money. An error finding refuses the set.
    """

    receipt: Receipt | None
    apply_now: bool = False
    waiting: bool = False
    release_first: bool = False
    finding: Finding | None = None


def meaning(remittance: Remittance) -> Meaning:
    """Return what BPR01 and BPR02 make of the set: money, explanation, both or neither (DOMAIN 5.1).

    A set over 0.00 is a report, whatever its handling code: there is no money to wait for or to place.
    """
    if remittance.amount == ZERO or remittance.handling is Handling.PRENOTE:
        return Meaning(announces_money=False, explains_money=False)
    has_detail = bool(remittance.lines or remittance.adjustments)
    return Meaning(
        announces_money=remittance.handling in _ANNOUNCES_MONEY,
        explains_money=has_detail and remittance.handling is not Handling.PAYMENT_ONLY,
    )


def receipt_id(remittance: Remittance) -> str:
    """Return the id of the money that a set is about: TRN02, TRN03, BPR02 and BPR16 (DOMAIN 7.6)."""
    return _id_on(remittance, remittance.settles_on)


def nearby_receipt_ids(remittance: Remittance, *, holidays: frozenset[date] = frozenset()) -> list[str]:
    """Return the ids under which the set's money may already be known, the most likely first (DOMAIN 5.4).

    They differ in the settlement date only, which may lie `BANKING_DAYS` banking days earlier or later; `holidays`
    are the bank's.
    """
    if remittance.settles_on is None:
        return [receipt_id(remittance)]
    settles_on = remittance.settles_on
    days = sorted(_days_around(settles_on, holidays), key=lambda day: (abs((day - settles_on).days), day))
    return [_id_on(remittance, day) for day in days] + [_id_on(remittance, None)]


def banking_days_between(one: date, other: date, *, holidays: frozenset[date] = frozenset()) -> int:
    """Return how many banking days lie after the earlier date, up to and including the later one."""
    first, last = min(one, other), max(one, other)
    days = (first + _DAY * n for n in range(1, (last - first).days + 1))
    return sum(day.weekday() < _SATURDAY and day not in holidays for day in days)


def associate(
    remittance: Remittance,
    existing: Receipt | None,
    *,
    set_id: str,
    partner_id: str,
    confirms_cash: bool,
    apply_before_confirmation: bool,
) -> Association:
    """Decide what a set does to its receipt (DOMAIN 5.1 and 5.4).

    `existing` is the receipt found under one of `nearby_receipt_ids`, or None. `confirms_cash` says that the sender
    is a bank, whose word is money; anybody else only announces it. Money and explanation may come in any order and
    end the same. Saying the same a second time is DUPLICATE_REMITTANCE: nothing counts twice (DOMAIN 7.6).
    """
    said = meaning(remittance)
    if not (said.announces_money or said.explains_money):
        return Association(None, finding=_prenote_with_money(remittance))
    if existing is not None and set_id in {existing.cash_set_id, existing.remittance_set_id}:
        return Association(existing, waiting=existing.state is ReceiptState.EXPECTED)
    before = existing or _announced(remittance, partner_id)
    brings_money = said.announces_money and _is_news(before, confirms_cash=confirms_cash)
    explains = said.explains_money and not before.remittance_set_id
    if not (brings_money or explains):
        return _nothing_new(before, is_late_word=not confirms_cash and not said.explains_money)
    arrived = _has_arrived(before) or (brings_money and confirms_cash)
    after = replace(
        before,
        cash_set_id=set_id if brings_money else before.cash_set_id,
        remittance_set_id=set_id if explains else before.remittance_set_id,
        payer_id=before.payer_id or remittance.payer.id,
    )
    return _decide(before, after, arrived=arrived, on_its_word=explains and apply_before_confirmation)


def _decide(before: Receipt, after: Receipt, *, arrived: bool, on_its_word: bool) -> Association:
    """Return the association of a receipt that learned something: its new state, and whether to place it now."""
    was_placed = before.state in {ReceiptState.ADVANCED, ReceiptState.APPLIED}
    apply_now = not was_placed and (arrived or on_its_word)
    if arrived:
        state = ReceiptState.APPLIED if after.remittance_set_id else ReceiptState.CONFIRMED
    elif was_placed or apply_now:
        state = ReceiptState.ADVANCED
    else:
        state = ReceiptState.EXPECTED
    return Association(
        replace(after, state=state),
        apply_now=apply_now,
        waiting=state is ReceiptState.EXPECTED,
        release_first=apply_now and before.state is ReceiptState.CONFIRMED,
    )


def _nothing_new(existing: Receipt, *, is_late_word: bool) -> Association:
    """Answer a set that tells what is known: a duplicate, but for a payer's bare word of money that arrived before."""
    if is_late_word and _has_arrived(existing):
        return Association(existing)
    message = (
        "money with this TRN02, TRN03, BPR02 and BPR16 is already known; it is not counted twice. "
        "If it is another payment, send it with a trace number of its own"
    )
    place = Place(segment="TRN", element=2)
    return Association(existing, finding=Finding("DUPLICATE_REMITTANCE", Level.BUSINESS, message, place=place, snip=7))


def _is_news(existing: Receipt, *, confirms_cash: bool) -> bool:
    """Whether word of money is new: a bank's until the money arrived, anybody else's until it is announced."""
    return not _has_arrived(existing) if confirms_cash else not (existing.cash_set_id or _has_arrived(existing))


def _has_arrived(receipt: Receipt) -> bool:
    return receipt.state in {ReceiptState.CONFIRMED, ReceiptState.APPLIED}


def _announced(remittance: Remittance, partner_id: str) -> Receipt:
    return Receipt(
        id=receipt_id(remittance),
        partner_id=partner_id,
        trace=remittance.trace,
        originator=remittance.originator,
        amount=remittance.amount,
        settles_on=remittance.settles_on,
        state=ReceiptState.EXPECTED,
        payer_id=remittance.payer.id,
    )


def _prenote_with_money(remittance: Remittance) -> Finding | None:
    if remittance.handling is not Handling.PRENOTE or remittance.amount == ZERO:
        return None
    message = f"BPR01 is P, a prenote, but BPR02 is {remittance.amount:.2f}; a prenote carries 0"
    return Finding("PRENOTE_WITH_MONEY", Level.BUSINESS, message, place=Place(segment="BPR", element=2), snip=7)


def _id_on(remittance: Remittance, settles_on: date | None) -> str:
    day = settles_on.isoformat() if settles_on else ""
    return _id(remittance.trace, remittance.originator, remittance.amount, day)


def _id(trace: str, originator: str, amount: Money, day: str) -> str:
    return content_id("R", trace, originator, to_cents(amount), day)


def _days_around(day: date, holidays: frozenset[date]) -> Iterator[date]:
    """Yield `day` and every day that is not more than `BANKING_DAYS` away from it."""
    yield day
    for direction in (-_DAY, _DAY):
        other = day + direction
        while banking_days_between(day, other, holidays=holidays) <= BANKING_DAYS:
            yield other
            other += direction
