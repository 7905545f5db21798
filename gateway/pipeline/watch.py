"""Silence is an event: what should have come and did not, and what will soon be missing (DESIGN, decision 10)."""

from datetime import date

from gateway.domain.exchange import Incident
from gateway.domain.identity import content_id
from gateway.partners.profile import Expectation
from gateway.pipeline.incidents import open_incident
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork
from gateway.watch.cycles import CycleAhead, ending_cycles
from gateway.watch.expected import Every, ExpectedFile, missing_files

CYCLE_ENDS = "bill_cycle_ends"


def watch(plant: Plant, partner_id: str) -> None:
    """Open one incident for every expected file that is overdue, and for every bill cycle that is about to end.

    Each is opened once, per file and due date or per window left; that of a cycle closes when it has been extended.
    """
    with plant.open_unit() as unit:
        _watch_files(plant, unit, partner_id)
        _watch_cycles(plant, unit, partner_id)
        unit.commit()


def _watch_files(plant: Plant, unit: UnitOfWork, partner_id: str) -> None:
    """Look for files that did not come."""
    today = plant.clock.business_date()
    expectations = [_expected(partner_id, each, today) for each in plant.partner(partner_id).profile.expects]
    if not expectations:
        return
    since = min(expected.since for expected in expectations)
    arrivals = unit.files.arrivals_since(partner_id, since)
    for missing in missing_files(expectations, arrivals, today):
        unit.open_incident(
            Incident(
                key=content_id("N", missing.key),
                kind="expected_file_missing",
                partner_id=partner_id,
                opened_at=plant.clock.now(),
                message=missing.message,
                due_on=missing.due_on,
            )
        )


def _watch_cycles(plant: Plant, unit: UnitOfWork, partner_id: str) -> None:
    """Look for bill cycles with fewer than two windows ahead that somebody is billed by (IA-56)."""
    billing = plant.partner(partner_id).billing
    used = {account.bill_cycle for account in billing.accounts.values()}
    cycles = [
        CycleAhead(partner_id, code, [window.start for window in windows])
        for code, windows in billing.bill_cycles.items()
        if code in used
    ]
    ending = ending_cycles(cycles, plant.clock.business_date())
    if not ending:
        unit.close_incidents(CYCLE_ENDS, partner_id, plant.clock.now())
    for each in ending:
        open_incident(plant, unit, CYCLE_ENDS, partner_id, each.message, key=content_id("N", each.key))


def _expected(partner_id: str, setting: Expectation, today: date) -> ExpectedFile:
    """Return a configured expectation as the watch reads it."""
    since = setting.since or date(today.year, 1, 1)
    return ExpectedFile(
        partner_id=partner_id,
        what=setting.what,
        set_type=setting.set_type,
        every=Every(setting.every),
        day=setting.day,
        grace_days=setting.grace_days,
        since=since,
    )
