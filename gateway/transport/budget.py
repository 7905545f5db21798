"""How many connections one host gets from this process, whoever of its endpoints wants them (LESSONS 9, item 35)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import HostBusy
from gateway.transport.endpoint import SftpEndpoint

_PATIENCE_SECONDS = 5.0  # then the worker does something else, and comes back


class Budget:
    """Connections by host and port, counted over all partners and threads; safe to share between threads."""

    def __init__(self, most: int, *, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        """Take how many connections a host may have at a time, and how long somebody waits for one."""
        self._most = most
        self._patience_seconds = patience_seconds
        self._in_use: dict[str, int] = {}
        self._changed = threading.Condition()

    @contextmanager
    def connection(self, endpoint: SftpEndpoint) -> Iterator[None]:
        """Hold one of the host's connections; wait for one where all are in use. Raises HostBusy in the end."""
        host = endpoint.address.lower()
        with self._changed:
            if not self._changed.wait_for(lambda: self._in_use.get(host, 0) < self._most, self._patience_seconds):
                raise HostBusy
            self._in_use[host] = self._in_use.get(host, 0) + 1
        try:
            yield
        finally:
            with self._changed:
                self._in_use[host] -= 1
                self._changed.notify_all()
