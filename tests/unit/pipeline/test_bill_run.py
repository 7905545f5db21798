"""A bill run: what was due when it began is written down, billed as known then, and proved to be all there."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.billing.lifecycle import move
from gateway.domain.bill_run import OrderEnd
from gateway.domain.charge import RequestStatus
from gateway.errors import ConcurrentChange, SchemaOutdated, StoreUnavailable
from gateway.pipeline import invoice
from gateway.pipeline import run as run_module
from gateway.pipeline.accounts import account_rules
from gateway.pipeline.bill import bill
from gateway.pipeline.run import bill_orders
from gateway.ports.jobs import Job
from tests.faults.killing import Killed, Witness, effects
from tests.unit.pipeline.groups import NOVEMBER_RUN, at, configure, form_groups, of, price, sends
from tests.unit.pipeline.x12_files import Envelope, enrollment, member


@pytest.fixture
def three(house):
    """G1 and G2 have a member each; G3 has one whom the window's cutoff does not reach."""
    form_groups(house, "G1", "G2", "G3")
    sends(house, "G1", of("G1", "A1"))
    sends(house, "G2", of("G2", "A2"))
    sends(house, "G3", of("G3", "A3", begins="20260201"))
    at(house, 2025, 11, 10)
    return house


def ends(house):
    return house.rows("SELECT account_id, ending FROM bill_run_orders ORDER BY run_id, account_id")


def test_every_frozen_order_ends_as_invoice_nothing_due_or_held_and_the_run_says_so(three):
    price(three, "0.00", tier="FAM")
    sends(three, "G2", of("G2", "A9", tier="FAM"))
    report = three.bill()
    (proof,) = report.proofs
    assert (3, 1, 1, 1, 0, ()) == (
        proof.orders,
        proof.invoiced,
        proof.nothing_due,
        proof.held,
        proof.pending,
        proof.astray,
    )
    assert [("G1", "invoiced"), ("G2", "held"), ("G3", "nothing_due")] == ends(three)
    view = three.app.queries.run("2025-11-10")
    assert proof == view.proof
    assert (NOVEMBER_RUN, "1240.00", 2) == (view.run.business_date, str(view.billed), view.lines)
    assert view.run.proved_at == three.clock.instant
    assert [OrderEnd.HELD, OrderEnd.INVOICED, OrderEnd.NOTHING_DUE] == [each.ending for each in view.orders]


def test_a_second_run_of_the_day_bills_nothing_again_and_changes_nothing(three):
    three.bill()
    before = three.everything()
    report = three.bill()
    assert [] == report.invoices
    assert before == three.everything()


def test_a_day_on_which_nothing_is_due_leaves_no_run(three):
    assert [] == three.bill(date(2025, 11, 20)).proofs
    assert [] == three.rows("SELECT id FROM bill_runs")


def in_the_middle(house, happens):
    """Bill the day; right after its orders were written down something happens."""
    on = house.clock.business_date()

    def spread(lists):
        if lists:
            house.clock.instant += timedelta(minutes=5)
            happens()
        for orders in lists:
            yield bill_orders(house.plant, orders)

    return bill(house.plant, on, spread=spread)


def lines_of(house, account_id):
    return house.rows(
        "SELECT s.subscriber_id, l.month FROM invoice_lines l JOIN memberships s ON s.id = l.membership_id "
        "WHERE l.account_id = ? ORDER BY 1, 2",
        account_id,
    )


def test_a_charge_that_arrives_while_the_run_is_on_waits_for_the_next(three):
    report = in_the_middle(three, lambda: sends(three, "G2", of("G2", "LATE")))
    assert ["G1", "G2"] == [each.account_id for each in report.invoices]
    assert [("A2", "2025-11"), ("A2", "2025-12")] == lines_of(three, "G2")
    at(three, 2025, 12, 10)
    three.bill()
    months = [month for subscriber, month in lines_of(three, "G2") if subscriber == "LATE"]
    assert ["2025-11", "2025-12", "2026-01"] == months


def test_a_termination_that_arrives_while_the_run_is_on_is_credited_by_the_next(three):
    in_the_middle(three, lambda: sends(three, "G1", of("G1", "A1", does="024", ends="20251130")))
    assert [("A1", "2025-11"), ("A1", "2025-12")] == lines_of(three, "G1")
    at(three, 2025, 12, 10)
    assert {"G1": "-620.00", "G2": "651.00"} == {each.account_id: str(each.total) for each in three.bill().invoices}


