"""The guards that hold a set for a person, and what a release lifts of them (DOMAIN 4.5 last line, 4.6)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.domain.coverage import MembershipChange
from gateway.domain.exchange import SetState
from gateway.domain.finding import Finding
from gateway.domain.review import Verdict
from gateway.enrollment.full_file import FullFilePlan
from gateway.ports.unit_of_work import UnitOfWork

OLD_FILE = "OLD_FILE"
MASS_TERM_GUARD = "MASS_TERM_GUARD"
GUARDS = frozenset({OLD_FILE, MASS_TERM_GUARD})
"""What a named person may lift; whatever else holds a set needs other data from the partner."""


@dataclass(frozen=True, slots=True)
class EnrollmentPreview:
    """What applying a set would do: where it would end, each event, the findings, and how often what.

    `counts` are those of the set's log line: events by kind, and outcomes of invoice requests, its money effect.
    """

    state: SetState
    reason: str
    events: tuple[MembershipChange, ...]
    findings: tuple[Finding, ...]
    counts: Mapping[str, int]


def waived_guards(unit: UnitOfWork, set_id: str) -> frozenset[str]:
    """Return the codes of the guards that reviews lifted from a set."""
    reviews = unit.reviews.of_set(set_id)
    return frozenset(code for review in reviews if review.verdict is Verdict.RELEASE for code in review.waived)


def without_guards(plan: FullFilePlan, waived: frozenset[str]) -> FullFilePlan:
    """Return a full file's plan without the findings of guards that were lifted."""
    if not waived:
        return plan
    return replace(plan, findings=tuple(finding for finding in plan.findings if finding.code not in waived))
