"""A mailbox of our own on a real OpenSSH: installed as `gateway mailbox add` writes it, polled like any other server.

A cage (chroot) needs a server that runs as root; elsewhere this is skipped, and says so.
"""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.bootstrap import open_app
from gateway.cli import cli
from gateway.demo.scenario import sample
from gateway.errors import PartnerRefusedLogin, RemoteRefused
from gateway.ports.clock import FixedClock
from gateway.settings import Home, packaged_mappings, packaged_partners
from gateway.transport.endpoint import SftpEndpoint
from gateway.transport.sftp import open_sftp
from tests.acceptance.openssh import HOST, MISSING, SSHD, _free_port, _private, _public, _wait_until_it_listens

OF_THE_CAGE = Path("/run")  # a cage and all above it belong to root, and nobody else may write there
USER = "games"  # an account that every system has: the test makes none
SETTINGS = '[identity]\nid = "EXAMPLEHEALTH"\nname = "Example Health Plan"\n'


@pytest.fixture
def cage():
    if SSHD is None:
        pytest.skip(MISSING)
    if os.geteuid() != 0 or not OF_THE_CAGE.is_dir():
        pytest.skip("NOT TESTED: a caged mailbox needs a server that runs as root")
    with TemporaryDirectory(prefix="edi-", dir=OF_THE_CAGE) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def mailbox(cage, tmp_path):
    """A running server with acme's mailbox, installed by the written files; and the home that polls it."""
    host, ours, theirs = (Ed25519PrivateKey.generate() for _ in range(3))
    home = Home(tmp_path / "home")
    home.secrets.mkdir(parents=True)
    shutil.copytree(packaged_mappings(), home.mappings)
    shutil.copytree(packaged_partners() / "acme", home.partners / "acme")
    home.settings_file.write_text(SETTINGS)
    (home.secrets / "gateway_ed25519").write_text(_private(ours))
    for name, key in (("ours.pub", ours), ("theirs.pub", theirs)):
        (tmp_path / name).write_text(_public(key) + "\n")
    port = _free_port()
    words = [
        "--partner-key",
        tmp_path / "theirs.pub",
        "--our-key",
        tmp_path / "ours.pub",
        "--host",
        HOST,
        "--port",
        port,
    ]
    words += ["--user", USER, "--root", cage / "boxes", "--keys", cage / "keys"]
    made = CliRunner().invoke(cli, ["--home", str(home.path), "mailbox", "add", "acme", *map(str, words)])
    assert 0 == made.exit_code, made.output
    files = home.path / "mailboxes" / "acme"
    for _ in range(2):  # a second run changes nothing
        subprocess.run(["./setup.sh"], cwd=files, check=True)
    (cage / "host_key").touch(mode=0o600)
    (cage / "host_key").write_text(_private(host))
    config = f"Port {port}\nListenAddress {HOST}\nHostKey {cage}/host_key\nPidFile none\nUsePAM no\n"
    config += "Subsystem sftp internal-sftp\n" + (files / "sshd_config").read_text()
    (cage / "sshd_config").write_text(config)
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with subprocess.Popen(
        [SSHD, "-D", "-e", "-f", str(cage / "sshd_config")], stderr=subprocess.PIPE, text=True
    ) as server:
        _wait_until_it_listens(server)
        log = Thread(target=server.stderr.read)
        log.start()
        profile = home.partners / "acme" / "profile.toml"
        text = profile.read_text().replace('status = "onboarding"', 'status = "active"')
        head, _, rest = text.partition("[sftp]")
        profile.write_text(head + (files / "profile.toml").read_text() + "\n[x12]" + rest.partition("[x12]")[2])
        billing = home.partners / "acme" / "billing.toml"
        billing.write_text(billing.read_text().replace('broker = "cedar"', ""))
        (home.partners / "acme" / "keys").mkdir(exist_ok=True)
        (home.partners / "acme" / "keys" / "host_key.pub").write_text(_public(host) + "\n")
        partner = SftpEndpoint(HOST, port, USER, (_public(host),), private_key=_private(theirs))
        try:
            yield home, partner, cage / "boxes" / "acme"
        finally:
            server.terminate()
            log.join()


def sftp(tmp_path, partner: SftpEndpoint, *commands: str) -> str:
    """Do what a partner does, with OpenSSH's own client."""
    key, known = tmp_path / "partner_key", tmp_path / "known_hosts"
    key.touch(mode=0o600)
    key.write_text(partner.private_key)
    known.write_text(f"[{HOST}]:{partner.port} {partner.host_keys[0]}\n")
    options = ["-b", "-", "-q", "-i", key, "-P", partner.port, "-o", f"UserKnownHostsFile={known}"]
    done = subprocess.run(
        ["sftp", *map(str, options), f"{USER}@{HOST}"],
        input="\n".join(commands),
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


def test_a_partner_drops_a_file_in_its_mailbox_and_finds_the_answers_there(mailbox, tmp_path):
    home, partner, _ = mailbox
    app = open_app(home, FixedClock(datetime(2025, 10, 23, 9, tzinfo=UTC)))
    app.upgrade()
    (tmp_path / "october.834").write_bytes(sample("acme_enroll.834"))
    sftp(
        tmp_path,
        partner,
        f"put {tmp_path}/october.834 outbox/october.part",
        "rename outbox/october.part outbox/october.834",
    )
    for _ in range(2):
        app.poll("acme")
    app.runner().drain()
    listed = sftp(tmp_path, partner, "ls -1 inbox", "ls -1 outbox/processed")
    assert "inbox/999_" in listed
    assert "outbox/processed/october.834" in listed
    app.database.close()


def test_partner_test_says_that_the_mailbox_works(mailbox):
    home, _, _ = mailbox
    shown = CliRunner().invoke(cli, ["--home", str(home.path), "partner", "test", "acme", "--write"])
    assert 0 == shown.exit_code, shown.output
    assert "can be listed and written" in shown.output


def test_the_cage_holds(mailbox, tmp_path):
    _, partner, box = mailbox
    with open_sftp(partner) as session:
        for folder in ("/../../etc", "/etc"):
            with pytest.raises(RemoteRefused):
                session.list_files(folder)
    words = ["ssh", "-i", tmp_path / "partner_key", "-p", partner.port, f"{USER}@{HOST}", "id"]
    sftp(tmp_path, partner, "pwd")
    command = [*map(str, words[:-2]), "-o", f"UserKnownHostsFile={tmp_path}/known_hosts", *map(str, words[-2:])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "uid=" not in done.stdout
    assert ["inbox", "outbox"] == sorted(path.name for path in box.iterdir())


def test_a_stranger_is_not_let_in(mailbox):
    _, partner, _ = mailbox
    stranger = _private(Ed25519PrivateKey.generate())
    with (
        pytest.raises(PartnerRefusedLogin),
        open_sftp(SftpEndpoint(HOST, partner.port, USER, partner.host_keys, private_key=stranger)),
    ):
        pass
