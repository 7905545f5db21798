"""Invariants of DOMAIN 12 over random histories of one membership."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.billing.account import AccountRules
from gateway.billing.charges import charges_due
from gateway.billing.difference import bill_by_difference
from gateway.billing.explain import unexplained
from gateway.billing.fees import account_fees
from gateway.billing.invoice import BillOrder, issue
from gateway.billing.proof import prove_nothing_fell_out
from gateway.billing.proration import PricedSpan, Proration, ProrationRule, prorate
from gateway.billing.rating import Contribution, Fee, FeeBasis, Rate, RateTable
from gateway.billing.sheet import BillSheet, by_membership
from gateway.billing.statement import statement_of
from gateway.domain.coverage import CoverageStatus
from gateway.domain.journal import LedgerAccount
from gateway.domain.period import CoverageMonth, Period

over_histories = settings(deadline=None, max_examples=60, database=None)

RATES = RateTable(
    [
        Rate(plan, tier, Decimal(amount) + (Decimal("12.34") if year == 2026 else 0), date(year, 1, 1))
        for year in (2025, 2026)
        for plan, tier, amount in [
            ("GOLD", "EMP", "600.00"), ("GOLD", "ESP", "1240.07"), ("GOLD", "FAM", "1450.00"), ("DEN", "EMP", "33.33"),
        ]
    ]
)  # fmt: skip
WITH_FEES = RateTable(
    RATES.rates,
    fees=[
        Fee("Administration", FeeBasis.MEMBER, Decimal("2.50"), None, "", "", date(2025, 1, 1)),
        Fee("Surcharge", FeeBasis.CONTRACT, None, Decimal("1.37"), "GOLD", "", date(2025, 10, 1)),
        Fee("Service", FeeBasis.ACCOUNT, Decimal("99.00"), None, "", "", date(2025, 1, 1)),
    ],
    contributions=[Contribution("", "", Decimal("66.67"), None, date(2025, 1, 1))],
)
FIRST_DAY = date(2025, 9, 1)
LAST_CUTOFF = date(2026, 3, 31)
NOW = datetime(2026, 4, 1, tzinfo=UTC)

days = st.integers(0, 200).map(lambda number: FIRST_DAY + timedelta(number))
accounts = st.builds(
    lambda proration, wash_day, inclusive: AccountRules(
        "ACME", "acme", proration=ProrationRule(proration, wash_day, wash_day_inclusive=inclusive)
    ),
    st.sampled_from(Proration),
    st.integers(1, 28),
    st.booleans(),
)


@pytest.fixture(scope="session")
def truths(coverage):
    """Random coverages of a family: who, from when, until when, which plan and tier, ended, canceled or going on."""

    def one(member, starts_on, length, plan_and_tier, status, number):
        plan, tier = plan_and_tier
        last_day = None if length is None else starts_on + timedelta(length)
        return coverage(member, starts_on, last_day, plan=plan, tier=tier, status=status, number=number)

    return st.lists(
        st.builds(
            one,
            st.sampled_from(["subscriber", "spouse", "child"]),
            days,
            st.none() | st.integers(-3, 150),
            st.sampled_from([("GOLD", "EMP"), ("GOLD", "FAM"), ("GOLD", ""), ("DEN", "EMP")]),
            st.sampled_from(CoverageStatus),
            st.integers(1, 99),
        ),
        max_size=5,
        unique_by=lambda each: each.id,
    )


@pytest.fixture(scope="session")
def run(family, bill_lines):
    """Bill one truth after the other, each through its cutoff; return what stands billed and every bill's lines."""

    def run_history(history, account):
        billed, bills = [], []
        for number, (truth, cutoff) in enumerate(history):
            due, _ = charges_due(family(*truth), account, RATES, cutoff)
            lines = bill_by_difference(due, billed, current=CoverageMonth.of(cutoff))
            prove_nothing_fell_out(due, billed, lines)
            billed = bill_lines(lines, billed, f"INV{number}")
            bills.append((cutoff, lines))
        return billed, bills

    return run_history


