"""Who is eligible for invoice requests: a yes/no characteristic of a configurable type (DOMAIN 3.1, OR-06)."""

from collections.abc import Mapping
from types import MappingProxyType

from gateway.billing.account import AccountRules
from gateway.domain.parties import LineOfBusiness

YES = "Y"
NO_CHARACTERISTICS: Mapping[str, str] = MappingProxyType({})


def on_membership(account: AccountRules) -> bool:
    """Tell whether the characteristic sits on the membership: individual and direct-billed business (DOMAIN 3.1)."""
    return account.direct_billed or account.line_of_business is LineOfBusiness.INDIVIDUAL


def why_not_eligible(account: AccountRules, of_membership: Mapping[str, str] = NO_CHARACTERISTICS) -> str:
    """Return '' for an account that is eligible, else why it is not, in plain words.

    Only the value Y of the configured type counts; another type's value is not looked at. In individual business
    `of_membership`, the characteristics of the account's membership, are those that count.
    """
    code = account.eligibility_type
    is_of_membership = on_membership(account)
    value = (of_membership if is_of_membership else account.characteristics).get(code)
    if value == YES:
        return ""
    bearer = "the membership" if is_of_membership else "the account"
    return f"{bearer} is not eligible: {code} is {value}" if value else f"{bearer} is not eligible: it has no {code}"
