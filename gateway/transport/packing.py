"""gzip and zip, taken off with limits: a bomb is refused while it grows, and no name in an archive leads anywhere."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from stat import S_ISLNK
from typing import BinaryIO

from gateway.transport.chunks import chunks_of

_PIECE_BYTES = 1 << 16
_ENCRYPTED = 0x1
_OFFICE = "[Content_Types].xml"  # a workbook is a zip too, and none that we take apart
_LEVEL = 6


class PayloadRefused(Exception):
    """A file cannot be opened, and why; `breaks_off` when its end is missing."""

    def __init__(self, reason: str, *, breaks_off: bool = False) -> None:
        super().__init__(reason)
        self.breaks_off = breaks_off


def is_gzip(head: bytes) -> bool:
    """Tell whether a file that begins so is gzip (RFC 1952)."""
    return head.startswith(b"\x1f\x8b\x08")


def is_zip(head: bytes, stream: BinaryIO) -> bool:
    """Tell whether a file is a zip archive of files, and no workbook."""
    if not head.startswith(b"PK\x03\x04"):
        return False
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            return _OFFICE not in archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return _OFFICE.encode() not in head  # broken off, or broken: `unzip` says which


def gunzip(source: BinaryIO, into: BinaryIO, largest: int) -> None:
    """Unpack `source`; raises PayloadRefused when it is broken, breaks off, or holds more than `largest` bytes."""
    source.seek(0)
    try:
        with gzip.GzipFile(fileobj=source, mode="rb") as unpacked:
            _copy(iter(lambda: unpacked.read(_PIECE_BYTES), b""), into, largest)
    except EOFError:
        raise PayloadRefused("the gzip file breaks off", breaks_off=True) from None
    except (gzip.BadGzipFile, zlib.error):
        raise PayloadRefused("the gzip file is damaged") from None


def unzip(source: BinaryIO, into: BinaryIO, largest: int) -> None:
    """Unpack the one file of a zip archive; raises PayloadRefused as `gunzip`, or when it is not one plain file."""
    source.seek(0)
    try:
        with zipfile.ZipFile(source) as archive:
            entry = _only_file(archive)
            if entry.file_size > largest:
                raise _too_large(largest)
            with archive.open(entry) as unpacked:
                _copy(iter(lambda: unpacked.read(_PIECE_BYTES), b""), into, largest)
    except EOFError:
        raise PayloadRefused("the zip archive breaks off", breaks_off=True) from None
    except zipfile.BadZipFile as error:
        # Its table of contents stands at the end: what has none has not come whole.
        breaks_off = "not a zip file" in str(error)
        raise PayloadRefused(
            f"the zip archive {'breaks off' if breaks_off else 'is damaged'}", breaks_off=breaks_off
        ) from None
    except (NotImplementedError, zlib.error, ValueError):
        raise PayloadRefused("the zip archive is packed in a way that we do not read") from None


def _only_file(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Return the single plain file of an archive, whose name leads nowhere."""
    files = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(files) != 1:
        raise PayloadRefused(f"the zip archive holds {len(files)} files; send each file alone")
    (entry,) = files
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or S_ISLNK(entry.external_attr >> 16):
        raise PayloadRefused("the zip archive names a place outside of itself")
    if entry.flag_bits & _ENCRYPTED:
        raise PayloadRefused("the zip archive is locked by a password; use PGP")
    return entry


def pack_gzip(_name: str, source: BinaryIO, into: BinaryIO) -> None:
    """Pack all of `source`; the same bytes give the same file."""
    with gzip.GzipFile(filename="", fileobj=into, mode="wb", mtime=0, compresslevel=_LEVEL) as packed:
        for chunk in chunks_of(source):
            packed.write(chunk)


def pack_zip(name: str, source: BinaryIO, into: BinaryIO) -> None:
    """Pack all of `source` as the one file `name`; the same bytes give the same file."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(into, "w") as archive, archive.open(entry, "w", force_zip64=True) as packed:
        for chunk in chunks_of(source):
            packed.write(chunk)


def _copy(pieces: Iterator[bytes], into: BinaryIO, largest: int) -> None:
    """Write the pieces; raises PayloadRefused before more than `largest` bytes are written."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > largest:
            raise _too_large(largest)
        into.write(piece)


def _too_large(largest: int) -> PayloadRefused:
    return PayloadRefused(f"it holds more than the {largest} bytes that pick_up.max_bytes allows when unpacked")
