"""What an exchange pays (DOMAIN 6); the published example 7 comes to 910."""

from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.remittance.association import associate
from gateway.remittance.books import Books, KnownMember, PayableAccount
from gateway.remittance.journal import balances, receipt_entries, settlement_entries
from gateway.remittance.ladder import place
from gateway.remittance.rules import RemittanceRules

JANE, JOHN = ("SUB123", "777222"), ("SUB234", "777223")


@pytest.fixture
def exchange(desk):
    rules = RemittanceRules("ffe")
    accounts = (PayableAccount("I1", "ffe"), PayableAccount("I2", "ffe"), PayableAccount("I9", "globex"))
    members = {
        "SUB123": (KnownMember("I1", "M1"),),
        "777223": (KnownMember("I2", "M2"),),
        "THEIRS": (KnownMember("I9", "M9"),),
    }
    return replace(desk, rules=rules, books=Books(accounts, members=members))


@pytest.fixture
def example_7(exchange):
    jane = [("APTC", "500", "02"), ("CSR", "100", "02"), ("UF", "-25", "02"), ("APTCADJ", "-600", "01")]
    jane += [("APTCADJ", "500", "01")]
    john = [("APTC", "400", "02"), ("CSR", "50", "02"), ("UF", "-15", "02")]
    lines = [line(exchange, kind, paid, JANE, month) for kind, paid, month in jane]
    lines += [line(exchange, kind, paid, JOHN, month) for kind, paid, month in john]
    return of_exchange(exchange, "910", *lines)


def line(desk, kind, paid, member_ids=(), month="02"):
    return desk.line(
        kind, paid, "ZZ", is_individual=bool(member_ids), member_ids=member_ids, month=month and f"2014-{month}"
    )


def of_exchange(desk, amount, *lines):
    return replace(desk.remittance(amount, *lines), is_exchange=True, references=())


def placed(exchange, remittance):
    return place(remittance, remittance.amount, exchange.books, exchange.rules)


def test_the_published_example_places_every_signed_line(exchange, example_7):
    settlement = placed(exchange, example_7)
    assert Decimal("910.00") == settlement.received
    assert [
        ("500.00", "I1", "M1", "2014-02", "subsidy"),
        ("100.00", "I1", "M1", "2014-02", "subsidy"),
        ("-25.00", "", "M1", "2014-02", "fee"),
        ("-600.00", "I1", "M1", "2014-01", "subsidy"),
        ("500.00", "I1", "M1", "2014-01", "subsidy"),
        ("400.00", "I2", "M2", "2014-02", "subsidy"),
        ("50.00", "I2", "M2", "2014-02", "subsidy"),
        ("-15.00", "", "M2", "2014-02", "fee"),
    ] == [
        (str(p.amount), p.account_id, p.membership_id, p.month, "subsidy" if p.is_subsidy else "fee" * p.is_user_fee)
        for p in settlement.placements
    ]
    assert () == settlement.cases


def test_a_subsidy_credits_the_subsidy_receivable_and_never_the_enrollees_balance(exchange, example_7):
    receipt = associate(
        replace(example_7), None, set_id="S1", partner_id="ffe", confirms_cash=True, apply_before_confirmation=False
    ).receipt
    on = example_7.settles_on
    entries = receipt_entries(receipt, on) + settlement_entries(placed(exchange, example_7), receipt, on, "1/1/1/1")
    totals = {}
    for posting in (posting for entry in entries for posting in entry.postings):
        totals[posting.ledger] = totals.get(posting.ledger, Decimal(0)) + posting.amount
    assert Decimal("-950.00") == totals["subsidy_receivable"]
    assert Decimal("40.00") == totals["user_fee"]
    assert Decimal("910.00") == totals["cash_clearing"]
    assert "receivable" not in totals
    assert all(book.agrees for book in balances(entries).values())


@pytest.mark.parametrize(
    ("kind", "member_ids", "month", "reason"),
    [
        ("PREM", JANE, "02", "UNKNOWN_TYPE"),
        ("", JANE, "02", "UNKNOWN_TYPE"),
        ("INVOICERPT", (), "02", "UNKNOWN_TYPE"),
        ("APTC", ("nobody",), "02", "NO_MEMBER"),
        ("APTC", ("THEIRS",), "02", "NO_PARTNER_RIGHT"),
        ("APTC", JANE, None, "NO_PERIOD"),
        ("DEBTADJ", (), "02", "NO_ACCOUNT"),
        ("BAL", (), "02", "NO_ACCOUNT"),
    ],
)
def test_what_is_not_known_goes_to_suspense_and_is_never_guessed(exchange, kind, member_ids, month, reason):
    settlement = placed(exchange, of_exchange(exchange, "50", line(exchange, kind, "50", member_ids, month)))
    assert [(Decimal("50.00"), "", reason, True)] == [
        (each.amount, each.account_id, each.reason, each.is_suspense) for each in settlement.placements
    ]


@pytest.mark.parametrize("kind", ["APTCMADJ", "CSRMADJ"])
def test_a_manual_adjustment_is_a_subsidy_without_an_enrollee(exchange, kind):
    (piece,) = placed(exchange, of_exchange(exchange, "200", line(exchange, kind, "200"))).placements
    assert (True, "", "2014-02", None) == (piece.is_subsidy, piece.account_id, piece.month, piece.reason)


def test_a_premium_type_by_agreement_pays_the_enrollees_own_items(exchange, invoice, item):
    agreed = exchange.with_rules(premium_types=("PREM",)).with_books(
        open_invoices=(invoice("P1", "I1", "80.00", ("2014-02",)),),
        open_items=(item("P1", "M1", "80.00", "2014-02", subscriber="SUB123"),),
    )
    (piece,) = placed(agreed, of_exchange(agreed, "80", line(agreed, "PREM", "80", JANE))).placements
    assert ("P1", "M1", False) == (piece.invoice_id, piece.membership_id, piece.is_subsidy)


def test_an_exchange_set_that_does_not_add_up_goes_whole_to_suspense(exchange, example_7):
    (piece,) = placed(exchange, replace(example_7, amount=Decimal("909.00"))).placements
    assert ("OUT_OF_BALANCE", Decimal("909.00")) == (piece.reason, piece.amount)
