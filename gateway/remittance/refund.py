"""When money may go back to its payer (DOMAIN 8.8)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from gateway.domain.money import Money
from gateway.domain.money_order import Piece


@dataclass(frozen=True, slots=True)
class RefundRules:
    """What was settled about refunds."""

    age_days: int = 10  # after the deposit, so that the bank can no longer take the money back unnoticed
    minimum: Money = Decimal("5.00")


def refund_refusals(
    piece: Piece, amount: Money, today: date, rules: RefundRules, *, has_dispute: bool
) -> Iterator[tuple[str, str]]:
    """Yield every reason why a piece may not be refunded, each with what would be right; none: it may.

    Money in suspense is never refunded: whose it is, is not known. `has_dispute` is about its account.
    """
    if not piece.placement.account_id:
        yield (
            "it lies in suspense, where nobody knows whose it is",
            "move it to an account first: `gateway suspense move`",
        )
    if has_dispute:
        yield "a dispute about its account is open", "resolve the dispute first"
    if amount < rules.minimum:
        yield f"less than {rules.minimum} is not refunded", "leave it for the next bill"
    if piece.deposited_on is None:
        yield "the day it was deposited is not known", "apply it to an invoice, or move it"
    elif (today - piece.deposited_on).days < rules.age_days:
        yield (
            f"it was deposited on {piece.deposited_on}, less than {rules.age_days} days ago",
            "wait until the bank can no longer take it back",
        )
