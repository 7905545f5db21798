"""A process that is killed at any moment leaves nothing half done: run again, it ends as if nothing had happened.

The whole trip is cut into acts. Each act is done again and again from the same beginning, and killed one moment later
each time: right before a commit, when what was kept on our disk or put on the partner's side is not written down yet,
and right after a commit, when what should follow outside of the database has not happened. Where every act ends as it
should, so does the trip. That a job whose end was not written down is done again is tried in test_run_twice, a process
that is really killed in test_crash_sigkill.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.killing import Killed, Witness, effects
from tests.unit.pipeline.house import House, _template
from tests.unit.pipeline.trip import ACTS, Act

__all__ = ["_template"]

KILLED_IN = [act for act in ACTS if act.name != "an exchange's file"]  # takes the way of the other enrollments


@dataclass(frozen=True)
class Stage:
    """An act, the home kept before it, what it comes to undisturbed, and the moments at which it may be killed."""

    house: House
    act: Act
    before: Path
    expected: dict
    moments: list


@pytest.fixture(scope="module")
def stages(_template):
    """The stages by the names of their acts, all of one house."""
    home = _template.with_name("crash")
    shutil.copytree(_template, home)
    house = House(home)
    sound = house.plant.open_unit
    found = {}
    for number, act in enumerate(KILLED_IN):
        house.clock.instant = act.at
        act.drops(house)
        before = home.with_name(f"crash-{number}")
        house.keep(before)
        witness = Witness()
        with pytest.MonkeyPatch.context() as patch:
            witness.watch(house)
            witness.watch_outside(patch)
            act.does(house)
        house.refit(open_unit=sound)
        found[act.name] = Stage(house, act, before, effects(house), list(witness.moments()))
    yield found
    house.close()


@pytest.mark.parametrize("name", [act.name for act in KILLED_IN])
def test_a_process_killed_at_any_moment_ends_as_if_it_had_not_been(name, stages):
    stage = stages[name]
    house, sound = stage.house, stage.house.plant.open_unit
    house.clock.instant = stage.act.at
    assert stage.moments
    for moment in stage.moments:
        house.restore(stage.before)
        Witness(**moment).watch(house)
        with pytest.raises(Killed):
            stage.act.does(house)
        house.refit(open_unit=sound)
        stage.act.does(house)
        assert stage.expected == effects(house), moment
