"""Fees are named lines of their own, never inside a premium (IA-51)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from gateway.billing.charges import charges_due
from gateway.billing.commission import claw_back
from gateway.billing.difference import bill_by_difference
from gateway.billing.fees import account_fees
from gateway.billing.proration import Proration, ProrationRule
from gateway.billing.rating import Fee, FeeBasis, Rate, RateTable
from gateway.billing.release import BillDraft, check_release
from gateway.domain.charge import LineType
from gateway.domain.period import CoverageMonth

NEW_YEAR = date(2025, 1, 1)
SEPTEMBER = date(2025, 9, 30)
PRICES = {"EMP": "600.00", "ESP": "1240.00", "FAM": "1450.00"}
RATES = [
    *(Rate("GOLD", tier, Decimal(price), NEW_YEAR) for tier, price in PRICES.items()),
    Rate("DENTAL", "EMP", Decimal("40.00"), NEW_YEAR),
    Rate("DENTAL", "ESP", Decimal("80.00"), NEW_YEAR),
]


def fee(name: str, basis: FeeBasis, amount: str = "", *, percent: str = "", plan: str = "", **more) -> Fee:
    values = {"legal_entity": "", "starts_on": NEW_YEAR} | more
    return Fee(name, basis, Decimal(amount) if amount else None, Decimal(percent) if percent else None, plan, **values)


ADMIN = fee("Administration", FeeBasis.MEMBER, "2.50")
CARD = fee("Contract fee", FeeBasis.CONTRACT, "7.00")
SERVICE = fee("Service", FeeBasis.ACCOUNT, "150.00")
SURCHARGE = fee("Surcharge", FeeBasis.CONTRACT, percent="1.5")
PLATFORM = fee("Platform", FeeBasis.ACCOUNT, percent="0.25")


def table(*fees: Fee) -> RateTable:
    return RateTable(RATES, fees=fees)


def shown(charges) -> list[tuple[str, str, str]]:
    return [(charge.product, str(charge.month), str(charge.amount)) for charge in charges if charge.is_fee]


@pytest.fixture
def couple(coverage, family):
    return family(coverage(tier="ESP"), coverage("spouse"))


def test_ia_51_the_premium_lines_are_contract_rates_times_lives_and_every_fee_is_named(couple, acme):
    """IA-51: sum of premium lines = contract rates x lives; each fee on a line of its own."""
    rates = table(ADMIN, CARD, SERVICE, SURCHARGE, PLATFORM)
    charges, _ = charges_due(couple, acme, rates, date(2025, 10, 31))
    charges += account_fees(charges, acme, rates)
    premium = [charge for charge in charges if not charge.is_fee]
    assert 2 * Decimal("1240.00") == sum(charge.amount for charge in premium)
    assert {"GOLD"} == {charge.product for charge in premium}
    assert [
        ("Administration", "5.00"), ("Contract fee", "7.00"), ("Platform", "3.10"), ("Service", "150.00"),
        ("Surcharge", "18.60"),
    ] == sorted((name, amount) for name, month, amount in shown(charges) if month == "2025-10")  # fmt: skip
    lines = bill_by_difference(charges, [], current=CoverageMonth(2025, 10))
    assert {"Administration", "Contract fee", "Platform", "Service", "Surcharge"} == {
        line.product for line in lines if line.is_fee
    }


def test_a_fee_per_member_counts_each_member_once_in_however_many_products(coverage, family, acme):
    world = family(
        coverage(tier="EMP"), coverage("spouse", plan="DENTAL", insurance_line="DEN", tier="EMP"),
        coverage(plan="DENTAL", insurance_line="DEN", tier="ESP", number=2),
    )  # fmt: skip
    charges, _ = charges_due(world, acme, table(ADMIN), SEPTEMBER)
    assert [("Administration", "2025-09", "5.00")] == shown(charges)


def test_a_fee_for_one_plan_is_owed_for_that_plan_only(coverage, family, acme):
    dental = fee("Dental fee", FeeBasis.CONTRACT, "1.00", plan="DENTAL")
    gold = coverage(tier="EMP")
    only_gold, _ = charges_due(family(gold), acme, table(dental), SEPTEMBER)
    both, _ = charges_due(
        family(gold, coverage(plan="DENTAL", insurance_line="DEN", tier="EMP")), acme, table(dental), SEPTEMBER
    )
    assert ([], [("Dental fee", "2025-09", "1.00")]) == (shown(only_gold), shown(both))


def test_a_percentage_is_of_the_plan_it_is_for(coverage, family, acme):
    dental = fee("Dental fee", FeeBasis.CONTRACT, percent="10", plan="DENTAL")
    world = family(coverage(tier="EMP"), coverage(plan="DENTAL", insurance_line="DEN", tier="EMP"))
    assert [("Dental fee", "2025-09", "4.00")] == shown(charges_due(world, acme, table(dental), SEPTEMBER)[0])


def test_a_fee_is_for_the_month_however_few_of_its_days_are_covered(coverage, family, acme):
    account = replace(acme, proration=ProrationRule(Proration.DAILY))
    world = family(coverage(tier="EMP", starts_on=date(2025, 9, 29)))
    charges, _ = charges_due(world, account, table(CARD), SEPTEMBER)
    assert [("Contract fee", "2025-09", "7.00")] == shown(charges)


def test_where_no_premium_is_owed_no_fee_is(coverage, family, acme):
    account = replace(acme, proration=ProrationRule(Proration.MID_MONTH))
    washed = family(coverage(tier="EMP", starts_on=date(2025, 9, 20)))
    charges, _ = charges_due(washed, account, table(CARD, ADMIN), SEPTEMBER)
    assert ([], []) == (shown(charges), account_fees(charges, account, table(SERVICE)))


def test_a_fee_begins_with_the_first_month_whose_first_day_it_holds_on(couple, acme):
    charges, _ = charges_due(couple, acme, table(replace(CARD, starts_on=date(2025, 9, 2))), date(2025, 10, 31))
    assert [("Contract fee", "2025-10", "7.00")] == shown(charges)


def test_the_account_owes_its_fee_once_a_month_whoever_is_covered(coverage, family, acme):
    worlds = [family(coverage(tier="EMP", membership=each), membership=each) for each in ("M2", "M1")]
    charges = [charge for world in worlds for charge in charges_due(world, acme, table(SERVICE), SEPTEMBER)[0]]
    (charge,) = account_fees(charges, acme, table(SERVICE))
    assert ("Service", Decimal("150.00"), "ACME", "", 0) == (
        charge.product, charge.amount, charge.membership_id, charge.member_id, charge.lives,
    )  # fmt: skip
    assert "150.00 * 1; per account and month" == charge.formula


def test_ia_42_every_fee_has_a_source_a_cover_and_a_row(couple, acme):
    """IA-42: no charge without a source."""
    named = [replace(each, source=f"fees.csv, line {n}") for n, each in enumerate((ADMIN, SERVICE), start=2)]
    charges, _ = charges_due(couple, acme, table(*named), SEPTEMBER)
    charges += account_fees(charges, acme, table(*named))
    fees = [charge for charge in charges if charge.is_fee]
    assert {"fees.csv, line 2", "fees.csv, line 3"} == {charge.priced_by for charge in fees}
    assert all(charge.set_id and charge.source for charge in fees)


def test_a_bill_with_fees_passes_the_release_checks_and_so_does_the_credit_when_the_member_left(
    coverage, family, acme, bill_lines
):
    rates = table(ADMIN, CARD, SERVICE)
    current = CoverageMonth(2025, 9)
    charges, _ = charges_due(family(coverage(tier="EMP")), acme, rates, SEPTEMBER)
    charges += account_fees(charges, acme, rates)
    lines = bill_by_difference(charges, [], current=current)
    assert [] == check_release(BillDraft(acme, rates, current, charges, [], lines))
    billed = bill_lines(lines)
    credited = bill_by_difference([], billed, current=current)
    assert ({LineType.RETRO_TERM}, Decimal("-759.50")) == (
        {line.line_type for line in credited}, sum(line.amount for line in credited),
    )  # fmt: skip
    assert ["NEGATIVE_TOTAL"] == [
        each.code for each in check_release(BillDraft(acme, rates, current, [], billed, credited))
    ]


def test_a_fee_is_underwritten_by_who_charges_it_else_by_the_account_s_entity(couple, acme):
    account = replace(acme, legal_entity="EXHEALTH")
    charges, _ = charges_due(couple, account, table(ADMIN, replace(CARD, legal_entity="EXSERVICE")), SEPTEMBER)
    assert {"GOLD": "EXHEALTH", "Administration": "EXHEALTH", "Contract fee": "EXSERVICE"} == {
        charge.product: charge.legal_entity for charge in charges
    }


def test_no_commission_is_taken_back_for_fees(couple, acme, bill_lines):
    charges, _ = charges_due(couple, acme, table(CARD), SEPTEMBER)
    credited = bill_by_difference(
        [], [replace(each, is_fee=each.product == "Contract fee") for each in bill_lines(
            bill_by_difference(charges, [], current=CoverageMonth(2025, 9)))],
        current=CoverageMonth(2025, 10),
    )  # fmt: skip
    assert Decimal("-49.60") == claw_back(credited, Decimal(4))  # 4 percent of 1,240.00
