"""`gateway show file|member|account|invoice|statement|consolidated|run|payment ID`: one thing with its whole story."""

from collections.abc import Callable
from datetime import datetime

import click

from gateway.billing.explain import explain
from gateway.cli.explain_lines import explained_json, print_explained
from gateway.cli.instant import Instant, Month
from gateway.cli.show_bills import print_consolidated, print_run, print_statement
from gateway.cli.show_file import print_file
from gateway.cli.show_money import print_invoice, print_invoice_head, print_payment
from gateway.cli.show_people import account_json, print_account, print_member
from gateway.cli.tables import print_json
from gateway.domain.period import CoverageMonth
from gateway.ports.queries import to_json

Command = Callable[..., None]
_WRONG = 1


@click.group("show")
def show_group() -> None:
    """Show one thing with everything that led to it; an id may be shortened while it stays the only one."""


def _options(what: str) -> Callable[[Command], Command]:
    """Return the decorator that gives a command its ID and `--json`."""

    def decorate(command: Command) -> Command:
        as_json = click.option(
            "--json", "as_json", is_flag=True, help=f"One JSON document (docs/schemas/show-{what}.schema.json)."
        )
        return click.argument("wanted", metavar="ID")(as_json(click.pass_context(command)))

    return decorate


@show_group.command("file")
@_options("file")
def show_file(ctx: click.Context, wanted: str, as_json: bool) -> None:
    """Show a file's way from landing to delivery, with every decision and everything it caused."""
    timeline = ctx.obj.app().queries.timeline(wanted)
    print_json(to_json(timeline)) if as_json else print_file(timeline)


@show_group.command("member")
@_options("member")
@click.option(
    "--as-known-at",
    "known_at",
    type=Instant(),
    help="Only what was known at this instant (UTC; a date is its first moment): the covers believed then.",
)
def show_member(ctx: click.Context, wanted: str, as_json: bool, known_at: datetime | None) -> None:
    """Show a membership by member, membership or subscriber id: covers over time, decisions, what was billed.

    Every cover has two times: from when through when it is true, and from when until when it was believed. With
    --as-known-at the second is fixed, and what was learnt later is left out.
    """
    view = ctx.obj.app().queries.member(wanted, known_at=known_at)
    print_json(to_json(view)) if as_json else print_member(view)


@show_group.command("account")
@_options("account")
def show_account(ctx: click.Context, wanted: str, as_json: bool) -> None:
    """Show an account: memberships, balance, months paid, invoice requests and invoices."""
    view = ctx.obj.app().queries.account(wanted)
    print_json(account_json(view)) if as_json else print_account(view)


@show_group.command("invoice")
@_options("invoice")
@click.option("--explain", "explained", is_flag=True, help="Say of every line how it comes about.")
@click.option("--line", "number", type=click.IntRange(min=1), help="Explain this line only.")
def show_invoice(ctx: click.Context, wanted: str, as_json: bool, explained: bool, number: int | None) -> None:
    """Show an invoice; every line names the file, set and segment that caused it.

    With --explain each line tells its rate, days, formula and cause, and the formula is computed again; exits 1 when
    one does not give its line's amount.
    """
    view = ctx.obj.app().queries.invoice(wanted, line=number)
    if not explained and number is None:
        print_json(to_json(view)) if as_json else print_invoice(view)
        return
    if as_json:
        print_json(explained_json(view))
        ctx.exit(0 if all(explain(each.line).recomputes for each in view.lines.items) else _WRONG)
    print_invoice_head(view)
    ctx.exit(_WRONG if print_explained(view) else 0)


@show_group.command("statement")
@_options("statement")
@click.option(
    "--period", type=Month(), required=True, help="The month that the bills are for (of their cutoff), as 2025-12."
)
def show_statement(ctx: click.Context, wanted: str, as_json: bool, period: CoverageMonth) -> None:
    """Show the statement of an account for a period: what was due before, paid, corrected, charged and is due now."""
    app = ctx.obj.app()
    view = app.queries.statement(wanted, period)
    print_json(to_json(view)) if as_json else print_statement(view, app.statement_notes())


@show_group.command("consolidated")
@_options("consolidated")
def show_consolidated(ctx: click.Context, wanted: str, as_json: bool) -> None:
    """Show a consolidated bill: a sub-total for each account on it, and the whole."""
    view = ctx.obj.app().queries.consolidated(wanted)
    print_json(to_json(view)) if as_json else print_consolidated(view)


@show_group.command("run")
@_options("run")
def show_run(ctx: click.Context, wanted: str, as_json: bool) -> None:
    """Show a bill run by its business date: what was frozen, how it ended, and that nothing fell out."""
    view = ctx.obj.app().queries.run(wanted)
    print_json(to_json(view)) if as_json else print_run(view)


@show_group.command("payment")
@_options("payment")
def show_payment(ctx: click.Context, wanted: str, as_json: bool) -> None:
    """Show money by receipt id or trace number, and where every cent of it is."""
    view = ctx.obj.app().queries.payment(wanted)
    print_json(to_json(view)) if as_json else print_payment(view)
