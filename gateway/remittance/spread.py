"""Dividing an amount over what is open, to the cent. Amounts are whole cents here, so that nothing is rounded away."""

from collections.abc import Sequence


def pro_rata(cents: int, opens: Sequence[int]) -> list[int]:
    """Return the share of each of `opens` in `cents`, in proportion to what is open (DOMAIN 8.4).

    `cents` lies between 0 and their sum, which is positive. Credits among them count first: what they are worth is
    added to what is divided. The cents that division leaves over go to the largest fractions, earlier ones first.
    The shares sum to `cents` and none is larger than what is open.
    """
    owed = [max(each, 0) for each in opens]
    total = sum(owed)
    pot = cents - sum(min(each, 0) for each in opens)
    shares = [each * pot // total for each in owed]
    by_fraction = sorted(range(len(owed)), key=lambda n: (-(owed[n] * pot % total), n))
    for n in by_fraction[: pot - sum(shares)]:
        shares[n] += 1
    return [min(each, 0) + share for each, share in zip(opens, shares, strict=True)]


def in_order(cents: int, opens: Sequence[int]) -> list[int]:
    """Return the share of each of `opens` in `cents`, each paid whole before the next; credits count first.

    `cents` lies between 0 and their sum, which is positive. The shares sum to `cents`.
    """
    pot = cents - sum(min(each, 0) for each in opens)
    shares = []
    for each in opens:
        share = min(each, 0) or min(each, pot)
        pot -= max(share, 0)
        shares.append(share)
    return shares
