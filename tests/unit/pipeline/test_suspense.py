"""Money without a place, worked by people: suggestions with evidence, one order, one effect (DOMAIN 5.5; HF-11)."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date

import pytest

from gateway.domain.money_order import OrderKind, OrderState
from gateway.errors import NotAllowed, NotFound
from gateway.pipeline.money_orders import Wish, approve, order, pieces_of, refuse
from gateway.pipeline.suspense import look_at
from gateway.settings import Settings
from tests.unit.pipeline.test_settle import (
    TRACE,
    acme,
    billed,
    cash,
    effect,
    elm,
    invoice,
    money,
    paid_until,
    pays,
    pot,
)
from tests.unit.pipeline.x12_files import pays_account, pays_member, premium_820

__all__ = ["acme", "billed"]


def limits(house, **amounts):
    """Set [money] of the home."""
    section = house.plant.settings.money.model_copy(update=amounts)
    house.refit(settings=house.plant.settings.model_copy(update={"money": section}))


@pytest.fixture(autouse=True)
def as_delivered(acme):
    """Every test begins with the limits that a fresh home has."""
    house = acme
    limits(house, **dict(Settings().money))


def stray(house, amount="3720", trace=TRACE):
    """Let money come for an account that nobody knows; return its one piece in suspense."""
    line = pays_account("RMR*11*G999999*PO*" + amount, tax_id="123456789")
    elm(house, premium_820("C", amount, *line, trace=trace, account="G999999", tax_id="000000001"))
    (piece,) = pieces_of(house.plant, suspense=True)
    return piece


def by_command(house, *words):
    """Run the program in a process of its own: this one's connections must not see the file change under them."""
    house.close()
    command = [sys.executable, "-m", "gateway", "--home", house.home.path, "--as-of", "2025-12-15", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def wish(kind, piece, target="", by="ann", **about):
    return Wish(kind, piece.id, by, about.pop("reason", "it is theirs"), target, **about)


def proven(house):
    """Whether the whole journal agrees."""
    return () == house.app.queries.verify_journal().faults


def test_what_is_in_suspense_is_listed_with_its_one_reason_and_since_when_it_lies_there(acme):
    piece = stray(acme)
    assert (money("3720.00"), "NO_ACCOUNT", date(2025, 12, 1), TRACE) == (
        piece.placement.amount,
        piece.placement.reason,
        piece.deposited_on,
        piece.trace,
    )
    assert [] == pieces_of(acme.plant, suspense=False)


def test_the_invoice_of_the_exact_amount_is_suggested_with_its_evidence(acme):
    (best,) = look_at(acme.plant, stray(acme).id).suggestions
    assert ("INV000000002", ("exact amount",)) == (best.invoice.id, best.evidence[:1])


def test_what_speaks_most_for_an_invoice_is_suggested_first_with_all_its_evidence(acme):
    lines = pays_member(1, "A100", "620", "620", month="20260101-20260131")  # a month that is not billed
    elm(acme, premium_820("C", "620", *lines, trace="JANUARY"))
    (piece,) = pieces_of(acme.plant, suspense=False)
    (best,) = look_at(acme.plant, piece.id).suggestions
    assert ("INV000000002", {"subscriber id", "policy", "trace", "payer tax id"}) == (
        best.invoice.id,
        set(best.evidence),
    )


def test_money_is_applied_to_an_invoice_once_however_often_it_is_ordered(acme):
    piece = stray(acme)
    first = order(acme.plant, wish(OrderKind.APPLY, piece, "INV000000002"))
    after = effect(acme)
    again = order(acme.plant, wish(OrderKind.APPLY, piece, "INV000000002", by="bob"))
    assert (OrderState.BOOKED, True) == (first.order.state, first.is_new)
    assert (first.order, False) == (again.order, again.is_new)
    assert after == effect(acme)
    assert (money("0.00"), "paid") == invoice(acme)
    assert ("7440.00", "0.00", "0.00", "0.00") == pot(acme)
    assert date(2025, 12, 31) == paid_until(acme)
    assert proven(acme)


def test_a_part_of_a_piece_is_applied_and_the_rest_keeps_its_reason(acme):
    piece = stray(acme)
    order(acme.plant, wish(OrderKind.APPLY, piece, "INV000000002", amount=money("1000")))
    (rest,) = pieces_of(acme.plant, suspense=True)
    assert (money("2720.00"), "NO_ACCOUNT") == (rest.placement.amount, rest.placement.reason)
    assert (money("2720.00"), "partial") == invoice(acme)
    order(acme.plant, wish(OrderKind.APPLY, rest, "INV000000002"))
    assert (money("0.00"), "paid") == invoice(acme)
    assert proven(acme)


def test_what_the_invoice_does_not_owe_stays_unapplied_on_its_account(acme):
    piece = stray(acme, "4000")
    order(acme.plant, wish(OrderKind.APPLY, piece, "INV000000002"))
    assert ("7440.00", "280.00", "0.00", "0.00") == pot(acme)
    assert money("280.00") == acme.app.queries.account("G001234").unapplied


def test_money_is_moved_to_the_account_whose_it_is(acme):
    piece = stray(acme)
    order(acme.plant, wish(OrderKind.MOVE, piece, "G001234"))
    assert ("3720.00", "3720.00", "0.00", "0.00") == pot(acme)
    assert proven(acme)


@pytest.mark.parametrize(
    ("kind", "target", "error", "says"),
    [
        (OrderKind.APPLY, "INV999999999", NotFound, "no invoice"),
        (OrderKind.APPLY, "INV000000001", NotAllowed, "nothing is open"),
        (OrderKind.MOVE, "G999999", NotFound, "no account"),
        (OrderKind.REFUND, "", NotAllowed, "nobody knows whose it is"),
    ],
)
def test_what_the_rules_do_not_allow_is_refused_and_changes_nothing(acme, kind, target, error, says):
    piece = stray(acme)
    before = acme.everything()
    with pytest.raises(error, match=says):
        order(acme.plant, wish(kind, piece, target))
    assert before == acme.everything()


@pytest.mark.parametrize("amount", ["0", "-1", "3720.01"])
def test_nobody_orders_about_more_or_less_than_there_is(acme, amount):
    piece = stray(acme)
    with pytest.raises(NotAllowed, match="cannot be ordered about"):
        order(acme.plant, wish(OrderKind.APPLY, piece, "INV000000002", amount=money(amount)))


def test_above_the_limit_another_person_has_to_approve(acme):
    limits(acme, second_person_above=money("3719.99"))
    piece = stray(acme)
    given = order(acme.plant, wish(OrderKind.APPLY, piece, "INV000000002")).order
    assert OrderState.WAITING == given.state
    assert ("3720.00", "0.00", "3720.00", "0.00") == pot(acme)
    with pytest.raises(NotAllowed, match="given by"):
        approve(acme.plant, given.id, by="Ann")
    done = approve(acme.plant, given.id[:12], by="bob")
    assert (OrderState.BOOKED, "bob", True) == (done.order.state, done.order.decided_by, done.is_new)
    after = effect(acme)
    assert not approve(acme.plant, given.id, by="cat").is_new
    assert after == effect(acme)
    assert ("7440.00", "0.00", "0.00", "0.00") == pot(acme)


def test_exactly_the_limit_needs_no_second_person(acme):
    limits(acme, second_person_above=money("3720.00"))
    assert OrderState.BOOKED == order(acme.plant, wish(OrderKind.APPLY, stray(acme), "INV000000002")).order.state


def test_an_order_that_is_refused_moves_nothing_and_frees_its_piece(acme):
    limits(acme, second_person_above=money("0"))
    piece = stray(acme)
    given = order(acme.plant, wish(OrderKind.APPLY, piece, "INV000000002")).order
    with pytest.raises(NotAllowed, match="waits for a second person"):
        order(acme.plant, wish(OrderKind.MOVE, piece, "G001234"))
    assert OrderState.REFUSED == refuse(acme.plant, given.id, by="bob", reason="not theirs").order.state
    assert not refuse(acme.plant, given.id, by="bob", reason="not theirs").is_new
    with pytest.raises(NotAllowed, match="refused before"):
        order(acme.plant, wish(OrderKind.APPLY, piece, "INV000000002"))
    assert OrderState.WAITING == order(acme.plant, wish(OrderKind.MOVE, piece, "G001234")).order.state
    assert ("3720.00", "0.00", "3720.00", "0.00") == pot(acme)


def test_an_order_whose_money_moved_on_meanwhile_is_not_booked(acme):
    limits(acme, second_person_above=money("3719.99"))
    cash(acme, "3720", account="G999999")  # unexplained: its payer's tax id names the account
    (piece,) = pieces_of(acme.plant, suspense=False)
    given = order(acme.plant, wish(OrderKind.APPLY, piece, "INV000000002")).order
    pays(acme, premium_820("I", "3720", *pays_account("RMR*IK*INV000000002*PI*3720"), trace=TRACE))
    with pytest.raises(NotAllowed, match="moved on"):
        approve(acme.plant, given.id, by="bob")
    assert (money("0.00"), "paid") == invoice(acme)
    assert proven(acme)


def test_what_was_ordered_stands_in_the_story_of_the_file_with_who_did_it(acme):
    piece = stray(acme)
    given = order(acme.plant, wish(OrderKind.APPLY, piece, "INV000000002", reason="asked the payer")).order
    ((text,),) = acme.rows("SELECT text FROM log_events WHERE station = 'money'")
    assert all(each in text for each in (given.id, "3720.00", "INV000000002", "ann", "asked the payer"))


def test_the_commands_tell_what_there_is_what_was_done_and_what_comes_next(acme):
    piece = stray(acme)

    def gateway(*words):
        return by_command(acme, *words)

    listed = gateway("suspense", "list")
    assert all(each in listed.stdout for each in (piece.id, "3,720.00", "NO_ACCOUNT", "14"))
    shown = gateway("suspense", "show", piece.id)
    assert "exact amount" in shown.stdout
    assert f"gateway suspense apply {piece.id} --invoice INV000000002" in shown.stdout
    apply = ("suspense", "apply", piece.id, "--invoice", "INV000000002", "--by", "ann", "--reason", "asked")
    assert "booked: apply 3,720.00 to INV000000002, by ann: asked" in gateway(*apply).stdout
    assert "nothing was done twice" in gateway(*apply).stdout
    assert "nothing is in suspense" in gateway("suspense", "list").stdout
    assert "booked" in gateway("suspense", "orders").stdout
    assert "the journal agrees" in gateway("journal", "verify").stdout


def test_a_journal_that_was_changed_by_hand_is_shown_with_the_place(acme):
    acme.close()
    with closing(sqlite3.connect(acme.home.path / "gateway.db")) as database:
        database.execute("DROP TRIGGER journal_postings_never_updated")
        database.execute("UPDATE journal_postings SET amount = amount + 1 WHERE invoice_id = 'INV000000001'")
        database.commit()
    result = by_command(acme, "journal", "verify")
    assert 1 == result.returncode
    assert "invoice INV000000001" in result.stdout
    assert "book G001234" in result.stdout
