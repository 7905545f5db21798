"""Station 3: read and check one file with `x12/`, streaming, and record envelopes, sets and findings."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.domain.exchange import (
    AckCode,
    FileState,
    FunctionalGroup,
    GroupRecord,
    Interchange,
    InterchangeRecord,
    LogEvent,
    ReceivedFile,
    SetRecord,
    SetState,
)
from gateway.domain.finding import Finding, Severity
from gateway.domain.identity import content_id
from gateway.logs import get_logger
from gateway.pipeline.agreement import Verdict, judge_interchange
from gateway.pipeline.cash import cash_of, record_cash
from gateway.pipeline.census import census_of, record_census
from gateway.pipeline.incidents import open_incident
from gateway.pipeline.plant import Plant
from gateway.ports.jobs import Job
from gateway.ports.unit_of_work import UnitOfWork
from gateway.x12.check import (
    FileFindings,
    GroupClosed,
    GroupOpened,
    InterchangeClosed,
    InterchangeOpened,
    Limits,
    SetChecked,
    Severities,
    check,
)

_SETS_AT_ONCE = 500
_NO_X12 = (
    "this is no X12: no whole interchange header (ISA, 106 characters) was found, so no acknowledgement is possible; "
    "ask the partner what was meant to be sent"
)
ACTED_ON = frozenset({"834", "820"})
ACKNOWLEDGEMENTS = frozenset({"997", "999", "824"})


def check_file(plant: Plant, file_id: str) -> None:
    """Check a received file and record what it holds; then it waits to be applied, or is quarantined as no X12.

    Recording, the state change and the next job commit together; running again on a checked file does nothing.
    """
    with plant.open_unit() as unit:
        file = unit.files.get(file_id)
        if file.state is not FileState.RECEIVED:
            return
        agreed = census_of(plant, file)
        if agreed is not None:
            record_census(plant, unit, file, agreed)
            unit.commit()
            return
        deposits = cash_of(plant, file)
        if deposits is not None:
            record_cash(plant, unit, file, deposits)
            unit.commit()
            return
        recorder = _Recorder(plant, unit, file)
        with plant.archive.open(file.kept_path) as stream:
            severities = _severities(plant, file.partner_id)
            for event in check(stream, plant.guides, _limits(plant), severities=severities):
                recorder.take(event)
        recorder.close()
        unit.commit()
    get_logger(partner=file.partner_id, file=file_id).info(
        "checked", interchanges=recorder.interchanges, sets=recorder.sets, rejected=recorder.rejected
    )


def _limits(plant: Plant) -> Limits:
    """Return the bounds of a check, as `[limits]` sets them."""
    ours = plant.settings.limits
    return Limits(findings_per_set=ours.findings_per_set, segment_bytes=ours.segment_bytes)


def _severities(plant: Plant, partner_id: str) -> Severities:
    """Return how heavy each rule weighs: as the partner's profile says, else `[severities]`, else the rule itself."""
    agreed = {**plant.settings.severities, **plant.partner(partner_id).profile.x12.severities}
    return Severities({rule: None if weight == "off" else Severity(weight) for rule, weight in agreed.items()})


