"""Every line explains itself, and the explanation recomputes (IA-05, IA-48)."""

import contextlib
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.billing.account import AccountRules
from gateway.billing.charges import charges_due
from gateway.billing.difference import bill_by_difference
from gateway.billing.explain import evaluate, explain, prove_explained, unexplained
from gateway.billing.proration import Proration, ProrationRule
from gateway.domain.period import CoverageMonth
from gateway.errors import InvariantBroken

NOVEMBER = CoverageMonth(2025, 11)


@pytest.mark.parametrize(
    ("arithmetic", "value"),
    [
        ("600.00", "600.00"),
        ("600.00 * 19/30", "380.00"),  # DOMAIN 9.3
        ("612.37 * 10/28", "218.70"),
        ("845.50 * 12/31", "327.29"),
        ("100.00 * 10/31 + 200.00 * 21/31", "167.74"),
        ("0.00 - 1450.00", "-1450.00"),
        ("380.00 - 600.00", "-220.00"),
        ("-1.00 + 3.00", "2.00"),
        ("(1.00 + 2.00) * 3", "9.00"),
        ("1.00 - 2.00 - 3.00", "-4.00"),
        ("0.01 * 15/30", "0.01"),  # half a cent goes up,
        ("0.00 - 0.01 * 15/30", "-0.01"),  # away from zero
        ("0.01 * 1/3 + 0.01 * 1/6", "0.01"),  # half a cent, whatever thirds and sixths are as decimals
        ("round(10.00 / 3) + round(10.00 / 3)", "6.66"),  # rounded member by member
        ("10.00 / 3 + 10.00 / 3", "6.67"),
    ],
)
def test_arithmetic_is_exact_and_rounded_once(arithmetic, value):
    assert value == str(evaluate(arithmetic))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "too early"),
        ("nothing", "no arithmetic"),
        ("600.00 +", "too early"),
        ("600.00 600.00", "not expected"),
        ("(600.00", "not closed"),
        ("600.00)", "not expected"),
        ("1 / 0", "divides by zero"),
        ("1 / (2 - 2)", "divides by zero"),
        ("2 ** 8", "missing before"),
        ("__import__('os')", "no arithmetic"),
        ("1e9", "no arithmetic"),
        ("round 1", "bracket is missing"),
        ("rounded(1)", "no arithmetic"),
        ("(" * 60 + "1" + ")" * 60, "too many"),
        ("1 + " * 6000 + "1", "too long"),
        ("9" * 40, "more than money can be"),
        ("9999999999999999 * 9999999999999999", "more than money can be"),
        ("\u0661", "no arithmetic"),  # a digit, but not one of ours
    ],
)
def test_whatever_else_stands_there_is_refused_and_never_run(text, said):
    with pytest.raises(ValueError, match=said):
        evaluate(text)


@given(st.text(max_size=40) | st.text("0123456789.+-*/() round", max_size=60))
def test_no_text_does_more_than_add_up_or_be_refused(text):
    with contextlib.suppress(ValueError):
        evaluate(text)


@pytest.fixture
def lines(coverage, family, rates, billed):
    """Lines of every kind: a current one by days, additions, a change, a termination."""
    account = AccountRules("ACME", "acme", proration=ProrationRule(Proration.DAILY))
    table = rates({"EMP": "600.00"})
    family_ = family(coverage(tier="EMP", starts_on=date(2025, 9, 12), last_day=date(2025, 11, 19)))
    due, _ = charges_due(family_, account, table, NOVEMBER.last_day)
    before = billed(["2025-10"], "640.00", tier="EMP") + billed(["2025-08"], "600.00", tier="EMP")
    return bill_by_difference(due, before, current=NOVEMBER)


def test_ia_48_every_kind_of_line_recomputes_to_its_amount(lines):
    assert [
        ("RETRO_TERM", "-600.00", "0.00 - 600.00", "due now: nothing"),
        ("RETRO_ADD", "380.00", "600.00 * 19/30", "by days"),
        ("RETRO_CHANGE", "-40.00", "600.00 - 640.00", "due now: 600.00 * 31/31; by days"),
        ("CURRENT", "380.00", "600.00 * 19/30", "by days"),
    ] == [(each.line_type, str(each.amount), explain(each).arithmetic, explain(each).words) for each in lines]
    assert [True] * 4 == [explain(each).recomputes for each in lines]
    assert [each.amount for each in lines] == [explain(each).value for each in lines]


@pytest.mark.parametrize(
    ("formula", "fault"),
    [
        ("600.00; full month", "the formula gives 600.00, the line says 380.00"),
        ("", "the formula cannot be computed: it ends too early"),
        ("380.00 please; by days", "the formula cannot be computed: ' please' is no arithmetic"),
        ("380.00 - 0.00; due now: 600.00 * 20/30; by days",
         "600.00 * 20/30 gives 400.00, the adjustment takes it for 380.00"),
        ("380.00 - 0.00; due now: nothing", "nothing gives 0.00, the adjustment takes it for 380.00"),
        ("380.00 - 0.00; due now: who knows", "the formula cannot be computed: 'who knows' is no arithmetic"),
    ],
)  # fmt: skip
def test_a_line_that_does_not_explain_its_amount_says_why(formula, fault, lines):
    wrong = replace(lines[-1], formula=formula)
    assert (False, fault) == (explain(wrong).recomputes, explain(wrong).fault)
    assert [(wrong, fault)] == unexplained([*lines, wrong])


def test_such_a_line_is_never_billed(lines):
    prove_explained(lines)
    with pytest.raises(InvariantBroken, match="1 lines do not explain their amount; the first is membership M1"):
        prove_explained([*lines, replace(lines[-1], amount=Decimal("380.01"))])
