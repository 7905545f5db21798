"""Where an account stands and which step follows (DOMAIN 8.7, 8.11, 9.5; HN-11, HF-21, IA-41, IA-43 to IA-45)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.billing.calendar import WorkCalendar
from gateway.domain.collection import AccountHistory, BilledInvoice, DelinquencyState, Dispute, Settled, StepKind
from gateway.domain.parties import LineOfBusiness
from gateway.domain.period import CoverageMonth
from gateway.remittance.delinquency import delinquency
from gateway.remittance.dunning import may_contact, next_planned, next_steps, notices
from gateway.remittance.policy import GraceLine, PolicyFile, PolicyUse, line_of, parse_policies, without_policy
from gateway.remittance.recommendation import RULES, Inputs, recommend
from gateway.remittance.rules import Tolerance

POLICIES = PolicyFile()
EXACT = Tolerance()
HOLIDAYS = WorkCalendar(frozenset({date(2025, 12, 22), date(2025, 12, 25), date(2026, 1, 1)}))
DUE = date(2025, 12, 1)


def day(text: str) -> date:
    return date.fromisoformat(text)


def invoice(name: str, total: str, due: date = DUE) -> BilledInvoice:
    return BilledInvoice(name, due - timedelta(days=20), due, CoverageMonth.of(due), Decimal(total))


def account(*invoices: BilledInvoice, line: LineOfBusiness = LineOfBusiness.GROUP, **more: object) -> AccountHistory:
    return AccountHistory("G1", "acme", line, tuple(invoices), **more)


def paid(name: str, on: str, amount: str) -> Settled:
    return Settled(name, day(on), Decimal(amount))


def terms(line: GraceLine = GraceLine.GROUP, state: str = ""):
    return lambda started_on: POLICIES.row(state, line, started_on)


def stands(history: AccountHistory, on: date | str, *, line: GraceLine = GraceLine.GROUP, tolerance=EXACT):
    return delinquency(history, terms(line), tolerance, day(on) if isinstance(on, str) else on)


def steps_on(
    history: AccountHistory, on: date, *, work_days=HOLIDAYS, line: GraceLine = GraceLine.GROUP, paid_through=None
):
    found = stands(history, on, line=line)
    row = terms(line)(on)
    return next_steps(history, found, work_days, tolerance=EXACT, terms=row, paid_through=paid_through)


def run(history: AccountHistory, first: date, last: date, **how: object) -> AccountHistory:
    """Look at the account every day and make every step."""
    on = first
    while on <= last:
        history = replace(history, steps=(*history.steps, *steps_on(history, on, **how)))
        on += timedelta(days=1)
    return history


def made(history: AccountHistory) -> list[tuple[str, str]]:
    return [(step.kind.value, step.made_on.isoformat()) for step in history.steps]


# --- states


@pytest.mark.parametrize(
    ("on", "state", "alert"),
    [
        ("2025-11-20", "CURRENT", "OK"),
        ("2025-11-26", "CURRENT", "DUE_SOON"),
        ("2025-12-01", "CURRENT", "DUE_SOON"),
        ("2025-12-02", "PAST_DUE", "PAST_DUE"),
        ("2025-12-10", "PAST_DUE", "PAST_DUE"),
        ("2025-12-11", "IN_GRACE", "IN_GRACE"),
        ("2026-01-01", "IN_GRACE", "IN_GRACE"),
        ("2026-01-02", "GRACE_EXPIRED", "IN_GRACE"),
    ],
)
def test_the_state_follows_the_clock_through_due_and_grace(on, state, alert):
    """HN-11: through due, +1 and +31; DOMAIN 9.5: the last day of grace is due + 31."""
    found = stands(account(invoice("A", "1240")), on)
    assert (state, alert) == (found.state.value, found.alert)


def test_a_payment_brings_the_account_back_on_its_day():
    """HN-11: the code follows each posting."""
    history = account(invoice("A", "1240"), settled=(paid("A", "2025-12-20", "1240"),))
    assert ["IN_GRACE", "CURRENT"] == [stands(history, on).state.value for on in ("2025-12-19", "2025-12-20")]


def test_aptc_grace_is_three_months_and_cover_would_end_with_the_first():
    """DOMAIN 9.5: December to February, ends 2026-02-28, cover would end 2025-12-31."""
    found = stands(account(invoice("A", "100")), "2025-12-15", line=GraceLine.APTC)
    assert ("IN_GRACE", day("2026-02-28")) == (found.state.value, found.grace_ends_on)
    assert day("2025-12-31") == found.terms.cover_ends_on(found.started_on, None)


def test_a_partial_payment_does_not_move_the_grace_start():
    history = account(
        invoice("A", "1240"),
        invoice("B", "1240", day("2026-01-01")),
        settled=(paid("A", "2025-12-20", "1000"), paid("A", "2026-01-20", "240")),
    )
    assert [DUE, DUE] == [stands(history, on).started_on for on in ("2025-12-21", "2026-01-21")]


def test_grace_ends_only_when_all_is_paid_and_the_next_arrears_start_anew():
    everything = account(
        invoice("A", "1240"),
        invoice("B", "1240", day("2026-01-01")),
        invoice("C", "1240", day("2026-02-01")),
        settled=(paid("A", "2026-01-20", "1240"), paid("B", "2026-01-21", "1240")),
    )
    assert DUE == stands(everything, "2026-01-20").started_on
    assert None is stands(everything, "2026-01-21").started_on
    assert day("2026-02-01") == stands(everything, "2026-02-02").started_on


def test_a_returned_payment_gives_no_second_grace():
    """HN-12: as if it had never been paid."""
    back = account(invoice("A", "500"), settled=(paid("A", "2025-12-01", "500"), paid("A", "2025-12-05", "-500")))
    assert (None, DUE) == tuple(stands(back, on).started_on for on in ("2025-12-04", "2025-12-05"))


@pytest.mark.parametrize(
    ("rest", "state"), [("2.50", "CURRENT"), ("3.11", "PAST_DUE")], ids=["within both", "beyond the percentage"]
)
def test_delinquency_stops_when_the_rest_is_inside_the_tolerance(rest, state):
    """DOMAIN 3.9: percentage, flat amount, and whether both must hold."""
    tolerance = Tolerance(Decimal("5.00"), Decimal("0.25"), need_both=True)
    history = account(invoice("A", "1240"), settled=(paid("A", "2025-12-01", str(Decimal(1240) - Decimal(rest))),))
    assert state == stands(history, "2025-12-05", tolerance=tolerance).state.value


def test_money_that_we_hold_for_an_account_is_not_asked_for():
    """IA-43: a paid account is never in dunning, wherever its money lies."""
    history = account(invoice("A", "1240"), held=((day("2025-12-01"), Decimal(1240)),))
    found = stands(history, "2025-12-15")
    assert ("CURRENT", Decimal(1240), Decimal(0)) == (found.state.value, found.past_due, found.asked_for)
    part = replace(history, held=((day("2025-12-01"), Decimal(240)),))
    assert Decimal(1000) == stands(part, "2025-12-15").asked_for


def test_an_ended_account_is_terminated_whatever_it_owes():
    history = account(invoice("A", "1240"), ended_on=day("2025-12-31"))
    assert ["GRACE_EXPIRED", "TERMINATED"] == [
        stands(replace(history, ended_on=end), "2026-01-05").state.value for end in (None, day("2025-12-31"))
    ]


# --- the policy table


def test_two_states_give_different_grace_ends():
    """HF-28: per state and line, with effective dates."""
    data = {
        "grace": [
            {"state": "*", "line": "group", "starts_on": day("2020-01-01"), "grace_days": 31},
            {
                "state": "TX",
                "line": "group",
                "starts_on": day("2020-01-01"),
                "grace_days": 10,
                "ends_on": day("2025-06-30"),
            },
            {"state": "TX", "line": "group", "starts_on": day("2025-07-01"), "grace_days": 60},
        ]
    }
    policies, mistakes = parse_policies(data, "collection.toml")
    assert [] == mistakes
    ends = {
        (state, start): policies.row(state, GraceLine.GROUP, day(start)).grace_ends_on(day(start)).isoformat()
        for state in ("TX", "NY")
        for start in ("2025-06-01", "2025-12-01")
    }
    assert {
        ("TX", "2025-06-01"): "2025-06-11",
        ("TX", "2025-12-01"): "2026-01-30",
        ("NY", "2025-06-01"): "2025-07-02",
        ("NY", "2025-12-01"): "2026-01-01",
    } == ends


def test_of_two_rows_that_hold_the_one_that_started_last_counts():
    rows = [
        {"line": "group", "starts_on": day("2025-07-01"), "grace_days": 60},
        {"line": "group", "starts_on": day("2020-01-01"), "grace_days": 31},
    ]
    policies, _ = parse_policies({"grace": rows}, "f")
    assert [31, 60] == [policies.row("TX", GraceLine.GROUP, day(on)).grace_days for on in ("2025-06-30", "2025-07-01")]


def test_an_account_without_a_row_must_not_go_live():
    """HF-28: the missing row is a mistake of the account."""
    policies, _ = parse_policies({"grace": [{"state": "TX", "line": "group", "starts_on": day("2020-01-01")}]}, "f")
    uses = [PolicyUse("b.toml", f"accounts.{state}", state, LineOfBusiness.GROUP) for state in ("TX", "NY")]
    assert ["accounts.NY.state"] == [mistake.key for mistake in without_policy(policies, uses)]


def test_a_table_with_mistakes_names_each():
    rows = [
        {"line": "group", "starts_on": day("2025-01-01"), "ends_on": day("2024-01-01"), "final_days": 5},
        {"line": "x"},
    ]
    _, mistakes = parse_policies({"grace": rows[:1]}, "f")
    assert ["grace[1].ends_on", "grace[1].second_days"] == sorted(each.key for each in mistakes)
    _, mistakes = parse_policies({"grace": rows[1:]}, "f")
    assert ["grace[1].line", "grace[1].starts_on"] == sorted(each.key for each in mistakes)


@pytest.mark.parametrize(
    ("line", "subsidy", "month_paid", "row"),
    [
        (LineOfBusiness.GROUP, False, True, "group"),
        (LineOfBusiness.INDIVIDUAL, False, True, "individual"),
        (LineOfBusiness.INDIVIDUAL, True, True, "aptc"),
        (LineOfBusiness.INDIVIDUAL, True, False, "individual"),
    ],
)
def test_three_months_need_advance_payments_and_a_month_paid_in_the_year(line, subsidy, month_paid, row):
    """45 CFR 156.270 (d)."""
    assert row == line_of(line, has_subsidy=subsidy, month_paid=month_paid).value


# --- notices and requests


def test_the_default_calendar_of_notices():
    """DOMAIN 8.7: due+1, +10, +21; the one with a legal deadline rolls to the working day before."""
    planned = notices(terms()(DUE), DUE, HOLIDAYS)
    assert [("late_notice", "2025-12-02"), ("second_notice", "2025-12-11"), ("final_notice", "2025-12-19")] == [
        (each.kind.value, each.on.isoformat()) for each in planned
    ]  # 2025-12-22 is off, 20 and 21 are a weekend


def test_an_account_that_never_pays_is_reminded_warned_and_then_a_termination_is_asked_for_once():
    """IA-43: the last step is a request; cover ends by an 834 or not at all."""
    history = run(account(invoice("A", "1240")), day("2025-11-15"), day("2026-03-01"))
    assert [
        ("reminder", "2025-11-26"),
        ("late_notice", "2025-12-02"),
        ("second_notice", "2025-12-11"),
        ("final_notice", "2025-12-19"),
        ("termination_request", "2026-01-02"),
    ] == made(history)
    final, request = history.steps[-2:]
    assert (day("2026-01-01"), day("2026-01-01")) == (final.deadline, request.cover_ends_on)
    assert "TERM_REQUESTED" == stands(history, "2026-03-01").state.value
    ended = replace(history, ended_on=day("2026-01-01"))
    assert "TERMINATED" == stands(ended, "2026-03-01").state.value


def test_notices_that_were_missed_are_not_made_up_for_and_a_late_final_one_gives_its_own_time():
    """Ten days to pay after the final notice, whenever it went out."""
    (step,) = steps_on(account(invoice("A", "1240")), day("2026-01-20"))
    assert (StepKind.FINAL, day("2026-01-30")) == (step.kind, step.deadline)
    history = account(invoice("A", "1240"), steps=(step,))
    assert [] == steps_on(history, day("2026-01-30"))
    assert ["termination_request"] == [each.kind.value for each in steps_on(history, day("2026-01-31"))]


def test_a_request_is_withdrawn_when_all_is_paid_and_made_again_when_the_payment_is_returned():
    history = run(account(invoice("A", "1240")), DUE, day("2026-01-05"))
    history = replace(history, settled=(paid("A", "2026-01-06", "1240"),))
    history = run(history, day("2026-01-06"), day("2026-01-07"))
    assert [("termination_request", "2026-01-02"), ("withdrawal", "2026-01-06")] == made(history)[-2:]
    assert "CURRENT" == stands(history, "2026-01-07").state.value
    history = replace(history, settled=(*history.settled, paid("A", "2026-01-09", "-1240")))
    history = run(history, day("2026-01-08"), day("2026-01-12"))
    assert [("withdrawal", "2026-01-06"), ("termination_request", "2026-01-09")] == made(history)[-2:]


def test_what_an_834_has_answered_is_withdrawn_by_it():
    history = run(account(invoice("A", "1240")), DUE, day("2026-01-05"))
    (step,) = steps_on(replace(history, ended_on=day("2026-01-01")), day("2026-01-06"))
    assert (StepKind.WITHDRAWAL, "answered: an 834 ended the cover") == (step.kind, step.note)


# --- disputes


def test_a_dispute_of_all_freezes_notices_and_request_and_the_state_says_so():
    """IA-41, IA-45: the grace ends while the dispute is open, and no termination is asked for."""
    history = account(invoice("A", "1240"), disputes=(Dispute("A", Decimal(1240), day("2025-12-05")),))
    history = run(history, day("2025-12-05"), day("2026-03-01"))
    assert [] == made(history)
    found = stands(history, "2026-02-01")
    assert ("DISPUTED", Decimal(1240), Decimal(0)) == (found.state.value, found.disputed, found.asked_for)


def test_a_dispute_of_a_part_freezes_that_part_only():
    """IA-45: the undisputed rest stays due, in the same grace."""
    history = account(invoice("A", "1240"), disputes=(Dispute("A", Decimal(240), day("2025-12-05")),))
    found = stands(history, "2026-01-15")
    assert ("GRACE_EXPIRED", Decimal(1000), DUE) == (found.state.value, found.asked_for, found.started_on)
    history = run(history, DUE, day("2026-01-15"))
    assert (StepKind.TERMINATION_REQUEST, Decimal(1000)) == (history.steps[-1].kind, history.steps[-1].amount)


def test_a_dispute_withdraws_a_request_and_whoever_loses_it_has_the_whole_grace_again():
    """IA-45: no retribution for disputing."""
    history = run(account(invoice("A", "1240")), DUE, day("2026-01-05"))
    history = replace(history, disputes=(Dispute("A", Decimal(1240), day("2026-01-06")),))
    assert ["withdrawal"] == [each.kind.value for each in steps_on(history, day("2026-01-06"))]
    closed = replace(history, disputes=(Dispute("A", Decimal(1240), day("2026-01-06"), day("2026-01-20")),))
    found = stands(closed, "2026-01-21")
    assert ("PAST_DUE", day("2026-01-20"), day("2026-02-20")) == (
        found.state.value,
        found.started_on,
        found.grace_ends_on,
    )


# --- contacts


def test_no_more_than_the_agreed_contacts_in_thirty_days():
    """IA-44: a notice over the cap waits; the final one, which the law asks for, is sent all the same."""
    one = invoice("A", "10", day("2025-12-01"))
    row = terms()(DUE).model_copy(update={"contacts_max": 2})
    history = run(account(one), day("2025-11-20"), day("2025-12-02"))
    assert 2 == len(history.steps)
    assert not may_contact(history, row, day("2025-12-11"))
    assert may_contact(history, row, day("2025-12-26"))  # 30 days after the reminder of 2025-11-26
    found = replace(stands(history, "2025-12-11"), terms=row)
    assert [] == next_steps(history, found, HOLIDAYS, tolerance=EXACT, terms=row)
    found = replace(stands(history, "2025-12-19"), terms=row)
    assert [StepKind.FINAL] == [step.kind for step in next_steps(history, found, HOLIDAYS, tolerance=EXACT, terms=row)]


# --- recommended steps


def _inputs(state: DelinquencyState, *, owed: str = "1240", usual: str = "1240") -> Inputs:
    found = replace(stands(account(invoice("A", owed)), "2025-12-15"), state=state)
    return Inputs(found, Decimal(usual))


@pytest.mark.parametrize(
    ("state", "owed", "step"),
    [
        ("PAST_DUE", "1240", "remind"),
        ("IN_GRACE", "1240", "call"),
        ("IN_GRACE", "2480", "offer a payment plan"),
        ("DISPUTED", "1240", "answer the dispute"),
        ("GRACE_EXPIRED", "1240", "send the final notice"),
        ("TERM_REQUESTED", "1240", "wait for the 834"),
        ("TERMINATED", "1240", "settle the final account"),
        ("CURRENT", "1240", ""),
    ],
)
def test_each_rule_recommends_its_step(state, owed, step):
    """HF-21: a fixture for every row of the table."""
    inputs = _inputs(DelinquencyState(state), owed=owed)
    assert step == next((name for name, fits in RULES if fits(inputs)), "")


def test_a_termination_is_recommended_only_after_the_final_notice():
    """HF-21, IA-43."""
    history = run(account(invoice("A", "1240")), DUE, day("2026-01-01"))
    advice = recommend(history, stands(history, "2026-01-02"))
    assert ("request the termination", True) == (advice.step, "final notice made" in advice.because)


def test_a_recommendation_explains_its_inputs():
    """HF-21."""
    history = account(invoice("A", "1240"))
    advice = recommend(history, stands(history, "2025-12-15"))
    assert (
        "call",
        "IN_GRACE, 14 days past due, asked for 1240.00, usual bill 1240.00, grace through 2026-01-01",
    ) == (advice.step, advice.because)


def test_the_next_notice_is_known_before_it_is_made():
    """HN-13: next notice."""
    history = run(account(invoice("A", "1240")), DUE, day("2025-12-02"))
    planned = next_planned(history, stands(history, "2025-12-03"), HOLIDAYS)
    assert (StepKind.SECOND, day("2025-12-11")) == (planned.kind, planned.on)
    history = run(history, day("2025-12-03"), day("2025-12-20"))
    planned = next_planned(history, stands(history, "2025-12-20"), HOLIDAYS)
    assert (StepKind.TERMINATION_REQUEST, day("2026-01-02")) == (planned.kind, planned.on)


# --- properties

CENTS = st.integers(1, 400_000).map(lambda cents: Decimal(cents) / 100)
DAYS = st.integers(0, 200).map(lambda days: date(2025, 9, 1) + timedelta(days=days))


@st.composite
def histories(draw):
    """Accounts with a few bills, payments, returned payments, unapplied money and disputes."""
    bills = [invoice(f"I{n}", str(draw(CENTS)), draw(DAYS)) for n in range(draw(st.integers(1, 4)))]
    names = st.sampled_from([bill.id for bill in bills])
    settled = draw(
        st.lists(st.builds(Settled, names, DAYS, st.one_of(CENTS, CENTS.map(lambda cents: -cents))), max_size=6)
    )
    held = draw(st.lists(st.tuples(DAYS, CENTS), max_size=2))
    disputes = [
        Dispute(name, amount, opened, None if length is None else opened + timedelta(days=length))
        for name, amount, opened, length in draw(
            st.lists(st.tuples(names, CENTS, DAYS, st.none() | st.integers(0, 60)), max_size=2)
        )
    ]
    return account(*bills, settled=tuple(settled), held=tuple(held), disputes=tuple(disputes))


@given(histories(), DAYS, st.randoms(use_true_random=False))
def test_the_state_is_a_function_of_history_and_day_not_of_the_order_of_posting(history, on, random):
    shuffled = {}
    for name in ("invoices", "settled", "held", "disputes"):
        pieces = list(getattr(history, name))
        random.shuffle(pieces)
        shuffled[name] = tuple(pieces)
    assert stands(history, on) == stands(replace(history, **shuffled), on)


@given(histories(), DAYS)
def test_nothing_is_asked_for_and_no_termination_requested_while_nothing_is_due(history, on):
    """IA-43: the paid account is never in dunning."""
    history = run(history, on, on + timedelta(days=70))
    for step in history.steps:
        then = stands(replace(history, steps=()), step.made_on)
        if step.kind in {StepKind.LATE, StepKind.SECOND, StepKind.FINAL, StepKind.TERMINATION_REQUEST}:
            assert Decimal(0) < step.amount == then.asked_for <= then.past_due - then.disputed
        assert step.kind is StepKind.WITHDRAWAL or step.amount > 0


@given(histories(), DAYS)
def test_no_termination_without_an_inbound_024(history, on):
    """IA-43: whatever is owed and however long, the state is TERMINATED only when an 834 ended the cover."""
    history = run(history, on, on + timedelta(days=70))
    assert DelinquencyState.TERMINATED is not stands(history, on + timedelta(days=400)).state
    for step in history.steps:
        if step.kind is StepKind.TERMINATION_REQUEST:
            finals = [
                each for each in history.steps if (each.kind, each.started_on) == (StepKind.FINAL, step.started_on)
            ]
            assert all(final.deadline < step.made_on for final in finals)
            assert finals


@given(histories(), DAYS)
def test_looking_twice_on_a_day_makes_nothing_twice(history, on):
    history = run(history, on, on + timedelta(days=40))
    assert len(history.steps) == len({step.key for step in history.steps})
    assert [] == steps_on(history, on + timedelta(days=40))


@given(histories(), DAYS)
def test_the_contact_cap_holds_over_any_thirty_days(history, on):
    """IA-44: final notices aside, which the law asks for."""
    row = terms()(on)
    history = run(history, on, on + timedelta(days=120))
    asked = sorted(step.made_on for step in history.steps if step.kind.is_contact and step.kind is not StepKind.FINAL)
    for n, first in enumerate(asked):
        assert row.contacts_max >= sum(each < first + timedelta(days=row.contact_days) for each in asked[n:])


@given(histories())
def test_arrears_never_begin_earlier_than_they_began_the_day_before_unless_a_payment_came_back(history):
    """Grace start: stays or moves on; only a posting that takes back may restore an older one."""
    history = replace(history, settled=tuple(each for each in history.settled if each.amount > 0))
    days = [date(2025, 9, 1) + timedelta(days=n) for n in range(0, 240, 3)]
    starts = [start for start in (stands(history, on).started_on for on in days) if start is not None]
    assert [] == [(before, after) for before, after in pairwise(starts) if after < before]
