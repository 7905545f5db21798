"""Proof that nothing fell out: after a bill, what was billed is what is due, key by key (DOMAIN 12, STYLE habit 10)."""

from collections.abc import Iterable, Mapping

from gateway.billing.difference import Key, billed_by_key, due_by_key
from gateway.domain.charge import BilledAmount, Charge, InvoiceLine
from gateway.domain.money import ZERO, Money
from gateway.errors import InvariantBroken


def prove_nothing_fell_out(due: Iterable[Charge], billed: Iterable[BilledAmount], lines: Iterable[InvoiceLine]) -> None:
    """Hold `billed` plus `lines` against `due` for every membership, product and month.

    Raises InvariantBroken with the number of keys that differ and the first of them, before anything is written.
    """
    prove_keys(due_by_key(due), billed_by_key(billed), lines)


def prove_keys(owed: Mapping[Key, Charge], already: Mapping[Key, BilledAmount], lines: Iterable[InvoiceLine]) -> None:
    """Hold what was billed `already` plus `lines` against what is owed; see `prove_nothing_fell_out`."""
    total: dict[Key, Money] = {key: each.amount for key, each in already.items()}
    for line in lines:
        key = (line.membership_id, line.product, line.month)
        total[key] = total.get(key, ZERO) + line.amount
    astray = [key for key, charge in owed.items() if charge.amount != total.get(key, ZERO)]
    differing = sorted(astray + [key for key, amount in total.items() if amount and key not in owed])
    if differing:
        membership_id, product, month = first = differing[0]
        due = owed[first].amount if first in owed else ZERO
        raise InvariantBroken(
            f"{len(differing)} charges are not on the bill as they are due; the first is membership {membership_id}, "
            f"product {product}, month {month}: due {due}, billed {total.get(first, ZERO)}"
        )