def balances(billed) -> dict:
    return {(each.membership_id, each.product, each.month): each.amount for each in billed if each.amount}


@over_histories
@given(data=st.data())
def test_the_same_truth_in_any_order_of_arrival_gives_the_same_billed_to_date(data, truths, run):
    truth = data.draw(truths)
    account = data.draw(accounts)
    arrivals = data.draw(st.lists(st.permutations(truth), min_size=2, max_size=2))
    billed = []
    for arrival in arrivals:
        growing = [(arrival[: count + 1], data.draw(days)) for count in range(len(arrival))]
        billed.append(balances(run([*growing, (arrival, LAST_CUTOFF)], account)[0]))
    at_once = balances(run([(truth, LAST_CUTOFF)], account)[0])
    assert [at_once, at_once] == billed


@over_histories
@given(data=st.data())
def test_whatever_was_believed_before_what_stands_billed_is_the_price_of_the_last_truth(data, truths, run, family):
    account = data.draw(accounts)
    history = data.draw(st.lists(st.tuples(truths, days), max_size=3))
    truth = data.draw(truths)
    billed, _ = run([*history, (truth, LAST_CUTOFF)], account)
    due, _ = charges_due(family(*truth), account, RATES, LAST_CUTOFF)
    assert {charge.key: charge.amount for charge in due if charge.amount} == balances(billed)


@over_histories
@given(data=st.data())
def test_a_second_run_yields_nothing(data, truths, run):
    truth, account = data.draw(truths), data.draw(accounts)
    _, bills = run([(truth, LAST_CUTOFF), (truth, LAST_CUTOFF)], account)
    assert [] == bills[1][1]


@over_histories
@given(data=st.data())
def test_the_lines_of_every_bill_add_up_to_its_total_and_its_journal_entry(data, truths, run):
    account = data.draw(accounts)
    history = data.draw(st.lists(st.tuples(truths, days), min_size=1, max_size=4))
    for cutoff, lines in run(history, account)[1]:
        if not lines:
            continue
        order = BillOrder(f"Q{cutoff}", cutoff, cutoff, cutoff)
        invoice, entry = issue(account, order, lines, 1, issued_at=NOW, previous_balance=Decimal("7.00"))
        owed = sum(p.amount for p in entry.postings if p.ledger is LedgerAccount.RECEIVABLE)
        assert sum(line.amount for line in lines) == invoice.total == owed
        assert statement_of(invoice, lines).due == invoice.total + Decimal("7.00")
        assert all(line.amount for line in lines)


@over_histories
@given(data=st.data())
def test_no_bill_has_a_charge_that_begins_after_its_cutoff(data, truths, family):
    truth, account, cutoff = data.draw(truths), data.draw(accounts), data.draw(days)
    due, _ = charges_due(family(*truth), account, RATES, cutoff)
    starts = {each.plan: [] for each in truth}
    for each in truth:
        starts[each.plan].append(each.period.starts_on)
    assert all(max(min(starts[charge.product]), charge.month.first_day) <= cutoff for charge in due)


@over_histories
@given(data=st.data())
def test_a_charge_is_never_more_than_its_days_nor_negative(data, truths, family):
    truth, account = data.draw(truths), data.draw(accounts)
    due, _ = charges_due(family(*truth), account, RATES, LAST_CUTOFF)
    for charge in due:
        assert 1 <= charge.days_covered <= charge.days_in_month
        assert charge.amount >= 0
        assert 1 <= charge.lives <= 3


@over_histories
@given(data=st.data())
def test_the_order_in_which_coverages_are_stored_never_matters(data, truths, family):
    truth, account = data.draw(truths), data.draw(accounts)
    shuffled = data.draw(st.permutations(truth))
    ours, theirs = (charges_due(family(*each), account, RATES, LAST_CUTOFF) for each in (truth, shuffled))
    assert ours == theirs


