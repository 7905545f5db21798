"""Station 5: TA1, 999 or 997, and 824, computed last, from what was recorded and done (DESIGN, decision 8)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO

from gateway.domain.exchange import (
    AckCode,
    DocumentKind,
    FileState,
    GroupRecord,
    InterchangeRecord,
    LogEvent,
    ReceivedFile,
    SetRecord,
    SetState,
)
from gateway.domain.finding import Finding, Level
from gateway.domain.identity import content_id
from gateway.domain.review import Review, Verdict
from gateway.logs import get_logger
from gateway.partners.partner import Partner
from gateway.pipeline.check import ACTED_ON
from gateway.pipeline.confirm import FollowUps
from gateway.pipeline.guards import waived_guards
from gateway.pipeline.no_x12 import CENSUS, is_no_x12
from gateway.pipeline.outgoing import Draft, document_name, next_control_number, send
from gateway.pipeline.plant import Plant
from gateway.pipeline.rejects import write_rejects, write_rejects_of_set
from gateway.ports.unit_of_work import UnitOfWork
from gateway.x12.acknowledge import (
    AckIdentity,
    GroupOutcome,
    InterchangeOutcome,
    SetOutcome,
    group_ack_kind,
    wants_ta1,
    write_ta1,
)
from gateway.x12.acknowledge_group import write_997, write_999
from gateway.x12.inbound_ack import read_ta1s
from gateway.x12.reader import read_set
from gateway.x12.report_824 import ApplicationReport, ReportingParty, ReportVerdict, write_824

_REPORTED = frozenset({SetState.APPLIED, SetState.REFUSED, SetState.WAITING, SetState.HELD})
_HEADER_SEGMENTS = 5  # BGN stands second, TRN third


def acknowledge(plant: Plant, file_id: str) -> None:
    """Write every acknowledgement a file is owed, and end its route.

    Each document has a key made of what it answers, so that a second run writes none again.
    """
    with plant.open_unit() as unit:
        file = unit.files.get(file_id)
        if file.state is not FileState.APPLIED:
            return
        partner = plant.partner(file.partner_id)
        made = [
            document
            for interchange in unit.exchanges.interchanges(file_id)
            for document in (
                _Answers(plant, unit, partner, file, interchange).write()
                if not is_no_x12(interchange.interchange)
                else write_rejects(plant, unit, partner, file, interchange)
                if interchange.interchange.version == CENSUS
                else ()
            )
        ]
        made += FollowUps(plant, unit, partner, file, about=file.id).write()
        unit.files.move(file_id, FileState.ACKNOWLEDGED, expected=[FileState.APPLIED])
        text = f"Acknowledged with {', '.join(made)}." if made else "No acknowledgement is owed."
        event = LogEvent(
            content_id("E", file_id, "acknowledge"), plant.clock.now(), "acknowledge", file_id, file_id, text
        )
        unit.record(event)
        unit.commit()
    get_logger(partner=file.partner_id, file=file_id).info("acknowledged", documents=len(made))


def answer_again(plant: Plant, review: Review) -> None:
    """Tell a partner by an 824 of its own how a set ended that was reviewed after its first answer.

    The first 824 said that the set is held. This one says what became of it: applied (TA), applied but for some
    members (TP), refused (TR), or held by another guard. It is owed wherever 824s are; good news is told here too,
    because the partner was left waiting. Where all that was said before, nothing is written, not even a control number.
    """
    made: list[str] = []
    with plant.open_unit() as unit:
        record = unit.exchanges.get_set(review.set_id)
        file = unit.files.get(record.file_id)
        partner = plant.partner(file.partner_id)
        (interchange,) = (each for each in unit.exchanges.interchanges(file.id) if each.id == record.interchange_id)
        if is_no_x12(interchange.interchange):
            made += write_rejects_of_set(plant, unit, partner, file, record, answers=review.id)
        elif partner.profile.x12.report_824 != "never":
            (group,) = (each for each in unit.exchanges.groups(interchange.id) if each.id == record.group_id)
            made += _Answers(plant, unit, partner, file, interchange).write_again(group, record, review)
        made += FollowUps(plant, unit, partner, file, about=review.id, set_id=record.id).write()
        if made:
            unit.commit()


@dataclass(frozen=True, slots=True)
class _Answers:
    """What one interchange is owed: written under our next control numbers, each yielding its kind."""

    plant: Plant
    unit: UnitOfWork
    partner: Partner
    file: ReceivedFile
    record: InterchangeRecord

    def write(self) -> Iterator[str]:
        """Write TA1, then for each group 999 or 997, then 824; nothing inside a rejected interchange is looked at."""
        groups = self.unit.exchanges.groups(self.record.id)
        yield from self._ta1(brings_ta1=not groups and _has_ta1(self.plant, self.file))
        if self.record.ta1_code is AckCode.REJECTED:
            return
        for group in groups:
            yield from self._group_ack(group)
            yield from self._report(group)

    def _ta1(self, *, brings_ta1: bool) -> Iterator[str]:
        """Write the TA1, if it is owed (DOMAIN 7.1)."""
        record = self.record
        outcome = InterchangeOutcome(record.interchange, record.ta1_code, record.ta1_note, carries_ta1=brings_ta1)
        if wants_ta1(outcome, self.partner.profile.x12.ta1):
            identity = self._identity(None)
            yield from self._send(DocumentKind.TA1, record.id, identity, lambda out: write_ta1(identity, outcome, out))

    def _group_ack(self, group: GroupRecord) -> Iterator[str]:
        """Write the 999 or 997 of a group; exactly one, and none for a group of acknowledgements."""
        kind = group_ack_kind(group.group, self.partner.profile.x12.group_ack)
        if kind is not None:
            identity, outcome = self._identity(group), _group_outcome(self.unit, group)
            write = write_999 if kind is DocumentKind.ACK_999 else write_997
            yield from self._send(kind, group.id, identity, lambda out: write(identity, [outcome], out))

    def _report(self, group: GroupRecord) -> Iterator[str]:
        """Write the 824 of a group, if it has anything to say (DOMAIN 7.1, 7.4)."""
        wanted = self.partner.profile.x12.report_824
        sets = self.unit.exchanges.sets(group.id) if wanted != "never" else iter(())
        reported = [each for each in sets if _is_reported(self.unit, each, always=wanted == "always")]
        if reported:
            identity, parties = self._identity(group), _parties(self.plant, self.partner)
            reports = (_application_report(self.plant, self.unit, group, each) for each in reported)
            yield from self._send(
                DocumentKind.REPORT_824, group.id, identity, lambda out: write_824(identity, parties, reports, out)
            )

    def write_again(self, group: GroupRecord, record: SetRecord, review: Review) -> Iterator[str]:
        """Write the 824 of one set that was reviewed.

        What was lifted, or was our own fault, is over; a refusal after a review says nothing but its reason.
        """
        report = _application_report(self.plant, self.unit, group, record)
        if review.verdict is Verdict.REFUSE:
            findings = tuple(each for each in report.findings if each.message == record.reason)
        else:
            over = waived_guards(self.unit, record.id) | {"QUARANTINED"}
            findings = tuple(each for each in report.findings if each.member is not None or each.code not in over)
        report = replace(report, findings=findings, verdict=_verdict(record, findings))
        identity, parties = self._identity(group), _parties(self.plant, self.partner)
        yield from self._send(
            DocumentKind.REPORT_824, review.id, identity, lambda out: write_824(identity, parties, [report], out)
        )

    def _identity(self, group: GroupRecord | None) -> AckIdentity:
        """Return the envelope of an answer under our next control number."""
        return AckIdentity.answering(
            self.record.interchange,
            group.group if group else None,
            instant=self.plant.clock.now(),
            control_number=next_control_number(self.plant, self.unit, self.partner.id),
        )

    def _send(
        self, kind: DocumentKind, answers: str, identity: AckIdentity, write: Callable[[BinaryIO], None]
    ) -> Iterator[str]:
        """Queue the document that answers an interchange or group; yield its kind unless it was made before."""
        draft = Draft(
            key=f"ack/{answers}/{kind}",
            kind=kind,
            partner_id=self.partner.id,
            name=document_name(self.plant, self.partner.id, kind, identity.control_number, extension="edi"),
            folder=self.partner.profile.delivery.ack_folder,
            subject_id=self.file.id,
            file_id=self.file.id,
            control_number=identity.control_number,
        )
        if send(self.plant, self.unit, draft, write):
            yield kind


def _has_ta1(plant: Plant, file: ReceivedFile) -> bool:
    """Tell whether a file brings a TA1 itself: an acknowledgement is never acknowledged (DOMAIN 7.1)."""
    with plant.archive.open(file.kept_path) as stream:
        return any(True for _ in read_ta1s(stream))


def _group_outcome(unit: UnitOfWork, group: GroupRecord) -> GroupOutcome:
    """Return what AK1 to AK9 say; the sets are read while they are written."""
    return GroupOutcome(
        group=group.group,
        ack=group.ack,
        included=group.included,
        received=group.received,
        accepted=group.accepted,
        findings=tuple(unit.exchanges.findings(group_id=group.id)),
        sets=(
            SetOutcome(record.set, record.ack, _syntax(unit, record), record.findings_left_out)
            for record in unit.exchanges.sets(group.id)
        ),
    )


def _syntax(unit: UnitOfWork, record: SetRecord) -> tuple[Finding, ...]:
    """Return a set's findings that a 999 tells: all but the business ones."""
    return tuple(f for f in unit.exchanges.findings(set_id=record.id) if f.level is not Level.BUSINESS)


