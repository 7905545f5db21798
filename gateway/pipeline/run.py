"""A bill run: write down what is due when it begins, bill that, and prove that nothing fell out (STYLE, habit 10)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from gateway.billing.invoice import BillOrder
from gateway.domain.bill_run import BillRun, Hold, RunOrder, RunProof
from gateway.domain.identity import content_id
from gateway.errors import ConcurrentChange, SchemaOutdated, StoreUnavailable
from gateway.logs import get_logger
from gateway.pipeline.consolidate import consolidate
from gateway.pipeline.incidents import open_incident
from gateway.pipeline.invoice import Billed, Held, Tried, bill_account, hold, order_of_job
from gateway.pipeline.plant import Plant
from gateway.pipeline.retry import reason_of
from gateway.ports.jobs import Job
from gateway.ports.unit_of_work import UnitOfWork

Outcome = Billed | Tried | Held | None
_PATIENCE = 3


@dataclass(frozen=True, slots=True)
class Ended:
    """One order of a run with what came of it; None: there was nothing to bill."""

    order: RunOrder
    outcome: Outcome


Spread = Callable[[Sequence[Sequence[RunOrder]]], Iterator[list[Ended]]]
"""Bills lists of orders, wherever it likes, and yields what came of each list as it ends. The orders of one account are
in one list, in their order."""


def freeze(plant: Plant, on: date, found: Iterable[tuple[str, BillOrder]], frozen_at: datetime) -> str:
    """Write down the orders of the run of a business date; return the run's id, or '' when there is nothing to do.

    A run of the same day is taken up again: what has ended before is looked at anew, and what was billed is not among
    `found`. What is learned after `frozen_at` waits for the next run.
    """
    run = BillRun(run_id(on), on, frozen_at)
    orders = [_frozen(run, number, *each, frozen_at) for number, each in enumerate(found, start=1)]
    with plant.open_unit() as unit:
        unit.bill_runs.freeze(run, orders)
        unit.commit()
    return run.id if orders else ""


def run_id(on: date) -> str:
    """Return the id of the run of a business date: there is one a day, in however many attempts."""
    return on.isoformat()


def again(hold: Hold, run: str, number: int, frozen_at: datetime, on: date) -> RunOrder:
    """Return the order of a held account, to be tried once more; a window's bill is dated when it is made."""
    order = BillOrder(hold.order_key, hold.bill_on, hold.cutoff_on, hold.accounting_on, hold.source)
    if order.is_of_cycle:
        order = replace(order, bill_on=on)
    return _frozen(BillRun(run, on, frozen_at), number, hold.account_id, order, frozen_at)


def _frozen(run: BillRun, number: int, account_id: str, order: BillOrder, frozen_at: datetime) -> RunOrder:
    """Return an order as it is written down."""
    return RunOrder(
        run.id,
        order.key,
        number,
        account_id,
        order.bill_on,
        order.cutoff_on,
        order.accounting_on,
        order.source,
        frozen_at,
    )


def bill_orders(plant: Plant, orders: Sequence[RunOrder]) -> list[Ended]:
    """Bill orders one after the other, each account in a transaction of its own; a bad account never stops another."""
    return [Ended(order, bill_or_hold(plant, order)) for order in orders]


def bill_or_hold(plant: Plant, order: RunOrder) -> Outcome:
    """Bill one account; whatever is wrong with it holds it.

    Only a database that is away, or is not this program's, stops the run: then it is nobody's fault in particular. An
    account that somebody else changed in the same moment is billed once more.
    """
    try:
        return _patiently(plant, order)
    except (StoreUnavailable, ConcurrentChange, SchemaOutdated):
        raise
    except Exception as error:
        get_logger(account=order.account_id).error("not billed", error=type(error).__name__, exc_info=error)
        return hold(plant, order.account_id, order.key, reason_of(error), order=BillOrder.of_frozen(order))


def _patiently(plant: Plant, order: RunOrder) -> Outcome:
    """Bill one account; tried again while others change the same rows first."""
    for _ in range(_PATIENCE - 1):
        try:
            return bill_account(plant, order.account_id, BillOrder.of_frozen(order), frozen=order)
        except ConcurrentChange:
            get_logger(account=order.account_id).warning("somebody changed the account first; it is billed once more")
    return bill_account(plant, order.account_id, BillOrder.of_frozen(order), frozen=order)


def by_account(orders: Iterable[RunOrder]) -> list[list[RunOrder]]:
    """Return orders by account, so that those of one account are billed in their order."""
    grouped: dict[str, list[RunOrder]] = {}
    for order in orders:
        grouped.setdefault(order.account_id, []).append(order)
    return list(grouped.values())


def invoice(plant: Plant, subject: str) -> None:
    """Bill one account: `subject` is `ACCOUNT@DATE@ORDER`, as the bill run enqueued it; the last one proves the run."""
    account_id, order, frozen = order_of_job(plant, subject)
    if order is not None:
        bill_account(plant, account_id, order, frozen=frozen)
    if frozen is not None:
        close_run(plant, frozen.run_id)


def give_up_invoice(plant: Plant, job: Job, error: Exception) -> None:
    """Hold the account of a bill that could not be made; the run goes on to its end without it."""
    account_id, order, frozen = order_of_job(plant, job.subject)
    order_key = job.subject.split("@", 2)[2]
    hold(plant, account_id, order_key, reason_of(error), order=order)
    if frozen is not None:
        close_run(plant, frozen.run_id)


def close_run(plant: Plant, run: str) -> RunProof | None:
    """Prove a run of which every order has ended, and write the proof down; None while orders are pending.

    Consolidated bills are made first. What went astray opens an incident, and the run stays unproved.
    """
    with plant.open_unit() as unit:
        if unit.bill_runs.has_pending(run):
            return None
        consolidate(plant, unit, run)
        proof = unit.bill_runs.proof(run)
        if proof.holds:
            unit.bill_runs.mark_proved(run, plant.clock.now())
        else:
            _tell_astray(plant, unit, proof)
        unit.commit()
    return proof


def _tell_astray(plant: Plant, unit: UnitOfWork, proof: RunProof) -> None:
    """Open the incident of a run that does not prove."""
    message = f"The bill run {proof.run_id} does not prove: {', '.join(proof.astray)}. Look at it: gateway show run."
    get_logger(run=proof.run_id).error("the run does not prove", astray=len(proof.astray))
    open_incident(plant, unit, "bill_run_not_proved", "", message, key=content_id("N", "astray", *proof.astray))
