"""Station 2: fetch what is ready, keep the bytes, claim them; only then move or delete on the remote side."""

from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfileobj

from gateway.domain.exchange import Arrival, RemoteFile
from gateway.domain.identity import content_id
from gateway.errors import (
    ConnectionDropped,
    InvariantBroken,
    LimitExceeded,
    RemoteFileGone,
    RemoteRefused,
    TransferIncomplete,
)
from gateway.logs import get_logger
from gateway.partners.partner import Partner
from gateway.partners.profile import PickUp
from gateway.pipeline.deliver import take_up
from gateway.pipeline.incidents import close_connection_faults, open_incident
from gateway.pipeline.land import incoming, land, largest_of
from gateway.pipeline.pick import Candidate, Folder, take_stock
from gateway.pipeline.plant import Plant
from gateway.ports.transport import Session
from gateway.ports.unit_of_work import UnitOfWork

_MORE_LINES = 3  # how often one look connects anew after a file that dropped the line
_TOO_LARGE, _REFUSED, _EMPTY, _UNMARKED = "file_too_large", "file_refused", "file_empty", "file_unmarked"
_ABOUT_FILES = (_TOO_LARGE, _REFUSED, _EMPTY, _UNMARKED)
"""Incidents about files as they lie in a partner's folder: closed when the file is gone, or is another."""


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


def _look(plant: Plant, session: Session, partner: Partner, report: PollReport) -> list[Candidate]:
    """List the partner's folder, remember what was seen, and return what is ready to be fetched."""
    pick_up = partner.profile.pick_up
    listing = session.list_files(pick_up.folder)
    with plant.open_unit() as unit:
        last_look = unit.files.last_look(partner.id)
        folder = take_stock(listing, last_look, pick_up, plant.clock.now())
        seen = {sighting.remote for sighting in folder.seen}
        _note_gone(unit, partner, [each.remote for each in last_look.values() if each.remote not in seen])
        unit.files.record_look(partner.id, folder.seen)
        _tell_of_files(plant, unit, partner, folder)
        unit.commit()
    report.seen = sum(sighting.remote.size_bytes > 0 for sighting in folder.seen)
    report.settling = folder.settling
    return folder.ready


def _tell_of_files(plant: Plant, unit: UnitOfWork, partner: Partner, folder: Folder) -> None:
    """Tell once of files that never got what they wait for, and close what was told of files that are gone."""
    lying = {_key(partner, kind, sighting.remote) for kind in _ABOUT_FILES for sighting in folder.seen}
    for incident in unit.standing_incidents(_ABOUT_FILES, partner.id):
        if incident.key not in lying:
            unit.close_incident(incident.key, plant.clock.now())
    hours = f"{partner.profile.pick_up.patience_seconds} seconds"
    for remote in folder.empty:
        _tell(plant, unit, partner, remote, (_EMPTY, f"has been empty for {hours}: ask the partner to send it again."))
    for remote in folder.unmarked:
        text = f"has had no marker file for {hours}: ask the partner whether it is whole."
        _tell(plant, unit, partner, remote, (_UNMARKED, text))


def _note_gone(unit: UnitOfWork, partner: Partner, gone: list[RemoteFile]) -> None:
    """Write down as put away what was received and lies there no more: we were killed before we could, or it was taken.

    Else the next file under that name, of the same size and time, would be taken for this one.
    """
    for remote in gone:
        arrival = unit.files.find_arrival(partner.id, remote)
        if arrival is not None and not arrival.put_away:
            unit.files.mark_put_away(arrival)


def _receive_all(
    plant: Plant, session: Session, partner: Partner, ready: list[Candidate], report: PollReport
) -> ConnectionDropped | None:
    """Receive the files in `ready`, taking each off the list before it is touched; return what broke the line."""
    while ready:
        candidate = ready.pop(0)
        try:
            _receive_remote(plant, session, partner, candidate, report)
        except (RemoteFileGone, TransferIncomplete) as error:
            report.settling += 1
            get_logger(partner=partner.id).info("a file changed under our hands", why=type(error).__name__)
        except RemoteRefused as error:
            with plant.open_unit() as unit:
                text = f"could not be fetched or put away: {error}"
                _tell(plant, unit, partner, candidate.remote, (_REFUSED, text))
                unit.commit()
        except ConnectionDropped as error:
            return error
    return None


