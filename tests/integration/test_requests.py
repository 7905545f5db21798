"""Invoice requests that people order, from the command line to the bill (DOMAIN 3.1 to 3.3)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.billing.hooks import HOOKS, Hooks
from gateway.billing.selection import select_accounts
from gateway.domain.charge import RequestStatus
from gateway.errors import NotAllowed, NotFound
from gateway.ports.clock import FixedClock
from gateway.ports.queries import RequestFilter
from tests.integration import ordering
from tests.integration.ordering import ACME, create, enroll, journal, order, requests, words
from tests.unit.pipeline.house import House

DEFER, BATCH, DONE = RequestStatus.DEFER, RequestStatus.DEFER_BATCH, RequestStatus.PROCESSED


@pytest.fixture
def acme(house: House) -> House:
    """Acme with three members, manual types of every kind, and no automatic request."""
    ordering.silence(house)
    ordering.add_types(house)
    enroll(house, "A1", "A2", "A3")
    return house


def lines(house, invoice_id):
    return house.rows(
        "SELECT membership_id, month, amount FROM invoice_lines WHERE invoice_id = ? ORDER BY number", invoice_id
    )


def price(house, *rates):
    """Put other prices into acme's rate file."""
    house._exchange(replace(house.plant.partner("acme"), rates=rates))


# --- regular bills


def test_or_01_a_request_bills_the_account_through_its_cutoff_and_no_charge_later(acme):
    request = create(acme)
    assert (DONE, True) == (request.status, request.is_manual)
    billed = lines(acme, request.invoice_id)
    assert [("2025-11", 62000)] * 3 == [(month, amount) for _, month, amount in billed]
    assert ("2025-11-30", "2025-11-01", "2025-10-23") == acme.rows(
        "SELECT cutoff_on, accounting_on, bill_on FROM invoices"
    )[0]


def test_or_01_a_later_cutoff_takes_the_months_up_to_it(acme):
    request = create(acme, cutoff_on=date(2025, 12, 31))
    months = {month for _, month, _ in lines(acme, request.invoice_id)}
    assert {"2025-11", "2025-12"} == months


def test_what_was_ordered_is_ordered_once_however_often_it_is_typed(acme, gateway):
    first, second = gateway(*words()), gateway(*words())
    assert "is processed, invoice INV000000001\n" in first.stdout
    assert "is processed, invoice INV000000001 (before: nothing was done twice)" in second.stdout
    assert (0, 0, 1) == (first.exit_code, second.exit_code, len(requests(acme)))


@pytest.mark.parametrize(
    ("left_out", "named"),
    [
        ("--type", "request type"),
        ("--account", "account"),
        ("--cutoff", "cutoff date"),
        ("--accounting", "accounting date"),
        ("--bill-date", "bill date"),
    ],
)
def test_or_31_a_person_is_told_which_mandatory_field_is_missing(acme, gateway, left_out, named):
    typed = list(words())
    at = typed.index(left_out)
    done = gateway(*typed[:at], *typed[at + 2 :])
    assert 2 == done.exit_code
    assert f"a manual request needs its {named}" in done.stderr
    assert [] == requests(acme)


def test_or_31_a_program_is_refused_as_a_person_is(acme):
    with pytest.raises(NotAllowed, match="needs its cutoff date, bill date"):
        acme.app.create_requests(order(cutoff_on=None, bill_on=None))


def test_or_08_an_automatic_type_is_not_for_people_and_a_manual_one_not_for_events(acme, gateway):
    with pytest.raises(NotAllowed, match="ENROLL is for automatic requests"):
        gateway(*words("ENROLL"))
    ordering.change_account(
        acme, member_events_raise_requests=True, request_types={"enroll": "NOW", "terminate": "NOW", "cancel": "NOW"}
    )
    enroll(acme, "A9", number="000000109")
    assert ("enroll", "ERROR") == ordering.outcomes(acme)[-1]
    assert [] == requests(acme)


def test_or_34_an_inactive_type_cannot_be_used(acme, gateway):
    with pytest.raises(NotAllowed, match="OLD is inactive"):
        gateway(*words("OLD"))


