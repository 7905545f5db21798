"""Killing a process at one moment: in this process by an exception that nothing catches, in a child by SIGKILL.

    python -m tests.faults.killing HOME ACT MOMENT

plays an act of the trip in the home and is killed at MOMENT: `dies_before=N` or `dies_after=N`, where N counts commits;
`putting` and `fetching`, with half of the bytes written; `acting`, not at all.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gateway.transport.archive import INCOMING, IncomingFile
from gateway.transport.folder import _FolderDisk
from gateway.transport.session import RemoteSession
from tests.unit.pipeline.house import House
from tests.unit.pipeline.trip import ACTS

OUTSIDE = [(RemoteSession, "deliver"), (RemoteSession, "put_away"), (RemoteSession, "delete"), (IncomingFile, "keep")]
A_BIT = 20  # bytes


class Killed(BaseException):
    """What SIGKILL does to a process: nothing below catches it."""


def _raise():
    raise Killed


@dataclass
class Witness:
    """Sees every commit and every effect outside of the database, and kills at one moment."""

    dies_before: int = 0  # the number of a commit, from 1
    dies_after: int = 0
    die: Callable[[], object] = _raise
    seen: list[str] = field(default_factory=list)

    def commit(self, commit):
        number = self.seen.count("commit") + 1
        if number == self.dies_before:
            self.die()
        commit()
        self.seen.append("commit")
        if number == self.dies_after:
            self.die()

    def watch(self, house):
        """See the commits of all units of work of the house."""
        open_unit = house.plant.open_unit

        def watched():
            unit = open_unit()
            commit = unit.commit
            unit.commit = lambda: self.commit(commit)
            return unit

        house.refit(open_unit=watched)

    def watch_outside(self, patch):
        """See what is kept on our disk and done on a partner's side."""

        def watched(method):
            def seen(*words):
                self.seen.append("outside")
                return method(*words)

            return seen

        for owner, name in OUTSIDE:
            patch.setattr(owner, name, watched(getattr(owner, name)))

    def moments(self) -> Iterator[dict[str, int]]:
        """Yield the moments that differ: before each commit, and after it where something outside follows."""
        number = 0
        for here, following in zip(self.seen, [*self.seen[1:], ""], strict=True):
            if here == "commit":
                number += 1
                yield {"dies_before": number}
                if following == "outside":
                    yield {"dies_after": number}


def effects(house):
    """Return what the work came to: not how often was looked and tried, nor in which order it was logged.

    A temporary file of a killed process is no effect: the sweep removes it.
    """
    found = house.effects()
    found["inbound"] = {name: kept for name, kept in found["inbound"].items() if not name.startswith(INCOMING)}
    del found["delivery_attempts"], found["looks"]
    found["log_events"] = house.rows("SELECT key, at, station, file_id, subject_id, text FROM log_events ORDER BY key")
    return found


def sigkill():
    """End this process as the system does: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_while_putting(disk, path, chunks):
    """Write a bit under the temporary name, then die."""
    with disk._local(path).open("xb") as file:
        file.write(next(iter(chunks))[:A_BIT])
        file.flush()
        sigkill()


def die_while_fetching(session, remote, into):
    """Write a bit of what came, then die."""
    into.write(b"ISA*00*")
    into.flush()
    sigkill()


def main(home: str, act_name: str, moment: str) -> None:
    """Play the act of this name in a home until the moment comes."""
    house = House(Path(home))
    act = next(each for each in ACTS if each.name == act_name)
    house.clock.instant = act.at
    if moment == "putting":
        _FolderDisk.create = die_while_putting
    elif moment == "fetching":
        RemoteSession.fetch = die_while_fetching
    elif moment != "acting":
        kind, _, number = moment.partition("=")
        Witness(**{kind: int(number)}, die=sigkill).watch(house)
    act.does(house)


if __name__ == "__main__":
    main(*sys.argv[1:])
