"""The effectuation 834 (005010X220A1): an issuer tells an exchange which enrollments it took (DOMAIN 4.7).

One ST per subscriber, as the federal exchange uses the guide: each member with INS03 021 and reason 28 under the ids
that the exchange itself had sent, its cover, and the premium amounts in loop 2750.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date
from typing import BinaryIO

from gateway.domain.coverage import CoverageRequest, EnrollmentHeader, MaintenanceRequest, MaintenanceType
from gateway.domain.parties import Organization
from gateway.enrollment.dates import begin_of, last_day_of
from gateway.x12.acknowledge import AckIdentity
from gateway.x12.writer import GroupHead, InterchangeWriter, copied

GUIDE = "005010X220A1"

_CONFIRMED = "021"
_INITIAL_ENROLLMENT = "28"  # INS04
_OF_MEMBER = frozenset({"17", "23", "3H", "4A", "6O", "ABB", "D3", "DX", "F6", "P5", "Q4", "QQ", "ZZ"})  # 2000 REF01
_OF_COVERAGE = frozenset(
    {"17", "1L", "9V", "E8", "M7", "PID", "RB", "X9", "XM", "XX1", "XX2", "ZX", "ZZ"}
)  # 2300 REF01
_HIOS_PLAN = re.compile(r"\d{5}[A-Z]{2}\d{7}(-\d{2})?")  # an exchange's plan id stands in REF*CE (DOMAIN 4.7)
_CATEGORIES = (  # 2750: name, and REF01 of its value
    (re.compile(r"PRE AMT .+|RATING AREA"), "9X"),
    (re.compile(r"(APTC|CSR|TOT RES|TOT EMP RES) AMT|OTH PAY AMT.*"), "9V"),
    (re.compile(r"SOURCE EXCHANGE ID"), "17"),
)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What is confirmed of one subscriber: the set's header, and the members whose enrollment was applied."""

    header: EnrollmentHeader
    members: tuple[MaintenanceRequest, ...]


def is_addition(request: MaintenanceRequest) -> bool:
    """Tell whether a member was sent with new cover (HD01 021): what an effectuation confirms."""
    return any(line.maintenance is MaintenanceType.ADDITION for line in request.coverages)


def write_effectuation(identity: AckIdentity, confirmations: Iterable[Confirmation], out: BinaryIO) -> None:
    """Write one interchange with an 834 for each of `confirmations`, read once while they are written.

    It is always written in release 00501. Texts are those that the exchange sent, cleared of our delimiters.
    """
    identity = replace(identity, version="00501")
    head = GroupHead("BE", identity.our_code, identity.their_code, identity.group_control_number, GUIDE)
    with InterchangeWriter(out, identity.head) as writer, writer.group(head):
        for confirmation in confirmations:
            with writer.transaction_set("834", guide=GUIDE) as number:
                _Body(writer, identity).write(number, confirmation)


