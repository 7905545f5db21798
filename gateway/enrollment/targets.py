"""Which product on file an HD line means when it does not add one."""

from datetime import date

from gateway.domain.coverage import CoverageRequest
from gateway.domain.finding import Finding
from gateway.enrollment.case import Case, not_terminated
from gateway.enrollment.covers import Line
from gateway.enrollment.timeline import is_active


def plan_of_family(case: Case, insurance_line: str) -> str:
    """Return the plan that an addition without HD04 means: the member's own in that line, else the subscriber's."""
    subscriber = next((member.id for member in case.family.members if member.is_subscriber), "")
    for member_id in (case.member.id, subscriber):
        plans = {line.plan for line in case.covers.lines(member_id, insurance_line)}
        if len(plans) == 1:
            return plans.pop()
    return ""


def line_to_change(case: Case, sent: CoverageRequest) -> Line | Finding:
    """Return the product whose record is changed: the one that was named, else the one that goes on."""
    lines = case.covers.lines(case.member.id, sent.insurance_line)
    named = [line for line in lines if line.plan == sent.plan]
    if named:
        return named[0]
    active = [line for line in lines if is_active(case.covers.timeline(line))]
    candidates = active or (lines if not sent.plan else [])
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        return case.finding("UNKNOWN_PLAN", "It is not clear which of the member's plans is changed; name it in HD04.")
    return case.finding("UNKNOWN_PLAN", "The member has no coverage on file that this change could apply to.")


def line_to_reinstate(case: Case, sent: CoverageRequest) -> Line | Finding:
    """Return the product to bring back: the one that was named, else the one that ended last."""
    lines = case.covers.lines(case.member.id, sent.insurance_line)
    named = Line(case.member.id, sent.insurance_line, sent.plan)
    if named in lines:
        return named
    ended = [line for line in lines if not is_active(case.covers.timeline(line))]
    if sent.plan:  # another plan than before: only when nothing of that insurance line goes on
        return named if ended and len(ended) == len(lines) else not_terminated(case)
    if not ended:
        return lines[0] if len(lines) == 1 else not_terminated(case)
    return max(ended, key=lambda line: case.covers.timeline(line)[-1].ends_before or date.max)


def lines_meant(case: Case, sent: CoverageRequest) -> list[Line] | Finding:
    """Return the products that an end or a deletion means: by HD03 and, where sent, HD04; canceled ones too.

    Without HD04 all of the insurance line are meant, but for plans that other lines of the loop name.
    """
    running = case.covers.lines(case.member.id, sent.insurance_line)
    canceled = case.covers.canceled(case.member.id, sent.insurance_line)
    lines = [*running, *(line for line in canceled if line not in running)]
    named = {each.plan for each in case.request.coverages if each.insurance_line == sent.insurance_line}
    meant = [line for line in lines if line.plan == sent.plan or (not sent.plan and line.plan not in named)]
    return meant or case.finding("UNKNOWN_PLAN", "The member has no such coverage on file.")
