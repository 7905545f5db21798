"""Automatic invoice requests: which membership event makes one, joins one, or makes none (DOMAIN 3.4, 3.6, 3.7)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeAlias

from gateway.billing.account import AccountRules
from gateway.billing.dates import DATE_ALGORITHMS, DateAlgorithm, DateAnswer, NoFutureWindow, RequestDates
from gateway.billing.eligibility import on_membership, why_not_eligible
from gateway.billing.hooks import HOOKS, Hooks
from gateway.billing.request_type import RequestTypeRule, check_request_type
from gateway.domain.charge import InvoiceMode, InvoiceRequest, RequestStatus
from gateway.domain.coverage import (
    LogOutcome,
    MembershipChange,
    MembershipEvent,
    MembershipLogEntry,
    MembershipStatus,
)
from gateway.domain.identity import content_id
from gateway.domain.parties import LineOfBusiness

TRIGGERS = frozenset(
    {MembershipEvent.ENROLL, MembershipEvent.TERMINATE, MembershipEvent.REINSTATE, MembershipEvent.CANCEL}
)
"""The four membership events that raise a request (DOMAIN 3.4)."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known when an event is decided.

    `created_on` is the business date of the decision. `previous_status` is the membership's before the event and
    `termination_reason` the INS04 that had ended it. `subscriber_is_responsible` is False when loop 2100G names
    another person as the one who pays. Pricing of the membership may be held until `reprice_after` (DOMAIN 3.5).
    `characteristics` are the membership's own, which count in individual and direct-billed business.
    """

    created_on: date
    previous_status: MembershipStatus | None = None
    termination_reason: str = ""
    subscriber_is_responsible: bool = True
    reprice_after: date | None = None
    characteristics: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RequestDecision:
    """What was decided about one event: `request` is new when CREATED, and the open one, perhaps moved, when joined."""

    outcome: LogOutcome
    request: InvoiceRequest | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Case:
    """One event with all that its preconditions look at."""

    event: MembershipChange
    account: AccountRules
    circumstances: Circumstances
    algorithms: Mapping[str, DateAlgorithm]
    hooks: Hooks


def decide_request(
    event: MembershipChange,
    account: AccountRules | None,
    circumstances: Circumstances,
    open_request: InvoiceRequest | None,
    *,
    algorithms: Mapping[str, DateAlgorithm] = DATE_ALGORITHMS,
    hooks: Hooks = HOOKS,
) -> RequestDecision:
    """Return what `event` does to the account's invoice requests (DOMAIN 3.4; OR-10 to OR-13).

    `account` is None when the membership leads to none. `open_request` is the account's request in no final status,
    never a trial one: while it is open the event joins it, keeps its processing date, and moves its cutoff later only
    when the event alone would (DOMAIN 3.6). Deciding the same event twice gives the same request id.
    """
    if account is None:
        return RequestDecision(LogOutcome.NO_ACCOUNT, note="the membership leads to no account that is billed")
    case = _Case(event, account, circumstances, algorithms, hooks)
    for precondition in PRECONDITIONS:
        refusal = precondition(case)
        if refusal is not None:
            return refusal
    rule = account.request_types[event.event]
    dates = dates_for(account, rule, circumstances.created_on, algorithms, reprice_after=circumstances.reprice_after)
    if open_request is not None and not open_request.status.is_final:
        return join(open_request, dates)
    if isinstance(dates, NoFutureWindow):
        return no_window(account, dates)
    source = event.source.key(event.ordinal)
    return RequestDecision(LogOutcome.CREATED, new_request(account, rule, dates, source, circumstances.created_on))


def may_raise(event: MembershipChange, account: AccountRules) -> bool:
    """Tell whether an event of this kind raises requests for the account at all (DOMAIN 3.4, 4.5)."""
    return event.event in TRIGGERS or (event.event is MembershipEvent.CHANGE and account.change_raises_request)


def log_decision(event: MembershipChange, decision: RequestDecision, at: datetime) -> MembershipLogEntry:
    """Return the membership log entry that every decision gets, whether a request was made or not (DOMAIN 3.7)."""
    request = decision.request
    return MembershipLogEntry(
        key=event.key,
        membership_id=event.membership_id,
        at=at,
        event=event.event,
        outcome=decision.outcome,
        source=event.source.key(event.ordinal),
        set_id=event.source.set_id,
        request_id=request.id if request else None,
        processing_on=request.processing_on if request else None,
        cutoff_on=request.cutoff_on if request else None,
        note=decision.note or event.note,
    )


def excluded_business(account: AccountRules) -> RequestDecision | None:
    """Return the refusal of an account that is neither fully insured group nor individual business (OR-15)."""
    if account.line_of_business is LineOfBusiness.SELF_FUNDED:
        return RequestDecision(LogOutcome.LOB_EXCLUDED, note="self-funded business gets no automatic request")
    return None


def _is_insured_business(case: _Case) -> RequestDecision | None:
    """Let fully insured group and individual business pass (OR-15)."""
    return excluded_business(case.account)


def _is_trigger(case: _Case) -> RequestDecision | None:
    """Let the four events pass, and a change where the account says so (DOMAIN 4.5)."""
    if not may_raise(case.event, case.account):
        return RequestDecision(LogOutcome.NO_BILLING_EFFECT, note=f"the event {case.event.event} raises no request")
    if not (case.account.member_events_raise_requests or case.account.direct_billed):
        return RequestDecision(LogOutcome.NO_BILLING_EFFECT, note="member events raise no request for this account")
    return None


def _is_account_of_responsible_person(case: _Case) -> RequestDecision | None:
    """Where the membership has an account of its own the main subscriber must be the one who pays (OR-03)."""
    if on_membership(case.account) and not case.circumstances.subscriber_is_responsible:
        return RequestDecision(
            LogOutcome.NOT_FIN_RESPONSIBLE, note="another person than the main subscriber is responsible for payment"
        )
    return None


def _is_eligible(case: _Case) -> RequestDecision | None:
    """The characteristic, INVRACTE unless configured otherwise, must be Y (OR-05, OR-06)."""
    why = why_not_eligible(case.account, case.circumstances.characteristics)
    return RequestDecision(LogOutcome.NOT_ELIGIBLE, note=why) if why else None


def _is_allowed_reinstatement(case: _Case) -> RequestDecision | None:
    """A reinstatement counts from Terminated only, and for the termination reasons the account lists (OR-12)."""
    if case.event.event is not MembershipEvent.REINSTATE:
        return None
    status = case.circumstances.previous_status
    if status is not MembershipStatus.TERMINATED:
        return RequestDecision(
            LogOutcome.REASON_EXCLUDED, note=f"reinstated from {status or 'nothing'}, not from terminated"
        )
    reasons, reason = case.account.reinstatement_reasons, case.circumstances.termination_reason
    if reasons and reason not in reasons:
        return RequestDecision(
            LogOutcome.REASON_EXCLUDED, note=f"termination reason {reason or 'none'} is not in the account's list"
        )
    return None


def _has_hooks(case: _Case) -> RequestDecision | None:
    """The customer class must have both of its hooks before any request can be made (OR-32)."""
    missing = case.hooks.missing(case.account)
    return RequestDecision(LogOutcome.ERROR, note="; ".join(missing)) if missing else None


def _has_request_type(case: _Case) -> RequestDecision | None:
    """The event must have a type that an automatic request may use (OR-08, OR-33, OR-34)."""
    event = case.event.event
    rule = case.account.request_types.get(event)
    if rule is None:
        fault = f"account {case.account.id} has no request type for the event {event}"
    else:
        fault = unfit_type(rule, case.algorithms)
    return RequestDecision(LogOutcome.ERROR, note=fault) if fault else None


def unfit_type(rule: RequestTypeRule, algorithms: Mapping[str, DateAlgorithm]) -> str:
    """Return why no automatic request may be of this type, '' where it may."""
    if not rule.active:
        return f"request type {rule.code} is inactive"
    if rule.mode is not InvoiceMode.AUTOMATIC:
        return f"request type {rule.code} is for manual requests"
    return next(iter(check_request_type(rule, algorithms)), "")


Precondition: TypeAlias = Callable[[_Case], RequestDecision | None]

PRECONDITIONS: tuple[Precondition, ...] = (
    _is_insured_business,
    _is_trigger,
    _is_account_of_responsible_person,
    _is_eligible,
    _is_allowed_reinstatement,
    _has_hooks,
    _has_request_type,
)
"""Order is meaning: the first that fails names the outcome, and no request is made (DOMAIN 3.4)."""


def dates_for(
    account: AccountRules,
    rule: RequestTypeRule,
    created_on: date,
    algorithms: Mapping[str, DateAlgorithm],
    *,
    reprice_after: date | None = None,
) -> DateAnswer:
    """Return the dates that the type's algorithm gives; its calendar wins over the account's (OR-26, OR-28)."""
    return algorithms[rule.date_algorithm](
        created_on,
        rule.wait_days,
        account.windows,
        rule.calendar or account.calendar,
        rule.threshold_days,
        reprice_after=reprice_after,
        closed_through=account.closed_through,
    )


def no_window(account: AccountRules, answer: NoFutureWindow) -> RequestDecision:
    """Return the decision where the bill cycle ends too soon."""
    note = f"no bill window of account {account.id} begins on or after {answer.processing_on}: extend the bill cycle"
    return RequestDecision(LogOutcome.NO_WINDOW, note=note)


def join(open_request: InvoiceRequest, dates: DateAnswer) -> RequestDecision:
    """Return the open request with its cutoff moved later where the event alone would give a later one.

    What a person ordered, and another may have approved, keeps its cutoff: what lies behind it goes on a later bill.
    """
    if isinstance(dates, NoFutureWindow) or dates.cutoff_on <= open_request.cutoff_on:
        return RequestDecision(LogOutcome.JOINED_OPEN, open_request)
    if open_request.is_manual:
        note = f"the cutoff {open_request.cutoff_on} that {open_request.created_by} ordered is kept"
        return RequestDecision(LogOutcome.JOINED_OPEN, open_request, note=note)
    return RequestDecision(
        LogOutcome.JOINED_OPEN,
        replace(open_request, cutoff_on=dates.cutoff_on),
        note=f"the cutoff moves from {open_request.cutoff_on} to {dates.cutoff_on}",
    )


def new_request(
    account: AccountRules, rule: RequestTypeRule, dates: RequestDates, source: str, created_on: date
) -> InvoiceRequest:
    """Return the request that an event makes: deferred to the batch, as all automatic ones (DOMAIN 3.3)."""
    return InvoiceRequest(
        id=content_id("Q", account.id, source),
        account_id=account.id,
        partner_id=account.partner_id,
        request_type=rule.code,
        status=RequestStatus.DEFER_BATCH,
        created_on=created_on,
        processing_on=dates.processing_on,
        cutoff_on=dates.cutoff_on,
        bill_on=dates.bill_on,
        accounting_on=dates.accounting_on,
        source=source,
    )
