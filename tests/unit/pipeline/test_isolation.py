"""One bad file, set, member, account or partner never stops or repeats its neighbours (DESIGN, decision 3)."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest

from gateway.billing.charges import charges_due
from gateway.domain.money import ZERO
from gateway.enrollment.apply import decide
from gateway.errors import ConcurrentChange, HostUnreachable, StoreUnavailable
from gateway.feeds.registry import RENDERERS
from gateway.pipeline import acknowledge, check, enroll_set, feed, invoice, reconcile
from gateway.ports.jobs import Job
from gateway.transport.folder import open_folder
from tests.unit.pipeline.x12_files import BIRCH, Envelope, birch_member, birch_roster, enrollment, member

POISON = "POISON"


def three_sets(number="000000101"):
    """Return a file of three sets, the second of which is poison."""
    return Envelope(number=number).around(
        enrollment(member("A1"), number="0001", reference=f"{number}-1"),
        enrollment(member(POISON), number="0002", reference=f"{number}-2"),
        enrollment(member("A3"), number="0003", reference=f"{number}-3"),
    )


def poison_enrollment(monkeypatch, failures):
    """Let the work on the poisonous member fail with each of `failures` in turn, the last one for ever."""
    left = list(failures)

    def decide_or_fail(request, *words):
        if request.subscriber_id == POISON:
            error = left.pop(0) if len(left) > 1 else left[0]
            if error is not None:
                raise error
        return decide(request, *words)

    monkeypatch.setattr(enroll_set, "decide", decide_or_fail)


def sets(house):
    return house.rows("SELECT control_number, state, tries FROM transaction_sets ORDER BY control_number")


def enrolled(house):
    return [subscriber for (subscriber,) in house.rows("SELECT subscriber_id FROM memberships ORDER BY subscriber_id")]


# --- sets


def test_a_set_our_work_fails_on_is_tried_three_times_and_quarantined_while_its_neighbours_are_applied(
    house, monkeypatch
):
    poison_enrollment(monkeypatch, [ZeroDivisionError("DOE JANE 123-45-6789")])
    file = house.take("acme", three_sets())
    assert ["A1", "A3"] == enrolled(house)  # at the first attempt
    house.work_on()
    assert [("0001", "applied", 0), ("0002", "quarantined", 3), ("0003", "applied", 0)] == sets(house)
    assert "acknowledged" == house.app.file(file.id).state
    assert [("set_quarantined", "acme")] == house.incidents()
    ((reason,),) = house.rows("SELECT reason FROM transaction_sets WHERE state = 'quarantined'")
    assert reason == "our work on it failed 3 times (ZeroDivisionError); see the log, then release it"
    written = "".join(map(str, house.rows("SELECT text FROM log_events") + house.rows("SELECT message FROM incidents")))
    assert "DOE" not in written
    assert "123-45" not in written


def test_a_quarantined_set_is_accepted_by_the_999_and_of_our_fault_the_824_says_nothing(house, monkeypatch):
    poison_enrollment(monkeypatch, [ZeroDivisionError()])
    house.take("acme", three_sets())
    house.work_on()
    ((segments),) = house.answers("acme", "999")
    assert ["IK5*A"] * 3 + ["AK9*A*3*3*3"] == [each for each in segments if each.startswith(("IK5", "AK9"))]
    assert [] == house.answers("acme", "824")


def test_a_set_that_succeeds_at_the_second_try_is_no_case_for_anybody(house, monkeypatch):
    poison_enrollment(monkeypatch, [ZeroDivisionError(), None])
    house.take("acme", three_sets())
    house.work_on()
    assert ["applied"] * 3 == [state for _, state, _ in sets(house)]
    assert [] == house.incidents()


def test_a_set_that_clashes_for_ever_is_quarantined_in_the_end_and_its_neighbours_did_not_wait(house, monkeypatch):
    poison_enrollment(monkeypatch, [ConcurrentChange()])
    file = house.take("acme", three_sets())
    assert ["A1", "A3"] == enrolled(house)
    house.work_on()
    assert ["applied", "quarantined", "applied"] == [state for _, state, _ in sets(house)]
    assert "acknowledged" == house.app.file(file.id).state
    assert [("apply_given_up", "acme"), ("set_quarantined", "acme")] == house.incidents()


def test_faults_of_two_kinds_never_cost_the_neighbours_their_acknowledgement(house, monkeypatch):
    """The job's attempts run out before the set's tries do: twice a clash, then a fault of ours."""
    poison_enrollment(monkeypatch, [ConcurrentChange(), ConcurrentChange(), ZeroDivisionError()])
    file = house.take("acme", three_sets())
    house.work_on()
    assert ["applied", "quarantined", "applied"] == [state for _, state, _ in sets(house)]
    assert "acknowledged" == house.app.file(file.id).state
    assert 1 == len(house.answers("acme", "999"))


def test_a_database_that_is_away_costs_no_set_a_try(house, monkeypatch):
    poison_enrollment(monkeypatch, [StoreUnavailable()] * 5 + [None])
    house.take("acme", three_sets())
    house.work_on()
    assert [("0001", "applied", 0), ("0002", "applied", 0), ("0003", "applied", 0)] == sets(house)


def test_ta1s_that_our_work_fails_on_do_not_keep_the_file_from_its_end(house, monkeypatch):
    def fail(_stream):
        raise ZeroDivisionError

    monkeypatch.setattr(reconcile, "read_ta1s", fail)
    file = house.take("acme", Envelope().around(enrollment(member("A1"))))
    house.work_on()
    assert "acknowledged" == house.app.file(file.id).state
    assert [("apply_given_up", "acme")] == house.incidents()


# --- files


@pytest.fixture
def poisoned_check(monkeypatch):
    """Let the check of every file fail that holds the poison."""
    original = check.check

    def check_or_fail(stream, *words, **named):
        if POISON.encode() in stream.read():
            raise ZeroDivisionError
        stream.seek(0)
        return original(stream, *words, **named)

    monkeypatch.setattr(check, "check", check_or_fail)


def test_a_file_our_check_fails_on_is_quarantined_after_three_tries_and_the_next_ones_flow(house, poisoned_check):
    bad = house.take("acme", three_sets())
    house.take("birch", BIRCH.around(birch_roster(birch_member("B1"))))
    assert ["B1"] == enrolled(house)  # another partner's file does not wait
    house.take("acme", Envelope(number="000000102").around(enrollment(member("A9"), reference="NEXT")))
    attempts = house.rows("SELECT attempt FROM jobs WHERE station = 'check' AND state = 'todo' ORDER BY id")
    assert [(1,), (0,)] == attempts
    house.work_on()
    found = house.app.file(bad.id)
    assert ("quarantined", "Quarantined after repeated failures: ZeroDivisionError") == (found.state, found.reason)
    assert ["A9", "B1"] == enrolled(house)
    assert [(3,)] == house.rows("SELECT attempt FROM jobs WHERE station = 'check' AND state = 'failed'")
    assert [("file_quarantined", "acme")] == house.incidents()


def test_a_file_that_cannot_be_answered_is_quarantined_with_its_effects_and_the_next_one_is_answered(
    house, monkeypatch
):
    original = acknowledge.write_999

    def write_or_fail(identity, outcomes, out):
        if identity.control_number == "000000001":
            raise ZeroDivisionError
        original(identity, outcomes, out)

    monkeypatch.setattr(acknowledge, "write_999", write_or_fail)
    envelope = Envelope(asks_for_ta1=False)
    bad = house.take("acme", envelope.around(enrollment(member("A1"))))
    house.work_on()
    assert "quarantined" == house.app.file(bad.id).state
    assert ["A1"] == enrolled(house)
    assert [] == house.rows("SELECT id FROM documents")


def test_a_file_that_is_no_x12_is_for_a_person(house):
    file = house.take("acme", b"Dear billing team,\n")
    assert "quarantined" == file.state
    assert [("file_quarantined", "acme")] == house.incidents()


# --- partners


def test_a_partner_whose_server_is_down_stops_nobody_elses_looks_or_deliveries(house):
    @contextmanager
    def open_session(partner_id):
        if partner_id == "acme":
            raise HostUnreachable
        with open_folder(house.mailboxes / partner_id) as session:
            yield session

    house.refit(open_session=open_session)
    house.drop("birch", "roster.834", BIRCH.around(birch_roster(birch_member("B1"))))
    house.drop("acme", "first.834", three_sets())
    for _ in range(2):
        with house.plant.open_unit() as unit:
            for partner_id in ("acme", "birch", "cedar"):
                unit.defer(Job("poll", partner_id, lock=f"poll/{partner_id}"))
            unit.commit()
        house.work()
    assert ["B1"] == enrolled(house)
    assert {"TA1", "999"} == {name.split("_")[0] for name in house.inbox("birch")}
    assert [("unreachable", "acme")] == house.incidents()


# --- accounts


@pytest.fixture
def two_accounts(house):
    """A house where acme and birch have an open invoice request each."""
    house.take("acme", Envelope().around(enrollment(member("A1"))))
    house.take("birch", BIRCH.around(birch_roster(birch_member("B1"))))
    return house


def poison_prices(monkeypatch):
    def price_or_fail(family, account, *words):
        if account.id == "G001234":
            raise ZeroDivisionError("DOE JANE")
        return charges_due(family, account, *words)

    monkeypatch.setattr(invoice, "charges_due", price_or_fail)


def requests(house):
    return house.rows("SELECT account_id, status, reason FROM invoice_requests ORDER BY account_id")


def test_an_account_our_work_fails_on_is_held_and_the_others_are_billed(two_accounts, monkeypatch):
    poison_prices(monkeypatch)
    report = two_accounts.bill()
    assert [("G001234", "ZeroDivisionError")] == report.held
    assert ["G005678"] == [each.account_id for each in report.invoices]
    assert [("G001234", "error", "ZeroDivisionError"), ("G005678", "processed", "")] == requests(two_accounts)
    assert [("account_held", "acme")] == two_accounts.incidents()


def test_the_daemons_bill_run_holds_it_too_and_the_next_run_bills_it(two_accounts, monkeypatch):
    with monkeypatch.context() as poisoned:
        poison_prices(poisoned)
        with two_accounts.plant.open_unit() as unit:
            unit.defer(Job("bill", "today", lock="bill"))
            unit.commit()
        two_accounts.work_on(hours=3)
    assert [("G001234", "error", "ZeroDivisionError"), ("G005678", "processed", "")] == requests(two_accounts)
    assert [("account_held", "acme")] == two_accounts.incidents()
    assert ["G001234"] == [each.account_id for each in two_accounts.bill().invoices]


def test_a_price_of_zero_holds_the_account_with_its_reason(two_accounts):
    acme = two_accounts.plant.partners["acme"]
    free = tuple(rate.model_copy(update={"amount": ZERO}) for rate in acme.rates)
    two_accounts.refit(partners={**two_accounts.plant.partners, "acme": replace(acme, rates=free)})
    report = two_accounts.bill()
    assert [("G001234", "The rate of plan GOLD, tier EMP is zero.")] == report.held
    assert ["G005678"] == [each.account_id for each in report.invoices]


def test_an_account_that_is_no_longer_configured_is_held_and_the_others_are_billed(two_accounts):
    two_accounts.agree_on_billing("acme", accounts={})
    report = two_accounts.bill(date(2025, 11, 12))
    assert {"G005678"} == {each.account_id for each in report.invoices}
    assert {"G001234"} == {account_id for account_id, _ in report.held}
    assert all("is not configured" in reason for _, reason in report.held)
    assert ("account_held", "acme") in two_accounts.incidents()


# --- feeds


def test_a_feed_our_work_fails_on_is_told_and_all_the_others_go_out(two_accounts, monkeypatch):
    write = feed._write

    def write_or_fail(renderer, *rest):
        if renderer is RENDERERS["csv"]:
            raise ZeroDivisionError
        write(renderer, *rest)

    monkeypatch.setattr(feed, "_write", write_or_fail)
    two_accounts.agree("acme", feeds={"formats": ("csv",)})
    two_accounts.agree("birch", feeds={"formats": ("json",), "accounts": ("G001234",)})
    two_accounts.bill()
    two_accounts.work_on()
    assert 2 == len([name for name in two_accounts.inbox("birch") if name.endswith(".json")])
    assert ("feed_given_up", "") in two_accounts.incidents()
