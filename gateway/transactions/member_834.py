"""One INS loop of an 834, segment by segment, and the maintenance request it makes (DOMAIN 4.2 and 4.3)."""

from dataclasses import field, replace
from datetime import date
from typing import Any

from gateway.domain.coverage import CoverageRequest, EnrollmentHeader, MaintenanceRequest
from gateway.domain.exchange import Delimiters
from gateway.domain.finding import Finding, Level, Place
from gateway.domain.parties import Person
from gateway.domain.value import value
from gateway.transactions.collect_834 import Collected, raw
from gateway.transactions.loops_834 import (
    CATEGORY,
    COVERAGE,
    KEPT_WITH_COVERAGE,
    MEMBER,
    RESPONSIBLE,
    WITHOUT_CONTENT,
)
from gateway.transactions.mapping import Mapping
from gateway.x12.reader import Segment

PAYERS = ("QD", "S1", "GD")  # NM101 of 2100G: who is billed for this member, the first there is (DOMAIN 4.2)
_SELF = "18"
_OPENERS = {COVERAGE: "HD", RESPONSIBLE: "NM1", CATEGORY: "N1"}
_WITHOUT_REFERENCES = frozenset({RESPONSIBLE, CATEGORY})  # their REF is not the member's
_DATED = frozenset({MEMBER, "2100A", COVERAGE})  # a DTP of 2200 or another name stays with the segments around it
_IN_PARTS = frozenset({COVERAGE, RESPONSIBLE, CATEGORY, *KEPT_WITH_COVERAGE})
_DAYS = frozenset({"D8", "RD8"})
_EMPTY = Person()


@value
class RefusedRequest:
    """An INS loop that cannot be read; what it asks for is not known, so that nothing of it is applied.

    `subscriber_id` says whose family it belongs to, where that could be read: a full file must not end what it names.
    `person` and `relationship` are what could be read of who it is, by which it is recognised when it comes again.
    """

    ordinal: int
    position: int
    findings: tuple[Finding, ...]
    subscriber_id: str = field(default="", repr=False)
    is_subscriber: bool | None = None
    person: Person = _EMPTY
    relationship: str = ""


class _Part:
    """One loop inside the member that repeats: a coverage, a responsible person, a reporting category."""

    __slots__ = ("collected", "dates", "kept", "references", "segments")

    def __init__(self, delimiters: Delimiters) -> None:
        self.collected = Collected(delimiters)
        self.references: list[tuple[str, str]] = []
        self.dates: list[tuple[str, str]] = []
        self.kept: list[str] = []
        self.segments: list[str] = []

    def take_by_qualifier(self, segment: Segment, loop: str) -> bool:
        """Keep a REF or DTP that no rule reads under its qualifier; False, and nothing, for what is neither."""
        elements = segment.elements
        if segment.tag == "REF" and loop not in _WITHOUT_REFERENCES and len(elements) == 3:
            self.references.append((elements[1], elements[2]))
            return True
        if segment.tag == "DTP" and loop in _DATED and len(elements) == 4 and elements[2] in _DAYS:
            self.dates.append((elements[1], elements[3]))
            return True
        return False


