"""Proof that nothing fell out: after a bill, what was billed is what is due, key by key (DOMAIN 12, STYLE habit 10)."""

from collections.abc import Iterable

from gateway.billing.difference import Key, billed_by_key, due_by_key
from gateway.domain.charge import BilledAmount, Charge, InvoiceLine
from gateway.domain.money import ZERO, Money
from gateway.errors import InvariantBroken


def prove_nothing_fell_out(due: Iterable[Charge], billed: Iterable[BilledAmount], lines: Iterable[InvoiceLine]) -> None:
    """Hold `billed` plus `lines` against `due` for every membership, product and month.

    Raises InvariantBroken with the number of keys that differ and the first of them, before anything is written.
    """
    owed: dict[Key, Money] = {key: charge.amount for key, charge in due_by_key(due).items()}
    total: dict[Key, Money] = {key: each.amount for key, each in billed_by_key(billed).items()}
    for line in lines:
        key = (line.membership_id, line.product, line.month)
        total[key] = total.get(key, ZERO) + line.amount
    differing = sorted(key for key in owed.keys() | total.keys() if owed.get(key, ZERO) != total.get(key, ZERO))
    if differing:
        membership_id, product, month = differing[0]
        raise InvariantBroken(
            f"{len(differing)} charges are not on the bill as they are due; the first is membership {membership_id}, "
            f"product {product}, month {month}: due {owed.get(differing[0], ZERO)}, "
            f"billed {total.get(differing[0], ZERO)}"
        )
