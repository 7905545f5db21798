"""Inbound files, their landings, and the last look at each partner's folder."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update

from gateway.domain.exchange import Arrival, FileContent, FileState, ReceivedFile, RemoteFile, Sighting
from gateway.errors import NotFound
from gateway.store.tables_exchange import arrivals, files, looks, transaction_sets
from gateway.store.transaction import Record, Transaction, values_of


class SqlFiles:
    """The `Files` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def last_look(self, partner_id: str) -> dict[str, Sighting]:
        """Return what the last look saw in the partner's folder, by path."""
        seen = self._db.rows(select(looks).where(looks.c.partner_id == partner_id))
        return {
            row.path: Sighting(
                RemoteFile(row.path, row.size_bytes, row.modified_at), row.since, is_unfinished=row.is_unfinished
            )
            for row in seen
        }

    def record_look(self, partner_id: str, seen: Sequence[Sighting]) -> None:
        """Replace the last look by this one."""
        self._db.change(delete(looks).where(looks.c.partner_id == partner_id))
        rows = (
            {
                "partner_id": partner_id,
                **values_of(each.remote),
                "since": each.since,
                "is_unfinished": each.is_unfinished,
            }
            for each in seen
        )
        self._db.add(looks, rows)

    def mark_unfinished(self, partner_id: str, remote: RemoteFile) -> None:
        """Note of a file of the last look that its bytes break off."""
        is_it = (looks.c.partner_id == partner_id) & (looks.c.path == remote.path)
        self._db.change(update(looks).where(is_it).values(is_unfinished=True))

    def claim(self, file: ReceivedFile) -> bool:
        """Add the file; False when these bytes of this partner are already here."""
        return self._db.add_one(files, values_of(file))

    def add_arrival(self, arrival: Arrival) -> bool:
        """Add one landing; False when this landing is already recorded."""
        row = {
            **values_of(arrival.remote),
            "partner_id": arrival.partner_id,
            "file_id": arrival.file_id,
            "arrived_at": arrival.arrived_at,
            "is_duplicate": arrival.is_duplicate,
            "put_away": arrival.put_away,
        }
        return self._db.add_one(arrivals, row)

    def find_arrival(self, partner_id: str, remote: RemoteFile) -> Arrival | None:
        """Return the recorded landing of exactly this remote file, or None."""
        row = self._db.first(select(arrivals).where(_is_landing(partner_id, remote)))
        return None if row is None else arrival_of(row)

    def mark_put_away(self, arrival: Arrival) -> None:
        """Note that the remote side was archived or deleted."""
        self._db.change(update(arrivals).where(_is_landing(arrival.partner_id, arrival.remote)).values(put_away=True))

    def get(self, file_id: str) -> ReceivedFile:
        """Return one file; raises NotFound."""
        row = self._db.first(select(files).where(files.c.id == file_id))
        if row is None:
            raise NotFound(f"there is no file {file_id}", hint="`gateway log` lists the files")
        return ReceivedFile(**row._asdict())

    def move(self, file_id: str, to: FileState, *, expected: Iterable[FileState], reason: str = "") -> bool:
        """Change the state if it is one of `expected` now; False (and no change) otherwise."""
        return self._db.move(files, file_id, to, expected=expected, reason=reason)

    def count_try(self, file_id: str) -> int:
        """Add one failed try and return how many there were."""
        return self._db.count_try(files, file_id)

    def contents_since(self, partner_id: str, since: datetime) -> list[FileContent]:
        """Return what each of the partner's files that arrived at or after `since` holds of each set type, in order."""
        sets = transaction_sets.c
        held = self._db.rows(
            select(files.c.id, files.c.received_at, sets.type, func.sum(sets.segments).label("segments"))
            .join(transaction_sets, sets.file_id == files.c.id)
            .where(files.c.partner_id == partner_id, files.c.received_at >= since)
            .group_by(files.c.id, files.c.received_at, sets.type)
            .order_by(files.c.received_at, files.c.id, sets.type)
        )
        return [FileContent(row.id, row.received_at, row.type, int(row.segments)) for row in held]

    def unfinished(self, partner_id: str) -> list[tuple[str, datetime]]:
        """Return id and arrival of each of the partner's files that is not at the end of its route, oldest first."""
        on_the_way = (FileState.RECEIVED, FileState.CHECKED, FileState.APPLIED)
        found = self._db.rows(
            select(files.c.id, files.c.received_at)
            .where(files.c.partner_id == partner_id, files.c.state.in_(on_the_way))
            .order_by(files.c.received_at, files.c.id)
        )
        return [(row.id, row.received_at) for row in found]


def _is_landing(partner_id: str, remote: RemoteFile) -> ColumnElement[bool]:
    """Return the condition that a row is the landing of this remote file."""
    return (
        (arrivals.c.partner_id == partner_id)
        & (arrivals.c.path == remote.path)
        & (arrivals.c.size_bytes == remote.size_bytes)
        & (arrivals.c.modified_at == remote.modified_at)
    )


def arrival_of(row: Record) -> Arrival:
    """Return the landing that a row of `arrivals` holds."""
    return Arrival(
        partner_id=row.partner_id,
        remote=RemoteFile(row.path, row.size_bytes, row.modified_at),
        file_id=row.file_id,
        arrived_at=row.arrived_at,
        is_duplicate=row.is_duplicate,
        put_away=row.put_away,
    )
