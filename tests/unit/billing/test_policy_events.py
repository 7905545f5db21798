"""Requests of a group's policy as a whole (DOMAIN 3.4): C1-INVREQCRE, C1-INVREQPT, C1-INVREPRIN, C1-IRPOLREW."""

from dataclasses import replace
from datetime import date

import pytest

from gateway.billing.account import AccountRules
from gateway.billing.dates import Window
from gateway.billing.policy_events import PolicyCircumstances, PolicyHappening, decide_policy_request
from gateway.billing.request_type import RequestTypeRule
from gateway.domain.charge import InvoiceMode, PolicyEvent, RequestStatus
from gateway.domain.coverage import LogOutcome
from gateway.domain.parties import LineOfBusiness

RULE = RequestTypeRule("ONBOARD", wait_days=1)
WINDOWS = (
    Window(date(2025, 10, 10), date(2025, 10, 15), date(2025, 11, 30), date(2025, 11, 1)),
    Window(date(2025, 11, 10), date(2025, 11, 14), date(2025, 12, 31), date(2025, 12, 1)),
)
ACME = AccountRules("ACME", "acme", windows=WINDOWS, characteristics={"INVRACTE": "Y"})
NOW = PolicyCircumstances(date(2025, 10, 20))


def happening(event=PolicyEvent.IN_FORCE, rule=RULE):
    return PolicyHappening(event, date(2025, 10, 20), rule)


@pytest.mark.parametrize("event", PolicyEvent)
def test_each_event_of_the_policy_makes_a_request_of_its_type(event):
    decided = decide_policy_request(happening(event), ACME, NOW, None)
    assert LogOutcome.CREATED == decided.outcome
    assert ("ONBOARD", RequestStatus.DEFER_BATCH, date(2025, 10, 21), date(2025, 11, 30)) == (
        decided.request.request_type,
        decided.request.status,
        decided.request.processing_on,
        decided.request.cutoff_on,
    )
    assert f"policy/ACME/{event}/2025-10-20" == decided.request.source


def test_onboarding_makes_none_once_an_account_of_the_hierarchy_was_billed_and_the_others_do():
    billed = replace(NOW, was_billed=True)
    assert LogOutcome.NO_BILLING_EFFECT == decide_policy_request(happening(), ACME, billed, None).outcome
    renewed = decide_policy_request(happening(PolicyEvent.RENEW), ACME, billed, None)
    assert LogOutcome.CREATED == renewed.outcome


@pytest.mark.parametrize(
    ("account", "rule", "outcome"),
    [
        (replace(ACME, line_of_business=LineOfBusiness.SELF_FUNDED), RULE, LogOutcome.LOB_EXCLUDED),
        (replace(ACME, characteristics={}), RULE, LogOutcome.NOT_ELIGIBLE),
        (ACME, None, LogOutcome.NO_BILLING_EFFECT),
        (replace(ACME, status_update=""), RULE, LogOutcome.ERROR),
        (ACME, replace(RULE, mode=InvoiceMode.MANUAL), LogOutcome.ERROR),
        (replace(ACME, windows=WINDOWS[:1]), RULE, LogOutcome.NO_WINDOW),
    ],
    ids=["self-funded", "not eligible", "no type", "no hook", "a manual type", "no window"],
)
def test_what_stands_against_a_request_is_named_and_none_is_made(account, rule, outcome):
    decided = decide_policy_request(happening(rule=rule), account, NOW, None)
    assert (outcome, None) == (decided.outcome, decided.request)
    assert decided.note


def test_while_a_request_is_open_the_event_joins_it():
    open_request = decide_policy_request(happening(), ACME, NOW, None).request
    joined = decide_policy_request(happening(PolicyEvent.RENEW), ACME, NOW, open_request)
    assert (LogOutcome.JOINED_OPEN, open_request) == (joined.outcome, joined.request)
