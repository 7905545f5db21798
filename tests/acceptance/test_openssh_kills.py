"""A process that is really killed in the middle of its work with a real OpenSSH: the next one ends it, once."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.openssh import openssh_server  # noqa: F401
from tests.acceptance.openssh_killed import MOMENTS, play, point_at
from tests.unit.pipeline.house import _template, make_house
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

__all__ = ["_template", "make_house"]

ROOT = Path(__file__).parents[2]
MEMBERS = [f"A{number:03d}" for number in range(50)]
FILE = Envelope(asks_for_ta1=False).around(enrollment(*map(member, MEMBERS)))


@pytest.fixture
def box(openssh_server, request):  # noqa: F811
    """Acme's folders on the server."""
    name = f"killed-{abs(hash(request.node.name))}"
    for part in ("outbox/processed", "inbox"):
        openssh_server.make_folder(f"{name}/{part}")
    return openssh_server.root / name


@pytest.mark.parametrize("moment", MOMENTS)
def test_whatever_was_under_way_is_done_once_by_the_next_process(openssh_server, make_house, box, moment):  # noqa: F811
    house = make_house()
    dropped = box / "outbox" / "first.834"
    dropped.write_bytes(FILE)
    dropped.chmod(0o666)
    server = openssh_server
    trip = {
        "home": str(house.home.path),
        "moment": moment,
        "box": str(box),
        "port": server.port,
        "user": server.user,
        "host_key": server.host_key_line,
        "private_key": server.private_key,
    }
    house.close()
    command = [sys.executable, "-m", "tests.acceptance.openssh_killed"]
    environment = {**os.environ, "GATEWAY_TRIP": json.dumps(trip)}
    died = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert -signal.SIGKILL == died.returncode, died.stderr
    point_at(house, trip)
    play(house)
    assert [(len(MEMBERS),)] == house.rows("SELECT count(*) FROM memberships")
    ((kept, state, name),) = house.rows("SELECT kept_path, state, name FROM documents WHERE partner_id = 'acme'")
    assert "verified" == state
    assert {name: (house.home.path / kept).read_bytes()} == {
        path.name: path.read_bytes() for path in (box / "inbox").iterdir()
    }
    assert [FILE] == [path.read_bytes() for path in (box / "outbox" / "processed").iterdir()]
    assert not dropped.exists()
