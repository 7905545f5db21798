"""A process that is killed at any moment leaves nothing half done: run again, it ends as if nothing had happened.

The whole trip is cut into acts. Each act is done again and again from the same beginning, and killed one moment later
each time: right before a commit, when what was kept on our disk or put on the partner's side is not written down yet,
and right after a commit, when what should follow outside of the database has not happened. Where every act ends as it
should, so does the trip. That a job whose end was not written down is done again is tried in test_run_twice.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.transport.archive import IncomingFile
from gateway.transport.session import RemoteSession
from tests.unit.pipeline.house import House, _template
from tests.unit.pipeline.trip import ACTS, Act

__all__ = ["_template"]

OUTSIDE = [(RemoteSession, "deliver"), (RemoteSession, "put_away"), (RemoteSession, "delete"), (IncomingFile, "keep")]
KILLED_IN = [act for act in ACTS if act.name != "an exchange's file"]  # takes the way of the other enrollments


class Killed(BaseException):
    """What SIGKILL does to a process: nothing below catches it."""


@dataclass
class Witness:
    """Sees every commit and every effect outside of the database, and kills at one moment."""

    dies_before: int = 0  # the number of a commit, from 1
    dies_after: int = 0
    seen: list[str] = field(default_factory=list)

    def commit(self, commit):
        number = self.seen.count("commit") + 1
        if number == self.dies_before:
            raise Killed
        commit()
        self.seen.append("commit")
        if number == self.dies_after:
            raise Killed

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


@dataclass(frozen=True)
class Stage:
    """An act, the home kept before it, what it comes to undisturbed, and the moments at which it may be killed."""

    house: House
    act: Act
    before: Path
    expected: dict
    moments: list


def effects(house):
    """Return what the work came to: not how often was looked and tried, nor in which order it was logged."""
    found = house.effects()
    del found["delivery_attempts"], found["looks"]
    found["log_events"] = house.rows("SELECT key, at, station, file_id, subject_id, text FROM log_events ORDER BY key")
    return found


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
