"""Engines repeat, effects do not: every station run twice changes nothing (DESIGN, decision 1)."""

import shutil

import pytest

from gateway.pipeline.route import ROUTE
from tests.unit.pipeline.house import House
from tests.unit.pipeline.trip import ACTS

FILES = "SELECT id FROM files"
SUBJECTS = {
    "sweep": ["here"],
    "poll": ["acme", "birch", "cedar", "dunes", "elm"],
    "check": FILES,
    "apply": FILES,
    "acknowledge": FILES,
    "place_again": "SELECT id || '@again' FROM receipts",
    "review": "SELECT id FROM reviews",
    "bill": ["today", "2025-10-23", "2025-11-12"],
    "invoice": "SELECT account_id || '@' || bill_on || '@' || request_id FROM invoices",
    "feed": "SELECT id FROM invoices",
    "feeds": ["acme", "birch", "cedar", "dunes", "elm"],
    "deliver": "SELECT id FROM documents",
    "delinquency": ["today"],
    "review_payments": ["today"],
    "watch": ["acme", "birch", "cedar", "dunes", "elm"],
}


AT_THE_END = ("looks",)  # what the last look saw: the trip of the fixture ends with one look more


@pytest.fixture(scope="module")
def travelled(_template, tmp_path_factory):
    """A house after the whole trip; nothing may change in it."""
    folder = tmp_path_factory.mktemp("trip")
    shutil.copytree(_template, folder, dirs_exist_ok=True)
    house = House(folder)
    for act in ACTS:
        act.play(house)
    for partner_id in house.app.active_partners():
        house.app.poll(partner_id)
    look_at_accounts(house)
    yield house
    house.close()


def look_at_accounts(house):
    """The daily look with which the trip ends."""
    for station in ("delinquency", "review_payments"):
        ROUTE[station].run(house.plant, "today")
    house.work()


def without(everything, *names):
    return {name: value for name, value in everything.items() if name not in names}


def test_the_trip_leads_where_it_should(travelled):
    def by_state(table):
        return dict(travelled.rows(f"SELECT state, count(*) FROM {table} GROUP BY state"))

    assert {"acknowledged": 9, "quarantined": 1} == by_state("files")
    assert {"applied": 11} == by_state("transaction_sets")
    assert {"applied": 2} == by_state("receipts")
    assert {"acknowledged": 1, "rejected": 1} == {
        state: count for state, count in by_state("documents").items() if state != "verified"
    }


def test_every_station_of_the_route_is_tried():
    assert set(SUBJECTS) == set(ROUTE)


@pytest.mark.parametrize("station", SUBJECTS)
def test_a_station_that_runs_again_at_the_end_of_the_trip_changes_nothing(travelled, station):
    before = travelled.everything()
    subjects = SUBJECTS[station]
    if isinstance(subjects, str):
        subjects = [subject for (subject,) in travelled.rows(subjects)]
    assert subjects
    for subject in subjects:
        ROUTE[station].run(travelled.plant, subject)
    travelled.work()
    assert before == travelled.everything()


def test_a_trip_on_which_every_job_runs_twice_ends_like_one_on_which_it_runs_once(make_house, travelled):
    house = make_house()
    house.work = lambda: House.work(house, times=2)
    for act in ACTS:
        act.play(house)
    look_at_accounts(house)
    assert without(travelled.everything(), *AT_THE_END) == without(house.everything(), *AT_THE_END)


def test_files_that_come_again_change_nothing_but_that_they_came(make_house):
    house = make_house()
    for act in ACTS:
        act.play(house)
    before = house.everything()
    for partner_id in ("acme", "birch", "dunes", "elm"):
        for path in sorted((house.mailboxes / partner_id / "outbox" / "processed").iterdir()):
            house.take(partner_id, path.read_bytes())
    that_they_came = ("arrivals", "log_events", "inbound", "summary")
    assert without(before, *that_they_came) == without(house.everything(), *that_they_came)
    assert [(10,)] == house.rows("SELECT count(*) FROM arrivals WHERE is_duplicate")
