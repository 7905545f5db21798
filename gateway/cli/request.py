"""`gateway request …`: order, approve, reject, cancel, list and show invoice requests."""

from datetime import date, datetime

import click

from gateway.billing.manual import missing_fields
from gateway.bootstrap import App
from gateway.cli.request_types import types_group
from gateway.cli.review import no_blank
from gateway.cli.show_request import print_request, print_requests
from gateway.cli.tables import print_json
from gateway.cli.work import drained
from gateway.domain.charge import RequestStatus
from gateway.pipeline.request import Ordered
from gateway.pipeline.request_target import RequestOrder
from gateway.ports.queries import Kind, RequestFilter, to_json

_REFUSED = 1
_DAY = click.DateTime(["%Y-%m-%d"])
_BY = click.option("--by", metavar="NAME", required=True, callback=no_blank, help="Who decides: kept with the request.")
_REASON = click.option(
    "--reason", metavar="TEXT", required=True, callback=no_blank, help="Why; no personal data: it stands in the log."
)


@click.group("request")
def request_group() -> None:
    """Order bills out of cycle: create, approve, reject, cancel, list and show invoice requests, and their types."""


request_group.add_command(types_group)


@request_group.command("create")
@click.option("--type", "request_type", metavar="CODE", default="", help="The request type: a manual one.")
@click.option("--account", "account_id", metavar="ID", default="", help="The account to bill.")
@click.option("--person", "person_id", metavar="ID", default="", help="Group business: the employer instead.")
@click.option("--children", is_flag=True, help="With --person: the accounts of the persons below it too.")
@click.option("--without", metavar="ID", multiple=True, help="With --person: leave this account out; may be repeated.")
@click.option("--cutoff", type=_DAY, help="Charges up to and including this day go on the bill.")
@click.option("--accounting", type=_DAY, help="The day it is booked on.")
@click.option("--bill-date", type=_DAY, help="The date of the bill.")
@click.option("--by", metavar="NAME", required=True, callback=no_blank, help="Who orders it: kept with the request.")
@click.pass_context
def create_command(
    ctx: click.Context,
    request_type: str,
    account_id: str,
    person_id: str,
    *,
    children: bool,
    without: tuple[str, ...],
    cutoff: datetime | None,
    accounting: datetime | None,
    bill_date: datetime | None,
    by: str,
) -> None:
    """Order a bill, or a trial bill, for an account, or for a person with all its accounts that are eligible.

    Type, account (or person), cutoff, accounting and bill date are all mandatory. The bill is made at once, or waits
    for its processing date, for the batch (too many charges), or for another person's approval: what is printed says
    which. Ordering the same twice on a day makes one request. Exits 1 when an account of the person got none.
    """
    order = RequestOrder(
        request_type,
        account_id,
        person_id,
        cutoff_on=_date(cutoff),
        accounting_on=_date(accounting),
        bill_on=_date(bill_date),
        by=by,
        with_children=children,
        without=frozenset(without),
    )
    missing = missing_fields(order.typed)
    if missing:
        raise click.UsageError(f"a manual request needs its {', '.join(missing)}")
    if account_id and (person_id or children or without):
        raise click.UsageError("--account orders for one account: --person, --children and --without do not go with it")
    app = ctx.obj.app()
    made = app.create_requests(order)
    drained(app)
    for each in made:
        _print_ordered(app, each)
    ctx.exit(_REFUSED if any(each.refusal for each in made) else 0)


@request_group.command("approve")
@click.argument("request_id")
@_BY
@click.pass_context
def approve_command(ctx: click.Context, request_id: str, by: str) -> None:
    """Approve a request that waits for it; not the person who ordered it. The bill is made as if just ordered."""
    app = ctx.obj.app()
    done = app.approve_request(request_id, by=by)
    drained(app)
    _print_ordered(app, done)


@request_group.command("reject")
@click.argument("request_id")
@_BY
@_REASON
@click.pass_context
def reject_command(ctx: click.Context, request_id: str, by: str, reason: str) -> None:
    """Reject a request that waits for approval; not the person who ordered it. Nothing is billed by it, ever."""
    app = ctx.obj.app()
    _print_ordered(app, app.reject_request(request_id, by=by, reason=reason))


@request_group.command("cancel")
@click.argument("request_id")
@_BY
@_REASON
@click.pass_context
def cancel_command(ctx: click.Context, request_id: str, by: str, reason: str) -> None:
    """Cancel a request that made no bill yet. What it would have billed goes on the account's next bill."""
    app = ctx.obj.app()
    _print_ordered(app, app.cancel_request(request_id, by=by, reason=reason))


@request_group.command("eligible")
@click.argument("membership_id")
@click.argument("answer", type=click.Choice(["Y", "N"]))
@_BY
@_REASON
@click.pass_context
def eligible_command(ctx: click.Context, membership_id: str, answer: str, by: str, reason: str) -> None:
    """Say whether an individual or direct-billed membership is eligible for invoice requests: Y or N.

    In group business the account's `characteristics` in billing.toml say so.
    """
    said = ctx.obj.app().set_eligibility(membership_id, eligible=answer == "Y", by=by, reason=reason)
    click.echo(f"membership {said.membership_id}: {said.code} is {said.setting}, said by {said.by}")


@request_group.command("list")
@click.option("--status", type=click.Choice([each.value for each in RequestStatus]), help="Only in this status.")
@click.option("--account", "account_id", metavar="ID", default="", help="Only of this account.")
@click.option("--since", type=_DAY, help="Only created on this day or later.")
@click.option("--until", type=_DAY, help="Only created on this day or before.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=200, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document (docs/schemas/request-list.schema.json).")
@click.pass_context
def list_command(
    ctx: click.Context,
    *,
    status: str | None,
    account_id: str,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """List invoice requests, the newest first. `--status approval_in_progress` is the approvers' list of work."""
    queries = ctx.obj.app().queries
    wanted = RequestFilter(
        status=RequestStatus(status) if status else None,
        account_id=queries.find(Kind.ACCOUNT, account_id) if account_id else "",
        since=_date(since),
        until=_date(until),
    )
    found = queries.requests(wanted, limit=limit)
    print_json(to_json(found)) if as_json else print_requests(found)


@request_group.command("show")
@click.argument("request_id")
@click.option("--json", "as_json", is_flag=True, help="One JSON document (docs/schemas/show-request.schema.json).")
@click.pass_context
def show_command(ctx: click.Context, request_id: str, as_json: bool) -> None:
    """Show a request with its log, the events that raised it, and its bill; of a trial the image of the bill."""
    view = ctx.obj.app().queries.request(request_id)
    print_json(to_json(view)) if as_json else print_request(view)


def _date(typed: datetime | None) -> date | None:
    """Return the day that was typed."""
    return typed.date() if typed else None


def _print_ordered(app: App, done: Ordered) -> None:
    """Say what became of an order or decision, as it is now."""
    if done.request is None:
        click.echo(f"account {done.account_id}: no request, {done.refusal}")
        return
    view = app.queries.request(done.request.id)
    its = view.request
    again = "" if done.is_new else " (before: nothing was done twice)"
    made = f", invoice {its.invoice_id}" if its.invoice_id else ""
    why = f": {its.reason}" if its.reason else ""
    click.echo(f"account {its.account_id}: request {its.id} is {its.status}{made}{again}{why}")
    click.echo(f"look closer with: gateway request show {its.id}")
