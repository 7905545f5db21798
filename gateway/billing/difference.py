"""Bill by difference: what is due as known today, minus what was billed (DOMAIN 8.3, DESIGN decision 5).

Retroactive changes become adjustments by themselves, old invoices are never edited, and a second run yields nothing.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeAlias, TypeVar

from gateway.billing.charges import Cause
from gateway.domain.charge import BilledAmount, Charge, InvoiceLine, LineType
from gateway.domain.money import ZERO, Money
from gateway.domain.period import CoverageMonth
from gateway.errors import InvariantBroken

Key: TypeAlias = tuple[str, str, CoverageMonth]
"""Membership, product, month: what is compared."""

_T = TypeVar("_T")
_NO_CAUSES: Mapping[tuple[str, str], Cause] = MappingProxyType({})
_REASONS = {
    LineType.CURRENT: "",
    LineType.FEE: "",
    LineType.RETRO_ADD: "covered, and not billed so far",
    LineType.RETRO_TERM: "billed, and no longer due",
    LineType.RETRO_CHANGE: "billed at another amount",
}


def bill_by_difference(
    due: Iterable[Charge],
    billed: Iterable[BilledAmount],
    *,
    current: CoverageMonth,
    causes: Mapping[tuple[str, str], Cause] = _NO_CAUSES,
    after: int = 0,
) -> list[InvoiceLine]:
    """Return the lines that bring what was billed to what is due, in the order of membership, product and month.

    A month on which nothing stands billed is CURRENT (a fee: FEE) from `current` on and RETRO_ADD before it; one that
    is no longer due is RETRO_TERM; any other difference is RETRO_CHANGE. A line on a month that was billed before names
    the invoice it corrects. `causes` gives set and source of charges that vanished, by membership and product
    (`charges.causes`). Numbers go on from `after`. Raises InvariantBroken when the same key is due or billed twice.
    """
    return difference(due_by_key(due), billed_by_key(billed), current=current, causes=causes, after=after)


def difference(
    owed: Mapping[Key, Charge],
    already: Mapping[Key, BilledAmount],
    *,
    current: CoverageMonth,
    causes: Mapping[tuple[str, str], Cause] = _NO_CAUSES,
    after: int = 0,
) -> list[InvoiceLine]:
    """Return the lines between what is owed and what was billed already; see `bill_by_difference`."""
    lines: list[InvoiceLine] = []
    for key in sorted(owed.keys() | already.keys()):
        charge, before = owed.get(key), already.get(key)
        if charge is not None and charge.amount != (before.amount if before else ZERO):
            lines.append(_line_for(after + len(lines) + 1, charge, before, current))
        elif charge is None and before is not None and before.amount != ZERO:
            lines.append(_credit(after + len(lines) + 1, before, causes.get(key[:2], Cause("", ""))))
    return lines


def due_by_key(due: Iterable[Charge]) -> dict[Key, Charge]:
    """Return charges by membership, product and month; raises InvariantBroken for the same key twice."""
    return _unique("due", ((charge.key, charge) for charge in due))


def billed_by_key(billed: Iterable[BilledAmount]) -> dict[Key, BilledAmount]:
    """Return billed amounts by membership, product and month; raises InvariantBroken for the same key twice."""
    return _unique("billed", (((each.membership_id, each.product, each.month), each) for each in billed))


def _unique(what: str, entries: Iterable[tuple[Key, _T]]) -> dict[Key, _T]:
    """Return entries as a dict, and refuse to lose one."""
    unique: dict[Key, _T] = {}
    for key, entry in entries:
        if key in unique:
            membership_id, product, month = key
            raise InvariantBroken(f"membership {membership_id}, product {product}, month {month} is {what} twice")
        unique[key] = entry
    return unique


def _line_for(number: int, charge: Charge, before: BilledAmount | None, current: CoverageMonth) -> InvoiceLine:
    """Return the line that brings what was billed to `charge`."""
    billed = before.amount if before else ZERO
    line_type = _line_type(charge, billed, current)
    return InvoiceLine(
        number=number,
        line_type=line_type,
        membership_id=charge.membership_id,
        member_id=charge.member_id,
        product=charge.product,
        insurance_line=charge.insurance_line,
        tier=charge.tier,
        month=charge.month,
        amount=charge.amount - billed,
        rate=charge.rate,
        lives=charge.lives,
        days_covered=charge.days_covered,
        days_in_month=charge.days_in_month,
        formula=_less(billed, charge) if billed else charge.formula,
        set_id=charge.set_id,
        source=charge.source,
        corrects_invoice_id=before.last_invoice_id if before else "",
        reason=_REASONS[line_type],
        legal_entity=charge.legal_entity,
        is_fee=charge.is_fee,
        employer_share=_share_since(charge.employer_share, before.employer_share if before else None),
        priced_by=charge.priced_by,
    )


def _line_type(charge: Charge, billed: Money, current: CoverageMonth) -> LineType:
    """Name the difference between a charge and what stands billed for it."""
    if billed == ZERO:
        if charge.month < current:
            return LineType.RETRO_ADD
        return LineType.FEE if charge.is_fee else LineType.CURRENT
    return LineType.RETRO_TERM if charge.amount == ZERO else LineType.RETRO_CHANGE


def _share_since(now: Money | None, billed: Money | None) -> Money | None:
    """Return what the employer's share changes by, or None where none was ever agreed."""
    return None if now is None and billed is None else (now or ZERO) - (billed or ZERO)


def _less(billed: Money, charge: Charge) -> str:
    """Return the formula of an adjustment: the new amount less what was billed, then how the new amount comes about."""
    return f"{charge.amount} - {billed}; due now: {charge.formula}"


def _credit(number: int, before: BilledAmount, cause: Cause) -> InvoiceLine:
    """Return the line that takes back what was billed for a month that is no longer due."""
    return InvoiceLine(
        number=number,
        line_type=LineType.RETRO_TERM,
        membership_id=before.membership_id,
        member_id=before.member_id,
        product=before.product,
        insurance_line=before.insurance_line,
        tier=before.tier,
        month=before.month,
        amount=-before.amount,
        rate=ZERO,
        lives=0,
        days_covered=0,
        days_in_month=before.month.days,
        formula=f"{ZERO} - {before.amount}; due now: nothing",
        set_id=cause.set_id,
        source=cause.source,
        corrects_invoice_id=before.last_invoice_id,
        reason=_REASONS[LineType.RETRO_TERM],
        legal_entity=before.legal_entity,
        is_fee=before.is_fee,
        employer_share=_share_since(None, before.employer_share),
    )
