"""What employer and employee pay: the shares always sum to the amount (DOMAIN 8.1)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.billing.charges import charges_due
from gateway.billing.contribution import employer_share
from gateway.billing.difference import bill_by_difference
from gateway.billing.proration import Proration, ProrationRule
from gateway.billing.rating import Contribution, Rate, RateTable
from gateway.domain.period import CoverageMonth

NEW_YEAR = date(2025, 1, 1)
RATES = [
    Rate(plan, tier, Decimal(price), NEW_YEAR)
    for plan, tier, price in [("GOLD", "EMP", "620.55"), ("GOLD", "FAM", "1450.00"), ("DEN", "EMP", "40.00")]
]


def pays(
    plan: str = "", tier: str = "", *, percent: str = "", amount: str = "", since: date = NEW_YEAR
) -> Contribution:
    return Contribution(plan, tier, Decimal(percent) if percent else None, Decimal(amount) if amount else None, since)


@pytest.mark.parametrize(
    ("contribution", "amount", "rate", "share"),
    [
        (pays(percent="75"), "620.55", "620.55", "465.41"),  # 465.4125
        (pays(percent="50"), "0.01", "0.01", "0.01"),  # half a cent is rounded up, the employee pays the rest: nothing
        (pays(percent="100"), "620.55", "620.55", "620.55"),
        (pays(percent="0"), "620.55", "620.55", "0.00"),
        (pays(amount="500.00"), "620.55", "620.55", "500.00"),
        (pays(amount="700.00"), "620.55", "620.55", "620.55"),  # never more than the premium
        (pays(amount="500.00"), "310.28", "620.55", "250.00"),  # half a month, half the amount
        (pays(amount="500.00"), "0.00", "620.55", "0.00"),
        (pays(amount="500.00"), "0.00", "0.00", "0.00"),
    ],
)
def test_the_employer_pays_a_percentage_or_a_flat_amount_and_never_more_than_the_premium(
    contribution, amount, rate, share
):
    assert Decimal(share) == employer_share(contribution, Decimal(amount), Decimal(rate))


@settings(deadline=None, max_examples=200, database=None)
@given(
    st.decimals(0, 5000, places=2),
    st.integers(0, 31),
    st.decimals(0, 100, places=2).map(lambda each: pays(percent=str(each)))
    | st.decimals(0, 3000, places=2).map(lambda each: pays(amount=str(each))),
)
def test_the_shares_sum_to_the_amount_and_neither_is_negative(rate, days, contribution):
    amount = (rate * days / 31).quantize(Decimal("0.01"))
    share = employer_share(contribution, amount, rate)
    employee = amount - share
    assert amount == share + employee
    assert share == share.quantize(Decimal("0.01"))
    assert min(share, employee) >= 0


ALL = pays(percent="50")
OF_PLAN = pays("GOLD", percent="60")
OF_TIER = pays(tier="FAM", amount="700.00")
OF_BOTH = pays("GOLD", "FAM", percent="75")


@pytest.mark.parametrize(
    ("agreed", "plan", "tier", "share"),
    [
        ([ALL, OF_PLAN, OF_TIER, OF_BOTH], "GOLD", "FAM", "1087.50"),
        ([ALL, OF_PLAN, OF_TIER], "GOLD", "FAM", "870.00"),
        ([ALL, OF_TIER], "GOLD", "FAM", "700.00"),
        ([ALL, OF_PLAN, OF_TIER, OF_BOTH], "DEN", "EMP", "20.00"),
        ([OF_PLAN], "DEN", "EMP", None),
        ([], "GOLD", "FAM", None),
    ],
)
def test_the_row_that_says_most_is_used(agreed, plan, tier, share, coverage, family, acme):
    rates = RateTable(RATES, contributions=agreed)
    (charge,), _ = charges_due(family(coverage(plan=plan, tier=tier)), acme, rates, date(2025, 9, 30))
    assert (share and Decimal(share)) == charge.employer_share


def test_a_contribution_changes_with_the_year(coverage, family, acme):
    rates = RateTable(RATES, contributions=[pays(percent="50"), pays(percent="80", since=date(2026, 1, 1))])
    charges, _ = charges_due(family(coverage(tier="FAM")), acme, rates, date(2026, 1, 31))
    assert ["725.00", "1160.00"] == [str(charge.employer_share) for charge in charges[-2:]]


def test_of_a_part_of_a_month_both_pay_their_part_and_a_credit_takes_both_back(coverage, family, acme, bill_lines):
    account = replace(acme, proration=ProrationRule(Proration.DAILY))
    rates = RateTable(RATES, contributions=[pays(amount="1000.00")])
    world = family(coverage(tier="FAM", starts_on=date(2025, 9, 16)))
    charges, _ = charges_due(world, account, rates, date(2025, 9, 30))
    assert [("725.00", "500.00")] == [(str(charge.amount), str(charge.employer_share)) for charge in charges]
    lines = bill_by_difference(charges, [], current=CoverageMonth(2025, 9))
    (billed,) = bill_lines(lines)
    (credit,) = bill_by_difference(
        [], [replace(billed, employer_share=lines[0].employer_share)], current=CoverageMonth(2025, 9)
    )
    assert (Decimal("-725.00"), Decimal("-500.00")) == (credit.amount, credit.employer_share)
