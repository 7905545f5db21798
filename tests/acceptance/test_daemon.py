"""`gateway run`: polls on schedule, does what comes, ends cleanly on SIGTERM."""

import re
import signal
import subprocess
import sys
import threading

import asyncssh
import pytest

from gateway.bootstrap import open_app
from gateway.demo.home import make_home, make_server, point_partners_at
from gateway.demo.scenario import make_mailboxes, sample
from gateway.demo.server import SimulatedPartnersServer
from gateway.ports.clock import SystemClock

PATIENCE_SECONDS = 60


class Mailboxes(asyncssh.SFTPServer):
    """Tells when an acknowledgement was renamed into place."""

    delivered = threading.Event()

    def rename(self, oldpath, newpath):
        super().rename(oldpath, newpath)
        if b"/999_" in newpath:
            self.delivered.set()


@pytest.fixture
def home(tmp_path):
    home = make_home(tmp_path / "home")
    kept = make_server(home)
    users = kept._users
    server = SimulatedPartnersServer(
        kept.root, users, sftp_class=Mailboxes, host_key_file=home.secrets / "server_host_key"
    )
    with server:
        point_partners_at(home, server)
        for profile in home.partners.glob("*/profile.toml"):
            text = re.sub(r"(?m)^\[pick_up\]\n", "", profile.read_text())
            text = re.sub(r"(?m)^(folder|after|archive_folder|every_seconds) = .*\n", "", text)
            profile.write_text(text + "\n[pick_up]\nevery_seconds = 1\n")
        make_mailboxes(home, server.root)
        open_app(home, SystemClock()).upgrade()
        yield home


def test_the_daemon_answers_a_dropped_file_and_ends_cleanly_on_sigterm(home):
    Mailboxes.delivered.clear()
    command = [sys.executable, "-m", "gateway", "--home", str(home.path), "run"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as daemon:
        first = daemon.stderr.readline()
        (home.path / "simulated-partners" / "acme" / "outbox" / "enrollment.834").write_bytes(sample("acme_enroll.834"))
        answered = Mailboxes.delivered.wait(PATIENCE_SECONDS)
        daemon.send_signal(signal.SIGTERM)
        said = first + daemon.communicate(timeout=PATIENCE_SECONDS)[1]
    assert answered, said
    assert 0 == daemon.returncode, said
    assert "nothing is in hand" in said
    app = open_app(home, SystemClock())
    (file,) = app.queries.files()
    assert "acknowledged" == file.state


def test_a_second_process_is_told_that_one_is_at_work(home):
    command = [sys.executable, "-m", "gateway", "--home", str(home.path)]
    with subprocess.Popen([*command, "run"], stderr=subprocess.PIPE, text=True) as daemon:
        first = daemon.stderr.readline()
        Mailboxes.delivered.clear()
        (home.path / "simulated-partners" / "acme" / "outbox" / "enrollment.834").write_bytes(sample("acme_enroll.834"))
        answered = Mailboxes.delivered.wait(PATIENCE_SECONDS)  # now it has begun, and holds its home
        other = subprocess.run([*command, "work", "--drain"], capture_output=True, text=True, check=False)
        file = home.path / "by-hand.834"
        file.write_bytes(sample("birch_full.834"))
        ingested = subprocess.run(
            [*command, "ingest", str(file), "--partner", "birch"], capture_output=True, text=True, check=False
        )
        daemon.send_signal(signal.SIGTERM)
        said = first + daemon.communicate(timeout=PATIENCE_SECONDS)[1]
    assert answered, said
    assert 2 == other.returncode
    assert "another gateway process" in other.stderr
    assert (0, True) == (ingested.returncode, "a running gateway does the rest" in ingested.stderr)
