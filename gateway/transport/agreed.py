"""From a partner's profile to what the wire needs; secrets are read here and now, so that a rotated one counts."""

from gateway.errors import NotFound
from gateway.partners.partner import Partner
from gateway.partners.profile import SecretReference
from gateway.partners.secrets import resolve_secret
from gateway.settings import Home
from gateway.transport.endpoint import SftpEndpoint
from gateway.transport.payloads import Agreement
from gateway.transport.pgp import PgpKeys


def endpoint_of(home: Home, partner: Partner) -> SftpEndpoint:
    """Return where a partner's server is and how we log in.

    Raises NotFound when its profile has no server, ConfigurationError when a secret or a key file is not there.
    """
    sftp = partner.profile.sftp
    if sftp is None:
        raise NotFound(f"{partner.id} has no [sftp] in its profile", hint="add one, or hand files over with `ingest`")
    return SftpEndpoint(
        host=sftp.host,
        port=sftp.port,
        username=sftp.username,
        host_keys=partner.host_keys(),
        private_key=_secret(home, sftp.private_key),
        passphrase=_secret(home, sftp.passphrase),
        password=_secret(home, sftp.password),
        connect_timeout_seconds=sftp.connect_timeout_seconds,
        timeout_seconds=sftp.timeout_seconds,
    )


def agreement_with(home: Home, partner: Partner) -> Agreement:
    """Return how files are protected between a partner and us; the keys themselves are read when they are needed."""
    agreed = partner.profile.protection

    def keys() -> PgpKeys:
        return PgpKeys(
            ours=_secret(home, agreed.our_key) or "",
            passphrase=_secret(home, agreed.passphrase) or "",
            theirs=tuple((partner.folder / name).read_text(encoding="utf-8") for name in agreed.partner_keys),
        )

    return Agreement(
        keys=keys if agreed.our_key or agreed.partner_keys else None,
        needs_encryption=agreed.encryption == "required",
        needs_signature=agreed.signature == "required",
        encrypts=agreed.encrypt,
        signs=agreed.sign,
        packs=agreed.pack,
    )


def _secret(home: Home, reference: SecretReference | None) -> str | None:
    return resolve_secret(reference, home.path) if reference is not None else None
