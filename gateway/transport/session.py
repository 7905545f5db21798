"""Pick-up and delivery, written once for every kind of remote disk (LESSONS 3 and 6, DOMAIN 11 rule 7).

A session asks a `RemoteDisk` seven small questions and holds the rules: sizes compared before and after, nothing
appended, nothing overwritten, nothing moved or deleted that is no longer what was fetched.
"""

import posixpath
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import BinaryIO, Protocol

from gateway.domain.exchange import DeliveryReceipt, RemoteFile
from gateway.errors import (
    ArchiveError,
    ConfigurationError,
    KeptBytesDiffer,
    RemoteFileGone,
    RemoteRefused,
    TransferIncomplete,
    TransportError,
)
from gateway.transport.chunks import chunks_of, digest_of
from gateway.transport.door import on_our_disk


@dataclass(frozen=True, slots=True)
class Look:
    """What a server says of one name; `size_bytes` and `modified_at` (epoch seconds) are None where it is silent."""

    is_file: bool
    size_bytes: int | None
    modified_at: int | None


class RemoteDisk(Protocol):
    """How a disk far away is asked. Every method raises errors of the TransportError tree."""

    def entries(self, folder: str) -> Iterator[tuple[str, Look]]:
        """Yield the names in `folder`; RemoteFileGone when there is no such folder."""
        ...

    def look(self, path: str) -> Look | None:
        """Return what is at `path` (a link is not followed), or None."""
        ...

    def read(self, path: str, expected_bytes: int | None) -> Iterator[bytes]:
        """Yield the file's bytes to its real end; the expectation only sets how many requests are under way."""
        ...

    def create(self, path: str, chunks: Iterable[bytes]) -> None:
        """Write a new file and close it; RemoteRefused when the name is taken or any write or the close fails."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Rename a file; RemoteRefused when `new` is taken."""
        ...

    def remove(self, path: str) -> None:
        """Remove a file; RemoteFileGone when there is none."""
        ...

    def make_folder(self, path: str) -> None:
        """Make one folder."""
        ...


