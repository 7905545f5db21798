"""Money: `Decimal`, two places, half-up, one currency (DOMAIN 1). Rounding happens here and nowhere else."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TypeAlias

Money: TypeAlias = Decimal
"""US dollars with exactly two decimal places once it went through `round_cents`."""

ZERO: Money = Decimal("0.00")
_CENT = Decimal("0.01")


def round_cents(amount: Decimal) -> Money:
    """Return `amount` with two decimal places, halves away from zero (DOMAIN 1)."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def round_fraction(amount: Fraction) -> Money:
    """Return an exact fraction of dollars with two decimal places, halves away from zero (DOMAIN 1).

    Raises decimal.InvalidOperation for more digits than money can have.
    """
    cents = int(abs(amount) * 100 + Fraction(1, 2))
    return from_cents(-cents if amount < 0 else cents).quantize(_CENT)


def to_cents(amount: Money) -> int:
    """Return `amount` in whole cents; an amount with a fraction of a cent is a programming error (ValueError)."""
    scaled = amount * 100
    cents = int(scaled)
    if cents != scaled:
        raise ValueError("an amount with a fraction of a cent was about to be stored; round it first")
    return cents


def from_cents(cents: int) -> Money:
    """Return whole `cents` as money."""
    return Decimal(cents).scaleb(-2)
