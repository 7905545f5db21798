"""What people ask, answered from one small world on both databases."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from gateway.domain.charge import InvoiceStatus
from gateway.domain.coverage import MembershipEvent
from gateway.domain.exchange import DeliveryState, DocumentKind, FileState
from gateway.domain.finding import Level
from gateway.errors import NotFound
from gateway.ports.queries import CashSummary, Count, Kind, Queries, WayBack, to_json
from gateway.ports.unit_of_work import OpenUnitOfWork
from gateway.store.database import Database
from tests.contract.records import ACME, NOW, change, file, log_entry, membership, money, receipt, write_a_world

BACK_TO_THE_FIRST_INS = WayBack("F1", "F1.834", "S1", "000000001", "1", "0001", 1, 11)


@pytest.fixture
def queries(database: Database, open_unit: OpenUnitOfWork) -> Queries:
    with open_unit() as unit:
        write_a_world(unit)
        unit.commit()
    return database.queries()


def test_the_log_has_a_line_for_each_file_newest_first(queries: Queries) -> None:
    newest, line = queries.files()
    assert ("F2", "birch", FileState.QUARANTINED, 0) == (newest.id, newest.partner_id, newest.state, newest.sets)
    assert ("F1", 1, 1, 0, 1, 1) == (
        line.id,
        line.sets,
        line.accepted,
        line.refused,
        line.members,
        line.duplicates,
    )
    assert [(DocumentKind.ACK_999, DeliveryState.VERIFIED)] == [(each.kind, each.state) for each in line.documents]


def test_the_log_can_be_of_one_partner_and_short(queries: Queries) -> None:
    assert ["F1"] == [line.id for line in queries.files(partner_id="acme")]
    assert ["F2"] == [line.id for line in queries.files(limit=1)]
    assert [] == queries.files(partner_id="cedar")


def test_a_timeline_runs_from_landing_to_delivery(queries: Queries) -> None:
    timeline = queries.timeline("F1")
    assert ["/outbox/F1.834", "/outbox/again.834"] == [each.remote.path for each in timeline.arrivals]
    assert ["receive", "check", "feed"] == [step.station for step in timeline.steps.items]
    assert [(Level.INTERCHANGE, "000000001", ""), (Level.GROUP, "1", "005010X220A1")] == [
        (each.level, each.control_number, each.guide) for each in timeline.envelopes
    ]
    (checked,) = timeline.sets.items
    assert ("000000001", "1", "0001") == (checked.isa13, checked.gs06, checked.st02)
    assert ["IK403:7"] == [each.code for each in checked.findings.items]
    assert [("M1", MembershipEvent.ENROLL, 11)] == [
        (each.membership_id, each.event, each.position) for each in timeline.changes.items
    ]
    assert (log_entry(),) == timeline.outcomes.items
    assert ["R1"] == [each.id for each in timeline.requests]
    assert [("INV1", money("475"))] == [(each.id, each.open) for each in timeline.invoices]
    assert ["T1"] == [each.id for each in timeline.receipts]
    assert {"D1": 1, "D2": 0} == {each.id: len(each.attempts) for each in timeline.documents}


def test_long_lists_are_excerpts_that_say_how_many_there_are(queries: Queries, open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        ordinals = range(2, 303)
        unit.enrollment.save([change(membership(f"M{n:04d}"), ordinal=n) for n in ordinals])
        unit.commit()
    changes = queries.timeline("F1").changes
    assert (200, 302, 102) == (len(changes.items), changes.total, changes.left_out)


def test_a_member_is_shown_with_all_versions_and_what_was_billed(queries: Queries) -> None:
    view = queries.member("M1")
    assert membership() == view.membership
    assert [("P1", True)] == [(each.id, each.is_subscriber) for each in view.members]
    assert [("C1", date(2025, 9, 1), None)] == [(each.id, each.starts_on, each.last_day) for each in view.coverages]
    assert [("INV1", 1, money("1450")), ("INV1", 2, money("25"))] == [
        (each.invoice_id, each.line.number, each.line.amount) for each in view.billed.items
    ]


def test_an_account_is_shown_with_its_balance_and_months(queries: Queries) -> None:
    view = queries.account("ACME")
    assert (ACME, (Count("active", 1),)) == (view.account, view.memberships)
    assert (money("475"), money("250")) == (view.balance, view.unapplied)
    (month,) = view.months
    assert ("2025-12", money("1475"), money("475")) == (str(month.month), month.billed, month.open)
    assert (["R1"], ["INV1"]) == ([each.id for each in view.requests.items], [each.id for each in view.invoices.items])


def test_a_line_of_an_invoice_leads_back_to_its_segment(queries: Queries) -> None:
    view = queries.invoice("INV1")
    assert (InvoiceStatus.PARTIAL, money("475")) == (view.invoice.status, view.open)
    assert [BACK_TO_THE_FIRST_INS] * 2 == [each.caused_by for each in view.lines.items]
    assert [(money("-1000"), "M1", "2025-12")] == [
        (each.posting.amount, each.posting.membership_id, each.posting.month) for each in view.settled_by
    ]
    assert ["D2"] == [each.id for each in view.documents]


def test_every_cent_of_a_payment_is_somewhere(queries: Queries) -> None:
    view = queries.payment("T1")
    assert receipt(amount="1280") == view.receipt
    assert (money("1000"), money("250"), money("30")) == (view.applied, view.unapplied, view.suspense)
    assert view.receipt.amount == view.applied + view.unapplied + view.suspense
    assert view.explained_by is not None
    assert (None, "F1") == (view.announced_by, view.explained_by.file_id)
    assert {"cash/T1", "settled/INV1/M1/2025-12"} == {each.entry for each in view.entries.items}


def test_the_summary_counts_and_sums_everything(queries: Queries) -> None:
    view = queries.summary()
    assert (Count("quarantined", 1), Count("received", 1)) == view.files
    assert (Count("applied", 1),) == view.sets
    assert (Count("999 verified", 1), Count("invoice_csv queued", 1)) == view.document_states
    assert (money("1475"), ["INV1"]) == (view.invoiced, [each.id for each in view.invoices.items])
    cash = {"received": "1280", "applied": "1000", "unapplied": "250", "suspense": "30", "refunded": "0"}
    assert CashSummary(**{name: money(each) for name, each in cash.items()}, written_off=money("0")) == view.cash
    assert ["N1"] == [each.key for each in view.incidents]
    assert ["F2"] == [each.id for each in view.quarantined]


def test_an_empty_database_has_a_summary_too(database: Database) -> None:
    view = database.queries().summary()
    assert ((), money("0"), money("0")) == (view.files, view.invoiced, view.cash.received)


@pytest.mark.parametrize(
    ("kind", "typed", "found"),
    [
        (Kind.FILE, "F1", "F1"),
        (Kind.MEMBER, "M", "M1"),
        (Kind.MEMBER, "P1", "M1"),
        (Kind.MEMBER, "A10", "M1"),
        (Kind.ACCOUNT, "AC", "ACME"),
        (Kind.INVOICE, "INV", "INV1"),
        (Kind.PAYMENT, "T1", "T1"),
        (Kind.PAYMENT, "EFT2025", "T1"),
    ],
)
def test_an_id_may_be_shortened_while_it_is_the_only_one(queries: Queries, kind: Kind, typed: str, found: str) -> None:
    assert found == queries.find(kind, typed)


def test_a_whole_id_is_meant_even_where_another_begins_so(queries: Queries, open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.files.claim(file("F11"))
        unit.commit()
    assert "F1" == queries.find(Kind.FILE, "F1")
    with pytest.raises(NotFound, match="'F' may be any of F1, F11, F2"):
        queries.find(Kind.FILE, "F")


@pytest.mark.parametrize(
    "ask",
    [
        lambda queries: queries.timeline("X"),
        lambda queries: queries.member("X"),
        lambda queries: queries.account("f1"),
        lambda queries: queries.invoice(""),
        lambda queries: queries.payment("%"),
    ],
)
def test_what_is_not_there_is_not_found(database: Database, ask: Callable[[Queries], object]) -> None:
    with pytest.raises(NotFound, match="there is no"):
        ask(database.queries())


def test_no_view_holds_what_is_personal(queries: Queries) -> None:
    views = [
        *queries.files(),
        queries.timeline("F1"),
        queries.member("M1"),
        queries.account("ACME"),
        queries.invoice("INV1"),
        queries.payment("T1"),
        queries.summary(),
    ]
    text = json.dumps([to_json(view) for view in views])
    assert [] == [planted for planted in ("Planted", "PLANTED", "Ann", "1980-02-29", "555") if planted in text]


def test_the_same_number_of_another_partner_is_named_not_guessed(queries: Queries, open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        elsewhere = replace(change(membership("M2"), ordinal=2), known_at=NOW + timedelta(days=1))
        unit.enrollment.save([elsewhere])
        unit.commit()
    with pytest.raises(NotFound, match="'A100' may be any of M1, M2"):
        queries.member("A100")
