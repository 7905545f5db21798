"""Which accounts are billed today: due invoice requests, and accounts whose bill window is open (DOMAIN 3.3, 3.8)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from gateway.billing.invoice import BillOrder
from gateway.billing.lifecycle import due
from gateway.domain.charge import Invoice
from gateway.domain.parties import Account
from gateway.errors import GatewayError, NotFound
from gateway.logs import get_logger
from gateway.pipeline.accounts import account_rules, open_window
from gateway.pipeline.invoice import Billed, Held, Tried, bill_account, hold
from gateway.pipeline.plant import Plant
from gateway.pipeline.policy import raise_policy_requests
from gateway.pipeline.retry import reason_of
from gateway.pipeline.timetable import TODAY
from gateway.ports.jobs import Job


@dataclass(slots=True)
class BillReport:
    """What a bill run did."""

    invoices: list[Invoice] = field(default_factory=list)
    held: list[tuple[str, str]] = field(default_factory=list)  # account id and why
    nothing_due: int = 0
    trials: int = 0  # images of bills that posted nothing


def bill(plant: Plant, on: date) -> BillReport:
    """Bill every account that is to be billed on the batch business date `on`, one transaction each.

    A bad account is held with its reason and never stops the run; a second run for the same day bills nothing again.
    """
    report = BillReport()
    for account_id, order in orders(plant, on):
        outcome = order if isinstance(order, Held) else _bill_or_hold(plant, account_id, order)
        match outcome:
            case Billed(invoice):
                report.invoices.append(invoice)
            case Held(reason):
                report.held.append((account_id, reason))
            case Tried():
                report.trials += 1
            case None:
                report.nothing_due += 1
    get_logger().info("billed", on=on.isoformat(), invoices=len(report.invoices), held=len(report.held))
    return report


def _bill_or_hold(plant: Plant, account_id: str, order: BillOrder) -> Billed | Tried | Held | None:
    """Bill one account; whatever is wrong with it holds it, and only a database that is away stops the run."""
    try:
        return bill_account(plant, account_id, order)
    except Exception as error:
        if isinstance(error, GatewayError) and error.is_temporary:
            raise
        get_logger(account=account_id).error("not billed", error=type(error).__name__, exc_info=error)
        return hold(plant, account_id, order.key, reason_of(error))


def bill_due(plant: Plant, subject: str) -> None:
    """Enqueue one `invoice` job for every account that is to be billed on the day `subject` ("today" or ISO)."""
    on = plant.clock.business_date() if subject == TODAY else date.fromisoformat(subject)
    found = [(account_id, order) for account_id, order in orders(plant, on) if isinstance(order, BillOrder)]
    with plant.open_unit() as unit:
        for account_id, order in found:
            unit.defer(Job("invoice", f"{account_id}@{on.isoformat()}@{order.key}", lock=f"account/{account_id}"))
        unit.commit()


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
