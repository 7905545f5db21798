"""What a listing means: which files are ready, which wait for something, and which have waited too long."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.exchange import RemoteFile, Sighting
from gateway.partners.profile import PickUp
from gateway.pipeline.pick import take_stock

NOON = datetime(2025, 11, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def remote(name: str, size: int = 100, time: int = 1) -> RemoteFile:
    return RemoteFile(f"/outbox/{name}", size, time)


def looks(pick_up: PickUp, *listings: list[RemoteFile], apart: timedelta = HOUR / 4):
    """Return what the last of several looks, some minutes apart, came to."""
    last, folder = {}, None
    for number, listing in enumerate(listings):
        folder = take_stock(listing, last, pick_up, NOON + number * apart)
        last = {each.remote.path: each for each in folder.seen}
    return folder


def ready(folder) -> list[str]:
    return [each.remote.path.rpartition("/")[2] for each in folder.ready]


def test_two_equal_sightings_make_a_file_ready():
    assert [] == ready(looks(PickUp(), [remote("a")]))
    assert ["a"] == ready(looks(PickUp(), [remote("a")], [remote("a")]))


@pytest.mark.parametrize("changed", [remote("a", size=101), remote("a", time=2)])
def test_a_file_that_changed_waits_for_two_more(changed):
    assert [] == ready(looks(PickUp(), [remote("a")], [changed]))
    assert ["a"] == ready(looks(PickUp(), [remote("a")], [changed], [changed]))


@pytest.mark.parametrize("marker", ["{name}.ok", "{stem}.done"])
def test_a_marked_file_is_ready_when_its_marker_lies_beside_it_and_the_marker_never_is(marker):
    pick_up = PickUp(marker=marker)
    file, mark = remote("a.834"), remote(marker.format(name="a.834", stem="a"), size=0)
    assert [] == ready(looks(pick_up, [file], [file]))
    folder = looks(pick_up, [file], [file, mark])
    assert ["a.834"] == ready(folder)
    assert mark == folder.ready[0].marker
    assert [file] == [each.remote for each in folder.seen]
    assert [] == looks(pick_up, [mark], [mark]).seen


def test_the_marker_of_another_file_says_nothing():
    pick_up = PickUp(marker="{name}.ok")
    assert [] == ready(looks(pick_up, *[[remote("a.834"), remote("b.834.ok")]] * 2))


def test_a_file_without_marker_or_bytes_is_told_of_when_patience_is_over_and_never_ready():
    pick_up = PickUp(marker="{name}.ok", patience_seconds=3600)
    listing = [remote("a"), remote("b", size=0)]
    early = looks(pick_up, *[listing] * 4)
    assert ([], [], 2) == (early.empty, early.unmarked, early.settling)
    late = looks(pick_up, *[listing] * 5)
    assert ([remote("b", size=0)], [remote("a")], []) == (late.empty, late.unmarked, ready(late))


def test_a_file_known_to_break_off_is_fetched_again_when_it_has_changed_or_patience_is_over():
    last = {"/outbox/a": Sighting(remote("a"), NOON, is_unfinished=True)}
    assert [] == ready(take_stock([remote("a")], last, PickUp(), NOON + HOUR / 2))
    (candidate,) = take_stock([remote("a")], last, PickUp(), NOON + HOUR).ready
    assert not candidate.may_wait
    grown = take_stock([remote("a", size=200)], last, PickUp(), NOON + HOUR / 2)
    assert not grown.seen[0].is_unfinished
    assert NOON + HOUR / 2 == grown.seen[0].since


def test_patience_begins_anew_with_every_change():
    pick_up = PickUp(patience_seconds=1800)
    growing = [[remote("a", size=size)] for size in range(1, 20)]
    (candidate,) = looks(pick_up, *growing, growing[-1]).ready
    assert candidate.may_wait


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2), st.integers(0, 1)), max_size=12))
def test_every_wanted_file_is_in_exactly_one_place(files):
    listing = list({name: remote(name, size, time) for name, size, time in files}.values())
    folder = looks(PickUp(), [remote("a"), remote("b", 0)], listing, listing)
    assert len(listing) == len(folder.ready) + folder.settling + len(folder.empty) + len(folder.unmarked)
