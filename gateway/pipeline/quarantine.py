"""What is written down when a station is given up for good."""

from collections.abc import Callable

from gateway.domain.exchange import FileState, LogEvent
from gateway.domain.identity import content_id
from gateway.logs import get_logger
from gateway.pipeline.incidents import connection_fault, open_incident
from gateway.pipeline.plant import Plant
from gateway.pipeline.retry import reason_of
from gateway.ports.jobs import Job


def quarantine_file(expected: FileState) -> Callable[[Plant, Job, Exception], None]:
    """Return what takes a file that stands in `expected` off its route, with a reason in plain words."""

    def take_off(plant: Plant, job: Job, error: Exception) -> None:
        file_id = job.subject
        text = f"Quarantined after repeated failures: {reason_of(error)}"
        with plant.open_unit() as unit:
            file = unit.files.get(file_id)
            if unit.files.move(file_id, FileState.QUARANTINED, expected=[expected], reason=text):
                key = content_id("E", file_id, "quarantined")
                unit.record(LogEvent(key, plant.clock.now(), job.station, file_id, file_id, text))
                key = content_id("N", file_id)
                open_incident(plant, unit, "file_quarantined", file.partner_id, f"{file_id}: {text}", key=key)
            unit.commit()

    return take_off


def leave_it(plant: Plant, job: Job, error: Exception) -> None:
    """Open an incident, one a day: the next tick of this station takes the subject up again.

    Where we do not get in at a partner's, that incident is open already.
    """
    reason = reason_of(error)
    get_logger(station=job.station, subject=job.subject).error("given up for now", reason=reason)
    if connection_fault(error):
        return
    partner_id = job.subject if job.subject in plant.partners else ""
    message = f"{job.station} of {job.subject} failed again and again: {reason}"
    with plant.open_unit() as unit:
        key = content_id("N", job.station, job.subject, plant.clock.now().date())
        open_incident(plant, unit, f"{job.station}_given_up", partner_id, message, key=key)
        unit.commit()
