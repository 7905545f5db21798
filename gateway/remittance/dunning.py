"""Which step follows for an account: notices, the termination request, its withdrawal (DOMAIN 8.7; IA-41 to IA-45).

Cover never ends here: the last step asks whoever sends the 834 for a 024, and waits.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from gateway.domain.collection import AccountHistory, DelinquencyState, Step, StepKind
from gateway.domain.identity import content_id
from gateway.domain.money import ZERO
from gateway.remittance.arrears import Ledger
from gateway.remittance.delinquency import Delinquency, made, open_request
from gateway.remittance.policy import GraceRow
from gateway.remittance.rules import Tolerance


class WorkDays(Protocol):
    """The working days of the house."""

    def roll_forward(self, day: date) -> date:
        """Return a day when it is a working day, else the next one that is."""
        ...

    def roll_back(self, day: date) -> date:
        """Return a day when it is a working day, else the last one before it."""
        ...


@dataclass(frozen=True, slots=True)
class Planned:
    """A notice and the working day it is planned for."""

    kind: StepKind
    on: date


def notices(terms: GraceRow, started_on: date, work_days: WorkDays) -> tuple[Planned, ...]:
    """Return the notices about arrears in order: by default due+1, due+10, and due+21 with the last day to pay.

    The final notice gives a legal deadline: it rolls to the working day before. The others wait for the next one.
    """
    late, second, final = (
        started_on + timedelta(days=days) for days in (terms.late_days, terms.second_days, terms.final_days)
    )
    return (
        Planned(StepKind.LATE, work_days.roll_forward(late)),
        Planned(StepKind.SECOND, work_days.roll_forward(second)),
        Planned(StepKind.FINAL, max(work_days.roll_back(final), late)),
    )


def next_steps(
    history: AccountHistory,
    found: Delinquency,
    work_days: WorkDays,
    *,
    tolerance: Tolerance,
    terms: GraceRow | None,
    paid_through: date | None = None,
) -> list[Step]:
    """Return the steps to make on the day of `found`; making them and asking again gives none.

    `terms` is the policy row of today, for reminders before anything is late.
    """
    steps = list(_withdrawals(history, found))
    if found.state is DelinquencyState.TERMINATED:
        return steps
    if found.started_on is None:
        reminders = _reminders(history, found, work_days, tolerance, terms) if terms else iter(())
        return steps + list(reminders)
    if found.terms is None or found.asked_for <= ZERO:
        return steps
    notice = _notice(history, found, found.terms, found.started_on, work_days)
    request = _request(history, found, found.terms, found.started_on, paid_through)
    return steps + [step for step in (notice, request) if step is not None]


def next_planned(history: AccountHistory, found: Delinquency, work_days: WorkDays) -> Planned | None:
    """Return the next notice or request about an account's arrears, or None (HN-13)."""
    if found.started_on is None or found.terms is None or found.state is DelinquencyState.TERM_REQUESTED:
        return None
    planned = notices(found.terms, found.started_on, work_days)
    sent = [bool(made(history, found.started_on, each.kind, found.as_of)) for each in planned]
    following = planned[len(planned) - sent[::-1].index(True) :] if any(sent) else planned
    if following:
        return next((each for each in following if each.on > found.as_of), following[-1])
    day_after = (found.deadline or found.as_of) + timedelta(days=1)
    return Planned(StepKind.TERMINATION_REQUEST, max(day_after, found.as_of))


def may_contact(history: AccountHistory, terms: GraceRow, today: date) -> bool:
    """Tell whether one more contact stays within the cap (IA-44): so many in so many days, today included."""
    since = today - timedelta(days=terms.contact_days)
    recent = [step for step in history.steps if step.kind.is_contact and since < step.made_on <= today]
    return len(recent) < terms.contacts_max


