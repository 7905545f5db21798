"""Totals by legal entity: several underwriters under one brand, one bill (HN-17)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from gateway.domain.money import ZERO, Money


class Underwritten(Protocol):
    """A charge or an invoice line, as far as totals need it."""

    @property
    def legal_entity(self) -> str:
        """Who underwrites it; '': the account's own."""
        ...

    @property
    def amount(self) -> Money:
        """Signed."""
        ...

    @property
    def is_fee(self) -> bool:
        """Whether it is a fee and no premium."""
        ...


@dataclass(frozen=True, slots=True)
class EntityTotal:
    """What one legal entity bills: `premium` and `fees` apart (IA-51), together `total`."""

    legal_entity: str
    premium: Money
    fees: Money

    @property
    def total(self) -> Money:
        """Premium and fees."""
        return self.premium + self.fees


def totals_by_entity(lines: Iterable[Underwritten]) -> list[EntityTotal]:
    """Return a total for every legal entity among `lines`, in order of its name; together they are the whole."""
    sums: dict[str, tuple[Money, Money]] = {}
    for line in lines:
        premium, fees = sums.get(line.legal_entity, (ZERO, ZERO))
        if line.is_fee:
            fees += line.amount
        else:
            premium += line.amount
        sums[line.legal_entity] = (premium, fees)
    return [EntityTotal(entity, *sums[entity]) for entity in sorted(sums)]
