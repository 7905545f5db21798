"""Broker commission on premium (DOMAIN 8.10, 9.2)."""

from collections.abc import Iterable
from decimal import Decimal

from gateway.domain.charge import InvoiceLine
from gateway.domain.money import ZERO, Money, round_cents


def commission(premium: Money, percent: Decimal) -> Money:
    """Return `percent` (4 means 4 percent) of `premium`; a negative premium gives a claw-back."""
    return round_cents(premium * percent / 100)


def claw_back(lines: Iterable[InvoiceLine], percent: Decimal) -> Money:
    """Return the commission to take back for the credits of premium among `lines`: zero or negative.

    Fees earn no commission, so that none is taken back for them.
    """
    return commission(sum((line.amount for line in lines if line.amount < ZERO and not line.is_fee), ZERO), percent)
