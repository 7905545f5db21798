"""Requests that a person makes: what must be typed, and whether the bill is made now, later or by the batch."""

from dataclasses import dataclass, fields
from datetime import date, timedelta
from enum import StrEnum

from gateway.billing.account import AccountRules
from gateway.billing.request_type import RequestTypeRule, check_request_type
from gateway.domain.charge import BillGeneration, InvoiceMode, InvoiceRequest, RequestStatus
from gateway.domain.identity import content_id
from gateway.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class ManualOrder:
    """What a person typed for one account: all of it is mandatory (DOMAIN 3.6, OR-31)."""

    request_type: str
    account: str
    cutoff_date: date | None
    accounting_date: date | None
    bill_date: date | None


@dataclass(frozen=True, slots=True)
class ManualDates:
    """The three dates of an order, all there."""

    cutoff_on: date
    accounting_on: date
    bill_on: date


def missing_fields(order: ManualOrder) -> list[str]:
    """Return the name of every mandatory field that was not typed, in the order they are asked for (OR-31)."""
    return [field.name.replace("_", " ") for field in fields(order) if not getattr(order, field.name)]


def dates_of(order: ManualOrder) -> ManualDates:
    """Return the dates of an order; raises NotAllowed naming every mandatory field that is missing."""
    missing = missing_fields(order)
    if missing or order.cutoff_date is None or order.accounting_date is None or order.bill_date is None:
        raise NotAllowed(
            f"a manual request needs its {', '.join(missing)}", hint="type, account and all three dates are mandatory"
        )
    return ManualDates(order.cutoff_date, order.accounting_date, order.bill_date)


def manual_request(
    account: AccountRules, rule: RequestTypeRule, dates: ManualDates, on: date, *, by: str, after: str = ""
) -> InvoiceRequest:
    """Return the request, in Draft, that `by` makes on the system date `on` (DOMAIN 3.6).

    The processing date is `on` plus the type's wait days, rolled to a working day of the type's calendar, else the
    account's. What is ordered twice on a day is the same request, unless the first one was canceled or rejected:
    `after` is then that one's id. Trials are told apart by `after` too. Raises NotAllowed for a type that no person may
    use, and for an accounting date in a closed period.
    """
    fault = _why_not(rule)
    if fault:
        raise NotAllowed(fault, hint="`gateway request types list` shows the types and what they are for")
    if account.closed_through is not None and dates.accounting_on <= account.closed_through:
        raise NotAllowed(
            f"accounting periods of account {account.id} are closed through {account.closed_through}",
            hint="choose a later accounting date",
        )
    calendar = rule.calendar or account.calendar
    earliest = on + timedelta(days=rule.wait_days)
    identity = (rule.code, dates.cutoff_on, dates.accounting_on, dates.bill_on, on, after)
    request_id = content_id("Q", account.id, "manual", *identity)
    return InvoiceRequest(
        id=request_id,
        account_id=account.id,
        partner_id=account.partner_id,
        request_type=rule.code,
        status=RequestStatus.DRAFT,
        created_on=on,
        processing_on=calendar.roll_forward(earliest) if calendar else earliest,
        cutoff_on=dates.cutoff_on,
        bill_on=dates.bill_on,
        accounting_on=dates.accounting_on,
        source=f"manual/{request_id}",
        is_manual=True,
        is_trial=rule.generation is BillGeneration.TRIAL,
        created_by=by,
    )


def _why_not(rule: RequestTypeRule) -> str:
    """Return why a person cannot use the type, '' where they can."""
    if rule.mode is not InvoiceMode.MANUAL:
        return f"request type {rule.code} is for automatic requests: no person can use it"
    if not rule.active:
        return f"request type {rule.code} is inactive"
    return next(iter(check_request_type(rule)), "")


class Way(StrEnum):
    """How a submitted request goes on (DOMAIN 3.3)."""

    APPROVAL = "approval"
    BATCH = "batch"  # too many charges: Defer Processing Batch, by the batch business date
    LATER = "later"  # Defer Processing, by the system date
    NOW = "now"  # the bill is made online


def way_of(rule: RequestTypeRule, request: InvoiceRequest, charges: int, system_date: date) -> Way:
    """Return how a request of so many billable charges goes on: the charges decide first, then the date.

    More charges than the type's defer count go to the batch, as many stay online (OR-19); online the processing date is
    compared with the system date (OR-23).
    """
    if rule.defer_count is not None and charges > rule.defer_count:
        return Way.BATCH
    return Way.LATER if request.processing_on > system_date else Way.NOW
