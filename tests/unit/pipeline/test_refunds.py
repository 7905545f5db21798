"""Refunds and returns: DOMAIN 8.8, 8.12, 9.6; HF-19; HC-27."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gateway.domain.money_order import OrderKind, OrderState
from gateway.errors import NotAllowed, NotFound
from gateway.partners.profile import SecretReference
from gateway.partners.secrets import resolve_secret
from gateway.pipeline.money_orders import Wish, approve, order, pieces_of
from gateway.pipeline.refunds import came_back, pay_by_hand, pay_out
from gateway.pipeline.returns import take_back
from gateway.settings import Payout, Settings
from tests.unit.pipeline.test_settle import (
    TRACE,
    acme,
    billed,
    cases,
    cash,
    elm,
    invoice,
    last_set,
    money,
    paid_until,
    pot,
)
from tests.unit.pipeline.test_settle import pays as remits
from tests.unit.pipeline.test_suspense import limits, proven
from tests.unit.pipeline.x12_files import pays_account, pays_member, premium_820

__all__ = ["acme", "billed"]
TEN_DAYS_LATER = datetime(2025, 12, 11, 9, tzinfo=UTC)
BANK_OF_ACME = {"refund_routing": "011000015", "refund_account": SecretReference(file="secrets/acme_bank")}


@pytest.fixture(autouse=True)
def as_delivered(acme):
    limits(acme, **dict(Settings().money))
    acme.refit(settings=acme.plant.settings.model_copy(update={"payout": Payout(bank_routing="123456780")}))


def overpaid(house, amount="3970", trace=TRACE):
    """Let acme pay too much on 2025-12-01; return the piece that is left, ten days later."""
    elm(house, premium_820("C", amount, *pays_account(f"RMR*IK*INV000000002*PI*{amount}"), trace=trace))
    house.clock.instant = TEN_DAYS_LATER
    return pieces_of(house.plant, suspense=False)[0]


def refund(house, piece, by="ann", **about):
    return order(house.plant, Wish(OrderKind.REFUND, piece.id, by, "paid too much", **about))


def bank_of_acme(house):
    """Tell where acme's refunds go."""
    acme = house.plant.partners["acme"]
    accounts = {key: each.model_copy(update=BANK_OF_ACME) for key, each in acme.billing.accounts.items()}
    changed = replace(acme, billing=acme.billing.model_copy(update={"accounts": accounts}))
    house.refit(partners={**house.plant.partners, "acme": changed})
    house.home.secrets.mkdir(exist_ok=True)
    (house.home.secrets / "acme_bank").write_text("000555111\n")


def payout(house):
    return pay_out(house.plant, by="cat", find_secret=lambda reference: resolve_secret(reference, house.home.path))


def test_hf_19_a_credit_of_250_is_asked_for_paid_out_and_never_refunded_twice(acme):
    bank_of_acme(acme)
    piece = overpaid(acme)
    asked = refund(acme, piece)
    assert (OrderState.BOOKED, money("250.00")) == (asked.order.state, asked.order.amount)
    assert ("7440.00", "0.00", "0.00", "0.00") == pot(acme)
    assert money("250.00") == acme.app.queries.summary().cash.refunded
    assert not refund(acme, piece, by="bob").is_new
    done = payout(acme)
    assert ([asked.order.id], money("250.00")) == ([each.id for each in done.orders], done.total)
    content = (acme.home.path / done.path).read_text()
    entry = content.split("\n")[2]
    assert ("622011000015", "000555111", "0000025000", asked.order.id[:15].upper()) == (
        entry[:12],
        entry[12:29].strip(),
        entry[29:39],
        entry[39:54].strip(),
    )
    assert () == payout(acme).orders
    with pytest.raises(NotFound, match="no unplaced piece"):
        order(acme.plant, Wish(OrderKind.APPLY, piece.id, "ann", "again", "INV000000002"))
    assert proven(acme)


