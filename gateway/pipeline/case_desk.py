"""What people do with cases: opened with an owner and dates, assigned, escalated once, closed with reason and cause.

Doing the same twice changes nothing; every step stands in the case's log with who did it.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from gateway.domain.collection import DISPUTE, CaseAct, CaseCause, CaseEntry, CaseWork
from gateway.domain.identity import content_id
from gateway.domain.money import ZERO, Money
from gateway.domain.remittance import Case
from gateway.errors import NotAllowed
from gateway.logs import get_logger
from gateway.pipeline.plant import Plant
from gateway.ports.jobs import Job
from gateway.ports.unit_of_work import UnitOfWork

GATEWAY = "gateway"
"""Who did what nobody in particular did."""


def open_cases(plant: Plant, unit: UnitOfWork, cases: Iterable[Case], *, by: str = GATEWAY) -> list[str]:
    """Open cases with their owner and dates; return the keys of those that were not there."""
    opened = [_taken_up(plant, case) for case in cases]
    entries = [_entry(plant, work, CaseAct.OPENED, work.case.message, by=by) for work in opened]
    return sorted(unit.cases.add(opened, entries))


def take_up(plant: Plant, unit: UnitOfWork) -> int:
    """Give owner and dates to the cases that were opened without; return how many there were."""
    cases = unit.cases.not_taken_up()
    for case in cases:
        work = _taken_up(plant, case)
        unit.cases.update(work)
        _log(plant, unit, work, CaseAct.OPENED, case.message)
    return len(cases)


def escalate(plant: Plant, unit: UnitOfWork) -> list[str]:
    """Hand the cases that were to be settled long ago to management, each once (HF-08); return their keys."""
    late = unit.cases.to_escalate(plant.clock.business_date())
    role = plant.policies.cases.escalates_to
    for work in late:
        unit.cases.update(replace(work, escalated_at=plant.clock.now(), owner=role))
        _log(plant, unit, work, CaseAct.ESCALATED, f"open since {_day(work.opened_at)}, now with {role}")
    return [work.case.key for work in late]


def open_dispute(plant: Plant, invoice_id: str, amount: Money, *, by: str, reason: str) -> CaseWork:
    """Open a dispute about a part of an invoice: dunning stops for it until it is closed (IA-41, IA-45).

    `amount` of nothing means the whole invoice. Raises NotFound for an invoice that there is not, and NotAllowed for
    more than it bills.
    """
    with plant.open_unit() as unit:
        invoice = unit.invoices.get(invoice_id)
        amount = amount or invoice.total
        if not ZERO < amount <= invoice.total:
            raise NotAllowed(
                f"invoice {invoice_id} bills {invoice.total}, so {amount} of it cannot be disputed",
                hint="name an amount above zero and up to the invoice's total",
            )
        key = f"{DISPUTE}/{invoice_id}/{content_id('T', amount, reason)}"
        case = Case(key, DISPUTE, invoice.account_id, invoice_id, amount, f"Invoice {invoice_id}: {reason}")
        open_cases(plant, unit, [case], by=by)
        _look_again(plant, unit, invoice.account_id)
        unit.commit()
        return unit.cases.get(key)


def assign(plant: Plant, key: str, owner: str, *, by: str, reason: str = "") -> CaseWork:
    """Give a case another owner. Raises NotFound, and NotAllowed for one that is closed."""
    with plant.open_unit() as unit:
        work = _open_case(unit, key)
        if work.owner != owner:
            work = replace(work, owner=owner)
            unit.cases.update(work)
            _log(plant, unit, work, CaseAct.ASSIGNED, f"to {owner}{f': {reason}' if reason else ''}", by=by)
            unit.commit()
        return work


def close(plant: Plant, key: str, *, by: str, reason: str, cause: CaseCause) -> CaseWork:
    """Close a case with its explanation (HF-05). Raises NotFound, and NotAllowed where another end was written.

    A dispute that is closed leaves its rest asked for again, with the whole grace from that day.
    """
    if not reason.strip():
        raise NotAllowed("a case is closed with a reason: what was found", hint="write it with --reason TEXT")
    with plant.open_unit() as unit:
        work = unit.cases.get(key)
        if work.closed_at is not None:
            if (work.reason, work.cause) == (reason, cause):
                return work
            raise NotAllowed(f"case {work.case.key} was closed before: {work.reason}", hint="`gateway case show` it")
        work = replace(work, closed_at=plant.clock.now(), reason=reason, cause=cause)
        unit.cases.update(work)
        _log(plant, unit, work, CaseAct.CLOSED, f"{cause}: {reason}", by=by)
        if work.case.kind == DISPUTE:
            _look_again(plant, unit, work.case.account_id)
        unit.commit()
    get_logger(case=work.case.key).info("case closed", kind=work.case.kind, cause=cause.value)
    return work


def _look_again(plant: Plant, unit: UnitOfWork, account_id: str) -> None:
    """Have an account's standing looked at at once."""
    subject = f"{account_id}@{plant.clock.business_date().isoformat()}"
    unit.defer(Job("delinquency", subject, lock=f"account/{account_id}"))


def _taken_up(plant: Plant, case: Case) -> CaseWork:
    """Return a case with its owner, and its dates in working days from today (HF-03)."""
    terms, today = plant.policies.cases, plant.clock.business_date()
    return CaseWork(
        case,
        opened_at=plant.clock.now(),
        owner=terms.owner,
        due_on=plant.work_days.after(today, terms.due_days),
        escalates_on=plant.work_days.after(today, terms.escalation_days),
    )


def _open_case(unit: UnitOfWork, key: str) -> CaseWork:
    work = unit.cases.get(key)
    if work.closed_at is not None:
        raise NotAllowed(f"case {work.case.key} is closed: {work.reason}", hint="open cases: `gateway case list`")
    return work


def _log(plant: Plant, unit: UnitOfWork, work: CaseWork, act: CaseAct, text: str, *, by: str = GATEWAY) -> None:
    """Append to a case's log."""
    unit.cases.log(_entry(plant, work, act, text, by=by))


def _entry(plant: Plant, work: CaseWork, act: CaseAct, text: str, *, by: str) -> CaseEntry:
    """Return a line of a case's log, now."""
    at, key = plant.clock.now(), work.case.key
    return CaseEntry(content_id("L", key, act, by, text, at.isoformat()), key, at, by, act, text)


def _day(at: datetime | None) -> str:
    return "" if at is None else at.date().isoformat()