def test_a_type_or_account_that_there_is_not_is_named(acme, gateway):
    with pytest.raises(NotFound, match="acme has no request type MINE"):
        gateway(*words("MINE"))
    with pytest.raises(NotFound, match="no account 'NOBODY'"):
        gateway(*words(account="NOBODY"))


def test_while_a_request_is_open_a_second_one_is_refused_with_what_to_do(acme, gateway):
    waiting = create(acme, "WAIT")
    with pytest.raises(NotAllowed, match=f"has the open request {waiting.id}") as refused:
        gateway(*words("NOW"))
    assert f"gateway request cancel {waiting.id}" in refused.value.hint


# --- which way a request goes


@pytest.mark.parametrize(
    ("limit", "status"), [(2, BATCH), (3, DONE), (4, DONE)], ids=["one too many", "as many", "one fewer"]
)
def test_or_19_more_billable_charges_than_the_limit_go_to_the_batch(acme, limit, status):
    few = ordering.MANUAL["FEW"].model_copy(update={"defer_count": limit})
    ordering.add_types(acme, FEW=few)
    assert status == create(acme, "FEW").status


def test_or_23_an_online_request_waits_for_its_processing_date_by_the_system_date(acme):
    request = create(acme, "WAIT")
    assert (DEFER, date(2025, 10, 26)) == (request.status, request.processing_on)
    acme.bill(date(2025, 10, 26))  # the batch is ahead, the system is not
    assert DEFER == acme.app.queries.request(request.id).request.status
    acme.clock.instant = datetime(2025, 10, 26, 9, tzinfo=UTC)
    acme.bill(date(2025, 10, 24))  # the batch is behind, the system is there
    assert DONE == acme.app.queries.request(request.id).request.status


def test_or_24_a_deferred_request_waits_for_the_batch_business_date(acme):
    request = create(acme, "FEW")
    assert BATCH == request.status
    acme.clock.instant = datetime(2025, 11, 3, 9, tzinfo=UTC)
    acme.bill(date(2025, 10, 22))  # the batch is behind the system
    assert BATCH == acme.app.queries.request(request.id).request.status
    acme.bill(date(2025, 10, 23))
    assert DONE == acme.app.queries.request(request.id).request.status


def test_a_daemon_whose_batch_date_is_behind_still_makes_the_online_bills_of_today(acme):
    request = create(acme, "WAIT")
    behind = FixedClock(datetime(2025, 10, 27, 9, tzinfo=UTC), date(2025, 10, 20))
    acme.refit(clock=behind)
    acme.app.bill(behind.business_date())
    assert DONE == acme.app.queries.request(request.id).request.status


# --- approval


def test_or_21_another_person_approves_and_the_bill_is_made(acme, gateway):
    request = create(acme, "FOUR_EYES")
    assert (RequestStatus.APPROVAL, 0) == (request.status, len(acme.rows("SELECT id FROM invoices")))
    done = gateway("request", "approve", request.id, "--by", "kim")
    assert f"request {request.id} is processed, invoice INV000000001" in done.stdout
    after = acme.app.queries.request(request.id).request
    assert ("pat", "kim") == (after.created_by, after.decided_by)


@pytest.mark.parametrize("name", ["pat", " PAT "])
def test_or_21_nobody_approves_or_rejects_what_he_ordered(acme, gateway, name):
    request = create(acme, "FOUR_EYES")
    with pytest.raises(NotAllowed, match="another person must decide"):
        gateway("request", "approve", request.id, "--by", name)
    with pytest.raises(NotAllowed, match="another person must decide"):
        gateway("request", "reject", request.id, "--by", name, "--reason", "no")
    assert RequestStatus.APPROVAL == acme.app.queries.request(request.id).request.status


def test_or_21_a_rejected_request_bills_nothing_ever_and_may_be_ordered_anew(acme, gateway):
    request = create(acme, "FOUR_EYES")
    gateway("request", "reject", request.id, "--by", "kim", "--reason", "wrong cutoff")
    acme.bill()
    assert (RequestStatus.REJECTED, "wrong cutoff", "kim") == (
        (after := acme.app.queries.request(request.id).request).status,
        after.reason,
        after.decided_by,
    )
    assert [] == acme.rows("SELECT id FROM invoices")
    with pytest.raises(NotAllowed, match="nothing for kim to decide"):
        gateway("request", "approve", request.id, "--by", "kim")
    again = create(acme, "FOUR_EYES")
    assert (RequestStatus.APPROVAL, False) == (again.status, again.id == request.id)


