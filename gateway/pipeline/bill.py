"""Which accounts are billed today: due invoice requests, and accounts whose bill window is open (DOMAIN 3.3, 3.8)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from gateway.billing.invoice import BillOrder
from gateway.billing.lifecycle import due
from gateway.domain.bill_run import RunOrder, RunProof
from gateway.domain.charge import Invoice
from gateway.domain.parties import Account
from gateway.errors import NotFound
from gateway.logs import get_logger
from gateway.pipeline.accounts import account_rules, open_window
from gateway.pipeline.invoice import Billed, Held, Tried, hold
from gateway.pipeline.plant import Plant
from gateway.pipeline.policy import raise_policy_requests
from gateway.pipeline.retry import reason_of
from gateway.pipeline.run import Ended, Spread, bill_orders, by_account, close_run, freeze
from gateway.pipeline.timetable import TODAY
from gateway.ports.jobs import Job

Tell = Callable[[int, int], None]
"""Is told how many orders of how many have ended."""


@dataclass(slots=True)
class BillReport:
    """What a bill run did. `proofs` are those of the runs that ended: today's, and any that had been interrupted."""

    invoices: list[Invoice] = field(default_factory=list)
    held: list[tuple[str, str]] = field(default_factory=list)  # account id and why
    nothing_due: int = 0
    trials: int = 0  # images of bills that posted nothing
    proofs: list[RunProof] = field(default_factory=list)

    def add(self, ended: Ended) -> None:
        """Count one order."""
        match ended.outcome:
            case Billed(invoice):
                self.invoices.append(invoice)
            case Held(reason):
                self.held.append((ended.order.account_id, reason))
            case Tried():
                self.trials += 1
            case None:
                self.nothing_due += 1


def quietly(_ended: int, _of: int) -> None:
    """Tell nobody."""


def bill(plant: Plant, on: date, *, spread: Spread | None = None, tell: Tell = quietly) -> BillReport:
    """Bill every account that is to be billed on the batch business date `on`, one transaction each.

    What is due is written down before anything is billed, and proved after everything was: a run that was interrupted
    is ended first, with what was known when it began. A bad account is held with its reason and never stops the run; a
    second run for the same day bills nothing again. `spread` bills elsewhere than here, one account after the other.
    """
    report = BillReport()
    _run_through(plant, on, report, spread, tell)  # what an earlier run left
    _freeze_day(plant, on, report)
    _run_through(plant, on, report, spread, tell)
    get_logger().info("billed", on=on.isoformat(), invoices=len(report.invoices), held=len(report.held))
    return report


def _run_through(plant: Plant, on: date, report: BillReport, spread: Spread | None, tell: Tell) -> None:
    """Bill what is pending in the runs through a day, and prove them."""
    with plant.open_unit() as unit:
        unproved = unit.bill_runs.unproved(on)
    for run in unproved:
        with plant.open_unit() as unit:
            pending = unit.bill_runs.pending(run.id)
        bill_pending(plant, pending, report, spread=spread, tell=tell)
        proof = close_run(plant, run.id)
        if proof is not None:
            report.proofs.append(proof)


def bill_pending(
    plant: Plant,
    pending: Sequence[RunOrder],
    report: BillReport,
    *,
    spread: Spread | None = None,
    tell: Tell = quietly,
) -> None:
    """Bill orders that were frozen, and add what came of them to the report."""
    ended = 0
    tell(ended, len(pending))
    lists = by_account(pending)
    for each in spread(lists) if spread is not None else (bill_orders(plant, orders) for orders in lists):
        for one in each:
            report.add(one)
        ended += len(each)
        tell(ended, len(pending))


def _freeze_day(plant: Plant, on: date, report: BillReport | None = None) -> str:
    """Write down what is due on a day; an account that cannot be billed at all is held. Return the run's id or ''."""
    frozen_at = plant.clock.now()
    found: list[tuple[str, BillOrder]] = []
    for account_id, order in orders(plant, on):
        if isinstance(order, BillOrder):
            found.append((account_id, order))
        elif report is not None:
            report.held.append((account_id, order.reason))
    with plant.open_unit() as unit:
        billed = unit.invoices.orders_billed(order.key for _, order in found)
    waiting = [each for each in found if each[1].key not in billed]
    if report is not None:
        report.nothing_due += len(billed)
    return freeze(plant, on, waiting, frozen_at)


def bill_due(plant: Plant, subject: str) -> None:
    """Enqueue one `invoice` job for every account that is to be billed on the day `subject` ("today" or ISO).

    The orders are frozen first; the last job that ends proves the run.
    """
    on = plant.clock.business_date() if subject == TODAY else date.fromisoformat(subject)
    _freeze_day(plant, on)
    with plant.open_unit() as unit:
        unproved = unit.bill_runs.unproved(on)
        # An order that two runs wait for is billed once, and ends in both.
        pending = {order.key: order for run in unproved for order in unit.bill_runs.pending(run.id)}
        for order in pending.values():
            subject = f"{order.account_id}@{order.bill_on.isoformat()}@{order.key}"
            unit.defer(Job("invoice", subject, lock=f"account/{order.account_id}"))
        unit.commit()
    for run in unproved:
        close_run(plant, run.id)


def orders(plant: Plant, on: date) -> Iterator[tuple[str, BillOrder | Held]]:
    """Yield account and order: first the requests that are due, oldest first, then the open windows.

    An account with both gets the request's bill first; what the window then finds is only what the request's cutoff
    left out. An account that is not configured any more is held. What happened to a group's policy by `on` makes its
    requests first.
    """
    raise_policy_requests(plant, on)
    system_date = plant.clock.now().date()
    with plant.open_unit() as unit:
        # Deferred requests look at one clock, online ones at the other: either may be ahead (OR-23, OR-24).
        found = unit.requests.due(max(on, system_date))
    requests = [request for request in found if due(request, on, system_date)]
    for request in requests:
        yield request.account_id, BillOrder.of_request(request)
    for account in _accounts(plant):
        order = _window_order(plant, account, on)
        if order is not None:
            yield account.id, order


def _window_order(plant: Plant, account: Account, on: date) -> BillOrder | Held | None:
    """Return the order of the account's window that is open on a day, if one is."""
    try:
        window = open_window(account_rules(plant, account), on)
    except NotFound as error:
        return hold(plant, account.id, account.id, reason_of(error))
    return BillOrder.of_window(account.id, window, on) if window is not None else None


def _accounts(plant: Plant) -> Iterator[Account]:
    """Yield every account in which somebody was ever enrolled, of the partners that are configured."""
    for partner_id in sorted(plant.partners):
        with plant.open_unit() as unit:
            accounts = unit.enrollment.accounts_of(partner_id)
        yield from accounts
