"""The dates of an invoice request: cutoff, bill, processing and accounting date (DOMAIN 3.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Protocol, TypeAlias

from gateway.billing.calendar import WorkCalendar

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """One window of a bill cycle, all dates inclusive: first try, last try, cutoff, accounting date (DOMAIN 3.8)."""

    start: date
    end: date
    cutoff: date
    accounting: date


@dataclass(frozen=True, slots=True)
class RequestDates:
    """What a date algorithm yields for one request."""

    cutoff_on: date  # charges up to and including this day go on the bill
    bill_on: date
    processing_on: date  # the first day on which the request may be processed
    accounting_on: date


@dataclass(frozen=True, slots=True)
class NoFutureWindow:
    """The bill cycle has no window on or after the processing date: log NO_WINDOW and extend the cycle."""

    processing_on: date


DateAnswer: TypeAlias = RequestDates | NoFutureWindow


class DateAlgorithm(Protocol):
    """Algorithm type C1-INVREDTCA: computes the dates of a request; see `invoice_request_dates` for the arguments."""

    def __call__(
        self,
        created: date,
        wait_days: int,
        windows: Sequence[Window],
        calendar: WorkCalendar | None,
        threshold: int | None,
        *,
        reprice_after: date | None = None,
        closed_through: date | None = None,
    ) -> DateAnswer:
        """Return the dates, or NoFutureWindow."""
        ...


def invoice_request_dates(
    created: date,
    wait_days: int,
    windows: Sequence[Window],
    calendar: WorkCalendar | None,
    threshold: int | None,
    *,
    reprice_after: date | None = None,
    closed_through: date | None = None,
) -> DateAnswer:
    """Return the dates of a request created on `created` (C1-INVRDTCIM, DOMAIN 3.6, table 9.1).

    The processing date is `wait_days` calendar days later, or later than `reprice_after` while pricing is held, and
    rolls forward to a working day of `calendar`. The start of the next window is the bill cycle date: when it is more
    than `threshold` days away, the cutoff is that of the present window, otherwise that of the next one. Accounting
    periods through `closed_through` are closed: a window that posts there posts on the first open day instead.
    """
    earliest = max(created, reprice_after or created) + wait_days * _DAY
    processing_on = calendar.roll_forward(earliest) if calendar else earliest
    in_order = sorted(windows, key=lambda window: window.start)
    ahead = next((place for place, window in enumerate(in_order) if window.start >= processing_on), None)
    if ahead is None:
        return NoFutureWindow(processing_on)
    gap = (in_order[ahead].start - processing_on).days
    is_near = threshold is not None and gap <= threshold
    used = in_order[ahead] if ahead == 0 or is_near else in_order[ahead - 1]
    return RequestDates(
        cutoff_on=used.cutoff,
        bill_on=processing_on,
        processing_on=processing_on,
        accounting_on=_open_day(used.accounting, processing_on, closed_through),
    )


def _open_day(accounting: date, processing_on: date, closed_through: date | None) -> date:
    """Return `accounting` when its period is open, else the first open day on or after `processing_on`."""
    if closed_through is None or accounting > closed_through:
        return accounting
    return max(processing_on, closed_through + _DAY)


DATE_ALGORITHMS: Mapping[str, DateAlgorithm] = MappingProxyType(
    {
        "C1-INVRDTCIM": invoice_request_dates,  # individual accounts
        "C1-INVRDTCAL": invoice_request_dates,  # group accounts; its own text is not known (DOMAIN 13.1)
    }
)
"""Date algorithms by the name that a request type gives."""
