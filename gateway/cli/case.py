"""`gateway case`: what people work on until it is explained: short payments, flags, disputes, termination requests."""

from decimal import Decimal, InvalidOperation

import click

from gateway.cli.review import no_blank
from gateway.cli.tables import as_text, print_json, print_table
from gateway.domain.collection import CaseCause, CaseEntry, CaseWork
from gateway.domain.money import ZERO, round_cents
from gateway.pipeline.case_desk import assign, close, open_dispute
from gateway.ports.queries import Json, to_json

_OVERDUE = 1


class Amount(click.ParamType[Decimal]):
    """An amount of money: `1240.00`."""

    name = "amount"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Return the amount, with two places."""
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            self.fail("write it like 1240.00", param, ctx)
        if not amount.is_finite() or amount != round_cents(amount):
            self.fail("write it in dollars and cents, like 1240.00", param, ctx)
        return round_cents(amount)


@click.group("case")
def case_group() -> None:
    """Work on what a person must settle: each case has an owner, a due date, an escalation, and ends with a reason."""


@case_group.command("list")
@click.option("--closed", is_flag=True, help="Those that are closed instead.")
@click.option("--kind", default="", metavar="KIND", help="Only of this kind, such as SHORT_PAY or DISPUTE.")
@click.option("--account", default="", metavar="ID", help="Only of this account.")
@click.option("--owner", default="", metavar="NAME", help="Only of this owner.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def list_command(ctx: click.Context, *, closed: bool, kind: str, account: str, owner: str, as_json: bool) -> None:
    """List the open cases, the next due first. Exits 1 when one is overdue."""
    app = ctx.obj.app()
    today = app.plant.clock.business_date()
    cases = [
        each
        for each in app.queries.cases(closed=closed, kind=kind, account_id=account)
        if not owner or each.owner == owner
    ]
    if as_json:
        items: list[Json] = [_as_json(each) for each in cases]
        print_json({"cases": items})
    else:
        print_table(
            "",
            ("CASE", "KIND", "ACCOUNT", "INVOICE", "AMOUNT", "OWNER", "OPENED", "DUE", "STATE"),
            (
                (
                    *(each.case.key, each.case.kind, each.case.account_id, each.case.invoice_id, each.case.amount),
                    each.owner,
                    each.opened_at.date() if each.opened_at else "",
                    *(each.due_on or "", _state(each, is_overdue=each.is_overdue(today))),
                )
                for each in cases
            ),
        )
        if not cases:
            click.echo("no case was closed yet" if closed else "no case is open")
    ctx.exit(_OVERDUE if any(each.is_overdue(today) for each in cases) else 0)


@case_group.command("show")
@click.argument("key", metavar="CASE")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def show_command(ctx: click.Context, key: str, *, as_json: bool) -> None:
    """Show a case and who did what with it; its key may be shortened while it stays the only one."""
    work, log = ctx.obj.app().queries.case(key)
    if as_json:
        print_json({**_as_json(work), "log": to_json(log)})
        return
    _print_case(work, log)


@case_group.command("assign")
@click.argument("key", metavar="CASE")
@click.option("--to", "owner", metavar="NAME", required=True, callback=no_blank, help="Who works on it from now on.")
@click.option("--by", metavar="NAME", required=True, callback=no_blank, help="Who assigns it: kept for good.")
@click.option("--reason", default="", metavar="TEXT", help="Why; no personal data.")
@click.pass_context
def assign_command(ctx: click.Context, key: str, *, owner: str, by: str, reason: str) -> None:
    """Give a case to somebody. Doing it twice does nothing twice."""
    work = assign(ctx.obj.app().plant, key, owner, by=by, reason=reason)
    click.echo(f"{work.case.key} is with {work.owner}")


@case_group.command("close")
@click.argument("key", metavar="CASE")
@click.option("--by", metavar="NAME", required=True, callback=no_blank, help="Who closes it: kept for good.")
@click.option("--reason", metavar="TEXT", required=True, callback=no_blank, help="What was found; no personal data.")
@click.option(
    "--cause", type=click.Choice([each.value for each in CaseCause]), required=True, help="Where it had come from."
)
@click.pass_context
def close_command(ctx: click.Context, key: str, *, by: str, reason: str, cause: str) -> None:
    """Close a case with its explanation. Closing it twice does nothing twice; a closed case is never opened again."""
    work = close(ctx.obj.app().plant, key, by=by, reason=reason, cause=CaseCause(cause))
    click.echo(f"{work.case.key} is closed: {work.reason}")


@case_group.command("dispute")
@click.argument("invoice", metavar="INVOICE")
@click.option("--amount", type=Amount(), default=None, help="How much of it; default: the whole invoice.")
@click.option("--by", metavar="NAME", required=True, callback=no_blank, help="Who takes the dispute: kept for good.")
@click.option("--reason", metavar="TEXT", required=True, callback=no_blank, help="What is disputed; no personal data.")
@click.pass_context
def dispute_command(ctx: click.Context, invoice: str, *, amount: Decimal | None, by: str, reason: str) -> None:
    """Open a dispute about an invoice: notices and termination request stop for that amount until it is closed."""
    work = open_dispute(ctx.obj.app().plant, invoice, ZERO if amount is None else amount, by=by, reason=reason)
    click.echo(f"{work.case.key} over {as_text(work.case.amount)} is with {work.owner}, due {work.due_on}")
    click.echo(f"close it with: gateway case close {work.case.key} --by NAME --reason TEXT --cause CAUSE")


def _state(work: CaseWork, *, is_overdue: bool) -> str:
    """Return how a case stands in a word or two."""
    if work.closed_at is not None:
        return f"closed: {work.cause}"
    words = [word for word, holds in (("overdue", is_overdue), ("escalated", work.escalated_at is not None)) if holds]
    return ", ".join(words) or "open"


def _as_json(work: CaseWork) -> dict[str, Json]:
    """Return a case as one flat JSON object."""
    shown, case = to_json(work), to_json(work.case)
    flat = {**case, **shown} if isinstance(shown, dict) and isinstance(case, dict) else {}
    return {name: value for name, value in flat.items() if name != "case"}


def _print_case(work: CaseWork, log: list[CaseEntry]) -> None:
    """Print a case as a paragraph and its log as a table."""
    case = work.case
    click.echo(f"{case.key}: {case.message}")
    click.echo(f"  account {case.account_id or '-'}, invoice {case.invoice_id or '-'}, amount {as_text(case.amount)}")
    click.echo(f"  with {work.owner or 'nobody'}, due {work.due_on or '-'}, escalates after {work.escalates_on or '-'}")
    if work.closed_at is not None:
        click.echo(f"  closed {as_text(work.closed_at)}: {work.cause}, {work.reason}")
    print_table("Log", ("AT (UTC)", "BY", "DID", "WHAT"), ((each.at, each.by, each.act, each.text) for each in log))
