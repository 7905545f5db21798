"""One maintenance request that is being decided, and the answers of the rules."""

from datetime import date

from gateway.domain.coverage import Family, MaintenanceRequest, Member
from gateway.domain.finding import Finding, Level, Place, Severity
from gateway.domain.value import value
from gateway.enrollment.covers import Covers, Line
from gateway.enrollment.events import Operation
from gateway.enrollment.rules import Circumstances, EnrollmentRules


def finding_on(request: MaintenanceRequest, code: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
    """Return a business finding (DOMAIN 7.4) that stands on the INS segment of `request`."""
    return Finding(
        code=code,
        level=Level.BUSINESS,
        message=message,
        severity=severity,
        place=Place(segment="INS", position=request.position, loop="2000"),
        snip=7,
        member=request.ordinal,
        context=f"SUBSCRIBER NUMBER REF02:{request.subscriber_id}" if request.subscriber_id else "",
    )


@value
class Case:
    """One maintenance request that is being decided, with all it is decided against."""

    request: MaintenanceRequest
    rules: EnrollmentRules
    circumstances: Circumstances
    family: Family
    member: Member
    covers: Covers

    def finding(self, code: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
        """Return a business finding on the request's INS loop."""
        return finding_on(self.request, code, message, severity)


@value
class Done:
    """What one HD line did: `operation` is what it came to, `changed` whether anything is different now."""

    operation: Operation
    changed: bool
    effective_on: date | None = None


Answer = Done | Finding


def plan_fault(case: Case, line: Line) -> Finding | None:
    """Return a finding when we do not sell the plan (or, without HD04, the insurance line)."""
    known = case.rules.known_plans
    if known is None or (line.plan or line.insurance_line) in known:
        return None
    return case.finding("UNKNOWN_PLAN", f"{line.plan or line.insurance_line} is not a plan of this account.")


def no_begin(case: Case) -> Finding:
    """Return the finding on a line without any begin."""
    return case.finding("DATE_LOGIC", "No date says when the coverage begins (DTP 348, 356, 303 or the file's date).")


def not_terminated(case: Case) -> Finding:
    """Return the finding on a reinstatement of cover that never ended or was canceled (DOMAIN 4.5)."""
    return case.finding("REINSTATE_NOT_TERMINATED", "The coverage to be reinstated is not terminated on file.")
