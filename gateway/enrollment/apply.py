"""One maintenance request against one family: what changes, what is refused, what is believed afterwards."""

from dataclasses import replace

from gateway.domain.coverage import (
    NO_DETAILS,
    Family,
    MaintenanceRequest,
    MaintenanceType,
    Member,
    Membership,
    MembershipStatus,
)
from gateway.domain.finding import Finding, Severity
from gateway.enrollment.case import Case, Done, finding_on
from gateway.enrollment.conclude import conclude, only_compares
from gateway.enrollment.covers import Covers
from gateway.enrollment.dates import last_day_of
from gateway.enrollment.details import details_after
from gateway.enrollment.ending import end_everything, end_with_subscriber, latest_end
from gateway.enrollment.identity import find_members, is_somebody_else, membership_id, merged, new_member_id
from gateway.enrollment.operations import apply_line
from gateway.enrollment.rules import Circumstances, Decision, EnrollmentRules

_OPENS = frozenset({MaintenanceType.ADDITION, MaintenanceType.NOT_APPLICABLE})


def decide(
    request: MaintenanceRequest, family: Family | None, rules: EnrollmentRules, circumstances: Circumstances
) -> Decision:
    """Decide what one INS loop does to what is on file for its subscriber (DOMAIN 4.4, 4.5, 8.3).

    `family` is what is believed of the membership `membership_id(circumstances.account_id, request.subscriber_id)`,
    None when there is none. The decision's change holds the rows to add and one event; what was said before changes no
    row and logs NO_CHANGE. A member with an error changes nothing at all. Nothing is raised for what a partner wrote.
    """
    known = _known_member(request, family)
    if isinstance(known, Finding):
        return Decision(None, (known,), family)
    before = family if family is not None else _opened_family(request, circumstances)
    member = known if known is not None else _new_member(request, before)
    case = Case(request, rules, circumstances, before, member, Covers(before))
    done, findings = _carry_out(case)
    if any(finding.is_error for finding in findings):
        return Decision(None, tuple(findings), family)
    after = member if known is None or only_compares(request) else _updated_member(request, member)
    return conclude(case, done, tuple(findings), news=None if after is known else after)


def _known_member(request: MaintenanceRequest, family: Family | None) -> Member | Finding | None:
    """Return who on file is meant, None for somebody new, or what is wrong (DOMAIN 4.4 rule 1)."""
    if family is None:
        is_new = request.is_subscriber and _may_be_new(request)
        return None if is_new else _not_on_file(request, "SUBSCRIBER_NOT_FOUND")
    found = find_members(family, request)
    if len(found) > 1:
        return finding_on(request, "DUPLICATE_MEMBER", "Several dependents on file answer to this member; send an SSN.")
    if not found:
        return None if _may_be_new(request) else _not_on_file(request, "MEMBER_NOT_FOUND")
    is_addition = request.maintenance is MaintenanceType.ADDITION
    if request.is_subscriber and is_addition and is_somebody_else(found[0].person, request.person):
        return finding_on(request, "DUPLICATE_MEMBER", "The subscriber id is in use for another person.")
    return found[0]


def _not_on_file(request: MaintenanceRequest, code: str) -> Finding:
    """Return the finding on a member who would have to be on file; a mere comparison only warns."""
    severity = Severity.WARNING if only_compares(request) else Severity.ERROR
    if code == "SUBSCRIBER_NOT_FOUND" and not request.is_subscriber:
        message = "The dependent's subscriber is neither in this file nor on file, or was refused itself."
    else:
        message = "The member is not on file, and the request does not add one."
    return finding_on(request, code, message, severity)


def _may_be_new(request: MaintenanceRequest) -> bool:
    """Tell whether the request adds a person: by HD01 first, by INS03 where no HD says otherwise (rule 6)."""
    if any(line.maintenance in _OPENS for line in request.coverages):
        return True
    return not request.coverages and request.maintenance is MaintenanceType.ADDITION


def _carry_out(case: Case) -> tuple[list[Done], list[Finding]]:
    """Apply the HD lines in order; INS03 counts where there are none, or 032 only (DOMAIN 4.4 rules 4 to 6).

    A line that ends cover which is not on file refuses the member, unless another line of the loop does something:
    then there is nothing to end there, which is only worth a warning.
    """
    lines = [line for line in case.request.coverages if line.maintenance is not MaintenanceType.NOT_APPLICABLE]
    if not lines:
        return _carry_out_end(case) if case.request.maintenance is MaintenanceType.TERMINATION else ([], [])
    done: list[Done] = []
    findings: list[Finding] = []
    nothing_to_end: list[Finding] = []
    for line in lines:
        ended_until_now = latest_end(case, line.insurance_line)
        answer = apply_line(case, line)
        ends = line.maintenance is MaintenanceType.TERMINATION
        if isinstance(answer, Finding):
            (nothing_to_end if ends and answer.code == "UNKNOWN_PLAN" else findings).append(answer)
            continue
        done.append(answer)
        last_day = last_day_of(line, case.request) if ends else None
        if last_day is not None and _cascades(case):
            done += end_with_subscriber(case, line.insurance_line, last_day, ended_until_now)
            if not case.covers.is_covered(case.member.id):
                done += end_with_subscriber(case, "", last_day, None)
    if done:
        nothing_to_end = [replace(finding, severity=Severity.WARNING) for finding in nothing_to_end]
    return done, findings + nothing_to_end


def _carry_out_end(case: Case) -> tuple[list[Done], list[Finding]]:
    """End all cover of the member, and of its dependents when it is the subscriber (DOMAIN 4.4 rule 4)."""
    last_day = last_day_of(None, case.request)
    if last_day is None:
        return [], [case.finding("DATE_LOGIC", "The member is to end, but no end date was sent (DTP 357).")]
    ended_until_now = latest_end(case, "")
    done = end_everything(case, case.member.id, last_day)
    if _cascades(case):
        done += end_with_subscriber(case, "", last_day, ended_until_now if done else None)
    return done, []


def _cascades(case: Case) -> bool:
    """Tell whether the request's end is the dependents' end too."""
    is_end = case.request.maintenance is MaintenanceType.TERMINATION
    return is_end and case.member.is_subscriber and case.rules.subscriber_term_cascades


def _opened_family(request: MaintenanceRequest, circumstances: Circumstances) -> Family:
    """Return the empty family of a subscriber who is new."""
    return Family(
        Membership(
            id=membership_id(circumstances.account_id, request.subscriber_id),
            partner_id=circumstances.partner_id,
            account_id=circumstances.account_id,
            subscriber_id=request.subscriber_id,
            status=MembershipStatus.PENDING,
            policy=request.policy,
        )
    )


def _new_member(request: MaintenanceRequest, family: Family) -> Member:
    """Return the person of the request as a new member."""
    return Member(
        id=new_member_id(family, request),
        membership_id=family.membership.id,
        is_subscriber=request.is_subscriber,
        relationship=request.relationship,
        person=request.person,
        benefit_status=request.benefit_status,
        details=details_after(NO_DETAILS, request),
    )


def _updated_member(request: MaintenanceRequest, member: Member) -> Member:
    """Return the member with what was sent about the person; the same object when that is nothing new."""
    person = merged(member.person, request.person)
    relationship = request.relationship or member.relationship
    benefit_status = request.benefit_status or member.benefit_status
    details = details_after(member.details, request)
    is_known = person is member.person and details is member.details
    if is_known and relationship == member.relationship and benefit_status == member.benefit_status:
        return member
    return replace(member, person=person, relationship=relationship, benefit_status=benefit_status, details=details)
