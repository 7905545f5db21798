"""The clock of a node: APScheduler wakes us at each slot; a unique row makes the slot's job once over all nodes.

A slot is computed from the schedule alone and handed on by name, never read off a clock: however late a node wakes,
and whatever its clock says, it asks for the same slot as its neighbours, and all but the first find the row taken
(DEPS 2.5). The machine's clock wakes us even where business time stands still: a stopped clock must not stop polls.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from gateway.logs import get_logger
from gateway.ports.jobs import Schedule, Tick

_MADE_UP = timedelta(hours=1)  # a cron slot that a restart missed is made up for this long, then left to the next
_AGAIN_SECONDS = 10.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT = timedelta(microseconds=1)


class ApsTimetable:
    """An APScheduler in the background of this process: it rings at each slot, and now and then for what was missed."""

    def __init__(self, schedules: Sequence[Schedule], tick: Tick, *, again_seconds: float = _AGAIN_SECONDS) -> None:
        """Take what recurs, what to call at each slot, and how soon to call again for a slot whose tick failed."""
        self._tick = tick
        self._stopped = False
        now = datetime.now(UTC)
        self._due = {schedule: next_slot(schedule, now - _made_up(schedule)) for schedule in schedules}
        # One thread: ticks are short and wait for each other anyway, in the database.
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": {"type": "threadpool", "max_workers": 1}},
            job_defaults={"coalesce": True, "misfire_grace_time": None},
        )
        for schedule, slot in self._due.items():
            if slot is not None:
                self._scheduler.add_job(
                    self._ring, _trigger(schedule), args=[schedule], name=schedule.name, next_run_time=slot
                )
        self._scheduler.add_job(self._ring, IntervalTrigger(seconds=again_seconds), args=self._due, name="again")

    def start(self) -> None:
        """Begin to tick in the background: at once for intervals, and for cron slots of the last hour."""
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking; a tick in hand ends first."""
        self._stopped = True
        self._scheduler.shutdown(wait=True)

    def _ring(self, *schedules: Schedule) -> None:
        """Tick for those of `schedules` that are due; one that fails stays due."""
        for schedule in schedules:
            slot, now = self._due[schedule], datetime.now(UTC)
            if self._stopped or slot is None or now < slot:
                continue
            slot, following = latest_slot(schedule, slot, now)
            try:
                self._tick(schedule, slot)
            except Exception as error:
                get_logger(schedule=schedule.name).error("a tick failed and is tried again", exc_info=error)
            else:
                self._due[schedule] = following


def latest_slot(schedule: Schedule, slot: datetime, now: datetime) -> tuple[datetime, datetime | None]:
    """Return the latest slot from `slot`, which is due, to `now`, and the one after it."""
    following = next_slot(schedule, slot)
    while following is not None and following <= now:
        slot, following = following, next_slot(schedule, following)
    return slot, following


def next_slot(schedule: Schedule, after: datetime) -> datetime | None:
    """Return the first slot later than `after`, in UTC, or None when there is none any more.

    Intervals are counted from 1970. A cron line is read in its time zone: a time that the clocks skip in spring comes
    an hour later by the wall, and one that they repeat in autumn counts once, unless the line names every hour.
    """
    trigger = _trigger(schedule)
    slot: datetime | None = trigger.get_next_fire_time(None, after + _MOMENT)
    while slot is not None and slot.fold and not schedule.cron.split()[1].startswith("*"):
        slot = trigger.get_next_fire_time(None, slot.astimezone(UTC) + _MOMENT)
    return None if slot is None else slot.astimezone(UTC)


def _made_up(schedule: Schedule) -> timedelta:
    """Return how far back a slot may lie to be ticked at the start."""
    return _MADE_UP if schedule.cron else timedelta(seconds=schedule.every_seconds)


@cache
def _trigger(schedule: Schedule) -> BaseTrigger:
    """Return APScheduler's reading of a schedule; weekdays are names (it would count numbers from Monday)."""
    if schedule.cron:
        return CronTrigger.from_crontab(schedule.cron, timezone=schedule.time_zone)
    return IntervalTrigger(seconds=schedule.every_seconds, start_date=_EPOCH, timezone=UTC)
