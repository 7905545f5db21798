"""The wire, as the stations see it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from gateway.domain.exchange import DeliveryReceipt, RemoteFile


class Session(Protocol):
    """One open connection to a partner's server. Every method raises errors of the `TransportError` tree."""

    def list_files(self, folder: str) -> list[RemoteFile]:
        """Return the plain files of `folder`, lowest modification time first; folders and links are left out."""
        ...

    def fetch(self, remote: RemoteFile, into: BinaryIO) -> int:
        """Copy the whole remote file into `into` and return its size in bytes.

        Raises TransferIncomplete when the bytes that came are not the size listed, before and after the copy.
        """
        ...

    def put_away(self, remote: RemoteFile, folder: str) -> str:
        """Move the remote file into `folder` (made when missing) under a name that is free; return its new path."""
        ...

    def delete(self, remote: RemoteFile) -> None:
        """Remove the remote file; a file that is already gone is no error."""
        ...

    def deliver(self, content: BinaryIO, size_bytes: int, folder: str, name: str) -> DeliveryReceipt:
        """Put `content` under a temporary name, compare its size, rename it to `name`; never append or overwrite.

        Returns what the server showed after the rename. When a file called `name` with the same size and bytes is
        already there the receipt is returned as if it had just been put; with other bytes RemoteRefused is raised.
        """
        ...

    def size_of(self, path: str) -> int | None:
        """Return the size of the remote file in bytes, or None when there is no such file."""
        ...


OpenSession = Callable[[str], AbstractContextManager[Session]]
"""Opens a session with the partner of this id; the connection is closed when the context ends."""
