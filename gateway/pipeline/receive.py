"""Station 2: fetch what is ready, keep the bytes, claim them; only then move or delete on the remote side."""

import fnmatch
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from shutil import copyfileobj

from gateway.domain.exchange import Arrival, LogEvent, ReceivedFile, RemoteFile
from gateway.domain.identity import content_id
from gateway.errors import ConnectionDropped, LimitExceeded, RemoteFileGone, RemoteRefused, TransferIncomplete
from gateway.logs import get_logger
from gateway.partners.partner import Partner
from gateway.partners.profile import PickUp
from gateway.pipeline.deliver import take_up
from gateway.pipeline.incidents import close_connection_faults, open_incident
from gateway.pipeline.plant import Plant
from gateway.ports.archive import Incoming, Kept
from gateway.ports.jobs import Job
from gateway.ports.transport import Session
from gateway.ports.unit_of_work import UnitOfWork

_MORE_LINES = 3  # how often one look connects anew after a file that dropped the line


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
    with ours. A file that vanishes, still grows, is refused to us or drops the line never disturbs its neighbours.
    When the look went well, what waits to be delivered to this partner is taken up again.
    """
    partner = plant.partner(partner_id)
    report = PollReport(partner_id)
    with plant.open_session(partner_id) as session:
        ready = _look(plant, session, partner, report)
        dropped = _receive_all(plant, session, partner, ready, report)
    for _ in range(_MORE_LINES):
        if ready and dropped is not None:  # the file that dropped the line is off the list
            with plant.open_session(partner_id) as session:
                dropped = _receive_all(plant, session, partner, ready, report) or dropped
    if dropped is not None:
        raise dropped
    with plant.open_unit() as unit:
        close_connection_faults(plant, unit, partner_id)
        take_up(plant, unit, partner_id)
        unit.commit()
    return report


def _look(plant: Plant, session: Session, partner: Partner, report: PollReport) -> list[RemoteFile]:
    """List the partner's folder, remember what was seen, and return what lies as it did at the last look."""
    pick_up = partner.profile.pick_up
    listing = [remote for remote in session.list_files(pick_up.folder) if _is_wanted(remote, pick_up)]
    with plant.open_unit() as unit:
        last_look = unit.files.last_look(partner.id)
        _note_gone(unit, partner, [remote for remote in last_look.values() if remote not in listing])
        unit.files.record_look(partner.id, listing)
        unit.commit()
    ready = [remote for remote in listing if last_look.get(remote.path) == remote]
    report.seen, report.settling = len(listing), len(listing) - len(ready)
    return ready


def _note_gone(unit: UnitOfWork, partner: Partner, gone: list[RemoteFile]) -> None:
    """Write down as put away what was received and lies there no more: we were killed before we could, or it was taken.

    Else the next file under that name, of the same size and time, would be taken for this one.
    """
    for remote in gone:
        arrival = unit.files.find_arrival(partner.id, remote)
        if arrival is not None and not arrival.put_away:
            unit.files.mark_put_away(arrival)


def _receive_all(
    plant: Plant, session: Session, partner: Partner, ready: list[RemoteFile], report: PollReport
) -> ConnectionDropped | None:
    """Receive the files in `ready`, taking each off the list before it is touched; return what broke the line."""
    while ready:
        remote = ready.pop(0)
        try:
            _receive_remote(plant, session, partner, remote, report)
        except (RemoteFileGone, TransferIncomplete) as error:
            report.settling += 1
            get_logger(partner=partner.id).info("a file changed under our hands", why=type(error).__name__)
        except RemoteRefused as error:
            _tell(plant, partner, remote, "file_refused", f"could not be fetched or put away: {error}")
        except ConnectionDropped as error:
            return error
    return None


def _is_wanted(remote: RemoteFile, pick_up: PickUp) -> bool:
    """Tell whether a listed file may be picked up at all: not empty, not ignored."""
    name = PurePosixPath(remote.path).name
    return remote.size_bytes > 0 and not any(fnmatch.fnmatch(name, pattern) for pattern in pick_up.ignore)


def _receive_remote(plant: Plant, session: Session, partner: Partner, remote: RemoteFile, report: PollReport) -> None:
    """Receive one remote file and put it away; a landing that is recorded already is only put away.

    One that was put away and lies there again is another file, whatever its size and time say: some servers tell no
    times, and some partners copy them.
    """
    pick_up = partner.profile.pick_up
    with plant.open_unit() as unit:
        arrival = unit.files.find_arrival(partner.id, remote)
    if arrival is not None and arrival.put_away and pick_up.after == "keep":
        return
    if arrival is None or arrival.put_away:
        largest = _largest(plant, partner)
        if remote.size_bytes > largest:
            text = f"is over the limit of {largest} and was not fetched. Raise pick_up.max_bytes in the profile, or "
            _tell(plant, partner, remote, "file_too_large", text + "ask the partner to split it.")
            return
        with plant.archive.incoming("inbound", partner.id, plant.clock.now().date()) as incoming:
            session.fetch(remote, incoming.stream)
            arrival = _register(plant, partner.id, remote, incoming.keep())
        (report.duplicates if arrival.is_duplicate else report.received).append(arrival.file_id)
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
        if unit.files.add_arrival(arrival) or is_new:
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


def _tell(plant: Plant, partner: Partner, remote: RemoteFile, kind: str, text: str) -> None:
    """Open an incident for a file that stays where it is, once."""
    with plant.open_unit() as unit:
        key = content_id("N", kind, partner.id, remote.path, remote.size_bytes, remote.modified_at)
        message = f"A file of {remote.size_bytes} bytes in {partner.profile.pick_up.folder} {text}"
        open_incident(plant, unit, kind, partner.id, message, key=key)
        unit.commit()
