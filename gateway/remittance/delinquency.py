"""Where an account stands: a function of what was billed, settled and disputed, and of the day (DOMAIN 8.7).

Nothing is carried from one look to the next: when the arrears began follows from the dated history alone, so that
neither the order of posting nor a missed run changes it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from gateway.domain.collection import AccountHistory, DelinquencyState, Step, StepKind
from gateway.domain.money import ZERO, Money
from gateway.remittance.arrears import Ledger
from gateway.remittance.policy import GraceRow
from gateway.remittance.rules import Tolerance

SOON_DAYS = 5

TermsOf = Callable[[date], GraceRow | None]
"""The policy row for arrears that began on a day."""


@dataclass(frozen=True, slots=True)
class Delinquency:
    """An account's standing at the end of a day.

    `past_due` is gross, as aging shows it; `asked_for` is what dunning is about: without what is disputed, and no more
    than the account's own unapplied money and credits leave. `started_on` is when the arrears began, which a partial
    payment does not move; without arrears it is None, and so is what follows from it.
    """

    as_of: date
    state: DelinquencyState
    past_due: Money = ZERO
    disputed: Money = ZERO
    asked_for: Money = ZERO
    oldest_due_on: date | None = None
    next_due_on: date | None = None  # of the next invoice with something open that is not due yet
    started_on: date | None = None
    terms: GraceRow | None = None
    grace_ends_on: date | None = None
    deadline: date | None = None  # no termination is requested before this day has passed

    @property
    def days_past_due(self) -> int:
        """Days since the oldest open invoice was due, 0 where none is late."""
        return (self.as_of - self.oldest_due_on).days if self.oldest_due_on else 0

    @property
    def alert(self) -> str:
        """The icon that brokers know (HN-11): OK, DUE_SOON, PAST_DUE, IN_GRACE, TERMINATED."""
        match self.state:
            case DelinquencyState.CURRENT | DelinquencyState.DISPUTED:
                is_soon = self.next_due_on is not None and self.next_due_on - self.as_of <= timedelta(days=SOON_DAYS)
                return "DUE_SOON" if is_soon else "OK"
            case DelinquencyState.GRACE_EXPIRED | DelinquencyState.TERM_REQUESTED:
                return "IN_GRACE"  # cover goes on until an 834 ends it
            case state:
                return state.value


def delinquency(history: AccountHistory, terms_of: TermsOf, tolerance: Tolerance, as_of: date) -> Delinquency:
    """Return where an account stands on a day.

    `terms_of` gives the policy row for the day the arrears began; where there is none no grace ends, and the account
    is only ever past due. A rest inside `tolerance` is no arrears (DOMAIN 3.9).
    """
    ledger = Ledger(history, tolerance)
    day = ledger.on(as_of)
    found = Delinquency(
        as_of=as_of,
        state=DelinquencyState.CURRENT,
        past_due=day.past_due,
        disputed=day.disputed,
        asked_for=day.asked_for,
        oldest_due_on=min((invoice.due_on for invoice in day.late), default=None),
        next_due_on=min((invoice.due_on for invoice in day.not_due), default=None),
    )
    if history.ended_on is not None and history.ended_on < as_of:
        return replace(found, state=DelinquencyState.TERMINATED)
    started_on = ledger.started_on(as_of)
    if started_on is not None:
        return _in_arrears(history, found, started_on, terms_of(started_on))
    return replace(found, state=DelinquencyState.DISPUTED) if day.disputed > ZERO else found


def _in_arrears(history: AccountHistory, found: Delinquency, started_on: date, terms: GraceRow | None) -> Delinquency:
    """Return the standing of an account whose arrears began on a day."""
    found = replace(found, started_on=started_on, state=DelinquencyState.PAST_DUE, terms=terms)
    if terms is None:
        return found
    grace_ends_on = terms.grace_ends_on(started_on)
    final = made(history, started_on, StepKind.FINAL, found.as_of)
    deadline = max(grace_ends_on, final.deadline) if final and final.deadline else grace_ends_on
    found = replace(found, grace_ends_on=grace_ends_on, deadline=deadline)
    if found.as_of > deadline:
        is_requested = open_request(history, started_on, found.as_of) is not None
        state = DelinquencyState.TERM_REQUESTED if is_requested else DelinquencyState.GRACE_EXPIRED
        return replace(found, state=state)
    is_in_grace = (found.as_of - started_on).days >= terms.past_due_days
    return replace(found, state=DelinquencyState.IN_GRACE) if is_in_grace else found


def made(history: AccountHistory, started_on: date, kind: StepKind, as_of: date) -> Step | None:
    """Return the last step of a kind that was made about the arrears that began on a day, up to `as_of`."""
    found = [
        step for step in history.steps if (step.started_on, step.kind) == (started_on, kind) and step.made_on <= as_of
    ]
    return max(found, key=lambda step: step.made_on, default=None)


def open_request(history: AccountHistory, started_on: date, as_of: date) -> Step | None:
    """Return the termination request about the arrears that began on a day, unless it was withdrawn since."""
    request = made(history, started_on, StepKind.TERMINATION_REQUEST, as_of)
    withdrawn = made(history, started_on, StepKind.WITHDRAWAL, as_of)
    return None if request and withdrawn and withdrawn.made_on >= request.made_on else request
