"""SFTP version 3 with many requests under way, and the answer to each of them read.

paramiko's own file object is not used, for three reasons that cost files: it drops the refusal of the last writes
and of the close (a full disk looks like success), its prefetch runs in a thread that outlives a broken transfer and
writes a traceback, and one file name that is not UTF-8 fails the listing of the whole folder.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import paramiko
from paramiko import sftp

from gateway.transport.chunks import CHUNK_BYTES
from gateway.transport.door import Foreign, StatusRefused
from gateway.transport.odd_names import OddNames

# 2 MiB each way, which is what a channel lets pass at a time and what OpenSSH's own client asks for; more only
# fills memory, is slower here, and some servers stall when they are flooded (paramiko #1788).
READS_UNDER_WAY = 64
WRITES_UNDER_WAY = 64
RECEIVE_BYTES = 1 << 20
_UNKNOWN = 1 << 62  # a size no file has: reads go on until the server says that it is the end


class _Reply:
    """The answer to one request, filled in when it comes; answers may come in any order."""

    def __init__(self) -> None:
        self.kind = 0
        self.message = paramiko.Message()

    def _async_response(self, kind: int, message: paramiko.Message, _number: int) -> None:
        """Take the answer: what paramiko's client calls on whoever asked."""
        self.kind, self.message = kind, message


class Wire(paramiko.SFTPClient):
    """paramiko's client with pipelines of its own. Its errors are foreign ones: whoever calls it stands at the door."""

    sock: paramiko.Channel
    # Protected methods of paramiko's client, which its type stubs leave out.
    _request: Callable[..., tuple[int, paramiko.Message]]
    _async_request: Callable[..., int]
    _read_response: Callable[[], object]

    def __init__(self, channel: paramiko.Channel) -> None:
        self._names = OddNames()
        self._received = bytearray()
        super().__init__(channel)

    def raw(self, path: str) -> bytes:
        """Return the bytes that the server knows `path` by: UTF-8, but for odd names that were listed here."""
        return self._names.raw(path)

    def entries(self, folder: str) -> Iterator[tuple[str, paramiko.SFTPAttributes]]:
        """Yield name and attributes of each entry; the odd bytes of a name that is not UTF-8 are escaped."""
        with self._opened(sftp.CMD_OPENDIR, self.raw(folder)) as handle:
            while True:
                try:
                    _, message = self._request(sftp.CMD_READDIR, handle)
                except EOFError:
                    return
                for _ in range(message.get_int()):
                    name = message.get_binary()
                    long_name = message.get_binary().decode(errors="replace")
                    attributes = _attributes(message, long_name)
                    if name not in {b".", b".."}:
                        yield self._names.readable(folder, name), attributes

    def read(self, path: str, expected_bytes: int | None) -> Iterator[bytes]:
        """Yield the bytes of the file up to its real end, asking ahead as far as `expected_bytes`."""
        limit = _UNKNOWN if expected_bytes is None else expected_bytes
        under_way: deque[_Reply] = deque()
        at, ahead, step = 0, 0, CHUNK_BYTES
        no_attributes = paramiko.SFTPAttributes()
        with self._opened(sftp.CMD_OPEN, self.raw(path), sftp.SFTP_FLAG_READ, no_attributes) as handle:
            while True:
                while not under_way or (ahead < limit and len(under_way) < READS_UNDER_WAY):
                    under_way.append(self._ask(sftp.CMD_READ, handle, sftp.int64(ahead), step))
                    ahead += step
                try:
                    data = self._answer(under_way.popleft(), sftp.CMD_DATA).get_binary()
                except EOFError:
                    return
                at += len(data)
                if len(data) < step:  # the end is near, or the server gives less at a time: ask anew from here
                    under_way.clear()
                    ahead, step = at, max(len(data), 1)
                yield data

    def create(self, path: str, chunks: Iterable[bytes]) -> None:
        """Write a file that must not exist yet, read the answer to every write, and close it."""
        flags = sftp.SFTP_FLAG_WRITE | sftp.SFTP_FLAG_CREATE | sftp.SFTP_FLAG_EXCL
        under_way: deque[_Reply] = deque()
        offset = 0
        with self._opened(sftp.CMD_OPEN, self.raw(path), flags, paramiko.SFTPAttributes()) as handle:
            for chunk in chunks:
                under_way.append(self._ask(sftp.CMD_WRITE, handle, sftp.int64(offset), chunk))
                offset += len(chunk)
                if len(under_way) >= WRITES_UNDER_WAY:
                    self._answer(under_way.popleft(), sftp.CMD_STATUS)
            for reply in under_way:
                self._answer(reply, sftp.CMD_STATUS)

    @contextmanager
    def _opened(self, kind: int, *fields: object) -> Iterator[bytes]:
        """Yield a handle; its close is waited for, and may be refused, only when the work with it went well."""
        answered, message = self._request(kind, *fields)
        if answered != sftp.CMD_HANDLE:
            raise sftp.SFTPError("Expected handle")
        handle = message.get_binary()
        try:
            yield handle
        except BaseException:
            with suppress(*Foreign):
                self._async_request(type(None), sftp.CMD_CLOSE, handle)
            raise
        self._request(sftp.CMD_CLOSE, handle)

    def _read_all(self, size_bytes: int) -> bytes:
        """Return the next bytes from the line; it is emptied at once, as every look into a full channel copies it."""
        while len(self._received) < size_bytes:
            more = self.sock.recv(RECEIVE_BYTES)
            if not more:
                raise EOFError
            self._received += more
        wanted = bytes(self._received[:size_bytes])
        del self._received[:size_bytes]
        return wanted

    def _ask(self, kind: int, *fields: object) -> _Reply:
        reply = _Reply()
        self._async_request(reply, kind, *fields)
        return reply

    def _answer(self, reply: _Reply, kind: int) -> paramiko.Message:
        """Wait for the answer; a status that is no OK is raised."""
        while not reply.kind:
            self._read_response()
        if reply.kind == sftp.CMD_STATUS:
            self._convert_status(reply.message)
        if reply.kind != kind:
            raise sftp.SFTPError("Unexpected answer")
        return reply.message

    def _convert_status(self, message: paramiko.Message) -> None:
        """Raise for every status but OK, keeping its code, which paramiko's own method loses; never its text."""
        code = message.get_int()
        if code == sftp.SFTP_EOF:
            raise EOFError
        if code != sftp.SFTP_OK:
            raise StatusRefused(code)


def _attributes(message: paramiko.Message, long_name: str) -> paramiko.SFTPAttributes:
    attributes = paramiko.SFTPAttributes()
    attributes._unpack(message)  # type: ignore[attr-defined]  # noqa: SLF001 (paramiko has no public reader)
    attributes.longname = long_name
    return attributes
