"""Every foreign error becomes exactly one class of the tree, and none is swallowed."""

import errno
import socket
import struct
from collections.abc import Iterator

import paramiko
import pytest
from paramiko import sftp
from paramiko.ssh_exception import (
    BadAuthenticationType,
    IncompatiblePeer,
    MessageOrderError,
    NoValidConnectionsError,
    PartialAuthentication,
)

from gateway.errors import (
    ArchiveError,
    ConnectionDropped,
    HostKeyRefused,
    HostUnreachable,
    KeptBytesDiffer,
    PartnerRefusedLogin,
    RemoteFileGone,
    RemoteRefused,
    TransferIncomplete,
    TransportError,
)
from gateway.transport.door import Foreign, StatusRefused, as_transport_error, on_our_disk, translated
from gateway.transport.wire import Wire


def key() -> paramiko.PKey:
    return paramiko.RSAKey.generate(1024)


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (StatusRefused(sftp.SFTP_NO_SUCH_FILE), RemoteFileGone),
        (FileNotFoundError(errno.ENOENT, "no such file"), RemoteFileGone),
        (StatusRefused(sftp.SFTP_PERMISSION_DENIED), RemoteRefused),
        (StatusRefused(sftp.SFTP_FAILURE), RemoteRefused),
        (StatusRefused(sftp.SFTP_BAD_MESSAGE), RemoteRefused),
        (StatusRefused(sftp.SFTP_OP_UNSUPPORTED), RemoteRefused),
        (StatusRefused(11), RemoteRefused),
        (StatusRefused(sftp.SFTP_NO_CONNECTION), ConnectionDropped),
        (StatusRefused(sftp.SFTP_CONNECTION_LOST), ConnectionDropped),
        (sftp.SFTPError("Garbage packet received"), RemoteRefused),
        (struct.error("unpack requires 4 bytes"), RemoteRefused),
        (TimeoutError(), ConnectionDropped),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), ConnectionDropped),
        (ConnectionResetError(errno.ECONNRESET, "reset by peer"), ConnectionDropped),
        (BrokenPipeError(), ConnectionDropped),
        (OSError("Socket is closed"), ConnectionDropped),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), ConnectionDropped),
        (NoValidConnectionsError({("127.0.0.1", 22): OSError()}), ConnectionDropped),
        (EOFError(), ConnectionDropped),
        (paramiko.SSHException("Server connection dropped: "), ConnectionDropped),
        (MessageOrderError("out of order"), ConnectionDropped),
        (paramiko.ChannelException(1, "Administratively prohibited"), RemoteRefused),
        (paramiko.ChannelException(2, "Connect failed"), ConnectionDropped),
        (paramiko.ChannelException(3, "Unknown channel type"), RemoteRefused),
        (paramiko.ChannelException(4, "Resource shortage"), ConnectionDropped),
        (paramiko.AuthenticationException("Authentication failed."), PartnerRefusedLogin),
        (BadAuthenticationType("Bad authentication type", ["publickey"]), PartnerRefusedLogin),
        (PartialAuthentication(["password"]), PartnerRefusedLogin),
        (paramiko.AuthenticationException("Authentication timeout."), ConnectionDropped),
        (
            paramiko.AuthenticationException("Authentication failed: transport shut down or saw EOF"),
            ConnectionDropped,
        ),
        (paramiko.BadHostKeyException("127.0.0.1", key(), key()), HostKeyRefused),
        (IncompatiblePeer("no acceptable ciphers"), RemoteRefused),
    ],
    ids=lambda case: f"{type(case).__name__}({case})"[:50] if isinstance(case, Exception) else case.__name__,
)
def test_a_foreign_error_becomes_one_class_of_the_tree(foreign, ours):
    with pytest.raises(TransportError) as raised, translated("Fetching a file"):
        raise foreign
    assert ours is type(raised.value)
    assert foreign is raised.value.__cause__
    assert str(raised.value).startswith("Fetching a file: ")


def subclasses(kind: type) -> Iterator[type]:
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


@pytest.mark.parametrize(
    "kind",
    [kind for foreign in Foreign for kind in (foreign, *subclasses(foreign))],
    ids=lambda kind: kind.__name__,
)
def test_no_class_that_paramiko_or_a_socket_can_raise_passes_untranslated(kind):
    error = kind.__new__(kind)  # as a bare instance: the decision may not lean on how it was made
    if isinstance(error, StatusRefused | paramiko.ChannelException):
        error.code = 4
    ours = as_transport_error(error, "Listing a folder")
    assert isinstance(ours, TransportError)
    assert TransportError is not type(ours)


def test_a_dead_line_means_unreachable_while_we_are_opening():
    with pytest.raises(HostUnreachable), translated("Connecting", HostUnreachable):
        raise ConnectionRefusedError


def test_a_refused_login_stays_one_while_we_are_opening():
    with pytest.raises(PartnerRefusedLogin), translated("Connecting", HostUnreachable):
        raise paramiko.AuthenticationException("Authentication failed.")


@pytest.mark.parametrize(
    "ours", [TransferIncomplete(), KeptBytesDiffer(), HostKeyRefused()], ids=lambda e: type(e).__name__
)
def test_our_own_errors_pass_the_door_unchanged(ours):
    with pytest.raises(type(ours)) as raised, translated("Fetching a file"):
        raise ours
    assert ours is raised.value


@pytest.mark.parametrize("bug", [KeyError("a"), ValueError("b"), AssertionError()], ids=lambda e: type(e).__name__)
def test_a_mistake_in_our_program_is_not_blamed_on_the_partner(bug):
    with pytest.raises(type(bug)), translated("Fetching a file"):
        raise bug


def test_what_a_server_says_is_left_out_because_it_names_files():
    said = paramiko.Message()
    said.add_int(sftp.SFTP_FAILURE)
    said.add_string("cannot write jane-doe.834")
    said.rewind()
    with pytest.raises(RemoteRefused) as raised, translated("Putting a file"):
        Wire._convert_status(Wire.__new__(Wire), said)
    assert "jane" not in f"{raised.value} {raised.value.__cause__!r}"


def test_a_failure_of_our_own_disk_is_never_the_partners():
    with pytest.raises(ArchiveError, match="No space left"), on_our_disk("Keeping bytes"):
        raise OSError(errno.ENOSPC, "No space left on device")
