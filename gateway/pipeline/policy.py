"""What happens to a group's policy makes invoice requests, on the day that the configuration says (DOMAIN 3.4)."""

from collections.abc import Iterator
from datetime import date

from gateway.billing.account import AccountRules
from gateway.billing.hooks import log_line
from gateway.billing.policy_events import PolicyCircumstances, PolicyHappening, decide_policy_request
from gateway.billing.requests import RequestDecision
from gateway.domain.charge import PolicyEvent, RequestLogEntry
from gateway.domain.coverage import LogOutcome
from gateway.domain.exchange import LogEvent
from gateway.domain.identity import content_id
from gateway.domain.parties import Account
from gateway.partners.billing import Policy
from gateway.partners.partner import Partner
from gateway.pipeline.accounts import account_rules, type_rules
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork


def raise_policy_requests(plant: Plant, on: date) -> None:
    """Decide every policy event whose day is not after `on` and that made no request yet, one transaction each.

    An event that raised or joined a request is never decided again; one that was refused is tried at every run, and its
    refusal stands in the transaction log once.
    """
    for partner in plant.partners.values():
        for account_id, settings in partner.accounts.items():
            happened = [each for each in _happenings(plant, partner, settings.policy) if each.on <= on]
            for happening in sorted(happened, key=lambda each: (each.on, list(PolicyEvent).index(each.event))):
                _raise(plant, account_id, happening, on)


def _happenings(plant: Plant, partner: Partner, policy: Policy) -> Iterator[PolicyHappening]:
    """Yield what the configuration says of a policy, each event with its request type."""
    if not policy.request_types:
        return
    types = type_rules(plant, partner)
    dates: tuple[tuple[PolicyEvent, date | None], ...] = (
        (PolicyEvent.IN_FORCE, policy.in_force_on),
        (PolicyEvent.TERMINATE, policy.terminated_on),
        (PolicyEvent.REINSTATE, policy.reinstated_on),
        *((PolicyEvent.RENEW, day) for day in policy.renewed_on),
    )
    for event, day in dates:
        if day is not None:
            yield PolicyHappening(event, day, types.get(policy.request_types.get(event, "")))


def _raise(plant: Plant, account_id: str, happening: PolicyHappening, on: date) -> None:
    """Decide one event of one account; an account without a member has nothing to bill and waits."""
    key = happening.key(account_id)
    with plant.open_unit() as unit:
        account = unit.enrollment.account(account_id)
        if account is None or unit.requests.has_log(key):
            return
        unit.enrollment.lock_account(account_id)
        rules = account_rules(plant, account)
        circumstances = PolicyCircumstances(on, was_billed=unit.requests.was_processed(_hierarchy(plant, account)))
        decided = decide_policy_request(
            happening,
            rules,
            circumstances,
            unit.requests.open_for(account_id),
            algorithms=plant.algorithms,
            hooks=plant.hooks,
        )
        _write(plant, unit, rules, happening, decided)
        unit.commit()


def _hierarchy(plant: Plant, account: Account) -> list[str]:
    """Return the accounts of the account's hierarchy: all that its partner has."""
    return sorted(plant.partner(account.partner_id).accounts)


def _write(
    plant: Plant, unit: UnitOfWork, rules: AccountRules, happening: PolicyHappening, decided: RequestDecision
) -> None:
    """Write the request that was made or joined with its log lines, and the decision into the transaction log."""
    key, now, request = happening.key(rules.id), plant.clock.now(), decided.request
    note = f"the policy's event {happening.event} of {happening.on}"
    if request is not None:
        if decided.outcome is LogOutcome.CREATED:
            unit.requests.add(request)
            unit.requests.add_log([log_line(request, now, "gateway", f"made by {note}")])
        else:
            unit.requests.update(request)
        marker = RequestLogEntry(key, request.id, now, request.status, "gateway", f"{decided.outcome}: {note}")
        unit.requests.add_log([marker])
    text = f"Account {rules.id}, {note}: {decided.outcome}" + (f", {decided.note}" if decided.note else "")
    unit.record(LogEvent(content_id("E", key, text), now, "policy", "", rules.id, text))
