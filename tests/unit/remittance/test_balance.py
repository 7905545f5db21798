"""Whether a set adds up, under which sign of ADX01 (DOMAIN 5.3)."""

from decimal import Decimal

import pytest

from gateway.remittance.balance import check_balance
from gateway.remittance.rules import AdxSign

SIGNED, INVERTED = AdxSign.SIGNED, AdxSign.INVERTED


@pytest.mark.parametrize("agreed", [SIGNED, INVERTED])
@pytest.mark.parametrize(("adx", "sign"), [("-2.5", SIGNED), ("2.5", INVERTED)])
def test_the_first_sign_that_balances_wins_whatever_was_agreed(desk, agreed, adx, sign):
    line = desk.line("A", "97.5", billed="100", adx=[(adx, "H6")])
    result = check_balance(desk.remittance("97.5", line), agreed)
    assert (True, sign, None) == (result.balanced, result.sign, result.finding)


@pytest.mark.parametrize("agreed", [SIGNED, INVERTED])
def test_where_both_signs_balance_the_agreed_one_is_used(desk, agreed):
    assert agreed is check_balance(desk.remittance("10", desk.line("A", "10")), agreed).sign


def test_adjustments_to_earlier_payments_count_in_the_total(desk):
    assert check_balance(desk.remittance("90", desk.line("A", "100"), adx=[("-10", "52")]), SIGNED).balanced
    assert not check_balance(desk.remittance("100", desk.line("A", "100"), adx=[("-10", "52")]), SIGNED).balanced


def test_one_sign_must_fit_the_whole_set(desk):
    lines = (desk.line("A", "9", billed="10", adx=[("-1", "IA")]), desk.line("B", "9", billed="10", adx=[("1", "IA")]))
    assert not check_balance(desk.remittance("18", *lines), SIGNED).balanced


def test_a_total_out_of_balance_says_both_sums_and_where(desk):
    finding = check_balance(desk.remittance("100", desk.line("A", "99.99")), SIGNED).finding
    assert ("OUT_OF_BALANCE", "BPR", 2, True) == (
        finding.code,
        finding.place.segment,
        finding.place.element,
        finding.is_error,
    )
    assert "100.00" in finding.message
    assert "99.99" in finding.message


def test_a_line_out_of_balance_is_named(desk):
    lines = (desk.line("A", "10", billed="10"), desk.line("B", "9", billed="10"))
    finding = check_balance(desk.remittance("19", *lines), SIGNED).finding
    assert ("RMR", 9) == (finding.place.segment, finding.place.position)
    assert "line 2" in finding.message


def test_a_line_that_says_what_was_billed_as_zero_is_checked_too(desk):
    assert not check_balance(desk.remittance("5", desk.line("A", "5", billed="0")), SIGNED).balanced


def test_negative_lines_are_normal(desk):
    amounts = ("500", "100", "-25", "-600", "500", "400", "50", "-15")
    assert check_balance(desk.remittance("910", *(desk.line("ZZ", each) for each in amounts)), SIGNED).balanced


def test_a_set_without_detail_claims_nothing(desk):
    result = check_balance(desk.remittance("500"), SIGNED)
    assert (True, Decimal("500.00")) == (result.balanced, desk.remittance("500").amount)
