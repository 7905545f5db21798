"""The life cycle of an invoice request: which status follows which, and when a request is due (DOMAIN 3.3)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from gateway.domain.charge import InvoiceRequest, RequestStatus
from gateway.errors import NotAllowed

_ENDS = frozenset({RequestStatus.PROCESSED, RequestStatus.CANCELED, RequestStatus.ERROR})
_DEFERS = frozenset({RequestStatus.DEFER, RequestStatus.DEFER_BATCH})

MOVES: Mapping[RequestStatus, frozenset[RequestStatus]] = MappingProxyType(
    {
        RequestStatus.DRAFT: _ENDS | _DEFERS | {RequestStatus.APPROVAL},
        RequestStatus.APPROVAL: _ENDS | _DEFERS | {RequestStatus.REJECTED},
        RequestStatus.DEFER: _ENDS,
        RequestStatus.DEFER_BATCH: _ENDS,
        RequestStatus.ERROR: _ENDS,  # the next run tries again, and may fail again
        RequestStatus.PROCESSED: frozenset(),
        RequestStatus.CANCELED: frozenset(),
        RequestStatus.REJECTED: frozenset(),
    }
)
"""Every status with those that may follow it."""


def move(
    request: InvoiceRequest, to: RequestStatus, *, reason: str = "", invoice_id: str | None = None
) -> InvoiceRequest:
    """Return `request` in status `to`, with the reason and the invoice it made, where there is one.

    Raises NotAllowed when `to` cannot follow, or when a cancellation, rejection or error has no reason.
    """
    if to not in MOVES[request.status]:
        allowed = ", ".join(sorted(MOVES[request.status])) or "nothing, it is final"
        raise NotAllowed(f"request {request.id} is {request.status} and cannot become {to}", hint=f"allowed: {allowed}")
    if to in {RequestStatus.CANCELED, RequestStatus.REJECTED, RequestStatus.ERROR} and not reason:
        raise NotAllowed(f"request {request.id} cannot become {to} without a reason", hint="give a reason")
    return replace(request, status=to, reason=reason, invoice_id=invoice_id or request.invoice_id)


def due(request: InvoiceRequest, business_date: date, system_date: date) -> bool:
    """Tell whether the request is to be processed now: by the system's clock online, by the batch's when deferred.

    `Defer Processing` looks at `system_date`, `Defer Processing Batch` and a failed request at `business_date`
    (OR-23, OR-24).
    """
    if request.status is RequestStatus.DEFER:
        return request.processing_on <= system_date
    if request.status in {RequestStatus.DEFER_BATCH, RequestStatus.ERROR}:
        return request.processing_on <= business_date
    return False