class _Body:
    """Writes what stands between ST and SE."""

    def __init__(self, writer: InterchangeWriter, identity: AckIdentity) -> None:
        self._segment = writer.segment
        self._identity = identity

    def write(self, number: str, confirmation: Confirmation) -> None:
        """Write header and members."""
        header, members = confirmation.header, confirmation.members
        identity = self._identity
        moment = identity.instant.astimezone(UTC)
        reference = f"{identity.control_number}-{number}"
        self._segment("BGN", "00", reference, f"{moment:%Y%m%d}", f"{moment:%H%M}", "UT", "", "", "2")
        if header.policy:
            self._segment("REF", "38", self._text(header.policy, 50))
        self._date("007", header.effective_on)
        subscribers = sum(member.is_subscriber for member in members)
        counted = (("TO", len(members)), ("DT", len(members) - subscribers), ("ET", subscribers))
        for qualifier, count in counted:
            if count:
                self._segment("QTY", qualifier, count)
        self._party("P5", header.sponsor)
        self._party("IN", header.payer)
        if header.tpa is not None and header.tpa.name:
            self._party("TV", header.tpa)
        for member in members:
            self._member(header, member)

    def _party(self, role: str, party: Organization) -> None:
        self._segment("N1", role, self._text(party.name, 60), self._text(party.qualifier, 2), self._text(party.id, 80))

    def _member(self, header: EnrollmentHeader, member: MaintenanceRequest) -> None:
        """Write loop 2000 with all that stands below it."""
        self._segment(
            "INS",
            "Y" if member.is_subscriber else "N",
            self._text(member.relationship, 2),
            _CONFIRMED,
            _INITIAL_ENROLLMENT,
            self._text(member.benefit_status, 1) or "A",
            "",
            "",
            _employment(member),
        )
        self._segment("REF", "0F", self._text(member.subscriber_id, 50))
        if member.policy:
            self._segment("REF", "1L", self._text(member.policy, 50))
        self._references(member.references, _OF_MEMBER)
        self._date("356", member.eligibility_begins_on)
        self._person(member)
        for line in member.coverages:
            if line.maintenance is MaintenanceType.ADDITION:
                self._coverage(header, member, line)
        self._categories(member)

    def _person(self, member: MaintenanceRequest) -> None:
        """Write loop 2100A."""
        person = member.person
        qualifier = "34" if person.ssn else "ZZ" if person.other_id else ""
        self._segment(
            "NM1",
            "IL",
            "1",
            self._text(person.last_name, 60),
            self._text(person.first_name, 35),
            self._text(person.middle_name, 25),
            "",
            self._text(person.suffix, 10),
            qualifier,
            self._text(person.ssn or person.other_id, 80),
        )
        if person.street and person.city:
            self._segment("N3", self._text(person.street, 55))
            parts = (self._text(person.city, 30), self._text(person.state, 2), self._text(person.postal_code, 15))
            self._segment("N4", *parts)
        if person.birth_date is not None:
            self._segment("DMG", "D8", f"{person.birth_date:%Y%m%d}", self._text(person.gender, 1) or "U")

    def _coverage(self, header: EnrollmentHeader, member: MaintenanceRequest, line: CoverageRequest) -> None:
        """Write loop 2300."""
        is_hios = _HIOS_PLAN.fullmatch(line.plan) is not None
        plan = "" if is_hios else self._text(line.plan, 50)
        self._segment("HD", _CONFIRMED, "", self._text(line.insurance_line, 3), plan, self._text(line.level, 3))
        self._date("348", begin_of(line, member, header))
        self._date("349", last_day_of(line, member))
        if is_hios:
            self._segment("REF", "CE", line.plan)
        self._references(line.references, _OF_COVERAGE)

    def _categories(self, member: MaintenanceRequest) -> None:
        """Write the premium amounts, loops 2700 and 2750."""
        found = list(_premiums(member))
        if not found:
            return
        dates = dict(member.reporting_dates)
        self._segment("LS", "2700")
        for ordinal, (name, qualifier, value) in enumerate(found, start=1):
            self._segment("LX", ordinal)
            self._segment("N1", "75", self._text(name, 60))
            self._segment("REF", qualifier, self._text(value, 50))
            self._date("007", dates.get(name))
        self._segment("LE", "2700")

    def _references(self, references: Iterable[tuple[str, str]], allowed: frozenset[str]) -> None:
        for qualifier, value in references:
            if qualifier in allowed and (text := self._text(value, 50)):
                self._segment("REF", qualifier, text)

    def _date(self, qualifier: str, day: date | None) -> None:
        if day is not None:
            self._segment("DTP", qualifier, "D8", f"{day:%Y%m%d}")

    def _text(self, value: str, longest: int) -> str:
        return copied(value, self._identity.delimiters, longest=longest)


def _premiums(member: MaintenanceRequest) -> Iterator[tuple[str, str, str]]:
    """Yield name, REF01 and value of the reporting categories that are confirmed."""
    for name, value in member.reporting:
        qualifier = next((each for pattern, each in _CATEGORIES if pattern.fullmatch(name)), "")
        if qualifier and value:
            yield name, qualifier, value


def _employment(member: MaintenanceRequest) -> str:
    """Return INS08 as it was sent; no rule reads it, so that it was kept as it came. A subscriber needs one."""
    sent = next((part[6:] for part in member.unread if part.startswith("INS08")), "")
    return sent or ("AC" if member.is_subscriber else "")
