"""Invoice requests that people order, for an account or a person, approve, reject and cancel (DOMAIN 3.1, 3.3).

Each order is one transaction with its log lines; a bill that is to be made now is a job of the station `invoice`,
enqueued in the same transaction, so that neither is there without the other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from gateway.billing.account import AccountRules
from gateway.billing.hooks import Turn, log_line
from gateway.billing.invoice import BillOrder
from gateway.billing.manual import Way, dates_of, manual_request, way_of
from gateway.billing.request_type import RequestTypeRule
from gateway.domain.charge import InvoiceRequest, RequestStatus
from gateway.domain.parties import Account
from gateway.errors import GatewayError, NotAllowed, NotFound
from gateway.logs import get_logger
from gateway.pipeline.accounts import account_rules, type_rules
from gateway.pipeline.invoice import billable_charges
from gateway.pipeline.plant import Plant
from gateway.pipeline.request_status import turn_request
from gateway.pipeline.request_target import RequestOrder, select_for
from gateway.ports.jobs import Job
from gateway.ports.unit_of_work import UnitOfWork

_STATUS_OF = {
    Way.APPROVAL: RequestStatus.APPROVAL,
    Way.BATCH: RequestStatus.DEFER_BATCH,
    Way.LATER: RequestStatus.DEFER,
    Way.NOW: RequestStatus.DEFER,
}
_CAME_TO_NOTHING = frozenset({RequestStatus.CANCELED, RequestStatus.REJECTED})


@dataclass(frozen=True, slots=True)
class Ordered:
    """What came of an order for one account: the request, or why there is none.

    `is_new` is False for one that had been ordered or decided before, and nothing was done.
    """

    account_id: str
    request: InvoiceRequest | None = None
    refusal: str = ""
    is_new: bool = True


def create_requests(plant: Plant, order: RequestOrder) -> list[Ordered]:
    """Make a request for every account that the order selects, in their order; the same twice changes nothing.

    An order for a person leaves out what cannot be billed, with the reason; one for an account is refused instead.
    Raises NotAllowed and NotFound.
    """
    dates_of(order.typed)
    selection = select_for(plant, order)
    if order.account_id:
        for account_id, why in selection.left_out:
            raise NotAllowed(f"account {account_id} gets no request: {why}")
        return [_create(plant, order, account_id) for account_id in selection.chosen]
    made = [_create_or_leave_out(plant, order, account_id) for account_id in selection.chosen]
    made += [Ordered(account_id, refusal=why) for account_id, why in selection.left_out]
    if not made:
        hint = "--children takes those of the persons below"
        raise NotFound(f"person {order.person_id} has no account", hint=hint)
    return sorted(made, key=lambda each: each.account_id)


def approve(plant: Plant, request_id: str, *, by: str) -> Ordered:
    """Approve a request that waits for it, so that its bill is made; by another person than ordered it.

    Approving again what was approved changes nothing. Raises NotFound and NotAllowed.
    """
    with _request(plant, request_id) as (unit, request):
        if request.status is not RequestStatus.APPROVAL:
            was_approved = bool(request.decided_by) and request.status is not RequestStatus.REJECTED
            return _decided_before(request, by, same=was_approved)
        _must_be_another(request, by)
        account, rule = _account_and_type(plant, unit, request)
        after = _submit(plant, unit, account, replace(request, decided_by=by), rule, by=by)
        unit.commit()
    return Ordered(after.account_id, after)


def reject(plant: Plant, request_id: str, *, by: str, reason: str) -> Ordered:
    """Reject a request that waits for approval, by another person than ordered it. Raises NotFound and NotAllowed."""
    with _request(plant, request_id) as (unit, request):
        if request.status is not RequestStatus.APPROVAL:
            return _decided_before(request, by, same=request.status is RequestStatus.REJECTED)
        _must_be_another(request, by)
        turn = Turn(RequestStatus.REJECTED, plant.clock.now(), by, reason)
        after = turn_request(plant, unit, replace(request, decided_by=by), turn)
        unit.commit()
    return Ordered(after.account_id, after)


def cancel(plant: Plant, request_id: str, *, by: str, reason: str) -> Ordered:
    """Cancel a request in any status that is not final; what it would have billed waits for the next bill.

    Canceling again changes nothing. Raises NotFound and NotAllowed.
    """
    with _request(plant, request_id) as (unit, request):
        if request.status is RequestStatus.CANCELED:
            return Ordered(request.account_id, request, is_new=False)
        after = turn_request(plant, unit, request, Turn(RequestStatus.CANCELED, plant.clock.now(), by, reason))
        unit.commit()
    return Ordered(after.account_id, after)


def _create_or_leave_out(plant: Plant, order: RequestOrder, account_id: str) -> Ordered:
    """Make the request of one account of a person; what is wrong with it does not stop the others."""
    try:
        return _create(plant, order, account_id)
    except GatewayError as error:
        if error.is_temporary:
            raise
        return Ordered(account_id, refusal=str(error))


def _create(plant: Plant, order: RequestOrder, account_id: str) -> Ordered:
    """Make the request of one account, and send it on its way, in one transaction."""
    with plant.open_unit() as unit:
        account = unit.enrollment.account(account_id)
        if account is None:
            raise NotFound(f"there is no account {account_id}: no member was ever enrolled in it")
        unit.enrollment.lock_account(account_id)
        rules = account_rules(plant, account)
        rule = _type(plant, account, order.request_type)
        request, before = _new_request(plant, unit, order, rules, rule)
        if before is not None:
            return Ordered(account_id, before, is_new=False)
        made = _submit(plant, unit, account, request, rule, by=order.by)
        unit.commit()
    get_logger(account=account_id, request=made.id).info("invoice request made", status=made.status)
    return Ordered(account_id, made)


def _new_request(
    plant: Plant, unit: UnitOfWork, order: RequestOrder, rules: AccountRules, rule: RequestTypeRule
) -> tuple[InvoiceRequest, InvoiceRequest | None]:
    """Return the request to make, and the one that was made of the same order before, if it still stands.

    One that was canceled or rejected may be ordered anew. A trial is made anew each time: what it shows changes.
    """
    dates, now = dates_of(order.typed), plant.clock.now()
    request = manual_request(rules, rule, dates, now.date(), by=order.by)
    if request.is_trial:
        request = manual_request(rules, rule, dates, now.date(), by=order.by, after=now.isoformat())
        return request, unit.requests.find(request.id)
    before = unit.requests.find(request.id)
    while before is not None and before.status in _CAME_TO_NOTHING:
        request = manual_request(rules, rule, dates, now.date(), by=order.by, after=before.id)
        before = unit.requests.find(request.id)
    open_request = unit.requests.open_for(rules.id)
    if before is None and open_request is not None:
        raise NotAllowed(
            f"account {rules.id} has the open request {open_request.id} ({open_request.status}, processing date "
            f"{open_request.processing_on}, cutoff {open_request.cutoff_on})",
            hint=f"wait for its bill, or first `gateway request cancel {open_request.id}`",
        )
    return request, before


def _submit(
    plant: Plant, unit: UnitOfWork, account: Account, request: InvoiceRequest, rule: RequestTypeRule, *, by: str
) -> InvoiceRequest:
    """Send a drafted or approved request on its way (DOMAIN 3.3); a bill to be made now is enqueued with it."""
    now = plant.clock.now()
    if request.status is RequestStatus.DRAFT:
        unit.requests.add(request)
        unit.requests.add_log([log_line(request, now, by, f"ordered with type {rule.code}")])
    charges = 0
    if rule.approval and request.status is RequestStatus.DRAFT:
        way = Way.APPROVAL
    else:
        charges = billable_charges(plant, unit, account, BillOrder.of_request(request))
        way = way_of(rule, request, charges, now.date())
    after = turn_request(plant, unit, request, Turn(_STATUS_OF[way], now, by, _why(way, rule, request, charges)))
    if way is Way.NOW:
        subject = f"{account.id}@{now.date().isoformat()}@{after.id}"
        unit.defer(Job("invoice", subject, lock=f"account/{account.id}"))
    return after


def _why(way: Way, rule: RequestTypeRule, request: InvoiceRequest, charges: int) -> str:
    """Return in plain words why a request goes the way it goes."""
    return {
        Way.APPROVAL: f"another person of role {rule.approval_role} must approve it",
        Way.BATCH: f"{charges} billable charges, more than {rule.defer_count}: the batch makes the bill",
        Way.LATER: f"it waits for its processing date {request.processing_on}",
        Way.NOW: f"{charges} billable charges: the bill is made online",
    }[way]


def _account_and_type(plant: Plant, unit: UnitOfWork, request: InvoiceRequest) -> tuple[Account, RequestTypeRule]:
    """Return the account and the type of a request; raises NotFound."""
    account = unit.enrollment.account(request.account_id)
    if account is None:
        raise NotFound(f"there is no account {request.account_id}")
    return account, _type(plant, account, request.request_type)


def _type(plant: Plant, account: Account, code: str) -> RequestTypeRule:
    """Return a request type of the account's partner; raises NotFound."""
    types = type_rules(plant, plant.partner(account.partner_id))
    if code not in types:
        hint = f"types of {account.partner_id}: {', '.join(sorted(types)) or 'none'}"
        raise NotFound(f"{account.partner_id} has no request type {code}", hint=hint)
    return types[code]


