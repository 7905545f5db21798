"""Streams read in pieces, so that memory does not grow with files."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

CHUNK_BYTES = 32_000  # with its header one SSH packet (32 KiB); larger ones are cut in two, and choke some servers


def chunks_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield all of `stream` (seekable) from its start."""
    stream.seek(0)
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def digest_of(chunks: Iterable[bytes]) -> tuple[str, int]:
    """Return SHA-256 in hex and size in bytes."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size
