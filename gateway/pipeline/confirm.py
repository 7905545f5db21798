"""What a partner asked to be told beyond acknowledgements: effectuations (DOMAIN 4.7), discrepancy reports (4.6)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby, islice
from typing import BinaryIO

from gateway.domain.coverage import EnrollmentHeader, FileAction, MaintenanceRequest, Member, MembershipEvent
from gateway.domain.exchange import DocumentKind, ReceivedFile, SetRecord, SetState
from gateway.feeds.discrepancy_csv import ReportLine, render_discrepancies
from gateway.feeds.effectuation_834 import Confirmation, is_addition, write_effectuation
from gateway.partners.partner import Partner
from gateway.pipeline.census import read_members
from gateway.pipeline.outgoing import Draft, document_name, next_control_number, send
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork
from gateway.x12.acknowledge import AckIdentity

_LINES_AT_ONCE = 500
_TAKEN = frozenset({MembershipEvent.ENROLL, MembershipEvent.CHANGE})
"""What an addition comes to when it is applied: new cover, or more cover in an active membership (DOMAIN 4.5)."""


@dataclass(frozen=True, slots=True)
class FollowUps:
    """What the applied 834 sets of one file are to be answered with, beside their acknowledgements.

    `about` is what the documents are about and their key: the file, or the review after which one set was applied.
    """

    plant: Plant
    unit: UnitOfWork
    partner: Partner
    file: ReceivedFile
    about: str
    set_id: str = ""  # only this set

    def write(self) -> Iterator[str]:
        """Write the documents that the profile asks for; yield the kind of each that was not made before."""
        wanted = self.partner.profile.enrollment
        if wanted.discrepancy_report:
            lines = self._report()
            first = next(lines, None)
            if first is not None or (wanted.empty_report and self._compares()):
                whole = chain((first,) if first is not None else (), lines)
                kind = DocumentKind.DISCREPANCY_CSV
                yield from self._send(kind, "csv", "", lambda out: render_discrepancies(whole, out))
        if wanted.effectuation:
            confirmations = self._confirmations()
            taken = next(confirmations, None)
            if taken is not None:
                all_taken = chain((taken,), confirmations)
                identity = self._identity()
                yield from self._send(
                    DocumentKind.EFFECTUATION_834,
                    "edi",
                    identity.control_number,
                    lambda out: write_effectuation(identity, all_taken, out),
                )

    def _sets(self) -> Iterator[SetRecord]:
        """Yield the applied sets."""
        for record in self.unit.exchanges.sets_of_file(self.file.id, states=[SetState.APPLIED]):
            if self.set_id in {"", record.id}:
                yield record

    def _enrollments(self) -> Iterator[SetRecord]:
        """Yield the applied 834 sets."""
        return (record for record in self._sets() if record.set.type == "834")

    def _compares(self) -> bool:
        """Tell whether any of the sets only compares (BGN08 = 4)."""
        return any(self._header(record).action is FileAction.VERIFY for record in self._enrollments())

    def _header(self, record: SetRecord) -> EnrollmentHeader:
        """Return the header of one 834 set."""
        with self.plant.archive.open(record.kept_path) as stream:
            return read_members(self.plant, stream, record)[0]

    def _report(self) -> Iterator[ReportLine]:
        """Yield the discrepancies of the sets with the names of those who are on file."""
        for record in self._sets():
            found = self.unit.discrepancies.of_set(record.id)
            while chunk := list(islice(found, _LINES_AT_ONCE)):
                people = self.unit.enrollment.members({each.member_id for each in chunk if each.member_id})
                for each in chunk:
                    yield ReportLine(record.set.control_number, each, _name(people.get(each.member_id)))

    def _confirmations(self) -> Iterator[Confirmation]:
        """Yield for each subscriber the members whose additions were applied."""
        for record in self._enrollments():
            with self.plant.archive.open(record.kept_path) as stream:
                header, members = read_members(self.plant, stream, record)
                readable = (
                    each for each in (member.read() for member in members) if isinstance(each, MaintenanceRequest)
                )
                yield from _by_subscriber(header, self._taken(record, readable))

    def _taken(self, record: SetRecord, requests: Iterable[MaintenanceRequest]) -> Iterator[MaintenanceRequest]:
        """Yield the additions that came to new cover; events and requests both come in the order of the loops."""
        events = self.unit.enrollment.events_of_set(record.id)
        at = next(events, None)
        for request in requests:
            while at is not None and at[0] < request.ordinal:
                at = next(events, None)
            if at is not None and at[0] == request.ordinal and at[1] in _TAKEN and is_addition(request):
                yield request

    def _identity(self) -> AckIdentity:
        """Return the envelope towards the sender of the file's first applied set."""
        first = next(self._enrollments())
        (interchange,) = (
            each for each in self.unit.exchanges.interchanges(self.file.id) if each.id == first.interchange_id
        )
        (group,) = (each for each in self.unit.exchanges.groups(interchange.id) if each.id == first.group_id)
        return AckIdentity.answering(
            interchange.interchange,
            group.group,
            instant=self.plant.clock.now(),
            control_number=next_control_number(self.plant, self.unit, self.partner.id),
        )

    def _send(
        self, kind: DocumentKind, extension: str, control_number: str, write: Callable[[BinaryIO], None]
    ) -> Iterator[str]:
        """Queue one document, once for what it is about."""
        name = document_name(self.plant, self.partner.id, kind, control_number or self.about, extension=extension)
        draft = Draft(
            key=f"{kind}/{self.about}",
            kind=kind,
            partner_id=self.partner.id,
            name=name,
            folder=self.partner.profile.delivery.feed_folder,
            subject_id=self.file.id,
            file_id=self.file.id,
            control_number=control_number,
        )
        if send(self.plant, self.unit, draft, write):
            yield kind


def _by_subscriber(header: EnrollmentHeader, requests: Iterable[MaintenanceRequest]) -> Iterator[Confirmation]:
    """Yield one confirmation per subscriber: a family's loops follow each other (DOMAIN 4.4 rule 1)."""
    for _, members in groupby(requests, lambda request: request.subscriber_id):
        yield Confirmation(header, tuple(members))


def _name(member: Member | None) -> str:
    """Return a member's name as the partner knows it."""
    return f"{member.person.last_name}, {member.person.first_name}" if member is not None else ""
