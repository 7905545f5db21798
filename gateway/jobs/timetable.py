"""The clock of a node: APScheduler wakes us at each slot; a unique row makes the slot's job once over all nodes.

A slot is computed from the schedule alone and handed on by name, never read off a clock: however late a node wakes,
and whatever its clock says, it asks for the same slot as its neighbours, and all but the first find the row taken
(DEPS 2.5). The machine's clock wakes us even where business time stands still: a stopped clock must not stop polls.
"""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger

from gateway.logs import get_logger
from gateway.ports.jobs import Schedule, Tick

_MADE_UP = timedelta(hours=1)  # a cron slot that a restart missed is made up for this long, then left to the next
_AGAIN_SECONDS = 10.0
_MOMENT = timedelta(microseconds=1)


class ApsTimetable:
    """An APScheduler in the background of this process: one alarm per schedule, for its next slot, in memory only."""

    def __init__(self, schedules: Sequence[Schedule], tick: Tick, *, again_seconds: float = _AGAIN_SECONDS) -> None:
        """Take what recurs, what to call at each slot, and how soon to call again for a slot whose tick failed."""
        self._schedules = schedules
        self._tick = tick
        self._again = timedelta(seconds=again_seconds)
        self._in_hand = threading.Lock()
        self._stopped = False
        self._scheduler = BackgroundScheduler(
            timezone=UTC, executors={"default": {"type": "threadpool", "max_workers": 1}}
        )

    def start(self) -> None:
        """Begin to tick in the background: at once for intervals, and for cron slots of the last hour."""
        now = datetime.now(UTC)
        for schedule in self._schedules:
            past = _MADE_UP if schedule.cron else timedelta(seconds=schedule.every_seconds)
            self._set_alarm(schedule, next_slot(schedule, now - past))
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking; a tick in hand ends first."""
        self._stopped = True
        self._scheduler.shutdown(wait=False)  # waiting there holds the lock that a tick needs to set its next alarm
        with self._in_hand:
            pass

    def _set_alarm(self, schedule: Schedule, slot: datetime | None, *, at: datetime | None = None) -> None:
        """Have APScheduler call us for `slot`, at its own time unless `at` says otherwise; None: never again."""
        if slot is not None:
            self._scheduler.add_job(
                self._ring, DateTrigger(at or slot), args=(schedule, slot), misfire_grace_time=None, name=schedule.name
            )

    def _ring(self, schedule: Schedule, slot: datetime) -> None:
        """Tick for `slot`, or for the latest since when we were late; one that fails is asked for again."""
        with self._in_hand:
            if self._stopped:
                return
            now = datetime.now(UTC)
            slot, following = latest_slot(schedule, slot, now)
            try:
                self._tick(schedule, slot)
            except Exception as error:
                get_logger(schedule=schedule.name).error("a tick failed and is tried again", exc_info=error)
                self._set_alarm(schedule, slot, at=now + self._again)
            else:
                self._set_alarm(schedule, following)


def latest_slot(schedule: Schedule, slot: datetime, now: datetime) -> tuple[datetime, datetime | None]:
    """Return the latest slot from `slot` to `now` (`slot` itself when `now` is before it), and the one after."""
    following = next_slot(schedule, slot)
    while following is not None and following <= now:
        slot, following = following, next_slot(schedule, following)
    return slot, following


def next_slot(schedule: Schedule, after: datetime) -> datetime | None:
    """Return the first slot later than `after`, in UTC, or None when there is none any more.

    Intervals are counted from 1970. A cron line is read in its time zone: a time that the clocks skip in spring comes
    an hour later by the wall, and one that they repeat in autumn counts once, unless the line names every hour.
    """
    if not schedule.cron:
        began = int(after.timestamp()) // schedule.every_seconds
        return datetime.fromtimestamp((began + 1) * schedule.every_seconds, UTC)
    trigger = _trigger(schedule.cron, schedule.time_zone)
    slot: datetime | None = trigger.get_next_fire_time(None, after + _MOMENT)
    while slot is not None and slot.fold and not schedule.cron.split()[1].startswith("*"):
        slot = trigger.get_next_fire_time(None, slot.astimezone(UTC) + _MOMENT)
    return None if slot is None else slot.astimezone(UTC)


@cache
def _trigger(cron: str, time_zone: str) -> CronTrigger:
    """Return APScheduler's reading of a cron line; weekdays are names (it would count numbers from Monday)."""
    return CronTrigger.from_crontab(cron, timezone=time_zone)
