"""What is around a file, taken off and put on as agreed with each partner: `gateway.ports.payloads.Payloads`."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import BinaryIO, Literal

from gateway.ports.payloads import KeyExpiry, Opened
from gateway.transport.chunks import chunks_of
from gateway.transport.packing import PayloadRefused, gunzip, is_gzip, is_zip, pack_gzip, pack_zip, unzip
from gateway.transport.pgp import PgpKeys, is_armoured, is_binary_pgp, keyring

PGP, GZIP, ZIP = "PGP", "gzip", "zip"
_LAYERS_MOST = 3  # packed, signed and encrypted, packed again: who wraps deeper means harm
_HEAD_BYTES = 4096
_UNPACK = {GZIP: gunzip, ZIP: unzip}
_PACK = {GZIP: pack_gzip, ZIP: pack_zip}
_SUFFIX = {GZIP: ".gz", ZIP: ".zip", PGP: ".pgp"}


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed with a partner; `keys` reads the secrets when they are needed, so that rotated ones count."""

    keys: Callable[[], PgpKeys] | None = None  # None: no PGP was agreed
    needs_encryption: bool = False  # of what comes
    needs_signature: bool = False
    encrypts: bool = False  # what goes
    signs: bool = False
    packs: Literal["none", "gzip", "zip"] = "none"

    @property
    def puts_on(self) -> list[str]:
        """What is put around a document, innermost first."""
        packed = [] if self.packs == "none" else [self.packs]
        return packed + ([PGP] if self.encrypts or self.signs else [])


class ProtectedPayloads:
    """Opens and seals files by the agreements with the partners."""

    def __init__(self, agreement: Callable[[str], Agreement]) -> None:
        """Take what returns the agreement with the partner of an id."""
        self._agreement = agreement

    def open(self, partner_id: str, source: BinaryIO, into: BinaryIO, *, largest: int) -> Opened:
        """Take off what is around `source`; a file in clear that should have been protected is refused."""
        agreed = self._agreement(partner_id)
        layers: list[str] = []
        signer = ""
        with ExitStack() as held:
            inner = source
            while kind := _kind_of(inner, agreed):
                if len(layers) == _LAYERS_MOST:
                    return Opened(tuple(layers), signer, "it is wrapped more than three times")
                outer, inner = inner, held.enter_context(TemporaryFile())
                try:
                    signer = _take_off(kind, outer, inner, agreed, largest) or signer
                except PayloadRefused as refused:
                    return Opened((*layers, kind), signer, str(refused), breaks_off=refused.breaks_off)
                layers.append(kind)
            if agreed.needs_encryption and PGP not in layers:
                return Opened(tuple(layers), signer, "it came in clear, and the agreement asks for PGP")
            if agreed.needs_signature and not signer:
                return Opened(tuple(layers), signer, "it is not signed, and the agreement asks for a signature")
            if layers:
                into.writelines(chunks_of(inner))
        return Opened(tuple(layers), signer)

    def seals(self, partner_id: str) -> str:
        """Return what sealing adds to a file's name."""
        return "".join(_SUFFIX[kind] for kind in self._agreement(partner_id).puts_on)

    def seal(self, partner_id: str, name: str, source: BinaryIO, into: BinaryIO) -> None:
        """Pack, sign and encrypt as agreed."""
        agreed = self._agreement(partner_id)
        with TemporaryFile() as packed:
            inner = source
            if agreed.packs != "none":
                inner = packed if agreed.encrypts or agreed.signs else into
                _PACK[agreed.packs](name, source, inner)
            if agreed.keys is not None and (agreed.encrypts or agreed.signs):
                with keyring(agreed.keys()) as ring:
                    ring.encrypt(inner, into, encrypts=agreed.encrypts, signs=agreed.signs)

    def expiries(self, partner_id: str) -> list[KeyExpiry]:
        """Return when the PGP keys between this partner and us end."""
        keys = self._agreement(partner_id).keys
        if keys is None:
            return []
        with keyring(keys()) as ring:
            return ring.expiries()


def _kind_of(stream: BinaryIO, agreed: Agreement) -> str:
    """Return what is around a file, or '' for a file that is not wrapped.

    Binary PGP is looked for only where PGP was agreed: a list of names in latin-1 may begin with the same byte.
    """
    stream.seek(0)
    head = stream.read(_HEAD_BYTES)
    if is_armoured(head) or (agreed.keys is not None and is_binary_pgp(head)):
        return PGP
    if is_gzip(head):
        return GZIP
    return ZIP if is_zip(head, stream) else ""


def _take_off(kind: str, outer: BinaryIO, inner: BinaryIO, agreed: Agreement, largest: int) -> str:
    """Take one layer off and return who signed it, or ''; raises PayloadRefused."""
    if kind != PGP:
        _UNPACK[kind](outer, inner, largest)
        return ""
    if agreed.keys is None:
        raise PayloadRefused("it is protected by PGP, and no key of ours was agreed on")
    with keyring(agreed.keys()) as ring:
        return ring.decrypt(outer, inner, largest)