def _must_be_another(request: InvoiceRequest, by: str) -> None:
    """Refuse the person who ordered a request as the one who decides about it (OR-21)."""
    if by.strip().casefold() == request.created_by.strip().casefold():
        raise NotAllowed(
            f"request {request.id} was ordered by {request.created_by}: another person must decide",
            hint="ask a colleague",
        )


def _decided_before(request: InvoiceRequest, by: str, *, same: bool) -> Ordered:
    """Return the request when it was decided the same way before; raises NotAllowed when there is nothing to decide."""
    if same:
        return Ordered(request.account_id, request, is_new=False)
    raise NotAllowed(
        f"request {request.id} is {request.status}: there is nothing for {by} to decide",
        hint=f"`gateway request show {request.id}` shows its story",
    )


@contextmanager
def _request(plant: Plant, request_id: str) -> Iterator[tuple[UnitOfWork, InvoiceRequest]]:
    """Open a transaction with a request as it is once its account is locked; raises NotFound."""
    with plant.open_unit() as unit:
        found = unit.requests.find(request_id)
        if found is not None:
            unit.enrollment.lock_account(found.account_id)
            found = unit.requests.find(request_id)
        if found is None:
            raise NotFound(f"there is no request {request_id}", hint="`gateway request list` shows them")
        yield unit, found
