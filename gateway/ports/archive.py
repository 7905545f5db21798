"""Kept bytes: what came in and what went out, named by hash, never overwritten (DESIGN, station 2 and 8)."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, Literal, Protocol

Side = Literal["inbound", "outbound"]


@dataclass(frozen=True, slots=True)
class Kept:
    """Where bytes are kept: path relative to the archive's root, SHA-256 in hex, size in bytes."""

    path: str
    sha256: str
    size_bytes: int


class Incoming(Protocol):
    """A temporary file that becomes kept bytes, or nothing."""

    @property
    def stream(self) -> BinaryIO:
        """Where to write the bytes."""
        ...

    def keep(self) -> Kept:
        """Flush to the disk (fsync), hash, and move under the final name; the same bytes twice are kept once."""
        ...


class Archive(Protocol):
    """A folder, or later an object store for several nodes."""

    def incoming(self, side: Side, partner_id: str, on: date) -> AbstractContextManager[Incoming]:
        """Open a temporary file; what was not kept when the context ends is thrown away."""
        ...

    def keep_bytes(self, side: Side, partner_id: str, on: date, content: bytes) -> Kept:
        """Keep `content` in one call."""
        ...

    def open(self, path: str) -> BinaryIO:
        """Open kept bytes for reading, seekable; raises ArchiveError when they are gone."""
        ...

    def verify(self, kept: Kept) -> None:
        """Read kept bytes again and raise KeptBytesDiffer when their hash is another."""
        ...

    def list_leftovers(self) -> Iterator[str]:
        """Yield the temporary files of interrupted work; one that somebody still writes is none of them."""
        ...

    def remove_leftover(self, path: str) -> None:
        """Remove one temporary file that `list_leftovers` named; one that is gone is no error."""
        ...
