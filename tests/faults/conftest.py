"""A partner whose server has a fault."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncssh
import pytest

from gateway.demo.server import SimulatedPartnersServer, UserLogin
from gateway.ports.transport import Session
from gateway.transport.endpoint import SftpEndpoint
from gateway.transport.sftp import open_sftp

PASSWORD = "the partner's password"


@dataclass(frozen=True)
class Partner:
    """A partner's server and the folder behind it."""

    server: SimulatedPartnersServer
    folder: Path

    @property
    def endpoint(self) -> SftpEndpoint:
        return SftpEndpoint("127.0.0.1", self.server.port, "acme", (self.server.host_key_line,), password=PASSWORD)

    @contextmanager
    def session(self, **changes: object) -> Iterator[Session]:
        with open_sftp(replace(self.endpoint, **changes)) as session:
            yield session

    def drop(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    @property
    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.folder)): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()
        }


@pytest.fixture
def partner(tmp_path) -> Iterator[Callable[..., Partner]]:
    """Start a server of the given class of faults; it is stopped when the test ends."""
    with ExitStack() as servers:

        def start(sftp_class: type[asyncssh.SFTPServer] = asyncssh.SFTPServer, **options: object) -> Partner:
            users = {"acme": UserLogin(password=PASSWORD)}
            server = SimulatedPartnersServer(tmp_path, users, sftp_class=sftp_class, options=options)
            servers.enter_context(server)
            return Partner(server, tmp_path / "acme")

        yield start
