"""One job run: whatever happens becomes a decision, and what is decided is written down where people look."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.errors import ConcurrentChange, HostUnreachable, PartnerRefusedLogin, StoreUnavailable
from gateway.pipeline.timetable import schedules, tick
from gateway.pipeline.work import perform
from gateway.ports.jobs import Done, GiveUp, Job, RetryAt
from tests.unit.pipeline.house import OCTOBER
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

LOOK = Job("poll", "acme", lock="poll/acme")


def fail_with(house, error):
    def open_session(_):
        raise error

    house.refit(open_session=open_session)


def test_work_that_succeeds_is_done(house):
    assert Done() == perform(house.plant, LOOK, 1)


def test_a_refused_login_waits_long_and_opens_an_incident(house):
    fail_with(house, PartnerRefusedLogin())
    decision = perform(house.plant, LOOK, 1)
    assert isinstance(decision, RetryAt)
    assert (decision.at - OCTOBER).total_seconds() == house.plant.settings.work.refused_login_pause_seconds
    assert [("login_refused", "acme")] == house.incidents()


@pytest.mark.parametrize("error", [HostUnreachable(), ZeroDivisionError()], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("away", [StoreUnavailable(), ConcurrentChange()], ids=lambda error: type(error).__name__)
def test_a_failure_that_cannot_be_written_down_is_tried_again_and_never_lost(house, error, away):
    fail_with(house, error)

    def open_unit():
        raise away

    sound = house.plant.open_unit
    house.refit(open_unit=open_unit)
    assert isinstance(perform(house.plant, LOOK, 50), RetryAt)
    house.refit(open_unit=sound)
    assert isinstance(perform(house.plant, LOOK, 51), GiveUp)
    assert 1 == len(house.incidents())


def test_of_an_error_that_is_not_ours_the_class_is_written_down_and_never_the_text(house):
    fail_with(house, ZeroDivisionError("DOE JANE 123-45-6789"))
    assert GiveUp("ZeroDivisionError") == perform(house.plant, LOOK, 3)
    assert [("poll of acme failed again and again: ZeroDivisionError",)] == house.rows("SELECT message FROM incidents")


def test_a_slot_is_enqueued_once_however_many_nodes_ask(house):
    schedule = next(each for each in schedules(house.plant) if each.name == "poll/acme")
    assert [True, False] == [tick(house.plant, schedule, OCTOBER) for _ in range(2)]
    assert [("poll", "acme", "poll/acme")] == house.rows("SELECT station, subject, lock FROM jobs")


def test_slots_that_come_while_a_partner_is_down_leave_one_look_waiting_and_not_one_each(house):
    """Else a week's outage would be two thousand looks, one after the other, on the day it ends."""
    fail_with(house, HostUnreachable())
    schedule = next(each for each in schedules(house.plant) if each.name == "poll/acme")
    for minutes in range(0, 600, 5):
        slot = OCTOBER + timedelta(minutes=minutes)
        house.clock.instant = slot
        assert tick(house.plant, schedule, slot)
        house.work()
    assert [("todo", 1)] == house.rows("SELECT state, count(*) FROM jobs WHERE station = 'poll' GROUP BY state")


def test_a_slot_comes_again_once_the_look_before_it_has_ended(house):
    schedule = next(each for each in schedules(house.plant) if each.name == "poll/acme")
    for minutes in (0, 5):
        tick(house.plant, schedule, OCTOBER + timedelta(minutes=minutes))
        assert 1 == house.work()


@pytest.mark.parametrize(("day", "jobs"), [(27, 0), (28, 1), (29, 0)])
def test_on_a_day_off_of_its_calendar_a_slot_passes_without_a_job(house, day, jobs):
    """27 November 2025 is Thanksgiving, the 29th a Saturday; 03:00 UTC is still the day before in New York."""
    house.agree("acme", pick_up={"calendar": "us-federal", "time_zone": "America/New_York", "cron": "0 22 * * *"})
    schedule = next(each for each in schedules(house.plant) if each.name == "poll/acme")
    assert tick(house.plant, schedule, datetime(2025, 11, day + 1, 3, tzinfo=UTC))
    assert [(jobs,)] == house.rows("SELECT count(*) FROM jobs")


def test_what_recurs_is_the_bill_run_and_what_each_active_partner_agreed(house):
    house.agree("birch", status="suspended")
    house.agree("cedar", feeds={"cron": "0 6 * * *"})
    names = {schedule.name for schedule in schedules(house.plant)}
    assert {
        "bill",
        "sweep",
        "delinquency",
        "review_payments",
        "poll/acme",
        "watch/acme",
        "poll/cedar",
        "watch/cedar",
        "feeds/cedar",
        "poll/dunes",
        "watch/dunes",
        "poll/elm",
        "watch/elm",
    } == names


def test_a_partner_with_a_feed_schedule_gets_its_invoices_at_its_slot_and_once(house):
    house.agree("acme", feeds={"cron": "0 6 * * *", "formats": ("csv",)})
    house.take("acme", Envelope(asks_for_ta1=False).around(enrollment(member("A1"))))
    house.bill()
    assert 0 == len([name for name in house.inbox("acme") if name.endswith(".csv")])
    for _ in range(2):
        perform(house.plant, Job("feeds", "acme", lock="feeds/acme"), 1)
        house.work()
    assert 1 == len([name for name in house.inbox("acme") if name.endswith(".csv")])


def test_a_file_that_did_not_come_is_one_incident_however_often_is_looked(house):
    house.clock.instant = OCTOBER.replace(month=11, day=12)
    for _ in range(2):
        perform(house.plant, Job("watch", "cedar", lock="watch/cedar"), 1)
    assert [("expected_file_missing", "cedar")] == house.incidents()
