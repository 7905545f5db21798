"""Work that takes too long."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.watch.aging import PATIENCE, Alarm, OpenItem, Waiting, find_overdue

NOW = datetime(2025, 11, 5, 12, tzinfo=UTC)


def item(minutes: float, waiting: Waiting = Waiting.ACK_OWED, item_id: str = "F1") -> OpenItem:
    return OpenItem(waiting, item_id, "acme", NOW - timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("minutes", "alarms"),
    [
        (0, []),
        (29.99, []),
        (30, [Alarm.LATE_SOON]),
        (59.99, [Alarm.LATE_SOON]),
        (60, [Alarm.OVERDUE]),
        (6000, [Alarm.OVERDUE]),
    ],
)
def test_an_acknowledgement_is_owed_within_an_hour_and_the_alarm_comes_at_half(minutes, alarms):
    assert alarms == [overdue.alarm for overdue in find_overdue([item(minutes)], NOW)]


def test_everything_that_is_waited_for_has_its_time():
    assert set(Waiting) == set(PATIENCE)


def test_the_longest_waiting_comes_first():
    items = [item(70, item_id="F1"), item(90, item_id="F2"), item(10, item_id="F3"), item(70, item_id="F0")]
    assert ["F2", "F0", "F1"] == [overdue.item.id for overdue in find_overdue(items, NOW)]


@pytest.mark.parametrize(
    ("minutes", "key", "message"),
    [
        (
            40,
            "aging/ack_owed/F1/late_soon",
            "ack_owed F1 of acme has waited 40 minutes, of the 60 minutes it may take",
        ),
        (
            150,
            "aging/ack_owed/F1/overdue",
            "ack_owed F1 of acme has waited 2 hours, longer than the 60 minutes it may take",
        ),
        (
            4500,
            "aging/ack_owed/F1/overdue",
            "ack_owed F1 of acme has waited 3 days, longer than the 60 minutes it may take",
        ),
    ],
)
def test_an_alarm_says_what_waits_and_how_long_it_may(minutes, key, message):
    [overdue] = find_overdue([item(minutes)], NOW)
    assert (key, message, timedelta(minutes=minutes)) == (overdue.key, overdue.message, overdue.age)


def test_the_times_may_be_others():
    patient = {waiting: timedelta(days=9) for waiting in Waiting}
    assert [] == find_overdue([item(6000)], NOW, patient)
