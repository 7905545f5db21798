"""Which slots a schedule has, and that each gets its tick: at once, late, after a pause, after a failure."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue

import pytest

from gateway.jobs.timetable import ApsTimetable, latest_slot, next_slot
from gateway.ports.jobs import Job, Schedule

PATIENCE_SECONDS = 30
JOB = Job("poll", "acme", lock="poll/acme")
NEW_YORK = "America/New_York"


def cron(line: str, time_zone: str = "UTC") -> Schedule:
    return Schedule("bill", JOB, cron=line, time_zone=time_zone)


def every(seconds: int) -> Schedule:
    return Schedule("poll/acme", JOB, every_seconds=seconds)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def following(schedule: Schedule, after: str, count: int) -> list[str]:
    slots, slot = [], utc(after)
    for _ in range(count):
        slot = next_slot(schedule, slot)
        slots.append(f"{slot:%m-%d %H:%M:%S}")
    return slots


@pytest.mark.parametrize(
    ("schedule", "after", "slots"),
    [
        (every(60), "2026-11-02 10:00:00", ["11-02 10:01:00", "11-02 10:02:00"]),
        (every(60), "2026-11-02 09:59:59.999999", ["11-02 10:00:00"]),
        (every(45), "2026-11-02 10:00:01", ["11-02 10:00:45", "11-02 10:01:30"]),
        (cron("30 2 * * *"), "2026-11-02 02:30:00", ["11-03 02:30:00", "11-04 02:30:00"]),
        (cron("0 9 * * mon"), "2026-11-01 12:00:00", ["11-02 09:00:00", "11-09 09:00:00"]),
        (cron("30 2 * * *", NEW_YORK), "2026-07-01 00:00:00", ["07-01 06:30:00"]),
        (cron("30 2 * * *", NEW_YORK), "2026-12-01 00:00:00", ["12-01 07:30:00"]),
        (cron("0 0 29 2 *"), "2026-11-02 00:00:00", ["02-29 00:00:00"]),
    ],
)
def test_the_next_slot_is_computed_from_the_schedule(schedule, after, slots):
    assert slots == following(schedule, after, len(slots))


@pytest.mark.parametrize(
    ("line", "after", "slots"),
    [
        ("30 2 * * *", "2026-03-07 12:00:00", ["03-08 07:30:00", "03-09 06:30:00"]),
        ("0 2,3 * * *", "2026-03-07 12:00:00", ["03-08 07:00:00", "03-09 06:00:00", "03-09 07:00:00"]),
        ("*/30 * * * *", "2026-03-08 06:30:00", ["03-08 07:00:00", "03-08 07:30:00", "03-08 08:00:00"]),
    ],
)
def test_in_the_night_when_clocks_skip_an_hour_what_lies_in_it_comes_once_and_an_hour_later(line, after, slots):
    assert slots == following(cron(line, NEW_YORK), after, len(slots))


@pytest.mark.parametrize(
    ("line", "after", "slots"),
    [
        ("30 1 * * *", "2026-10-31 12:00:00", ["11-01 05:30:00", "11-02 06:30:00"]),
        ("*/30 1 * * *", "2026-10-31 12:00:00", ["11-01 05:00:00", "11-01 05:30:00", "11-02 06:00:00"]),
        ("*/30 * * * *", "2026-11-01 05:00:00", ["11-01 05:30:00", "11-01 06:00:00", "11-01 06:30:00"]),
    ],
)
def test_in_the_night_when_clocks_repeat_an_hour_only_what_names_every_hour_comes_again(line, after, slots):
    assert slots == following(cron(line, NEW_YORK), after, len(slots))


def test_a_date_that_never_comes_has_no_slot():
    assert next_slot(cron("0 0 30 2 *"), utc("2026-11-02 00:00:00")) is None


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2026-11-02 02:30:00", "2026-11-02 02:30:00"),
        ("2026-11-02 02:30:04", "2026-11-02 02:30:00"),
        ("2026-11-02 02:31:30", "2026-11-02 02:30:00"),
        ("2026-11-02 17:00:00", "2026-11-02 02:30:00"),
        ("2026-11-05 17:00:00", "2026-11-05 02:30:00"),
    ],
)
def test_however_late_a_node_wakes_it_names_the_latest_slot_and_not_the_time(now, slot):
    due = utc("2026-11-02 02:30:00")
    assert utc(slot) == latest_slot(cron("30 2 * * *"), due, utc(now))[0]


class Ticks:
    """Remembers what was ticked; `tick` may fail first."""

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self._before = before
        self._seen: SimpleQueue[tuple[str, datetime]] = SimpleQueue()

    def __call__(self, schedule: Schedule, slot: datetime) -> bool:
        self._before()
        self._seen.put((schedule.name, slot))
        return True

    def next(self) -> tuple[str, datetime]:
        return self._seen.get(timeout=PATIENCE_SECONDS)

    def is_empty(self) -> bool:
        return self._seen.empty()


@contextmanager
def ticking(*schedules: Schedule, tick: Ticks, again_seconds: float = 0.05) -> Iterator[ApsTimetable]:
    timetable = ApsTimetable(schedules, tick, again_seconds=again_seconds)
    timetable.start()
    try:
        yield timetable
    finally:
        timetable.stop()


def test_an_interval_ticks_at_once_for_the_slot_that_has_begun():
    before, ticks = datetime.now(UTC), Ticks()
    with ticking(every(86_400), tick=ticks):
        _name, slot = ticks.next()
    assert {0} == {slot.hour, slot.minute, slot.second, slot.microsecond}
    assert slot.date() in {before.date(), datetime.now(UTC).date()}
    assert ticks.is_empty()


def test_an_interval_goes_on_ticking_one_slot_after_the_other():
    ticks = Ticks()
    with ticking(every(1), tick=ticks):
        slots = [ticks.next()[1] for _ in range(3)]
    assert slots == sorted(set(slots))


def test_of_the_slots_that_a_restart_missed_in_the_last_hour_the_latest_is_made_up_for():
    ticks, now = Ticks(), datetime.now(UTC)
    quarter_hourly = cron(",".join(str((now.minute + offset) % 60) for offset in (5, 20, 35, 50)) + " * * * *")
    with ticking(quarter_hourly, tick=ticks):
        _name, slot = ticks.next()
    assert timedelta(0) <= now - slot < timedelta(minutes=11)
    assert ticks.is_empty()


def test_a_slot_that_was_missed_longer_ago_is_left_to_the_next():
    hours_ago, ticks = datetime.now(UTC) - timedelta(hours=3), Ticks()
    missed = cron(f"{hours_ago.minute} {hours_ago.hour} * * *")
    with ticking(missed, every(86_400), tick=ticks):
        assert "poll/acme" == ticks.next()[0]
    assert ticks.is_empty()


def test_a_tick_that_fails_is_tried_again_for_its_slot_and_does_not_stop_others(caplog):
    failures = iter([OSError("the database is away"), OSError("and still")])

    def fail_at_first() -> None:
        if error := next(failures, None):
            raise error

    ticks = Ticks(before=fail_at_first)
    schedules = [Schedule(name, JOB, every_seconds=86_400) for name in ("one", "two", "three")]
    with ticking(*schedules, tick=ticks):
        seen = sorted(ticks.next() for _ in schedules)
    assert ["one", "three", "two"] == [name for name, _slot in seen]
    assert 1 == len({slot for _name, slot in seen})


def test_stopping_waits_for_the_tick_in_hand_and_no_other_follows():
    in_hand, may_end = threading.Event(), threading.Event()

    def wait() -> None:
        in_hand.set()
        assert may_end.wait(PATIENCE_SECONDS)

    ticks = Ticks(before=wait)
    timetable = ApsTimetable([every(86_400), cron("* * * * *")], ticks)
    timetable.start()
    assert in_hand.wait(PATIENCE_SECONDS)
    stopping = threading.Thread(target=timetable.stop)
    stopping.start()
    stopping.join(0.05)
    assert stopping.is_alive()
    may_end.set()
    stopping.join(PATIENCE_SECONDS)
    assert not stopping.is_alive()
    ticks.next()
    assert ticks.is_empty()
