"""The one door through which foreign errors enter the gateway's error tree.

`as_transport_error` is a total decision: every error of paramiko, of the socket and of the server becomes exactly
one class of the tree, so nothing is swallowed and no refusal can look like success (LESSONS 10, lesson 1). Texts
that a server sends are left out of messages: they like to name files, and file names are the partner's choice.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko
from paramiko import sftp

from gateway.errors import (
    ArchiveError,
    ConnectionDropped,
    GatewayError,
    HostKeyRefused,
    PartnerRefusedLogin,
    RemoteFileGone,
    RemoteRefused,
    TransportError,
)

_STATUS_NAMES = {
    sftp.SFTP_NO_SUCH_FILE: "no such file",
    sftp.SFTP_PERMISSION_DENIED: "permission denied",
    sftp.SFTP_FAILURE: "failure: often a full disk, a quota or a name that is taken",
    sftp.SFTP_OP_UNSUPPORTED: "operation not supported",
}
# RFC 4254, 5.1: 1 administratively prohibited and 3 unknown channel type stay so; 2 and 4 are a busy server's.
_CHANNEL_REFUSED = (1, 3)


class StatusRefused(Exception):
    """The server answered a request with an SFTP status other than OK or EOF; `code` is the status."""

    def __init__(self, code: int) -> None:
        super().__init__(_STATUS_NAMES.get(code, f"status {code}"))
        self.code = code


Foreign = (paramiko.SSHException, sftp.SFTPError, StatusRefused, OSError, EOFError, struct.error)
"""What may come out of paramiko, a socket, or a local disk that stands in for a remote one."""


def as_transport_error(
    error: Exception, doing: str, broken: type[TransportError] = ConnectionDropped
) -> TransportError:
    """Return the error of the tree for a foreign `error` met while `doing` something.

    `broken` is what a dead line means at this moment: HostUnreachable while opening, ConnectionDropped afterwards.
    """
    refused: tuple[type[TransportError], str]
    match error:
        case StatusRefused(code=sftp.SFTP_NO_SUCH_FILE) | FileNotFoundError():
            refused = RemoteFileGone, "it is not there. Someone else took, renamed or never made it."
        case StatusRefused(code=sftp.SFTP_NO_CONNECTION | sftp.SFTP_CONNECTION_LOST):
            refused = broken, "the server lost the connection. It is tried again later."
        case StatusRefused():
            refused = RemoteRefused, f"the server refused ({error}). Ask the partner to allow it."
        case sftp.SFTPError() | struct.error():
            refused = RemoteRefused, "the server's answer is no SFTP. Ask the partner for an SFTP-only login."
        case TimeoutError():
            refused = broken, "no answer in time. It is tried again later."
        case paramiko.SSHException():
            refused = _from_ssh(error, broken)
        case _:
            refused = broken, f"it failed ({getattr(error, 'strerror', None) or type(error).__name__})."
    kind, sentence = refused
    return kind(f"{doing}: {sentence}")


def _from_ssh(error: paramiko.SSHException, broken: type[TransportError]) -> tuple[type[TransportError], str]:
    """Decide on paramiko's own tree."""
    match error:
        case paramiko.BadHostKeyException():
            return HostKeyRefused, "the server showed a host key that is not pinned. Ask the partner, then pin it."
        case paramiko.ssh_exception.IncompatiblePeer():
            return RemoteRefused, "the server knows no algorithm that we allow. Ask the partner to update it."
        case paramiko.AuthenticationException() if not _line_died(error):
            return PartnerRefusedLogin, "the server refused our login. Ask the partner to install our key."
        case paramiko.ChannelException(code=code) if code in _CHANNEL_REFUSED:
            return RemoteRefused, "the server opens no session for us. Ask the partner to allow SFTP."
        case _:
            return broken, f"the connection broke ({type(error).__name__}). It is tried again later."


def _line_died(error: paramiko.SSHException) -> bool:
    """Say whether paramiko means "no answer" though it raises the class for "refused" (its auth_handler)."""
    return error.args[:1] in (
        ("Authentication timeout.",),
        ("Authentication failed: transport shut down or saw EOF",),
    )


@contextmanager
def translated(doing: str, broken: type[TransportError] = ConnectionDropped) -> Iterator[None]:
    """Let nothing foreign out: raise what `as_transport_error` says; the gateway's own errors pass unchanged."""
    try:
        yield
    except GatewayError:
        raise
    except Foreign as error:
        raise as_transport_error(error, doing, broken) from error


@contextmanager
def on_our_disk(doing: str) -> Iterator[None]:
    """Turn a failure of our own disk into ArchiveError, so that it is never taken for the partner's."""
    try:
        yield
    except OSError as error:
        raise ArchiveError(
            f"{doing}: {error.strerror or type(error).__name__}. Check the disk and the rights on `inbound/` and "
            "`outbound/`."
        ) from error
