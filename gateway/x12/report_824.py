"""824 application reporting (005010X186A1): what became of a transaction set in our business (DOMAIN 7.4).

One ST per reported set: BGN, N1*41 and N1*40, OTI with the verdict, then for each finding TED with CTX, NTE and RED.
"""

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from enum import StrEnum
from types import MappingProxyType
from typing import BinaryIO

from gateway.domain.exchange import Delimiters, FunctionalGroup, TransactionSet
from gateway.domain.finding import Finding, Place
from gateway.x12.acknowledge import AckIdentity
from gateway.x12.writer import GroupHead, InterchangeWriter, copied, loop_id

GUIDE = "005010X186A1"

# Which condition codes the guide permits is not settled (DOMAIN 13, point 7): 024, other, with RED to say which.
_CONDITION = "024"
_NO_REFERENCE = "NA"  # OTI03 and RED01, as the guide's own samples write it
_NOTE_WIDTH = 80  # data element 352
_NOTES_MAX = 100
_LONGEST_COPY = 99
_LONGEST_CONTEXT = 35
_LONGEST_REFERENCE = 50
_LONGEST_CODE = 30


class ReportVerdict(StrEnum):
    """OTI01: what became of a whole transaction set."""

    ACCEPTED = "TA"
    WITH_CHANGE = "TC"
    WITH_ERRORS = "TE"
    PARTIAL = "TP"
    REJECTED = "TR"

    @property
    def action(self) -> str:
        """BGN08: WQ accepted, RU accepted in part, U rejected."""
        return {"TP": "RU", "TR": "U"}.get(self.value, "WQ")


@dataclass(frozen=True, slots=True)
class ReportingParty:
    """N1*41 or N1*40 of an 824; the contact is written as PER where it has a phone number or an address."""

    name: str
    id: str
    qualifier: str = "46"  # N103: electronic transmitter identification number
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""


@dataclass(frozen=True, slots=True)
class ApplicationReport:
    """What an 824 says of one transaction set. `reference` is its BGN02 (834) or TRN02 (820), returned in BGN06."""

    group: FunctionalGroup
    set: TransactionSet
    verdict: ReportVerdict
    reference: str = ""
    findings: tuple[Finding, ...] = ()
    findings_left_out: int = 0


@dataclass(frozen=True, slots=True)
class ReportStyle:
    """What partners agree on: `industry_codes` gives for our codes those of X12's list 895 (RED06)."""

    industry_codes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def write_824(
    identity: AckIdentity,
    parties: tuple[ReportingParty, ReportingParty],
    reports: Iterable[ApplicationReport],
    out: BinaryIO,
    style: ReportStyle | None = None,
) -> None:
    """Write one interchange with an 824 for each of `reports`, read once while they are written.

    `parties` are we, who submit the report (N1*41), and the partner, who receives it (N1*40). It is always written in
    release 00501, whatever the original's: the guide exists in that release only.
    """
    identity = replace(identity, version="00501")
    head = GroupHead("AG", identity.our_code, identity.their_code, identity.group_control_number, GUIDE)
    with InterchangeWriter(out, identity.head) as writer, writer.group(head):
        body = _Body(writer, identity.delimiters, style or ReportStyle())
        for report in reports:
            with writer.transaction_set("824", guide=GUIDE) as number:
                body.header(identity, number, report)
                body.party("41", parties[0])
                body.party("40", parties[1])
                body.report(report)


class _Body:
    """Writes what stands between ST and SE; texts that others chose are cut and cleared of delimiters."""

    def __init__(self, writer: InterchangeWriter, delimiters: Delimiters, style: ReportStyle) -> None:
        self._segment = writer.segment
        self._delimiters = delimiters
        self._codes = style.industry_codes

    def header(self, identity: AckIdentity, number: str, report: ApplicationReport) -> None:
        """Write BGN; BGN02 is ours and unique: our ISA13 and ST02."""
        moment = identity.instant.astimezone(UTC)
        self._segment(
            "BGN",
            "11",
            f"{identity.control_number}-{number}",
            f"{moment:%Y%m%d}",
            f"{moment:%H%M}",
            "",
            self._copied(report.reference or report.set.control_number, _LONGEST_REFERENCE) or _NO_REFERENCE,
            "",
            report.verdict.action,
        )

    def party(self, role: str, party: ReportingParty) -> None:
        """Write N1, and PER for the submitter's contact: the guide has none for the receiver's."""
        self._segment("N1", role, self._copied(party.name, 60), party.qualifier, self._copied(party.id, _NOTE_WIDTH))
        numbers = [("TE", self._copied(party.contact_phone, 256)), ("EM", self._copied(party.contact_email, 256))]
        given = [each for pair in numbers if pair[1] for each in pair]
        if role == "41" and given:
            self._segment("PER", "IC", self._copied(party.contact_name, 60), *given)

    def report(self, report: ApplicationReport) -> None:
        """Write OTI for the original set, and a TED loop for each finding."""
        group, original = report.group, report.set
        self._segment(
            "OTI",
            report.verdict.value,
            "TN",
            _NO_REFERENCE,
            "",
            "",
            self._copied(group.date, 8),
            self._copied(group.time, 8),
            self._copied(group.control_number, 9),
            self._copied(original.control_number, 9),
            self._copied(original.type, 3),
            self._copied(group.guide, 12),
        )
        for finding in report.findings:
            self._finding(finding)
        if report.findings_left_out:
            self._segment("TED", _CONDITION)
            self._note(f"{report.findings_left_out} further findings of this transaction set are not listed.")

    def _finding(self, finding: Finding) -> None:
        place = finding.place
        self._segment(
            "TED",
            _CONDITION,
            "",
            self._copied(place.segment, 3),
            place.position,
            _where(place),
            (finding.element_reference,) if finding.element_reference else None,
            self._copied(finding.value, _LONGEST_COPY),
        )
        name, _, unit = finding.context.partition(":")
        if unit:
            self._segment(
                "CTX",
                (self._copied(name, _LONGEST_CONTEXT), self._copied(unit, _LONGEST_CONTEXT)),
                self._copied(place.segment, 3),
                place.position,
                loop_id(place.loop),
                _where(place),
            )
        self._note(finding.message)
        code = self._codes.get(finding.code, finding.code)
        self._segment("RED", _NO_REFERENCE, "", "94", "", "IBP", self._copied(code, _LONGEST_CODE))

    def _note(self, text: str) -> None:
        # A colon is the usual component separator and usual in prose: a semicolon reads better than a stand-in.
        text = text.replace(self._delimiters.component, ";")
        for line in textwrap.wrap(text, _NOTE_WIDTH)[:_NOTES_MAX]:
            self._segment("NTE", "", self._copied(line, _NOTE_WIDTH))

    def _copied(self, value: str | None, longest: int) -> str:
        return copied(value, self._delimiters, longest=longest)


def _where(place: Place) -> tuple[str | int, ...] | None:
    if place.element is None:
        return None
    return (place.element, place.component or "", place.repetition or "")
