"""The statement of a bill: previous balance - payments + adjustments + current = due (DOMAIN 10, IA-15)."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.domain.charge import Invoice, InvoiceLine, LineType
from gateway.domain.money import ZERO, Money
from gateway.errors import InvariantBroken

CURRENT_TYPES = frozenset({LineType.CURRENT, LineType.FEE})


@dataclass(frozen=True, slots=True)
class Statement:
    """The five figures at the head of a bill."""

    previous_balance: Money
    payments: Money  # received since the previous bill, positive
    adjustments: Money  # retroactive lines and credits, signed
    current: Money  # current premium and fees

    @property
    def due(self) -> Money:
        """What is to be paid now; negative when we owe."""
        return self.previous_balance - self.payments + self.adjustments + self.current


def statement_of(invoice: Invoice, lines: Iterable[InvoiceLine]) -> Statement:
    """Return the statement of `invoice` from its lines; raises InvariantBroken when they do not add up to its total."""
    current = adjustments = ZERO
    for line in lines:
        if line.line_type in CURRENT_TYPES:
            current += line.amount
        else:
            adjustments += line.amount
    if current + adjustments != invoice.total:
        raise InvariantBroken(
            f"the lines of invoice {invoice.id} add up to {current + adjustments}, its total is {invoice.total}"
        )
    return Statement(invoice.previous_balance, invoice.payments, adjustments, current)
