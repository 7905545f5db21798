"""Station 4a: one 834 set into membership history, events, log entries and invoice requests."""

from gateway.domain.coverage import EnrollmentHeader
from gateway.domain.exchange import LogEvent, SetRecord, SetState
from gateway.domain.identity import content_id
from gateway.logs import get_logger
from gateway.partners.partner import Partner
from gateway.pipeline.census import read_members
from gateway.pipeline.enroll_outcome import Outcome, on_header, refused_whole, scope_of, stamp_of
from gateway.pipeline.enroll_set import MEMBERS_AT_ONCE, SetRun
from gateway.pipeline.guards import OLD_FILE, EnrollmentPreview, waived_guards
from gateway.pipeline.place_again import jobs_for
from gateway.pipeline.plant import Plant
from gateway.pipeline.said_before import families_at_once
from gateway.pipeline.work_list import WorkList
from gateway.ports.unit_of_work import UnitOfWork

_REPLACED = "15"  # BGN01: a re-submission carries the reference of its original
_INFORMATION = "22"  # BGN01: an information copy is logged and never applied


def enroll(plant: Plant, record: SetRecord) -> None:
    """Apply one 834 set: members in chunks, everything in one transaction with the set's state (DESIGN, station 4a).

    A set that is refused, held or ignored leaves no trace in the history; its findings and its end are written alone.
    """
    partner = plant.partner(record.partner_id)
    with plant.open_unit() as unit:
        work = WorkList(unit, record, plant.clock.now())
        result = _apply(plant, unit, record, work)
        if result.state is SetState.APPLIED:
            _end(plant, unit, record, result, work)
            for job in jobs_for(unit.money.awaiting_set(record.id), record.id):
                unit.defer(job)
            unit.commit()
    if result.state is not SetState.APPLIED:
        with plant.open_unit() as unit:
            _end(plant, unit, record, result, work)
            unit.commit()
    get_logger(partner=partner.id, file=record.file_id, transaction_set=record.id).info(
        "enrolled", state=result.state.value, findings=len(result.findings), **result.counts
    )


def preview(plant: Plant, record: SetRecord, waived: frozenset[str]) -> EnrollmentPreview:
    """Apply one 834 set without the guards `waived`, tell what that does, and write nothing of it."""
    with plant.open_unit() as unit:
        work = WorkList(unit, record, plant.clock.now())
        result = _apply(plant, unit, record, work, waived=waived, keeps_events=True)
    return EnrollmentPreview(
        result.state, result.reason, tuple(result.events), tuple(result.findings), dict(sorted(result.counts.items()))
    )


def _end(plant: Plant, unit: UnitOfWork, record: SetRecord, result: Outcome, work: WorkList) -> None:
    """Write a set's findings, what it opens and closes on the work list, its final state and its line in the log."""
    unit.exchanges.add_findings(record.file_id, record.id, result.findings)
    unit.discrepancies.add(record.id, result.discrepancies)
    work.write(unit, result.state, result.findings)
    unit.exchanges.move_set(record.id, result.state, expected=[SetState.CHECKED], reason=result.reason)
    counted = ", ".join(f"{count} {what}" for what, count in sorted(result.counts.items())) or "no member"
    text = f"{record.set.type} {record.set.control_number} {result.state}: " + (result.reason or f"{counted}.")
    released = [review.id for review in unit.reviews.of_set(record.id)]  # after each the set ends anew
    key = content_id("E", record.id, *released)
    unit.record(LogEvent(key, plant.clock.now(), "enroll", record.file_id, record.id, text))


def _apply(
    plant: Plant,
    unit: UnitOfWork,
    record: SetRecord,
    work: WorkList,
    *,
    waived: frozenset[str] = frozenset(),
    keeps_events: bool = False,
) -> Outcome:
    """Read the set's bytes again and apply its members; the caller decides whether to commit."""
    partner = plant.partner(record.partner_id)
    waived |= waived_guards(unit, record.id)
    with plant.archive.open(record.kept_path) as stream:
        header, members = read_members(plant, stream, record)
        stopped = _stop_before(unit, partner, record, header, waived)
        if stopped is not None:
            return stopped
        run = SetRun(plant, unit, record, header, work, waived=waived, keeps_events=keeps_events)
        if run.is_full:
            held = run.compare(members)
            if held is not None:
                return held
            _, members = read_members(plant, stream, record)
        for chunk in families_at_once(members, MEMBERS_AT_ONCE):
            run.take(chunk)
        return run.finish()


def _stop_before(
    unit: UnitOfWork, partner: Partner, record: SetRecord, header: EnrollmentHeader, waived: frozenset[str]
) -> Outcome | None:
    """Return why a set is not applied at all: information copy, duplicate reference, older than what was applied."""
    if header.purpose == _INFORMATION:
        return Outcome(SetState.IGNORED, "BGN01 is 22: an information copy is kept and never applied")
    if any(finding.is_error for finding in header.findings):
        return Outcome(SetState.REFUSED, "its header cannot be read; see its findings", list(header.findings))
    scope = scope_of(partner, header)
    if header.purpose != _REPLACED and header.reference:
        other = unit.exchanges.claim_reference("834", f"{scope}/{header.reference}", record.id)
        if other is not None and other != record.id:
            message = "This BGN02 came before from this sponsor: send new data under a new reference, or BGN01 = 15."
            return refused_whole("DUPLICATE", message, "BGN", 2)
    stamp = stamp_of(header)
    if OLD_FILE not in waived and stamp and stamp < unit.exchanges.last_applied_at(scope):
        message = "This file is older than the last one applied for the sponsor; it is held until a person looked."
        finding = on_header(OLD_FILE, message, "BGN", 3)
        return Outcome(SetState.HELD, message, [finding])
    return None
