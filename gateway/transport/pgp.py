"""PGP by the program gpg, in a key ring that lives for one file (DEPS 4: what partners send is what gpg writes).

Nothing of the machine's own key ring is used or changed, so that exactly the keys of the profile count.
"""

import logging
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

import gnupg

from gateway.errors import ConfigurationError
from gateway.ports.payloads import KeyExpiry
from gateway.transport.packing import PayloadRefused

# What gpg says of keys names their owners, who are people.
logging.getLogger("gnupg").setLevel(logging.CRITICAL)

_MEMORY = Path("/dev/shm")  # noqa: S108 - our own folder in it is 0700; a key never lies on a disk where it can be helped
_TRUST = ["--trust-model", "always"]  # the keys in the ring are the agreed ones, and there are no others
# gpg stops a bomb in its own time, and calls what it wrote so far good: our sink must have seen too much before that.
_SLACK_BYTES = 1 << 20
_ARMOUR = b"-----BEGIN PGP "
_ARMOUR_WITHIN = 64
# Packets a message begins with: session keys for public and symmetric keys, a signature to come, compressed data.
_BEGINNINGS = frozenset({1, 3, 4, 8})


@dataclass(frozen=True, slots=True)
class PgpKeys:
    """Ours, armoured, with its passphrase; and the partner's public ones, several while it changes its key."""

    ours: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)
    theirs: tuple[str, ...] = ()


def is_armoured(head: bytes) -> bool:
    """Tell whether a file that begins so is a PGP message in text form."""
    return _ARMOUR in head[: _ARMOUR_WITHIN + len(_ARMOUR)]


def is_binary_pgp(head: bytes) -> bool:
    """Tell whether a file that begins so could be a PGP message (RFC 4880, 4.2); text in latin-1 could be as well."""
    if not head or not head[0] & 0x80:
        return False
    tag = head[0] & 0x3F if head[0] & 0x40 else (head[0] & 0x3C) >> 2
    return tag in _BEGINNINGS


class Keyring:
    """A gpg with the keys of one agreement and no others."""

    def __init__(self, gpg: gnupg.GPG, keys: PgpKeys) -> None:
        """Take gpg on an empty key ring, and import the keys; ConfigurationError where one cannot be read."""
        self._gpg = gpg
        self._passphrase = keys.passphrase or None
        self._ours = self._import([keys.ours], "our private PGP key") if keys.ours else []
        self._theirs = self._import(keys.theirs, "a PGP key of the partner's") if keys.theirs else []

    def decrypt(self, source: BinaryIO, into: BinaryIO, largest: int) -> str:
        """Write what is inside to `into`; return the fingerprint of the partner's key that signed it, or ''.

        Raises PayloadRefused for what cannot be decrypted, has a bad signature, or one of a key not agreed on: a
        signature that is there and cannot be trusted is worse than none (DOMAIN 11, rule 4: fail closed).
        """
        sink = _Sink(into, largest)
        self._gpg.on_data = sink.take
        source.seek(0)
        try:
            result = self._gpg.decrypt_file(
                source,
                passphrase=self._passphrase,
                extra_args=[*_TRUST, "--max-output", str(largest + _SLACK_BYTES)],
            )
        except BrokenPipeError:
            raise PayloadRefused("gpg stopped reading it: it is damaged, or not for our key", breaks_off=True) from None
        sink.must_have_written()
        if sink.is_full:
            raise PayloadRefused(f"it holds more than the {largest} bytes that pick_up.max_bytes allows when decrypted")
        signer = result.pubkey_fingerprint or result.fingerprint or ""
        was_signed = bool(result.sig_info or signer or (result.problems and "sig" in str(result.status)))
        if was_signed and not result.valid:
            raise PayloadRefused(f"its PGP signature is not good: {result.status or 'it cannot be verified'}")
        if signer and signer not in self._theirs:
            raise PayloadRefused("its PGP signature is of a key that was not agreed on")
        if not result.ok and not (result.valid and sink.size):
            raise _not_decrypted(result)
        return signer

    def encrypt(self, source: BinaryIO, into: BinaryIO, *, encrypts: bool, signs: bool) -> None:
        """Sign, encrypt or both; raises ConfigurationError when gpg would not (an expired key, a wrong passphrase)."""
        sink = _Sink(into, None)
        self._gpg.on_data = sink.take
        source.seek(0)
        signer = self._ours[0] if signs and self._ours else None
        try:
            if encrypts:
                result = self._gpg.encrypt_file(
                    source, self._theirs, sign=signer, passphrase=self._passphrase, armor=False, extra_args=_TRUST
                )
            else:
                result = self._gpg.sign_file(
                    source, keyid=signer, passphrase=self._passphrase, clearsign=False, binary=True
                )
            said, is_done = str(result.status or "no reason given"), result.returncode == 0
        except BrokenPipeError:
            said, is_done = "it did not even read the document", False
        sink.must_have_written()
        if not is_done:
            raise ConfigurationError(
                f"gpg did not {'encrypt' if encrypts else 'sign'}: {said}",
                hint="replace the key that has expired, or correct its passphrase; `gateway partner test` shows both",
            )

    def expiries(self) -> list[KeyExpiry]:
        """Return when each key ends, or the first of its subkeys; those that never end are left out."""
        found = []
        for key in self._gpg.list_keys():
            ends = [each for each in (key["expires"], *(sub[-1] for sub in key["subkeys"] if len(sub) > 3)) if each]
            ends += [str(info["expires"]) for info in key.get("subkey_info", {}).values() if info.get("expires")]
            times = [int(each) for each in ends if str(each).isdecimal()]
            if times:
                owner = "ours" if key["fingerprint"] in self._ours else "theirs"
                found.append(KeyExpiry(owner, key["fingerprint"], datetime.fromtimestamp(min(times), UTC)))
        return found

    def _import(self, texts: Sequence[str], what: str) -> list[str]:
        """Import keys and return their fingerprints."""
        found: list[str] = []
        for text in texts:
            result = self._gpg.import_keys(text, passphrase=self._passphrase)
            fingerprints = [each for each in cast("list[str | None]", result.fingerprints) if each]
            if not fingerprints:
                raise ConfigurationError(f"{what} cannot be read: it should be an armoured OpenPGP key")
            found += [each for each in fingerprints if each not in found]
        return found