def test_an_account_that_gets_its_first_member_while_the_run_is_on_is_no_part_of_it(three):
    form_groups(three, "G1", "G2", "G3", "G4")
    report = in_the_middle(three, lambda: sends(three, "G4", of("G4", "A4")))
    assert 3 == report.proofs[0].orders
    assert [] == lines_of(three, "G4")
    assert ["G4"] == [each.account_id for each in three.bill().invoices]  # the same day's next run


def test_an_event_that_joins_a_frozen_request_goes_on_its_bill_as_the_log_promised(house):
    house.take("acme", Envelope().around(enrollment(member("A1"))))
    joins = Envelope(number="000000102").around(enrollment(member("A2"), reference="SECOND", created="20251023*1000"))
    report = in_the_middle(house, lambda: house.take("acme", joins))
    assert ["created", "joined_open"] == [
        outcome.lower()
        for (outcome,) in house.rows("SELECT outcome FROM membership_log WHERE outcome <> 'PROCESSED' ORDER BY at")
    ]
    assert [2] == [each.lines_count for each in report.invoices]
    assert [("processed",)] == house.rows("SELECT status FROM invoice_requests")


def test_a_request_that_is_called_off_while_the_run_is_on_is_no_bill(house):
    house.take("acme", Envelope().around(enrollment(member("A1"))))

    def call_off():
        with house.plant.open_unit() as unit:
            (request,) = unit.requests.due(house.clock.business_date())
            unit.requests.update(move(request, RequestStatus.CANCELED, reason="asked for by mistake"))
            unit.commit()

    report = in_the_middle(house, call_off)
    assert ([], True) == (report.invoices, report.proofs[0].holds)
    assert [("nothing_due", "the request is canceled")] == house.rows("SELECT ending, reason FROM bill_run_orders")


def test_the_daemon_s_run_is_frozen_and_proved_like_the_command_s(three):
    with three.plant.open_unit() as unit:
        unit.defer(Job("bill", "today", lock="bill"))
        unit.commit()
    three.work()
    view = three.app.queries.run("2025-11-10")
    assert (True, 2, 1) == (view.proof.holds, view.proof.invoiced, view.proof.nothing_due)
    assert view.run.proved_at is not None


def test_a_run_of_the_daemon_that_gives_an_account_up_goes_on_without_it(three, monkeypatch):
    def fail_on_g1(plant, account):
        if account.id == "G1":
            raise ZeroDivisionError
        return account_rules(plant, account)

    with three.plant.open_unit() as unit:
        unit.defer(Job("bill", "today", lock="bill"))
        unit.commit()
    monkeypatch.setattr(invoice, "account_rules", fail_on_g1)
    three.work_on(hours=2)
    assert [("G1", "held"), ("G2", "invoiced"), ("G3", "nothing_due")] == ends(three)
    assert three.app.queries.run("2025-11-10").proof.holds


def fails(monkeypatch, *errors):
    """Let the bill of G1 fail with each error in turn, then succeed."""
    left, original = list(errors), run_module.bill_account

    def bill_or_fail(plant, account_id, order, **how):
        if account_id == "G1" and left:
            raise left.pop(0)
        return original(plant, account_id, order, **how)

    monkeypatch.setattr(run_module, "bill_account", bill_or_fail)


def test_an_account_that_somebody_else_changed_first_is_billed_once_more(three, monkeypatch):
    fails(monkeypatch, ConcurrentChange(), ConcurrentChange())
    assert ["G1", "G2"] == [each.account_id for each in three.bill().invoices]


@pytest.mark.parametrize("error", [StoreUnavailable, SchemaOutdated])
def test_a_database_that_is_away_or_not_ours_stops_the_run_and_holds_nobody(error, three, monkeypatch):
    with monkeypatch.context() as away:
        fails(away, error())
        with pytest.raises(error):
            three.bill()
    assert () == three.app.queries.holds()
    assert ["G1", "G2"] == [each.account_id for each in three.bill().invoices]


# --- killed


def test_a_run_killed_at_any_commit_is_ended_by_the_next_as_if_it_had_not_been(three, tmp_path):
    price(three, "0.00", tier="FAM")
    sends(three, "G2", of("G2", "A9", tier="FAM"))
    three.keep(tmp_path / "before")
    witness = Witness()
    sound = three.plant.open_unit
    witness.watch(three)
    three.bill()
    three.refit(open_unit=sound)
    expected = effects(three)
    moments = [{kind: n} for n in range(1, witness.seen.count("commit") + 1) for kind in ("dies_before", "dies_after")]
    assert len(moments) > 10
    for moment in moments:
        three.restore(tmp_path / "before")
        Witness(**moment).watch(three)
        with pytest.raises(Killed):
            three.bill()
        three.refit(open_unit=sound)
        three.bill()
        assert expected == effects(three), moment


