"""What is written down when a station is given up for good."""

from collections.abc import Callable

from gateway.domain.exchange import FileState, Incident, LogEvent
from gateway.domain.identity import content_id
from gateway.logs import get_logger
from gateway.pipeline.plant import Plant


def quarantine_file(expected: FileState) -> Callable[[Plant, str, str], None]:
    """Return what takes a file that stands in `expected` off its route, with a reason in plain words."""

    def take_off(plant: Plant, file_id: str, reason: str) -> None:
        now = plant.clock.now()
        text = f"Quarantined after repeated failures: {reason}"
        with plant.open_unit() as unit:
            file = unit.files.get(file_id)
            if unit.files.move(file_id, FileState.QUARANTINED, expected=[expected], reason=text):
                unit.record(LogEvent(content_id("E", file_id, "quarantined"), now, expected, file_id, file_id, text))
                unit.open_incident(
                    Incident(content_id("N", file_id), "file_quarantined", file.partner_id, now, f"{file_id}: {text}")
                )
            unit.commit()

    return take_off


def leave_it(_plant: Plant, subject: str, reason: str) -> None:
    """Write nothing but a log line: the next tick of this station takes the subject up again."""
    get_logger(subject=subject).error("given up for now", reason=reason)