def test_an_approved_request_goes_the_way_of_one_just_submitted(acme):
    both = ordering.MANUAL["FOUR_EYES"].model_copy(update={"defer_count": 2})
    ordering.add_types(acme, FOUR_EYES=both)
    request = create(acme, "FOUR_EYES")
    acme.app.approve_request(request.id, by="kim")
    acme.work()
    after = acme.app.queries.request(request.id).request
    assert (BATCH, "3 billable charges, more than 2: the batch makes the bill") == (after.status, after.reason)


def test_approving_twice_changes_nothing(acme):
    request = create(acme, "FOUR_EYES")
    acme.app.approve_request(request.id, by="kim")
    acme.work()
    before = acme.everything()
    assert not acme.app.approve_request(request.id, by="lee").is_new
    acme.work()
    assert before == acme.everything()


# --- cancel, error, retry


@pytest.mark.parametrize("kind", ["WAIT", "FEW", "FOUR_EYES"])
def test_any_request_that_is_not_final_is_canceled_with_its_reason(acme, gateway, kind):
    request = create(acme, kind)
    done = gateway("request", "cancel", request.id, "--by", "kim", "--reason", "ordered by mistake")
    assert f"request {request.id} is canceled: ordered by mistake" in done.stdout
    before = acme.everything()
    again = gateway("request", "cancel", request.id, "--by", "kim", "--reason", "ordered by mistake")
    assert "(before: nothing was done twice)" in again.stdout
    acme.clock.instant = datetime(2025, 11, 3, 9, tzinfo=UTC)
    acme.bill(date(2025, 11, 3))
    assert [] == acme.rows("SELECT id FROM invoices")
    assert before["invoice_requests"] == acme.everything()["invoice_requests"]


def test_a_processed_request_cannot_be_canceled(acme, gateway):
    request = create(acme)
    with pytest.raises(NotAllowed, match="is processed and cannot become canceled"):
        gateway("request", "cancel", request.id, "--by", "kim", "--reason", "too late")


def test_a_request_whose_bill_fails_is_in_error_until_a_next_run_succeeds(acme):
    rates = acme.plant.partner("acme").rates
    price(acme, *(rate.model_copy(update={"amount": Decimal("0.00")}) for rate in rates))
    acme.app.create_requests(order("FEW", cutoff_on=date(2025, 12, 31)))
    acme.bill()
    [request] = acme.app.queries.requests(RequestFilter()).items
    reason = "The rate of plan GOLD, tier EMP is zero."
    assert (RequestStatus.ERROR, reason) == (request.status, request.reason)
    assert [("account_held", "acme")] == acme.incidents()
    acme.bill(date(2025, 10, 24))
    price(acme, *rates)
    acme.bill(date(2025, 10, 25))
    after = acme.app.queries.request(request.id)
    assert DONE == after.request.status
    assert ["draft", "defer_processing", "error", "processed"] == [line.status for line in after.log]


# --- trial bills


def test_or_02_a_trial_bill_posts_nothing_and_is_kept_as_an_image(acme, gateway):
    before = journal(acme)
    request = create(acme, "TRIAL")
    assert (DONE, True, None) == (request.status, request.is_trial, request.invoice_id)
    assert before == journal(acme)
    assert [] == acme.rows("SELECT id FROM invoices")
    assert [] == acme.rows("SELECT series FROM number_series")
    assert {} == acme.inbox("acme") or not [name for name in acme.inbox("acme") if name.startswith("invoice_")]
    shown = gateway("request", "show", request.id).stdout
    assert "TRIAL BILL, nothing was posted" in shown
    assert "this bill 1,860.00, due 1,860.00 on 2025-11-07" in shown
    assert 3 == shown.count("620.00 ")