@over_histories
@given(data=st.data())
def test_canceling_everything_takes_back_every_cent(data, truths, run):
    truth, account = data.draw(truths), data.draw(accounts)
    canceled = [replace(each, status=CoverageStatus.CANCELED) for each in truth]
    assert {} == balances(run([(truth, LAST_CUTOFF), (canceled, LAST_CUTOFF)], account)[0])


@over_histories
@given(data=st.data())
def test_the_days_before_and_from_a_day_on_cost_the_month_to_the_cent_of_rounding(data):
    month = CoverageMonth(data.draw(st.integers(2024, 2026)), data.draw(st.integers(1, 12)))
    turn = month.first_day + timedelta(data.draw(st.integers(1, month.days - 1)))
    rate = data.draw(st.decimals("0.01", 9999, places=2))
    parts = [Period(month.first_day, turn), Period(turn, month.next().first_day)]
    daily = ProrationRule(Proration.DAILY)
    before, after = (prorate(month, [PricedSpan(part, rate)], daily).amount for part in parts)
    assert abs(before + after - rate) <= Decimal("0.01")
    assert rate == prorate(month, [PricedSpan(part, rate) for part in parts], daily).amount


@over_histories
@given(data=st.data())
def test_every_line_of_every_bill_explains_its_amount(data, truths, run):
    history = data.draw(st.lists(st.tuples(truths, days), min_size=1, max_size=4))
    for _, lines in run(history, data.draw(accounts))[1]:
        assert [] == unexplained(lines)


@over_histories
@given(data=st.data())
def test_the_same_truth_in_any_order_owes_the_same_fees_and_shares(data, truths, family):
    truth, account = data.draw(truths), data.draw(accounts)
    shuffled = data.draw(st.permutations(truth))
    ours, theirs = (charges_due(family(*each), account, WITH_FEES, LAST_CUTOFF)[0] for each in (truth, shuffled))
    assert ours == theirs
    assert account_fees(ours, account, WITH_FEES) == account_fees(reversed(ours), account, WITH_FEES)
    for charge in ours:
        assert charge.is_fee or 0 <= charge.employer_share <= charge.amount


@over_histories
@given(data=st.data())
def test_a_bill_taken_one_membership_after_the_other_is_the_bill_of_all_at_once(data, truths, run, family, bill_lines):
    """Some memberships were billed and are gone, some were never billed, all in the order of their ids."""
    account, cutoff = data.draw(accounts), data.draw(days)
    ids = data.draw(st.lists(st.sampled_from(["M1", "M2", "M3", "M4"]), unique=True).map(sorted))
    before = data.draw(st.lists(st.sampled_from(["M1", "M2", "M3", "M4"]), unique=True).map(sorted))
    people = [family(*_of(each, data.draw(truths)), membership=each) for each in ids]
    known = {each.membership.id: each for each in people}
    billed = []
    for each in before:
        past, _ = charges_due(
            known.get(each) or family(*_of(each, data.draw(truths)), membership=each), account, RATES, cutoff
        )
        keep = [charge for charge in past if data.draw(st.booleans())]
        billed += bill_lines(bill_by_difference(keep, [], current=CoverageMonth.of(cutoff)))
    due = [charge for each in people for charge in charges_due(each, account, RATES, cutoff)[0]]
    sheet = BillSheet(account, RATES, CoverageMonth.of(cutoff))
    for each, amounts in by_membership(people, billed):
        sheet.take(charges_due(each, account, RATES, cutoff)[0] if each else [], amounts)
    assert bill_by_difference(due, billed, current=CoverageMonth.of(cutoff)) == sheet.lines


def _of(membership, truth):
    """The same coverages, of another membership."""
    return [
        replace(
            each,
            id=f"{membership}{each.id}",
            membership_id=membership,
            member_id=each.member_id.replace("M1", membership),
        )
        for each in truth
    ]