@contextmanager
def keyring(keys: PgpKeys) -> Iterator[Keyring]:
    """Yield a key ring with these keys; it and its agent are gone when the context ends.

    Raises ConfigurationError when there is no gpg here, or a key cannot be read.
    """
    with TemporaryDirectory(prefix="gateway-pgp-", dir=_MEMORY if _MEMORY.is_dir() else None) as home:
        try:
            gpg = gnupg.GPG(gnupghome=home)
        except (OSError, RuntimeError):
            raise ConfigurationError(
                "there is no gpg on this machine, which PGP needs", hint="install it: apt-get install gnupg"
            ) from None
        try:
            yield Keyring(gpg, keys)
        finally:
            # The agent would outlive the folder that it serves.
            subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False, capture_output=True)  # noqa: S603, S607


class _Sink:
    """Takes what gpg gives, up to a limit; told in pieces from a thread of the library's, which swallows errors."""

    def __init__(self, into: BinaryIO, largest: int | None) -> None:
        self._into = into
        self._largest = largest
        self._error: OSError | None = None
        self.size = 0
        self.is_full = False

    def take(self, piece: bytes) -> bool:
        """Write one piece; False, so that the library keeps no copy."""
        self.size += len(piece)
        self.is_full = self._largest is not None and self.size > self._largest
        if not self.is_full and self._error is None:
            try:
                self._into.write(piece)
            except OSError as error:
                self._error = error
        return False

    def must_have_written(self) -> None:
        """Raise what went wrong with our own disk meanwhile."""
        if self._error is not None:
            raise self._error


def _not_decrypted(result: gnupg.Crypt) -> PayloadRefused:
    """Return why gpg did not decrypt, as far as it can be told apart."""
    said = str(result.status or "")
    if "no secret key" in said or "NO_SECKEY" in str(result.stderr):
        return PayloadRefused("it is encrypted for another key than ours; give the partner our public key again")
    # gpg has one word for a message that was changed and for one that breaks off.
    return PayloadRefused(f"it cannot be decrypted ({said or 'no PGP message'})", breaks_off=True)
