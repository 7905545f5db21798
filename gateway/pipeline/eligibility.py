"""Who is eligible for invoice requests, where the membership itself bears the characteristic (DOMAIN 3.1, OR-05)."""

from gateway.billing.eligibility import on_membership
from gateway.domain.identity import content_id
from gateway.domain.request_audit import Characteristic
from gateway.errors import NotAllowed, NotFound
from gateway.pipeline.accounts import account_rules
from gateway.pipeline.plant import Plant


def set_eligibility(plant: Plant, membership_id: str, *, eligible: bool, by: str, reason: str) -> Characteristic:
    """Say whether an individual or direct-billed membership is eligible for invoice requests; every word is kept.

    Raises NotFound, and NotAllowed for a membership of group business, whose account is configured instead.
    """
    with plant.open_unit() as unit:
        family = unit.enrollment.families([membership_id]).get(membership_id)
        account = unit.enrollment.account(family.membership.account_id) if family else None
        if account is None:
            raise NotFound(f"there is no membership {membership_id}")
        rules = account_rules(plant, account)
        if not on_membership(rules):
            raise NotAllowed(
                f"membership {membership_id} is group business: account {account.id} bears {rules.eligibility_type}",
                hint=f"write accounts.{account.id}.characteristics in partners/{account.partner_id}/billing.toml",
            )
        now, setting = plant.clock.now(), "Y" if eligible else "N"
        key = content_id("T", membership_id, rules.eligibility_type, setting, now.isoformat())
        said = Characteristic(key, membership_id, rules.eligibility_type, setting, now, by, reason=reason)
        unit.request_audit.add_characteristics([said])
        unit.commit()
    return said
