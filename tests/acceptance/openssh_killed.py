"""A gateway process on a real OpenSSH that is killed at one moment; the parent says where, by the environment.

GATEWAY_TRIP='{"home": ..., "moment": ..., "port": ..., ...}' python -m tests.acceptance.openssh_killed
"""

import json
import os
from pathlib import Path

from gateway.transport.endpoint import SftpEndpoint
from gateway.transport.session import RemoteSession
from gateway.transport.sftp import _SftpDisk, open_sftp
from tests.faults.killing import A_BIT, die_while_fetching, sigkill
from tests.unit.pipeline.house import House

MOMENTS = ("fetching", "kept", "put away", "putting", "renaming", "renamed")


def point_at(house: House, trip: dict) -> None:
    """Let acme's files lie on the OpenSSH server."""
    endpoint = SftpEndpoint(
        "127.0.0.1", trip["port"], trip["user"], (trip["host_key"],), private_key=trip["private_key"]
    )
    house.refit(open_session=lambda _: open_sftp(endpoint))
    box = trip["box"]
    house.agree("acme", pick_up={"folder": f"{box}/outbox", "archive_folder": f"{box}/outbox/processed"})
    house.agree("acme", delivery={"ack_folder": f"{box}/inbox", "feed_folder": f"{box}/inbox"})


def play(house: House) -> None:
    """Look twice, and do all that is due."""
    for _ in range(2):
        house.app.poll("acme")
    house.work()


def _then_die(method):
    """Return a method that does its work and dies before it can say so."""

    def dies(*words):
        method(*words)
        sigkill()

    return dies


def _put_a_bit_and_die(disk, path, chunks):
    """Write a bit under the temporary name, then die."""
    first = next(iter(chunks))[:A_BIT]
    disk._wire.create(path, [first])
    sigkill()


def arm(moment: str) -> None:
    """Make the process die at a moment."""
    if moment == "fetching":
        RemoteSession.fetch = die_while_fetching
    elif moment == "kept":
        RemoteSession.put_away = lambda *_: sigkill()
    elif moment == "put away":
        RemoteSession.put_away = _then_die(RemoteSession.put_away)
    elif moment == "putting":
        _SftpDisk.create = _put_a_bit_and_die
    else:
        rename = _SftpDisk.rename

        def dies(disk, old, new):
            if "/inbox/" in new:
                if moment == "renamed":
                    rename(disk, old, new)
                sigkill()
            rename(disk, old, new)

        _SftpDisk.rename = dies


def main() -> None:
    trip = json.loads(os.environ["GATEWAY_TRIP"])
    house = House(Path(trip["home"]))
    point_at(house, trip)
    arm(trip["moment"])
    play(house)


if __name__ == "__main__":
    main()
