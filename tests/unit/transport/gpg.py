"""Partners' PGP keys and messages, made by the real gpg as partners make them: with its defaults."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

MISSING = "NOT TRIED WITH GPG: there is none here. Install it: apt-get install gnupg"


@dataclass(frozen=True)
class Gpg:
    """A gpg of somebody's, with a ring of its own."""

    home: Path

    def run(self, *words: str, given: bytes = b"", faked: str = "") -> bytes:
        options = ["--homedir", str(self.home), "--batch", "--yes", "--pinentry-mode", "loopback"]
        options += ["--passphrase", "secret", "--trust-model", "always"]
        if faked:
            options += ["--faked-system-time", faked]
        done = subprocess.run(["gpg", *options, *words], input=given, capture_output=True, check=False)
        assert 0 == done.returncode, done.stderr.decode()
        return done.stdout

    def make_key(self, name: str, *, passphrase: str = "", expires: str = "never", faked: str = "") -> str:
        """Make a key as gpg does by default and return its fingerprint."""
        words = ["--passphrase", passphrase, "--quick-generate-key", f"{name} <{name}@example>", "future-default"]
        self.run(*words, "default", expires, faked=faked)
        lines = self.run("--with-colons", "--list-keys", name).decode().splitlines()
        return next(line.split(":")[9] for line in lines if line.startswith("fpr"))

    def public(self, name: str) -> str:
        return self.run("--armor", "--export", name).decode()

    def secret(self, name: str, passphrase: str = "") -> str:
        return self.run("--passphrase", passphrase, "--armor", "--export-secret-keys", name).decode()


@pytest.fixture(scope="session")
def gpg() -> Iterator[Gpg]:
    """A ring with `gateway`, `locked` (of ours, with a passphrase), `acme`, `stranger` and `expired`."""
    if shutil.which("gpg") is None:
        pytest.skip(MISSING)
    with TemporaryDirectory(prefix="gpg-") as home:
        Path(home).chmod(0o700)
        made = Gpg(Path(home))
        for name in ("gateway", "acme", "stranger"):
            made.make_key(name)
        made.make_key("locked", passphrase="secret")
        made.make_key("expired", expires="2d", faked="20250101T000000")
        made.make_key("ending", expires="2099-12-31")
        yield made
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)
