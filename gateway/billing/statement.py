"""The statement of a bill: previous balance - payments + adjustments + current = due (DOMAIN 10, IA-15, HN-17)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from gateway.domain.charge import Invoice, LineType
from gateway.domain.money import ZERO, Money
from gateway.errors import InvariantBroken

CURRENT_TYPES = frozenset({LineType.CURRENT, LineType.FEE})


class Share(Protocol):
    """A line of a bill, or several of a kind together."""

    @property
    def line_type(self) -> LineType:
        """What kind of charge it is."""
        ...

    @property
    def amount(self) -> Money:
        """What it comes to, signed."""
        ...

    @property
    def legal_entity(self) -> str:
        """Who underwrites it; '' is the account's own company."""
        ...


@dataclass(frozen=True, slots=True)
class Statement:
    """The five figures at the head of a bill, and beside them what was only announced."""

    previous_balance: Money
    payments: Money  # received since the previous bill, positive
    adjustments: Money  # retroactive lines and credits, signed
    current: Money  # current premium and fees
    pending: Money = ZERO  # announced and not there yet: never part of `due` (IA-38)

    @property
    def due(self) -> Money:
        """What is to be paid now; negative when we owe."""
        return self.previous_balance - self.payments + self.adjustments + self.current


def statement_of(invoice: Invoice, shares: Iterable[Share]) -> Statement:
    """Return the statement of `invoice` from its lines; raises InvariantBroken when they do not add up to its total."""
    current = adjustments = ZERO
    for share in shares:
        if share.line_type in CURRENT_TYPES:
            current += share.amount
        else:
            adjustments += share.amount
    if current + adjustments != invoice.total:
        raise InvariantBroken(
            f"the lines of invoice {invoice.id} add up to {current + adjustments}, its total is {invoice.total}"
        )
    return Statement(invoice.previous_balance, invoice.payments, adjustments, current, invoice.pending)


def by_legal_entity(shares: Iterable[Share]) -> Mapping[str, Money]:
    """Return what each company's share of a bill comes to, in order of name; together they are the whole (HN-17)."""
    totals: dict[str, Money] = {}
    for share in shares:
        totals[share.legal_entity] = totals.get(share.legal_entity, ZERO) + share.amount
    return dict(sorted(totals.items()))
