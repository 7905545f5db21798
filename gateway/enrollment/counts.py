"""Control totals of an 834 set: QTY against the INS loops that came (DOMAIN 4.4 rule 9)."""

from typing import Literal

from gateway.domain.coverage import EnrollmentHeader, FileAction
from gateway.domain.finding import Finding, Level, Place, Severity

CountPolicy = Literal["auto", "warn", "reject"]
"""What a wrong total does to the set; `auto` rejects full files (BGN08 4 and RX) and warns for change files."""


def check_counts(
    header: EnrollmentHeader, *, subscribers: int, dependents: int, policy: CountPolicy = "auto"
) -> tuple[Finding, ...]:
    """Return one COUNT_MISMATCH for each QTY (ET, DT, TO) that differs from what was counted in the set.

    The findings are errors, which refuse the whole set, or warnings, as `policy` says.
    """
    refuses = policy == "reject" or (policy == "auto" and header.action is not FileAction.CHANGE)
    totals = (
        ("ET", "subscribers", header.subscribers_total, subscribers),
        ("DT", "dependents", header.dependents_total, dependents),
        ("TO", "members", header.members_total, subscribers + dependents),
    )
    return tuple(
        Finding(
            code="COUNT_MISMATCH",
            level=Level.BUSINESS,
            message=f"QTY*{qualifier} announces {announced} {what}, the set holds {counted}.",
            severity=Severity.ERROR if refuses else Severity.WARNING,
            place=Place(segment="QTY", element=2),
            snip=3,
        )
        for qualifier, what, announced, counted in totals
        if announced is not None and announced != counted
    )
