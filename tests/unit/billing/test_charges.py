"""What a membership owes as known today (DOMAIN 8.1, 8.2, 8.3)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.billing.account import RateSource
from gateway.billing.charges import Cause, causes, charges_due
from gateway.billing.proration import Proration, ProrationRule
from gateway.billing.rating import Rate, RateTable
from gateway.domain.coverage import CoverageStatus
from gateway.domain.finding import Severity

PRICES = {"EMP": "600.00", "ESP": "1240.00", "FAM": "1450.00"}
YEAR_END = date(2025, 12, 31)
DAILY = ProrationRule(Proration.DAILY)


def months(charges) -> dict[str, str]:
    return {str(charge.month): str(charge.amount) for charge in charges}


def evaluate(formula: str) -> Decimal:
    """Recompute the arithmetic in front of a formula's `;`."""
    total = Decimal(0)
    for term in formula.partition(";")[0].split("+"):
        amount = Decimal(1)
        for factor in term.split("*"):
            above, _, below = factor.strip().partition("/")
            amount *= Decimal(above) / Decimal(below or 1)
        total += amount
    return total.quantize(Decimal("0.01"))


def test_a_member_owes_every_month_that_begins_by_the_cutoff(coverage, family, rates, acme):
    charges, findings = charges_due(family(coverage(tier="EMP")), acme, rates(PRICES), date(2025, 11, 1))
    assert {"2025-09": "600.00", "2025-10": "600.00", "2025-11": "600.00"} == months(charges)
    assert [] == findings


def test_or_01_a_cover_that_begins_after_the_cutoff_is_not_charged(coverage, family, rates, acme):
    late = coverage(tier="EMP", starts_on=date(2025, 11, 20))
    for cutoff, expected in [(date(2025, 11, 19), {}), (date(2025, 11, 20), {"2025-11": "600.00"})]:
        assert expected == months(charges_due(family(late), acme, rates(PRICES), cutoff)[0])


def test_canceled_coverage_contributes_nothing_and_leaves_no_one_day_residue(coverage, family, rates, acme):
    canceled = coverage(tier="FAM", last_day=date(2025, 9, 1), status=CoverageStatus.CANCELED)
    assert ([], []) == charges_due(family(canceled), acme, rates(PRICES), YEAR_END)


def test_a_coverage_that_ends_before_it_begins_contributes_nothing(coverage, family, rates, acme):
    void = coverage(tier="FAM", last_day=date(2025, 8, 31))
    assert ([], []) == charges_due(family(void), acme, rates(PRICES), YEAR_END)


@pytest.mark.parametrize(
    ("billable_before", "expected"),
    [
        (None, ["2025-09"]),
        (date(2025, 11, 1), ["2025-09", "2025-10"]),
        (date(2025, 9, 15), ["2025-09"]),
    ],
    ids=["no limit", "limit after the end", "limit before the end"],
)
def test_past_the_retro_limit_the_cover_is_billed_through_the_limit(
    billable_before, expected, coverage, family, rates, acme
):
    ended = coverage(
        tier="FAM",
        last_day=date(2025, 9, 30),
        status=CoverageStatus.TERMINATED,
        billable_before=billable_before,
    )
    assert expected == list(months(charges_due(family(ended), acme, rates(PRICES), YEAR_END)[0]))


def test_one_charge_stands_for_the_whole_family_and_explains_itself(coverage, family, rates, acme):
    members = [coverage("child"), coverage("spouse"), coverage("subscriber", tier="FAM", set_id="SET7")]
    (charge,), findings = charges_due(family(*members), acme, rates(PRICES), date(2025, 9, 30))
    assert ("M1", "M1-subscriber", "GOLD", "FAM", 3) == (
        charge.membership_id, charge.member_id, charge.product, charge.tier, charge.lives,
    )  # fmt: skip
    assert (Decimal("1450.00"), 30, 30) == (charge.rate, charge.days_covered, charge.days_in_month)
    assert ("SET7", "000000001/1/0001/1") == (charge.set_id, charge.source)
    assert [] == findings


