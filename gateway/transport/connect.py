"""Reaching a partner's server: socket, allowed algorithms, pinned host key, our login (DOMAIN 11, rule 4)."""

import base64
import binascii
import hashlib
import io
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Timer

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from gateway.errors import (
    ConfigurationError,
    HostKeyRefused,
    HostUnreachable,
    PartnerRefusedLogin,
    RemoteRefused,
)
from gateway.transport.door import translated
from gateway.transport.endpoint import SftpEndpoint
from gateway.transport.wire import Wire

KEEPALIVE_SECONDS = 15
# What we speak, best first; whatever paramiko would also offer (CBC, 3DES, MD5, SHA-1) is never offered.
CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes256-ctr", "aes192-ctr", "aes128-ctr")
DIGESTS = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
)
KEY_EXCHANGES = (
    "mlkem768x25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group14-sha256",
)
_RSA = ("rsa-sha2-512", "rsa-sha2-256")  # an `ssh-rsa` key signs with these; ssh-rsa itself is SHA-1
_KEY_CLASSES: dict[type, type[paramiko.PKey]] = {
    Ed25519PrivateKey: paramiko.Ed25519Key,
    RSAPrivateKey: paramiko.RSAKey,
    EllipticCurvePrivateKey: paramiko.ECDSAKey,
}


@dataclass(frozen=True, slots=True)
class ConnectionTest:
    """What a connection test saw: the server's host key, and whether it lets us in.

    `login_works` is None when login was not tried, because no secret is shown to a server that is not pinned.
    """

    fingerprint: str  # SHA256:…, as `ssh-keygen -l` shows it
    host_key: str  # the OpenSSH line that the profile would pin
    is_pinned: bool
    login_works: bool | None
    remark: str = ""


@contextmanager
def connected(endpoint: SftpEndpoint) -> Iterator[Wire]:
    """Yield a wire to a server that showed a pinned key and let us in; closed when the context ends.

    Raises HostUnreachable, HostKeyRefused, PartnerRefusedLogin, RemoteRefused, or ConfigurationError when the
    profile's own keys cannot be read.
    """
    key = _private_key(endpoint)
    pinned = _pinned(endpoint)
    with _transport(endpoint, pinned) as transport:
        with _opening(endpoint, transport):
            _must_be_pinned(transport.get_remote_server_key(), pinned, endpoint)
            _log_in(transport, endpoint, key)
            wire = _open_sftp(transport, endpoint)
        yield wire


def probe(endpoint: SftpEndpoint) -> ConnectionTest:
    """Try the connection and return what the server showed; raises HostUnreachable when it does not answer.

    Our own key is only looked at where the server's is pinned: without either this still shows what to pin.
    """
    pinned = _pinned(endpoint)
    with _transport(endpoint, pinned) as transport:
        shown = transport.get_remote_server_key()
        fingerprint, line = shown.fingerprint, f"{shown.get_name()} {shown.get_base64()}"
        if shown.asbytes() not in pinned:
            remark = "The key is not pinned. Compare the fingerprint with the partner, by telephone, then pin it."
            return ConnectionTest(fingerprint, line, is_pinned=False, login_works=None, remark=remark)
        try:
            key = _private_key(endpoint)
        except ConfigurationError as error:
            return ConnectionTest(fingerprint, line, is_pinned=True, login_works=None, remark=str(error))
        try:
            with _opening(endpoint, transport):
                _log_in(transport, endpoint, key)
                _open_sftp(transport, endpoint)
        except (PartnerRefusedLogin, RemoteRefused) as error:
            return ConnectionTest(fingerprint, line, is_pinned=True, login_works=False, remark=str(error))
        return ConnectionTest(fingerprint, line, is_pinned=True, login_works=True)


def fingerprints_of(host_keys: Sequence[str]) -> tuple[str, ...]:
    """Return each OpenSSH public key line as kind and fingerprint (SHA256:…), as people compare them."""
    found = []
    for line in host_keys:
        kind, _, rest = line.strip().partition(" ")
        digest = hashlib.sha256(base64.b64decode(rest.split(" ")[0])).digest()
        found.append(f"{kind} SHA256:{base64.b64encode(digest).decode().rstrip('=')}")
    return tuple(found)


@contextmanager
def _transport(endpoint: SftpEndpoint, pinned: frozenset[bytes]) -> Iterator[paramiko.Transport]:
    """Yield an encrypted transport to a server that nobody has judged yet."""
    address = (endpoint.host, endpoint.port)
    with translated(f"Connecting to {endpoint.address}", HostUnreachable):
        line = socket.create_connection(address, endpoint.connect_timeout_seconds)
    with line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # paramiko never does: ten times slower without
        transport = paramiko.Transport(line)
        try:
            _allow_only(transport, pinned)
            with _opening(endpoint, transport):
                transport.start_client()
            transport.set_keepalive(KEEPALIVE_SECONDS)
            yield transport
        finally:
            transport.close()


