"""A partner who shares a disk with us: the same session on a local folder."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from gateway.errors import HostUnreachable, RemoteFileGone, RemoteRefused
from gateway.transport.chunks import CHUNK_BYTES
from gateway.transport.door import translated
from gateway.transport.odd_names import OddNames
from gateway.transport.session import Look, RemoteSession


@contextmanager
def open_folder(root: Path) -> Iterator[RemoteSession]:
    """Yield a session whose `/` is the existing folder `root`; HostUnreachable when it is not there (not mounted)."""
    if not root.is_dir():
        raise HostUnreachable(f"The shared folder {root} is not there. Check that the disk is mounted.")
    yield RemoteSession(_FolderDisk(root.resolve()), str(root))


class _FolderDisk:
    """A `RemoteDisk` on the local file system; no path leads out of its root."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names = OddNames()

    def entries(self, folder: str) -> Iterator[tuple[str, Look]]:
        with _translated(f"Listing {folder}"), os.scandir(self._local(folder)) as entries:
            for entry in entries:
                yield self._names.readable(folder, os.fsencode(entry.name)), _look(entry.stat(follow_symlinks=False))

    def look(self, path: str) -> Look | None:
        try:
            with _translated("Looking at a file"):
                return _look(self._local(path).lstat())
        except RemoteFileGone:
            return None

    def read(self, path: str, expected_bytes: int | None) -> Iterator[bytes]:  # noqa: ARG002 - the port's
        with _translated("Fetching a file"), self._local(path).open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def create(self, path: str, chunks: Iterable[bytes]) -> None:
        with _translated("Putting a file"), self._local(path).open("xb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, old: str, new: str) -> None:
        source, target = self._local(old), self._local(new)
        with _translated("Renaming a file"):
            try:
                os.link(source, target, follow_symlinks=False)  # unlike a rename, a link never overwrites
            except OSError as error:  # taken; or a disk without links: then look first, as on SFTP servers
                if os.path.lexists(target):
                    raise FileExistsError from error
                source.rename(target)
            else:
                source.unlink()

    def remove(self, path: str) -> None:
        with _translated("Removing a file"):
            self._local(path).unlink()

    def make_folder(self, path: str) -> None:
        with _translated(f"Making the folder {path}"):
            self._local(path).mkdir()

    def _local(self, path: str) -> Path:
        local = self._root / os.fsdecode(self._names.raw(path)).lstrip("/")
        if not local.parent.resolve().is_relative_to(self._root) or local.name == "..":
            raise RemoteRefused(f"{path} leads out of the shared folder. Correct the profile.")
        return local


def _look(status: os.stat_result) -> Look:
    return Look(stat.S_ISREG(status.st_mode), status.st_size, int(status.st_mtime))


def _translated(doing: str) -> AbstractContextManager[None]:
    """Stand at the door: a local disk has no line that could drop, so what else goes wrong with it is a refusal."""
    return translated(doing, RemoteRefused)
