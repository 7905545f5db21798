"""How we prove who we are, and how the server does."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread

import asyncssh
import paramiko
import pytest

from gateway.demo.server import SimulatedPartnersServer, UserLogin
from gateway.errors import ConfigurationError, HostUnreachable, PartnerRefusedLogin
from gateway.transport.endpoint import SftpEndpoint
from gateway.transport.sftp import ConnectionTest, open_sftp, probe

KEYS = {kind: asyncssh.generate_private_key(kind) for kind in ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256")}
PASSPHRASE = "a passphrase"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[SimulatedPartnersServer]:
    users = {
        "acme": UserLogin(public_keys=tuple(key.export_public_key().decode() for key in KEYS.values())),
        "beta": UserLogin(password="beta's password"),
        "nobody": UserLogin(),
    }
    host_keys = [asyncssh.generate_private_key("ssh-ed25519"), KEYS["ssh-rsa"]]
    root = tmp_path_factory.mktemp("partners")
    with SimulatedPartnersServer(root, users, options={"server_host_keys": host_keys}) as running:
        running.host_keys = [key.export_public_key().decode().strip() for key in host_keys]
        yield running


def endpoint(server, username="acme", **proof) -> SftpEndpoint:
    return SftpEndpoint("127.0.0.1", server.port, username, tuple(server.host_keys), **proof)


def can_list(endpoint: SftpEndpoint) -> bool:
    with open_sftp(endpoint) as session:
        return [] == session.list_files("/")


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("form", ["openssh", "pkcs1-pem", "pkcs8-pem"])
def test_a_private_key_of_any_usual_kind_and_form_logs_in(server, kind, form):
    if (kind, form) == ("ssh-ed25519", "pkcs1-pem"):
        form = "openssh"  # Ed25519 has no older form
    assert can_list(endpoint(server, private_key=KEYS[kind].export_private_key(form).decode()))


def test_a_private_key_under_a_passphrase_logs_in(server):
    encrypted = KEYS["ssh-ed25519"].export_private_key(passphrase=PASSPHRASE, rounds=1, ignore_few_rounds=True).decode()
    assert can_list(endpoint(server, private_key=encrypted, passphrase=PASSPHRASE))


def test_a_password_logs_in(server):
    assert can_list(endpoint(server, "beta", password="beta's password"))


@pytest.mark.parametrize("username", ["beta", "nobody", "stranger"])
def test_a_key_that_the_partner_does_not_know_is_refused(server, username):
    with pytest.raises(PartnerRefusedLogin):
        can_list(endpoint(server, username, private_key=KEYS["ssh-ed25519"].export_private_key().decode()))


@pytest.mark.parametrize(("passphrase", "message"), [(None, "needs a passphrase"), ("another", "cannot be read")])
def test_a_private_key_that_cannot_be_opened_is_a_mistake_of_ours(server, passphrase, message):
    encrypted = KEYS["ssh-rsa"].export_private_key(passphrase=PASSPHRASE, rounds=1, ignore_few_rounds=True).decode()
    with pytest.raises(ConfigurationError, match=message):
        can_list(endpoint(server, private_key=encrypted, passphrase=passphrase))


@pytest.mark.parametrize(
    "text", ["", "no key", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----"]
)
def test_a_private_key_that_is_none_is_a_mistake_of_ours(server, text):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        can_list(endpoint(server, private_key=text))


def test_a_passphrase_for_a_key_that_has_none_is_a_mistake_of_ours(server):
    with pytest.raises(ConfigurationError, match="has no passphrase"):
        can_list(endpoint(server, private_key=KEYS["ssh-rsa"].export_private_key().decode(), passphrase=PASSPHRASE))


def test_a_kind_of_key_that_no_sftp_server_takes_is_a_mistake_of_ours(server):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        can_list(
            endpoint(
                server, private_key=asyncssh.generate_private_key("ssh-ed448").export_private_key("pkcs8-pem").decode()
            )
        )


def test_an_endpoint_without_any_proof_is_a_mistake_of_ours(server):
    with pytest.raises(ConfigurationError, match="neither a private key nor a password"):
        can_list(endpoint(server))


def test_an_endpoint_shows_no_secret(server):
    shown = repr(endpoint(server, private_key="the key", passphrase="the passphrase", password="the password"))
    assert all(secret not in shown for secret in ("the key", "the passphrase", "the password"))


@pytest.mark.parametrize("number", [0, 1], ids=["ed25519", "rsa"])
def test_a_server_with_several_keys_is_asked_for_one_that_is_pinned(server, number):
    test = probe(
        SftpEndpoint("127.0.0.1", server.port, "beta", (server.host_keys[number],), password="beta's password")
    )
    expected = asyncssh.import_public_key(server.host_keys[number]).get_fingerprint()
    assert ConnectionTest(expected, server.host_keys[number], is_pinned=True, login_works=True) == test


def test_a_connection_test_tells_a_refused_login_from_a_refused_key(server):
    refused = probe(endpoint(server, "beta", password="another"))
    assert (True, False) == (refused.is_pinned, refused.login_works)
    assert "refused our login" in refused.remark
    unknown = probe(SftpEndpoint("127.0.0.1", server.port, "beta", (), password="beta's password"))
    assert (False, None) == (unknown.is_pinned, unknown.login_works)
    assert "Compare the fingerprint" in unknown.remark


class AsksForKeyAndPassword(paramiko.ServerInterface):
    """A bank's server: the key alone is not enough."""

    def get_allowed_auths(self, username):
        return "publickey,password"

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_PARTIALLY_SUCCESSFUL

    def check_auth_password(self, username, password):
        return paramiko.AUTH_SUCCESSFUL if password == "a password" else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED


class NeverAnswers(AsksForKeyAndPassword):
    """Lets us in and then says nothing, not even no."""

    def __init__(self) -> None:
        self.is_over = Event()

    def check_channel_subsystem_request(self, channel, name):
        self.is_over.wait()
        return False


@contextmanager
def paramiko_server(interface: paramiko.ServerInterface) -> Iterator[SftpEndpoint]:
    """Serve one connection."""
    host_key = paramiko.RSAKey.generate(2048)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            line, _ = listener.accept()
            with line, paramiko.Transport(line) as transport:
                transport.add_server_key(host_key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer)
                transport.start_server(server=interface)
                transport.join()

        thread = Thread(target=serve)
        thread.start()
        pinned = f"{host_key.get_name()} {host_key.get_base64()}"
        private_key = KEYS["ssh-ed25519"].export_private_key().decode()
        yield SftpEndpoint(
            "127.0.0.1", listener.getsockname()[1], "acme", (pinned,), private_key=private_key, password="a password"
        )
        thread.join()


@pytest.fixture
def bank() -> Iterator[SftpEndpoint]:
    with paramiko_server(AsksForKeyAndPassword()) as endpoint:
        yield endpoint


def test_a_server_that_asks_for_key_and_password_gets_both(bank):
    assert probe(bank).login_works is True


def test_a_server_that_asks_for_more_than_we_have_says_so(bank):
    with pytest.raises(PartnerRefusedLogin, match="asks for publickey, password as well"):
        can_list(replace(bank, password=None))


def test_a_server_that_never_answers_our_wish_for_sftp_is_given_up_in_time():
    server = NeverAnswers()
    with paramiko_server(server) as endpoint:
        with pytest.raises(HostUnreachable):
            can_list(replace(endpoint, timeout_seconds=0.5))
        server.is_over.set()