@pytest.mark.parametrize(
    ("covered", "tier"),
    [(["subscriber"], "EMP"), (["subscriber", "spouse"], "ESP"), (["subscriber", "spouse", "child"], "FAM")],
)
def test_a_tier_that_was_not_sent_follows_from_who_is_covered(covered, tier, coverage, family, rates, acme):
    world = family(*(coverage(member) for member in covered))
    (charge,), _ = charges_due(world, acme, rates(PRICES), date(2025, 9, 30))
    assert (tier, Decimal(PRICES[tier])) == (charge.tier, charge.amount)


def test_a_dependent_who_joins_changes_the_derived_tier_from_then_on(coverage, family, rates, acme):
    world = family(coverage("subscriber"), coverage("spouse", starts_on=date(2025, 11, 1)))
    charges, _ = charges_due(world, acme, rates(PRICES), date(2025, 11, 30))
    assert {"2025-09": "600.00", "2025-10": "600.00", "2025-11": "1240.00"} == months(charges)


def test_the_sent_tier_is_billed_and_a_disagreement_is_said_once(coverage, family, rates, acme):
    world = family(coverage("subscriber", tier="EMP"), coverage("spouse"))
    charges, findings = charges_due(world, acme, rates(PRICES), YEAR_END)
    assert {"600.00"} == set(months(charges).values())
    assert [("TIER_VARIANCE", Severity.WARNING)] == [(each.code, each.severity) for each in findings]


@pytest.mark.parametrize(
    ("premium", "codes"),
    [("1450.00", []), ("1450.01", []), ("1449.99", []), ("1450.02", ["PREMIUM_VARIANCE"]), (None, [])],
)
def test_a_sent_premium_is_compared_with_our_rate_and_never_overwrites_it(
    premium, codes, coverage, family, rates, acme
):
    members = [coverage(tier="FAM", premium=premium), coverage("spouse"), coverage("child")]
    charges, findings = charges_due(family(*members), acme, rates(PRICES), YEAR_END)
    assert {"1450.00"} == set(months(charges).values())
    assert codes == [each.code for each in findings]


@pytest.mark.parametrize(
    ("premium", "billed"), [("181.65", "181.65"), ("0.00", "0.00"), (None, "600.00")], ids=["sent", "zero", "not sent"]
)
def test_an_exchange_account_bills_the_premium_that_was_sent_else_our_rate(
    premium, billed, coverage, family, rates, acme
):
    account = replace(acme, rate_source=RateSource.SENT)
    charges, findings = charges_due(
        family(coverage(tier="EMP", premium=premium)), account, rates(PRICES), date(2025, 9, 30)
    )
    assert ({"2025-09": billed}, []) == (months(charges), findings)


def test_without_a_rate_nothing_is_charged_and_the_plan_is_named(coverage, family, rates, acme):
    charges, (finding,) = charges_due(family(coverage(plan="TIN", tier="EMP")), acme, rates(PRICES), date(2025, 10, 31))
    assert ([], "UNKNOWN_PLAN", Severity.ERROR) == (charges, finding.code, finding.severity)
    assert "plan TIN, tier EMP" in finding.message


def test_a_month_in_a_gap_of_the_rates_is_left_out_and_its_neighbours_are_charged(coverage, family, rates, acme):
    table = rates({"EMP": "600.00"}, starts_on=date(2025, 10, 1))
    charges, findings = charges_due(family(coverage(tier="EMP")), acme, table, date(2025, 10, 31))
    assert ({"2025-10": "600.00"}, ["UNKNOWN_PLAN"]) == (months(charges), [each.code for each in findings])


def test_where_no_plan_was_sent_the_insurance_line_is_priced(coverage, family, rates, acme):
    world = family(coverage(plan="", tier="EMP", insurance_line="DEN"))
    (charge,), _ = charges_due(world, acme, rates(PRICES, plan="DEN"), date(2025, 9, 30))
    assert ("DEN", "DEN") == (charge.product, charge.insurance_line)


