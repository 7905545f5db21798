"""What was agreed with the partner that remits, as far as placing its money depends on it (DOMAIN 5 and 8.4)."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from gateway.domain.money import ZERO, Money

# A year of monthly bills, each short by the whole tolerance (DOMAIN 8.4).
_WRITE_OFFS_PER_YEAR = 12


class AdxSign(StrEnum):
    """How the partner signs ADX01: as the standard reads (`signed`), or with every sign turned (`inverted`)."""

    SIGNED = "signed"
    INVERTED = "inverted"

    @property
    def factor(self) -> int:
        """What ADX01 is multiplied with to get the signed amount of DOMAIN 5.3."""
        return 1 if self is AdxSign.SIGNED else -1


@dataclass(frozen=True, slots=True)
class Tolerance:
    """When a short payment is good enough (DOMAIN 8.4); nothing is written off by default."""

    amount: Money = ZERO
    percent: Decimal = Decimal(0)  # 0.25 means 0.25 percent of what was billed
    need_both: bool = True
    yearly_cap: Money | None = None  # per account; None: twelve times `amount`
    over_is_income: bool = False  # what is over inside the tolerance: income, else carried forward (DOMAIN 8.4)

    @property
    def write_offs_per_year(self) -> Money:
        """The most that may be written off on one account in one year."""
        return self.amount * _WRITE_OFFS_PER_YEAR if self.yearly_cap is None else self.yearly_cap


@dataclass(frozen=True, slots=True)
class RemittanceRules:
    """How one partner's remittance is to be read and what it may pay."""

    partner_id: str
    may_pay: tuple[str, ...] = ()  # account ids besides the partner's own; "*" for a bank
    adx_sign: AdxSign = AdxSign.SIGNED
    tolerance: Tolerance = Tolerance()
    premium_types: tuple[str, ...] = ()  # X306 payment types that by agreement pay the enrollee's own premium
