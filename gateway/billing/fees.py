"""Fees: named lines of their own beside the premium, never inside it (IA-51)."""

from collections.abc import Iterable, Sequence, Set

from gateway.billing.account import AccountRules
from gateway.billing.rating import ANY, Fee, FeeBasis, RateTable
from gateway.domain.charge import Charge
from gateway.domain.money import ZERO, Money, round_cents
from gateway.domain.period import CoverageMonth
from gateway.domain.value import value

FEE_LINE = "FEE"
"""The insurance line of a fee: none of HD03."""


@value
class Premium:
    """A premium charge with the members it covers."""

    charge: Charge
    members: Set[str]


def membership_fees(premiums: Iterable[Premium], account: AccountRules, rates: RateTable) -> list[Charge]:
    """Return the fees per member and per contract that one membership owes beside its premiums.

    A fee is owed for each month in which a premium is, at the fee in force on the month's first day, in full however
    few days are covered. A fee per member counts each covered member once, in however many products.
    """
    if not rates.has_fees:
        return []
    by_month: dict[CoverageMonth, list[Premium]] = {}
    for premium in premiums:
        if premium.charge.amount:
            by_month.setdefault(premium.charge.month, []).append(premium)
    return [
        charge
        for month, owed in sorted(by_month.items())
        for fee in rates.fees_on(month.first_day)
        if fee.basis is not FeeBasis.ACCOUNT and (charge := _membership_fee(fee, owed, account)) is not None
    ]


def account_fees(charges: Iterable[Charge], account: AccountRules, rates: RateTable) -> list[Charge]:
    """Return the fees that the account owes once a month beside `charges`, all that its memberships owe."""
    fees = AccountFees(account, rates)
    fees.add(charges)
    return fees.charges()


class AccountFees:
    """Fees that an account owes once a month; its memberships' charges are added one membership after the other.

    Such a fee belongs to no membership: its charge names the account in the place of one, and as its cause the first
    membership that owes a premium in the month.
    """

    def __init__(self, account: AccountRules, rates: RateTable) -> None:
        """Take how the account is billed and its prices."""
        self._account = account
        self._rates = rates
        self._premiums: dict[tuple[CoverageMonth, Fee], Money] = {}
        self._causes: dict[tuple[CoverageMonth, Fee], Charge] = {}

    def add(self, charges: Iterable[Charge]) -> None:
        """Add what memberships owe; fees among it count for nothing."""
        for charge in charges if self._rates.has_fees else ():
            if not charge.amount or charge.is_fee:
                continue
            for fee in self._rates.fees_on(charge.month.first_day):
                if fee.basis is FeeBasis.ACCOUNT and fee.plan in {ANY, charge.product}:
                    place = (charge.month, fee)
                    self._premiums[place] = self._premiums.get(place, ZERO) + charge.amount
                    cause = self._causes.setdefault(place, charge)
                    self._causes[place] = min(cause, charge, key=lambda each: (each.membership_id, each.product))

    def charges(self) -> list[Charge]:
        """Return the fees of what was added, in order of month and name."""
        owner = (self._account.id, "")
        found = (
            _charge(fee, self._account, self._causes[month, fee], premium, (1, 0), owner=owner)
            for (month, fee), premium in sorted(self._premiums.items(), key=lambda each: (each[0][0], each[0][1].name))
        )
        return [charge for charge in found if charge is not None]


def _membership_fee(fee: Fee, owed: Sequence[Premium], account: AccountRules) -> Charge | None:
    """Return one fee of a membership for one month, or None where it owes none."""
    matching = [premium for premium in owed if fee.plan in {ANY, premium.charge.product}]
    if not matching:
        return None
    lives = len(frozenset().union(*(premium.members for premium in matching)))
    count = lives if fee.basis is FeeBasis.MEMBER else 1
    cause = matching[0].charge
    premium = sum((each.charge.amount for each in matching), ZERO)
    return _charge(fee, account, cause, premium, (count, lives), owner=(cause.membership_id, cause.member_id))


def _charge(
    fee: Fee,
    account: AccountRules,
    cause: Charge,
    premium: Money,
    counted: tuple[int, int],
    *,
    owner: tuple[str, str],
) -> Charge | None:
    """Return the charge of a fee: `counted` times its amount, or its percentage of `premium`; None for nothing."""
    count, lives = counted
    if fee.percent is not None:
        amount, formula = round_cents(premium * fee.percent / 100), f"{premium} * {fee.percent}/100"
        words = f"{fee.percent} percent of the premium"
    else:
        each = fee.amount or ZERO
        amount, formula = each * count, f"{each} * {count}"
        words = f"per {fee.basis} and month"
    if amount == ZERO:
        return None
    return Charge(
        account_id=account.id,
        membership_id=owner[0],
        member_id=owner[1],
        product=fee.name,
        insurance_line=FEE_LINE,
        tier="",
        month=cause.month,
        amount=amount,
        rate=amount,
        lives=lives,
        days_covered=0,  # a fee is for the month: its days are nobody's
        days_in_month=cause.month.days,
        formula=f"{formula}; {words}",
        set_id=cause.set_id,
        source=cause.source,
        legal_entity=fee.legal_entity or account.legal_entity,
        is_fee=True,
        priced_by=fee.source,
    )
