"""What is no mistake, and still keeps requests from being made: told by `gateway check`, each by its name (OR-36)."""

from collections.abc import Iterator

from gateway.domain.charge import InvoiceMode
from gateway.domain.mistake import Mistake
from gateway.domain.parties import LineOfBusiness
from gateway.partners.partner import Partner
from gateway.partners.surroundings import in_billing

_YES_OR_NO = frozenset({"Y", "N"})


def missing_prerequisites(partner: Partner, eligibility_type: str) -> Iterator[Mistake]:
    """Yield what an insured account lacks for its events, and a person for ordering, to make invoice requests.

    What is wrong rather than absent (hooks, types, algorithms, cycles) is a mistake of the rules in `billing_rules`.
    """
    insured = {
        account_id: account
        for account_id, account in partner.billing.accounts.items()
        if account.line_of_business is not LineOfBusiness.SELF_FUNDED
    }
    for account_id, account in insured.items():
        if account.characteristics.get(eligibility_type) not in _YES_OR_NO:
            problem = f"it has no {eligibility_type}, so that it is not eligible and no request is made for it"
            remedy = f'write {eligibility_type} = "Y", or "N" if that is meant'
            yield in_billing(partner, f"accounts.{account_id}.characteristics", problem, remedy)
    types = partner.billing.request_types.values()
    if insured and not any(kind.mode is InvoiceMode.MANUAL and kind.active for kind in types):
        problem = "there is no active manual type, so that no person can order a bill or a trial bill"
        yield in_billing(partner, "request_types", problem, 'write [request_types.CODE] with mode = "manual"')
