"""What an 834 does to invoice requests: group, individual and direct-billed business (DOMAIN 3.4, 3.5, 3.7)."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.billing.dates import DATE_ALGORITHMS, RequestDates
from gateway.demo.scenario import sample
from gateway.domain.charge import RequestStatus
from gateway.domain.parties import LineOfBusiness
from gateway.ports.queries import RequestFilter
from tests.integration import ordering
from tests.integration.ordering import ACME, change_account, journal, outcomes, requests
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

DUNES = sample("dunes_enroll.834")


def loop(subscriber, does, *, reason="28", status="A", coverage="", **fields):
    """One INS loop with another reason (INS04) and benefit status (INS05) than usual."""
    first, *rest = member(subscriber, does=does, **fields)
    first = first.replace(f"*{does}*28*A", f"*{does}*{reason}*{status}")
    return (first, *rest)


def send(house, *loops, number, on=None):
    """Hand over one file of acme, and bill nothing yet."""
    if on is not None:
        house.clock.instant = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
    body = enrollment(*loops, reference=f"REF{number}", created=f"20251020*{number[-4:]}")
    return house.take("acme", Envelope(number=number).around(body))


def billed(house):
    """What stands billed over all invoices, by month."""
    return house.rows(
        "SELECT month, sum(amount) FROM invoice_lines GROUP BY month HAVING sum(amount) <> 0 ORDER BY month"
    )


# --- the four events


@pytest.mark.parametrize(
    ("does", "fields", "event", "request_type"),
    [
        ("024", {"ends": "20251130"}, "terminate", "TERM"),
        ("024", {"ends": "20251031"}, "cancel", "CANC"),
    ],
    ids=["or_11_terminate", "or_13_cancel"],
)
def test_or_10_11_13_each_event_makes_one_request_of_its_own_type(house, does, fields, event, request_type):
    types = house.plant.partner("acme").billing.request_types
    kinds = {
        code: types["ENROLL"].model_copy(update={"wait_days": n}) for n, code in enumerate(("TERM", "CANC", "NEW"))
    }
    house.agree_on_billing("acme", request_types={**types, **kinds})
    change_account(house, request_types={"enroll": "NEW", "terminate": "TERM", "cancel": "CANC", "reinstate": "NEW"})
    send(house, member("A1"), number="000000101")
    assert [(ACME, "NEW", "defer_processing_batch")] == requests(house)
    house.bill(date(2025, 10, 27))
    send(house, loop("A1", does, **fields), number="000000102", on=date(2025, 10, 28))
    assert (ACME, request_type, "defer_processing_batch") == requests(house)[-1]
    assert 2 == len(requests(house))
    assert (event, "CREATED") == outcomes(house)[-1]


def test_or_33_each_event_has_the_wait_days_of_its_type_by_the_account_s_customer_class(house):
    types = house.plant.partner("acme").billing.request_types
    waits = {"THREE": types["ENROLL"].model_copy(update={"wait_days": 3, "calendar": ""}), "NONE": types["LEAVE"]}
    house.agree_on_billing("acme", request_types={**types, **waits})
    ordering.customer_class(house, **ordering.HOOKS)
    shared = house.plant.partner("acme").billing.customer_classes["GROUP"]
    events = {"enroll": "THREE", "terminate": "NONE", "cancel": "NONE"}
    house.agree_on_billing("acme", customer_classes={"GROUP": shared.model_copy(update={"request_types": events})})
    change_account(house, request_types={})
    send(house, member("A1"), number="000000101")
    house.bill(date(2025, 10, 26))
    send(house, loop("A1", "024", ends="20251130"), number="000000102", on=date(2025, 10, 28))
    assert [("2025-10-23", "2025-10-26"), ("2025-10-28", "2025-10-28")] == house.rows(
        "SELECT created_on, processing_on FROM invoice_requests ORDER BY created_on"
    )


@pytest.mark.parametrize(
    ("reasons", "outcome"), [((), "CREATED"), (("59",), "CREATED"), (("08",), "REASON_EXCLUDED")], ids=str
)
def test_or_12_a_reinstatement_from_terminated_makes_a_request_for_the_listed_reasons(house, reasons, outcome):
    change_account(house, reinstatement_reasons=reasons)
    send(house, member("A1"), number="000000101")
    house.bill()
    send(house, loop("A1", "024", reason="59", ends="20251130"), number="000000102", on=date(2025, 11, 4))
    house.bill(date(2025, 11, 4))
    send(house, loop("A1", "025", begins="20251201"), number="000000103", on=date(2025, 11, 5))
    assert ("reinstate", outcome) == outcomes(house)[-1]


def test_or_12_from_canceled_nothing_is_reinstated(house):
    send(house, member("A1"), number="000000101")
    send(house, loop("A1", "024", ends="20251031"), number="000000102")
    before = len(outcomes(house))
    file = send(house, loop("A1", "025", begins="20251201"), number="000000103")
    assert [("REINSTATE_NOT_TERMINATED",)] == house.rows("SELECT code FROM findings WHERE file_id = ?", file.id)
    assert before == len(outcomes(house))


def test_or_13_after_a_cancellation_the_charges_are_zero_and_no_day_is_left(house):
    send(house, member("A1"), number="000000101")
    house.bill()
    assert [("2025-11", 62000)] == billed(house)
    send(house, loop("A1", "024", ends="20251031"), number="000000102", on=date(2025, 10, 28))
    house.bill(date(2025, 10, 28))
    assert [] == billed(house)
    assert [("canceled",)] == house.rows("SELECT status FROM memberships")


def test_or_15_self_funded_business_gets_no_automatic_request(house):
    change_account(house, line_of_business=LineOfBusiness.SELF_FUNDED)
    send(house, member("A1"), number="000000101")
    assert ([], [("enroll", "LOB_EXCLUDED")]) == (requests(house), outcomes(house))


@pytest.mark.parametrize(
    ("characteristics", "outcome"),
    [({"INVRACTE": "Y"}, "CREATED"), ({"INVRACTE": "N"}, "NOT_ELIGIBLE"), ({}, "NOT_ELIGIBLE")],
    ids=["Y", "N", "absent"],
)
def test_or_05_the_characteristic_of_the_group_account_decides(house, characteristics, outcome):
    change_account(house, characteristics=characteristics)
    send(house, member("A1"), number="000000101")
    assert [("enroll", outcome)] == outcomes(house)


@pytest.mark.parametrize(
    ("characteristics", "outcome"),
    [({"CM-BILL": "Y"}, "CREATED"), ({"INVRACTE": "Y"}, "NOT_ELIGIBLE")],
    ids=["the new name", "the old name"],
)
def test_or_06_when_the_type_is_renamed_behaviour_follows_and_the_old_name_is_ignored(house, characteristics, outcome):
    renamed = house.plant.settings.invoice_requests.model_copy(update={"eligibility_characteristic": "CM-BILL"})
    house.refit(settings=house.plant.settings.model_copy(update={"invoice_requests": renamed}))
    change_account(house, characteristics=characteristics)
    send(house, member("A1"), number="000000101")
    assert [("enroll", outcome)] == outcomes(house)


def test_or_07_every_event_that_was_decided_has_its_line_in_the_membership_log(house):
    send(
        house,
        member("A1"),
        member("A2"),
        loop("A1", "001", tier="ESP"),
        loop("A2", "024", ends="20251130"),
        number="000000101",
    )
    events = house.rows("SELECT key FROM membership_events")
    decided = house.rows("SELECT key FROM membership_log WHERE outcome NOT IN ('PROCESSED', 'CANCELED', 'ERROR')")
    assert sorted(events) == sorted(decided)
    assert 4 == len(events)


def test_hf_25_every_change_that_raised_a_request_is_on_a_bill_or_on_the_list_of_open_ones(house):
    send(house, member("A1"), member("A2"), number="000000101")
    house.bill()
    send(house, loop("A2", "024", ends="20251130"), number="000000102", on=date(2025, 11, 4))
    raised = house.rows(
        "SELECT l.event, r.status, r.invoice_id IS NOT NULL FROM membership_log l JOIN invoice_requests r "
        "ON r.id = l.request_id WHERE l.outcome IN ('CREATED', 'JOINED_OPEN') ORDER BY l.rowid"
    )
    assert [
        ("enroll", "processed", 1),
        ("enroll", "processed", 1),
        ("terminate", "defer_processing_batch", 0),
    ] == raised
    assert [("enroll", "PROCESSED")] * 2 == [line for line in outcomes(house) if line[1] == "PROCESSED"]


def test_an_open_request_is_joined_and_ends_with_a_line_for_each_event(house):
    send(house, member("A1"), member("A2"), number="000000101")
    assert [("enroll", "CREATED"), ("enroll", "JOINED_OPEN")] == outcomes(house)
    [request] = house.app.queries.requests(RequestFilter()).items
    house.app.cancel_request(request.id, by="kim", reason="the group asked us to wait")
    assert [("enroll", "CANCELED")] * 2 == outcomes(house)[2:]
    assert "CANCELED" in {each.outcome for each in house.app.queries.request(request.id).outcomes.items}
    house.bill(date(2025, 11, 10))
    assert [("2025-11", 124000), ("2025-12", 124000)] == billed(house)  # with the cycle's bill instead


def test_or_32_without_its_hooks_an_event_makes_no_request_and_says_why(house):
    ordering.customer_class(house, account_selection="C1-INVACTEL")
    send(house, member("A1"), number="000000101")
    assert [("enroll", "ERROR")] == outcomes(house)
    [(note,)] = house.rows("SELECT note FROM membership_log")
    assert "the customer class GROUP has no hook for C1-INVRSTUP (status update)" == note


def test_or_26_a_date_algorithm_of_one_s_own_is_used_by_the_type_that_names_it(house):
    always = RequestDates(date(2026, 1, 31), date(2026, 1, 5), date(2026, 1, 2), date(2026, 1, 1))
    house.refit(algorithms={**DATE_ALGORITHMS, "CM-MINE": lambda *_, **__: always})
    types = house.plant.partner("acme").billing.request_types
    mine = types["ENROLL"].model_copy(update={"date_algorithm": "CM-MINE"})
    house.agree_on_billing("acme", request_types={**types, "ENROLL": mine})
    send(house, member("A1"), number="000000101")
    assert [("2026-01-31", "2026-01-05", "2026-01-02", "2026-01-01")] == house.rows(
        "SELECT cutoff_on, bill_on, processing_on, accounting_on FROM invoice_requests"
    )


def test_pricing_that_is_held_delays_the_request(house):
    change_account(house, hold_pricing_until=date(2025, 10, 29))
    send(house, member("A1"), number="000000101")
    assert [("2025-10-29",)] == house.rows("SELECT processing_on FROM invoice_requests")


@pytest.mark.parametrize(
    ("on", "total"), [(date(2025, 10, 20), "600.00"), (date(2025, 11, 7), "1200.00")], ids=["10-20", "11-07"]
)
def test_or_25_a_600_member_is_billed_one_month_or_two_by_the_day_of_the_file(house, on, total):
    """DOMAIN 9.1: enrolled from 2025-11-01, by the file of 10-20 November alone, by that of 11-07 December with it."""
    partner = house.plant.partner("acme")
    waits = partner.billing.request_types["ENROLL"].model_copy(update={"wait_days": 3})
    house.agree_on_billing("acme", request_types={**partner.billing.request_types, "ENROLL": waits})
    rates = tuple(each.model_copy(update={"amount": Decimal("600.00")}) for each in partner.rates)
    house._exchange(_with_rates(house, rates))
    send(house, member("A1"), number="000000101", on=on)
    [request] = house.app.queries.requests(RequestFilter()).items
    report = house.bill(request.processing_on)
    assert [Decimal(total)] == [each.total for each in report.invoices if each.request_id == request.id]


def _with_rates(house, rates):
    partner = house.plant.partner("acme")
    return type(partner)(partner.profile, partner.billing, rates, partner.folder, partner.other_rates)


# --- individual business


def individual(house):
    return house.rows("SELECT id, membership_id FROM accounts WHERE line_of_business = 'individual' ORDER BY id")


def test_or_03_each_individual_membership_has_the_account_of_its_main_subscriber(house):
    house.take("dunes", DUNES)
    assert len(individual(house)) == len(requests(house)) > 1
    assert sorted(account for account, _ in individual(house)) == sorted(account for account, _, _ in requests(house))


def test_or_03_another_responsible_person_gets_no_request(house):
    pays_another = DUNES.replace(b"DMG*D8*19660814*F~\n", b"DMG*D8*19660814*F~\nNM1*QD*1*PAYER*PAT~\n").replace(
        b"SE*41*0001", b"SE*42*0001"
    )
    house.take("dunes", pays_another)
    assert ["NOT_FIN_RESPONSIBLE", "CREATED"] == [outcome for _, outcome in outcomes(house)]


@pytest.mark.parametrize(("said", "outcome"), [(b"N", "NOT_ELIGIBLE"), (b"Y", "CREATED")])
def test_or_05_an_individual_membership_bears_the_characteristic_that_its_834_says(house, said, outcome):
    says = DUNES.replace(b"N1*75*SOURCE EXCHANGE ID~\nREF*17*IL0~", b"N1*75*INVRACTE~\nREF*17*" + said + b"~", 1)
    house.take("dunes", says)
    assert [outcome, "CREATED"] == [outcome for _, outcome in outcomes(house)]


def test_or_05_a_person_says_who_is_eligible_and_every_word_is_kept(house, gateway):
    house.take("dunes", DUNES)
    ordering.add_types(house)
    dunes = house.plant.partner("dunes").billing
    house.agree_on_billing("dunes", request_types={**dunes.request_types, **ordering.MANUAL})
    (account_id, membership), *_ = individual(house)
    done = gateway("request", "eligible", membership, "N", "--by", "kim", "--reason", "moves to paper bills")
    assert f"membership {membership}: INVRACTE is N, said by kim" in done.stdout
    refused = ordering.order(account_id=account_id, by="pat")
    with pytest.raises(Exception, match="the membership is not eligible: INVRACTE is N"):
        house.app.create_requests(refused)
    house.clock.instant = datetime(2025, 10, 24, 9, tzinfo=UTC)
    gateway("request", "eligible", membership, "Y", "--by", "kim", "--reason", "back to the feed")
    assert [("N", "kim"), ("Y", "kim")] == house.rows(
        'SELECT setting, "by" FROM membership_characteristics ORDER BY at'
    )
    with house.plant.open_unit() as unit:
        assert {membership: {"INVRACTE": "Y"}} == unit.request_audit.characteristics([membership])


def test_in_group_business_the_account_is_configured_instead(house, gateway):
    send(house, member("A1"), number="000000101")
    [(membership,)] = house.rows("SELECT id FROM memberships")
    with pytest.raises(Exception, match="is group business: account G001234 bears INVRACTE"):
        gateway("request", "eligible", membership, "N", "--by", "kim", "--reason", "x")


# --- direct-billed members


def test_a_member_on_cobra_gets_an_account_and_a_request_of_his_own(house):
    send(house, loop("A1", "021", reason="09", status="C"), member("A2"), number="000000101")
    own, group = sorted(requests(house), reverse=True)
    assert ACME == group[0]
    assert own[0].startswith(f"{ACME}-D")
    assert "A1" not in own[0]
    house.bill()
    assert [(ACME, 62000), (own[0], 62000)] == sorted(house.rows("SELECT account_id, total FROM invoices"))


def test_direct_billed_events_raise_requests_where_the_group_s_do_not(house):
    change_account(house, member_events_raise_requests=False)
    send(house, loop("A1", "021", status="C"), member("A2"), number="000000101")
    assert ["CREATED", "NO_BILLING_EFFECT"] == [outcome for _, outcome in outcomes(house)]
    send(house, loop("A1", "024", status="C", ends="20251130"), number="000000102")
    assert ("terminate", "JOINED_OPEN") == outcomes(house)[-1]


def test_who_pays_for_himself_is_as_the_account_s_configuration_says(house):
    change_account(house, direct_billed=("S", "T"))
    send(
        house,
        *(loop(f"A{n}", "021", status=status) for n, status in enumerate("ACST")),
        number="000000101",
    )
    accounts = [account for (account,) in house.rows("SELECT account_id FROM memberships ORDER BY subscriber_id")]
    assert [ACME, ACME] == accounts[:2]
    assert all(account.startswith(f"{ACME}-D") for account in accounts[2:])


def test_a_direct_billed_member_is_priced_and_dated_like_his_group(house):
    send(house, loop("A1", "021", status="C", tier="FAM"), number="000000101")
    [(cutoff,)] = house.rows("SELECT cutoff_on FROM invoice_requests")
    report = house.bill()
    assert ("2025-11-30", [Decimal("1450.00")]) == (cutoff, [each.total for each in report.invoices])


# --- inbound messages


def test_or_14_an_834_is_an_inbound_message_with_its_ids_and_statuses(house):
    """Pending, Validation and Processing are the states of file and set; a member that fails is Rejected with a log."""
    good, bad = member("A1"), loop("A2", "024", ends="20251130")  # A2 was never enrolled
    file = send(house, good, bad, number="000000101")
    events = house.rows("SELECT source, outcome FROM membership_log ORDER BY rowid")
    assert [("000000101/101/0001/1", "CREATED")] == events  # external transaction id
    [(batch, state)] = house.rows("SELECT file_id, state FROM transaction_sets")  # external batch id
    assert (file.id, "applied") == (batch, state)
    steps = house.rows("SELECT station FROM log_events WHERE file_id = ? ORDER BY id", file.id)
    assert ["receive", "check", "enroll"] == [step for (step,) in steps if step in {"receive", "check", "enroll"}]
    [(ordinal, closed)] = house.rows("SELECT ordinal, closed_at FROM work_items")
    assert (2, None) == (ordinal, closed)


def test_or_14_an_invalid_message_is_rejected_with_what_was_wrong(house):
    whole = enrollment(member("A1", policy="NOBODY"), reference="R2", policy="NOBODY", sponsor="999999999")
    file = house.take("acme", Envelope(number="000000102").around(whole))
    [(state, reason)] = house.rows("SELECT state, reason FROM transaction_sets WHERE file_id = ?", file.id)
    assert "refused" == state
    assert "lead to no account" in reason


def test_the_journal_is_as_it_was_while_requests_only_wait(house):
    before = journal(house)
    send(house, member("A1"), number="000000101")
    assert before == journal(house)
    assert [RequestStatus.DEFER_BATCH] == [each.status for each in house.app.queries.requests(RequestFilter()).items]