def test_or_02_the_trial_equals_the_next_regular_bill_line_by_line(acme):
    trial = create(acme, "TRIAL")
    regular = create(acme)
    with acme.plant.open_unit() as unit:
        image, bill = unit.requests.trial(trial.id), unit.invoices.get(regular.invoice_id)
        assert list(unit.requests.trial_lines(trial.id)) == list(unit.invoices.lines(bill.id))
    assert (bill.total, bill.lines_count, bill.due_on, bill.cutoff_on, bill.previous_balance, bill.payments) == (
        image.total,
        image.lines_count,
        image.due_on,
        image.cutoff_on,
        image.previous_balance,
        image.payments,
    )


def test_or_09_a_trial_stands_in_nobody_s_way_and_each_shows_what_is_known_then(acme):
    waiting = create(acme, "WAIT")
    first = create(acme, "TRIAL")
    enroll(acme, "A4", number="000000104")
    acme.clock.instant = datetime(2025, 10, 23, 10, tzinfo=UTC)
    second = create(acme, "TRIAL")
    totals = [acme.app.queries.request(each.id).trial.total for each in (first, second)]
    assert [Decimal("1860.00"), Decimal("2480.00")] == totals
    assert DEFER == acme.app.queries.request(waiting.id).request.status


def test_a_trial_shows_what_would_hold_the_bill(acme):
    ordering.change_account(acme, jump_percent=Decimal(10))
    create(acme)
    enroll(acme, "A4", number="000000104")
    trial = create(acme, "TRIAL", cutoff_on=date(2025, 12, 31))
    remarks = acme.app.queries.request(trial.id).trial.remarks
    assert ("The month's premium moves from 1860.00 to 2480.00, by more than 10 percent.",) == remarks


def test_a_trial_of_nothing_says_so(acme):
    create(acme)
    trial = create(acme, "TRIAL")
    assert (DONE, 0) == (trial.status, acme.app.queries.request(trial.id).trial.lines_count)


def test_a_trial_that_must_wait_is_made_by_the_batch(acme):
    ordering.add_types(acme, LATER=ordering.MANUAL["TRIAL"].model_copy(update={"wait_days": 2}))
    request = create(acme, "LATER")
    assert DEFER == request.status
    acme.clock.instant = datetime(2025, 10, 25, 9, tzinfo=UTC)
    report = acme.bill()
    assert (1, []) == (report.trials, report.invoices)
    assert DONE == acme.app.queries.request(request.id).request.status


# --- persons


def test_or_04_of_four_accounts_one_not_eligible_and_one_taken_out_two_are_billed(house, gateway):
    ordering.add_types(house)
    ordering.tree(house)
    typed = [word for word in words() if word not in {"--account", ACME}]
    done = gateway(*typed, "--person", "acme", "--children", "--without", "SHOP")
    assert 1 == done.exit_code
    assert "account PLANT: no request, the account is not eligible: INVRACTE is N" in done.stdout
    assert "account SHOP: no request, it was taken out" in done.stdout
    assert [(ACME,), ("YARD",)] == house.rows("SELECT account_id FROM invoices ORDER BY account_id")


def test_or_04_without_the_option_a_person_stands_for_its_own_accounts_only(house):
    ordering.add_types(house)
    ordering.tree(house)
    made = house.app.create_requests(order(account_id="", person_id="NORTH"))
    assert [("PLANT", False), ("SHOP", True)] == [(each.account_id, each.request is not None) for each in made]


def test_or_04_an_account_that_cannot_be_ordered_does_not_stop_the_others(house):
    ordering.add_types(house)
    ordering.tree(house)
    [waiting] = house.app.create_requests(order("WAIT", account_id="YARD"))
    made = house.app.create_requests(order(account_id="", person_id="acme", with_children=True))
    refused = {each.account_id: each.refusal for each in made if each.refusal}
    assert {"PLANT", "YARD"} == set(refused)
    assert waiting.request.id in refused["YARD"]


def test_a_stranger_among_those_taken_out_is_a_mistake(house):
    ordering.tree(house)
    with pytest.raises(NotFound, match="acme has no account SHOPP"):
        house.app.create_requests(order(account_id="", person_id="acme", without=frozenset({"SHOPP"})))