def test_a_run_that_was_killed_is_ended_on_a_later_day_with_what_was_known_when_it_began(three):
    def dies(lists):
        yield bill_orders(three.plant, lists[0])
        raise Killed

    with pytest.raises(Killed):
        bill(three.plant, NOVEMBER_RUN, spread=dies)
    assert [("G1", "invoiced"), ("G2", None), ("G3", None)] == ends(three)
    assert 2 == three.app.queries.run("2025-11-10").proof.pending
    at(three, 2025, 11, 11)
    sends(three, "G2", of("G2", "LATE"))
    at(three, 2025, 11, 12)
    report = bill(three.plant, date(2025, 11, 20))  # no window is open on that day
    assert ["2025-11-10"] == [proof.run_id for proof in report.proofs]
    assert [("A2", "2025-11"), ("A2", "2025-12")] == lines_of(three, "G2")
    assert [("G1", "invoiced"), ("G2", "invoiced"), ("G3", "nothing_due")] == ends(three)


# --- read while it runs


def test_readers_see_whole_bills_at_every_moment_of_a_run(house):
    """Bills with all their lines and postings or not at all, and never an error (HN-08, SQLite WAL)."""
    form_groups(house, *(f"G{n}" for n in range(12)))
    for n in range(12):
        sends(house, f"G{n}", *(of(f"G{n}", f"S{n}{m}") for m in range(3)))
    at(house, 2025, 11, 10)
    seen, wrong, over = [], [], threading.Event()

    def read():
        while not over.is_set():
            summary = house.app.queries.summary()
            proof = house.app.queries.prove()
            seen.append(summary.invoices.total)
            wrong.extend(proof.faults)
            run = house.rows("SELECT id FROM bill_runs")
            if run:
                view = house.app.queries.run(run[0][0])
                if view.proof.astray or view.lines != 6 * view.proof.invoiced:
                    wrong.append(view)

    reader = threading.Thread(target=read)

    def spread(lists):
        for orders in lists:
            before = len(seen)
            while len(seen) < before + 2:  # the reader looks between any two accounts, too
                pass
            yield bill_orders(house.plant, orders)

    reader.start()
    try:
        bill(house.plant, NOVEMBER_RUN, spread=spread)
    finally:
        over.set()
        reader.join()
    assert [] == wrong
    assert sorted(seen) == seen
    assert len(set(seen)) > 10


# --- proof


def test_an_order_that_ended_otherwise_than_written_down_is_told_loudly(three):
    def lies(lists):
        for orders in lists:
            ended = bill_orders(three.plant, orders)
            with three.plant.open_unit() as unit:
                unit._db.connection.exec_driver_sql(
                    "UPDATE bill_run_orders SET ending = 'nothing_due', invoice_id = NULL WHERE account_id = 'G1'"
                )
                unit.commit()
            yield ended

    report = bill(three.plant, NOVEMBER_RUN, spread=lies)
    (proof,) = report.proofs
    assert (False, ("cycle/G1/2025-11-10",)) == (proof.holds, proof.astray)
    assert [("bill_run_not_proved", "")] == three.incidents()
    assert three.app.queries.run("2025-11-10").run.proved_at is None


def test_accounts_are_told_as_they_end(three):
    told = []
    bill(three.plant, NOVEMBER_RUN, tell=lambda ended, of: told.append((ended, of)))
    assert [(0, 3), (1, 3), (2, 3), (3, 3)] == told


def test_a_jump_in_one_account_never_stops_the_others(three):
    configure(three, "G1", jump_percent=5)
    three.bill()
    sends(three, "G1", of("G1", "A7"), of("G1", "A8"))
    at(three, 2025, 12, 10)
    report = three.bill()
    assert ["G1"] == [account_id for account_id, _ in report.held]
    assert ["G2"] == [each.account_id for each in report.invoices]


def test_instants_of_a_run_are_utc(three):
    three.bill()
    assert datetime(2025, 11, 10, 9, tzinfo=UTC) == three.app.queries.run("2025-11-10").run.begun_at
