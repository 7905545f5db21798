"""A held account: a named person lets its bill go out as it is, once, for exactly what was found wrong with it."""

from dataclasses import dataclass, replace

from gateway.billing.release import LIFTABLE
from gateway.domain.bill_run import BillRun, Hold, HoldEnd, RunProof
from gateway.domain.exchange import LogEvent
from gateway.domain.identity import content_id
from gateway.errors import NotAllowed, NotFound
from gateway.logs import get_logger
from gateway.pipeline.bill import BillReport, bill_pending
from gateway.pipeline.holds import incident_key
from gateway.pipeline.plant import Plant
from gateway.pipeline.run import again, close_run, run_id
from gateway.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class AccountReleased:
    """What a release decided and what came of it; `is_new` is False when it had been decided before."""

    holds: tuple[Hold, ...]
    is_new: bool
    report: BillReport


def release_account(plant: Plant, account_id: str, *, by: str, reason: str) -> AccountReleased:
    """Lift what holds an account's bill, and bill it now, in the run of the business date.

    Only the sentences the person saw are lifted: a bill that is wrong otherwise, or by other amounts, is held anew.
    Releasing what was released does nothing. Raises NotFound for an account that was never held, and NotAllowed when
    what holds it is no judgement (our own work failed, or a charge has no source): repair that, and the next run
    bills the account by itself.
    """
    with plant.open_unit() as unit:
        unit.enrollment.lock_account(account_id)
        waiting = unit.holds.open_for(account_id)
        if not waiting:
            return AccountReleased((_last_release(unit, account_id),), is_new=False, report=BillReport())
        for hold in waiting:
            _must_be_liftable(hold)
        released = tuple(_release(plant, unit, hold, by, reason) for hold in waiting)
        _order_again(plant, unit, released)
        unit.commit()
    get_logger(account=account_id).info("released", holds=len(released))
    return AccountReleased(released, is_new=True, report=_bill(plant, released))


def _last_release(unit: UnitOfWork, account_id: str) -> Hold:
    """Return the last release of an account that waits for nothing."""
    last = unit.holds.last_released(account_id)
    if last is None:
        raise NotFound(f"account {account_id} is not held", hint="`gateway bill --held` lists the accounts that wait")
    return last


def _must_be_liftable(hold: Hold) -> None:
    """Raise NotAllowed when a person cannot decide about what holds an account."""
    codes = [code for code, _ in hold.findings]
    fixed = [code for code in codes if code not in LIFTABLE]
    if not codes or fixed:
        what = fixed[0] if fixed else "a failure"
        raise NotAllowed(
            f"account {hold.account_id} is held by {what}, which nobody can lift: {hold.reason}",
            hint="repair the cause; the next bill run bills the account by itself",
        )


def _release(plant: Plant, unit: UnitOfWork, hold: Hold, by: str, reason: str) -> Hold:
    """Write down who released a hold and why, and close its incident."""
    now = plant.clock.now()
    released = replace(hold, ending=HoldEnd.RELEASED, ended_at=now, ended_by=by, end_reason=reason)
    unit.holds.end(released)
    unit.close_incident(incident_key(hold), now)
    codes = ", ".join(dict.fromkeys(code for code, _ in hold.findings))
    text = f"Account {hold.account_id} released in spite of {codes} by {by}: {reason}"
    unit.record(LogEvent(content_id("E", "released", hold.id), now, "release", "", hold.account_id, text))
    return released


def _order_again(plant: Plant, unit: UnitOfWork, holds: tuple[Hold, ...]) -> None:
    """Put the held orders into the run of the business date, whether their window is still open or not."""
    today, now = plant.clock.business_date(), plant.clock.now()
    orders = [again(hold, run_id(today), number, now, today) for number, hold in enumerate(holds, start=1)]
    unit.bill_runs.freeze(BillRun(run_id(today), today, now), orders)


def _bill(plant: Plant, holds: tuple[Hold, ...]) -> BillReport:
    """Bill the orders that were released; what else is pending in the run is left to it."""
    today = run_id(plant.clock.business_date())
    keys = {hold.order_key for hold in holds}
    with plant.open_unit() as unit:
        pending = [order for order in unit.bill_runs.pending(today) if order.key in keys]
    report = BillReport()
    bill_pending(plant, pending, report)
    proof: RunProof | None = close_run(plant, today)
    if proof is not None:
        report.proofs.append(proof)
    return report