def _business(unit: UnitOfWork, record: SetRecord) -> tuple[Finding, ...]:
    """Return a set's findings that an 824 tells."""
    return tuple(f for f in unit.exchanges.findings(set_id=record.id) if f.level is Level.BUSINESS)


def _is_reported(unit: UnitOfWork, record: SetRecord, *, always: bool) -> bool:
    """Tell whether a set goes on the 824: it has business findings, or the partner wants good news too.

    What a 999 rejected was never looked at, and what is ignored or still our own fault says nothing of theirs. An
    acknowledgement is never reported on: two partners who want good news would answer each other for ever.
    """
    if record.set.type not in ACTED_ON or record.ack is AckCode.REJECTED or record.state not in _REPORTED:
        return False
    return always or bool(_business(unit, record))


def _application_report(plant: Plant, unit: UnitOfWork, group: GroupRecord, record: SetRecord) -> ApplicationReport:
    """Return what the 824 says of one set."""
    findings = _business(unit, record)
    return ApplicationReport(
        group=group.group,
        set=record.set,
        verdict=_verdict(record, findings),
        reference=_reference(plant, record),
        findings=findings,
    )


def _verdict(record: SetRecord, findings: tuple[Finding, ...]) -> ReportVerdict:
    """Return OTI01: refused whole, some members refused, accepted with warnings, or accepted (DOMAIN 7.1).

    An error that stands on no member stands on the set: an 820 out of balance is told as rejected, though its money
    is in suspense. A held set is not rejected: the partner must not send it again while a person looks, and hears
    the end in an 824 of its own.
    """
    if record.state is SetState.HELD:
        return ReportVerdict.WITH_ERRORS
    errors = [finding for finding in findings if finding.is_error]
    if record.state is SetState.REFUSED or any(finding.member is None for finding in errors):
        return ReportVerdict.REJECTED
    if errors:
        return ReportVerdict.PARTIAL
    return ReportVerdict.WITH_ERRORS if findings else ReportVerdict.ACCEPTED


def _reference(plant: Plant, record: SetRecord) -> str:
    """Return BGN02 of an 834 or TRN02 of an 820, read from the kept bytes: BGN06 of the 824 gives it back."""
    with plant.archive.open(record.kept_path) as stream:
        head = islice(read_set(stream, record.set.byte_start, record.set.byte_end, record.delimiters), _HEADER_SEGMENTS)
        return next((segment.element(2) for segment in head if segment.tag in {"BGN", "TRN"}), "")


def _parties(plant: Plant, partner: Partner) -> tuple[ReportingParty, ReportingParty]:
    """Return N1*41, we who report, and N1*40, the partner who is told."""
    us, them = plant.settings.identity, partner.profile
    return (
        ReportingParty(us.name, us.id, "46", us.contact_name, us.contact_phone, us.contact_email),
        ReportingParty(them.name, them.x12.id),
    )
