"""Full files: who and what is on file and not in the file, and the other way round (DOMAIN 4.6).

`4` asks for the discrepancies only; `RX` applies adds and changes member by member (`restate`, then `decide`) and
ends what is absent (`decide_absence`), inside the file's scope and only while the guard rail holds. Of the file only
what identifies its members and their cover is kept (`Roster`), never the requests themselves.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from gateway.domain.coverage import (
    CoverageRequest,
    EnrollmentHeader,
    Family,
    MaintenanceRequest,
    MaintenanceType,
    Member,
)
from gateway.domain.finding import Finding, Level, Place
from gateway.domain.parties import Person
from gateway.domain.review import Disagreement, Discrepancy
from gateway.domain.value import value
from gateway.enrollment.case import Case
from gateway.enrollment.conclude import conclude
from gateway.enrollment.covers import Covers, Line
from gateway.enrollment.ending import end_line
from gateway.enrollment.identity import find_members
from gateway.enrollment.roster import COVERED, Roster, RosterLine, RosterMember, recognised_by
from gateway.enrollment.rules import Circumstances, Decision, EnrollmentRules
from gateway.enrollment.timeline import Timeline, current_begin, is_active

_DAY = timedelta(days=1)


@value
class Absence:
    """Cover of one membership that a replacing file leaves out, to be ended after `last_day`."""

    membership_id: str
    lines: tuple[Line, ...]
    last_day: date


@value
class FullFilePlan:
    """What a full file would do. With an error among the findings nothing may be ended: the file is held."""

    discrepancies: tuple[Discrepancy, ...]
    terminations: tuple[Absence, ...]
    members_on_file: int
    members_absent: int
    findings: tuple[Finding, ...] = ()

    @property
    def is_held(self) -> bool:
        """Whether a person must release the file first."""
        return any(finding.is_error for finding in self.findings)


def compare(
    roster: Iterable[MaintenanceRequest], families: Iterable[Family], header: EnrollmentHeader, rules: EnrollmentRules
) -> FullFilePlan:
    """Return what the full file `roster` would do to `families`, the memberships of its account."""
    known = Roster(header)
    for request in roster:
        known.add(request)
    return compare_roster(known, families, rules)


def compare_roster(roster: Roster, families: Iterable[Family], rules: EnrollmentRules) -> FullFilePlan:
    """Return discrepancies and absences between a roster and the memberships of its account (DOMAIN 4.6).

    Cover that already ended, or that only begins on or after the file's effective date, is not absent; cover outside
    the file's policies is not looked at. Findings: DATE_LOGIC when the file has no effective date, MASS_TERM_GUARD
    when more of the members on file would lose cover than `rules.mass_termination_percent`, or when it cannot be
    told who is absent; both are errors, with which no absence may be applied.
    """
    effective_on = roster.header.effective_on
    discrepancies: list[Discrepancy] = []
    absences: list[Absence] = []
    met: set[str] = set()
    on_file = absent = 0
    for family in families:
        met.add(family.membership.subscriber_id)
        if not roster.is_in_scope(family):
            continue
        comparison = _FamilyComparison(family, roster, effective_on)
        discrepancies += comparison.discrepancies()
        on_file += len(comparison.covered)
        lines = comparison.absent
        if lines and effective_on is not None and not rules.ignore_absent:
            absent += len({line.member_id for line in lines})
            absences.append(Absence(family.membership.id, lines, effective_on - _DAY))
    discrepancies += [
        Discrepancy(Disagreement.MISSING_HERE, ordinal=member.ordinal, subscriber_id=subscriber)
        for subscriber, member in roster.not_met(met)
    ]
    findings = [] if rules.ignore_absent else _guard(roster, absent, on_file, rules)
    return FullFilePlan(tuple(discrepancies), tuple(absences), on_file, absent, tuple(findings))


def restate(request: MaintenanceRequest, family: Family | None) -> MaintenanceRequest:
    """Return a member of a replacing file as the addition or change that makes what is on file equal to it.

    In a full file 021, 030 and 001 all say "is covered so". A plan that takes the place of the only other one in its
    insurance line becomes a change of plan; everything else an addition, which changes nothing where it is on file.
    """
    known = find_members(family, request) if family is not None else []
    covers = Covers(family)
    on_file = (
        [line for line in covers.lines(known[0].id) if is_active(covers.timeline(line))] if len(known) == 1 else []
    )
    meant = [
        _restated(line, request, on_file) if line.maintenance in COVERED else line.maintenance
        for line in request.coverages
    ]
    maintenance = MaintenanceType.ADDITION if request.maintenance in COVERED else request.maintenance
    if maintenance is request.maintenance and meant == [line.maintenance for line in request.coverages]:
        return request
    lines = zip(request.coverages, meant, strict=True)
    return replace(
        request, maintenance=maintenance, coverages=tuple(replace(line, maintenance=kind) for line, kind in lines)
    )


def decide_absence(absence: Absence, family: Family, rules: EnrollmentRules, circumstances: Circumstances) -> Decision:
    """Decide what it does to a membership that a replacing file leaves out some of its cover, or all.

    The decision is one event, as if the sponsor had sent 024 for it; its key names the set and the membership.
    """
    membership = family.membership
    first = absence.lines[0].member_id
    member = next(each for each in family.members if each.id == first)
    request = MaintenanceRequest(
        ordinal=0,
        position=1,
        is_subscriber=member.is_subscriber,
        relationship=member.relationship,
        maintenance=MaintenanceType.TERMINATION,
        reason="",
        benefit_status="",
        subscriber_id=membership.subscriber_id,
        policy=membership.policy,
        person=Person(),
        notes=("absent from the full file",),
    )
    case = Case(request, rules, circumstances, family, member, Covers(family))
    done = [end_line(case, line, None, absence.last_day) for line in absence.lines]
    return conclude(case, done, (), key=f"{circumstances.source.set_id}/absent/{membership.id}")


def _restated(line: CoverageRequest, request: MaintenanceRequest, on_file: list[Line]) -> MaintenanceType:
    """Return what makes the cover on file equal to `line`: a change of plan, or an addition."""
    plans = {each.plan for each in on_file if each.insurance_line == line.insurance_line}
    left_out = plans - {each.plan for each in request.coverages if each.insurance_line == line.insurance_line}
    is_change = bool(line.plan) and line.plan not in plans and len(left_out) == 1
    return MaintenanceType.CHANGE if is_change else MaintenanceType.ADDITION


class _FamilyComparison:
    """One membership against what the file says of it."""

    def __init__(self, family: Family, roster: Roster, effective_on: date | None) -> None:
        self._membership = family.membership
        self._sent = roster.family(family.membership.subscriber_id)
        self._is_protected = roster.is_protected(family.membership.subscriber_id) or roster.has_unknown
        self._covers = Covers(family)
        self._lines: dict[str, list[Line]] = {}
        self.covered: list[Member] = []
        for member in family.members:
            lines = [
                line
                for line in self._covers.lines(member.id)
                if _is_in_force(self._covers.timeline(line), effective_on)
            ]
            self._lines[member.id] = lines
            if lines:
                self.covered.append(member)
        self._matches = self._match(family.members)
        self.absent = self._absent()

    def _absent(self) -> tuple[Line, ...]:
        """Return the cover in force that the file leaves out, the subscriber's first."""
        if self._is_protected:
            return ()
        absent: list[Line] = []
        for member in sorted(self.covered, key=lambda each: not each.is_subscriber):
            sent = self._matches.get(member.id)
            if sent is None:
                absent += self._lines[member.id]
            elif not sent.is_silent:
                absent += [line for line in self._lines[member.id] if _is_left_out(line, sent, self._lines[member.id])]
        return tuple(absent)

    def discrepancies(self) -> list[Discrepancy]:
        """Return every disagreement about the family."""
        found = [
            self._told(Disagreement.MISSING_THERE, line, on_file=_days(*_dates(self._covers.timeline(line))))
            for line in self.absent
        ]
        for member_id, sent in self._matches.items():
            for line in sent.lines:
                if line.is_covered:
                    found += self._of_line(member_id, sent.ordinal, line)
        known = {sent.ordinal for sent in self._matches.values()}
        found += [
            self._told(Disagreement.MISSING_HERE, Line("", "", ""), sent.ordinal)
            for sent in self._sent
            if sent.ordinal not in known
        ]
        return found

    def _match(self, members: Iterable[Member]) -> dict[str, RosterMember]:
        """Return the file's loop for each member on file, by any name that both have."""
        by_name = {name: sent for sent in reversed(self._sent) for name in sent.names}
        matches = {}
        for member in members:
            names = recognised_by(member.person, is_subscriber=member.is_subscriber)
            sent = next((by_name[hash(name)] for name in names if hash(name) in by_name), None)
            if sent is not None:
                matches[member.id] = sent
        return matches

    def _of_line(self, member_id: str, ordinal: int, sent: RosterLine) -> list[Discrepancy]:
        """Return what disagrees about one product of a member who is in both."""
        on_file = [line for line in self._covers.lines(member_id, sent.insurance_line) if sent.plan in {"", line.plan}]
        line = Line(member_id, sent.insurance_line, sent.plan)
        if not on_file:
            others = self._covers.lines(member_id, sent.insurance_line)
            if others:
                plans = ", ".join(other.plan for other in others)
                return [self._told(Disagreement.PLAN, line, ordinal, on_file=plans, sent=sent.plan)]
            return [self._told(Disagreement.MISSING_HERE, line, ordinal, sent=_days(sent.begins_on, sent.last_day))]
        timeline = self._covers.timeline(on_file[0])
        begin, last_day = _dates(timeline)
        level = timeline[-1].level
        found = []
        if sent.begins_on not in {None, begin, timeline[-1].starts_on} or sent.last_day != last_day:
            ours, theirs = _days(begin, last_day), _days(sent.begins_on, sent.last_day)
            found.append(self._told(Disagreement.DATES, on_file[0], ordinal, on_file=ours, sent=theirs))
        if sent.level not in {"", level}:
            found.append(self._told(Disagreement.TIER, on_file[0], ordinal, on_file=level, sent=sent.level))
        return found

    def _told(
        self, kind: Disagreement, line: Line, ordinal: int | None = None, *, on_file: str = "", sent: str = ""
    ) -> Discrepancy:
        return Discrepancy(
            kind,
            self._membership.id,
            line.member_id,
            ordinal,
            line.insurance_line,
            line.plan,
            subscriber_id=self._membership.subscriber_id,
            on_file=on_file,
            sent=sent,
        )


