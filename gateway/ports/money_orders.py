"""What a unit of work keeps of money without a place: its pieces, what people ordered, and what the bank took back."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Protocol

from gateway.domain.journal import JournalEntry
from gateway.domain.money import Money
from gateway.domain.money_order import MoneyOrder, OrderKind, OrderState, Piece, ReturnedReceipt
from gateway.domain.remittance import Receipt


class MoneyOrders(Protocol):
    """Pieces of receipts that have no place, and orders about them."""

    def pieces(self, *, suspense: bool, account_id: str = "", limit: int = 200) -> list[Piece]:
        """Return the pieces in suspense, or those unapplied on accounts (or one), the oldest deposit first."""
        ...

    def piece(self, piece_id: str) -> Piece:
        """Return one piece as it is now; raises NotFound, also for one that was placed meanwhile."""
        ...

    def refund_piece(self, order: MoneyOrder) -> Piece:
        """Return the piece that a booked refund made; raises NotFound when it is not on its way any more."""
        ...

    def release(self, piece: Piece) -> None:
        """Supersede one piece, so that it can be placed anew; raises ConcurrentChange when that happened before."""
        ...

    def release_all(self, receipt_id: str) -> None:
        """Supersede every piece of a receipt, applied ones too: the bank took it back."""
        ...

    def entries_of(self, receipt_id: str) -> list[JournalEntry]:
        """Return the journal entries about a receipt, in the order of their books."""
        ...

    def invoices_owing(self, amount: Money, limit: int = 20) -> list[str]:
        """Return the numbers of invoices on which exactly this is open, the oldest due first."""
        ...

    def accounts_paid_by(self, originator: str, limit: int = 5) -> list[str]:
        """Return the accounts whose invoices money of this originator (TRN03) paid, the most often paid first."""
        ...

    def accounts_of_trace(self, trace: str, but: str) -> list[str]:
        """Return the accounts that money or remittances of this trace are about, the receipt `but` left out."""
        ...

    def originator_of(self, trace: str, amount: Money, day: date) -> str:
        """Return the one originator (TRN03) that announced money of this trace and amount within ten days, or ''."""
        ...

    def receipts_of_trace(self, trace: str, amount: Money) -> list[str]:
        """Return the receipts of this trace and amount, the last settled first."""
        ...

    def halves(self) -> list[Receipt]:
        """Return receipts that lack their money or their explanation, and were not taken back, by trace."""
        ...

    def subscribers(self, membership_ids: Collection[str]) -> dict[str, str]:
        """Return the subscriber id of each of these memberships, by membership id."""
        ...

    def twins(self, receipt: Receipt, days: int) -> list[str]:
        """Return other receipts of the same payer and amount, settled at most `days` away, oldest first."""
        ...

    def has_dispute(self, account_id: str) -> bool:
        """Tell whether a dispute about the account is open (DOMAIN 8.8, 8.11)."""
        ...

    def add(self, order: MoneyOrder) -> bool:
        """Add an order; False when its id is there."""
        ...

    def get(self, order_id: str) -> MoneyOrder:
        """Return one order by its id or the beginning of it; raises NotFound."""
        ...

    def update(self, order: MoneyOrder, *, expected: OrderState) -> bool:
        """Write state and decision of an order that is in the state `expected`; False, and nothing, otherwise."""
        ...

    def orders(self, kinds: Collection[OrderKind], states: Collection[OrderState] = ()) -> list[MoneyOrder]:
        """Return orders of these kinds, and states where any are named, the oldest first."""
        ...

    def on_receipt(self, receipt_id: str) -> list[MoneyOrder]:
        """Return the orders about pieces of a receipt, the oldest first."""
        ...

    def add_return(self, returned: ReturnedReceipt) -> bool:
        """Write down that the bank took a receipt back; False when that is written."""
        ...

    def returned(self, receipt_id: str) -> ReturnedReceipt | None:
        """Return how the bank took a receipt back, or None."""
        ...

    def await_members(self, receipt_id: str, member_ids: Iterable[str]) -> None:
        """Remember that a receipt names members that are not enrolled (DOMAIN 3.9)."""
        ...

    def awaiting_set(self, set_id: str) -> list[str]:
        """Return the receipts that wait for a subscriber whom a set enrolled or changed."""
        ...

    def prepaid(self, account_id: str) -> list[str]:
        """Return the receipts with money unapplied on an account because the month it is for was not billed."""
        ...

    def pieces_of_receipt(self, receipt_id: str) -> list[Piece]:
        """Return the pieces of a receipt that have no place now."""
        ...
