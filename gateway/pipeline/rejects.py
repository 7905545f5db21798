"""What answers a census: no 999 is owed, the rows that were refused go back with why, for that partner only."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from gateway.domain.exchange import DocumentKind, InterchangeRecord, ReceivedFile, SetRecord, SetState
from gateway.domain.finding import Finding
from gateway.feeds.rejects_csv import RejectedRow, RejectOutcome, render_rejects
from gateway.partners.partner import Partner
from gateway.pipeline.census import layout_of, open_recorded
from gateway.pipeline.outgoing import Draft, document_name, send
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork
from gateway.transactions.census import CensusMember
from gateway.transactions.census_layout import CsvForm, Layout
from gateway.transactions.census_words import in_columns

_ANSWERED = frozenset({SetState.APPLIED, SetState.REFUSED, SetState.HELD})


def write_rejects(
    plant: Plant, unit: UnitOfWork, partner: Partner, file: ReceivedFile, interchange: InterchangeRecord
) -> Iterator[str]:
    """Write the rejects file of a census, where there is anything to say; yield its kind unless it was made before."""
    for group in unit.exchanges.groups(interchange.id):
        for record in unit.exchanges.sets(group.id):
            yield from write_rejects_of_set(plant, unit, partner, file, record)


def write_rejects_of_set(
    plant: Plant, unit: UnitOfWork, partner: Partner, file: ReceivedFile, record: SetRecord, *, answers: str = ""
) -> Iterator[str]:
    """Write the rejects file of one census; `answers` is what makes it another document, such as a review's id."""
    findings = unit.exchanges.findings(set_id=record.id)
    if record.state not in _ANSWERED or (record.state is SetState.APPLIED and not findings):
        return
    draft = Draft(
        key=f"rejects/{answers or record.id}",
        kind=DocumentKind.REJECTS,
        partner_id=partner.id,
        name=document_name(plant, partner.id, DocumentKind.REJECTS, file.id, extension="csv"),
        folder=partner.profile.delivery.ack_folder,
        subject_id=file.id,
        file_id=file.id,
    )
    if send(plant, unit, draft, _Rejects(plant, record, findings).write):
        yield DocumentKind.REJECTS


class _Rejects:
    """The rows of one census that have findings, read once more from the kept bytes."""

    def __init__(self, plant: Plant, record: SetRecord, findings: Sequence[Finding]) -> None:
        self._plant = plant
        self._record = record
        self._layout: Layout = layout_of(plant, record.set.guide)
        self._on_file = [finding for finding in findings if finding.member is None]
        self._on_members: dict[int, list[Finding]] = {}
        for finding in findings:
            if finding.member is not None:
                self._on_members.setdefault(finding.member, []).append(finding)

    def write(self, out: BinaryIO) -> None:
        """Write the document."""
        form = self._layout.csv if self._record.functional_id == "csv" else CsvForm()
        delimiter, quote = form.marks
        with self._plant.archive.open(self._record.kept_path) as stream:
            census = open_recorded(self._plant, stream, self._record)
            render_rejects(
                census.shown,
                self._rows(census.members),
                out,
                delimiter=delimiter,
                quote=quote,
                encoding=form.encoding,
            )

    def _rows(self, members: Iterator[CensusMember]) -> Iterator[RejectedRow]:
        """Yield what is said of the file as a whole, then each row that something is said of."""
        for finding in self._on_file:
            yield self._row(finding.place.line or 0, [finding])
        state = self._record.state
        if state is not SetState.APPLIED and not self._on_file:
            yield RejectedRow(0, self._outcome(()), (state.value.upper(),), (self._record.reason,))
        if not self._on_members:
            return
        for member in members:
            found = self._on_members.get(member.request.ordinal, ())
            if found:
                for row in member.rows:
                    yield self._row(row.number, found, row.shown)

    def _row(self, number: int, findings: Sequence[Finding], cells: tuple[str, ...] = ()) -> RejectedRow:
        """Return one line of the document: every finding on a row stands in it, each code and sentence once."""
        return RejectedRow(
            number,
            self._outcome(findings),
            tuple(dict.fromkeys(finding.code for finding in findings)),
            tuple(dict.fromkeys(in_columns(finding.message, self._layout) for finding in findings)),
            cells,
        )

    def _outcome(self, findings: Sequence[Finding]) -> RejectOutcome:
        """Return what became of a row, or of the file."""
        state = self._record.state
        if state is SetState.HELD and all(finding.member is None for finding in findings):
            return RejectOutcome.HELD
        is_rejected = state is SetState.REFUSED or any(finding.is_error for finding in findings)
        return RejectOutcome.REJECTED if is_rejected else RejectOutcome.NOTED
