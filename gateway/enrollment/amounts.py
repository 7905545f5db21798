"""The reporting categories of an exchange: whether the amounts of loop 2750 add up (DOMAIN 4.7)."""

from decimal import Decimal, InvalidOperation

from gateway.domain.coverage import MaintenanceRequest
from gateway.domain.finding import Finding, Severity
from gateway.domain.money import ZERO
from gateway.enrollment.case import finding_on

TOTAL = "PRE AMT TOT"
OWED = "TOT RES AMT"  # by the enrollee
_SHARES = (OWED, "APTC AMT", "TOT EMP RES AMT")
_OTHER = "OTH PAY AMT"  # followed by its number


def check_amounts(request: MaintenanceRequest) -> tuple[Finding, ...]:
    """Return OUT_OF_BALANCE when the total premium is not the sum of its shares, or when one of them is no amount.

    PRE AMT TOT = APTC AMT + OTH PAY AMT n + TOT RES AMT (+ TOT EMP RES AMT), to the cent. Only a member for whom both
    the total and the enrollee's share were sent is looked at. The finding is a warning: cover does not wait for sums.
    """
    if not request.reporting:
        return ()
    amounts: dict[str, Decimal] = {}
    for name, value in request.reporting:
        if name == TOTAL or name in _SHARES or name.startswith(_OTHER):
            amount = _amount(value)
            if amount is None:
                return (_finding(request, f"{name} in loop 2750 is not an amount."),)
            amounts[name] = amount
    if TOTAL not in amounts or OWED not in amounts:
        return ()
    total = amounts.pop(TOTAL)
    shares = sum(amounts.values(), ZERO)
    if shares == total:
        return ()
    parts = " + ".join(f"{name} {amounts[name]}" for name in sorted(amounts))
    return (_finding(request, f"{TOTAL} is {total}, but {parts} = {shares}."),)


def _amount(value: str) -> Decimal | None:
    """Return what was sent as an amount, or None."""
    try:
        amount = Decimal(value.strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _finding(request: MaintenanceRequest, message: str) -> Finding:
    return finding_on(request, "OUT_OF_BALANCE", message, Severity.WARNING)
