"""Secrets by reference: a profile says where a secret is, never what it is (DESIGN, decision 12)."""

import os
from collections.abc import Mapping
from pathlib import Path

from gateway.errors import ConfigurationError
from gateway.partners.profile import SecretReference


def resolve_secret(reference: SecretReference, home: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Return the secret that `reference` points to: an environment variable, or a file relative to `home`.

    A file's last line break is not part of the secret. Raises ConfigurationError, which never quotes the secret, when
    the reference names neither or both, or when there is nothing to be found there.
    """
    if bool(reference.env) == bool(reference.file):
        raise ConfigurationError(
            "a secret's reference names neither or both of env and file",
            hint='write either { env = "NAME" } or { file = "secrets/name" }',
        )
    if reference.env:
        return _from_environment(reference.env, environ)
    return _from_file(reference.file, home)


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    secret = environ.get(name, "")
    if not secret:
        raise ConfigurationError(f"the environment variable {name} is not set", hint="set it where the gateway runs")
    return secret


def _from_file(name: str, home: Path) -> str:
    try:
        secret = (home / name).read_text(encoding="utf-8").removesuffix("\n")
    except FileNotFoundError:
        raise ConfigurationError(f"there is no secret file {name}", hint="put it there, readable for us only") from None
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"the secret file {name} cannot be read as text", hint="check its rights") from None
    if not secret:
        raise ConfigurationError(f"the secret file {name} is empty", hint="write the secret into it")
    return secret
