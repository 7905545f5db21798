"""Automatic requests of a group's policy as a whole: in force, terminated, reinstated, renewed (DOMAIN 3.4).

An 834 says nothing of a policy's status: it names a policy (REF*38, REF*1L) and its members. These events therefore
come from dates in the account's configuration, and are decided in the bill run of the day they fall on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from gateway.billing.account import AccountRules
from gateway.billing.dates import DATE_ALGORITHMS, DateAlgorithm, NoFutureWindow
from gateway.billing.eligibility import why_not_eligible
from gateway.billing.hooks import HOOKS, Hooks
from gateway.billing.request_type import RequestTypeRule
from gateway.billing.requests import (
    RequestDecision,
    dates_for,
    excluded_business,
    join,
    new_request,
    no_window,
    unfit_type,
)
from gateway.domain.charge import InvoiceRequest, PolicyEvent
from gateway.domain.coverage import LogOutcome


@dataclass(frozen=True, slots=True)
class PolicyHappening:
    """One event of the policy behind an account, on its day; `rule` is the type that it makes requests of, if any."""

    event: PolicyEvent
    on: date
    rule: RequestTypeRule | None

    def key(self, account_id: str) -> str:
        """Return what the event is known by: it is decided once."""
        return f"policy/{account_id}/{self.event}/{self.on.isoformat()}"


@dataclass(frozen=True, slots=True)
class PolicyCircumstances:
    """What is known when an event is decided; `was_billed`: an account of the hierarchy has a processed request."""

    created_on: date
    was_billed: bool = False


def decide_policy_request(
    happening: PolicyHappening,
    account: AccountRules,
    circumstances: PolicyCircumstances,
    open_request: InvoiceRequest | None,
    *,
    algorithms: Mapping[str, DateAlgorithm] = DATE_ALGORITHMS,
    hooks: Hooks = HOOKS,
) -> RequestDecision:
    """Return what the policy event does to the account's requests: one of its own, or it joins the open one.

    Onboarding makes none once any account of the hierarchy has a processed request (C1-INVREQCRE).
    """
    rule = happening.rule
    refusal = _first_refusal(happening, account, circumstances) or _unfit(rule, account, algorithms, hooks)
    if refusal is not None or rule is None:
        return refusal or RequestDecision(LogOutcome.NO_BILLING_EFFECT)
    dates = dates_for(account, rule, circumstances.created_on, algorithms)
    if open_request is not None and not open_request.status.is_final:
        return join(open_request, dates)
    if isinstance(dates, NoFutureWindow):
        return no_window(account, dates)
    made = new_request(account, rule, dates, happening.key(account.id), circumstances.created_on)
    return RequestDecision(LogOutcome.CREATED, made)


def _first_refusal(
    happening: PolicyHappening, account: AccountRules, circumstances: PolicyCircumstances
) -> RequestDecision | None:
    """Return why the event makes no request of this account, in the order of DOMAIN 3.4."""
    excluded = excluded_business(account)
    if excluded is not None:
        return excluded
    if happening.event is PolicyEvent.IN_FORCE and circumstances.was_billed:
        note = "an account of the hierarchy has a processed request: this is no onboarding"
        return RequestDecision(LogOutcome.NO_BILLING_EFFECT, note=note)
    not_eligible = why_not_eligible(account)
    return RequestDecision(LogOutcome.NOT_ELIGIBLE, note=not_eligible) if not_eligible else None


def _unfit(
    rule: RequestTypeRule | None, account: AccountRules, algorithms: Mapping[str, DateAlgorithm], hooks: Hooks
) -> RequestDecision | None:
    """Return why no request can be made of the event's type."""
    if rule is None:
        return RequestDecision(LogOutcome.NO_BILLING_EFFECT, note="the account has no request type for this event")
    fault = next(iter(hooks.missing(account)), "") or unfit_type(rule, algorithms)
    return RequestDecision(LogOutcome.ERROR, note=fault) if fault else None
