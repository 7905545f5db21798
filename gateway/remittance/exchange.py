"""X306 lines: what an exchange pays, keeps and corrects, by payment type (DOMAIN 6). Negative lines are normal."""

from gateway.domain.period import CoverageMonth
from gateway.domain.remittance import RemittanceLine, UnplacedReason
from gateway.remittance.desk import Desk
from gateway.remittance.members import find_members, place_individual

MEMBER_SUBSIDIES = frozenset({"APTC", "APTCADJ", "CSR", "CSRADJ"})
PROGRAM_SUBSIDIES = frozenset({"APTCMADJ", "CSRMADJ"})  # manual, without an enrollee
USER_FEES = frozenset({"UF"})
PROGRAM_BALANCES = frozenset({"ADM", "BAL", "DEBTADJ", "REDUCED"})  # between the exchange and us, on no account


def place_exchange_line(desk: Desk, line: RemittanceLine) -> None:
    """Place one X306 line, signed, by its payment type RMR02.

    Subsidies credit the subsidy receivable, never the enrollee's balance. A type that is not in the published list
    goes to suspense and is never guessed; so does a subsidy whose enrollee or month is not known.
    """
    payment_type = line.reference
    if payment_type in desk.rules.premium_types:
        place_individual(desk, line)
    elif payment_type in MEMBER_SUBSIDIES:
        _place_member_subsidy(desk, line)
    elif payment_type in PROGRAM_SUBSIDIES:
        desk.sheet.add(line.paid, line, month=_month(desk, line), is_subsidy=True)
    elif payment_type in USER_FEES:
        _place_user_fee(desk, line)
    else:
        is_known = payment_type in PROGRAM_BALANCES
        desk.sheet.leave(line.paid, "", UnplacedReason.NO_ACCOUNT if is_known else UnplacedReason.UNKNOWN_TYPE, line)


def _place_member_subsidy(desk: Desk, line: RemittanceLine) -> None:
    members = find_members(desk, line)
    month = _month(desk, line)
    reason = None
    if len(members) != 1:
        reason = UnplacedReason.AMBIGUOUS if members else UnplacedReason.NO_MEMBER
    elif not desk.accounts.may_pay(next(iter(members)).account_id):
        reason = UnplacedReason.NO_PARTNER_RIGHT
    elif not month:
        reason = UnplacedReason.NO_PERIOD
    if reason:
        desk.sheet.leave(line.paid, "", reason, line)
        return
    (member,) = members
    desk.sheet.add(
        line.paid,
        line,
        account_id=member.account_id,
        membership_id=member.membership_id,
        month=month,
        is_subsidy=True,
    )


def _place_user_fee(desk: Desk, line: RemittanceLine) -> None:
    """Book what the exchange kept; it is ours to bear, whether we know the enrollee or not."""
    members = find_members(desk, line)
    membership_id = next(iter(members)).membership_id if len(members) == 1 else ""
    desk.sheet.add(line.paid, line, membership_id=membership_id, month=_month(desk, line), is_user_fee=True)


def _month(desk: Desk, line: RemittanceLine) -> str:
    period = line.period or desk.remittance.period
    return str(CoverageMonth.of(period.starts_on)) if period else ""
