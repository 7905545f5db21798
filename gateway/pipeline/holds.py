"""Accounts that wait for a person: held with a reason, freed by a run that can bill them or by a named person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from gateway.billing.invoice import BillOrder
from gateway.domain.bill_run import Hold, HoldEnd
from gateway.domain.finding import Finding
from gateway.domain.identity import content_id
from gateway.pipeline.incidents import open_incident
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """The order that could not be billed, and whose it is."""

    account_id: str
    partner_id: str
    order: BillOrder


def open_hold(plant: Plant, unit: UnitOfWork, held: HeldOrder, reason: str, findings: Sequence[Finding]) -> None:
    """Write down that an account waits, and open its incident; one that waits for the same reason waits on."""
    order = held.order
    before = unit.holds.of_order(order.key)
    waiting = [each for each in before if each.ended_at is None]
    if any(each.reason == reason for each in waiting):
        return
    for each in waiting:  # it waits for something else now
        _end(plant, unit, each)
    number = len(before) + 1
    hold = Hold(
        id=content_id("H", order.key, number),
        account_id=held.account_id,
        partner_id=held.partner_id,
        order_key=order.key,
        number=number,
        bill_on=order.bill_on,
        cutoff_on=order.cutoff_on,
        accounting_on=order.accounting_on,
        source=order.source,
        reason=reason,
        findings=tuple((finding.code, finding.message) for finding in findings),
        held_at=plant.clock.now(),
    )
    unit.holds.add(hold)
    message = f"Account {held.account_id} is held: {reason}"
    key = incident_key(hold)
    open_incident(plant, unit, "account_held", held.partner_id, message, key=key, subject_id=held.account_id)


def end_holds(plant: Plant, unit: UnitOfWork, account_id: str, cutoff_on: date) -> None:
    """End the holds of an account that could be billed through `cutoff_on`, and close their incidents.

    A bill by difference through a later day holds all that the held one would have held.
    """
    for hold in unit.holds.open_for(account_id):
        if hold.cutoff_on <= cutoff_on:
            _end(plant, unit, hold)


def incident_key(hold: Hold) -> str:
    """Return the key of the incident that a hold opens."""
    return content_id("N", "held", hold.id)


def _end(plant: Plant, unit: UnitOfWork, hold: Hold) -> None:
    """End a hold whose cause is gone."""
    now = plant.clock.now()
    unit.holds.end(replace(hold, ending=HoldEnd.CAUSE_GONE, ended_at=now))
    unit.close_incident(incident_key(hold), now)
