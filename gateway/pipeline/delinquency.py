"""Daily station: where each account stands, which notice or request follows, what had changed (DOMAIN 8.7).

Cover never ends here. A termination request is a record and a case for whoever gets the 834 sent; the account then
waits for the 024.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from gateway.domain.collection import AccountHistory, DelinquencyState, Standing, Step, StepKind
from gateway.domain.exchange import LogEvent
from gateway.domain.identity import content_id
from gateway.domain.money import Money
from gateway.domain.period import CoverageMonth
from gateway.domain.remittance import Case
from gateway.errors import NotFound
from gateway.logs import get_logger
from gateway.partners.partner import Partner
from gateway.pipeline.accounts import settings_of
from gateway.pipeline.books import remittance_rules
from gateway.pipeline.case_desk import escalate, open_cases, take_up
from gateway.pipeline.plant import Plant
from gateway.pipeline.timetable import TODAY
from gateway.ports.jobs import Job
from gateway.ports.unit_of_work import UnitOfWork
from gateway.remittance.delinquency import Delinquency, delinquency
from gateway.remittance.dunning import next_steps
from gateway.remittance.paid_through import MonthSettlement, paid_through
from gateway.remittance.policy import GraceRow, line_of
from gateway.remittance.rules import Tolerance

Months = list[MonthSettlement]


@dataclass(frozen=True, slots=True)
class Look:
    """One account on one day: its history, how far it is paid, where it stands, and the row that holds today."""

    history: AccountHistory
    months: Months
    found: Delinquency
    terms_today: GraceRow | None
    tolerance: Tolerance

    @property
    def paid_through(self) -> date | None:
        """The last day of the last month that is paid without a gap."""
        return paid_through(self.months)


def look(plant: Plant, history: AccountHistory, months: Months, as_of: date) -> Look:
    """Return where an account stands; one that is not configured any more has no terms, so that nothing is asked."""
    partner = plant.partners.get(history.partner_id)
    terms_of = _terms_of(plant, partner, history, months)
    tolerance = remittance_rules(partner).tolerance if partner else Tolerance()
    return Look(history, months, delinquency(history, terms_of, tolerance, as_of), terms_of(as_of), tolerance)


def settlements(found: Iterable[tuple[CoverageMonth, Money, Money]]) -> Months:
    """Return months as the store gives them."""
    return [MonthSettlement(*each) for each in found]


def collect(plant: Plant, subject: str) -> None:
    """Look at every account on the day `subject` ("today" or ISO), or at one: `ACCOUNT@DATE`.

    A whole day takes up and escalates cases too, and enqueues one job for each account: a bad one stops no other.
    """
    account_id, at, day = subject.rpartition("@")
    on = plant.clock.business_date() if day == TODAY else date.fromisoformat(day)
    if at:
        collect_account(plant, account_id, on)
        return
    with plant.open_unit() as unit:
        taken, escalated = take_up(plant, unit), escalate(plant, unit)
        for each in unit.collection.account_ids():
            unit.defer(Job("delinquency", f"{each}@{on.isoformat()}", lock=f"account/{each}"))
        unit.commit()
    get_logger().info("cases looked after", taken_up=taken, escalated=len(escalated))


def collect_account(plant: Plant, account_id: str, on: date) -> list[Step]:
    """Make the steps that follow for one account on a day, and write its standing where it changed; one transaction.

    The account is locked: a payment that is being posted is either seen or comes after. Twice a day changes nothing.
    """
    with plant.open_unit() as unit:
        unit.enrollment.lock_account(account_id)
        seen = look(
            plant, unit.collection.history(account_id, on), settlements(unit.collection.months(account_id, on)), on
        )
        steps = next_steps(
            seen.history,
            seen.found,
            plant.work_days,
            tolerance=seen.tolerance,
            terms=seen.terms_today,
            paid_through=seen.paid_through,
        )
        unit.collection.add_steps(steps)
        for step in steps:
            _tell(plant, unit, step)
        if steps:
            seen = look(plant, unit.collection.history(account_id, on), seen.months, on)
        _write_standing(plant, unit, seen)
        unit.commit()
    get_logger(account=account_id).info("looked at", state=seen.found.state.value, steps=[each.kind for each in steps])
    return steps


def _tell(plant: Plant, unit: UnitOfWork, step: Step) -> None:
    """Write a step into the log, and open the case of a termination request."""
    text = f"Account {step.account_id}: {step.kind.replace('_', ' ')} over {step.amount}"
    text += f", to be paid by {step.deadline}" if step.deadline else ""
    text += f", cover to end {step.cover_ends_on} by a 024" if step.cover_ends_on else ""
    text += f" ({step.note})" if step.note else ""
    now = plant.clock.now()
    unit.record(LogEvent(content_id("E", step.key), now, "delinquency", "", step.account_id, f"{text}."))
    if step.kind is StepKind.TERMINATION_REQUEST:
        key = f"TERMINATION_REQUEST/{step.account_id}/{step.key}"
        message = f"{text}. Ask who sends the 834 for a 024; until it comes, cover goes on."
        case = Case(key, "TERMINATION_REQUEST", step.account_id, "", step.amount, message)
        open_cases(plant, unit, [case])


def _write_standing(plant: Plant, unit: UnitOfWork, seen: Look) -> None:
    """Keep the standing where it differs from the one before, with a line in the log that says how (HN-11, HN-12)."""
    found = seen.found
    now = Standing(
        seen.history.account_id,
        found.as_of,
        found.state,
        found.past_due,
        found.disputed,
        found.started_on,
        found.grace_ends_on,
        seen.paid_through,
    )
    before = unit.collection.last_standing(now.account_id, found.as_of)
    if before is None and now.state is DelinquencyState.CURRENT and now.paid_through is None:
        return
    unit.collection.put_standing(now)
    was = f"{before.state}, paid through {before.paid_through or 'nothing'}" if before else "not looked at before"
    text = f"{now.state}, paid through {now.paid_through or 'nothing'}"
    if was != text:
        key = content_id("E", now.account_id, now.as_of, text)
        message = f"Account {now.account_id} is {text}; it was {was}."
        unit.record(LogEvent(key, plant.clock.now(), "delinquency", "", now.account_id, message))


def _terms_of(
    plant: Plant, partner: Partner | None, history: AccountHistory, months: Months
) -> Callable[[date], GraceRow | None]:
    """Return what gives the policy row of an account for the day its arrears began."""
    state = _state_of(partner, history.account_id)

    def terms(started_on: date) -> GraceRow | None:
        if state is None:
            return None
        is_paid = any(each.month.year == started_on.year and each.is_settled for each in months)
        line = line_of(history.line_of_business, has_subsidy=history.has_subsidy, month_paid=is_paid)
        return plant.policies.row(state, line, started_on)

    return terms


def _state_of(partner: Partner | None, account_id: str) -> str | None:
    """Return whose grace rules hold for an account, or None for one that is not configured any more."""
    if partner is None:
        return None
    try:
        return settings_of(partner, account_id).state
    except NotFound:
        return None
