"""Each planted fault holds the bill, a sound bill passes (IA-54, IA-42)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from gateway.billing.account import RateSource
from gateway.billing.charges import charges_due
from gateway.billing.difference import bill_by_difference
from gateway.billing.rating import Rate, RateTable
from gateway.billing.release import LIFTABLE, BillDraft, Inspection, check_release, is_held
from gateway.domain.period import CoverageMonth

DECEMBER = CoverageMonth(2025, 12)
PRICES = {"EMP": "600.00"}


@pytest.fixture
def draft(coverage, family, rates, acme, billed):
    """Make a draft of December; keyword arguments plant a fault."""

    def make(*coverages, table=None, already=("2025-09", "2025-10", "2025-11"), account=acme) -> BillDraft:
        table = table or rates(PRICES)
        due, _ = charges_due(family(*(coverages or (coverage(tier="EMP"),))), account, table, DECEMBER.last_day)
        before = billed(already, "600.00", tier="EMP")
        return BillDraft(account, table, DECEMBER, due, before, bill_by_difference(due, before, current=DECEMBER))

    return make


def codes(draft: BillDraft) -> list[str]:
    return [finding.code for finding in check_release(draft)]


def test_a_sound_bill_passes(draft):
    assert [] == check_release(draft())


def test_a_credit_bill_is_said_and_goes_out(draft, coverage):
    findings = check_release(draft(coverage(tier="EMP", last_day=date(2025, 9, 30))))
    assert (["NEGATIVE_TOTAL"], False) == ([each.code for each in findings], is_held(findings))


def test_a_zero_rate_holds_the_bill(draft, rates):
    findings = check_release(draft(table=rates({"EMP": "0.00"}), already=()))
    assert (["ZERO_RATE"], True) == ([each.code for each in findings], is_held(findings))


def test_a_premium_of_zero_from_an_exchange_does_not(draft, coverage, acme):
    account = replace(acme, rate_source=RateSource.SENT)
    assert [] == codes(draft(coverage(tier="EMP", premium="0.00"), already=(), account=account))


def test_a_credit_because_a_rate_is_missing_holds_the_bill(draft, rates):
    lost = rates({"EMP": "600.00"}, starts_on=date(2025, 11, 1))
    findings = check_release(draft(table=lost))
    assert ["NEGATIVE_TOTAL", "MISSING_RATE", "MISSING_RATE"] == [each.code for each in findings]
    assert is_held(findings)


def test_a_rate_that_begins_inside_the_month_is_not_missing(draft, coverage, rates):
    ended = coverage(tier="EMP", last_day=date(2025, 9, 30))
    table = rates({"EMP": "600.00"}, starts_on=date(2025, 9, 1))
    assert "MISSING_RATE" not in codes(draft(ended, table=table))


def test_two_plans_of_one_insurance_line_over_the_same_days_hold_the_bill(draft, coverage):
    table = RateTable(Rate(plan, "EMP", Decimal("600.00"), date(2025, 1, 1)) for plan in ("GOLD", "SILVER"))
    double = draft(coverage(tier="EMP"), coverage(tier="EMP", plan="SILVER"), table=table)
    assert {"DUPLICATE_MEMBER"} == set(codes(double))


def test_a_change_of_plan_and_a_second_insurance_line_are_no_duplicates(draft, coverage):
    table = RateTable(Rate(plan, "EMP", Decimal("600.00"), date(2025, 1, 1)) for plan in ("GOLD", "SILVER", "DEN"))
    changed = draft(
        coverage(tier="EMP", last_day=date(2025, 10, 31)),
        coverage(tier="EMP", plan="SILVER", starts_on=date(2025, 11, 1)),
        coverage(tier="EMP", plan="DEN", insurance_line="DEN"),
        table=table,
    )
    assert [] == codes(changed)


def test_a_second_plan_that_costs_nothing_is_no_duplicate(draft, coverage, acme):
    account = replace(acme, rate_source=RateSource.SENT)
    second = coverage(tier="EMP", plan="SILVER", premium="0.00")
    assert [] == codes(draft(coverage(tier="EMP", premium="600.00"), second, account=account))


def test_ia_42_a_charge_without_a_source_holds_the_bill(draft):
    sound = draft()
    assert ["ORPHAN_CHARGE"] == codes(replace(sound, due=[replace(charge, set_id="") for charge in sound.due]))


@pytest.mark.parametrize(
    ("price", "found"),
    [("630.00", []), ("630.01", ["PREMIUM_JUMP"]), ("570.00", []), ("569.99", ["PREMIUM_JUMP"])],
)
def test_a_jump_against_last_month_beyond_the_account_s_limit_holds_the_bill(price, found, draft, acme):
    account = replace(acme, jump_percent=Decimal(5))
    table = RateTable(
        [
            Rate("GOLD", "EMP", Decimal("600.00"), date(2025, 1, 1), date(2025, 11, 30)),
            Rate("GOLD", "EMP", Decimal(price), date(2025, 12, 1)),
        ]
    )
    assert found == codes(draft(table=table, account=account))


def test_the_first_bill_of_an_account_has_nothing_to_jump_from(draft, acme):
    assert [] == codes(draft(already=(), account=replace(acme, jump_percent=Decimal(5))))


@pytest.mark.parametrize(("limit", "held"), [(None, False), ("1200.00", False), ("1199.99", True), ("0.00", True)])
def test_a_credit_beyond_the_account_s_limit_holds_the_bill(limit, held, draft, coverage, acme):
    account = replace(acme, credit_limit=None if limit is None else Decimal(limit))
    findings = check_release(draft(coverage(tier="EMP", last_day=date(2025, 9, 30)), account=account))
    assert (["NEGATIVE_TOTAL"], held) == ([each.code for each in findings], is_held(findings))
    assert "The bill is a credit of 1200.00." == findings[0].message


def test_ia_39_days_that_are_charged_twice_hold_the_bill_and_nobody_can_lift_that(draft):
    sound = draft()
    findings = check_release(replace(sound, lines=[*sound.lines, *sound.lines]))
    assert [("OVERLAPPING_PERIOD", "Membership M1, product GOLD: days of 2025-12 are charged twice.")] == [
        (each.code, each.message) for each in findings
    ]
    assert not LIFTABLE & {"OVERLAPPING_PERIOD", "ORPHAN_CHARGE"}


def test_more_days_than_the_month_has_hold_the_bill(draft):
    sound = draft()
    assert ["OVERLAPPING_PERIOD"] == codes(
        replace(sound, lines=[replace(each, days_covered=32) for each in sound.lines])
    )


def test_a_fee_needs_no_set_but_the_rule_that_makes_it(draft):
    sound = draft()
    fees = [replace(charge, is_fee=True, set_id="", source="fee/ADMIN") for charge in sound.due]
    assert [] == codes(replace(sound, due=fees))
    assert ["ORPHAN_CHARGE"] == codes(replace(sound, due=[replace(charge, source="") for charge in fees]))


def test_a_bill_that_is_looked_at_part_by_part_is_found_the_same(draft, rates):
    one = draft(table=rates({"EMP": "0.00"}), already=())
    other = replace(one, due=[replace(charge, membership_id="M2") for charge in one.due])
    inspection = Inspection()
    for part in (one, other):
        inspection.take(part)
    together = replace(one, due=[*one.due, *other.due], lines=[*one.lines, *other.lines])
    assert check_release(together) == inspection.findings()


def test_of_a_thousand_alike_the_first_are_told_and_how_many_more(draft):
    sound = draft()
    orphans = [replace(sound.due[0], membership_id=f"M{n:04}", set_id="") for n in range(1000)]
    findings = check_release(replace(sound, due=orphans))
    assert 21 == len(findings)
    assert "And 980 more like these." == findings[-1].message
