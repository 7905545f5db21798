"""Held sets: a named person releases one, refuses it, or first looks at what a release would do.

Releasing and refusing move the set, write the decision and enqueue what follows in one transaction; the station
`review` applies a released set once, without the guard that held it, and tells the partner how it ended.
"""

from dataclasses import dataclass

from gateway.domain.exchange import FileState, LogEvent, SetRecord, SetState
from gateway.domain.finding import Finding, Level
from gateway.domain.identity import content_id
from gateway.domain.review import ItemEnd, Review, Verdict
from gateway.errors import NotAllowed
from gateway.logs import get_logger
from gateway.pipeline.acknowledge import answer_again
from gateway.pipeline.apply import APPLIERS
from gateway.pipeline.enroll import preview
from gateway.pipeline.guards import GUARDS, EnrollmentPreview, waived_guards
from gateway.pipeline.incidents import open_incident
from gateway.pipeline.no_x12 import CENSUS
from gateway.pipeline.plant import Plant
from gateway.pipeline.retry import reason_of
from gateway.ports.jobs import Job
from gateway.ports.unit_of_work import UnitOfWork

_ENROLLMENTS = frozenset({"834", CENSUS})
_REVIEWED = (SetState.HELD, SetState.QUARANTINED)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A decision about a set; `is_new` is False when it had been made before, and nothing was done."""

    review: Review
    is_new: bool


def preview_release(plant: Plant, set_id: str) -> EnrollmentPreview:
    """Return what a release of a held 834 would do; nothing is written. Raises NotFound, NotAllowed."""
    with plant.open_unit() as unit:
        record = unit.exchanges.get_set(set_id)
        if record.set.type not in _ENROLLMENTS:
            raise NotAllowed(f"set {set_id} is a {record.set.type}", hint="only an enrollment has a preview")
        waived = _guards_to_lift(unit, record)
    return preview(plant, record, frozenset(waived))


def release(plant: Plant, set_id: str, *, by: str, reason: str) -> Reviewed:
    """Have a held set applied once without the guard that holds it; all other rules still count.

    A set that our own work failed on (quarantined) is tried once more. Releasing again what was released changes
    nothing. Raises NotFound, and NotAllowed when the set is neither held nor quarantined, when what holds it is no
    guard, or when its file is still on its route.
    """
    with plant.open_unit() as unit:
        record = unit.exchanges.get_set(set_id)
        before = _decided_before(unit, record, Verdict.RELEASE)
        if before is not None:
            return before
        waived = _guards_to_lift(unit, record)
        review = _write_down(plant, unit, record, Verdict.RELEASE, by=by, reason=reason, waived=waived)
        unit.exchanges.move_set(set_id, SetState.CHECKED, expected=_REVIEWED, reason="")
        unit.work_items.close_set(set_id, ItemEnd.RELEASED, at=plant.clock.now())
        unit.commit()
    return Reviewed(review, is_new=True)


def refuse(plant: Plant, set_id: str, *, by: str, reason: str) -> Reviewed:
    """End a held set without effect; the partner is told by an 824 that carries `reason`.

    Refusing again what was refused changes nothing. Raises NotFound and NotAllowed as `release` does.
    """
    with plant.open_unit() as unit:
        record = unit.exchanges.get_set(set_id)
        before = _decided_before(unit, record, Verdict.REFUSE)
        if before is not None:
            return before
        review = _write_down(plant, unit, record, Verdict.REFUSE, by=by, reason=reason)
        held_by = [finding.code for finding in _held_by(unit, record)]
        message = f"The set was refused after a review: {reason}"
        finding = Finding(held_by[0] if held_by else "REFUSED", Level.BUSINESS, message, snip=7)
        unit.exchanges.add_findings(record.file_id, set_id, [finding])
        unit.exchanges.move_set(set_id, SetState.REFUSED, expected=_REVIEWED, reason=message)
        unit.work_items.close_set(set_id, ItemEnd.REFUSED, at=plant.clock.now())
        unit.commit()
    return Reviewed(review, is_new=True)


def carry_out(plant: Plant, review_id: str) -> None:
    """Do what a review decided: apply the set if it was released and still waits, then tell the partner how it ended.

    The station `review`; each of its steps does nothing when it was done before.
    """
    with plant.open_unit() as unit:
        review = unit.reviews.get(review_id)
        record = unit.exchanges.get_set(review.set_id)
    if review.verdict is Verdict.RELEASE and record.state is SetState.CHECKED:
        APPLIERS[record.set.type](plant, record)
    answer_again(plant, review)


def give_up_review(plant: Plant, job: Job, error: Exception) -> None:
    """Quarantine a released set that could not be applied; it may be released again."""
    with plant.open_unit() as unit:
        record = unit.exchanges.get_set(unit.reviews.get(job.subject).set_id)
        reason = f"our work on it failed after its release ({reason_of(error)}); see the log, then release it again"
        if unit.exchanges.move_set(record.id, SetState.QUARANTINED, expected=[SetState.CHECKED], reason=reason):
            message = f"Set {record.id}: {reason}."
            key = content_id("N", job.subject)
            open_incident(plant, unit, "set_quarantined", record.partner_id, message, key=key)
        unit.commit()


def _decided_before(unit: UnitOfWork, record: SetRecord, wanted: Verdict) -> Reviewed | None:
    """Return the last decision about a set when it was the same; None when the set waits for one.

    Raises NotAllowed when there is nothing to decide, or when the file is still on its route: its first
    acknowledgements must be written before the set changes.
    """
    if record.state in _REVIEWED:
        file = unit.files.get(record.file_id)
        if file.state is not FileState.ACKNOWLEDGED:
            hint = "run `gateway work --drain`, then decide"
            raise NotAllowed(f"file {file.id} of set {record.id} is still {file.state}", hint=hint)
        return None
    reviews = unit.reviews.of_set(record.id)
    if reviews and reviews[-1].verdict is wanted:
        return Reviewed(reviews[-1], is_new=False)
    raise NotAllowed(
        f"set {record.id} is {record.state}; only a held or quarantined set can be released or refused",
        hint=f"`gateway show file {record.file_id}` shows its story",
    )


def _held_by(unit: UnitOfWork, record: SetRecord) -> list[Finding]:
    """Return the findings that hold a set: errors on the set itself, without those that were lifted before."""
    lifted = waived_guards(unit, record.id)
    found = unit.exchanges.findings(set_id=record.id)
    return [
        each
        for each in found
        if each.level is Level.BUSINESS and each.is_error and each.member is None and each.code not in lifted
    ]


def _guards_to_lift(unit: UnitOfWork, record: SetRecord) -> tuple[str, ...]:
    """Return the codes of the guards that hold a set; raises NotAllowed when something else does."""
    if record.state is not SetState.HELD:
        return ()
    found = _held_by(unit, record)
    other = [finding for finding in found if finding.code not in GUARDS]
    if other:
        raise NotAllowed(
            f"set {record.id} is held by {other[0].code}, which nobody can lift: {other[0].message}",
            hint="refuse it, and have the partner send it corrected under a new BGN02",
        )
    return tuple(sorted({finding.code for finding in found}))


def _write_down(
    plant: Plant,
    unit: UnitOfWork,
    record: SetRecord,
    verdict: Verdict,
    *,
    by: str,
    reason: str,
    waived: tuple[str, ...] = (),
) -> Review:
    """Write a decision, its line in the log, and the job that carries it out."""
    now = plant.clock.now()
    earlier = len(unit.reviews.of_set(record.id))
    review_id = content_id("R", record.id, earlier)
    review = Review(review_id, record.id, record.file_id, verdict, by, reason, now, waived)
    if not unit.reviews.add(review):
        hint = f"`gateway show file {record.file_id}` shows who decided what"
        raise NotAllowed(f"somebody else decided about set {record.id} in the same moment", hint=hint)
    lifted = f" without {' and '.join(waived)}" if waived else ""
    what = f"released{lifted}" if verdict is Verdict.RELEASE else "refused"
    text = f"{record.set.type} {record.set.control_number} {what} by {by}: {reason}"
    unit.record(LogEvent(content_id("E", review_id), now, "review", record.file_id, record.id, text))
    unit.defer(Job("review", review_id, lock=record.partner_id))
    get_logger(partner=record.partner_id, file=record.file_id, transaction_set=record.id).info(what)
    return review
