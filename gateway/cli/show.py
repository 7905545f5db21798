"""`gateway show file|member|account|invoice|payment ID`: one thing with everything that led to it."""

from collections.abc import Callable
from datetime import datetime

import click

from gateway.cli.instant import Instant
from gateway.cli.show_file import print_file
from gateway.cli.show_money import print_invoice, print_payment
from gateway.cli.show_people import account_json, print_account, print_member
from gateway.cli.tables import print_json
from gateway.ports.queries import to_json

Command = Callable[..., None]


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
def show_invoice(ctx: click.Context, wanted: str, as_json: bool) -> None:
    """Show an invoice; every line names the file, set and segment that caused it."""
    view = ctx.obj.app().queries.invoice(wanted)
    print_json(to_json(view)) if as_json else print_invoice(view)


@show_group.command("payment")
@_options("payment")
def show_payment(ctx: click.Context, wanted: str, as_json: bool) -> None:
    """Show money by receipt id or trace number, and where every cent of it is."""
    view = ctx.obj.app().queries.payment(wanted)
    print_json(to_json(view)) if as_json else print_payment(view)
