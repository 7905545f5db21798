"""Station 2: fetch what is ready, keep the bytes, claim them; only then move or delete on the remote side."""

import fnmatch
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from shutil import copyfileobj

from gateway.domain.exchange import Arrival, Incident, LogEvent, ReceivedFile, RemoteFile
from gateway.domain.identity import content_id
from gateway.errors import LimitExceeded, RemoteFileGone, TransferIncomplete
from gateway.logs import get_logger
from gateway.partners.partner import Partner
from gateway.partners.profile import PickUp
from gateway.pipeline.plant import Plant
from gateway.ports.archive import Incoming, Kept
from gateway.ports.jobs import Job
from gateway.ports.transport import Session


@dataclass(slots=True)
class PollReport:
    """What one look at a partner's folder led to."""

    partner_id: str
    seen: int = 0
    settling: int = 0  # seen for the first time, or still changing: picked up when two looks agree
    received: list[str] = field(default_factory=list)  # ids of new files
    duplicates: list[str] = field(default_factory=list)  # ids of files whose bytes came again


def poll(plant: Plant, partner_id: str) -> PollReport:
    """Look at a partner's folder once and receive every file that looks as it did at the last look.

    Two equal sightings by the server's own clock make a file ready (DOMAIN 11.7); the remote time is never compared
    with ours. A file that vanishes or still grows is left for the next look and never disturbs its neighbours.
    """
    partner = plant.partner(partner_id)
    report = PollReport(partner_id)
    pick_up = partner.profile.pick_up
    with plant.open_session(partner_id) as session:
        listing = [remote for remote in session.list_files(pick_up.folder) if _is_wanted(remote, pick_up)]
        report.seen = len(listing)
        with plant.open_unit() as unit:
            last_look = unit.files.last_look(partner_id)
            unit.files.record_look(partner_id, listing)
            unit.commit()
        for remote in listing:
            if last_look.get(remote.path) != remote:
                report.settling += 1
                continue
            try:
                _receive_remote(plant, session, partner, remote, report)
            except (RemoteFileGone, TransferIncomplete) as error:
                report.settling += 1
                get_logger(partner=partner_id).info("a file changed under our hands", why=type(error).__name__)
    with plant.open_unit() as unit:
        for kind in ("unreachable", "login_refused", "host_key_refused"):
            unit.close_incidents(kind, partner_id, plant.clock.now())
        unit.commit()
    return report


def _is_wanted(remote: RemoteFile, pick_up: PickUp) -> bool:
    """Tell whether a listed file may be picked up at all: not empty, not ignored."""
    name = PurePosixPath(remote.path).name
    return remote.size_bytes > 0 and not any(fnmatch.fnmatch(name, pattern) for pattern in pick_up.ignore)


def _receive_remote(plant: Plant, session: Session, partner: Partner, remote: RemoteFile, report: PollReport) -> None:
    """Receive one remote file and put it away; a landing that is already recorded is only put away."""
    pick_up = partner.profile.pick_up
    with plant.open_unit() as unit:
        arrival = unit.files.find_arrival(partner.id, remote)
    if arrival is None:
        if remote.size_bytes > _largest(plant, partner):
            _refuse_size(plant, partner, remote)
            return
        with plant.archive.incoming("inbound", partner.id, plant.clock.now().date()) as incoming:
            session.fetch(remote, incoming.stream)
            arrival = _register(plant, partner.id, remote, incoming.keep())
        (report.duplicates if arrival.is_duplicate else report.received).append(arrival.file_id)
    elif pick_up.after == "keep":
        return
    _put_away(session, pick_up, remote)
    with plant.open_unit() as unit:
        unit.files.mark_put_away(arrival)
        unit.commit()


def _put_away(session: Session, pick_up: PickUp, remote: RemoteFile) -> None:
    """Do on the remote side what the profile says; a file that is already gone is no fault."""
    if pick_up.after == "archive":
        try:
            session.put_away(remote, pick_up.archive_folder)
        except RemoteFileGone:
            return
    elif pick_up.after == "delete":
        session.delete(remote)