def test_individual_business_is_ordered_by_account_only(house):
    with pytest.raises(NotAllowed, match="dunes is individual business"):
        house.app.create_requests(order(account_id="", person_id="dunes"))


# --- eligibility and hooks


@pytest.mark.parametrize(
    ("characteristics", "said"),
    [({"INVRACTE": "N"}, "INVRACTE is N"), ({}, "it has no INVRACTE")],
    ids=["N", "absent"],
)
def test_or_05_an_account_that_is_not_eligible_gets_no_request_by_hand_either(acme, characteristics, said):
    ordering.change_account(acme, characteristics=characteristics)
    with pytest.raises(NotAllowed, match=said):
        create(acme)


@pytest.mark.parametrize("hook", ["account_selection", "status_update"])
def test_or_32_without_a_hook_of_its_customer_class_creation_is_refused(acme, hook):
    ordering.customer_class(acme, **{**ordering.HOOKS, hook: ""})
    with pytest.raises(NotAllowed, match="the customer class GROUP has no hook for C1-INV"):
        create(acme)
    assert [] == requests(acme)


def test_or_32_the_hooks_are_called_with_what_was_ordered(acme):
    calls = []

    def selection(target, candidates, parents):
        calls.append((target.account_id, [each.account_id for each in candidates]))
        return select_accounts(target, candidates, parents)

    def status(request, turn):
        calls.append((request.status, turn.to, turn.actor))
        return HOOKS.status_update["C1-INVRSTUP"](request, turn)

    ordering.customer_class(acme, account_selection="MINE", status_update="MINE")
    acme.refit(hooks=Hooks({"MINE": selection}, {"MINE": status}))
    create(acme)
    assert [
        (ACME, [ACME]),
        (RequestStatus.DRAFT, DEFER, "pat"),
        (DEFER, DONE, "gateway"),
    ] == calls


# --- lists and views


def test_or_35_requests_are_listed_by_status_account_and_date(acme, gateway, valid):
    enroll(acme, "T1", number="000000201")
    first = create(acme)
    acme.clock.instant = datetime(2025, 10, 27, 9, tzinfo=UTC)
    second = create(acme, "WAIT", bill_on=date(2025, 10, 27))

    def listed(*options):
        document = valid("request-list", gateway("request", "list", "--json", *options))
        return [each["id"] for each in document["items"]]

    assert [second.id, first.id] == listed()
    assert [second.id] == listed("--status", "defer_processing")
    assert [first.id] == listed("--until", "2025-10-26")
    assert [second.id] == listed("--since", "2025-10-27")
    assert [second.id, first.id] == listed("--account", ACME)
    assert "there is no such request" in gateway("request", "list", "--status", "rejected").stdout
    assert [first.id] == [each.id for each in acme.app.queries.requests(RequestFilter(status=DONE)).items]


def test_or_35_a_request_is_shown_with_its_log_and_its_bill(acme, gateway, valid):
    request = create(acme, "FOUR_EYES")
    gateway("request", "approve", request.id, "--by", "kim")
    shown = gateway("request", "show", request.id).stdout
    for each in (
        f"request {request.id} of account {ACME}: processed",
        "type FOUR_EYES (regular), made on 2025-10-23 by pat, decided by kim",
        "another person of role C1-INVRA must approve it",
        "bill INV000000001: open, total 1,860.00, open 1,860.00, due 2025-11-07",
    ):
        assert each in shown
    document = valid("show-request", gateway("request", "show", request.id, "--json"))
    assert ["draft", "approval_in_progress", "defer_processing", "processed"] == [
        line["status"] for line in document["log"]
    ]
    assert ["pat", "pat", "kim", "gateway"] == [line["actor"] for line in document["log"]]


def test_an_order_made_twice_by_a_job_that_ran_again_has_one_effect(acme):
    [done] = acme.app.create_requests(order())
    acme.work(times=2)
    before = acme.everything()
    acme.bill()
    assert before == acme.everything()
    assert DONE == acme.app.queries.request(done.request.id).request.status