def _receive_remote(plant: Plant, session: Session, partner: Partner, candidate: Candidate, report: PollReport) -> None:
    """Receive one remote file and put it away; a landing that is recorded already is only put away.

    One that was put away and lies there again is another file, whatever its size and time say: some servers tell no
    times, and some partners copy them.
    """
    pick_up, remote = partner.profile.pick_up, candidate.remote
    with plant.open_unit() as unit:
        arrival = unit.files.find_arrival(partner.id, remote)
    if arrival is not None and arrival.put_away and pick_up.after == "keep":
        return
    if arrival is None or arrival.put_away:
        arrival = _fetch(plant, session, partner, candidate)
        if arrival is None:
            report.settling += 1
            return
        (report.duplicates if arrival.is_duplicate else report.received).append(arrival.file_id)
    _put_away(session, pick_up, remote)
    if candidate.marker is not None:
        _put_away(session, pick_up, candidate.marker)
    with plant.open_unit() as unit:
        unit.files.mark_put_away(arrival)
        unit.commit()


def _fetch(plant: Plant, session: Session, partner: Partner, candidate: Candidate) -> Arrival | None:
    """Fetch one file and land it; None where it stays on the partner's side, too large or without its end."""
    remote, largest = candidate.remote, largest_of(plant, partner)
    if remote.size_bytes > largest:
        text = f"is over the limit of {largest} and was not fetched. Raise pick_up.max_bytes in the profile, or "
        with plant.open_unit() as unit:
            _tell(plant, unit, partner, remote, (_TOO_LARGE, text + "ask the partner to split it."))
            unit.commit()
        return None
    with incoming(plant, partner.id) as fetched:
        session.fetch(remote, fetched.stream)
        arrival = land(plant, partner, remote, fetched, may_wait=candidate.may_wait)
    if arrival is None:
        with plant.open_unit() as unit:
            unit.files.mark_unfinished(partner.id, remote)
            unit.commit()
        get_logger(partner=partner.id).info("a file breaks off and waits for its rest", size_bytes=remote.size_bytes)
    return arrival


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
    """Receive a local file as if the partner had sent it; return its landing. Nobody waits for the rest of it.

    Raises LimitExceeded for a file over `limits.file_bytes`.
    """
    partner = plant.partner(partner_id)
    status = path.stat()
    if status.st_size > plant.settings.limits.file_bytes:
        raise LimitExceeded(
            f"the file has {status.st_size} bytes, over the limit of {plant.settings.limits.file_bytes}",
            hint="raise limits.file_bytes in gateway.toml, or split the file",
        )
    remote = RemoteFile(f"local:{path.name}", status.st_size, int(status.st_mtime))
    with path.open("rb") as source, incoming(plant, partner.id) as handed_over:
        copyfileobj(source, handed_over.stream)
        arrival = land(plant, partner, remote, handed_over)
    if arrival is None:
        raise InvariantBroken("a file that was handed over did not land")
    return arrival


def _key(partner: Partner, kind: str, remote: RemoteFile) -> str:
    """Return the key of an incident about a file as it lies there."""
    return content_id("N", kind, partner.id, remote.path, remote.size_bytes, remote.modified_at)


def _tell(plant: Plant, unit: UnitOfWork, partner: Partner, remote: RemoteFile, what: tuple[str, str]) -> None:
    """Open an incident (kind, words) for a file that stays where it is, once; the caller commits."""
    kind, text = what
    message = f"A file of {remote.size_bytes} bytes in {partner.profile.pick_up.folder} {text}"
    open_incident(plant, unit, kind, partner.id, message, key=_key(partner, kind, remote))
