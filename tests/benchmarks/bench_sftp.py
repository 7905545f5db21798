"""200 MB over SFTP, get and put, beside OpenSSH's own client on the same server in one run.

Run it with `python3 dev.py bench`, or alone: `python tests/benchmarks/bench_sftp.py [MEGABYTES]`. The ratio is our
speed divided by that of `sftp`, each the best of three rounds in turn; the aim is 0.8 or more.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from gateway.transport.sftp import open_sftp
from tests.acceptance.openssh import HOST, MISSING, SSHD, OpenSshServer, running_openssh

ROUNDS = 3
AIM = 0.8


class Peer:
    """OpenSSH's client, told what to do in a batch."""

    def __init__(self, server: OpenSshServer, folder: Path) -> None:
        key, known = folder / "key", folder / "known_hosts"
        key.touch(mode=0o600)
        key.write_text(server.private_key)
        known.write_text(f"[{HOST}]:{server.port} {server.host_key_line}\n")
        options = ["IdentitiesOnly=yes", "StrictHostKeyChecking=yes", f"UserKnownHostsFile={known}"]
        self._command = ["sftp", "-q", "-F", "none", "-b", "-", "-P", str(server.port), "-i", str(key)]
        for option in options:
            self._command += ["-o", option]
        self._command.append(f"{server.user}@{HOST}")

    def do(self, line: str) -> None:
        subprocess.run(self._command, input=line, text=True, check=True, stdout=subprocess.DEVNULL)


def seconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def measure(server: OpenSshServer, megabytes: int, folder: Path) -> list[tuple[str, float, float]]:
    """Return for get and put the best seconds of `sftp` and ours, opening the connection included."""
    remote = server.make_folder("bench")
    source = folder / "source"
    with source.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1_000_000))
    shutil.copy(source, remote / "source")
    (remote / "source").chmod(0o644)
    peer = Peer(server, folder)
    copy = folder / "copy"

    def ours_gets() -> None:
        with open_sftp(server.endpoint) as session, copy.open("wb") as into:
            session.fetch(session.list_files(str(remote))[0], into)

    def ours_puts() -> None:
        with open_sftp(server.endpoint) as session, source.open("rb") as content:
            session.deliver(content, megabytes * 1_000_000, str(remote / "in"), "ours")
        (remote / "in" / "ours").unlink()

    def peer_gets() -> None:
        peer.do(f"get {remote}/source {copy}\n")

    def peer_puts() -> None:
        peer.do(f"put {source} {remote}/in/peer\n")
        (remote / "in" / "peer").unlink()

    server.make_folder("bench/in")
    table = []
    for what, theirs, ours in (("get", peer_gets, ours_gets), ("put", peer_puts, ours_puts)):
        rounds = [(seconds(theirs), seconds(ours)) for _ in range(ROUNDS)]
        table.append((what, min(each[0] for each in rounds), min(each[1] for each in rounds)))
    return table


def main() -> int:
    if SSHD is None or shutil.which("sftp") is None:
        print(MISSING)
        return 0
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with running_openssh() as server, TemporaryDirectory() as folder:
        table = measure(server, megabytes, Path(folder))
    print(f"SFTP, {megabytes} MB, best of {ROUNDS}, opening included")
    print(f"{'':5}{'sftp MB/s':>12}{'gateway MB/s':>14}{'ratio':>8}")
    for what, theirs, ours in table:
        print(f"{what:5}{megabytes / theirs:12.0f}{megabytes / ours:14.0f}{theirs / ours:8.2f}")
    print(f"The aim is a ratio of {AIM} or more.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
