"""Deposits and remittances that miss each other: the bank's statement against what payers announced (HC-39)."""

from dataclasses import dataclass

from gateway.domain.remittance import Receipt, ReceiptState
from gateway.pipeline.plant import Plant
from gateway.remittance.association import BANKING_DAYS, banking_days_between


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A receipt of which one half is missing; `banking_days` since it settled, and whether that is too long."""

    receipt: Receipt
    what: str
    banking_days: int | None

    @property
    def is_late(self) -> bool:
        """Whether the other half should be here by now (DOMAIN 5.4)."""
        return self.banking_days is None or self.banking_days > BANKING_DAYS


def unmatched(plant: Plant) -> list[Unmatched]:
    """Return every announcement without its money, and all money without its explanation, by trace."""
    today = plant.clock.business_date()
    found = []
    with plant.open_unit() as unit:
        for receipt in unit.money.halves():
            has_money = receipt.state is ReceiptState.CONFIRMED
            day = receipt.settles_on
            days = None if day is None else banking_days_between(day, max(day, today))
            what = "deposit without remittance" if has_money else "remittance without deposit"
            found.append(Unmatched(receipt, what, days))
    return found
