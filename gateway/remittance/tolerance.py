"""When a bill counts as paid although the money is not exact (DOMAIN 8.4)."""

from dataclasses import dataclass

from gateway.domain.charge import InvoiceStatus
from gateway.domain.money import ZERO, Money
from gateway.remittance.rules import Tolerance

PARTIAL_ACTION = "PP"  # RMR03: the payer says that more will come


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a payment makes of a bill: `write_off` of a short one, `excess` of one paid too much.

    `is_exact_enough` is False where a person should look: short or over by more than the tolerance.
    """

    status: InvoiceStatus
    write_off: Money = ZERO
    excess: Money = ZERO
    is_exact_enough: bool = True


def settle(billed: Money, paid: Money, tolerance: Tolerance, action: str = "") -> Outcome:
    """Return what `paid` makes of a bill over `billed` (DOMAIN 8.4).

    `action` is RMR03: under PP the rest stays open even inside the tolerance. An over-payment is carried forward
    whole; outside the tolerance it is shown to a person.
    """
    short = billed - paid
    if short <= ZERO:
        return Outcome(InvoiceStatus.PAID, excess=-short, is_exact_enough=is_within(-short, billed, tolerance))
    if action != PARTIAL_ACTION and is_within(short, billed, tolerance):
        return Outcome(InvoiceStatus.PAID, write_off=short)
    status = InvoiceStatus.PARTIAL if paid > ZERO else InvoiceStatus.OPEN
    return Outcome(status, is_exact_enough=False)


def is_within(difference: Money, billed: Money, tolerance: Tolerance) -> bool:
    """Tell whether a difference is inside the tolerance; nothing at all always is."""
    if difference == ZERO:
        return True
    within_amount = difference <= tolerance.amount
    within_percent = difference * 100 <= billed * tolerance.percent
    return (within_amount and within_percent) if tolerance.need_both else (within_amount or within_percent)
