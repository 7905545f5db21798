"""Pieces of receipts without a place, what people ordered about them, and returns."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, true, update

from gateway.domain.journal import JournalEntry, LedgerAccount, Posting
from gateway.domain.money import Money
from gateway.domain.money_order import MoneyOrder, OrderKind, OrderState, Piece, ReturnedReceipt
from gateway.domain.remittance import Receipt, ReceiptState, UnplacedReason
from gateway.errors import ConcurrentChange, NotFound
from gateway.store.ledger import placement_of
from gateway.store.tables_billing import (
    awaited_members,
    cases,
    invoices,
    journal_entries,
    journal_postings,
    money_orders,
    placements,
    receipts,
    remittances,
    returned_receipts,
)
from gateway.store.tables_enrollment import membership_events, memberships
from gateway.store.transaction import Record, Transaction, chunks, values_of

_DECISION = ("state", "decided_by", "decided_at", "decided_reason", "payout_id", "paid_by", "paid_at", "code")
_OF_RECEIPT = ("partner_id", "trace", "originator", "payer_id", "settles_on", "remittance_set_id")
_DISPUTE = "DISPUTE"
_NEAR = timedelta(days=10)


class SqlMoneyOrders:
    """The `MoneyOrders` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def pieces(self, *, suspense: bool, account_id: str = "", limit: int = 200) -> list[Piece]:
        """Return the pieces in suspense, or those unapplied on accounts (or one), the oldest deposit first."""
        its = placements.c
        wanted = _pieces().where(its.is_suspense if suspense else ~its.is_suspense)
        if account_id:
            wanted = wanted.where(its.account_id == account_id)
        order = (func.coalesce(receipts.c.settles_on, _FIRST), its.receipt_id, its.round, its.ordinal)
        return [_piece_of(row) for row in self._db.rows(wanted.order_by(*order).limit(limit))]

    def piece(self, piece_id: str) -> Piece:
        """Return one piece as it is now; raises NotFound, also for one that was placed meanwhile."""
        receipt_id, _, rest = piece_id.partition(".")
        number, _, ordinal = rest.partition(".")
        its = placements.c
        row = None
        if number.isdecimal() and ordinal.isdecimal():
            about = (its.receipt_id == receipt_id) & (its.round == int(number)) & (its.ordinal == int(ordinal))
            row = self._db.first(_pieces().where(about))
        if row is None:
            hint = "`gateway suspense list` shows the pieces there are; one that was placed has gone from there"
            raise NotFound(f"there is no unplaced piece {piece_id!r}", hint=hint)
        return _piece_of(row)

    def refund_piece(self, order: MoneyOrder) -> Piece:
        """Return the piece that a booked refund made; raises NotFound when it is not on its way any more."""
        its = placements.c
        about = (its.receipt_id == order.receipt_id) & (its.account_id == order.account_id)
        about &= its.is_refund & (its.amount == order.amount) & its.released_in.is_(None)
        row = self._db.first(_pieces_now().where(about).order_by(its.round, its.ordinal))
        if row is None:
            raise NotFound(f"the refund {order.id} is not on its way any more")
        return _piece_of(row)

    def release(self, piece: Piece) -> None:
        """Supersede one piece, so that it can be placed anew; raises ConcurrentChange when that happened before."""
        its = placements.c
        about = (its.receipt_id == piece.receipt_id) & (its.round == piece.round)
        about &= (its.ordinal == piece.placement.ordinal) & its.released_in.is_(None)
        if self._supersede(piece.receipt_id, about) != 1:
            raise ConcurrentChange

    def release_all(self, receipt_id: str) -> None:
        """Supersede every piece of a receipt, applied ones too: the bank took it back."""
        self._supersede(receipt_id, (placements.c.receipt_id == receipt_id) & placements.c.released_in.is_(None))

    def _supersede(self, receipt_id: str, about: ColumnElement[bool]) -> int:
        """Write that the next round of the receipt places these pieces anew."""
        released = select(func.max(placements.c.released_in)).where(placements.c.receipt_id == receipt_id)
        last = self._db.scalar(released) or 0
        return self._db.change(update(placements).where(about).values(released_in=last + 1))

    def entries_of(self, receipt_id: str) -> list[JournalEntry]:
        """Return the journal entries about a receipt, in the order of their books."""
        entry, posting = journal_entries.c, journal_postings.c
        rows = self._db.rows(
            select(journal_entries).where(entry.receipt_id == receipt_id).order_by(entry.book, entry.sequence)
        )
        of_receipt = select(entry.key).where(entry.receipt_id == receipt_id)
        postings: dict[str, list[Posting]] = {}
        for row in self._db.rows(
            select(journal_postings)
            .where(posting.entry_key.in_(of_receipt))
            .order_by(posting.entry_key, posting.number)
        ):
            postings.setdefault(row.entry_key, []).append(
                Posting(row.ledger, row.amount, row.account_id, row.invoice_id, row.membership_id, row.month)
            )
        return [
            JournalEntry(
                *(row.key, row.book, row.kind, row.on, tuple(postings[row.key])),
                *(row.source, row.set_id, row.receipt_id, row.note),
            )
            for row in rows
        ]

    def invoices_owing(self, amount: Money, limit: int = 20) -> list[str]:
        """Return the numbers of invoices on which exactly this is open, the oldest due first."""
        posting = journal_postings.c
        owing = (
            select(invoices.c.id)
            .join(journal_postings, posting.invoice_id == invoices.c.id)
            .where(posting.ledger == LedgerAccount.RECEIVABLE)
            .group_by(invoices.c.id, invoices.c.due_on)
            .having(func.sum(posting.amount) == amount)
            .order_by(invoices.c.due_on, invoices.c.id)
        )
        return [row.id for row in self._db.rows(owing.limit(limit))]

    def accounts_paid_by(self, originator: str, limit: int = 5) -> list[str]:
        """Return the accounts whose invoices money of this originator (TRN03) paid, the most often paid first."""
        its = placements.c
        paid = (
            select(its.account_id)
            .join(receipts, receipts.c.id == its.receipt_id)
            .where(receipts.c.originator == originator, receipts.c.originator != "", its.invoice_id.is_not(None))
            .group_by(its.account_id)
            .order_by(func.count().desc(), its.account_id)
        )
        return [row.account_id for row in self._db.rows(paid.limit(limit))]

    def accounts_of_trace(self, trace: str, but: str) -> list[str]:
        """Return the accounts that money or remittances of this trace are about, the receipt `but` left out."""
        its = placements.c
        placed = (
            select(its.account_id)
            .join(receipts, receipts.c.id == its.receipt_id)
            .where(receipts.c.trace == trace, receipts.c.id != but, its.account_id.is_not(None))
            .distinct()
        )
        told = select(remittances.c.references).where(remittances.c.trace == trace, remittances.c.receipt_id != but)
        named = {value for row in self._db.rows(told) for qualifier, value in row.references if qualifier == "14"}
        return sorted({row.account_id for row in self._db.rows(placed)} | named)

    def originator_of(self, trace: str, amount: Money, day: date) -> str:
        """Return the one originator (TRN03) that announced money of this trace and amount within ten days, or ''."""
        its = receipts.c
        near = its.settles_on.between(day - _NEAR, day + _NEAR)
        about = (its.trace == trace) & (its.amount == amount) & near
        found = [row.originator for row in self._db.rows(select(its.originator).where(about).distinct())]
        return str(found[0]) if len(found) == 1 else ""

    def receipts_of_trace(self, trace: str, amount: Money) -> list[str]:
        """Return the receipts of this trace and amount, the last settled first."""
        its = receipts.c
        wanted = select(its.id).where(its.trace == trace, its.amount == amount)
        return [row.id for row in self._db.rows(wanted.order_by(its.settles_on.desc(), its.id))]

    def halves(self) -> list[Receipt]:
        """Return receipts that lack their money or their explanation, and were not taken back, by trace."""
        its = receipts.c
        is_half = (its.state != ReceiptState.APPLIED) & its.id.not_in(select(returned_receipts.c.receipt_id))
        rows = self._db.rows(select(receipts).where(is_half).order_by(its.trace, its.id))
        return [Receipt(**row._asdict()) for row in rows]

    def subscribers(self, membership_ids: Collection[str]) -> dict[str, str]:
        """Return the subscriber id of each of these memberships, by membership id."""
        its = memberships.c
        found: dict[str, str] = {}
        for chunk in chunks(sorted(membership_ids)):
            wanted = select(its.id, its.subscriber_id).where(self._db.among(its.id, chunk))
            found |= {row.id: row.subscriber_id for row in self._db.rows(wanted)}
        return found

    def twins(self, receipt: Receipt, days: int) -> list[str]:
        """Return other receipts of the same payer and amount, settled at most `days` away, oldest first."""
        its = receipts.c
        if receipt.settles_on is None:
            return []
        about = (
            (its.amount == receipt.amount)
            & (its.payer_id == receipt.payer_id)
            & (its.originator == receipt.originator)
            & (its.id != receipt.id)
            & (its.state != ReceiptState.EXPECTED)
            & its.settles_on.between(
                receipt.settles_on - timedelta(days=days), receipt.settles_on + timedelta(days=days)
            )
            & its.id.not_in(select(returned_receipts.c.receipt_id))
        )
        return [row.id for row in self._db.rows(select(its.id).where(about).order_by(its.settles_on, its.id))]

    def has_dispute(self, account_id: str) -> bool:
        """Tell whether a dispute about the account is open (DOMAIN 8.8, 8.11)."""
        return self._db.exists((cases.c.account_id == account_id) & (cases.c.kind == _DISPUTE))

    def add(self, order: MoneyOrder) -> bool:
        """Add an order; False when its id is there."""
        return self._db.add_one(money_orders, values_of(order))

    def get(self, order_id: str) -> MoneyOrder:
        """Return one order by its id or the beginning of it; raises NotFound."""
        begins = money_orders.c.id.startswith(order_id, autoescape=True)
        found = self._orders(begins) if order_id else []
        if len(found) != 1:
            problem = "may be any of several" if found else "names nothing"
            raise NotFound(
                f"order {order_id!r} {problem}", hint="`gateway suspense orders` lists them; write more of it"
            )
        return found[0]

    def update(self, order: MoneyOrder, *, expected: OrderState) -> bool:
        """Write state and decision of an order that is in the state `expected`; False, and nothing, otherwise."""
        written = {name: getattr(order, name) for name in _DECISION}
        is_expected = (money_orders.c.id == order.id) & (money_orders.c.state == expected)
        return self._db.change(update(money_orders).where(is_expected).values(written)) == 1

    def orders(self, kinds: Collection[OrderKind], states: Collection[OrderState] = ()) -> list[MoneyOrder]:
        """Return orders of these kinds, and states where any are named, the oldest first."""
        in_states = money_orders.c.state.in_(list(states)) if states else true()
        return self._orders(money_orders.c.kind.in_(list(kinds)) & in_states)

    def on_receipt(self, receipt_id: str) -> list[MoneyOrder]:
        """Return the orders about pieces of a receipt, the oldest first."""
        return self._orders(money_orders.c.receipt_id == receipt_id)

    def _orders(self, condition: ColumnElement[bool]) -> list[MoneyOrder]:
        """Return the orders under `condition`."""
        wanted = select(money_orders).where(condition).order_by(money_orders.c.ordered_at, money_orders.c.id)
        return [MoneyOrder(**row._asdict()) for row in self._db.rows(wanted)]

    def add_return(self, returned: ReturnedReceipt) -> bool:
        """Write down that the bank took a receipt back; False when that is written."""
        return self._db.add_one(returned_receipts, values_of(returned))

    def returned(self, receipt_id: str) -> ReturnedReceipt | None:
        """Return how the bank took a receipt back, or None."""
        row = self._db.first(select(returned_receipts).where(returned_receipts.c.receipt_id == receipt_id))
        return None if row is None else ReturnedReceipt(**row._asdict())

    def await_members(self, receipt_id: str, member_ids: Iterable[str]) -> None:
        """Remember that a receipt names members that are not enrolled (DOMAIN 3.9)."""
        rows = ({"member_id": each, "receipt_id": receipt_id} for each in dict.fromkeys(member_ids))
        self._db.add(awaited_members, rows)

    def awaiting_set(self, set_id: str) -> list[str]:
        """Return the receipts that wait for a subscriber whom a set enrolled or changed."""
        its, event = awaited_members.c, membership_events.c
        wanted = (
            select(its.receipt_id)
            .join(memberships, memberships.c.subscriber_id == its.member_id)
            .join(membership_events, event.membership_id == memberships.c.id)
            .where(event.set_id == set_id)
        )
        return [row.receipt_id for row in self._db.rows(wanted.distinct().order_by(its.receipt_id))]

    def prepaid(self, account_id: str) -> list[str]:
        """Return the receipts with money unapplied on an account because the month it is for was not billed."""
        its = placements.c
        is_prepaid = (its.account_id == account_id) & (its.reason == UnplacedReason.NO_PERIOD)
        is_prepaid &= its.released_in.is_(None) & its.line.is_not(None)
        wanted = select(its.receipt_id).where(is_prepaid).distinct().order_by(its.receipt_id)
        return [row.receipt_id for row in self._db.rows(wanted)]

    def pieces_of_receipt(self, receipt_id: str) -> list[Piece]:
        """Return the pieces of a receipt that have no place now."""
        its = placements.c
        wanted = _pieces().where(its.receipt_id == receipt_id).order_by(its.round, its.ordinal)
        return [_piece_of(row) for row in self._db.rows(wanted)]


_FIRST = func.date("0001-01-01")  # money without a day is the oldest


def _pieces() -> Select[Any]:
    """Return the select of the pieces that have no place now, with what is known of their receipts."""
    return _pieces_now().where(placements.c.reason.is_not(None))


def _pieces_now() -> Select[Any]:
    """Return the select of the pieces that are not superseded, with what is known of their receipts."""
    its = placements.c
    of_receipt = (receipts.c[name].label(f"receipt_{name}") for name in _OF_RECEIPT)
    return (
        select(placements, *of_receipt).join(receipts, receipts.c.id == its.receipt_id).where(its.released_in.is_(None))
    )


def _piece_of(row: Record) -> Piece:
    """Return the piece that a row of `_pieces` holds."""
    values = row._asdict()
    of_receipt = {name: values[f"receipt_{name}"] for name in _OF_RECEIPT}
    day = of_receipt.pop("settles_on")
    return Piece(row.receipt_id, row.round, placement_of(row), deposited_on=day, **of_receipt)