@contextmanager
def _opening(endpoint: SftpEndpoint, transport: paramiko.Transport) -> Iterator[None]:
    """Bound a stage of the opening: paramiko waits for some answers for ever, but never beyond a closed transport."""
    transport.banner_timeout = transport.auth_timeout = 2 * endpoint.timeout_seconds
    watchdog = Timer(endpoint.timeout_seconds, transport.close)
    watchdog.daemon = True
    watchdog.start()
    try:
        with translated(f"Opening a session with {endpoint.address}", HostUnreachable):
            yield
    finally:
        watchdog.cancel()


def _allow_only(transport: paramiko.Transport, pinned: frozenset[bytes]) -> None:
    """Offer the allowed algorithms, and ask for a host key of a pinned kind before the others."""
    offered = transport.get_security_options()
    offered.ciphers = _known(CIPHERS, offered.ciphers)
    offered.digests = _known(DIGESTS, offered.digests)
    offered.kex = _known(KEY_EXCHANGES, offered.kex)
    kinds = {paramiko.Message(blob).get_text() for blob in pinned}
    wanted = kinds | set(_RSA) if "ssh-rsa" in kinds else kinds
    offered.key_types = tuple(sorted(offered.key_types, key=lambda name: name not in wanted))


def _known(allowed: tuple[str, ...], offered: Sequence[str]) -> tuple[str, ...]:
    """Return the allowed names that this build of paramiko can speak."""
    return tuple(name for name in allowed if name in offered)


def _must_be_pinned(shown: paramiko.PKey, pinned: frozenset[bytes], endpoint: SftpEndpoint) -> None:
    if shown.asbytes() not in pinned:
        raise HostKeyRefused(
            f"{endpoint.address} showed host key {shown.fingerprint} ({shown.get_name()}), which the profile does not "
            "pin. Nothing was sent. Ask the partner whether the key was changed, then pin it."
        )


def _log_in(transport: paramiko.Transport, endpoint: SftpEndpoint, key: paramiko.PKey | None) -> None:
    """Log in by key, by password, or by both where the server asks for the password as well."""
    still_asked = ["password"]
    if key is not None:
        still_asked = transport.auth_publickey(endpoint.username, key)
    if still_asked and endpoint.password is not None:
        still_asked = transport.auth_password(endpoint.username, endpoint.password)
    if still_asked:
        raise PartnerRefusedLogin(
            f"{endpoint.address} asks for {', '.join(still_asked)} as well, which the profile does not have. "
            "Ask the partner to accept our key alone, or add what is missing."
        )


def _open_sftp(transport: paramiko.Transport, endpoint: SftpEndpoint) -> Wire:
    channel = transport.open_session(timeout=endpoint.timeout_seconds)
    channel.settimeout(endpoint.timeout_seconds)
    try:
        channel.invoke_subsystem("sftp")
    except paramiko.SSHException as error:
        if not transport.is_active():
            raise
        raise RemoteRefused(f"{endpoint.address} offers no SFTP to our login. Ask the partner to allow it.") from error
    return Wire(channel)


def _pinned(endpoint: SftpEndpoint) -> frozenset[bytes]:
    """Return the pinned keys as the bytes a server shows; ConfigurationError names the line that is none."""
    keys = set()
    for number, line in enumerate(endpoint.host_keys, start=1):
        kind, _, rest = line.strip().partition(" ")
        with suppress(binascii.Error, ValueError):
            blob = base64.b64decode(rest.split(" ")[0], validate=True)
            if blob and paramiko.Message(blob).get_text() == kind:
                keys.add(blob)
                continue
        raise ConfigurationError(
            f"Host key {number} of {endpoint.address} is no OpenSSH public key line. "
            "It should look like `ssh-ed25519 AAAA…`, as `ssh-keyscan` prints it without the host name."
        )
    return frozenset(keys)


def _private_key(endpoint: SftpEndpoint) -> paramiko.PKey | None:
    """Return our key, or None for login by password alone; ConfigurationError when there is none we can use."""
    if endpoint.private_key is None:
        if endpoint.password is None:
            raise ConfigurationError(f"There is neither a private key nor a password to log in to {endpoint.address}.")
        return None
    try:
        return _read_private_key(endpoint.private_key.encode(), (endpoint.passphrase or "").encode() or None)
    except TypeError as error:
        which = "needs a passphrase, and there is none" if endpoint.passphrase is None else "has no passphrase"
        raise ConfigurationError(f"The private key for {endpoint.address} {which}.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(
            f"The private key for {endpoint.address} cannot be read: it should be an Ed25519, RSA or ECDSA key in "
            "OpenSSH or PEM form, with the right passphrase."
        ) from error


def _read_private_key(text: bytes, passphrase: bytes | None) -> paramiko.PKey:
    """Read a key in any usual form, and hand it to paramiko in the one that paramiko always reads."""
    load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in text else load_pem_private_key
    key = load(text, passphrase)
    kind = next((ours for theirs, ours in _KEY_CLASSES.items() if isinstance(key, theirs)), None)
    if kind is None:
        raise UnsupportedAlgorithm(type(key).__name__)
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    return kind.from_private_key(io.StringIO(plain))