class MemberLoop:
    """Takes the segments of one INS loop in order, then makes the request."""

    def __init__(self, ordinal: int, position: int, mapping: Mapping, delimiters: Delimiters) -> None:
        """Begin the loop whose INS stands at `position`."""
        self._ordinal = ordinal
        self._position = position
        self._mapping = mapping
        self._delimiters = delimiters
        self._own = _Part(delimiters)
        self._parts: dict[str, list[_Part]] = {COVERAGE: [], RESPONSIBLE: [], CATEGORY: []}

    def add(self, segment: Segment, loop: str) -> None:
        """Take one segment that stands in `loop`."""
        tag = segment.tag
        part = self._part(loop, tag) if loop in _IN_PARTS else self._own
        if loop in KEPT_WITH_COVERAGE:
            if tag not in WITHOUT_CONTENT:
                part.kept.append(raw(segment, self._delimiters))
            return
        if loop == RESPONSIBLE:
            part.segments.append(raw(segment, self._delimiters))
        reading = self._mapping.reading(loop, tag, segment.element(1))
        if reading is None and part is self._own:  # a DTP or REF after the name belongs to the member all the same
            reading = self._mapping.reading(MEMBER, tag, segment.element(1))
        if (reading is not None and part.collected.read(segment, reading)) or tag in WITHOUT_CONTENT:
            return
        if not part.take_by_qualifier(segment, loop):
            part.collected.keep(segment)

    def request(self, header: EnrollmentHeader) -> MaintenanceRequest | RefusedRequest:
        """Return what the loop asks for, or why it cannot be read."""
        own = self._own.collected
        member = own.section("member")
        findings = [*own.findings, *self._missing(member)]
        for part in (part for parts in self._parts.values() for part in parts):
            findings += part.collected.findings
        if findings:
            subscriber_id = member.get("subscriber_id", "")
            context = f"SUBSCRIBER NUMBER REF02:{subscriber_id}" if subscriber_id else ""
            told = tuple(replace(finding, member=self._ordinal, context=context) for finding in findings)
            return RefusedRequest(
                ordinal=self._ordinal,
                position=self._position,
                findings=told,
                subscriber_id=subscriber_id,
                is_subscriber=member.get("is_subscriber"),
                person=person_of(own.section("person")),
                relationship=member.get("relationship", ""),
            )
        payer = self._payer()
        request = MaintenanceRequest(
            ordinal=self._ordinal,
            position=self._position,
            is_subscriber=member["is_subscriber"],
            relationship=member.get("relationship", ""),
            maintenance=member["maintenance"],
            reason=member.get("reason", ""),
            benefit_status=member.get("benefit_status", ""),
            subscriber_id=member["subscriber_id"],
            policy=member.get("policy") or header.policy,
            person=person_of(own.section("person")),
            coverages=tuple(_coverage(part) for part in self._parts[COVERAGE]),
            eligibility_begins_on=member.get("eligibility_begins_on"),
            eligibility_last_day=member.get("eligibility_last_day"),
            effective_on=member.get("effective_on"),
            died_on=member.get("died_on"),
            responsible=_responsible(payer) if payer is not None else None,
            reporting=tuple(_reporting(part) for part in self._parts[CATEGORY]),
            references=tuple(self._own.references),
            unread=tuple(self._unread(payer)),
            former=_former(own.section("former")),
            reporting_dates=tuple(_reporting_dates(self._parts[CATEGORY])),
            particulars=tuple(sorted(own.section("particulars").items())),
            dates=tuple(self._own.dates),
        )
        for quirk in self._mapping.quirks:
            request = quirk(request)
        return request

    def _part(self, loop: str, tag: str) -> _Part:
        """Return where a segment of a loop that repeats belongs; a part begins with the segment that opens its loop."""
        name = COVERAGE if loop in KEPT_WITH_COVERAGE else loop
        parts = self._parts[name]
        if tag == _OPENERS[name] and name == loop:
            parts.append(_Part(self._delimiters))
        return parts[-1] if parts else self._own

    def _missing(self, member: dict[str, Any]) -> list[Finding]:
        """Return findings on what no request can do without."""
        findings = []
        if "subscriber_id" not in member:
            findings.append(self._finding("SUBSCRIBER_NOT_FOUND", "The subscriber's id (REF*0F) is missing."))
        for name, element in (("is_subscriber", 1), ("maintenance", 3)):
            if name not in member and not any(f.place.element == element for f in self._own.collected.findings):
                findings.append(self._finding("UNREADABLE_VALUE", f"INS{element:02d} is missing."))
        relationship = member.get("relationship", "")
        if relationship and member.get("is_subscriber") is (relationship != _SELF):
            message = "INS01 and INS02 disagree: 18 (self) is the subscriber's relationship, and only its own."
            findings.append(self._finding("UNREADABLE_VALUE", message))
        for part in self._parts[COVERAGE]:
            found = part.collected.section("coverage")
            if not part.collected.findings and not ("maintenance" in found and "insurance_line" in found):
                findings.append(self._finding("UNREADABLE_VALUE", "HD01 or HD03 is missing."))
        return findings

    def _finding(self, code: str, message: str) -> Finding:
        """Return a finding on the INS segment."""
        return Finding(
            code, Level.BUSINESS, message, place=Place(segment="INS", position=self._position, loop=MEMBER), snip=2
        )

    def _payer(self) -> _Part | None:
        """Return the responsible person who is billed for this member, if one was named."""
        people = reversed(self._parts[RESPONSIBLE])
        named = {part.collected.section("responsible").get("role", ""): part for part in people}
        return next((named[role] for role in PAYERS if role in named), None)

    def _unread(self, payer: _Part | None) -> list[str]:
        """Return everything that no rule read, in the order of the loops; other responsible persons whole."""
        unread = list(self._own.collected.unread)
        for part in self._parts[RESPONSIBLE]:
            unread += part.collected.unread if part is payer else part.segments
        for part in (*self._parts[COVERAGE], *self._parts[CATEGORY]):
            unread += part.collected.unread
        return unread


def person_of(found: dict[str, Any]) -> Person:
    """Return a person; both lines of the street are one."""
    more = found.pop("street_2", "")
    if more:
        found["street"] = f"{found.get('street', '')} {more}".strip()
    return Person(**found)


def _former(found: dict[str, Any]) -> Person | None:
    """Return who a corrected person was on file until now."""
    return person_of(found) if found else None


def _responsible(part: _Part) -> tuple[str, Person]:
    """Return NM101 and the person."""
    found = part.collected.section("responsible")
    return found.pop("role"), person_of(found)


def _coverage(part: _Part) -> CoverageRequest:
    """Return one HD loop."""
    return CoverageRequest(
        **part.collected.section("coverage"),
        references=tuple(part.references),
        kept=tuple(part.kept),
        dates=tuple(part.dates),
    )


def _reporting(part: _Part) -> tuple[str, str]:
    """Return a reporting category: its name upper-cased and trimmed (DOMAIN 4.3), and its value."""
    found = part.collected.section("reporting")
    return found.get("name", "").upper(), found.get("value", "")


def _reporting_dates(parts: list[_Part]) -> list[tuple[str, date]]:
    """Return the categories that have a date."""
    dated = [part.collected.section("reporting") for part in parts]
    return [(found.get("name", "").upper(), found["effective_on"]) for found in dated if "effective_on" in found]