class RemoteSession:
    """`gateway.ports.transport.Session` on any `RemoteDisk`; `place` names the server in messages."""

    def __init__(self, disk: RemoteDisk, place: str) -> None:
        self._disk = disk
        self._place = place

    def list_files(self, folder: str) -> list[RemoteFile]:
        """Return the plain files of `folder`, lowest modification time first; folders and links are left out."""
        found = []
        try:
            for name, look in self._disk.entries(folder):
                path = posixpath.join(folder, name)
                size = look.size_bytes if look.size_bytes is not None or not look.is_file else self.size_of(path)
                if look.is_file and size is not None:
                    found.append(RemoteFile(path, size, look.modified_at or 0))
        except RemoteFileGone as error:
            raise self._no_folder(folder) from error
        return sorted(found, key=lambda file: (file.modified_at, file.path))

    def fetch(self, remote: RemoteFile, into: BinaryIO) -> int:
        """Copy the whole remote file into `into` and return its size in bytes.

        The bytes up to the file's real end must be as many as were listed, and the server must still show the listed
        size and modification time afterwards. Else TransferIncomplete; RemoteFileGone when it is not there.
        """
        size = 0
        for chunk in self._disk.read(remote.path, remote.size_bytes):
            size += len(chunk)
            if size > remote.size_bytes:
                break
            with on_our_disk("Keeping what the partner sent"):
                into.write(chunk)
        if size != remote.size_bytes:
            raise TransferIncomplete(
                f"{self._place} listed {remote.size_bytes} bytes and sent "
                f"{'more' if size > remote.size_bytes else size}. The copy is thrown away and fetched again."
            )
        self._must_be_unchanged(remote)
        return size

    def put_away(self, remote: RemoteFile, folder: str) -> str:
        """Move the remote file into `folder` (made when missing) under a free name; return its new path.

        RemoteFileGone when another file has come under the same name since: it is left for the next poll.
        """
        if not _is_the_same(remote, self._disk.look(remote.path)):
            raise RemoteFileGone(
                f"The file to put away on {self._place} is gone or another one has taken its name; "
                "what is there now is picked up as a new file."
            )
        self._make_folder_when_missing(folder)
        targets = (posixpath.join(folder, name) for name in _free_names(remote))
        return next(
            target
            for target in targets
            if self._disk.look(target) is None and self._rename_unless_taken(remote.path, target)
        )

    def delete(self, remote: RemoteFile) -> None:
        """Remove the remote file; one that is gone is no error, and another under its name is left alone."""
        if _is_the_same(remote, self._disk.look(remote.path)):
            with suppress(RemoteFileGone):
                self._disk.remove(remote.path)

    def remove(self, path: str) -> None:
        """Remove a file of our own; one that is gone is no error."""
        self._remove_if_there(path)

    def deliver(self, content: BinaryIO, size_bytes: int, folder: str, name: str) -> DeliveryReceipt:
        """Put `content` (seekable, read from its start) under a temporary name, prove its size, rename it to `name`.

        Never appends or overwrites; a delivery that is repeated returns its receipt again. Raises RemoteRefused when
        the name is taken by other bytes, TransferIncomplete when the server shows another size, KeptBytesDiffer
        when `content` has not `size_bytes`. After any refusal no temporary file stays and no half file shows.
        """
        _must_be_a_plain_name(name)
        digest = _digest(content, size_bytes)
        final = posixpath.join(folder, name)
        if self._disk.look(final) is not None:
            return self._already_there(final, size_bytes, digest)
        temporary = posixpath.join(folder, f".{name}.part-{digest[:8]}")
        self._remove_if_there(temporary)
        try:
            self._create(temporary, content)
            self._must_have_size(temporary, size_bytes)
            renamed = self._rename_unless_taken(temporary, final)
        except (RemoteRefused, TransferIncomplete, ArchiveError):
            with suppress(TransportError):
                self._disk.remove(temporary)
            raise
        if not renamed:
            self._remove_if_there(temporary)
            return self._already_there(final, size_bytes, digest)
        self._must_have_size(final, size_bytes, or_taken=True)
        return DeliveryReceipt(final, size_bytes)

    def size_of(self, path: str) -> int | None:
        """Return the file's size in bytes, counted by reading where the server tells none; None when not there."""
        look = self._disk.look(path)
        if look is None or not look.is_file:
            return None
        if look.size_bytes is not None:
            return look.size_bytes
        return sum(len(chunk) for chunk in self._disk.read(path, None))

    def _create(self, path: str, content: BinaryIO) -> None:
        try:
            self._disk.create(path, _chunks(content))
        except RemoteFileGone as error:
            raise self._no_folder(posixpath.dirname(path)) from error

    def _no_folder(self, folder: str) -> RemoteRefused:
        return RemoteRefused(
            f"{self._place} has no folder {folder}. Ask the partner to make it, or correct the profile."
        )

    def _must_be_unchanged(self, remote: RemoteFile) -> None:
        look = self._disk.look(remote.path)
        if look is None:
            raise RemoteFileGone(f"A file on {self._place} was taken away while it was fetched.")
        if not _is_the_same(remote, look):
            raise TransferIncomplete(
                f"A file on {self._place} changed while it was fetched: listed {remote.size_bytes} bytes, now "
                f"{look.size_bytes}; it is still being written or was replaced. It is fetched again later."
            )

    def _make_folder_when_missing(self, folder: str) -> None:
        if self._disk.look(folder) is not None:
            return
        parent = posixpath.dirname(folder.rstrip("/"))
        if parent not in {"", "/"}:
            self._make_folder_when_missing(parent)
        try:
            self._disk.make_folder(folder)
        except RemoteRefused:
            if self._disk.look(folder) is None:  # else another node was quicker
                raise

    def _rename_unless_taken(self, old: str, new: str) -> bool:
        """Rename, or return False when `new` is taken by now; any other refusal is raised."""
        try:
            self._disk.rename(old, new)
        except (RemoteRefused, RemoteFileGone):
            if self._disk.look(new) is None:
                raise
            return False
        return True

    def _remove_if_there(self, path: str) -> None:
        with suppress(RemoteFileGone):
            self._disk.remove(path)

    def _must_have_size(self, path: str, size_bytes: int, *, or_taken: bool = False) -> None:
        shown = self.size_of(path)
        if shown == size_bytes or (shown is None and or_taken):
            return
        raise TransferIncomplete(
            f"{self._place} shows {shown} bytes of {size_bytes} that were sent. The delivery is repeated."
        )

    def _already_there(self, path: str, size_bytes: int, digest: str) -> DeliveryReceipt:
        if self.size_of(path) == size_bytes:
            there, _ = digest_of(self._disk.read(path, size_bytes))
            if there == digest:
                return DeliveryReceipt(path, size_bytes)
        raise RemoteRefused(
            f"{path} on {self._place} is taken by other bytes, and nothing is ever overwritten. "
            "Ask the partner to take the old file away, or give the document another name."
        )


def _is_the_same(remote: RemoteFile, look: Look | None) -> bool:
    """Say whether `look` still shows the listed file; a server that tells no size or time is believed."""
    return (
        look is not None
        and look.size_bytes in {None, remote.size_bytes}
        and (remote.modified_at == 0 or look.modified_at in {None, remote.modified_at})
    )


def _free_names(remote: RemoteFile) -> Iterator[str]:
    """Yield the base name, then the same with the file's own time, then with a number."""
    name = posixpath.basename(remote.path)
    yield name
    stem, suffix = posixpath.splitext(name)
    stamp = f"{datetime.fromtimestamp(remote.modified_at, UTC):%Y%m%dT%H%M%SZ}"
    yield f"{stem}-{stamp}{suffix}"
    for number in count(2):
        yield f"{stem}-{stamp}-{number}{suffix}"


def _must_be_a_plain_name(name: str) -> None:
    if not name or name in {".", ".."} or "/" in name or "\0" in name:
        raise ConfigurationError(f"{name!r} is no file name. Correct the file name template in the partner's profile.")


def _digest(content: BinaryIO, size_bytes: int) -> str:
    """Return the SHA-256 in hex of all of `content`, which must have `size_bytes`."""
    digest, length = digest_of(_chunks(content))
    if length != size_bytes:
        raise KeptBytesDiffer(f"{length} bytes are kept of a document of {size_bytes}. Restore it before sending.")
    return digest


def _chunks(content: BinaryIO) -> Iterator[bytes]:
    """Yield what is to be delivered; a failure to read it is ours, never the partner's."""
    with on_our_disk("Reading what is to be delivered"):
        yield from chunks_of(content)