def test_hf_19_above_1000_a_second_person_approves(acme):
    piece = overpaid(acme, "4720.01")
    asked = refund(acme, piece).order
    assert (OrderState.WAITING, money("1000.01")) == (asked.state, asked.amount)
    assert () == payout(acme).orders
    with pytest.raises(NotAllowed, match="given by ann"):
        approve(acme.plant, asked.id, by="ann")
    assert OrderState.BOOKED == approve(acme.plant, asked.id, by="bob").order.state
    assert money("1000.01") == acme.app.queries.summary().cash.refunded


def test_exactly_1000_needs_no_second_person(acme):
    assert OrderState.BOOKED == refund(acme, overpaid(acme, "4720")).order.state


def test_money_is_ten_days_old_before_it_goes_back(acme):
    piece = overpaid(acme)
    acme.clock.instant = datetime(2025, 12, 10, 9, tzinfo=UTC)
    with pytest.raises(NotAllowed, match="less than 10 days"):
        refund(acme, piece)


@pytest.mark.parametrize(("amount", "is_enough"), [("4.99", False), ("5.00", True)])
def test_less_than_five_is_left_for_the_next_bill(acme, amount, is_enough):
    piece = overpaid(acme)
    if is_enough:
        assert OrderState.BOOKED == refund(acme, piece, amount=money(amount)).order.state
        return
    with pytest.raises(NotAllowed, match="less than 5"):
        refund(acme, piece, amount=money(amount))


def test_an_open_dispute_about_the_account_holds_its_refunds(acme):
    piece = overpaid(acme)
    with acme.plant.open_unit() as unit:
        unit.ledger.open_cases([_dispute()])
        unit.commit()
    with pytest.raises(NotAllowed, match="dispute"):
        refund(acme, piece)


def _dispute():
    from gateway.domain.remittance import Case

    return Case("D1", "DISPUTE", "G001234", "INV000000002", money("250"), "the group says it paid too much")


def test_an_account_without_a_bank_is_paid_by_hand_and_said_so(acme):
    asked = refund(acme, overpaid(acme)).order
    done = payout(acme)
    assert ("", (), [asked.id]) == (done.path, done.orders, [each.id for each in done.by_hand])
    paid = pay_by_hand(acme.plant, asked.id, by="cat", reference="CHEQUE 12")
    assert (OrderState.PAID_OUT, "CHEQUE 12", True) == (paid.order.state, paid.order.payout_id, paid.is_new)
    assert not pay_by_hand(acme.plant, asked.id, by="cat", reference="CHEQUE 12").is_new
    assert () == payout(acme).by_hand


def test_a_refund_that_comes_back_lies_unapplied_again_and_may_be_asked_for_anew(acme):
    asked = refund(acme, overpaid(acme)).order
    with pytest.raises(NotAllowed, match="is booked"):
        came_back(acme.plant, asked.id, code="R03", by="dan", reason="no account")
    pay_by_hand(acme.plant, asked.id, by="cat", reference="CHEQUE 12")
    back = came_back(acme.plant, asked.id, code="R03", by="dan", reason="no account")
    assert (OrderState.RETURNED, "R03") == (back.order.state, back.order.code)
    assert not came_back(acme.plant, asked.id, code="R03", by="dan", reason="no account").is_new
    assert ("7440.00", "250.00", "0.00", "0.00") == pot(acme)
    assert proven(acme)
    (piece,) = pieces_of(acme.plant, suspense=False)
    assert OrderState.BOOKED == refund(acme, piece).order.state
    assert proven(acme)


# --- money that the bank takes back


SHORT = (
    *pays_member(1, "A100", "620", "620"),
    *pays_member(2, "A101", "1240", "1240"),
    *pays_member(3, "A102", "1857.5", "1860", "ADX*-2.5*H6"),
)


