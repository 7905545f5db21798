"""A real OpenSSH server on a loopback port, without privileges, for as long as a test session lasts.

Use the fixture `openssh_server` (import it into the test module or its conftest). Where `sshd` is missing the tests
that ask for it are skipped, with one reason that says how to get it.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gateway.transport.endpoint import SftpEndpoint

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
MISSING = "NOT TESTED AGAINST OPENSSH: there is no sshd here. Install it: apt-get install openssh-server"
HOST = "127.0.0.1"
CONFIGURATION = """
Port {port}
ListenAddress {host}
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
AllowTcpForwarding no
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d {folder}/home
"""


@dataclass(frozen=True, slots=True)
class OpenSshServer:
    """A running server. Remote paths are absolute local ones below `root`: there is no chroot without privileges."""

    port: int
    user: str
    host_key_line: str
    private_key: str
    root: Path

    @property
    def endpoint(self) -> SftpEndpoint:
        return SftpEndpoint(HOST, self.port, self.user, (self.host_key_line,), private_key=self.private_key)

    def make_folder(self, name: str) -> Path:
        """Make a folder below the root that both the tests and the server's user may write to."""
        folder = self.root
        for part in Path(name).parts:
            folder = folder / part
            folder.mkdir(exist_ok=True)
            folder.chmod(0o777)
        return folder


@contextmanager
def running_openssh() -> Iterator[OpenSshServer]:
    """Start sshd as an ordinary user, wait until it listens, and end it with the context."""
    # sshd without privileges lets in only the user that it runs as; root must not be the one.
    user = pwd.getpwnam("games") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    with tempfile.TemporaryDirectory(prefix="openssh-") as name:
        folder = Path(name)
        host_key, own_key = _write_keys(folder)
        port = _free_port()
        (folder / "sshd_config").write_text(CONFIGURATION.format(port=port, host=HOST, folder=folder))
        (folder / "home").mkdir()
        if os.geteuid() == 0:
            for path in (folder, *folder.iterdir()):
                os.chown(path, user.pw_uid, user.pw_gid)
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        command = [SSHD, "-D", "-e", "-f", str(folder / "sshd_config")]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **identity) as process:
            _wait_until_it_listens(process)
            log = Thread(target=deque, args=(process.stderr, 0))  # read on, so that the server never blocks on it
            log.start()
            try:
                yield OpenSshServer(port, user.pw_name, host_key, own_key, folder / "home")
            finally:
                process.terminate()
                log.join()


def _write_keys(folder: Path) -> tuple[str, str]:
    """Write the host's and the user's keys; return the host's public line and the user's private text."""
    host, own = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    host_file = folder / "host_key"
    host_file.touch(mode=0o600)
    host_file.write_text(_private(host))
    (folder / "authorized_keys").write_text(_public(own) + "\n")
    return _public(host), _private(own)


def _private(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def _wait_until_it_listens(process: subprocess.Popen) -> None:
    """Read the server's log up to "Server listening"; when it ends before that, say what it said."""
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith("Server listening"):
            return
    raise RuntimeError("sshd did not start: " + "".join(said))


@pytest.fixture(scope="session")
def openssh_server() -> Iterator[OpenSshServer]:
    """Yield a running OpenSSH server, or skip where there is none."""
    if SSHD is None:
        pytest.skip(MISSING)
    with running_openssh() as server:
        yield server