def test_two_products_are_two_charges_in_a_fixed_order(coverage, family, acme):
    table = RateTable([Rate(plan, "EMP", Decimal(price), date(2025, 1, 1)) for plan, price in [("B", "9"), ("A", "7")]])
    world = family(coverage(plan="B", tier="EMP"), coverage(plan="A", tier="EMP"))
    charges, _ = charges_due(world, acme, table, date(2025, 9, 30))
    assert [("A", "7.00"), ("B", "9.00")] == [(charge.product, str(charge.amount)) for charge in charges]


def test_a_change_of_tier_inside_a_month_is_mixed_by_days_and_the_formula_says_how(coverage, family, rates, acme):
    world = family(
        coverage(tier="EMP", last_day=date(2025, 11, 10)),
        coverage(tier="FAM", starts_on=date(2025, 11, 11), number=2),
        coverage("spouse", starts_on=date(2025, 11, 11)),
        coverage("child", starts_on=date(2025, 11, 11)),
    )
    charges, findings = charges_due(world, replace(acme, proration=DAILY), rates(PRICES), date(2025, 11, 30))
    november = charges[-1]
    assert (Decimal("1166.67"), "FAM", 3, 30) == (november.amount, november.tier, november.lives, november.days_covered)
    assert "600.00 * 10/30 + 1450.00 * 20/30; by days" == november.formula
    assert [] == findings


def test_a_dependent_who_comes_and_goes_without_a_price_effect_does_not_cut_the_formula(coverage, family, rates, acme):
    world = family(
        coverage(tier="FAM"),
        coverage("spouse"),
        coverage("child"),
        coverage("child2", starts_on=date(2025, 9, 10), last_day=date(2025, 9, 20)),
    )
    (charge,), _ = charges_due(world, replace(acme, proration=DAILY), rates(PRICES), date(2025, 9, 30))
    assert ("1450.00 * 30/30; by days", Decimal("1450.00")) == (charge.formula, charge.amount)


def test_days_without_cover_between_two_covers_are_not_charged(coverage, family, rates, acme):
    world = family(
        coverage(tier="EMP", last_day=date(2025, 9, 10)), coverage(tier="EMP", starts_on=date(2025, 9, 21), number=2)
    )
    (charge,), _ = charges_due(world, replace(acme, proration=DAILY), rates(PRICES), date(2025, 9, 30))
    assert (Decimal("400.00"), 20) == (charge.amount, charge.days_covered)


def test_the_lives_are_those_at_the_end_of_what_was_charged(coverage, family, rates, acme):
    world = family(
        coverage(tier="FAM"), coverage("spouse"), coverage("child"), coverage("child2", starts_on=date(2025, 9, 10))
    )
    (charge,), _ = charges_due(world, acme, rates(PRICES), date(2025, 9, 30))
    assert 4 == charge.lives


@pytest.mark.parametrize("proration", Proration)
def test_every_formula_recomputes_to_its_amount(proration, coverage, family, rates, acme):
    world = family(
        coverage(tier="EMP", starts_on=date(2025, 9, 12), last_day=date(2025, 10, 10)),
        coverage(tier="FAM", starts_on=date(2025, 10, 20), last_day=date(2025, 12, 15), number=2),
    )
    account = replace(acme, proration=ProrationRule(proration))
    charges, _ = charges_due(world, account, rates(PRICES), YEAR_END)
    assert 4 == len(charges)
    assert [charge.amount for charge in charges] == [evaluate(charge.formula) for charge in charges]


def test_a_rate_change_prices_only_the_months_from_its_first_day(coverage, family, acme):
    table = RateTable(
        [
            Rate("GOLD", "EMP", Decimal(600), date(2025, 1, 1), date(2025, 9, 30)),
            Rate("GOLD", "EMP", Decimal(650), date(2025, 10, 1)),
        ]
    )
    charges, _ = charges_due(family(coverage(tier="EMP")), acme, table, date(2025, 10, 31))
    assert {"2025-09": "600.00", "2025-10": "650.00"} == months(charges)


