"""A partner's server over SFTP: `gateway.ports.transport.Session` on paramiko."""

import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import paramiko

from gateway.errors import RemoteFileGone
from gateway.transport.connect import ConnectionTest, connected, probe
from gateway.transport.door import translated
from gateway.transport.endpoint import SftpEndpoint
from gateway.transport.session import Look, RemoteSession
from gateway.transport.wire import Wire

__all__ = ["ConnectionTest", "SftpEndpoint", "open_sftp", "probe"]


@contextmanager
def open_sftp(endpoint: SftpEndpoint) -> Iterator[RemoteSession]:
    """Yield a session with the partner's server; the connection is closed when the context ends.

    Raises HostUnreachable, HostKeyRefused, PartnerRefusedLogin, RemoteRefused or ConfigurationError while opening.
    """
    with connected(endpoint) as wire:
        yield RemoteSession(_SftpDisk(wire, endpoint.address), endpoint.address)


class _SftpDisk:
    """A `RemoteDisk` behind a wire; the door stands around every call."""

    def __init__(self, wire: Wire, place: str) -> None:
        self._wire = wire
        self._place = place

    def entries(self, folder: str) -> Iterator[tuple[str, Look]]:
        with translated(f"Listing {folder} on {self._place}"):
            for name, attributes in self._wire.entries(folder):
                yield name, _look(attributes)

    def look(self, path: str) -> Look | None:
        try:
            with translated(f"Looking at a file on {self._place}"):
                return _look(self._wire.lstat(self._wire.raw(path)))
        except RemoteFileGone:
            return None

    def read(self, path: str, expected_bytes: int | None) -> Iterator[bytes]:
        with translated(f"Fetching a file from {self._place}"):
            yield from self._wire.read(path, expected_bytes)

    def create(self, path: str, chunks: Iterable[bytes]) -> None:
        with translated(f"Putting a file on {self._place}"):
            self._wire.create(path, chunks)

    def rename(self, old: str, new: str) -> None:
        with translated(f"Renaming a file on {self._place}"):
            self._wire.rename(self._wire.raw(old), self._wire.raw(new))

    def remove(self, path: str) -> None:
        with translated(f"Removing a file on {self._place}"):
            self._wire.remove(self._wire.raw(path))

    def make_folder(self, path: str) -> None:
        with translated(f"Making the folder {path} on {self._place}"):
            self._wire.mkdir(self._wire.raw(path))


def _look(attributes: paramiko.SFTPAttributes) -> Look:
    """Read what the server said; where it says no mode, the first letter of `ls -l` tells the kind."""
    if attributes.st_mode is not None:
        is_file = stat.S_ISREG(attributes.st_mode)
    else:
        is_file = getattr(attributes, "longname", "")[:1] not in {"d", "l"}
    return Look(is_file, attributes.st_size, attributes.st_mtime)
