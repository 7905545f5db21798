"""Automatic invoice requests: which membership event makes one, joins one, or makes none (DOMAIN 3.4, 3.6, 3.7)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeAlias

from gateway.billing.account import AccountRules
from gateway.billing.dates import DATE_ALGORITHMS, DateAlgorithm, DateAnswer, NoFutureWindow, RequestDates
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
    """

    created_on: date
    previous_status: MembershipStatus | None = None
    termination_reason: str = ""
    subscriber_is_responsible: bool = True
    reprice_after: date | None = None


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


def decide_request(
    event: MembershipChange,
    account: AccountRules | None,
    circumstances: Circumstances,
    open_request: InvoiceRequest | None,
    *,
    algorithms: Mapping[str, DateAlgorithm] = DATE_ALGORITHMS,
) -> RequestDecision:
    """Return what `event` does to the account's invoice requests (DOMAIN 3.4; OR-10 to OR-13).

    `account` is None when the membership leads to none. `open_request` is the account's request in no final status,
    never a trial one: while it is open the event joins it, keeps its processing date, and moves its cutoff later only
    when the event alone would (DOMAIN 3.6). Deciding the same event twice gives the same request id.
    """
    if account is None:
        return RequestDecision(LogOutcome.NO_ACCOUNT, note="the membership leads to no account that is billed")
    case = _Case(event, account, circumstances, algorithms)
    for precondition in PRECONDITIONS:
        refusal = precondition(case)
        if refusal is not None:
            return refusal
    rule = account.request_types[event.event]
    dates = _dates(case, rule)
    if open_request is not None and not open_request.status.is_final:
        return _join(open_request, dates)
    if isinstance(dates, NoFutureWindow):
        return RequestDecision(
            LogOutcome.NO_WINDOW,
            note=f"no bill window of account {account.id} begins on or after {dates.processing_on}: "
            "extend the bill cycle",
        )
    return RequestDecision(LogOutcome.CREATED, _new_request(case, rule, dates))


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


def _is_insured_business(case: _Case) -> RequestDecision | None:
    """Let fully insured group and individual business pass (OR-15)."""
    if case.account.line_of_business is LineOfBusiness.SELF_FUNDED:
        return RequestDecision(LogOutcome.LOB_EXCLUDED, note="self-funded business gets no automatic request")
    return None


def _is_trigger(case: _Case) -> RequestDecision | None:
    """Let the four events pass, and a change where the account says so (DOMAIN 4.5)."""
    if not may_raise(case.event, case.account):
        return RequestDecision(LogOutcome.NO_BILLING_EFFECT, note=f"the event {case.event.event} raises no request")
    if not case.account.member_events_raise_requests:
        return RequestDecision(LogOutcome.NO_BILLING_EFFECT, note="member events raise no request for this account")
    return None


def _is_account_of_responsible_person(case: _Case) -> RequestDecision | None:
    """In individual business the main subscriber must be the one who pays (OR-03)."""
    is_individual = case.account.line_of_business is LineOfBusiness.INDIVIDUAL
    if is_individual and not case.circumstances.subscriber_is_responsible:
        return RequestDecision(
            LogOutcome.NOT_FIN_RESPONSIBLE, note="another person than the main subscriber is responsible for payment"
        )
    return None


def _is_eligible(case: _Case) -> RequestDecision | None:
    """The characteristic INVRACTE must be Y (OR-05)."""
    if not case.account.invoice_request_eligible:
        return RequestDecision(LogOutcome.NOT_ELIGIBLE, note="the account is not eligible for automatic requests")
    return None


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


def _has_request_type(case: _Case) -> RequestDecision | None:
    """The event must have a type that an automatic request may use (OR-08, OR-33, OR-34)."""
    event = case.event.event
    rule = case.account.request_types.get(event)
    if rule is None:
        fault = f"account {case.account.id} has no request type for the event {event}"
    elif not rule.active:
        fault = f"request type {rule.code} is inactive"
    elif rule.mode is not InvoiceMode.AUTOMATIC:
        fault = f"request type {rule.code} is for manual requests"
    else:
        fault = next(iter(check_request_type(rule, case.algorithms)), "")
    return RequestDecision(LogOutcome.ERROR, note=fault) if fault else None


Precondition: TypeAlias = Callable[[_Case], RequestDecision | None]

PRECONDITIONS: tuple[Precondition, ...] = (
    _is_insured_business,
    _is_trigger,
    _is_account_of_responsible_person,
    _is_eligible,
    _is_allowed_reinstatement,
    _has_request_type,
)
"""Order is meaning: the first that fails names the outcome, and no request is made (DOMAIN 3.4)."""


def _dates(case: _Case, rule: RequestTypeRule) -> DateAnswer:
    """Compute the dates with the type's algorithm; its calendar wins over the account's (OR-26, OR-28)."""
    return case.algorithms[rule.date_algorithm](
        case.circumstances.created_on,
        rule.wait_days,
        case.account.windows,
        rule.calendar or case.account.calendar,
        rule.threshold_days,
        reprice_after=case.circumstances.reprice_after,
        closed_through=case.account.closed_through,
    )


def _join(open_request: InvoiceRequest, dates: DateAnswer) -> RequestDecision:
    """Return the open request with its cutoff moved later where the event alone would give a later one."""
    if isinstance(dates, NoFutureWindow) or dates.cutoff_on <= open_request.cutoff_on:
        return RequestDecision(LogOutcome.JOINED_OPEN, open_request)
    return RequestDecision(
        LogOutcome.JOINED_OPEN,
        replace(open_request, cutoff_on=dates.cutoff_on),
        note=f"the cutoff moves from {open_request.cutoff_on} to {dates.cutoff_on}",
    )


def _new_request(case: _Case, rule: RequestTypeRule, dates: RequestDates) -> InvoiceRequest:
    """Return the request that the event makes: deferred to the batch, as all automatic ones (DOMAIN 3.3)."""
    source = case.event.source.key(case.event.ordinal)
    return InvoiceRequest(
        id=content_id("Q", case.account.id, source),
        account_id=case.account.id,
        partner_id=case.account.partner_id,
        request_type=rule.code,
        status=RequestStatus.DEFER_BATCH,
        created_on=case.circumstances.created_on,
        processing_on=dates.processing_on,
        cutoff_on=dates.cutoff_on,
        bill_on=dates.bill_on,
        accounting_on=dates.accounting_on,
        source=source,
    )
