"""What a person orders about money that has no place yet, and who approved it (DOMAIN 5.5, 8.8)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.domain.money import Money
from gateway.domain.remittance import Placement


class OrderKind(StrEnum):
    """What is to become of a piece of unplaced money."""

    APPLY = "apply"  # pay an invoice
    MOVE = "move"  # lie unapplied on an account
    REFUND = "refund"  # go back to the payer


class OrderState(StrEnum):
    """How far an order came; only a booked one moved money."""

    WAITING = "waiting"  # for a second person
    BOOKED = "booked"
    REFUSED = "refused"
    PAID_OUT = "paid_out"  # a refund that stands in a payout file, or was paid by hand
    RETURNED = "returned"  # a refund that came back: the money is unapplied again


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a receipt that has no place: unapplied on an account, or in suspense."""

    receipt_id: str
    round: int
    placement: Placement
    partner_id: str = ""
    trace: str = ""
    originator: str = ""
    payer_id: str = ""
    deposited_on: date | None = None
    remittance_set_id: str = ""

    @property
    def id(self) -> str:
        """How people name it: receipt, round and ordinal."""
        return f"{self.receipt_id}.{self.round}.{self.placement.ordinal}"


@dataclass(frozen=True, slots=True)
class MoneyOrder:
    """One order about one piece. `id` is made of its content, so that ordering twice is one order."""

    id: str
    kind: OrderKind
    receipt_id: str
    round: int
    ordinal: int
    amount: Money
    account_id: str
    target: str  # the invoice of an application, the account of a move; '' for a refund
    ordered_by: str
    ordered_at: datetime
    reason: str
    state: OrderState = OrderState.WAITING
    decided_by: str = ""
    decided_at: datetime | None = None
    decided_reason: str = ""
    payout_id: str = ""  # the payout file's document, or the reference of a payment by hand
    paid_by: str = ""
    paid_at: datetime | None = None
    code: str = ""  # why the bank returned it: R03 ...


@dataclass(frozen=True, slots=True)
class ReturnedReceipt:
    """Money that the bank took back after it had arrived (DOMAIN 8.12)."""

    receipt_id: str
    code: str  # R01 ..., or NSF, REVERSAL
    returned_by: str
    reason: str
    returned_at: datetime
