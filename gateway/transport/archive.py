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
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO, get_args

from gateway.errors import ConfigurationError, InvariantBroken, KeptBytesDiffer
from gateway.ports.archive import Kept, Side
from gateway.transport.chunks import chunks_of, digest_of
from gateway.transport.door import on_our_disk
from gateway.transport.vault import Vault, is_sealed

INCOMING = ".incoming"  # no partner's id begins with a dot
_PARTNER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_READ_ONLY = 0o440
_FOLDER_MODE = 0o750


class FolderArchive:
    """Keeps bytes below `root`, a gateway home; folders are made as they are needed."""

    def __init__(self, root: Path, vault: Vault | None = None) -> None:
        """Take the folder that holds `inbound/` and `outbound/`, and what seals what is kept there from now on.

        What lies there in clear from before stays readable.
        """
        self._root = root
        self._vault = vault

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
                yield IncomingFile(
                    stream, temporary, Shelf(self._root, Path(side, partner_id, on.isoformat()), self._vault)
                )
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
        local = self._local(path)
        with on_our_disk(f"Opening the kept bytes {path}"):
            if not is_sealed(local):
                return local.open("rb")
            if self._vault is None:
                raise ConfigurationError(f"{path} is encrypted", hint="name the archive's keys in archive.key_file")
            return self._vault.open(local)

    def reseal(self) -> tuple[int, int]:
        """Seal what lies in clear, and wrap the keys of the rest by the present one; return how many were, and stay.

        Interrupted, it is simply run again. Raises ConfigurationError where the archive has no keys.
        """
        vault = self._vault
        if vault is None:
            raise ConfigurationError("the archive has no keys", hint="`gateway archive key` makes one")
        changed = stays = 0
        for side in get_args(Side):
            for path in sorted((self._root / side).glob("*/*/*")):
                if path.parent.parent.name == INCOMING or not _SHA256.fullmatch(path.name):
                    continue
                if self._resealed(path, vault):
                    changed += 1
                else:
                    stays += 1
        return changed, stays

    def _resealed(self, path: Path, vault: Vault) -> bool:
        """Replace one kept file by itself under the present key; False where that is so already."""
        waiting = self._root / path.relative_to(self._root).parts[0] / INCOMING
        with on_our_disk("Sealing kept bytes"):
            _make_folder(waiting)
            temporary, stream = _open_temporary(waiting, "reseal")
            try:
                with stream:
                    if is_sealed(path):
                        if not vault.rewrap(path, stream):
                            return False
                    else:
                        with path.open("rb") as clear:
                            vault.seal(clear, stream)
                    _sync(stream)
                    temporary.chmod(_READ_ONLY)
                    temporary.rename(path)
                _sync_folder(path.parent)
            finally:
                temporary.unlink(missing_ok=True)
        return True

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

    def __init__(self, stream: BinaryIO, temporary: Path, shelf: "Shelf") -> None:
        self._stream = stream
        self._temporary = temporary
        self._shelf = shelf

    @property
    def stream(self) -> BinaryIO:
        """Where to write the bytes; also readable and seekable until they are kept."""
        return self._stream

    def keep(self) -> Kept:
        """Flush to the disk, hash what is there, and move it under its final name; the same bytes are kept once."""
        _sync(self._stream)
        sha256, size = digest_of(chunks_of(self._stream))
        kept = Kept((self._shelf.folder / sha256).as_posix(), sha256, size)
        self._shelf.put(kept, self._temporary, self._stream)
        self._stream.close()  # last: it gives up the lock that keeps the temporary file from being swept away
        return kept


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where a file is kept: the archive's root, the folder below it, and what seals it."""

    root: Path
    folder: Path
    vault: Vault | None

    def put(self, kept: Kept, temporary: Path, stream: BinaryIO) -> None:
        """Move the temporary file under its final name, sealed where there is a vault; the same bytes are kept once."""
        final = self.root / kept.path
        if final.exists():
            if self._size_of(final) != kept.size_bytes:
                raise KeptBytesDiffer(f"{kept.path} has not the bytes it was kept with. Restore it from backup.")
            return
        if self.vault is not None:
            beside = temporary.with_name(f"{temporary.name}-sealed")
            with beside.open("x+b") as sealed:
                fcntl.flock(sealed, fcntl.LOCK_EX)
                try:
                    self.vault.seal(stream, sealed)
                    _sync(sealed)
                    _place(beside, final)
                except BaseException:
                    beside.unlink(missing_ok=True)
                    raise
            return
        _place(temporary, final)

    def _size_of(self, final: Path) -> int:
        """Return how many bytes are kept under a final name."""
        return self.vault.size_of(final) if self.vault and is_sealed(final) else final.stat().st_size


def _place(temporary: Path, final: Path) -> None:
    """Give a whole file its final name."""
    temporary.chmod(_READ_ONLY)
    _make_folder(final.parent)
    temporary.rename(final)
    _sync_folder(final.parent)


def _sync(stream: BinaryIO) -> None:
    """Bring what was written onto the disk."""
    stream.flush()
    os.fsync(stream.fileno())


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
