"""Kept bytes in folders: `gateway.ports.archive.Archive` on a disk (DESIGN, stations 2 and 8).

`<side>/<partner>/<YYYY-MM-DD>/<sha256>`, read-only. A file shows under its final name only when it is whole and on
the disk; before that it lies in `<side>/.incoming/`, on the same file system, so that the last step is a rename.
"""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import BinaryIO, get_args

from gateway.errors import ConfigurationError, InvariantBroken, KeptBytesDiffer
from gateway.ports.archive import Kept, Side
from gateway.transport.chunks import chunks_of, digest_of
from gateway.transport.door import on_our_disk

INCOMING = ".incoming"  # no partner's id begins with a dot
_PARTNER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_READ_ONLY = 0o440
_FOLDER_MODE = 0o750


class FolderArchive:
    """Keeps bytes below `root`, a gateway home; folders are made as they are needed."""

    def __init__(self, root: Path) -> None:
        """Take the folder that holds `inbound/` and `outbound/`."""
        self._root = root

    @contextmanager
    def incoming(self, side: Side, partner_id: str, on: date) -> Iterator["IncomingFile"]:
        """Yield a temporary file; what was not kept when the context ends is thrown away.

        A failure of the disk anywhere inside the context is an ArchiveError. Raises ConfigurationError when the
        partner's id could not be the name of a folder.
        """
        if not _PARTNER_ID.fullmatch(partner_id):
            raise ConfigurationError(
                f"{partner_id!r} cannot be a partner's id. Use up to 64 letters, digits, dots, hyphens and "
                "underscores, beginning with a letter or digit."
            )
        waiting = self._root / side / INCOMING
        with on_our_disk("Opening a file to keep"):
            _make_folder(waiting)
            temporary, stream = _open_temporary(waiting, partner_id)
        try:
            with on_our_disk("Keeping bytes"), stream:
                yield IncomingFile(stream, temporary, self._root, Path(side, partner_id, on.isoformat()))
        finally:
            with on_our_disk("Throwing a temporary file away"):
                temporary.unlink(missing_ok=True)

    def keep_bytes(self, side: Side, partner_id: str, on: date, content: bytes) -> Kept:
        """Keep `content` in one call."""
        with self.incoming(side, partner_id, on) as incoming:
            incoming.stream.write(content)
            return incoming.keep()

    def open(self, path: str) -> BinaryIO:
        """Open kept bytes for reading, seekable; raises ArchiveError when they are gone."""
        with on_our_disk(f"Opening the kept bytes {path}"):
            return self._local(path).open("rb")

    def verify(self, kept: Kept) -> None:
        """Read kept bytes again and raise KeptBytesDiffer when their hash or size is another."""
        with self.open(kept.path) as stream, on_our_disk(f"Reading the kept bytes {kept.path}"):
            digest, size = digest_of(chunks_of(stream))
        if (digest, size) != (kept.sha256, kept.size_bytes):
            raise KeptBytesDiffer(
                f"{kept.path} has {size} bytes with SHA-256 {digest}; kept were {kept.size_bytes} with {kept.sha256}. "
                "Restore the file from backup before going on."
            )

    def list_leftovers(self) -> Iterator[str]:
        """Yield the temporary files of interrupted work, relative to the root.

        Whoever writes a file holds a lock on it, which the system takes from a process that ends in any way.
        """
        for side in get_args(Side):
            waiting = self._root / side / INCOMING
            with on_our_disk("Looking for leftovers"):
                left = sorted(path.name for path in waiting.iterdir() if _is_left(path)) if waiting.is_dir() else []
            yield from (f"{side}/{INCOMING}/{name}" for name in left)

    def remove_leftover(self, path: str) -> None:
        """Remove one temporary file that `list_leftovers` named; one that is gone is no error."""
        if Path(path).parent.name != INCOMING:
            raise InvariantBroken(f"{path} is no temporary file: kept bytes are never removed.")
        with on_our_disk(f"Removing the leftover {path}"):
            self._local(path).unlink(missing_ok=True)

    def _local(self, path: str) -> Path:
        parts = Path(path).parts
        if not parts or parts[0] not in get_args(Side) or ".." in parts:
            raise InvariantBroken(f"{path} is no place in the archive.")
        return self._root / path


class IncomingFile:
    """A temporary file that becomes kept bytes, or nothing."""

    def __init__(self, stream: BinaryIO, temporary: Path, root: Path, folder: Path) -> None:
        self._stream = stream
        self._temporary = temporary
        self._root = root
        self._folder = folder

    @property
    def stream(self) -> BinaryIO:
        """Where to write the bytes; also readable and seekable until they are kept."""
        return self._stream

    def keep(self) -> Kept:
        """Flush to the disk, hash what is there, and move it under its final name; the same bytes are kept once."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        sha256, size = digest_of(chunks_of(self._stream))
        kept = Kept((self._folder / sha256).as_posix(), sha256, size)
        self._move(self._root / kept.path, kept)
        self._stream.close()  # last: it gives up the lock that keeps the temporary file from being swept away
        return kept

    def _move(self, final: Path, kept: Kept) -> None:
        if final.exists():
            if final.stat().st_size != kept.size_bytes:
                raise KeptBytesDiffer(f"{kept.path} has not the bytes it was kept with. Restore it from backup.")
            return
        self._temporary.chmod(_READ_ONLY)
        _make_folder(final.parent)
        self._temporary.rename(final)
        _sync_folder(final.parent)


def _open_temporary(waiting: Path, partner_id: str) -> tuple[Path, BinaryIO]:
    """Open a new temporary file and hold its lock; one that was swept away before it was locked is made anew."""
    while True:
        temporary = waiting / f"{partner_id}-{secrets.token_hex(8)}"
        stream = temporary.open("x+b")
        fcntl.flock(stream, fcntl.LOCK_EX)
        if os.fstat(stream.fileno()).st_nlink:
            return temporary, stream
        stream.close()


def _is_left(path: Path) -> bool:
    """Tell whether nobody holds the lock of a temporary file."""
    try:
        with path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, FileNotFoundError):
        return False
    return True


def _make_folder(folder: Path) -> None:
    """Make `folder` and its parents, and put the new names on the disk."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    for path in missing:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
