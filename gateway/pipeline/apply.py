"""Stations 4a and 4b over a whole file: each set in a transaction of its own, so that one never stops another."""

from collections.abc import Callable, Mapping

from gateway.domain.exchange import FileState, LogEvent, ReceivedFile, SetRecord, SetState
from gateway.domain.finding import Finding, Level
from gateway.domain.identity import content_id
from gateway.errors import ArchiveError, ConcurrentChange, StoreUnavailable
from gateway.logs import get_logger
from gateway.pipeline.cash import settle_cash
from gateway.pipeline.enroll import enroll
from gateway.pipeline.incidents import open_incident
from gateway.pipeline.no_x12 import CASH, CENSUS, is_no_x12
from gateway.pipeline.plant import Plant
from gateway.pipeline.reconcile import reconcile, reconcile_ta1s
from gateway.pipeline.retry import reason_of
from gateway.pipeline.settle import settle
from gateway.ports.jobs import Job
from gateway.ports.unit_of_work import UnitOfWork

ApplySet = Callable[[Plant, SetRecord], None]
APPLIERS: Mapping[str, ApplySet] = {
    "834": enroll,
    CENSUS: enroll,
    "820": settle,
    CASH: settle_cash,
    "999": reconcile,
    "997": reconcile,
    "824": reconcile,
}


def apply_file(plant: Plant, file_id: str) -> None:
    """Apply every set of a checked file that waits, then hand the file to the acknowledgements.

    A set whose work fails is tried three times over the job's attempts and then quarantined; its neighbours are
    applied all the same. Only when the database or the kept bytes are away does the whole job stop at once; it is
    run again and finds what is left.
    """
    with plant.open_unit() as unit:
        file = unit.files.get(file_id)
        if file.state is not FileState.CHECKED:
            return
        is_x12 = not any(is_no_x12(record.interchange) for record in unit.exchanges.interchanges(file_id))
        waiting = [record.id for record in unit.exchanges.sets_of_file(file_id, states=[SetState.CHECKED])]
    unfinished: Exception | None = None
    for set_id in waiting:
        try:
            _apply_set(plant, set_id)
        except (StoreUnavailable, ArchiveError):
            raise
        except ConcurrentChange as error:
            unfinished = error  # no fault of the set, so no try of it: the longer patience of the job decides
        except Exception as error:
            if not _quarantined(plant, set_id, error):
                unfinished = unfinished or error
    if unfinished is not None:
        raise unfinished
    if is_x12:
        reconcile_ta1s(plant, file)
    with plant.open_unit() as unit:
        _hand_on(unit, file)
        unit.commit()


def give_up_apply(plant: Plant, job: Job, error: Exception) -> None:
    """Quarantine the sets of a file that still wait; what was applied of it is acknowledged all the same."""
    with plant.open_unit() as unit:
        file = unit.files.get(job.subject)
        if file.state is FileState.CHECKED:
            for record in list(unit.exchanges.sets_of_file(file.id, states=[SetState.CHECKED])):
                _quarantine(plant, unit, record, reason_of(error))
            message = f"{file.id} could not be applied whole: {reason_of(error)}"
            key = content_id("N", file.id, "apply")
            open_incident(plant, unit, "apply_given_up", file.partner_id, message, key=key)
            _hand_on(unit, file)
        unit.commit()


def _hand_on(unit: UnitOfWork, file: ReceivedFile) -> None:
    """Move a file, no set of which waits any more, on to its acknowledgements."""
    if unit.files.move(file.id, FileState.APPLIED, expected=[FileState.CHECKED]):
        unit.defer(Job("acknowledge", file.id, lock=file.partner_id))


def _apply_set(plant: Plant, set_id: str) -> None:
    """Apply one set that still waits."""
    with plant.open_unit() as unit:
        record = unit.exchanges.get_set(set_id)
    if record.state is SetState.CHECKED:
        APPLIERS[record.set.type](plant, record)


def _quarantined(plant: Plant, set_id: str, error: Exception) -> bool:
    """Count a failed try of a set; after the third it is quarantined, and True says that it no longer waits."""
    get_logger(transaction_set=set_id).error("a set could not be applied", error=type(error).__name__, exc_info=error)
    tries = plant.settings.work.tries_before_quarantine
    with plant.open_unit() as unit:
        done = unit.exchanges.count_try(set_id) >= tries
        if done:
            reason = f"our work on it failed {tries} times ({type(error).__name__})"
            _quarantine(plant, unit, unit.exchanges.get_set(set_id), reason)
        unit.commit()
    return done


def _quarantine(plant: Plant, unit: UnitOfWork, record: SetRecord, why: str) -> None:
    """Take one set off its route until a person looked; the partner is told nothing of it, as the fault is ours."""
    reason = f"{why}; see the log, then release it"
    unit.exchanges.move_set(record.id, SetState.QUARANTINED, expected=[SetState.CHECKED], reason=reason)
    finding = Finding("QUARANTINED", Level.BUSINESS, "We could not process this set; we look at it.")
    unit.exchanges.add_findings(record.file_id, record.id, [finding])
    text = f"Set {record.id}: {reason}."
    key = content_id("E", record.id, "quarantined")
    unit.record(LogEvent(key, plant.clock.now(), "apply", record.file_id, record.id, text))
    open_incident(plant, unit, "set_quarantined", record.partner_id, text, key=content_id("N", record.id))
