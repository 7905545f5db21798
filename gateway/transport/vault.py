"""Kept bytes encrypted at rest, readable from any position, with keys that can be changed (DOMAIN 11, rules 3 and 4).

A file has a key of its own, which its header holds wrapped by the archive's keys (Fernet; the first wraps, all
unwrap). Its content is AES-256-GCM in chunks, each bound to its number and to whether it is the last: what is changed,
swapped or cut anywhere is noticed where it is read.
"""

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import ConfigurationError, KeptBytesDiffer

MAGIC = b"EDIKEPT1"
_LENGTH_BYTES = 2  # of the wrapped key
_KEY_BITS = 256
_CHUNK_BYTES = 1 << 16
_TAG_BYTES = 16
_SEALED_BYTES = _CHUNK_BYTES + _TAG_BYTES
_COPY_BYTES = 1 << 20
_BROKEN = "The kept bytes are not what was written. Restore the file from backup before going on."
_NO_KEY = "None of the archive's keys opens this file. Put the key it was kept with back into `archive.key_file`."


class Vault:
    """Seals and opens files with the archive's keys, the first of which is the present one."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take Fernet keys as text; raises ConfigurationError when one is none, or there is none."""
        try:
            self._keys = MultiFernet([Fernet(key) for key in keys])
            self._present = Fernet(keys[0])
        except (ValueError, IndexError):
            raise ConfigurationError(
                "the archive's key file holds no keys, or something that is none",
                hint="one key a line, the newest first; `gateway archive key` makes one",
            ) from None

    def seal(self, source: BinaryIO, into: BinaryIO) -> None:
        """Write all of `source` (from its start) sealed to `into`."""
        key = AESGCM.generate_key(_KEY_BITS)
        wrapped = self._present.encrypt(key)
        into.write(MAGIC + len(wrapped).to_bytes(_LENGTH_BYTES, "big") + wrapped)
        cipher, number = AESGCM(key), 0
        source.seek(0)
        chunk = source.read(_CHUNK_BYTES)
        while True:
            following = source.read(_CHUNK_BYTES) if len(chunk) == _CHUNK_BYTES else b""
            into.write(cipher.encrypt(_nonce(number, is_last=not following), chunk, None))
            if not following:
                return
            chunk, number = following, number + 1

    def open(self, path: Path) -> BinaryIO:
        """Open a sealed file for reading, seekable. Raises KeptBytesDiffer where it cannot be what was written."""
        stream = path.open("rb")
        try:
            key, start = self._header(stream)
            return io.BufferedReader(_Opened(stream, AESGCM(key), start), _CHUNK_BYTES)
        except BaseException:
            stream.close()
            raise

    def size_of(self, path: Path) -> int:
        """Return how many bytes a sealed file holds."""
        with path.open("rb") as stream:
            _, start = self._header(stream)
        return _clear_size(path.stat().st_size - start)

    def rewrap(self, path: Path, into: BinaryIO) -> bool:
        """Write a sealed file to `into` with its key wrapped by the present one; False, and nothing, where it is."""
        with path.open("rb") as stream:
            key, start = self._header(stream)
            wrapped = _wrapped(stream)
            try:
                self._present.decrypt(wrapped)
            except InvalidToken:
                anew = self._present.encrypt(key)
                into.write(MAGIC + len(anew).to_bytes(_LENGTH_BYTES, "big") + anew)
                stream.seek(start)
                while chunk := stream.read(_COPY_BYTES):
                    into.write(chunk)
                return True
        return False

    def _header(self, stream: BinaryIO) -> tuple[bytes, int]:
        """Return the file's key and where its content begins."""
        wrapped = _wrapped(stream)
        try:
            return self._keys.decrypt(wrapped), stream.tell()
        except InvalidToken:
            raise KeptBytesDiffer(_NO_KEY) from None


def is_sealed(path: Path) -> bool:
    """Tell whether a kept file is sealed, by its first bytes."""
    with path.open("rb") as stream:
        return stream.read(len(MAGIC)) == MAGIC


class _Opened(io.RawIOBase):
    """The clear bytes of a sealed file, decrypted chunk by chunk as they are asked for."""

    def __init__(self, stream: BinaryIO, cipher: AESGCM, start: int) -> None:
        self._stream = stream
        self._cipher = cipher
        self._start = start
        sealed = os.fstat(stream.fileno()).st_size - start
        self._size = _clear_size(sealed)
        self._last = max(0, -(-sealed // _SEALED_BYTES) - 1)
        self._at = 0
        self._number = -1
        self._chunk = b""
        self._read_chunk(self._last)  # a file that was cut is noticed before anything of it is believed

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position in the clear bytes."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return the position in the clear bytes."""
        return self._at

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]  # any writable buffer
        """Fill `buffer` as far as the present chunk goes; 0 at the end."""
        if self._at >= self._size:
            return 0
        number, inside = divmod(self._at, _CHUNK_BYTES)
        self._read_chunk(number)
        piece = self._chunk[inside : inside + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        """Close the file beneath."""
        self._stream.close()
        super().close()

    def _read_chunk(self, number: int) -> None:
        if number == self._number:
            return
        self._stream.seek(self._start + number * _SEALED_BYTES)
        sealed = self._stream.read(_SEALED_BYTES)
        try:
            self._chunk = self._cipher.decrypt(_nonce(number, is_last=number == self._last), sealed, None)
        except (InvalidTag, ValueError):
            raise KeptBytesDiffer(_BROKEN) from None
        self._number = number


def _wrapped(stream: BinaryIO) -> bytes:
    """Return the wrapped key of a sealed file, whose content begins where the stream then stands."""
    stream.seek(0)
    head = stream.read(len(MAGIC) + _LENGTH_BYTES)
    wrapped = stream.read(int.from_bytes(head[len(MAGIC) :], "big"))
    if not head.startswith(MAGIC):
        raise KeptBytesDiffer(_BROKEN)
    return wrapped


def _nonce(number: int, *, is_last: bool) -> bytes:
    """Return a chunk's nonce: its number and whether it is the last. The key is the file's own, so none comes twice."""
    return number.to_bytes(11, "big") + bytes([is_last])


def _clear_size(sealed: int) -> int:
    """Return how many clear bytes so many sealed ones hold."""
    chunks = max(1, -(-sealed // _SEALED_BYTES))
    return max(0, sealed - chunks * _TAG_BYTES)