@dataclass(slots=True)
class _Recorder:
    """Turns the engine's events into rows, holding no more than one chunk of sets."""

    plant: Plant
    unit: UnitOfWork
    file: ReceivedFile
    interchanges: int = 0
    sets: int = 0
    rejected: int = 0
    _interchange: Interchange = field(init=False)  # the engine opens an interchange and a group before a set
    _interchange_id: str = ""
    _verdict: Verdict = field(default_factory=Verdict)
    _group: FunctionalGroup = field(init=False)
    _group_id: str = ""
    _waiting: list[tuple[SetRecord, Sequence[Finding]]] = field(default_factory=list)

    def take(self, event: object) -> None:
        """Record one event of the engine."""
        match event:
            case InterchangeOpened(interchange):
                self.interchanges += 1
                self._interchange = interchange
                self._interchange_id = content_id("X", self.file.id, interchange.ordinal)
                self._verdict = judge_interchange(self.plant, self.unit, self.file, interchange)
            case GroupOpened(group):
                self._group = group
                self._group_id = content_id("G", self._interchange_id, group.ordinal)
            case SetChecked():
                self._add_set(event)
            case GroupClosed():
                self._close_group(event)
            case InterchangeClosed():
                self._close_interchange(event)
            case FileFindings(findings):
                self.unit.exchanges.add_findings(self.file.id, "", findings)

    def _add_set(self, event: SetChecked) -> None:
        """Keep one set for the next bulk write."""
        interchange, group = self._interchange, self._group
        state, reason = self._state_of(event)
        record = SetRecord(
            id=content_id("S", self._group_id, event.set.ordinal),
            file_id=self.file.id,
            partner_id=self.file.partner_id,
            interchange_id=self._interchange_id,
            group_id=self._group_id,
            isa13=interchange.control_number,
            gs06=group.control_number,
            usage=interchange.usage,
            version=interchange.version,
            functional_id=group.functional_id,
            kept_path=self.file.kept_path,
            delimiters=interchange.delimiters,
            set=event.set,
            ack=event.ack,
            findings_left_out=event.findings_left_out,
            state=state,
            reason=reason,
        )
        self.sets += 1
        self.rejected += state is SetState.REFUSED
        self._waiting.append((record, event.findings))
        if len(self._waiting) >= _SETS_AT_ONCE:
            self._flush()

    def _state_of(self, event: SetChecked) -> tuple[SetState, str]:
        """Return the state a set begins in, and why, where it will not be applied."""
        if event.ack is AckCode.REJECTED:
            return SetState.REFUSED, "rejected by syntax or guide: see its findings"
        if self._verdict.refused:
            return SetState.REFUSED, self._verdict.reason
        if self._verdict.ignored:
            return SetState.IGNORED, self._verdict.reason
        if event.set.type in ACTED_ON or event.set.type in ACKNOWLEDGEMENTS:
            return SetState.CHECKED, ""
        return SetState.IGNORED, f"a {event.set.type} is checked and acknowledged, nothing is done with it"

    def _flush(self) -> None:
        """Write the sets that wait."""
        if self._waiting:
            self.unit.exchanges.add_sets(self._waiting)
            self._waiting = []

    def _close_group(self, event: GroupClosed) -> None:
        """Write the group; a rejected one takes its sets with it."""
        self._flush()
        record = GroupRecord(
            self._group_id,
            self._interchange_id,
            self._group,
            event.ack,
            event.included,
            event.received,
            event.accepted,
        )
        self.unit.exchanges.add_group(record, event.findings, file_id=self.file.id)
        if event.ack is AckCode.REJECTED:
            self.rejected += self.unit.exchanges.refuse_sets(
                group_id=self._group_id, reason="its functional group was rejected: see AK905"
            )

    def _close_interchange(self, event: InterchangeClosed) -> None:
        """Write the interchange with the worse of the engine's and the agreement's verdicts."""
        code, note = event.ta1_code, event.ta1_note
        if self._verdict.refused and code is not AckCode.REJECTED:
            code, note = AckCode.REJECTED, self._verdict.note
        record = InterchangeRecord(self._interchange_id, self.file.id, self._interchange, code, note)
        self.unit.exchanges.add_interchange(record, (*event.findings, *self._verdict.findings))
        if code is AckCode.REJECTED:
            self.rejected += self.unit.exchanges.refuse_sets(
                interchange_id=self._interchange_id, reason=f"its interchange was rejected: TA105 {note}"
            )

    def close(self) -> None:
        """Move the file on: to be applied, or to quarantine when it holds no interchange at all."""
        now = self.plant.clock.now()
        if self.interchanges:
            to, reason = FileState.CHECKED, ""
            text = f"Checked: {self.interchanges} interchange(s), {self.sets} set(s), {self.rejected} rejected."
            self.unit.defer(Job("apply", self.file.id, lock=self.file.partner_id))
        else:
            to, reason = FileState.QUARANTINED, _NO_X12
            text = f"Quarantined: {reason}"
            key = content_id("N", self.file.id)
            message = f"{self.file.id}: {text}"
            open_incident(self.plant, self.unit, "file_quarantined", self.file.partner_id, message, key=key)
        self.unit.files.move(self.file.id, to, expected=[FileState.RECEIVED], reason=reason)
        self.unit.record(
            LogEvent(content_id("E", self.file.id, "check"), now, "check", self.file.id, self.file.id, text)
        )
