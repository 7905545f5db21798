"""What is around a file: PGP, gzip and zip, taken off what came and put around what goes (DOMAIN 11, rule 4)."""

from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of a file that was opened.

    `layers` are what was taken off, outermost first (`PGP`, `gzip`, `zip`); none where the file came as it is. A
    `refusal` says in plain words why it cannot be opened, or may not be; `breaks_off` that its end is missing, so
    that the rest may still come.
    """

    layers: tuple[str, ...] = ()
    signer: str = ""  # fingerprint of the partner's key that signed it
    refusal: str = ""
    breaks_off: bool = False


@dataclass(frozen=True, slots=True)
class KeyExpiry:
    """A key between a partner and us that ends: whose it is, its fingerprint, and when."""

    owner: str  # `ours` or `theirs`
    fingerprint: str
    expires_at: datetime


class Payloads(Protocol):
    """The protection that was agreed with each partner. Our own mistakes (a key we lack) are ConfigurationError."""

    def open(self, partner_id: str, source: BinaryIO, into: BinaryIO, *, largest: int) -> Opened:
        """Take off what is around `source` (seekable) and write what is inside to `into`, at most `largest` bytes.

        Nothing is written where there is nothing to take off. What is written counts only without a refusal.
        """
        ...

    def seals(self, partner_id: str) -> str:
        """Return what sealing adds to a file's name, such as `.gz.pgp`; '' where documents go as they are."""
        ...

    def seal(self, partner_id: str, name: str, source: BinaryIO, into: BinaryIO) -> None:
        """Pack, sign and encrypt all of `source` (seekable) into `into`, as agreed; `name` is what is inside."""
        ...

    def expiries(self, partner_id: str) -> list[KeyExpiry]:
        """Return when the PGP keys between this partner and us end, those that never end left out."""
        ...
