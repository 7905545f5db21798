"""What recurs: polls and feeds on the partners' schedules, the bill run and the watch on ours."""

from datetime import datetime

from gateway.partners.partner import Partner
from gateway.partners.profile import PartnerStatus
from gateway.pipeline.plant import Plant
from gateway.ports.jobs import Job, Schedule

TODAY = "today"


def schedules(plant: Plant) -> list[Schedule]:
    """Return everything that recurs for the active partners of this home."""
    ours = plant.settings.timetable
    recurring = [
        Schedule("bill", Job("bill", TODAY, lock="bill"), cron=ours.bill_cron, time_zone=ours.time_zone),
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
    recurring = []
    if profile.sftp is not None:
        when = profile.pick_up
        poll = Job("poll", partner_id, lock=f"poll/{partner_id}")
        seconds = 0 if when.cron else when.every_seconds
        recurring.append(Schedule(f"poll/{partner_id}", poll, when.cron, seconds, when.time_zone))
    if profile.feeds.cron:
        feeds = Job("feeds", partner_id, lock=f"feeds/{partner_id}")
        recurring.append(Schedule(f"feeds/{partner_id}", feeds, profile.feeds.cron, 0, profile.pick_up.time_zone))
    if profile.expects:
        ours = plant.settings.timetable
        watch = Job("watch", partner_id, lock=f"watch/{partner_id}")
        recurring.append(Schedule(f"watch/{partner_id}", watch, ours.watch_cron, 0, ours.time_zone))
    return recurring


def tick(plant: Plant, schedule: Schedule, slot: datetime) -> bool:
    """Enqueue a schedule's job for one slot, once over all nodes: the unique row of the tick decides."""
    with plant.open_unit() as unit:
        is_first = unit.claim_tick(f"{schedule.name}:{slot.isoformat()}", plant.clock.now())
        if is_first:
            unit.defer(schedule.job)
        unit.commit()
    return is_first
