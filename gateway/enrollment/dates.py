"""Which of the dates that were sent counts, and when an end means that the cover never was (DOMAIN 4.4)."""

from datetime import date

from gateway.domain.coverage import CoverageRequest, EnrollmentHeader, MaintenanceRequest
from gateway.enrollment.rules import EnrollmentRules

DEATH = "03"  # INS04
CANCEL_REASON = ("ADDL MAINT REASON", "CANCEL")  # the 2750 pair by which an exchange cancels (DOMAIN 4.7)


def begin_of(line: CoverageRequest, request: MaintenanceRequest, header: EnrollmentHeader) -> date | None:
    """Return the first covered day: DTP 348, else 356, else 303, else the file's date (DOMAIN 4.4 rule 7)."""
    return (
        line.begins_on
        or request.eligibility_begins_on
        or line.effective_on
        or request.effective_on
        or header.effective_on
    )


def last_day_of(line: CoverageRequest | None, request: MaintenanceRequest) -> date | None:
    """Return the last covered day, inclusive: DTP 349, else 357, else INS12 when INS04 is death (rules 3 and 7)."""
    sent = (line.last_day if line is not None else None) or request.eligibility_last_day
    if sent is None and request.reason == DEATH:
        return request.died_on
    return sent


def is_cancel(begin: date, last_day: date, request: MaintenanceRequest, rules: EnrollmentRules) -> bool:
    """Tell whether cover from `begin` through `last_day` was canceled, not ended (DOMAIN 4.4 rule 8).

    An end before the begin always cancels. An end on the begin cancels when the partner's profile or the 2750
    reporting category says so; otherwise it is one day of cover.
    """
    if last_day != begin:
        return last_day < begin
    return rules.end_equals_begin == "cancel" or CANCEL_REASON in request.reporting
