"""Whether an 820 adds up (DOMAIN 5.3)."""

from dataclasses import dataclass

from gateway.domain.finding import Finding, Level, Place
from gateway.domain.money import ZERO, Money
from gateway.domain.remittance import Adjustment, Remittance, RemittanceLine
from gateway.remittance.rules import AdxSign


@dataclass(frozen=True, slots=True)
class BalanceResult:
    """Whether the set balances, under which reading of ADX01, and what the partner is told when it does not."""

    balanced: bool
    sign: AdxSign
    finding: Finding | None = None


def adjusted(adjustments: tuple[Adjustment, ...], sign: AdxSign) -> Money:
    """Return the sum of ADX01 as signed amounts of DOMAIN 5.3."""
    return sign.factor * sum((adjustment.amount for adjustment in adjustments), ZERO)


def check_balance(remittance: Remittance, adx_sign: AdxSign) -> BalanceResult:
    """Check BPR02 against the lines, and each line with RMR05 against its own adjustments (DOMAIN 5.3).

    The agreed `adx_sign` is tried first, then the other one: the first under which everything balances wins. A set
    without any detail claims nothing and balances. The finding is OUT_OF_BALANCE, for the 824; its place is the
    first line that does not add up, or BPR02.
    """
    other = AdxSign.INVERTED if adx_sign is AdxSign.SIGNED else AdxSign.SIGNED
    for sign in (adx_sign, other):
        if _set_balances(remittance, sign) and _first_unbalanced_line(remittance, sign) is None:
            return BalanceResult(balanced=True, sign=sign)
    return BalanceResult(balanced=False, sign=adx_sign, finding=_out_of_balance(remittance, adx_sign))


def _detail_total(remittance: Remittance, sign: AdxSign) -> Money:
    paid = sum((line.paid for line in remittance.lines), ZERO)
    return paid + adjusted(remittance.adjustments, sign)


def _set_balances(remittance: Remittance, sign: AdxSign) -> bool:
    if not remittance.lines and not remittance.adjustments:
        return True
    return remittance.amount == _detail_total(remittance, sign)


def _line_balances(line: RemittanceLine, sign: AdxSign) -> bool:
    return line.billed is None or line.billed + adjusted(line.adjustments, sign) == line.paid


def _first_unbalanced_line(remittance: Remittance, sign: AdxSign) -> RemittanceLine | None:
    return next((line for line in remittance.lines if not _line_balances(line, sign)), None)


def _out_of_balance(remittance: Remittance, sign: AdxSign) -> Finding:
    if not _set_balances(remittance, sign):
        message = (
            f"BPR02 says {remittance.amount:.2f}, the lines and adjustments add up to "
            f"{_detail_total(remittance, sign):.2f}; send a set whose RMR04 and ADX01 sum to BPR02"
        )
        return Finding("OUT_OF_BALANCE", Level.BUSINESS, message, place=Place(segment="BPR", element=2), snip=3)
    line = _first_unbalanced_line(remittance, sign)
    number, position = (line.ordinal, line.position) if line else (0, None)
    message = (
        f"remittance line {number} does not add up: RMR05 plus its ADX01 must be RMR04; "
        "send the adjustment that explains the difference"
    )
    place = Place(segment="RMR", position=position, element=4)
    return Finding("OUT_OF_BALANCE", Level.BUSINESS, message, place=place, snip=3)
