"""What partners do beyond the guide, one named function each, switched on in the profile.

A quirk takes a maintenance request as it was read and returns it as it was meant, with a note on what was changed;
the note stands in the membership log. A request that needs no change is returned as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta

from gateway.domain.coverage import CoverageRequest, MaintenanceRequest, MaintenanceType
from gateway.domain.money import Money
from gateway.transactions.values_834 import amount

Quirk = Callable[[MaintenanceRequest], MaintenanceRequest]

_FAR_AWAY = date(2099, 1, 1)
_DAY = timedelta(days=1)
_TOTAL_RESPONSIBILITY = "TOT RES AMT"  # 2750: what the enrollee owes (DOMAIN 4.7)


def far_end_is_open(request: MaintenanceRequest) -> MaintenanceRequest:
    """Take an end in 2099 or later, which some systems write instead of none, as no end at all."""
    coverages = tuple(
        replace(line, last_day=None) if line.last_day is not None and line.last_day >= _FAR_AWAY else line
        for line in request.coverages
    )
    eligible_through = request.eligibility_last_day
    if eligible_through is not None and eligible_through >= _FAR_AWAY:
        eligible_through = None
    if coverages == request.coverages and eligible_through == request.eligibility_last_day:
        return request
    changed = replace(request, coverages=coverages, eligibility_last_day=eligible_through)
    return _noted(changed, "an end in 2099 or later was taken as none")


def end_is_first_day_without_cover(request: MaintenanceRequest) -> MaintenanceRequest:
    """Take the end as the first day without cover, not as the last one with it (DOMAIN 4.4 rule 3)."""
    coverages = tuple(_ended_a_day_earlier(line) for line in request.coverages)
    eligible_through = request.eligibility_last_day
    if coverages == request.coverages and eligible_through is None:
        return request
    earlier = eligible_through - _DAY if eligible_through is not None else None
    changed = replace(request, coverages=coverages, eligibility_last_day=earlier)
    return _noted(changed, "the end that was sent is the first day without cover")


def audit_is_addition(request: MaintenanceRequest) -> MaintenanceRequest:
    """Take 030 as 021, for a sender whose change files list who is covered and mark everybody as an audit."""
    if request.maintenance is not MaintenanceType.AUDIT and not any(
        line.maintenance is MaintenanceType.AUDIT for line in request.coverages
    ):
        return request
    coverages = tuple(
        replace(line, maintenance=MaintenanceType.ADDITION) if line.maintenance is MaintenanceType.AUDIT else line
        for line in request.coverages
    )
    maintenance = request.maintenance
    if maintenance is MaintenanceType.AUDIT:
        maintenance = MaintenanceType.ADDITION
    return _noted(replace(request, maintenance=maintenance, coverages=coverages), "030 was taken as 021")


def premium_is_total_responsibility(request: MaintenanceRequest) -> MaintenanceRequest:
    """Take the 2750 amount that the enrollee owes as the subscriber's premium, as exchanges send it (DOMAIN 4.7)."""
    owed = _reported_amount(request, _TOTAL_RESPONSIBILITY)
    if owed is None or not request.is_subscriber or not request.coverages or request.coverages[0].premium is not None:
        return request
    first, *others = request.coverages
    changed = replace(request, coverages=(replace(first, premium=owed), *others))
    return _noted(changed, f"the premium is that of the reporting category {_TOTAL_RESPONSIBILITY}")


QUIRKS: Mapping[str, Quirk] = {
    quirk.__name__: quirk
    for quirk in (
        far_end_is_open,
        end_is_first_day_without_cover,
        audit_is_addition,
        premium_is_total_responsibility,
    )
}
"""Every quirk by the name that a profile calls it by."""


def _ended_a_day_earlier(line: CoverageRequest) -> CoverageRequest:
    """Return the line with its last day one day earlier."""
    return line if line.last_day is None else replace(line, last_day=line.last_day - _DAY)


def _reported_amount(request: MaintenanceRequest, category: str) -> Money | None:
    """Return the amount of a reporting category, or None when it is absent or no amount."""
    value = next((value for name, value in request.reporting if name == category), "")
    try:
        return amount(value)
    except ValueError:
        return None


def _noted(request: MaintenanceRequest, note: str) -> MaintenanceRequest:
    """Return the request with one more note."""
    return replace(request, notes=(*request.notes, note))
