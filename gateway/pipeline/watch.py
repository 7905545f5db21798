"""Silence is an event: what should have come and did not (DESIGN, decision 10)."""

from datetime import date

from gateway.domain.exchange import Incident
from gateway.domain.identity import content_id
from gateway.partners.profile import Expectation
from gateway.pipeline.plant import Plant
from gateway.watch.expected import Every, ExpectedFile, missing_files


def watch(plant: Plant, partner_id: str) -> None:
    """Open one incident for every expected file that is overdue, one at a time per file and due date."""
    today = plant.clock.business_date()
    expectations = [_expected(partner_id, each, today) for each in plant.partner(partner_id).profile.expects]
    if not expectations:
        return
    since = min(expected.since for expected in expectations)
    with plant.open_unit() as unit:
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
        unit.commit()


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
