"""Where a partner's server is and how we prove who we are."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SftpEndpoint:
    """A partner's SFTP server. Secrets never show in the repr.

    `host_keys` are OpenSSH public key lines (`ssh-ed25519 AAAA…`); several are allowed while the partner rotates
    its key, and a server that shows none of them is refused (DOMAIN 11, rule 4). Login is by `private_key` (PEM or
    OpenSSH text, opened with `passphrase`), by `password`, or by both where the server asks for both.
    """

    host: str
    port: int
    username: str
    host_keys: tuple[str, ...]
    private_key: str | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    connect_timeout_seconds: float = 10
    timeout_seconds: float = 30  # for opening the session as a whole, then for every single answer

    @property
    def address(self) -> str:
        """Host and port as they stand in messages and logs."""
        return f"{self.host}:{self.port}"