def test_a_return_opens_the_invoice_again_takes_the_write_off_with_it_and_moves_paid_through_back(acme):
    elm(acme, premium_820("C", "3717.5", *SHORT, trace=TRACE))
    assert ("7437.50", "0.00", "0.00", "2.50") == pot(acme)
    receipt_id = acme.rows("SELECT id FROM receipts WHERE trace = ?", TRACE)[0][0]
    done = take_back(acme.plant, receipt_id, code="R01", by="dan", reason="no funds")
    assert [("G001234", date(2025, 12, 31), date(2025, 11, 30))] == [
        (move.account_id, move.before, move.after) for move in done.moves
    ]
    assert (money("3720.00"), "open") == invoice(acme)
    assert ("3720.00", "0.00", "0.00", "0.00") == pot(acme)
    assert date(2025, 11, 30) == paid_until(acme)
    texts = [text for (text,) in acme.rows("SELECT text FROM log_events WHERE station = 'return' ORDER BY text")]
    assert ["Paid-through of account G001234 moved back from 2025-12-31 to 2025-11-30", "R01, by dan: no funds"] == [
        next(phrase for phrase in ("Paid-through of account G001234 moved back from 2025-12-31 to 2025-11-30",
                                   "R01, by dan: no funds") if phrase in text)
        for text in texts
    ]  # fmt: skip
    assert ["RETURNED"] == [kind for kind, *_ in cases(acme)]
    assert proven(acme)


def test_a_return_is_written_once(acme):
    cash(acme, "3720")
    receipt_id = acme.rows("SELECT id FROM receipts WHERE trace = ?", TRACE)[0][0]
    take_back(acme.plant, receipt_id, code="R01", by="dan", reason="no funds")
    after = acme.everything()
    again = take_back(acme.plant, receipt_id, code="NSF", by="eve", reason="?")
    assert (False, "R01", "dan") == (again.is_new, again.returned.code, again.returned.returned_by)
    assert after == acme.everything()


def test_a_remittance_about_money_that_was_taken_back_applies_nothing(acme):
    cash(acme, "3720")
    receipt_id = acme.rows("SELECT id FROM receipts WHERE trace = ?", TRACE)[0][0]
    take_back(acme.plant, receipt_id, code="R01", by="dan", reason="no funds")
    remits(acme, premium_820("I", "3720", *pays_account("RMR*IK*INV000000002*PI*3720"), trace=TRACE))
    assert "ignored" == last_set(acme)[0]
    assert (money("3720.00"), "open") == invoice(acme)
    assert proven(acme)


def test_money_that_never_arrived_cannot_be_taken_back(acme):
    remits(acme, premium_820("I", "3720", *pays_account("RMR*IK*INV000000002*PI*3720"), trace=TRACE))
    receipt_id = acme.rows("SELECT id FROM receipts WHERE trace = ?", TRACE)[0][0]
    with pytest.raises(NotAllowed, match="only announced"):
        take_back(acme.plant, receipt_id, code="R01", by="dan", reason="no funds")


def test_a_return_ends_the_refund_that_waits_and_opens_a_case_for_the_one_that_was_paid(acme):
    piece = overpaid(acme)
    asked = refund(acme, piece, amount=money("100")).order
    pay_by_hand(acme.plant, asked.id, by="cat", reference="CHEQUE 12")
    (rest,) = pieces_of(acme.plant, suspense=False)
    waits = refund(acme, rest).order
    take_back(acme.plant, piece.receipt_id, code="R01", by="dan", reason="no funds")
    states = dict(acme.rows("SELECT id, state FROM money_orders"))
    assert {asked.id: "paid_out", waits.id: "refused"} == states
    assert ["REFUND_UNCOVERED", "RETURNED"] == sorted({kind for kind, *_ in cases(acme)} - {"OVER_PAY"})
    assert proven(acme)


def test_hc_27_the_second_of_two_equal_payments_is_flagged_and_taken_back_in_one_step(acme):
    line = pays_account("RMR*IK*INV000000002*PI*3720")
    elm(acme, premium_820("C", "3720", *line, trace=TRACE))
    elm(acme, premium_820("C", "3720", *line, trace="EFT20251202A", on="20251202"))
    assert [("DUPLICATE_PAYMENT", 372000)] == [(kind, amount) for kind, amount, _ in cases(acme)]
    assert ("7440.00", "3720.00", "0.00", "0.00") == pot(acme)
    second = acme.rows("SELECT id FROM receipts WHERE trace = 'EFT20251202A'")[0][0]
    take_back(acme.plant, second, code="DUPLICATE", by="dan", reason="debited twice by our mistake")
    assert ("7440.00", "0.00", "0.00", "0.00") == pot(acme)
    assert (money("0.00"), "paid") == invoice(acme)
    assert proven(acme)