def _dates(timeline: Timeline) -> tuple[date, date | None]:
    """Return since when the latest cover runs, and its last day."""
    ends_before = timeline[-1].ends_before
    return current_begin(timeline), None if ends_before is None else ends_before - _DAY


def _days(begins_on: date | None, last_day: date | None) -> str:
    """Return days of cover as a report says them."""
    return f"{begins_on or 'unknown'} .. {last_day or 'open'}"


def _is_in_force(timeline: Timeline, effective_on: date | None) -> bool:
    """Tell whether cover is in force when the file takes effect: begun before, and not ended."""
    if effective_on is None:
        return is_active(timeline)
    last = timeline[-1]
    return is_active(timeline) and current_begin(timeline) < effective_on and last.lasts_beyond(effective_on)


def _is_left_out(line: Line, sent: RosterMember, on_file: list[Line]) -> bool:
    """Tell whether the file says nothing of a product; another plan in its place is a change, no absence."""
    plans = {each.plan for each in sent.lines if each.insurance_line == line.insurance_line}
    if "" in plans or line.plan in plans:
        return False
    return not plans - {each.plan for each in on_file if each.insurance_line == line.insurance_line}


def _guard(roster: Roster, absent: int, on_file: int, rules: EnrollmentRules) -> list[Finding]:
    """Return the findings that hold a replacing file."""
    findings = []
    if roster.header.effective_on is None:
        message = "The file names no effective date (DTP 007 or 303), so that absent cover has no end."
        findings.append(_held("DATE_LOGIC", message, "DTP"))
    if roster.has_unknown:
        message = "A member could not be read, not even its subscriber id: who is absent is not known."
        findings.append(_held("MASS_TERM_GUARD", message, "REF"))
    if absent * 100 > on_file * rules.mass_termination_percent:
        message = (
            f"{absent} of {on_file} members on file are absent, more than {rules.mass_termination_percent} percent: "
            "the file is held until a person releases it."
        )
        findings.append(_held("MASS_TERM_GUARD", message, "BGN"))
    return findings


def _held(code: str, message: str, segment: str) -> Finding:
    """Return a finding on the set that keeps it from being applied."""
    return Finding(code, Level.BUSINESS, message, place=Place(segment=segment), snip=7)
