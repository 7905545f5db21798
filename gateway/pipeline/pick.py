"""Which files of a partner's folder are ready, and which wait for something: values in, values out (DOMAIN 11.7)."""

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from gateway.domain.exchange import RemoteFile, Sighting
from gateway.partners.profile import PickUp


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be fetched, with the marker beside it where one was agreed."""

    remote: RemoteFile
    marker: RemoteFile | None = None
    may_wait: bool = True  # its patience is not over: what breaks off may still get its rest


@dataclass(slots=True)
class Folder:
    """What one look came to."""

    seen: list[Sighting] = field(default_factory=list)
    ready: list[Candidate] = field(default_factory=list)
    settling: int = 0  # new, changing, unmarked, or known to break off: to be looked at again
    empty: list[RemoteFile] = field(default_factory=list)  # no bytes for longer than the profile's patience
    unmarked: list[RemoteFile] = field(default_factory=list)  # no marker for as long


def take_stock(
    listing: Sequence[RemoteFile], last_look: Mapping[str, Sighting], pick_up: PickUp, now: datetime
) -> Folder:
    """Return what a listing means after the last look.

    Two equal sightings by the server's own clock make a file ready; the remote time is never compared with ours. How
    long a file lies there unchanged is counted on our clock alone.
    """
    folder = Folder()
    shown = {remote.path: remote for remote in listing}
    for remote in listing:
        if not _is_wanted(remote, pick_up):
            continue
        before = last_look.get(remote.path)
        is_still = before is not None and before.remote == remote
        sighting = before if before is not None and is_still else Sighting(remote, now)
        folder.seen.append(sighting)
        marker = shown.get(_marker_path(remote, pick_up.marker)) if pick_up.marker else None
        is_over = now - sighting.since >= timedelta(seconds=pick_up.patience_seconds)
        is_unmarked = bool(pick_up.marker) and marker is None
        if remote.size_bytes == 0 and is_still and is_over:
            folder.empty.append(remote)
        elif is_unmarked and is_still and is_over:
            folder.unmarked.append(remote)
        elif not is_still or is_unmarked or remote.size_bytes == 0 or (sighting.is_unfinished and not is_over):
            folder.settling += 1
        else:
            folder.ready.append(Candidate(remote, marker, may_wait=not is_over))
    return folder


def _is_wanted(remote: RemoteFile, pick_up: PickUp) -> bool:
    """Tell whether a listed file is one of the partner's data files: not ignored, and no marker."""
    name = PurePosixPath(remote.path).name
    marker = pick_up.marker.replace("{name}", "*").replace("{stem}", "*")
    patterns = (*pick_up.ignore, marker) if marker else pick_up.ignore
    return not any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _marker_path(remote: RemoteFile, marker: str) -> str:
    """Return where the marker of a file would lie."""
    path = PurePosixPath(remote.path)
    return str(path.with_name(marker.replace("{name}", path.name).replace("{stem}", path.stem)))
