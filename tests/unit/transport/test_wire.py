"""Requests under way: answers may come in any order, and every one of them counts."""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from paramiko import sftp

from gateway.transport.chunks import CHUNK_BYTES
from gateway.transport.door import StatusRefused
from gateway.transport.wire import Wire

CONTENT = b"".join(bytes([number]) * CHUNK_BYTES for number in range(1, 6))
OK, REFUSED, END = (struct.pack(">I", code) + 8 * b"\0" for code in (sftp.SFTP_OK, 4, sftp.SFTP_EOF))
BATCHED = {sftp.CMD_READ, sftp.CMD_WRITE}
Answer = Callable[[int, bytes], tuple[int, bytes]]


class Line(socket.socket):
    """A socket that passes for an SSH channel."""

    def get_name(self) -> str:
        return "line"


@contextmanager
def server_that_answers_backwards(answer: Answer) -> Iterator[Wire]:
    """Yield a wire to a server that collects five reads or writes and answers the last of them first."""
    ours, theirs = socket.socketpair()
    line = Line(fileno=ours.detach())

    def receive(size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += theirs.recv(size - len(data)) or b"\0" * size  # a line that was closed reads as an unknown request
        return data

    def serve() -> None:
        waiting = []
        while True:
            (length,) = struct.unpack(">I", receive(4))
            if length == 0:
                return
            packet = receive(length)
            kind, number, body = packet[0], packet[1:5], packet[5:]
            if kind == sftp.CMD_INIT:
                theirs.sendall(struct.pack(">IBI", 5, sftp.CMD_VERSION, 3))
                continue
            waiting.append((number, *answer(kind, body)))
            if kind not in BATCHED or len(waiting) == 5 or waiting[-1][1:] == (sftp.CMD_STATUS, END):
                for number, kind, body in reversed(waiting):
                    theirs.sendall(struct.pack(">IB", len(body) + 5, kind) + number + body)
                waiting.clear()

    thread = Thread(target=serve)
    thread.start()
    with line, theirs:
        yield Wire(line)
        line.shutdown(socket.SHUT_WR)
        thread.join()


def string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def test_a_file_is_put_together_in_order_whatever_the_order_of_the_answers():
    def answer(kind: int, body: bytes) -> tuple[int, bytes]:
        if kind == sftp.CMD_OPEN:
            return sftp.CMD_HANDLE, string(b"h")
        if kind == sftp.CMD_READ:
            offset, size = struct.unpack(">QI", body[5:])
            data = CONTENT[offset : offset + size]
            return (sftp.CMD_DATA, string(data)) if data else (sftp.CMD_STATUS, END)
        return sftp.CMD_STATUS, OK

    with server_that_answers_backwards(answer) as wire:
        assert CONTENT == b"".join(wire.read("834.edi", len(CONTENT)))


@pytest.mark.parametrize("refused", range(5))
def test_a_refusal_of_any_one_write_is_raised_whatever_the_order_of_the_answers(refused):
    def answer(kind: int, body: bytes) -> tuple[int, bytes]:
        if kind == sftp.CMD_OPEN:
            return sftp.CMD_HANDLE, string(b"h")
        if kind == sftp.CMD_WRITE:
            (offset,) = struct.unpack(">Q", body[5:13])
            return sftp.CMD_STATUS, REFUSED if offset == refused * CHUNK_BYTES else OK
        return sftp.CMD_STATUS, OK

    chunks = (CONTENT[start : start + CHUNK_BYTES] for start in range(0, len(CONTENT), CHUNK_BYTES))
    with server_that_answers_backwards(answer) as wire, pytest.raises(StatusRefused):
        wire.create("999.edi", chunks)
