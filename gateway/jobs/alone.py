"""One process per home on the embedded database: a lock that the operating system drops when its holder dies."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import ConfigurationError, HomeInUse

if sys.platform != "win32":
    import fcntl


@contextmanager
def alone(lock_file: Path) -> Iterator[None]:
    """Hold `lock_file` (made if missing); raises HomeInUse when another process or runner holds it."""
    if sys.platform == "win32":
        raise ConfigurationError(
            "the embedded queue cannot guard its home on Windows",
            hint="run the gateway on Linux or macOS, or use PostgreSQL (`database_url` in gateway.toml)",
        )
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeInUse(
                "another gateway process is working in this home",
                hint="it will do what is due; stop it first (SIGTERM), or use PostgreSQL for several processes",
            ) from None
        yield
    finally:
        os.close(descriptor)