def _notice(
    history: AccountHistory, found: Delinquency, terms: GraceRow, started_on: date, work_days: WorkDays
) -> Step | None:
    """Return the last notice that is planned by now, unless it or a later one was made.

    Notices that a stopped gateway missed are not made up for: only the last one is. The cap postpones a notice; the
    final one, which the law asks for before anything may end, goes out all the same.
    """
    planned = notices(terms, started_on, work_days)
    sent = {each.kind for each in planned if made(history, started_on, each.kind, found.as_of)}
    due = [each for each in planned if each.on <= found.as_of]
    if not due or due[-1].kind in sent or StepKind.FINAL in sent:
        return None
    last = due[-1]
    if last.kind is StepKind.FINAL:
        deadline = max(terms.grace_ends_on(started_on), found.as_of + timedelta(days=terms.deadline_days))
        return _step(history, found, last.kind, started_on, planned_on=last.on, deadline=deadline)
    if not may_contact(history, terms, found.as_of):
        return None
    return _step(history, found, last.kind, started_on, planned_on=last.on)


def _request(
    history: AccountHistory, found: Delinquency, terms: GraceRow, started_on: date, paid_through: date | None
) -> Step | None:
    """Return the request for a 024, once grace and the final notice's deadline have passed.

    Without a final notice nothing is ever requested: it gives the last day to pay.
    """
    final = made(history, started_on, StepKind.FINAL, found.as_of)
    if final is None or final.deadline is None or found.state is not DelinquencyState.GRACE_EXPIRED:
        return None
    ends_on = terms.cover_ends_on(started_on, paid_through)
    planned = final.deadline + timedelta(days=1)
    return _step(history, found, StepKind.TERMINATION_REQUEST, started_on, planned_on=planned, cover_ends_on=ends_on)


def _withdrawals(history: AccountHistory, found: Delinquency) -> Iterator[Step]:
    """Yield the end of every request whose arrears are gone: paid, disputed, or answered by the 834."""
    for step in history.steps:
        is_request = step.kind is StepKind.TERMINATION_REQUEST and step.started_on != found.started_on
        if is_request and open_request(history, step.started_on, found.as_of) is not None:
            is_answered = found.state is DelinquencyState.TERMINATED
            note = "answered: an 834 ended the cover" if is_answered else "nothing undisputed is late any more"
            yield _step(history, found, StepKind.WITHDRAWAL, step.started_on, planned_on=found.as_of, note=note)


def _reminders(
    history: AccountHistory, found: Delinquency, work_days: WorkDays, tolerance: Tolerance, terms: GraceRow
) -> Iterator[Step]:
    """Yield a reminder for the next invoice that falls due, where we hold less for the account than is open."""
    day = Ledger(history, tolerance).on(found.as_of)
    coming = {invoice: owed - day.frozen.get(invoice.id, ZERO) for invoice, owed in day.not_due.items()}
    due_on = min((invoice.due_on for invoice, owed in coming.items() if owed > ZERO), default=None)
    if due_on is None or not may_contact(history, terms, found.as_of):
        return
    planned_on = work_days.roll_back(due_on - timedelta(days=terms.reminder_days))
    amount = sum((owed for invoice, owed in coming.items() if invoice.due_on == due_on), ZERO) - day.held
    is_made = any(step.kind is StepKind.REMINDER and step.started_on == due_on for step in history.steps)
    if planned_on <= found.as_of and amount > ZERO and not is_made:
        key = content_id("K", history.account_id, due_on, StepKind.REMINDER, "")
        yield Step(key, history.account_id, StepKind.REMINDER, due_on, planned_on, found.as_of, amount)


def _step(
    history: AccountHistory,
    found: Delinquency,
    kind: StepKind,
    started_on: date,
    *,
    planned_on: date,
    deadline: date | None = None,
    cover_ends_on: date | None = None,
    note: str = "",
) -> Step:
    """Return a step about arrears: one of each kind, however often it is looked for.

    A request and its withdrawal may repeat, on another day: a payment that ended the arrears may be returned.
    """
    day = "" if kind.is_contact else found.as_of.isoformat()
    return Step(
        key=content_id("K", history.account_id, started_on, kind, day),
        account_id=history.account_id,
        kind=kind,
        started_on=started_on,
        planned_on=planned_on,
        made_on=found.as_of,
        amount=found.asked_for,
        deadline=deadline,
        cover_ends_on=cover_ends_on,
        note=note,
    )
