"""What an enrollment set came to, and the findings on the set as a whole."""

from dataclasses import dataclass, field

from gateway.domain.coverage import EnrollmentHeader, MaintenanceRequest, MembershipChange
from gateway.domain.exchange import SetState
from gateway.domain.finding import Finding, Level, Place, Severity
from gateway.domain.review import Discrepancy
from gateway.partners.partner import Partner

UNKNOWN_GROUP = "UNKNOWN_GROUP"


@dataclass(slots=True)
class Outcome:
    """What came of one set before it is committed: an end other than `applied` rolls its effects back."""

    state: SetState = SetState.APPLIED
    reason: str = ""
    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    events: list[MembershipChange] = field(default_factory=list)  # for a preview only
    discrepancies: list[Discrepancy] = field(default_factory=list)

    def count(self, what: str, number: int = 1) -> None:
        """Count one event or outcome, or several, for the log line."""
        self.counts[what] = self.counts.get(what, 0) + number


def scope_of(partner: Partner, header: EnrollmentHeader) -> str:
    """Return what references and stamps are compared within: partner, sponsor and policy."""
    return f"{partner.id}/{header.sponsor.id}/{header.policy}"


def stamp_of(header: EnrollmentHeader) -> str:
    """Return BGN03 and BGN04 as one sortable text, or '' without a date."""
    return f"{header.created_on.isoformat()}T{header.created_at:0<8}" if header.created_on else ""


def refused_whole(code: str, message: str, segment: str, element: int) -> Outcome:
    """Return the result of a set that is refused whole (824 TR)."""
    return Outcome(SetState.REFUSED, message, [on_header(code, message, segment, element)])


def on_header(code: str, message: str, segment: str, element: int) -> Finding:
    """Return a finding on the header of a set."""
    return Finding(code, Level.BUSINESS, message, place=Place(segment=segment, element=element), snip=7)


def no_account(request: MaintenanceRequest) -> Finding:
    """Return the finding of a member whose group is not known."""
    return Finding(
        code=UNKNOWN_GROUP,
        level=Level.BUSINESS,
        message="The group or policy of this member (REF*1L) is not one of yours here; check the number.",
        place=Place(segment="INS", position=request.position, loop="2000"),
        snip=7,
        member=request.ordinal,
    )


def discrepancy(found: Discrepancy) -> Finding:
    """Return one line of the discrepancy report of a file that only compares (BGN08 = 4)."""
    plan = f" ({found.insurance_line} {found.plan})" if found.insurance_line else ""
    who = f", member {found.member_id}" if found.member_id else ""
    return Finding(
        code="DISCREPANCY",
        level=Level.BUSINESS,
        message=f"{found.kind.value.capitalize()}{who}{plan}.",
        severity=Severity.WARNING,
        place=Place(segment="INS", loop="2000"),
        snip=7,
        member=found.ordinal,
    )
