"""What the user's documents name about money, row by row; rows with a module of their own are named there."""

import random
from decimal import Decimal

import pytest

from gateway.domain.money_order import OrderKind
from gateway.pipeline.money_orders import Wish, order, pieces_of
from gateway.pipeline.variances import variances_of
from tests.unit.pipeline.test_settle import TRACE, acme, billed, cases, cash, effect, elm, invoice, money, pays, pot
from tests.unit.pipeline.test_suspense import proven
from tests.unit.pipeline.x12_files import pays_account, pays_member, premium_820

__all__ = ["acme", "billed"]


def receipt_of(house, trace=TRACE):
    return house.rows("SELECT id FROM receipts WHERE trace = ?", trace)[0][0]


def test_hf_06_one_missing_one_extra_and_one_other_amount_are_exactly_three_variances(acme):
    lines = (
        *pays_member(1, "A100", "620", "620"),
        *pays_member(2, "A101", "1200", "1240", "ADX*-40*H6"),
        *pays_member(3, "A999", "75", "75"),
    )
    elm(acme, premium_820("C", "1895", *lines, trace=TRACE))
    found = variances_of(acme.plant, receipt_of(acme), "INV000000002")
    assert [
        ("amount", "A101", "1240.00", "1200.00"),
        ("missing", "A102", "1860.00", "0.00"),
        ("extra", "A999", "0.00", "75.00"),
    ] == [(each.kind, each.member, str(each.billed), str(each.remitted)) for each in found.variances]
    assert (money("620.00"), money("3720.00"), money("1895.00")) == (found.matched, found.billed, found.remitted)


def test_hf_06_a_remittance_that_pays_what_was_billed_has_no_variance(acme):
    lines = (
        *pays_member(1, "A100", "620", "620"),
        *pays_member(2, "A101", "1240", "1240"),
        *pays_member(3, "A102", "1860", "1860"),
    )
    elm(acme, premium_820("C", "3720", *lines, trace=TRACE))
    found = variances_of(acme.plant, receipt_of(acme), "INV000000002")
    assert ((), money("3720.00")) == (found.variances, found.matched)


def test_hf_11_after_random_receipts_and_orders_every_cent_is_applied_unapplied_suspended_or_refunded(acme):
    """HF-11: sums after every step; 60 receipts here, as many again as orders about what they left."""
    chance = random.Random(820)
    received = Decimal("3720.00")
    for number in range(60):
        amount = Decimal(chance.randint(1, 90_000)).scaleb(-2)
        reference = chance.choice(
            ["RMR*IK*INV000000002*PI*{}", "RMR*IK*INV999999999*PI*{}", "RMR*11*G999999*PO*{}", "RMR*11*G001234*PP*{}"]
        )
        account = chance.choice(["G001234", "G999999"])
        line = pays_account(reference.format(amount), tax_id="000000001")
        body = premium_820("C", str(amount), *line, trace=f"T{number}", account=account, tax_id="000000001")
        elm(acme, body)
        received += amount
        pieces = pieces_of(acme.plant, suspense=chance.random() < 0.7)
        if pieces and pieces[0].placement.account_id != "G001234":
            part = min(pieces[0].placement.amount, Decimal(chance.randint(1, 20_000)).scaleb(-2))
            order(acme.plant, Wish(OrderKind.MOVE, pieces[0].id, "ann", f"step {number}", "G001234", part))
        applied, unapplied, suspense, _ = map(Decimal, pot(acme))
        assert received == applied + unapplied + suspense
    assert proven(acme)


@pytest.mark.parametrize("kind", ["carry_forward", "income"])
def test_what_is_over_inside_the_tolerance_is_carried_forward_or_kept_as_agreed(acme, kind):
    agreed = acme.plant.partners["acme"].billing.tolerance
    acme.agree_on_billing("acme", tolerance=agreed.model_copy(update={"over_payment": kind}))
    elm(acme, premium_820("C", "3722.5", *pays_account("RMR*IK*INV000000002*PI*3722.5"), trace=TRACE))
    assert (money("0.00"), "paid") == invoice(acme)
    expected = ("7440.00", "2.50", "0.00", "0.00") if kind == "carry_forward" else ("7442.50", "0.00", "0.00", "-2.50")
    assert expected == pot(acme)
    assert [] == cases(acme)
    assert proven(acme)


def test_the_years_cap_of_write_offs_may_be_agreed(acme):
    agreed = acme.plant.partners["acme"].billing.tolerance
    acme.agree_on_billing("acme", tolerance=agreed.model_copy(update={"yearly_cap": money("2.49")}))
    elm(acme, premium_820("C", "3717.5", *pays_account("RMR*IK*INV000000002*PI*3717.5"), trace=TRACE))
    assert (money("2.50"), "partial") == invoice(acme)
    assert ["SHORT_PAY"] == [kind for kind, *_ in cases(acme)]


def test_the_tolerance_of_the_account_holds_whoever_brings_the_money(acme):
    body = pays_account("RMR*IK*INV000000002*PI*3717.5")
    elm(acme, premium_820("C", "3717.5", *body, trace=TRACE))
    assert ("7437.50", "0.00", "0.00", "2.50") == pot(acme)


def test_any_order_of_three_remittances_and_their_money_ends_the_same(acme, billed):
    """Whatever comes first: the three pieces of INV000000002 and their money, in several orders."""
    parts = {"P1": ("A100", "620"), "P2": ("A101", "1240"), "P3": ("A102", "1860")}
    remittances = [
        lambda t=t, m=m, a=a: pays(acme, premium_820("I", a, *pays_member(1, m, a, a), trace=t))
        for t, (m, a) in parts.items()
    ]
    deposits = [lambda t=t, a=a: cash(acme, a, trace=t) for t, (_, a) in parts.items()]
    steps = [*remittances, *deposits]
    chance, ends = random.Random(954), []
    for _ in range(4):
        acme.restore(billed[1])
        chance.shuffle(steps)
        for step in steps:
            step()
        assert proven(acme)
        end = effect(acme)
        ends.append({key: end[key] for key in ("open", "cash", "receipts", "books")})
    assert [ends[0]] * 4 == ends
    assert ("7440.00", "0.00", "0.00", "0.00") == pot(acme)
