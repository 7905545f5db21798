"""Stations 4a and 4b over a whole file: each set in a transaction of its own, so that one never stops another."""

from collections.abc import Callable, Mapping

from gateway.domain.exchange import FileState, LogEvent, SetRecord, SetState
from gateway.domain.finding import Finding, Level
from gateway.domain.identity import content_id
from gateway.errors import GatewayError
from gateway.logs import get_logger
from gateway.pipeline.enroll import enroll
from gateway.pipeline.plant import Plant
from gateway.pipeline.reconcile import reconcile, reconcile_ta1s
from gateway.pipeline.settle import settle
from gateway.ports.jobs import Job

ApplySet = Callable[[Plant, SetRecord], None]
APPLIERS: Mapping[str, ApplySet] = {
    "834": enroll,
    "820": settle,
    "999": reconcile,
    "997": reconcile,
    "824": reconcile,
}


def apply_file(plant: Plant, file_id: str) -> None:
    """Apply every set of a checked file that waits, then hand the file to the acknowledgements.

    A set whose work fails for a reason that will not pass is tried three times over the job's attempts and then
    quarantined; its neighbours are applied all the same. Temporary faults (the database is away) stop the whole job,
    which is run again and finds what is left.
    """
    with plant.open_unit() as unit:
        file = unit.files.get(file_id)
        if file.state is not FileState.CHECKED:
            return
        waiting = [record.id for record in unit.exchanges.sets_of_file(file_id, states=[SetState.CHECKED])]
    unfinished: GatewayError | Exception | None = None
    for set_id in waiting:
        try:
            _apply_set(plant, set_id)
        except Exception as error:
            if isinstance(error, GatewayError) and error.is_temporary:
                raise
            if not _quarantined(plant, set_id, error):
                unfinished = error
    if unfinished is not None:
        raise unfinished
    reconcile_ta1s(plant, file)
    with plant.open_unit() as unit:
        if unit.files.move(file_id, FileState.APPLIED, expected=[FileState.CHECKED]):
            unit.defer(Job("acknowledge", file_id, lock=file.partner_id))
        unit.commit()


def _apply_set(plant: Plant, set_id: str) -> None:
    """Apply one set that still waits."""
    with plant.open_unit() as unit:
        record = unit.exchanges.get_set(set_id)
    if record.state is SetState.CHECKED:
        APPLIERS[record.set.type](plant, record)


def _quarantined(plant: Plant, set_id: str, error: Exception) -> bool:
    """Count a failed try of a set; after the third it is quarantined, and True says that it no longer waits."""
    get_logger(transaction_set=set_id).error("a set could not be applied", error=type(error).__name__, exc_info=error)
    with plant.open_unit() as unit:
        record = unit.exchanges.get_set(set_id)
        tries = plant.settings.work.tries_before_quarantine
        done = unit.exchanges.count_try(set_id) >= tries
        if done:
            reason = f"our work on it failed {tries} times ({type(error).__name__}); see the log, then release it"
            unit.exchanges.move_set(set_id, SetState.QUARANTINED, expected=[SetState.CHECKED], reason=reason)
            finding = Finding("QUARANTINED", Level.BUSINESS, "We could not process this set; we look at it.")
            unit.exchanges.add_findings(record.file_id, set_id, [finding])
            key = content_id("E", set_id, "quarantined")
            unit.record(LogEvent(key, plant.clock.now(), "apply", record.file_id, set_id, f"Set {set_id}: {reason}."))
        unit.commit()
    return done
