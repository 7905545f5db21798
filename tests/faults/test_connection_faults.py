"""Opening a session with a server that is down, changed, hostile or that does not know us."""

import asyncio
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from threading import Thread

import asyncssh
import pytest

from gateway.errors import (
    ConfigurationError,
    ConnectionDropped,
    GatewayError,
    HostKeyRefused,
    HostUnreachable,
    PartnerRefusedLogin,
    RemoteRefused,
)
from gateway.transport.endpoint import SftpEndpoint
from gateway.transport.sftp import open_sftp, probe
from tests.faults import servers

ANOTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5hPlS6uoQvYkMqWH5D9HFZwOeHfcvdnHVYYVbVzYLg"


def refusal(endpoint: SftpEndpoint) -> type[GatewayError]:
    """Return the exact class that opening a session raises."""
    with pytest.raises(GatewayError) as raised, open_sftp(endpoint):
        pass
    return type(raised.value)


def test_a_host_key_that_is_not_pinned_is_refused_and_its_fingerprint_named(partner):
    acme = partner()
    shown = probe(acme.endpoint).fingerprint
    with pytest.raises(HostKeyRefused, match=re.escape(shown)), acme.session(host_keys=(ANOTHER_KEY,)):
        pass


def test_a_server_is_never_trusted_on_first_use(partner):
    assert HostKeyRefused is refusal(replace(partner().endpoint, host_keys=()))


def test_no_login_is_tried_at_a_server_that_is_not_pinned(partner):
    acme = partner()
    strange = replace(acme.endpoint, host_keys=(ANOTHER_KEY,), password="never the right one")
    assert HostKeyRefused is refusal(strange)
    assert probe(strange).login_works is None


def test_any_of_several_pinned_keys_will_do_while_a_partner_rotates(partner):
    acme = partner()
    with acme.session(host_keys=(ANOTHER_KEY, acme.server.host_key_line)) as session:
        assert [] == session.list_files("/")


@pytest.mark.parametrize("changes", [{"password": "another"}, {"username": "beta"}], ids=["password", "user"])
def test_a_refused_login_is_the_partners_to_mend(partner, changes):
    assert PartnerRefusedLogin is refusal(replace(partner().endpoint, **changes))


def test_a_server_that_is_down_is_unreachable(partner):
    acme = partner()
    acme.server.stop()
    assert HostUnreachable is refusal(acme.endpoint)


@pytest.mark.parametrize("options", [{"encryption_algs": ["aes256-cbc"]}, {"mac_algs": ["hmac-sha1"]}], ids=str)
def test_a_server_that_speaks_only_weak_algorithms_is_refused(partner, options):
    if "mac_algs" in options:
        options = options | {"encryption_algs": ["aes256-ctr"]}  # GCM needs no MAC
    assert RemoteRefused is refusal(partner(**options).endpoint)


def test_a_server_that_exchanges_keys_only_with_sha1_is_refused(partner):
    assert RemoteRefused is refusal(partner(kex_algs=["diffie-hellman-group14-sha1"]).endpoint)


def test_a_login_without_sftp_is_refused(partner):
    shell_only = partner(sftp_factory=None, process_factory=lambda process: process.exit(0))
    assert RemoteRefused is refusal(shell_only.endpoint)


def test_a_login_script_that_talks_into_the_line_is_no_sftp(partner):
    assert RemoteRefused is refusal(partner(servers.TalksFirst).endpoint)


async def _never_begin(channel: asyncssh.SSHServerChannel) -> asyncssh.SFTPServer:
    await asyncio.Event().wait()


def test_a_server_that_never_begins_the_sftp_session_is_given_up_in_time(partner):
    acme = partner(sftp_factory=_never_begin)
    assert HostUnreachable is refusal(replace(acme.endpoint, timeout_seconds=0.5))


@pytest.fixture(params=[b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", None], ids=["closes", "speaks HTTP", "is silent"])
def strange_port(request) -> Iterator[int]:
    """A port where something listens that is no SSH server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            line, _ = listener.accept()
            with line:
                if request.param is not None:
                    line.sendall(request.param)
                    line.shutdown(socket.SHUT_WR)
                while line.recv(4096):
                    pass

        thread = Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_what_is_no_ssh_server_is_unreachable_in_time(strange_port):
    endpoint = SftpEndpoint(
        "127.0.0.1", strange_port, "acme", (ANOTHER_KEY,), password="a password", timeout_seconds=0.5
    )
    assert HostUnreachable is refusal(endpoint)


@pytest.mark.parametrize("line", ["", "AAAAC3", "ssh-ed25519", "ssh-ed25519 !!", "ssh-rsa " + ANOTHER_KEY.split()[1]])
def test_a_pinned_key_that_is_none_is_a_mistake_of_ours_and_nothing_is_sent(line):
    assert ConfigurationError is refusal(SftpEndpoint("127.0.0.1", 1, "acme", (line,), password="a password"))


def test_a_session_that_was_cut_reports_it_on_every_call(partner):
    acme = partner()
    with acme.session() as session:
        assert [] == session.list_files("/")
        acme.server.stop()
        for call in (lambda: session.list_files("/"), lambda: session.size_of("/834.edi")):
            with pytest.raises(ConnectionDropped):
                call()
