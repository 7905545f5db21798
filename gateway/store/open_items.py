"""What is open on an invoice, item by item: pure, in whole cents, so that nothing is rounded away.

An item is one membership and month of an invoice (month '' where a posting names none). The items of an invoice
always sum to what the journal says is open on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Item: TypeAlias = tuple[str, str]
"""Membership id and coverage month as text."""

Cents: TypeAlias = Mapping[Item, int]


@dataclass(frozen=True, slots=True)
class InvoiceCents:
    """One invoice in cents: what its lines bill per item, and what was posted on its receivable since, signed."""

    billed: Cents
    posted: Cents  # allocations and write-offs are negative; ('', '') is a posting about the whole invoice

    @property
    def open(self) -> int:
        """What is still owed on the invoice."""
        return sum(self.billed.values()) + sum(self.posted.values())


def open_by_item(invoice: InvoiceCents) -> dict[Item, int]:
    """Return what is open on each billed item.

    A posting on an item settles that item; one on a membership is divided over the membership's items, one on the
    whole invoice over all of them, each pro rata to what is open (DOMAIN 8.4).
    """
    opens = dict(invoice.billed)
    vague: dict[str, int] = {}
    for item, amount in sorted(invoice.posted.items()):
        if item in opens:
            opens[item] += amount
        else:
            vague[item[0]] = vague.get(item[0], 0) + amount
    for membership_id in sorted(vague, reverse=True):  # '' last: what is about the whole invoice
        items = [item for item in opens if membership_id in {"", item[0]}] or list(opens)
        amount = vague[membership_id]
        if amount:
            opens |= net({item: opens[item] for item in items}, amount)
    return opens


def net(opens: Cents, amount: int = 0) -> dict[Item, int]:
    """Return `opens` after `amount` was posted on them together, credits among them used up first.

    The rest, their sum plus `amount`, is divided over those that are open on its side, pro rata and to the cent: the
    cents that division leaves over go to the largest fractions, earlier items first.
    """
    rest = sum(opens.values()) + amount
    sign = -1 if rest < 0 else 1
    weights = {item: max(sign * cents, 0) for item, cents in opens.items()}
    if not any(weights.values()):
        weights = dict.fromkeys(opens, 1)
    total = sum(weights.values())
    shares = {item: abs(rest) * weight // total for item, weight in weights.items()}
    by_fraction = sorted(weights, key=lambda item: (-(abs(rest) * weights[item] % total), item))
    for item in by_fraction[: abs(rest) - sum(shares.values())]:
        shares[item] += 1
    return {item: sign * share for item, share in shares.items()}
