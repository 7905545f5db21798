"""Bill by difference: DOMAIN 9.1, 9.2 and 9.3 to the cent."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from gateway.billing.charges import causes, charges_due
from gateway.billing.commission import claw_back, commission
from gateway.billing.difference import bill_by_difference
from gateway.billing.proof import prove_nothing_fell_out
from gateway.billing.proration import Proration, ProrationRule
from gateway.domain.charge import LineType
from gateway.domain.coverage import CoverageStatus
from gateway.domain.period import CoverageMonth
from gateway.errors import InvariantBroken

PRICES = {"EMP": "600.00", "FAM": "1450.00"}
BILLED_MONTHS = ["2025-09", "2025-10", "2025-11"]
DECEMBER = CoverageMonth(2025, 12)
NOVEMBER = CoverageMonth(2025, 11)


@pytest.fixture
def retro_termination(coverage, family, rates, acme, billed):
    """DOMAIN 9.2: FAM billed for September to November; the cover ends 2025-08-31, billed until `billable_before`."""

    def lines(billable_before: date | None):
        ended = coverage(
            tier="FAM",
            starts_on=date(2025, 1, 1),
            last_day=date(2025, 8, 31),
            status=CoverageStatus.TERMINATED,
            billable_before=billable_before,
            set_id="SET024",
        )
        charges, _ = charges_due(family(ended), acme, rates(PRICES), date(2025, 12, 31))
        earlier = billed([f"2025-0{month}" for month in range(1, 9)], "1450.00")
        return bill_by_difference(
            charges, [*earlier, *billed(BILLED_MONTHS, "1450.00")], current=DECEMBER, causes=causes(family(ended))
        )

    return lines


@pytest.mark.parametrize(
    ("billable_before", "total", "corrected"),
    [
        (None, "-4350.00", ["INV202509", "INV202510", "INV202511"]),
        (date(2025, 10, 1), "-2900.00", ["INV202510", "INV202511"]),
        (date(2025, 9, 1), "-4350.00", ["INV202509", "INV202510", "INV202511"]),
    ],
    ids=["no limit", "60 days", "90 days"],
)
def test_domain_9_2_credits_a_retro_termination_inside_its_limit(billable_before, total, corrected, retro_termination):
    lines = retro_termination(billable_before)
    assert Decimal(total) == sum(line.amount for line in lines)
    assert corrected == [line.corrects_invoice_id for line in lines]
    assert {LineType.RETRO_TERM} == {line.line_type for line in lines}
    assert {Decimal("-1450.00")} == {line.amount for line in lines}


def test_domain_9_2_each_credit_is_tagged_with_its_month_and_with_the_set_that_caused_it(retro_termination):
    lines = retro_termination(date(2025, 10, 1))
    assert ["2025-10", "2025-11"] == [str(line.month) for line in lines]
    assert {("SET024", "000000001/1/0001/1")} == {(line.set_id, line.source) for line in lines}


def test_domain_9_2_the_broker_s_commission_is_clawed_back(retro_termination):
    assert Decimal("-116.00") == claw_back(retro_termination(date(2025, 10, 1)), Decimal(4))


def test_commission_is_taken_back_for_credits_only(coverage, family, rates, acme):
    charges, _ = charges_due(family(coverage(tier="EMP")), acme, rates(PRICES), date(2025, 9, 30))
    assert 0 == claw_back(bill_by_difference(charges, [], current=NOVEMBER), Decimal(4))
    assert Decimal("24.00") == commission(Decimal("600.00"), Decimal(4))


@pytest.mark.parametrize(
    ("cutoff", "total", "types"),
    [
        (date(2025, 11, 30), "600.00", [LineType.CURRENT]),
        (date(2025, 12, 31), "1200.00", [LineType.RETRO_ADD, LineType.CURRENT]),
    ],
    ids=["file of 10-20", "file of 11-07"],
)
def test_domain_9_1_an_enrolment_pays_from_november_through_the_cutoff(
    cutoff, total, types, coverage, family, rates, acme
):
    enrolled = family(coverage(tier="EMP", starts_on=date(2025, 11, 1)))
    charges, _ = charges_due(enrolled, acme, rates(PRICES), cutoff)
    lines = bill_by_difference(charges, [], current=CoverageMonth.of(cutoff))
    assert (Decimal(total), types) == (sum(line.amount for line in lines), [line.line_type for line in lines])


@pytest.mark.parametrize(
    ("starts_on", "last_day", "rate", "cutoff", "daily", "wash"),
    [
        (date(2025, 11, 12), None, "600.00", date(2025, 11, 30), "380.00", ["600.00"]),
        (date(2026, 2, 1), date(2026, 2, 10), "612.37", date(2026, 2, 28), "218.70", []),
        (date(2025, 12, 9), date(2025, 12, 20), "845.50", date(2025, 12, 31), "327.29", ["845.50"]),
    ],
    ids=["start", "end", "same month"],
)
def test_domain_9_3_prorated_charges_reach_the_bill(
    starts_on, last_day, rate, cutoff, daily, wash, coverage, family, rates, acme
):
    world = family(coverage(tier="EMP", starts_on=starts_on, last_day=last_day))
    for proration, expected in [(Proration.DAILY, [daily]), (Proration.MID_MONTH, wash)]:
        account = replace(acme, proration=ProrationRule(proration))
        charges, _ = charges_due(world, account, rates({"EMP": rate}), cutoff)
        lines = bill_by_difference(charges, [], current=CoverageMonth.of(cutoff))
        assert [Decimal(each) for each in expected] == [line.amount for line in lines]


def test_a_second_run_yields_nothing(coverage, family, rates, acme, bill_lines):
    charges, _ = charges_due(family(coverage(tier="FAM")), acme, rates(PRICES), date(2025, 12, 31))
    lines = bill_by_difference(charges, [], current=DECEMBER)
    assert 4 == len(lines)
    assert [] == bill_by_difference(charges, bill_lines(lines), current=DECEMBER)


def test_a_change_of_tier_corrects_the_months_already_billed_and_says_how(coverage, family, rates, acme, billed):
    world = family(coverage(tier="FAM"))
    charges, _ = charges_due(world, acme, rates(PRICES), date(2025, 12, 31))
    lines = bill_by_difference(charges, billed(BILLED_MONTHS, "600.00", tier="EMP"), current=DECEMBER)
    assert ["850.00", "850.00", "850.00", "1450.00"] == [str(line.amount) for line in lines]
    assert [LineType.RETRO_CHANGE] * 3 + [LineType.CURRENT] == [line.line_type for line in lines]
    assert "1450.00 - 600.00; due now: 1450.00; full month" == lines[0].formula
    assert "1450.00; full month" == lines[3].formula


def test_a_month_that_was_credited_and_comes_back_is_a_retro_add_that_names_the_credit(
    coverage, family, rates, acme, billed
):
    charges, _ = charges_due(family(coverage(tier="FAM")), acme, rates(PRICES), date(2025, 9, 30))
    (line,) = bill_by_difference(charges, billed(["2025-09"], "0.00"), current=DECEMBER)
    assert (LineType.RETRO_ADD, "INV202509", "1450.00") == (
        line.line_type, line.corrects_invoice_id, str(line.amount),
    )  # fmt: skip


def test_a_month_washed_to_nothing_is_taken_back_with_its_own_charge_as_the_reason(
    coverage, family, rates, acme, billed
):
    account = replace(acme, proration=ProrationRule(Proration.MID_MONTH))
    world = family(coverage(tier="FAM", last_day=date(2025, 9, 10), set_id="SET024"))
    charges, _ = charges_due(world, account, rates(PRICES), date(2025, 9, 30))
    (line,) = bill_by_difference(charges, billed(["2025-09"], "1450.00"), current=DECEMBER)
    assert (LineType.RETRO_TERM, Decimal("-1450.00"), "SET024", 10) == (
        line.line_type, line.amount, line.set_id, line.days_covered,
    )  # fmt: skip


def test_the_order_of_the_lines_never_depends_on_the_order_of_the_charges(coverage, family, rates, acme):
    charges = [
        charge
        for membership in ("M2", "M1")
        for charge in charges_due(
            family(coverage(tier="EMP", membership=membership), membership=membership),
            acme,
            rates(PRICES),
            date(2025, 10, 31),
        )[0]
    ]
    lines = bill_by_difference(charges, [], current=NOVEMBER)
    assert lines == bill_by_difference(reversed(charges), [], current=NOVEMBER)
    assert [1, 2, 3, 4] == [line.number for line in lines]
    assert ["M1", "M1", "M2", "M2"] == [line.membership_id for line in lines]


def test_the_same_month_due_or_billed_twice_stops_the_bill(coverage, family, rates, acme, billed):
    charges, _ = charges_due(family(coverage(tier="EMP")), acme, rates(PRICES), date(2025, 9, 30))
    with pytest.raises(InvariantBroken, match="due twice"):
        bill_by_difference(charges * 2, [], current=NOVEMBER)
    with pytest.raises(InvariantBroken, match="billed twice"):
        bill_by_difference([], billed(["2025-09", "2025-09"], "600.00"), current=NOVEMBER)


def test_the_proof_holds_for_every_bill_by_difference(coverage, family, rates, acme, billed):
    charges, _ = charges_due(family(coverage(tier="FAM")), acme, rates(PRICES), date(2025, 12, 31))
    before = billed(["2025-08", "2025-09"], "600.00")
    prove_nothing_fell_out(charges, before, bill_by_difference(charges, before, current=DECEMBER))


def test_the_proof_finds_a_line_that_fell_out_and_one_too_many(coverage, family, rates, acme, billed):
    charges, _ = charges_due(family(coverage(tier="FAM")), acme, rates(PRICES), date(2025, 12, 31))
    lines = bill_by_difference(charges, [], current=DECEMBER)
    with pytest.raises(InvariantBroken, match=r"1 charges .* month 2025-09: due 1450.00, billed 0.00"):
        prove_nothing_fell_out(charges, [], lines[1:])
    with pytest.raises(InvariantBroken, match=r"due 0\.00, billed 1450\.00"):
        prove_nothing_fell_out([], billed(["2025-09"], "1450.00"), [])
    with pytest.raises(InvariantBroken, match=r"billed 2900\.00"):
        prove_nothing_fell_out(charges, [], [*lines, lines[0]])


def test_ia_51_a_fee_is_a_line_of_its_own_by_its_name_and_never_inside_the_premium(coverage, family, rates, acme):
    charges, _ = charges_due(family(coverage(tier="EMP")), acme, rates(PRICES), DECEMBER.last_day)
    fees = [
        replace(each, product="ADMIN FEE", amount=Decimal("4.00"), rate=Decimal("4.00"), formula="4.00; each contract",
                is_fee=True, set_id="", source="fee/ADMIN FEE")
        for each in charges
    ]  # fmt: skip
    lines = bill_by_difference([*charges, *fees], [], current=DECEMBER)
    assert [
        ("ADMIN FEE", "2025-11", "RETRO_ADD", "4.00"),
        ("ADMIN FEE", "2025-12", "FEE", "4.00"),
        ("GOLD", "2025-11", "RETRO_ADD", "600.00"),
        ("GOLD", "2025-12", "CURRENT", "600.00"),
    ] == [(each.product, str(each.month), each.line_type, str(each.amount)) for each in lines if each.month >= NOVEMBER]
    premium = sum(each.amount for each in lines if not each.is_fee)
    assert Decimal("600.00") * len(charges) == premium


def test_a_fee_that_is_no_longer_due_is_credited_by_its_name(billed):
    before = [replace(each, product="ADMIN FEE", is_fee=True) for each in billed(["2025-12"], "4.00")]
    (line,) = bill_by_difference([], before, current=DECEMBER)
    assert ("ADMIN FEE", "RETRO_TERM", "-4.00", True) == (line.product, line.line_type, str(line.amount), line.is_fee)
