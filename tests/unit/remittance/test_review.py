"""The daily review: bills and payments against their own past, payments against bills (DOMAIN 3.9, 8.5)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.money import ZERO
from gateway.domain.period import CoverageMonth
from gateway.remittance.policy import TrendTerms
from gateway.remittance.trend import MonthFigures, billed_flags, case_of, payment_flags
from gateway.remittance.variance import HeadCount, compare, missing_products, priced

TERMS = TrendTerms()


def month(text: str) -> CoverageMonth:
    return CoverageMonth.parse(text)


def bill(text: str, premium: str, lives: int, **more: object) -> MonthFigures:
    products = more.pop("products", {"GOLD": Decimal(premium)})
    rates = more.pop("rates", {("GOLD", "EMP"): frozenset({Decimal(620)})})
    return MonthFigures(month(text), Decimal(premium), lives, products=products, rates=rates, **more)


def kinds(before: MonthFigures, now: MonthFigures, terms: TrendTerms = TERMS) -> list[str]:
    return [flag.kind for flag in billed_flags(before, now, terms)]


def payments(*paid: str, due: str = "10000") -> list[MonthFigures]:
    """Months from 2025-01 on; a month paid "-" had nothing due."""
    found, at = [], month("2025-01")
    for each in paid:
        money = ZERO if each == "-" else Decimal(each)
        found.append(MonthFigures(at, due=ZERO if each == "-" else Decimal(due), paid=money))
        at = at.next()
    return found


# --- HF-02


def test_one_drop_of_twenty_percent_raises_one_flag():
    """HF-02: against the mean of the last six months; the months after it are measured with it and pass."""
    series = payments("10000", "10000", "10000", "10000", "10000", "10000", "8000", "10000", "10000", "10000")
    flagged = [len(payment_flags(series[:n], TERMS)) for n in range(1, len(series) + 1)]
    assert [0, 0, 0, 0, 0, 0, 1, 0, 0, 0] == flagged
    (flag,) = payment_flags(series[:7], TERMS)
    assert ("PAYMENT_TREND", Decimal("2000.00")) == (flag.kind, flag.amount)
    assert "the mean of the last 6 months is 10000.00: -2000.00" in flag.message


@pytest.mark.parametrize("billed", [9, 10])
def test_a_group_billed_nine_or_ten_times_a_year_raises_none(billed):
    """HF-02: the summer months, in which nothing falls due, are no drop and no part of the mean."""
    year = ["10000"] * billed + ["-"] * (12 - billed)
    series = payments(*(year * 3))
    assert [] == [flag for n in range(1, len(series) + 1) for flag in payment_flags(series[:n], TERMS)]


def test_a_payment_that_stays_out_is_a_drop():
    """HF-02: due, and nothing came."""
    series = payments("10000", "10000", "10000", "0")
    assert [Decimal("10000.00")] == [flag.amount for flag in payment_flags(series, TERMS)]


# --- HF-04


@pytest.mark.parametrize(
    ("now", "flagged"),
    [("10500.00", []), ("10500.01", ["PREMIUM_CHANGE"]), ("9500.00", []), ("9499.99", ["PREMIUM_CHANGE"])],
)
def test_premium_at_the_tolerance_and_a_cent_beyond(now, flagged):
    """HF-04: 5 percent or 500.00, whichever is larger."""
    assert flagged == kinds(bill("2025-11", "10000", 100), bill("2025-12", now, 100))


@pytest.mark.parametrize(("premium", "flagged"), [("1500", []), ("1500.01", ["PREMIUM_CHANGE"])])
def test_the_flat_amount_lets_a_small_group_move(premium, flagged):
    """HF-04."""
    rates = {("GOLD", "EMP"): frozenset({Decimal(1)})}, {("GOLD", "EMP"): frozenset({Decimal(2)})}
    assert flagged == kinds(bill("2025-11", "1000", 2, rates=rates[0]), bill("2025-12", premium, 2, rates=rates[1]))


@pytest.mark.parametrize(("lives", "flagged"), [(105, []), (106, ["LIVES_CHANGE"]), (95, []), (94, ["LIVES_CHANGE"])])
def test_lives_at_the_tolerance_and_one_beyond(lives, flagged):
    """HF-04: 5 percent or 3 lives, whichever is more."""
    same = TERMS.model_copy(update={"percent": Decimal(5), "amount": Decimal("999999.00")})
    rates = {("GOLD", "EMP"): frozenset({Decimal(1)})}, {("GOLD", "EMP"): frozenset({Decimal(2)})}
    before = bill("2025-11", "10000", 100, rates=rates[0])
    assert flagged == kinds(before, bill("2025-12", "10000", lives, rates=rates[1]), same)


def test_the_average_rate_moves_only_when_a_rate_on_file_does():
    """HF-04: ten percent more per life; with another price on file that is a renewal."""
    rate = {("GOLD", "EMP"): frozenset({Decimal(620)})}, {("GOLD", "EMP"): frozenset({Decimal(682)})}
    before = bill("2025-11", "4000", 10, rates=rate[0])
    assert ["RATE_MOVED"] == kinds(before, bill("2025-12", "4400", 10, rates=rate[0]))
    assert [] == kinds(before, bill("2025-12", "4400", 10, rates=rate[1]))


def test_a_product_of_last_month_that_is_absent_now_is_flagged():
    """HF-04."""
    both = {"GOLD": Decimal(9900), "DENTAL": Decimal(100)}
    before = bill("2025-11", "10000", 10, products=both)
    assert ["PRODUCT_DROPPED"] == kinds(before, bill("2025-12", "9900", 10, products={"GOLD": Decimal(9900)}))


def test_a_flag_is_one_case_however_often_the_day_is_reviewed_and_another_when_its_figures_change():
    """HF-05: the baseline stands in the case."""
    before = bill("2025-11", "10000", 100)
    cases = [
        case_of("G1", month("2025-12"), billed_flags(before, bill("2025-12", premium, 100), TERMS)[0])
        for premium in ("20000", "20000", "30000")
    ]
    assert (cases[0].key, True) == (cases[1].key, cases[0].key != cases[2].key)
    assert "was 10000" in cases[0].message


# --- HF-06, HF-20, self-bill groups


def test_one_missing_one_extra_one_different_are_exactly_three_variances():
    """HF-06, DOMAIN 3.9: and matched sum + variances = total paid."""
    billed = {("A100", "2025-12"): Decimal(620), ("A101", "2025-12"): Decimal(1240), ("A102", "2025-12"): Decimal(1860)}
    paid = {("A100", "2025-12"): Decimal(600), ("A102", "2025-12"): Decimal(1860), ("A103", "2025-12"): Decimal(99)}
    found = compare(billed, paid)
    assert [
        ("different", "A100", Decimal(-20)),
        ("missing", "A101", Decimal(-1240)),
        ("extra", "A103", Decimal(99)),
    ] == [(each.kind.value, each.key[0], each.amount) for each in found.variances]
    assert found.paid == found.matched + sum(each.amount for each in found.variances)
    assert not found.is_complete


LINES = st.dictionaries(
    st.tuples(st.sampled_from("ABCDE")), st.integers(-10_000, 10_000).map(lambda cents: Decimal(cents) / 100)
)


@given(LINES, LINES)
def test_matched_and_variances_are_what_was_paid_and_equal_lists_have_none(billed, paid):
    found = compare(billed, paid)
    assert found.paid == found.matched + sum((each.amount for each in found.variances), ZERO)
    assert compare(billed, billed).is_complete


def test_a_self_bill_groups_head_counts_are_priced_by_the_table_and_held_against_what_it_paid():
    """DOMAIN 3.9: what the group reports of itself, by plan and tier."""
    rates = {("GOLD", "EMP"): Decimal("620.00"), ("GOLD", "FAM"): Decimal("1860.00")}
    counts = [HeadCount("GOLD", "EMP", 3), HeadCount("GOLD", "FAM", 1), HeadCount("TIN", "EMP", 2)]
    costs, unpriced = priced(counts, rates)
    assert {("GOLD", "EMP"): Decimal("1860.00"), ("GOLD", "FAM"): Decimal("1860.00")} == costs
    assert ["no rate on file for TIN EMP, reported for 2"] == unpriced
    found = compare(costs, {("GOLD", "EMP"): Decimal("1240.00"), ("GOLD", "FAM"): Decimal("1860.00")})
    assert [("different", Decimal("-620.00"))] == [(each.kind.value, each.amount) for each in found.variances]


@pytest.mark.parametrize(
    ("still_open", "reported", "missing"),
    [
        ("40.00", (), ("DENTAL",)),
        ("45.00", (), ("DENTAL", "LIFE")),
        ("39.99", (), ()),
        ("0.00", (), ()),
        ("665.00", (), ()),
        ("123.45", ("GOLD", "LIFE"), ("DENTAL",)),
        ("123.45", ("A100",), ()),
    ],
    ids=["dental", "two", "short by another amount", "paid", "nothing paid", "named by the payer", "names no product"],
)
def test_a_payment_that_omits_dental_raises_it(still_open, reported, missing):
    """HF-20."""
    billed = {"GOLD": Decimal("620.00"), "DENTAL": Decimal("40.00"), "LIFE": Decimal("5.00")}
    assert missing == missing_products(billed, Decimal(still_open), reported)
