"""The landing of a file: what is around it is taken off, X12 says whether it is whole, and it is claimed once."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

from gateway.domain.exchange import Arrival, FileState, LogEvent, ReceivedFile, RemoteFile
from gateway.domain.identity import content_id
from gateway.logs import get_logger
from gateway.partners.partner import Partner
from gateway.pipeline.incidents import open_incident
from gateway.pipeline.plant import Plant
from gateway.ports.archive import Incoming, Kept
from gateway.ports.jobs import Job
from gateway.ports.payloads import Opened
from gateway.ports.unit_of_work import UnitOfWork
from gateway.x12.ending import breaks_off

UNFINISHED = "file_unfinished"


def incoming(plant: Plant, partner_id: str) -> AbstractContextManager[Incoming]:
    """Open a temporary file for what a partner sends."""
    return plant.archive.incoming("inbound", partner_id, plant.clock.now().date())


def land(
    plant: Plant, partner: Partner, remote: RemoteFile, fetched: Incoming, *, may_wait: bool = False
) -> Arrival | None:
    """Claim a fetched file for its partner and enqueue its check; None while it breaks off and `may_wait`.

    The hash of what is inside decides (DOMAIN 7.6, level file): the second landing of the same content ends here as
    a duplicate, however it was packed. What cannot be opened is kept as it came and quarantined with its reason.
    """
    with incoming(plant, partner.id) as inside:
        opened = plant.payloads.open(partner.id, fetched.stream, inside.stream, largest=largest_of(plant, partner))
        whole = inside if opened.layers and not opened.refusal else fetched
        is_cut = opened.breaks_off or (not opened.refusal and breaks_off(whole.stream))
        if is_cut and may_wait:
            return None
        kept = whole.keep()
        raw_path = fetched.keep().path if whole is inside else ""
    return _register(plant, partner.id, remote, _Landing(kept, raw_path, opened, is_cut=is_cut))


def largest_of(plant: Plant, partner: Partner) -> int:
    """Return the size limit of a partner's files in bytes: its own, or ours where that is lower."""
    return min(partner.profile.pick_up.max_bytes, plant.settings.limits.file_bytes)


@dataclass(frozen=True, slots=True)
class _Landing:
    """What there is to register: the bytes inside, the bytes as they came, and what opening them showed."""

    kept: Kept
    raw_path: str  # '' where they came as they are
    opened: Opened
    is_cut: bool

    @property
    def text(self) -> str:
        """What the log says of the bytes."""
        around = " in ".join(reversed(self.opened.layers))
        signed = f", signed by {self.opened.signer}" if self.opened.signer else ""
        return f"Received {self.kept.size_bytes} bytes{f' out of {around}' if self.raw_path else ''}{signed}; kept."


def _register(plant: Plant, partner_id: str, remote: RemoteFile, landing: _Landing) -> Arrival:
    """Write the landing, the file where it is new, and its next job or its quarantine, in one transaction."""
    now, kept, refusal = plant.clock.now(), landing.kept, landing.opened.refusal
    file = ReceivedFile(
        id=content_id("F", partner_id, kept.sha256),
        partner_id=partner_id,
        name=PurePosixPath(remote.path.removeprefix("local:")).name,
        sha256=kept.sha256,
        size_bytes=kept.size_bytes,
        received_at=now,
        kept_path=kept.path,
        state=FileState.QUARANTINED if refusal else FileState.RECEIVED,
        reason=f"{refusal}; ask the partner to send it again" if refusal else "",
        raw_path=landing.raw_path,
    )
    with plant.open_unit() as unit:
        is_new = unit.files.claim(file)
        arrival = Arrival(partner_id, remote, file.id, now, is_duplicate=not is_new)
        if unit.files.add_arrival(arrival) or is_new:
            unit.record(_line(arrival, landing))
        if is_new and refusal:
            key, message = content_id("N", file.id), f"{file.id}: Quarantined: {file.reason}"
            open_incident(plant, unit, "file_quarantined", partner_id, message, key=key)
        elif is_new:
            unit.defer(Job("check", file.id, lock=partner_id))
            if landing.is_cut:
                _tell_of_the_cut(plant, unit, file)
        unit.commit()
    get_logger(partner=partner_id, file=file.id).info(
        "received" if is_new else "received again", size_bytes=kept.size_bytes, layers=len(landing.opened.layers)
    )
    return arrival


def _tell_of_the_cut(plant: Plant, unit: UnitOfWork, file: ReceivedFile) -> None:
    """Open the incident of a file whose end never came."""
    message = f"{file.id} breaks off before its IEA, and its rest never came: ask the partner to send it whole"
    open_incident(plant, unit, UNFINISHED, file.partner_id, message, key=content_id("N", UNFINISHED, file.id))


def _line(arrival: Arrival, landing: _Landing) -> LogEvent:
    """Return the log line of a landing."""
    again = "The same bytes came again: already processed, nothing is done twice."
    landed = datetime.fromtimestamp(arrival.remote.modified_at, UTC).isoformat()
    key = content_id("E", arrival.partner_id, arrival.remote.path, landed, arrival.remote.size_bytes, arrival.file_id)
    text = again if arrival.is_duplicate else landing.text
    return LogEvent(key, arrival.arrived_at, "receive", arrival.file_id, arrival.file_id, text)
