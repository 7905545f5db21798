"""What happens to a group's policy makes requests on the configured day, once (DOMAIN 3.4)."""

from datetime import date

import pytest

from gateway.domain.charge import PolicyEvent
from gateway.partners.billing import Policy
from tests.integration import ordering
from tests.integration.ordering import ACME, enroll, requests

TYPES = dict.fromkeys(PolicyEvent, "ENROLL")


@pytest.fixture
def acme(house):
    """Acme with a member, whose events raise no request."""
    ordering.silence(house)
    enroll(house, "A1")
    return house


def policy(house, **dates):
    ordering.change_account(house, policy=Policy(request_types=TYPES, **dates))


def decisions(house):
    return [text for (text,) in house.rows("SELECT text FROM log_events WHERE station = 'policy' ORDER BY id")]


def test_a_policy_that_comes_into_force_makes_a_request_on_its_day_and_not_before(acme):
    policy(acme, in_force_on=date(2025, 11, 1))
    acme.bill(date(2025, 10, 31))
    assert [] == requests(acme)
    acme.bill(date(2025, 11, 1))
    assert [(ACME, "ENROLL", "defer_processing_batch")] == requests(acme)  # 11-01 is a Saturday
    acme.bill(date(2025, 11, 3))
    assert [(ACME, "ENROLL", "processed")] == requests(acme)


def test_an_event_is_decided_once_however_often_the_bill_runs(acme):
    policy(acme, renewed_on=(date(2025, 10, 23),))
    acme.bill()
    before = acme.everything()
    acme.bill()
    assert before == acme.everything()
    assert 1 == len(requests(acme))


def test_two_events_of_a_day_share_one_request(acme):
    policy(acme, terminated_on=date(2025, 10, 22), reinstated_on=date(2025, 10, 22))
    acme.bill(date(2025, 10, 22))
    assert 1 == len(requests(acme))
    assert [
        f"Account {ACME}, the policy's event terminate of 2025-10-22: CREATED",
        f"Account {ACME}, the policy's event reinstate of 2025-10-22: JOINED_OPEN",
    ] == decisions(acme)
    for day in (23, 24):
        acme.bill(date(2025, 10, day))  # neither is decided again once their request has ended
    assert [(ACME, "ENROLL", "processed")] == requests(acme)


def test_onboarding_is_skipped_where_the_hierarchy_was_billed_before(acme):
    policy(acme, renewed_on=(date(2025, 10, 22),))
    acme.bill(date(2025, 10, 22))
    policy(acme, renewed_on=(date(2025, 10, 22),), in_force_on=date(2025, 10, 23))
    acme.bill(date(2025, 10, 23))
    assert 1 == len(requests(acme))
    assert "NO_BILLING_EFFECT, an account of the hierarchy has a processed request" in decisions(acme)[-1]


def test_what_was_refused_is_tried_again_and_told_once(acme):
    policy(acme, in_force_on=date(2025, 10, 23))
    ordering.change_account(acme, characteristics={})
    for _ in range(2):
        acme.bill()
    assert (1, []) == (len(decisions(acme)), requests(acme))
    ordering.change_account(acme, characteristics={"INVRACTE": "Y"})
    acme.bill()
    assert 1 == len(requests(acme))


def test_the_policy_of_a_group_without_members_waits_for_them(house):
    ordering.silence(house)
    policy(house, in_force_on=date(2025, 10, 23))
    house.bill()
    assert [] == requests(house)
    enroll(house, "A1")
    house.bill()
    assert 1 == len(requests(house))
