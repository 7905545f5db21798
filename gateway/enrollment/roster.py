"""Who is in a full file: of each INS loop only what identifies the member and its cover, never the request itself."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from gateway.domain.coverage import EnrollmentHeader, Family, MaintenanceRequest, MaintenanceType
from gateway.domain.parties import Person
from gateway.enrollment.dates import begin_of, last_day_of
from gateway.enrollment.identity import SUBSCRIBER, names_of

COVERED = frozenset({MaintenanceType.ADDITION, MaintenanceType.AUDIT, MaintenanceType.CHANGE})
"""HD01 by which a full file says that somebody is covered."""


class RosterLine(NamedTuple):
    """What the file says of one member's cover in one product."""

    insurance_line: str
    plan: str
    level: str
    begins_on: date | None
    last_day: date | None
    is_covered: bool  # False: the file itself ends it


class RosterMember(NamedTuple):
    """One INS loop: its ordinal, hashes of the names it is recognised by, its cover."""

    ordinal: int
    names: tuple[int, ...]
    lines: tuple[RosterLine, ...]
    is_silent: bool  # nothing is said about cover, or all of it is ended: no absence follows


@dataclass(slots=True)
class Roster:
    """Who is in a full file, by subscriber: fill it with the requests of one account, then `compare_roster`."""

    header: EnrollmentHeader
    _families: dict[str, list[RosterMember]] = field(default_factory=dict)
    _policies: set[str] = field(default_factory=set)
    _unreadable: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if self.header.policy:
            self._policies.add(self.header.policy)

    def add(self, request: MaintenanceRequest) -> None:
        """Take one member of the file."""
        if request.policy:
            self._policies.add(request.policy)
        lines = tuple(
            RosterLine(
                line.insurance_line,
                line.plan,
                line.level,
                begin_of(line, request, self.header),
                last_day_of(line, request),
                line.maintenance in COVERED,
            )
            for line in request.coverages
            if line.maintenance is not MaintenanceType.NOT_APPLICABLE
        )
        is_silent = not request.coverages or request.maintenance is MaintenanceType.TERMINATION
        names = tuple(hash(name) for name in recognised_by(request.person, is_subscriber=request.is_subscriber))
        self._families.setdefault(request.subscriber_id, []).append(
            RosterMember(request.ordinal, names, lines, is_silent)
        )

    def protect(self, subscriber_id: str) -> None:
        """Note a loop that could not be read: its family is not absent; without an id it may be anybody's."""
        self._unreadable.add(subscriber_id)

    def family(self, subscriber_id: str) -> list[RosterMember]:
        """Return the members sent under a subscriber id."""
        return self._families.get(subscriber_id, [])

    def is_protected(self, subscriber_id: str) -> bool:
        """Tell whether a loop of this subscriber's family could not be read."""
        return subscriber_id in self._unreadable

    @property
    def has_unknown(self) -> bool:
        """Whether a loop could not be read so far as to tell whose it is."""
        return "" in self._unreadable

    def is_in_scope(self, family: Family) -> bool:
        """Tell whether the file speaks for this membership: by its policy, where policies were sent at all."""
        policy = family.membership.policy
        return not policy or not self._policies or policy in self._policies

    def not_met(self, met: set[str]) -> list[tuple[str, RosterMember]]:
        """Return the members whose subscriber is not on file, each with the subscriber's id."""
        return [
            (subscriber, member)
            for subscriber, members in self._families.items()
            if subscriber not in met
            for member in members
        ]


def recognised_by(person: Person, *, is_subscriber: bool) -> Iterable[str]:
    """Return what a member is recognised by within a family: a subscriber is the only one."""
    return (SUBSCRIBER,) if is_subscriber else names_of(person)
