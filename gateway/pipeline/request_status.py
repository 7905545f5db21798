"""The turns of an invoice request: one place where a status changes, with its log lines (DOMAIN 3.3, 3.7, OR-32)."""

from collections.abc import Iterator

from gateway.billing.hooks import StatusUpdate, Turn, update_status
from gateway.domain.charge import InvoiceRequest, RequestLogEntry, RequestStatus
from gateway.domain.coverage import LogOutcome, MembershipLogEntry
from gateway.errors import ConfigurationError, NotFound
from gateway.pipeline.accounts import account_rules
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork

_RAISED = frozenset({LogOutcome.CREATED, LogOutcome.JOINED_OPEN})
_ENDS = {
    RequestStatus.PROCESSED: LogOutcome.PROCESSED,
    RequestStatus.CANCELED: LogOutcome.CANCELED,
    RequestStatus.REJECTED: LogOutcome.CANCELED,
    RequestStatus.ERROR: LogOutcome.ERROR,
}


def turn_request(plant: Plant, unit: UnitOfWork, request: InvoiceRequest, turn: Turn) -> InvoiceRequest:
    """Turn a request by the hook C1-INVRSTUP of its account's customer class, and write it with its log lines.

    Every membership event that made or joined the request gets a line with the outcome. Raises NotAllowed when the
    status cannot follow, ConfigurationError when the customer class has no such hook.
    """
    after, entry = _hook(plant, unit, request)(request, turn)
    unit.requests.update(after)
    unit.requests.add_log([entry])
    unit.enrollment.add_log(list(_outcomes(unit, after, entry)))
    return after


def _hook(plant: Plant, unit: UnitOfWork, request: InvoiceRequest) -> StatusUpdate:
    """Return the status update of the account's customer class; of an account no longer configured the shipped one."""
    account = unit.enrollment.account(request.account_id)
    if account is None:
        raise NotFound(f"there is no account {request.account_id}")
    try:
        name = account_rules(plant, account).status_update
    except NotFound:
        return update_status
    if name not in plant.hooks.status_update:
        raise ConfigurationError(
            f"the customer class of account {account.id} has no hook for C1-INVRSTUP (status update)",
            hint="`gateway check` names the place",
        )
    return plant.hooks.status_update[name]


def _outcomes(unit: UnitOfWork, request: InvoiceRequest, entry: RequestLogEntry) -> Iterator[MembershipLogEntry]:
    """Yield what the turn means for each event that raised the request, where it means anything (DOMAIN 3.7)."""
    outcome = _ENDS.get(request.status)
    if outcome is None:
        return
    for raised in unit.requests.log_of(request.id):
        if raised.outcome in _RAISED:
            yield MembershipLogEntry(
                key=f"{raised.key}/{request.status}",
                membership_id=raised.membership_id,
                at=entry.at,
                event=raised.event,
                outcome=outcome,
                source=raised.source,
                set_id=raised.set_id,
                request_id=request.id,
                actor=entry.actor,
                note=entry.note,
            )
