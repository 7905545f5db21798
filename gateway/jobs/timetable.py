"""The clock of a node: APScheduler calls `tick` at each slot; a unique row makes the slot's job once over all nodes.

The slot is computed, not measured: the latest instant of the schedule not after now. Two nodes whose clocks differ
by less than the interval therefore compute the same slot, and the second finds the row taken (DEPS 2.5).
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from gateway.ports.clock import Clock
from gateway.ports.jobs import Schedule, Tick


class ApsTimetable:
    """An APScheduler in the background of this process, with its jobs in memory only."""

    def __init__(self, schedules: Sequence[Schedule], tick: Tick, clock: Clock) -> None:
        """Take what recurs and what to call at each slot."""
        self._tick = tick
        self._clock = clock
        self._scheduler = BackgroundScheduler(timezone=UTC)
        for schedule in schedules:
            self._scheduler.add_job(
                self._fire,
                trigger=_trigger(schedule),
                args=(schedule,),
                id=schedule.name,
                coalesce=True,  # after a pause one tick catches up, not one for each slot missed
                max_instances=1,
                misfire_grace_time=None,
                **({} if schedule.cron else {"next_run_time": datetime.now(UTC)}),  # an interval begins at once
            )

    def start(self) -> None:
        """Begin to tick in the background; interval schedules tick at once."""
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking; a tick in hand ends first."""
        self._scheduler.shutdown(wait=True)

    def _fire(self, schedule: Schedule) -> None:
        """Enqueue the slot that has just begun."""
        self._tick(schedule, current_slot(schedule, self._clock.now()))


def current_slot(schedule: Schedule, now: datetime) -> datetime:
    """Return the slot that `now` belongs to: for intervals the last multiple since 1970, for cron the minute."""
    if schedule.cron:
        return now.replace(second=0, microsecond=0)
    seconds = int(now.timestamp())
    return datetime.fromtimestamp(seconds - seconds % schedule.every_seconds, UTC)


def _trigger(schedule: Schedule) -> BaseTrigger:
    """Return APScheduler's form of a schedule."""
    if schedule.cron:
        return CronTrigger.from_crontab(schedule.cron, timezone=schedule.time_zone)
    return IntervalTrigger(seconds=schedule.every_seconds, timezone=UTC)
