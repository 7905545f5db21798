"""`gateway suspense`: money without a place, worked by people; above a limit by two."""

from datetime import date
from decimal import Decimal, InvalidOperation

import click

from gateway.cli.review import no_blank
from gateway.cli.tables import as_text, print_table
from gateway.domain.money_order import MoneyOrder, OrderKind, OrderState, Piece
from gateway.pipeline.money_orders import Ordered, Wish, approve, order, orders_of, pieces_of, refuse
from gateway.pipeline.suspense import look_at

_REFUSED = 1
WORKED = (OrderKind.APPLY, OrderKind.MOVE)

by_option = click.option("--by", metavar="NAME", required=True, callback=no_blank, help="Who orders it: kept for good.")
reason_option = click.option(
    "--reason", metavar="TEXT", required=True, callback=no_blank, help="Why; no personal data: it stands in the log."
)


class Amount(click.ParamType[Decimal]):
    """An amount of money on the command line."""

    name = "amount"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Return the amount; thousands may be marked by commas."""
        try:
            amount = Decimal(str(value).replace(",", ""))
        except InvalidOperation:
            self.fail(f"{value!r} is no amount: write 250.00", param, ctx)
        if not amount.is_finite() or amount != round(amount, 2):
            self.fail(f"{value!r} is no amount in whole cents", param, ctx)
        return amount


amount_option = click.option("--amount", type=Amount(), help="Only so much of the piece. Default: all of it.")


@click.group("suspense")
def suspense_group() -> None:
    """Work money that has no place: look where it belongs, then apply, move or refund it.

    A piece is named RECEIPT.ROUND.ORDINAL. What is ordered above a limit of [money] waits for a second person.
    """


@suspense_group.command("list")
@click.option("--unapplied", is_flag=True, help="What lies unapplied on accounts instead.")
@click.option("--account", default="", metavar="ID", help="Only what lies on this account.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=200, show_default=True, help="At most so many.")
@click.pass_context
def list_command(ctx: click.Context, unapplied: bool, account: str, limit: int) -> None:
    """List the pieces in suspense, the oldest deposit first, each with its one reason and its age in days."""
    plant = ctx.obj.app().plant
    found = pieces_of(plant, suspense=not (unapplied or account), account_id=account, limit=limit)
    if not found:
        click.echo("nothing is unapplied" if unapplied or account else "nothing is in suspense")
        return
    today = plant.clock.business_date()
    print_table(
        "",
        ("PIECE", "AMOUNT", "REASON", "DAYS", "DEPOSITED", "PARTNER", "TRACE", "ACCOUNT", "LINE"),
        (_row(piece, today) for piece in found),
    )
    total = sum((piece.placement.amount for piece in found), Decimal(0))
    click.echo(f"{len(found)} piece(s), {as_text(total)}; look at one with: gateway suspense show PIECE")


def _row(piece: Piece, today: date) -> tuple[object, ...]:
    its = piece.placement
    days = (today - piece.deposited_on).days if piece.deposited_on else None
    return (
        *(piece.id, its.amount, its.reason, days, piece.deposited_on),
        *(piece.partner_id, piece.trace, its.account_id, its.line),
    )


@suspense_group.command("show")
@click.argument("piece")
@click.pass_context
def show_command(ctx: click.Context, piece: str) -> None:
    """Show one piece and the open invoices that something speaks for, what speaks most first; nothing is written."""
    plant = ctx.obj.app().plant
    found = look_at(plant, piece)
    today = plant.clock.business_date()
    print_table("", ("PIECE", "AMOUNT", "REASON", "DAYS", "DEPOSITED", "PARTNER", "TRACE", "ACCOUNT", "LINE"),
                [_row(found.piece, today)])  # fmt: skip
    if not found.suggestions:
        click.echo("nothing speaks for any open invoice: ask the payer")
    print_table(
        "It may belong to",
        ("INVOICE", "ACCOUNT", "OPEN", "DUE", "WEIGHT", "EVIDENCE"),
        (
            (
                *(each.invoice.id, each.invoice.account_id, each.invoice.open, each.invoice.due_on),
                *(each.weight, ", ".join(each.evidence)),
            )
            for each in found.suggestions
        ),
    )
    if found.suggestions:
        best = found.suggestions[0].invoice.id
        click.echo(f"apply it with: gateway suspense apply {piece} --invoice {best} --by NAME --reason TEXT")


@suspense_group.command("apply")
@click.argument("piece")
@click.option("--invoice", required=True, metavar="ID", help="The invoice that it pays.")
@amount_option
@by_option
@reason_option
@click.pass_context
def apply_command(
    ctx: click.Context, piece: str, invoice: str, *, amount: Decimal | None, by: str, reason: str
) -> None:
    """Pay an invoice with a piece; what the invoice does not owe stays unapplied on its account."""
    _give(ctx, Wish(OrderKind.APPLY, piece, by, reason, invoice, amount))


@suspense_group.command("move")
@click.argument("piece")
@click.option("--account", required=True, metavar="ID", help="The account whose money it is.")
@amount_option
@by_option
@reason_option
@click.pass_context
def move_command(ctx: click.Context, piece: str, account: str, *, amount: Decimal | None, by: str, reason: str) -> None:
    """Let a piece lie unapplied on an account."""
    _give(ctx, Wish(OrderKind.MOVE, piece, by, reason, account, amount))


@suspense_group.command("refund")
@click.argument("piece")
@amount_option
@by_option
@reason_option
@click.pass_context
def refund_command(ctx: click.Context, piece: str, *, amount: Decimal | None, by: str, reason: str) -> None:
    """Give a piece back to its payer: the same as `gateway refund request`. Never without an account."""
    _give(ctx, Wish(OrderKind.REFUND, piece, by, reason, "", amount))


@suspense_group.command("approve")
@click.argument("order_id", metavar="ORDER")
@click.option("--by", metavar="NAME", required=True, callback=no_blank, help="Who approves: not who gave the order.")
@click.pass_context
def approve_command(ctx: click.Context, order_id: str, by: str) -> None:
    """Book an order that waits, as the second person. Approving twice does nothing twice."""
    print_order(approve(ctx.obj.app().plant, order_id, by=by))


@suspense_group.command("refuse")
@click.argument("order_id", metavar="ORDER")
@by_option
@reason_option
@click.pass_context
def refuse_command(ctx: click.Context, order_id: str, by: str, reason: str) -> None:
    """End an order that waits, without effect: its money stays where it lies."""
    print_order(refuse(ctx.obj.app().plant, order_id, by=by, reason=reason))


@suspense_group.command("orders")
@click.option("--waiting", is_flag=True, help="Only those that wait for a second person.")
@click.pass_context
def orders_command(ctx: click.Context, waiting: bool) -> None:
    """List what was ordered, by whom, and what became of it."""
    print_orders(orders_of(ctx.obj.app().plant, WORKED, [OrderState.WAITING] if waiting else []))


def _give(ctx: click.Context, wish: Wish) -> None:
    print_order(order(ctx.obj.app().plant, wish))


def print_order(done: Ordered) -> None:
    """Say what became of an order, and what is to be done next."""
    its = done.order
    again = "" if done.is_new else " before: nothing was done twice"
    where = f" to {its.target}" if its.target else ""
    by = its.ordered_by + (f" and {its.decided_by}" if its.decided_by else "")
    click.echo(f"order {its.id} {its.state}{again}: {its.kind} {as_text(its.amount)}{where}, by {by}: {its.reason}")
    if its.state is OrderState.WAITING:
        group = "refund" if its.kind is OrderKind.REFUND else "suspense"
        click.echo(f"another person has to approve it: gateway {group} approve {its.id} --by NAME")


def print_orders(found: list[MoneyOrder]) -> None:
    """Print orders, the oldest first."""
    if not found:
        click.echo("there is no such order")
    print_table(
        "",
        (
            "ORDER",
            "KIND",
            "STATE",
            "AMOUNT",
            "ACCOUNT",
            "TARGET",
            "ORDERED (UTC)",
            "BY",
            "DECIDED BY",
            "PAID BY",
            "CODE",
        ),
        (
            (
                *(each.id, each.kind, each.state, each.amount, each.account_id, each.target or each.payout_id),
                *(each.ordered_at, each.ordered_by, each.decided_by, each.paid_by, each.code),
            )
            for each in found
        ),
    )