def test_dependents_whose_subscriber_is_not_covered_are_charged_at_their_own_tier(coverage, family, rates, acme):
    world = family(coverage("child"))
    (charge,), _ = charges_due(world, acme, rates({"CHD": "210.00"}), date(2025, 9, 30))
    assert ("CHD", "M1-child", 1) == (charge.tier, charge.member_id, charge.lives)


def test_the_cause_of_a_vanished_charge_is_the_version_that_was_learned_last(coverage, family):
    world = family(
        coverage(set_id="SET9", number=2, known_at=datetime(2025, 11, 5, tzinfo=UTC)),
        coverage(set_id="SET1"),
        coverage("spouse", plan="DENTAL", set_id="SET2"),
    )
    expected = {
        ("M1", "GOLD"): Cause("SET9", "000000001/1/0001/2"),
        ("M1", "DENTAL"): Cause("SET2", "000000001/1/0001/1"),
    }
    assert expected == causes(world)


def test_findings_name_ids_and_never_a_person(coverage, family, rates, acme):
    _, (finding,) = charges_due(family(coverage(tier="FAM")), acme, rates({}), YEAR_END)
    assert finding.message.startswith("Membership M1:")


MID_NOVEMBER = RateTable(
    [
        Rate("GOLD", "EMP", Decimal("600.00"), date(2025, 1, 1), date(2025, 11, 10)),
        Rate("GOLD", "EMP", Decimal("900.00"), date(2025, 11, 11)),
    ]
)


@pytest.mark.parametrize(
    ("proration", "amount"),
    [("daily", "800.00"), ("mid_month", "900.00"), ("none", "600.00")],
)
def test_a_rate_that_changes_inside_a_month_is_mixed_by_days_or_holds_as_the_rule_says(
    proration, amount, coverage, family, acme
):
    account = replace(acme, proration=ProrationRule(Proration(proration)))
    charges, _ = charges_due(family(coverage(tier="EMP")), account, MID_NOVEMBER, date(2025, 12, 31))
    assert [("2025-11", amount), ("2025-12", "900.00")] == list(months(charges).items())[2:]
    assert [charge.amount for charge in charges] == [evaluate(charge.formula) for charge in charges]


def test_a_rate_that_only_begins_inside_a_month_prices_the_days_from_then_on(coverage, family, acme):
    table = RateTable([Rate("GOLD", "EMP", Decimal("600.00"), date(2025, 9, 16))])
    account = replace(acme, proration=DAILY)
    late = coverage(tier="EMP", starts_on=date(2025, 9, 16))
    charges, findings = charges_due(family(late), account, table, date(2025, 9, 30))
    assert ({"2025-09": "300.00"}, []) == (months(charges), findings)
    charges, (finding,) = charges_due(family(coverage(tier="EMP")), account, table, date(2025, 9, 30))
    assert ([], "UNKNOWN_PLAN") == (charges, finding.code)


def test_a_charge_says_which_row_gave_its_price_or_that_the_834_did(coverage, family, acme):
    table = RateTable([Rate("GOLD", "EMP", Decimal("600.00"), date(2025, 1, 1), source="rates.csv, line 2")])
    world = family(coverage(tier="EMP", premium="181.65"))
    sent = replace(acme, rate_source=RateSource.SENT)
    (ours,), _ = charges_due(world, acme, table, date(2025, 9, 30))
    (theirs,), _ = charges_due(world, sent, table, date(2025, 9, 30))
    assert ("rates.csv, line 2", "premium of the 834") == (ours.priced_by, theirs.priced_by)


def test_what_an_exchange_sends_is_net_of_credits_and_so_not_held_against_our_rate(coverage, family, rates, acme):
    account = replace(acme, rate_source=RateSource.SENT)
    _, findings = charges_due(family(coverage(tier="EMP", premium="181.65")), account, rates(PRICES), YEAR_END)
    assert [] == findings
