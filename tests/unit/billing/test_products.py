"""Products beyond health, and who underwrites them (HF-30, HN-17)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from gateway.billing.charges import causes, charges_due
from gateway.billing.difference import bill_by_difference
from gateway.billing.entities import EntityTotal, totals_by_entity
from gateway.billing.product import Catalogue, Product
from gateway.billing.rating import Fee, FeeBasis, Rate, RateTable
from gateway.billing.release import BillDraft, check_release
from gateway.domain.period import CoverageMonth

SEPTEMBER = date(2025, 9, 30)
CATALOGUE = Catalogue.of(
    [
        Product("LIFE50", "LIFE", "EXLIFE", ("LF50", "L-50")),
        Product("ADD50", "ADD", "EXLIFE", ("AD50",)),
        Product("LTD60", legal_entity="EXLIFE", codes=("LTD",)),
    ]
)
RATES = RateTable(
    [
        Rate(plan, "EMP", Decimal(price), date(2025, 1, 1))
        for plan, price in [("GOLD", "620.00"), ("LIFE50", "11.25"), ("ADD50", "1.75"), ("LTD60", "23.40")]
    ],
    fees=[Fee("Administration", FeeBasis.CONTRACT, Decimal("2.00"), None, "", "", date(2025, 1, 1))],
)


@pytest.fixture
def account(acme):
    return replace(acme, legal_entity="EXHEALTH", catalogue=CATALOGUE)


@pytest.fixture
def insured(coverage, family):
    """Health, life and AD&D by the partner's codes in HD04 under HLT, disability as HD03 without a plan."""
    return family(
        coverage(tier="EMP"),
        coverage(plan="LF50", tier="EMP"),
        coverage(plan="AD50", tier="EMP"),
        coverage(plan="", insurance_line="LTD", tier="EMP"),
    )


def test_hf_30_four_products_are_four_charges_under_their_own_insurance_lines(insured, account):
    charges, findings = charges_due(insured, account, RATES, SEPTEMBER)
    assert [
        ("ADD50", "ADD", "1.75"), ("GOLD", "HLT", "620.00"), ("LIFE50", "LIFE", "11.25"), ("LTD60", "LTD", "23.40"),
        ("Administration", "FEE", "2.00"),
    ] == [(charge.product, charge.insurance_line, str(charge.amount)) for charge in charges]  # fmt: skip
    assert [] == findings


def test_hf_30_a_bill_with_four_products_is_not_taken_for_a_member_who_is_billed_twice(insured, account):
    charges, _ = charges_due(insured, account, RATES, SEPTEMBER)
    month = CoverageMonth(2025, 9)
    lines = bill_by_difference(charges, [], current=month)
    assert ([], 5) == (check_release(BillDraft(account, RATES, month, charges, [], lines)), len(lines))


def test_two_codes_of_one_product_are_one_product(coverage, family, account):
    changed = family(
        coverage(plan="LF50", tier="EMP", last_day=date(2025, 9, 15)),
        coverage(plan="L-50", tier="EMP", starts_on=date(2025, 9, 16)),
    )
    charges, _ = charges_due(changed, account, RATES, SEPTEMBER)
    assert [("LIFE50", "11.25", 30)] == [
        (each.product, str(each.amount), each.days_covered) for each in charges if not each.is_fee
    ]


def test_what_vanished_is_found_under_the_name_it_was_billed_by(insured):
    assert {"GOLD", "LIFE50", "ADD50", "LTD60"} == {product for _, product in causes(insured, CATALOGUE)}


def test_hn_17_the_totals_of_two_legal_entities_sum_to_the_whole(insured, account):
    """HN-17: a group with products of 2 entities gets totals per entity that sum to the whole."""
    charges, _ = charges_due(insured, account, RATES, SEPTEMBER)
    totals = totals_by_entity(charges)
    assert [
        EntityTotal("EXHEALTH", Decimal("620.00"), Decimal("2.00")),
        EntityTotal("EXLIFE", Decimal("36.40"), Decimal("0.00")),
    ] == totals
    assert sum(charge.amount for charge in charges) == sum(each.total for each in totals)


def test_hn_17_the_entity_stays_with_the_line_and_with_its_credit(insured, account, bill_lines):
    charges, _ = charges_due(insured, account, RATES, SEPTEMBER)
    lines = bill_by_difference(charges, [], current=CoverageMonth(2025, 9))
    assert totals_by_entity(charges) == totals_by_entity(lines)
    life = [replace(each, legal_entity="EXLIFE") for each in bill_lines(lines) if each.product == "LIFE50"]
    credited = bill_by_difference([], life, current=CoverageMonth(2025, 10))
    assert [EntityTotal("EXLIFE", Decimal("-11.25"), Decimal("0.00"))] == totals_by_entity(credited)


def test_without_a_catalogue_a_plan_is_what_was_sent_and_the_account_s_entity_underwrites_it(coverage, family, acme):
    (charge, *_), _ = charges_due(family(coverage(tier="EMP")), acme, RATES, SEPTEMBER)
    assert ("GOLD", "HLT", "") == (charge.product, charge.insurance_line, charge.legal_entity)
