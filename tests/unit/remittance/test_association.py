"""Money and remittance find each other, whichever comes first (DOMAIN 5.1, 5.4, 7.6)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from gateway.domain.remittance import Handling, ReceiptState
from gateway.remittance.association import associate, banking_days_between, nearby_receipt_ids, receipt_id

ACME, BANK = {"partner_id": "acme", "confirms_cash": False}, {"partner_id": "bank", "confirms_cash": True}


@pytest.fixture
def remittance(desk):
    return desk.remittance("620", desk.member("A100", paid="620"))


@pytest.fixture
def cash(desk):
    return desk.remittance("620", handling=Handling.PAYMENT_ONLY)


def tell(remittance, existing, set_id, *, early=False, **sender):
    return associate(remittance, existing, set_id=set_id, apply_before_confirmation=early, **sender)


def test_a_remittance_waits_for_its_money_and_is_placed_when_the_bank_confirms(remittance, cash):
    first = tell(remittance, None, "S1", **ACME)
    assert (True, False, ReceiptState.EXPECTED) == (first.waiting, first.apply_now, first.receipt.state)
    second = tell(cash, first.receipt, "S2", **BANK)
    assert (False, True, False) == (second.waiting, second.apply_now, second.release_first)
    assert ("S2", "S1", ReceiptState.APPLIED) == (
        second.receipt.cash_set_id,
        second.receipt.remittance_set_id,
        second.receipt.state,
    )


def test_money_that_comes_first_is_held_and_placed_anew_when_it_is_explained(remittance, cash):
    first = tell(cash, None, "S2", **BANK)
    assert (True, False, ReceiptState.CONFIRMED) == (first.apply_now, first.release_first, first.receipt.state)
    second = tell(remittance, first.receipt, "S1", **ACME)
    assert (True, True, False) == (second.apply_now, second.release_first, second.waiting)
    assert ("S2", "S1", ReceiptState.APPLIED) == (
        second.receipt.cash_set_id,
        second.receipt.remittance_set_id,
        second.receipt.state,
    )


@pytest.mark.parametrize("handling", [Handling.WITH_PAYMENT, Handling.SPLIT, Handling.MAY_SPLIT])
def test_payment_with_remittance_is_a_promise_from_a_payer_and_money_from_a_bank(remittance, handling):
    both = replace(remittance, handling=handling)
    promise = tell(both, None, "S1", **ACME)
    assert (ReceiptState.EXPECTED, "S1", "S1", False) == (
        promise.receipt.state,
        promise.receipt.cash_set_id,
        promise.receipt.remittance_set_id,
        promise.apply_now,
    )
    money = tell(both, None, "S1", **BANK)
    assert (ReceiptState.APPLIED, True, False) == (money.receipt.state, money.apply_now, money.waiting)


def test_a_partner_with_that_agreement_is_placed_on_its_word_and_only_once(remittance, cash):
    first = tell(remittance, None, "S1", early=True, **ACME)
    assert (True, False, ReceiptState.ADVANCED) == (first.apply_now, first.waiting, first.receipt.state)
    second = tell(cash, first.receipt, "S2", **BANK)
    assert (False, False, ReceiptState.APPLIED) == (second.apply_now, second.waiting, second.receipt.state)


def test_a_bare_announcement_is_never_placed_on_the_payers_word(cash):
    promise = tell(cash, None, "S1", early=True, **ACME)
    assert (False, True, ReceiptState.EXPECTED) == (promise.apply_now, promise.waiting, promise.receipt.state)


def test_an_announcement_then_its_explanation_then_the_money(remittance, cash):
    announced = tell(cash, None, "S1", **ACME)
    explained = tell(remittance, announced.receipt, "S2", **ACME)
    assert (True, False, None) == (explained.waiting, explained.apply_now, explained.finding)
    assert tell(cash, explained.receipt, "S3", **BANK).apply_now


@pytest.mark.parametrize("sender", [ACME, BANK])
def test_the_same_money_explained_again_is_a_duplicate_and_changes_nothing(remittance, cash, sender):
    applied = tell(cash, tell(remittance, None, "S1", **ACME).receipt, "S2", **BANK).receipt
    again = tell(remittance, applied, "S3", **sender)
    assert ("DUPLICATE_REMITTANCE", True) == (again.finding.code, again.finding.is_error)
    assert (applied, False) == (again.receipt, again.apply_now)


def test_the_same_cash_told_twice_by_the_bank_is_a_duplicate(cash):
    held = tell(cash, None, "S1", **BANK).receipt
    again = tell(cash, held, "S2", **BANK)
    assert ("DUPLICATE_REMITTANCE", False, held) == (again.finding.code, again.apply_now, again.receipt)


def test_the_same_announcement_twice_is_a_duplicate_but_not_after_the_money(cash):
    announced = tell(cash, None, "S1", **ACME).receipt
    assert "DUPLICATE_REMITTANCE" == tell(cash, announced, "S2", **ACME).finding.code
    held = tell(cash, None, "S3", **BANK).receipt
    late = tell(cash, held, "S4", **ACME)
    assert (None, held, False) == (late.finding, late.receipt, late.apply_now)


def test_running_the_same_set_again_changes_nothing(remittance, cash):
    for first in (tell(remittance, None, "S1", **ACME), tell(cash, None, "S1", **BANK)):
        again = tell(remittance, first.receipt, "S1", **ACME)
        assert (first.receipt, False, first.waiting, None) == (
            again.receipt,
            again.apply_now,
            again.waiting,
            again.finding,
        )


@pytest.mark.parametrize("handling", list(Handling))
def test_a_set_over_nothing_is_a_report(remittance, handling):
    report = tell(replace(remittance, handling=handling, amount=Decimal("0.00")), None, "S1", **BANK)
    assert (None, False, False, None) == (report.receipt, report.apply_now, report.waiting, report.finding)


def test_a_prenote_with_an_amount_is_a_finding_and_no_money(remittance):
    prenote = tell(replace(remittance, handling=Handling.PRENOTE), None, "S1", **BANK)
    assert (None, "PRENOTE_WITH_MONEY") == (prenote.receipt, prenote.finding.code)


def test_the_identity_of_money_is_trace_originator_amount_and_settlement_date(remittance):
    other = [
        replace(remittance, trace="EFT2"),
        replace(remittance, originator="9"),
        replace(remittance, amount=Decimal("620.01")),
        replace(remittance, settles_on=date(2025, 12, 2)),
    ]
    assert 5 == len({receipt_id(each) for each in [remittance, *other]})
    assert receipt_id(remittance) == receipt_id(replace(remittance, amount=Decimal(620), lines=()))
    assert receipt_id(remittance).startswith("R")


# 2025-12-01 is a Monday.
@pytest.mark.parametrize(
    ("one", "other", "days"),
    [
        (date(2025, 12, 1), date(2025, 12, 1), 0),
        (date(2025, 12, 5), date(2025, 12, 8), 1),
        (date(2025, 12, 8), date(2025, 12, 5), 1),
        (date(2025, 12, 1), date(2025, 12, 8), 5),
        (date(2025, 12, 24), date(2026, 1, 2), 5),
    ],
)
def test_banking_days_leave_out_weekends_and_holidays(one, other, days):
    holidays = frozenset({date(2025, 12, 25), date(2026, 1, 1)})
    assert days == banking_days_between(one, other, holidays=holidays)


@pytest.mark.parametrize(
    ("cash_on", "found"),
    [
        (date(2025, 12, 8), True),
        (date(2025, 12, 9), False),
        (date(2025, 11, 24), True),
        (date(2025, 11, 21), False),
        (None, True),
    ],
)
def test_money_is_found_within_five_banking_days_either_way(remittance, cash, cash_on, found):
    known = receipt_id(replace(cash, settles_on=cash_on))
    assert found == (known in nearby_receipt_ids(remittance))


def test_the_own_settlement_date_is_tried_first(remittance):
    assert receipt_id(remittance) == nearby_receipt_ids(remittance)[0]
    without_date = replace(remittance, settles_on=None)
    assert [receipt_id(without_date)] == nearby_receipt_ids(without_date)
