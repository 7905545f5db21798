"""Trying a partner's server before anything depends on it: what `gateway partner test` shows."""

import io
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from gateway.errors import ConfigurationError, GatewayError, NotFound, RemoteRefused, TransportError
from gateway.partners.partner import Partner
from gateway.ports.payloads import KeyExpiry
from gateway.settings import Home
from gateway.transport.agreed import agreement_with, endpoint_of
from gateway.transport.connect import ConnectionTest
from gateway.transport.endpoint import SftpEndpoint
from gateway.transport.payloads import ProtectedPayloads
from gateway.transport.session import RemoteSession
from gateway.transport.sftp import open_sftp, probe


@dataclass(frozen=True, slots=True)
class FolderTest:
    """A folder of the partner's: what it is for, and what we could do there."""

    purpose: str
    folder: str
    works: bool
    remark: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What trying showed; `works` when nothing stands in the way of exchanging files."""

    address: str
    connection: ConnectionTest | None  # None: the server does not answer
    remark: str
    folders: tuple[FolderTest, ...] = ()
    keys: tuple[KeyExpiry, ...] = ()

    @property
    def works(self) -> bool:
        """Whether we got in and every folder does what it is for."""
        return bool(self.connection and self.connection.login_works) and all(each.works for each in self.folders)


def try_out(home: Home, partner: Partner, *, writes: bool = False) -> Trial:
    """Connect, show the server's key, log in where it is pinned, look into the folders, and read the PGP keys.

    With `writes` a small file is put into each folder that we deliver to, and removed again. A key or secret that is
    not there yet is told of, and the rest is tried without it. Raises NotFound when the profile has no server.
    """
    remark = ""
    try:
        endpoint = endpoint_of(home, partner)
    except ConfigurationError as error:
        remark, endpoint = str(error), _without_secrets(partner)
    keys = tuple(ProtectedPayloads(lambda _: agreement_with(home, partner)).expiries(partner.id))
    try:
        connection = probe(endpoint)
        folders: tuple[FolderTest, ...] = ()
        if connection.login_works:
            with open_sftp(endpoint) as session:
                folders = tuple(_try_folders(session, partner, writes=writes))
    except TransportError as error:
        return Trial(endpoint.address, None, str(error), keys=keys)
    return Trial(endpoint.address, connection, remark or connection.remark, folders, keys)


def _without_secrets(partner: Partner) -> SftpEndpoint:
    """Return where the server is, with what is pinned so far and no way to log in."""
    sftp = partner.profile.sftp
    if sftp is None:
        raise NotFound(f"{partner.id} has no [sftp] in its profile", hint="add one")
    pinned: tuple[str, ...] = ()
    with suppress(ConfigurationError):
        pinned = partner.host_keys()
    return SftpEndpoint(sftp.host, sftp.port, sftp.username, pinned)


def _try_folders(session: RemoteSession, partner: Partner, *, writes: bool) -> Iterator[FolderTest]:
    """Yield what can be done in each folder of the profile."""
    pick_up, delivery = partner.profile.pick_up, partner.profile.delivery
    yield _try(session, "pick up", pick_up.folder, writes=False)
    purposes = {delivery.ack_folder: "deliver acknowledgements", delivery.feed_folder: "deliver feeds"}
    if delivery.ack_folder == delivery.feed_folder:
        purposes = {delivery.ack_folder: "deliver"}
    for folder, purpose in purposes.items():
        yield _try(session, purpose, folder, writes=writes)


def _try(session: RemoteSession, purpose: str, folder: str, *, writes: bool) -> FolderTest:
    """Return what one folder lets us do."""
    try:
        seen = f"{len(session.list_files(folder))} files"
    except RemoteRefused as error:
        return FolderTest(purpose, folder, works=False, remark=str(error))
    if not writes:
        return FolderTest(purpose, folder, works=True, remark=f"can be listed, {seen}")
    content = b"A connection test; it may be deleted.\n"
    try:
        receipt = session.deliver(io.BytesIO(content), len(content), folder, f".gateway-test-{secrets.token_hex(4)}")
        session.remove(receipt.path)
    except GatewayError as error:
        return FolderTest(purpose, folder, works=False, remark=f"{seen}, but we cannot write: {error}")
    return FolderTest(purpose, folder, works=True, remark=f"can be listed and written, {seen}")
