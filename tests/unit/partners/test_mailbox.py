"""What OpenSSH needs for a mailbox of our own; that it works is tried in tests/acceptance/test_mailbox.py."""

import tomllib
from pathlib import PurePosixPath

import pytest

from gateway.errors import ConfigurationError
from gateway.partners.mailbox import Mailbox, mailbox_files
from gateway.partners.profile import Delivery, PickUp, Sftp
from gateway.transport import connect
from tests.unit.partners.conftest import HOST_KEY

BOX = Mailbox("oak", "edi-oak", PurePosixPath("/srv/edi/oak"), PurePosixPath("/etc/ssh/edi-keys"), "sftp.ours.example")


def test_the_account_is_caged_and_knows_keys_only():
    config = mailbox_files(BOX, HOST_KEY, HOST_KEY).sshd_config
    for line in (
        "Match User edi-oak",
        "ChrootDirectory /srv/edi/oak",
        "AuthenticationMethods publickey",
        "PasswordAuthentication no",
        "AllowTcpForwarding no",
        "PermitTTY no",
    ):
        assert line in config
    assert "ForceCommand internal-sftp" in config


def test_the_server_speaks_nothing_that_the_gateway_would_not():
    """HC-06: algorithms are allow-listed on both sides."""
    config = mailbox_files(BOX, HOST_KEY, HOST_KEY).sshd_config
    lines = [line.split() for line in config.splitlines() if line.startswith(("Ciphers", "MACs", "Kex"))]
    said = {name: set(algorithms.split(",")) for name, algorithms in lines}
    assert said["Ciphers"] <= set(connect.CIPHERS)
    assert said["MACs"] <= set(connect.DIGESTS)
    assert said["KexAlgorithms"] <= {*connect.KEY_EXCHANGES, "curve25519-sha256"}


def test_both_keys_may_log_in_and_do_nothing_else():
    keys = mailbox_files(BOX, HOST_KEY + " partner", HOST_KEY + " gateway").authorized_keys
    assert ["partner", "gateway"] == [line.split()[-1] for line in keys.splitlines()]
    assert all(line.startswith("restrict ssh-ed25519 ") for line in keys.splitlines())


def test_the_profile_finds_the_folders_of_the_mailbox():
    written = tomllib.loads(mailbox_files(BOX, HOST_KEY, HOST_KEY).profile)
    assert "edi-oak" == Sftp.model_validate({**written["sftp"]}).username
    for folder in (PickUp(**written["pick_up"]).folder, Delivery(**written["delivery"]).ack_folder):
        assert folder.strip("/") in mailbox_files(BOX, HOST_KEY, HOST_KEY).setup


@pytest.mark.parametrize("user", ["root; rm -rf /", "", "Oak", "a" * 40, "a b"])
def test_a_name_that_is_no_user_is_refused(user):
    with pytest.raises(ConfigurationError, match="user"):
        mailbox_files(Mailbox("oak", user, BOX.root, BOX.keys_folder, "h"), HOST_KEY, HOST_KEY)


@pytest.mark.parametrize("key", ["", "PRIVATE KEY", f"{HOST_KEY}\n{HOST_KEY}", 'command="sh" ' + HOST_KEY])
def test_what_is_no_single_public_key_is_refused(key):
    with pytest.raises(ConfigurationError, match="public key"):
        mailbox_files(BOX, key, HOST_KEY)
