"""Entries of money: balanced, keyed by content, each book holding its own money (DESIGN, decision 6)."""

from datetime import date
from decimal import Decimal

import pytest

from gateway.domain.journal import JournalEntry, LedgerAccount, Posting
from gateway.domain.remittance import Placement, Receipt, ReceiptState, Settlement, UnplacedReason, WriteOff
from gateway.remittance.journal import Balances, balances, receipt_entries, release_entries, settlement_entries

ON = date(2025, 12, 1)
RECEIPT = Receipt("R1", "acme", "T", "O", Decimal("1000.00"), ON, ReceiptState.CONFIRMED, cash_set_id="S1")
SETTLEMENT = Settlement(
    Decimal("1000.00"),
    (
        Placement(1, Decimal("600.00"), "A1", "INV1", "M1", "2025-12"),
        Placement(2, Decimal("150.00"), "A1", reason=UnplacedReason.OVERPAID),
        Placement(3, Decimal("200.00"), "A2", "INV2"),
        Placement(4, Decimal("50.00"), reason=UnplacedReason.NO_ACCOUNT, is_suspense=True),
    ),
    (WriteOff("INV2", "A2", Decimal("2.50"), membership_id="M2", month="2025-12"),),
)


def booked(entries, ledger):
    return [
        (entry.book, str(posting.amount), posting.account_id, posting.invoice_id, posting.membership_id, posting.month)
        for entry in entries
        for posting in entry.postings
        if posting.ledger == ledger
    ]


def test_money_that_arrives_is_cash_and_has_no_home_yet():
    (entry,) = receipt_entries(RECEIPT, ON)
    assert ("receipt/R1", "acme", "receipt", "S1", "R1") == (
        entry.key,
        entry.book,
        entry.kind,
        entry.set_id,
        entry.receipt_id,
    )
    assert [("cash_clearing", Decimal("1000.00")), ("suspense", Decimal("-1000.00"))] == [
        (posting.ledger, posting.amount) for posting in entry.postings
    ]


def test_each_book_holds_its_own_money_and_no_other():
    entries = receipt_entries(RECEIPT, ON) + settlement_entries(SETTLEMENT, RECEIPT, ON, "1/1/1/1")
    assert {
        "acme": Balances(received=Decimal("50.00"), suspense=Decimal("50.00")),
        "A1": Balances(received=Decimal("750.00"), applied=Decimal("600.00"), unapplied=Decimal("150.00")),
        "A2": Balances(received=Decimal("200.00"), applied=Decimal("200.00")),
    } == balances(entries)


def test_an_allocation_says_which_invoice_membership_and_month_it_pays():
    entries = settlement_entries(SETTLEMENT, RECEIPT, ON, "1/1/1/1", set_id="S1")
    assert [
        ("A1", "-600.00", "A1", "INV1", "M1", "2025-12"),
        ("A2", "-200.00", "A2", "INV2", "", ""),
        ("A2", "-2.50", "A2", "INV2", "M2", "2025-12"),
    ] == booked(entries, LedgerAccount.RECEIVABLE)
    assert [("A2", "2.50", "A2", "INV2", "M2", "2025-12")] == booked(entries, LedgerAccount.WRITE_OFF)
    assert {("1/1/1/1", "S1", "R1", ON)} == {(each.source, each.set_id, each.receipt_id, each.on) for each in entries}


def test_the_same_placing_has_the_same_keys_and_another_cause_other_ones():
    first, again, later = (
        [entry.key for entry in settlement_entries(SETTLEMENT, RECEIPT, ON, source)] for source in ("a", "a", "b")
    )
    assert first == again
    assert len(first) == len(set(first))
    assert not set(first) & set(later)


def test_released_money_goes_back_to_suspense_and_can_be_placed_anew():
    entries = receipt_entries(RECEIPT, ON) + settlement_entries(SETTLEMENT, RECEIPT, ON, "a")
    released = [piece for piece in SETTLEMENT.placements if piece.reason]
    entries += release_entries(released, RECEIPT, ON, "b")
    assert [Decimal("200.00"), Decimal("0.00")] == [
        balances(entries)["acme"].suspense,
        balances(entries)["A1"].unapplied,
    ]
    anew = Settlement(Decimal("200.00"), (Placement(1, Decimal("200.00"), "A2", "INV3"),))
    entries += settlement_entries(anew, RECEIPT, ON, "b")
    assert [Balances(), Decimal("400.00")] == [balances(entries)["acme"], balances(entries)["A2"].applied]
    assert len(entries) == len({entry.key for entry in entries})


def test_money_that_pays_something_is_never_released():
    with pytest.raises(ValueError, match="must be reversed"):
        release_entries(SETTLEMENT.placements, RECEIPT, ON, "b")


def test_refunded_money_is_accounted_for():
    refund = JournalEntry(
        "refund/1",
        "A1",
        "refund",
        ON,
        (
            Posting(LedgerAccount.UNAPPLIED, Decimal("150.00"), "A1"),
            Posting(LedgerAccount.REFUND_PAYABLE, Decimal("-150.00"), "A1"),
        ),
    )
    entries = [*receipt_entries(RECEIPT, ON), *settlement_entries(SETTLEMENT, RECEIPT, ON, "a"), refund]
    account = balances(entries)["A1"]
    assert (Decimal("0.00"), Decimal("150.00"), True) == (account.unapplied, account.refunded, account.agrees)
    assert not Balances(received=Decimal("1.00")).agrees


def test_what_is_billed_is_not_a_payment():
    bill = JournalEntry(
        "invoice/INV1",
        "A1",
        "invoice",
        ON,
        (
            Posting(LedgerAccount.RECEIVABLE, Decimal("600.00"), "A1"),
            Posting(LedgerAccount.PREMIUM, Decimal("-600.00"), "A1"),
        ),
    )
    assert {"A1": Balances()} == balances([bill])


def test_a_receipt_over_nothing_is_not_booked():
    nothing = Receipt("R2", "acme", "T", "O", Decimal("0.00"), ON, ReceiptState.EXPECTED)
    assert [] == receipt_entries(nothing, ON)
