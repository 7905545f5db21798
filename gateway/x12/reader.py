"""Reading: bytes to segments, in constant memory.

`Window` is the moving view of a file that the checker works on; `read_set` streams the segments of one kept
transaction set to those who want its values. Nothing here judges: a reader takes what is there.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from gateway.domain.exchange import Delimiters

CHUNK_BYTES = 1 << 18
_KEPT_BYTES = 4  # the end of the segment before stays in sight
LINE_ENDS = b"\r\n"
BLANKS = b" \t\r\n"


class Segment:
    """One segment of a set.

    `position` counts from ST = 1, `byte` is its offset in the file, `raw` its bytes without terminator,
    `tag` the segment id (`INS`), with which `elements` begin.
    """

    __slots__ = ("byte", "elements", "position", "raw", "tag")

    def __init__(self, raw: bytes, separator: str, position: int, byte: int) -> None:
        """Split `raw` at the element separator (a one-character string)."""
        self.raw = raw
        self.position = position
        self.byte = byte
        self.elements = text_of(raw).split(separator)
        self.tag = self.elements[0]

    def element(self, number: int) -> str:
        """Return element `number` (1-based), empty when it is absent."""
        return self.elements[number] if number < len(self.elements) else ""

    def components(self, number: int, delimiters: Delimiters) -> list[str]:
        """Return the components of element `number`; one for a simple element."""
        return self.element(number).split(delimiters.component)

    def repetitions(self, number: int, delimiters: Delimiters) -> list[str]:
        """Return the repetitions of element `number`; one where nothing is repeated or nothing can be."""
        value = self.element(number)
        return value.split(delimiters.repetition) if delimiters.repetition else [value]

    def __repr__(self) -> str:
        """Name the place only: elements may be personal."""
        return f"Segment({self.tag!r}, position={self.position})"


def text_of(raw: bytes) -> str:
    """Return `raw` as text: UTF-8 where it is that (ASCII is), else latin-1, which every byte string is."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def read_set(stream: BinaryIO, byte_start: int, byte_end: int, delimiters: Delimiters) -> Iterator[Segment]:
    """Yield the segments of the set whose bytes lie in [byte_start, byte_end) of the seekable `stream`.

    Line ends and blanks around segments are skipped, empty segments too. Memory stays at one chunk, or one segment
    where a segment is longer than that.
    """
    terminator = delimiters.segment.encode("latin-1")
    stream.seek(byte_start)
    left = byte_end - byte_start
    rest, base, position = b"", byte_start, 0
    while left > 0:
        chunk = stream.read(min(CHUNK_BYTES, left))
        if not chunk:
            break
        left -= len(chunk)
        *whole, last = (rest + chunk).split(terminator)
        for piece in whole:
            raw = piece.strip(BLANKS)
            if raw:
                position += 1
                yield Segment(raw, delimiters.element, position, base + piece.index(raw))
            base += len(piece) + 1
        rest = last
    if raw := rest.strip(BLANKS):  # the last segment of a truncated file has no terminator
        yield Segment(raw, delimiters.element, position + 1, base + rest.index(raw))


class RawLoop(NamedTuple):
    """The bytes of a set from one segment that opens a loop to before the next one; of the set's head, from ST on.

    `position` is that of its first segment, `byte` where `raw` begins in the file.
    """

    raw: bytes
    position: int
    byte: int

    def segments(self, delimiters: Delimiters) -> Iterator[Segment]:
        """Yield its segments; line ends and blanks around them are skipped, empty ones too."""
        base, position = self.byte, self.position
        for piece in self.raw.split(delimiters.segment.encode("latin-1")):
            raw = piece.strip(BLANKS)
            if raw:
                yield Segment(raw, delimiters.element, position, base + piece.index(raw))
                position += 1
            base += len(piece) + 1


def read_loops(
    stream: BinaryIO, byte_start: int, byte_end: int, delimiters: Delimiters, opener: str
) -> Iterator[RawLoop]:
    """Yield the set whose bytes lie in [byte_start, byte_end), cut before every segment `opener`, its head first.

    The trailer SE, whose count says something of the set and nothing of its last loop, is left out. Nothing in a loop
    is looked at but its segment terminators. Memory stays at one chunk, or one loop where a loop is longer than that.
    """
    terminator = delimiters.segment.encode("latin-1")
    separator = re.escape(delimiters.element.encode("latin-1"))
    opens = re.compile(re.escape(terminator) + rb"[ \t\r\n]*(?=" + re.escape(opener.encode()) + separator + rb")")
    stream.seek(byte_start)
    left, data, base, position, looked_at = byte_end - byte_start, b"", byte_start, 1, 0
    while left > 0 and (chunk := stream.read(min(CHUNK_BYTES, left))):
        left -= len(chunk)
        data += chunk
        at = 0
        for match in opens.finditer(data, looked_at):
            loop = RawLoop(data[at : match.end()], position, base + at)
            yield loop
            position += sum(1 for piece in loop.raw.split(terminator) if piece.strip(BLANKS))
            at = match.end()
        base, data = base + at, data[at:]
        looked_at = max(data.rfind(terminator), 0)
    trailers = list(re.finditer(re.escape(terminator) + rb"[ \t\r\n]*(?=SE" + separator + rb")", data))
    yield RawLoop(data[: trailers[-1].end()] if trailers else data, position, base)


class Window:
    """The part of a stream that is being looked at: `data[at:]` is still to be read.

    `at` may be moved forward by whoever reads; `fill` brings more. Offsets in the file and line numbers are computed
    from there, so that nothing has to be counted for segments without a finding.
    """

    __slots__ = ("_counted", "_lines", "_stream", "at", "base", "data", "ended")

    def __init__(self, stream: BinaryIO) -> None:
        """Start at the stream's present position, which counts as byte 0."""
        self._stream = stream
        self._counted = 0  # up to here in `data` line ends are counted, and `_lines` is the line
        self._lines = 1
        self.data = b""
        self.at = 0
        self.base = 0
        self.ended = False

    def fill(self) -> bool:
        """Forget what was read and bring more; False when the stream has ended. Reads double while nothing is freed."""
        if self.ended:
            return False
        if self.at > _KEPT_BYTES:
            passed = self.at - _KEPT_BYTES
            self.line(max(passed, self._counted))
            self._counted -= passed
            self.base += passed
            self.data = self.data[passed:]
            self.at = _KEPT_BYTES
        chunk = self._stream.read(max(CHUNK_BYTES, len(self.data)))
        self.ended = not chunk
        self.data += chunk
        return not self.ended

    def ensure(self, size: int) -> bool:
        """Bring bytes until `size` of them are ahead; whether there are so many."""
        while len(self.data) - self.at < size and self.fill():
            pass
        return len(self.data) - self.at >= size

    def line(self, at: int) -> int:
        """Return the line of the file, from 1, on which `data[at]` stands. Asked in order, nothing is counted twice."""
        if at < self._counted:
            return self._lines - self.data.count(b"\n", at, self._counted)
        self._lines += self.data.count(b"\n", self._counted, at)
        self._counted = at
        return self._lines

    def byte(self, at: int) -> int:
        """Return the offset in the file of `data[at]`."""
        return self.base + at
