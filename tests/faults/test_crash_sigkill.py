"""A real process and a real SIGKILL: what it leaves on the disks and in the database is taken up by the next one."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.pipeline.sweep import sweep
from gateway.pipeline.timetable import HERE
from tests.faults.killing import effects
from tests.unit.pipeline.house import House, _template, make_house
from tests.unit.pipeline.trip import ACTS

__all__ = ["_template", "make_house"]

ROOT = Path(__file__).parents[2]
ACT = ACTS[0]


@pytest.fixture(scope="module")
def undisturbed(_template):
    """What the first act comes to."""
    home = _template.with_name("undisturbed")
    shutil.copytree(_template, home)
    house = House(home)
    ACT.play(house)
    yield effects(house)
    house.close()


@pytest.mark.parametrize(
    "moment",
    [
        "fetching",  # half of the partner's file lies in a temporary one
        "dies_after=4",  # the file is received and still lies in the partner's folder
        "dies_before=9",  # the first set is applied, the second not written
        "putting",  # half an acknowledgement lies under a temporary name in the partner's folder
        "dies_before=13",  # the first acknowledgement is there and we have not written it down
    ],
)
def test_the_next_process_ends_what_a_killed_one_began(make_house, undisturbed, moment):
    house = make_house()
    house.clock.instant = ACT.at
    ACT.drops(house)
    house.close()
    command = [sys.executable, "-m", "tests.faults.killing", str(house.home.path), ACT.name, moment]
    died = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert -signal.SIGKILL == died.returncode, died.stderr
    ACT.does(house)
    assert undisturbed == effects(house)
    assert (moment == "fetching") == bool(list(house.plant.archive.list_leftovers()))
    sweep(house.plant, HERE)
    assert [] == list(house.plant.archive.list_leftovers())


def test_an_act_that_nobody_kills_ends_by_itself(make_house, undisturbed):
    house = make_house()
    house.clock.instant = ACT.at
    ACT.drops(house)
    house.close()
    command = [sys.executable, "-m", "tests.faults.killing", str(house.home.path), ACT.name, "acting"]
    assert 0 == subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode
    assert undisturbed == effects(house)
