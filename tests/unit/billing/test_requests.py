"""Which event makes a request, joins one, or makes none (DOMAIN 3.4, 3.6, 3.7)."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gateway.billing.account import AccountRules
from gateway.billing.calendar import WorkCalendar
from gateway.billing.dates import RequestDates, Window
from gateway.billing.request_type import RequestTypeRule
from gateway.billing.requests import Circumstances, decide_request, log_decision
from gateway.domain.charge import BillGeneration, InvoiceMode, InvoiceRequest, RequestStatus
from gateway.domain.coverage import LogOutcome, MembershipEvent, MembershipStatus
from gateway.domain.parties import LineOfBusiness

TYPES = {
    MembershipEvent.ENROLL: RequestTypeRule("AUTO-ENROLL", wait_days=3, threshold_days=10),
    MembershipEvent.TERMINATE: RequestTypeRule("AUTO-TERM", wait_days=0, threshold_days=10),
    MembershipEvent.REINSTATE: RequestTypeRule("AUTO-REIN", wait_days=1, threshold_days=10),
    MembershipEvent.CANCEL: RequestTypeRule("AUTO-CANCEL", wait_days=2, threshold_days=10),
}
WINDOWS = (
    Window(date(2025, 10, 10), date(2025, 10, 15), date(2025, 11, 30), date(2025, 11, 1)),
    Window(date(2025, 11, 10), date(2025, 11, 14), date(2025, 12, 31), date(2025, 12, 1)),
)
YES, NO = {"INVRACTE": "Y"}, {"INVRACTE": "N"}
ACME = AccountRules(id="ACME", partner_id="acme", request_types=TYPES, windows=WINDOWS, characteristics=YES)
PERSON = replace(ACME, id="P1", line_of_business=LineOfBusiness.INDIVIDUAL)
TERMINATED = Circumstances(date(2025, 10, 20), previous_status=MembershipStatus.TERMINATED, termination_reason="59")
ELIGIBLE = replace(TERMINATED, characteristics=YES)
OPEN = InvoiceRequest(
    "Qopen", "ACME", "acme", "AUTO-ENROLL", RequestStatus.DEFER_BATCH, date(2025, 10, 20), date(2025, 10, 23),
    date(2025, 11, 30), date(2025, 10, 23), date(2025, 11, 1), "000000001/1/0001/9",
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "request_type", "processing_on"),
    [
        (MembershipEvent.ENROLL, "AUTO-ENROLL", date(2025, 10, 23)),
        (MembershipEvent.TERMINATE, "AUTO-TERM", date(2025, 10, 20)),
        (MembershipEvent.REINSTATE, "AUTO-REIN", date(2025, 10, 21)),
        (MembershipEvent.CANCEL, "AUTO-CANCEL", date(2025, 10, 22)),
    ],
    ids=["or_10_enroll", "or_11_terminate", "or_12_reinstate", "or_13_cancel"],
)
def test_or_10_to_13_and_33_each_of_the_four_events_makes_a_request_of_its_own_type(
    kind, request_type, processing_on, event
):
    decision = decide_request(event(kind), ACME, TERMINATED, None)
    assert LogOutcome.CREATED == decision.outcome
    assert (request_type, processing_on) == (decision.request.request_type, decision.request.processing_on)
    assert RequestStatus.DEFER_BATCH == decision.request.status


def test_the_same_event_decided_again_gives_the_same_request(event):
    first, second = (decide_request(event(), ACME, TERMINATED, None).request for _ in range(2))
    assert first == second
    assert first.id != decide_request(event(ordinal=2), ACME, TERMINATED, None).request.id
    assert "000000001/1/0001/1" == first.source


@pytest.mark.parametrize(
    ("account", "kind", "circumstances", "outcome"),
    [
        (None, MembershipEvent.ENROLL, TERMINATED, LogOutcome.NO_ACCOUNT),
        (
            replace(ACME, line_of_business=LineOfBusiness.SELF_FUNDED),
            MembershipEvent.ENROLL,
            TERMINATED,
            LogOutcome.LOB_EXCLUDED,
        ),
        (ACME, MembershipEvent.INFO, TERMINATED, LogOutcome.NO_BILLING_EFFECT),
        (ACME, MembershipEvent.CHANGE, TERMINATED, LogOutcome.NO_BILLING_EFFECT),
        (
            replace(ACME, member_events_raise_requests=False),
            MembershipEvent.ENROLL,
            TERMINATED,
            LogOutcome.NO_BILLING_EFFECT,
        ),
        (
            PERSON,
            MembershipEvent.ENROLL,
            replace(TERMINATED, subscriber_is_responsible=False),
            LogOutcome.NOT_FIN_RESPONSIBLE,
        ),
        (replace(ACME, characteristics=NO), MembershipEvent.ENROLL, TERMINATED, LogOutcome.NOT_ELIGIBLE),
        (replace(ACME, request_types={}), MembershipEvent.ENROLL, TERMINATED, LogOutcome.ERROR),
        (replace(ACME, windows=WINDOWS[:1]), MembershipEvent.ENROLL, TERMINATED, LogOutcome.NO_WINDOW),
    ],
    ids=lambda value: value.value if isinstance(value, LogOutcome) else "",
)
def test_the_first_precondition_that_fails_names_the_outcome_and_no_request_is_made(
    account, kind, circumstances, outcome, event
):
    decision = decide_request(event(kind), account, circumstances, None)
    assert (outcome, None) == (decision.outcome, decision.request)
    assert decision.note


def test_the_order_of_the_preconditions_is_their_meaning(event):
    nothing_fits = replace(ACME, line_of_business=LineOfBusiness.SELF_FUNDED, characteristics=NO, request_types={})
    assert LogOutcome.LOB_EXCLUDED == decide_request(event(), nothing_fits, TERMINATED, None).outcome


def test_in_group_business_another_responsible_person_does_not_matter(event):
    circumstances = replace(TERMINATED, subscriber_is_responsible=False)
    assert LogOutcome.CREATED == decide_request(event(), ACME, circumstances, None).outcome


def test_a_change_raises_a_request_where_the_account_says_so(event):
    account = replace(
        ACME, change_raises_request=True, request_types={MembershipEvent.CHANGE: RequestTypeRule("AUTO-CHANGE")}
    )
    decision = decide_request(event(MembershipEvent.CHANGE), account, TERMINATED, None)
    assert "AUTO-CHANGE" == decision.request.request_type


@pytest.mark.parametrize(
    ("previous", "reasons", "outcome"),
    [
        (MembershipStatus.TERMINATED, (), LogOutcome.CREATED),
        (MembershipStatus.TERMINATED, ("59", "08"), LogOutcome.CREATED),
        (MembershipStatus.TERMINATED, ("08",), LogOutcome.REASON_EXCLUDED),
        (MembershipStatus.CANCELED, (), LogOutcome.REASON_EXCLUDED),
        (MembershipStatus.ACTIVE, (), LogOutcome.REASON_EXCLUDED),
        (None, (), LogOutcome.REASON_EXCLUDED),
    ],
)
def test_or_12_only_a_terminated_membership_is_reinstated_and_only_for_the_listed_reasons(
    previous, reasons, outcome, event
):
    account = replace(ACME, reinstatement_reasons=reasons)
    circumstances = replace(TERMINATED, previous_status=previous)
    assert outcome == decide_request(event(MembershipEvent.REINSTATE), account, circumstances, None).outcome


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (RequestTypeRule("OLD", active=False), "inactive"),
        (RequestTypeRule("HAND", mode=InvoiceMode.MANUAL), "manual"),
        (RequestTypeRule("TRY", generation=BillGeneration.TRIAL), "regular bills"),
        (RequestTypeRule("DATES", date_algorithm="NONE"), "no date algorithm"),
    ],
    ids=["or_34", "or_08", "or_16", "unknown algorithm"],
)
def test_an_automatic_request_is_not_made_with_a_type_that_is_not_for_it(rule, said, event):
    account = replace(ACME, request_types={MembershipEvent.ENROLL: rule})
    decision = decide_request(event(), account, TERMINATED, None)
    assert LogOutcome.ERROR == decision.outcome
    assert said in decision.note


@pytest.mark.parametrize(
    ("created_on", "cutoff_on"),
    [(date(2025, 10, 20), date(2025, 11, 30)), (date(2025, 11, 7), date(2025, 12, 31))],
    ids=["the same window", "a later window"],
)
def test_a_second_event_joins_the_open_request_and_moves_its_cutoff_only_later(created_on, cutoff_on, event):
    decision = decide_request(event(), ACME, replace(TERMINATED, created_on=created_on), OPEN)
    assert LogOutcome.JOINED_OPEN == decision.outcome
    assert replace(OPEN, cutoff_on=cutoff_on) == decision.request
    assert (cutoff_on != OPEN.cutoff_on) == bool(decision.note)


def test_an_event_never_moves_the_cutoff_of_the_open_request_earlier(event):
    later = replace(OPEN, cutoff_on=date(2026, 1, 31))
    assert later == decide_request(event(), ACME, TERMINATED, later).request


def test_without_a_window_of_its_own_an_event_still_joins(event):
    decision = decide_request(event(), replace(ACME, windows=()), TERMINATED, OPEN)
    assert (LogOutcome.JOINED_OPEN, OPEN) == (decision.outcome, decision.request)


def test_an_excluded_event_does_not_join_either(event):
    decision = decide_request(event(MembershipEvent.INFO), ACME, TERMINATED, OPEN)
    assert (LogOutcome.NO_BILLING_EFFECT, None) == (decision.outcome, decision.request)


@pytest.mark.parametrize("status", [each for each in RequestStatus if each.is_final])
def test_a_final_request_is_not_joined(status, event):
    decision = decide_request(event(), ACME, TERMINATED, replace(OPEN, status=status))
    assert LogOutcome.CREATED == decision.outcome


@pytest.mark.parametrize(
    ("of_type", "of_account", "processing_on"),
    [
        (WorkCalendar(frozenset({date(2025, 10, 23)})), WorkCalendar(), date(2025, 10, 24)),
        (None, WorkCalendar(frozenset({date(2025, 10, 23), date(2025, 10, 24)})), date(2025, 10, 27)),
        (None, None, date(2025, 10, 23)),
    ],
    ids=["both: the type's", "only the account's", "none: no roll"],
)
def test_or_28_the_calendar_of_the_type_wins_over_the_account_s(of_type, of_account, processing_on, event):
    rule = replace(TYPES[MembershipEvent.ENROLL], calendar=of_type)
    account = replace(ACME, request_types={MembershipEvent.ENROLL: rule}, calendar=of_account)
    assert processing_on == decide_request(event(), account, TERMINATED, None).request.processing_on


def test_or_26_a_registered_algorithm_is_used_by_its_name(event):
    always = RequestDates(date(2030, 1, 31), date(2030, 1, 2), date(2030, 1, 1), date(2030, 1, 3))
    account = replace(ACME, request_types={MembershipEvent.ENROLL: RequestTypeRule("X", date_algorithm="TEST")})
    request = decide_request(event(), account, TERMINATED, None, algorithms={"TEST": lambda *_, **__: always}).request
    assert always == RequestDates(request.cutoff_on, request.bill_on, request.processing_on, request.accounting_on)


@pytest.mark.parametrize("account", [ACME, None], ids=["made", "not made"])
def test_or_07_every_decision_has_its_line_in_the_membership_log(account, event):
    at = datetime(2025, 10, 20, 12, tzinfo=UTC)
    decision = decide_request(event(), account, TERMINATED, None)
    entry = log_decision(event(), decision, at)
    assert (event().key, "M1", at, decision.outcome) == (entry.key, entry.membership_id, entry.at, entry.outcome)
    assert (account is not None) == (entry.request_id is not None) == (entry.cutoff_on is not None)
    assert ("000000001/1/0001/1", "SET1") == (entry.source, entry.set_id)


COBRA = replace(ACME, direct_billed=True, member_events_raise_requests=False)


@pytest.mark.parametrize("kind", [MembershipEvent.ENROLL, MembershipEvent.TERMINATE, MembershipEvent.CANCEL])
def test_direct_billed_members_raise_requests_even_where_the_group_s_members_do_not(kind, event):
    assert LogOutcome.CREATED == decide_request(event(kind), COBRA, ELIGIBLE, None).outcome


def test_a_direct_billed_member_must_be_the_one_who_pays_and_be_eligible_himself(event):
    another = replace(ELIGIBLE, subscriber_is_responsible=False)
    assert LogOutcome.NOT_FIN_RESPONSIBLE == decide_request(event(), COBRA, another, None).outcome
    assert LogOutcome.NOT_ELIGIBLE == decide_request(event(), COBRA, TERMINATED, None).outcome


@pytest.mark.parametrize("hook", ["account_selection", "status_update"])
def test_or_32_without_a_hook_no_request_is_made_and_the_log_says_which(hook, event):
    decision = decide_request(event(), replace(ACME, **{hook: ""}), TERMINATED, None)
    assert (LogOutcome.ERROR, None) == (decision.outcome, decision.request)
    assert "has no hook for C1-INV" in decision.note


def test_an_event_joins_what_a_person_ordered_and_leaves_its_cutoff_as_typed(event):
    ordered = replace(OPEN, is_manual=True, created_by="pat", status=RequestStatus.APPROVAL)
    decision = decide_request(event(), ACME, replace(TERMINATED, created_on=date(2025, 11, 7)), ordered)
    assert (LogOutcome.JOINED_OPEN, ordered) == (decision.outcome, decision.request)
    assert "the cutoff 2025-11-30 that pat ordered is kept" == decision.note


def test_or_03_the_account_of_an_individual_membership_is_that_of_its_main_subscriber_who_pays(event):
    paid = decide_request(event(), PERSON, ELIGIBLE, None)
    assert (LogOutcome.CREATED, "P1") == (paid.outcome, paid.request.account_id)
    assert LogOutcome.NO_ACCOUNT == decide_request(event(), None, ELIGIBLE, None).outcome
    another = replace(ELIGIBLE, subscriber_is_responsible=False)
    assert LogOutcome.NOT_FIN_RESPONSIBLE == decide_request(event(), PERSON, another, None).outcome


def test_held_pricing_delays_the_request(event):
    held = decide_request(event(), ACME, replace(TERMINATED, reprice_after=date(2025, 11, 3)), None)
    assert date(2025, 11, 6) == held.request.processing_on
