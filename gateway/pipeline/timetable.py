"""What recurs: polls and feeds on the partners' schedules; the bill run, the watch and the sweep on ours."""

from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.partners.partner import Partner
from gateway.partners.profile import PartnerStatus
from gateway.pipeline.plant import Plant
from gateway.ports.jobs import Job, Schedule

TODAY = "today"
HERE = "here"


def schedules(plant: Plant) -> list[Schedule]:
    """Return everything that recurs for the active partners of this home."""
    ours = plant.settings.timetable
    recurring = [
        Schedule("bill", Job("bill", TODAY, lock="bill"), cron=ours.bill_cron, time_zone=ours.time_zone),
        Schedule("sweep", Job("sweep", HERE, lock="sweep"), cron=ours.sweep_cron, time_zone=ours.time_zone),
        *(
            Schedule(station, Job(station, TODAY, lock=station), cron=ours.collect_cron, time_zone=ours.time_zone)
            for station in ("delinquency", "review_payments")
        ),
    ]
    for partner in plant.partners.values():
        if partner.profile.status is PartnerStatus.ACTIVE:
            recurring += _of_partner(plant, partner)
    return recurring


def _of_partner(plant: Plant, partner: Partner) -> list[Schedule]:
    """Return what recurs for one partner."""
    profile = partner.profile
    partner_id = profile.id
    zone = profile.pick_up.time_zone
    recurring = []
    if profile.sftp is not None:
        when = profile.pick_up
        seconds = 0 if when.cron else when.every_seconds
        poll = Schedule(f"poll/{partner_id}", look(partner_id), when.cron, seconds, zone, when.calendar)
        recurring.append(poll)
    if profile.feeds.cron:
        feeds = Job("feeds", partner_id, lock=f"feeds/{partner_id}")
        recurring.append(Schedule(f"feeds/{partner_id}", feeds, profile.feeds.cron, 0, zone, profile.feeds.calendar))
    ours = plant.settings.timetable
    watch = Job("watch", partner_id, lock=f"watch/{partner_id}")
    recurring.append(Schedule(f"watch/{partner_id}", watch, ours.watch_cron, 0, ours.time_zone))
    return recurring


def look(partner_id: str) -> Job:
    """Return the job that looks at a partner's folder; at most one of a partner runs."""
    return Job("poll", partner_id, lock=f"poll/{partner_id}")


def tick(plant: Plant, schedule: Schedule, slot: datetime) -> bool:
    """Enqueue a schedule's job for one slot, once over all nodes: the unique row of the tick decides.

    A slot on a day off of the schedule's calendar passes without a job. One that comes while the job of an earlier
    slot still waits or runs adds none: jobs never pile up behind a partner that is down.
    """
    with plant.open_unit() as unit:
        is_first = unit.claim_tick(f"{schedule.name}:{slot.isoformat()}", plant.clock.now())
        if is_first and _is_worked_on(plant, schedule, slot) and not unit.is_pending(schedule.job):
            unit.defer(schedule.job)
        unit.commit()
    return is_first


def _is_worked_on(plant: Plant, schedule: Schedule, slot: datetime) -> bool:
    """Tell whether the day of a slot, in the schedule's time zone, is no day off of its calendar."""
    calendar = plant.calendars.get(schedule.calendar)
    return calendar is None or calendar.is_working(slot.astimezone(ZoneInfo(schedule.time_zone)).date())