def ingest(plant: Plant, path: Path, partner_id: str) -> Arrival:
    """Receive a local file as if the partner had sent it; return its landing.

    Raises LimitExceeded for a file over `limits.file_bytes`.
    """
    partner_id = plant.partner(partner_id).id
    status = path.stat()
    if status.st_size > plant.settings.limits.file_bytes:
        raise LimitExceeded(
            f"the file has {status.st_size} bytes, over the limit of {plant.settings.limits.file_bytes}",
            hint="raise limits.file_bytes in gateway.toml, or split the file",
        )
    remote = RemoteFile(f"local:{path.name}", status.st_size, int(status.st_mtime))
    with path.open("rb") as source, _incoming(plant, partner_id) as incoming:
        copyfileobj(source, incoming.stream)
        return _register(plant, partner_id, remote, incoming.keep())


def _incoming(plant: Plant, partner_id: str) -> AbstractContextManager[Incoming]:
    return plant.archive.incoming("inbound", partner_id, plant.clock.now().date())


def _register(plant: Plant, partner_id: str, remote: RemoteFile, kept: Kept) -> Arrival:
    """Claim the kept bytes for this partner and enqueue their check, in one transaction.

    The unique row (partner, hash) decides: the second landing of the same bytes ends here as a duplicate
    (DOMAIN 7.6, level file).
    """
    now = plant.clock.now()
    file = ReceivedFile(
        id=content_id("F", partner_id, kept.sha256),
        partner_id=partner_id,
        name=PurePosixPath(remote.path.removeprefix("local:")).name,
        sha256=kept.sha256,
        size_bytes=kept.size_bytes,
        received_at=now,
        kept_path=kept.path,
    )
    with plant.open_unit() as unit:
        is_new = unit.files.claim(file)
        arrival = Arrival(partner_id, remote, file.id, now, is_duplicate=not is_new)
        if unit.files.add_arrival(arrival):
            unit.record(_landing(arrival, kept.size_bytes))
        if is_new:
            unit.defer(Job("check", file.id, lock=partner_id))
        unit.commit()
    get_logger(partner=partner_id, file=file.id).info(
        "received" if is_new else "received again", size_bytes=kept.size_bytes
    )
    return arrival


def _landing(arrival: Arrival, size_bytes: int) -> LogEvent:
    """Return the log line of a landing."""
    text = (
        "The same bytes came again: already processed, nothing is done twice."
        if arrival.is_duplicate
        else f"Received {size_bytes} bytes; kept."
    )
    landed = datetime.fromtimestamp(arrival.remote.modified_at, UTC).isoformat()
    key = content_id("E", arrival.partner_id, arrival.remote.path, landed, arrival.remote.size_bytes, arrival.file_id)
    return LogEvent(key, arrival.arrived_at, "receive", arrival.file_id, arrival.file_id, text)


def _largest(plant: Plant, partner: Partner) -> int:
    """Return the size limit of a partner's files in bytes: its own, or ours where that is lower."""
    return min(partner.profile.pick_up.max_bytes, plant.settings.limits.file_bytes)


def _refuse_size(plant: Plant, partner: Partner, remote: RemoteFile) -> None:
    """Open an incident for a file over the partner's limit; it stays where it is."""
    limit = _largest(plant, partner)
    with plant.open_unit() as unit:
        unit.open_incident(
            Incident(
                key=content_id("N", partner.id, remote.path, remote.size_bytes),
                kind="file_too_large",
                partner_id=partner.id,
                opened_at=plant.clock.now(),
                message=f"A file of {remote.size_bytes} bytes is over the limit of {limit} and was not fetched. "
                "Raise pick_up.max_bytes in the profile, or ask the partner to split it.",
            )
        )
        unit.commit()
