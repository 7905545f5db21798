"""Premiums by age, area and tobacco: member-level rounding, the three oldest children under 21 (DOMAIN 8.1)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.billing.age_band import BY_CALENDAR_YEAR, AgeBasis, AgePremium, AgeRules, Unpriced, age_premium
from gateway.billing.charges import charges_due
from gateway.billing.rating import Factor, FactorKind, Rate, RateTable
from gateway.domain.age import AgeBand
from gateway.domain.coverage import Member, MemberDetails
from gateway.domain.finding import Severity
from gateway.domain.parties import Person

NEW_YEAR = date(2025, 1, 1)
PRICES = {
    "AGE 0-14": "229.50",
    "AGE 15-20": "260.35",
    "AGE 21-44": "333.33",
    "AGE 45-63": "481.25",
    "AGE 64+": "999.99",
}
BY_AGE = RateTable(Rate("SILVER", band, Decimal(price), NEW_YEAR) for band, price in PRICES.items())
SMOKERS = Factor("", FactorKind.TOBACCO, "", AgeBand(21, None), Decimal("1.15"), NEW_YEAR)
NORTH = Factor("", FactorKind.AREA, "R-IL001", None, Decimal("1.0345"), NEW_YEAR)
SOUTH = Factor("SILVER", FactorKind.AREA, "R-IL002", None, Decimal("0.95"), NEW_YEAR)
SUBSCRIBER, SPOUSE, CHILD = "18", "01", "19"


def priced_with(*factors: Factor) -> RateTable:
    return RateTable(BY_AGE.rates, factors=factors)


def person(name: str, relationship: str, born: date | None, *, tobacco: str = "", area: str = "") -> Member:
    details = MemberDetails(
        particulars=(("health", tobacco),) if tobacco else (),
        reporting=(("RATING AREA", area, ""),) if area else (),
    )
    return Member(f"M1-{name}", "M1", relationship == SUBSCRIBER, relationship, Person(birth_date=born), "A", details)


def cost(*members: Member, rates: RateTable = BY_AGE, day: date = date(2025, 11, 1), by: AgeRules = BY_CALENDAR_YEAR):
    found = age_premium(members, rates, "SILVER", day, by=by)
    return str(found.amount) if isinstance(found, AgePremium) else found.code


ANN = person("ann", SUBSCRIBER, date(1980, 1, 2))  # 44 at the new year, 45 the day after
ADAM = person("adam", SPOUSE, date(1961, 5, 1))  # 63
CHILDREN = [person(f"child{year}", CHILD, date(year, 6, 1)) for year in (2005, 2008, 2010, 2012, 2014)]


def test_each_member_is_priced_by_age_and_the_rounded_premiums_are_summed():
    assert "333.33" == cost(ANN)
    assert "814.58" == cost(ANN, ADAM)  # 333.33 + 481.25


def test_of_the_children_under_21_the_three_oldest_are_charged_for():
    # 19, 16, 14 years old are charged for; 12 and 10 are free
    assert "1083.53" == cost(ANN, *CHILDREN)  # 333.33 + 260.35 + 260.35 + 229.50
    assert cost(ANN, *CHILDREN[:3]) == cost(ANN, *CHILDREN)


def test_children_from_21_on_are_all_charged_for_and_do_not_count_among_the_three():
    grown = [person(f"grown{year}", CHILD, date(year, 6, 1)) for year in (2000, 2001, 2002, 2003)]
    assert str(Decimal("1083.53") + 4 * Decimal("333.33")) == cost(ANN, *grown, *CHILDREN)


def test_a_spouse_under_21_is_no_child():
    young = person("spouse", SPOUSE, date(2005, 6, 1))
    assert str(Decimal("1083.53") + Decimal("260.35")) == cost(ANN, young, *CHILDREN)


@pytest.mark.parametrize(("billed_children", "expected"), [(0, "333.33"), (1, "593.68"), (99, "1542.53")])
def test_how_many_children_are_charged_for_is_agreed(billed_children, expected):
    assert expected == cost(ANN, *CHILDREN, by=AgeRules(billed_children=billed_children))


@pytest.mark.parametrize(
    ("basis", "plan_year", "day", "expected"),
    [
        (AgeBasis.PLAN_YEAR, (1, 1), date(2025, 11, 1), "333.33"),  # 44 on 2025-01-01
        (AgeBasis.PLAN_YEAR, (1, 1), date(2026, 1, 1), "481.25"),
        (AgeBasis.PLAN_YEAR, (7, 1), date(2025, 6, 30), "333.33"),  # 44 on 2024-07-01
        (AgeBasis.PLAN_YEAR, (7, 1), date(2025, 7, 1), "481.25"),
        (AgeBasis.BIRTHDAY, (1, 1), date(2025, 1, 31), "333.33"),  # 44 on the first of the month
        (AgeBasis.BIRTHDAY, (1, 1), date(2025, 2, 1), "481.25"),
    ],
)
def test_the_age_counts_on_the_plan_year_s_start_or_follows_the_birthday(basis, plan_year, day, expected):
    assert expected == cost(ANN, day=day, by=AgeRules(basis=basis, plan_year=plan_year))


def test_a_newborn_of_this_plan_year_costs_what_the_youngest_do():
    assert "229.50" == cost(person("newborn", CHILD, date(2025, 6, 1)))


@pytest.mark.parametrize(
    ("tobacco", "born", "expected"),
    [
        ("T", date(1980, 1, 2), "383.33"),  # 333.33 x 1.15 = 383.3295
        ("X", date(1980, 1, 2), "383.33"),
        ("N", date(1980, 1, 2), "333.33"),
        ("S", date(1980, 1, 2), "333.33"),
        ("", date(1980, 1, 2), "333.33"),
        ("T", date(2008, 1, 2), "260.35"),  # under 21 nobody pays for tobacco
    ],
)
def test_hlh01_says_who_uses_tobacco(tobacco, born, expected):
    assert expected == cost(person("ann", SUBSCRIBER, born, tobacco=tobacco), rates=priced_with(SMOKERS))


@pytest.mark.parametrize(
    ("sent", "of_account", "expected"),
    [
        ("R-IL001", "", "344.83"),  # 333.33 x 1.0345 = 344.829885
        ("R-IL002", "", "316.66"),  # the plan's own; 333.33 x 0.95 = 316.6635
        ("", "R-IL001", "344.83"),
        ("R-IL002", "R-IL001", "316.66"),
        ("", "", "AREA_UNKNOWN"),
        ("R-IL009", "R-IL001", "AREA_UNKNOWN"),
    ],
)
def test_the_rating_area_is_the_one_sent_else_the_account_s_and_must_have_a_factor(sent, of_account, expected):
    member = person("ann", SUBSCRIBER, date(1980, 1, 2), area=sent)
    assert expected == cost(member, rates=priced_with(NORTH, SOUTH), by=AgeRules(area=of_account))


def test_area_and_tobacco_are_multiplied_before_the_member_is_rounded():
    smoker = person("ann", SUBSCRIBER, date(1980, 1, 2), tobacco="T", area="R-IL001")
    assert "396.55" == cost(smoker, rates=priced_with(NORTH, SMOKERS))  # 333.33 x 1.0345 x 1.15 = 396.55436...


def test_a_factor_holds_from_its_first_day():
    later = replace(SMOKERS, starts_on=date(2026, 1, 1))
    smoker = person("ann", SUBSCRIBER, date(1990, 1, 2), tobacco="T")
    days = (date(2025, 12, 1), date(2026, 1, 1))
    assert ["333.33", "383.33"] == [cost(smoker, rates=priced_with(later), day=day) for day in days]


def test_without_a_birth_date_or_a_band_there_is_no_price():
    assert "AGE_UNKNOWN" == cost(ANN, person("child", CHILD, None))
    no_seniors = RateTable(rate for rate in BY_AGE.rates if rate.tier != "AGE 64+")
    assert "UNKNOWN_PLAN" == cost(person("senior", SUBSCRIBER, date(1950, 1, 1)), rates=no_seniors)


births = st.dates(date(1940, 1, 1), date(2025, 10, 1))


@settings(deadline=None, max_examples=100, database=None)
@given(
    st.lists(st.tuples(st.sampled_from([SPOUSE, CHILD]), births, st.sampled_from(["", "T"])), max_size=8),
    st.randoms(use_true_random=False),
)
def test_the_premium_does_not_depend_on_the_order_of_the_members(family, random):
    members = [ANN, *(person(f"m{n}", role, born, tobacco=code) for n, (role, born, code) in enumerate(family))]
    shuffled = random.sample(members, len(members))
    rates = priced_with(SMOKERS)
    expected = age_premium(members, rates, "SILVER", date(2025, 11, 1), by=BY_CALENDAR_YEAR)
    assert expected == age_premium(shuffled, rates, "SILVER", date(2025, 11, 1), by=BY_CALENDAR_YEAR)


# --- as charges


@pytest.fixture
def household(coverage, family):
    def make(*coverages, born=None):
        born = {"subscriber": date(1980, 1, 2), "spouse": date(1961, 5, 1), "child": date(2010, 6, 1)} | (born or {})
        world = family(*(coverages or (coverage("subscriber", plan="SILVER"), coverage("child", plan="SILVER"))))
        members = tuple(
            replace(each, person=Person(birth_date=born.get(each.id.removeprefix("M1-")))) for each in world.members
        )
        return replace(world, members=members)

    return make


def test_a_family_that_is_priced_by_age_is_one_charge_that_explains_itself(household, acme):
    (charge,), findings = charges_due(household(), acme, BY_AGE, date(2025, 9, 30))
    assert ("AGE", Decimal("562.83"), 2, []) == (charge.tier, charge.amount, charge.lives, findings)
    assert "562.83; full month, by age on 2025-01-01: AGE 21-44 333.33 + AGE 0-14 229.50" == charge.formula


def test_the_explanation_on_a_bill_names_factors_but_not_whose_they_are(household, acme):
    rates = priced_with(NORTH, SMOKERS)
    world = household()
    smoker = replace(world.members[0], details=MemberDetails(particulars=(("health", "T"),)))
    account = replace(acme, ages=AgeRules(area="R-IL001"))
    world = replace(world, members=(smoker, *world.members[1:]))
    (charge,), _ = charges_due(world, account, rates, date(2025, 9, 30))
    assert Decimal("633.97") == charge.amount  # 396.55 + 237.42
    assert charge.formula.endswith("AGE 21-44 333.33 x 1.0345 x 1.15 + AGE 0-14 229.50 x 1.0345")
    assert "tobacco" not in charge.formula


def test_the_whole_family_lives_in_the_area_that_was_sent_with_its_subscriber(household, acme):
    world = household()
    subscriber = replace(world.members[0], details=MemberDetails(reporting=(("RATING AREA", "R-IL001", ""),)))
    world = replace(world, members=(subscriber, *world.members[1:]))
    (charge,), _ = charges_due(world, acme, priced_with(NORTH), date(2025, 9, 30))
    assert Decimal("582.25") == charge.amount  # 344.83 + 237.42


def test_a_member_who_joins_is_priced_from_then_on(household, coverage, acme):
    joins = coverage("spouse", plan="SILVER", starts_on=date(2025, 11, 1))
    charges, _ = charges_due(household(coverage(plan="SILVER"), joins), acme, BY_AGE, date(2025, 11, 30))
    assert ["333.33", "333.33", "814.58"] == [str(charge.amount) for charge in charges]


def test_a_tier_that_was_sent_does_not_price_a_plan_that_is_priced_by_age(household, coverage, acme):
    (charge,), findings = charges_due(household(coverage(plan="SILVER", tier="EMP")), acme, BY_AGE, date(2025, 9, 30))
    assert ("AGE", "333.33", []) == (charge.tier, str(charge.amount), findings)


def test_a_plan_may_turn_from_tiers_to_ages_with_the_year(household, coverage, acme):
    table = RateTable(
        [
            Rate("SILVER", "EMP", Decimal("500.00"), NEW_YEAR, date(2025, 9, 30)),
            *(replace(rate, starts_on=date(2025, 10, 1)) for rate in BY_AGE.rates),
        ]
    )
    charges, _ = charges_due(household(coverage(plan="SILVER")), acme, table, date(2025, 10, 31))
    assert [("EMP", "500.00"), ("AGE", "333.33")] == [(charge.tier, str(charge.amount)) for charge in charges]


def test_cover_whose_age_is_not_known_is_told_and_not_charged(household, coverage, acme):
    charges, (finding,) = charges_due(
        household(coverage(plan="SILVER"), born={"subscriber": None}), acme, BY_AGE, date(2025, 12, 31)
    )
    assert ([], "AGE_UNKNOWN", Severity.ERROR) == (charges, finding.code, finding.severity)


def test_a_premium_that_was_sent_is_compared_with_the_sum_by_age(household, coverage, acme):
    told = [
        [finding.code for finding in charges_due(household(cover), acme, BY_AGE, date(2025, 9, 30))[1]]
        for cover in (coverage(plan="SILVER", premium="333.34"), coverage(plan="SILVER", premium="333.36"))
    ]
    assert [[], ["PREMIUM_VARIANCE"]] == told


def test_an_unpriced_member_is_a_reason_in_words():
    found = age_premium([person("x", CHILD, None)], BY_AGE, "SILVER", NEW_YEAR, by=BY_CALENDAR_YEAR)
    assert Unpriced("AGE_UNKNOWN", "no birth date of a covered member, and plan SILVER is priced by age") == found
