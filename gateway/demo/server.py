"""An SFTP server with simulated partners' mailboxes, for the demo and the tests; never for production.

Each partner logs in under its id and sees its own folder as `/`. Needs asyncssh, the optional extra `demo`.
"""

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from gateway.errors import ConfigurationError

with suppress(ImportError):  # said in SimulatedPartnersServer, when a server is wanted
    import asyncssh

START_SECONDS = 20
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class UserLogin:
    """How a partner may log in: by `password`, by one of `public_keys` (OpenSSH lines), or by either."""

    password: str | None = field(default=None, repr=False)
    public_keys: tuple[str, ...] = ()


class SimulatedPartnersServer:
    """An SFTP server on 127.0.0.1 in a thread of its own; use it as a context manager or with start and stop."""

    def __init__(
        self,
        root: Path,
        users: Mapping[str, UserLogin],
        *,
        port: int = 0,
        host_key_file: Path | None = None,
        sftp_class: "type[asyncssh.SFTPServer] | None" = None,
        options: Mapping[str, object] | None = None,
    ) -> None:
        """Serve `root/<user>` to each user; `port` 0 takes a free one.

        The host key is made anew, or read from `host_key_file`, which is written when it is missing.
        `sftp_class` answers the requests instead of asyncssh's own class, and `options` go to `asyncssh.listen`
        over ours: tests give faults.
        """
        _must_have_asyncssh()
        self.root = root
        self._users = dict(users)
        self._sftp_class = sftp_class or asyncssh.SFTPServer
        self._options = dict(options or {})
        self._host_key = _host_key(host_key_file)
        self.port = port
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._thread: Thread | None = None

    @property
    def host_key_line(self) -> str:
        """The public host key as an OpenSSH line: what a profile pins."""
        return self._host_key.export_public_key().decode().strip()

    def start(self) -> Self:
        """Make the users' folders and listen; returns when connections are taken.

        Raises ConfigurationError when the port is not free.
        """
        for user in self._users:
            (self.root / user).mkdir(parents=True, exist_ok=True)
        listening: Future[int] = Future()
        self._thread = Thread(
            target=lambda: asyncio.run(self._serve(listening)), name="simulated-partners", daemon=True
        )
        self._thread.start()
        try:
            self.port = listening.result(START_SECONDS)
        except OSError as error:
            self._thread.join()
            raise ConfigurationError(f"Port {self.port} is not free. Choose another, or 0 for any.") from error
        return self

    def stop(self) -> None:
        """Drop all connections, stop listening and end the thread; a second call does nothing."""
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()
            self._thread = None

    def drop_connections(self) -> None:
        """Cut every open connection without a word, as a failing network would."""
        self._loop.call_soon_threadsafe(self._cut)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def _serve(self, listening: "Future[int]") -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        try:
            ours = {
                "server_factory": _doorkeeper(self._users, self._connections),
                "server_host_keys": [self._host_key],
                "sftp_factory": self._sftp_for,
                "agent_forwarding": False,
                "gss_host": None,
            }
            acceptor = await asyncssh.listen(HOST, self.port, **ours | self._options)
        except OSError as error:
            listening.set_exception(error)
            return
        listening.set_result(acceptor.get_port())
        await self._stopping.wait()
        acceptor.close()
        open_connections = list(self._connections)
        self._cut()
        await asyncio.gather(acceptor.wait_closed(), *(each.wait_closed() for each in open_connections))

    def _cut(self) -> None:
        for connection in list(self._connections):
            connection.abort()

    def _sftp_for(self, channel: "asyncssh.SSHServerChannel[bytes]") -> "asyncssh.SFTPServer":
        return self._sftp_class(channel, chroot=os.fsencode(self.root / channel.get_extra_info("username")))


def _doorkeeper(
    users: Mapping[str, UserLogin], connections: "set[asyncssh.SSHServerConnection]"
) -> "type[asyncssh.SSHServer]":
    """Return the class that lets `users` in and keeps count of their `connections`."""

    class Doorkeeper(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            self._connection = conn
            connections.add(conn)

        def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncssh's signature
            connections.discard(self._connection)

        def begin_auth(self, username: str) -> bool:
            keys = users[username].public_keys if username in users else ()
            if keys:
                self._connection.set_authorized_keys(asyncssh.import_authorized_keys("\n".join(keys)))
            return True

        def password_auth_supported(self) -> bool:
            return any(login.password is not None for login in users.values())

        def validate_password(self, username: str, password: str) -> bool:
            login = users.get(username)
            return login is not None and login.password is not None and login.password == password

    return Doorkeeper


def make_key(file: Path) -> None:
    """Write a new ed25519 private key that only we can read."""
    _must_have_asyncssh()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_private_key())


def public_line(file: Path) -> str:
    """Return the public key of a private key file as an OpenSSH line."""
    _must_have_asyncssh()
    return asyncssh.read_private_key(file).export_public_key().decode().strip()


def _must_have_asyncssh() -> None:
    if "asyncssh" not in globals():
        raise ConfigurationError(
            "The simulated partners need asyncssh. Install it: pip install 'edi-premium-gateway[demo]'"
        )


def _host_key(file: Path | None) -> "asyncssh.SSHKey":
    if file is None:
        return asyncssh.generate_private_key("ssh-ed25519")
    if not file.exists():
        make_key(file)
    return asyncssh.read_private_key(file)
