"""`gateway refund` and `gateway payment`: money that goes back to its payer, and money that the bank takes back."""

from decimal import Decimal

import click

from gateway.bootstrap import App
from gateway.cli.review import no_blank
from gateway.cli.suspense import (
    amount_option,
    approve_command,
    by_option,
    print_order,
    print_orders,
    reason_option,
    refuse_command,
)
from gateway.cli.tables import as_text, print_table
from gateway.domain.money_order import OrderKind, OrderState
from gateway.partners.profile import SecretReference
from gateway.partners.secrets import resolve_secret
from gateway.pipeline.money_orders import Wish, order, orders_of
from gateway.pipeline.refunds import came_back, pay_by_hand, pay_out
from gateway.pipeline.returns import take_back
from gateway.pipeline.unmatched import unmatched
from gateway.pipeline.variances import variances_of
from gateway.ports.queries import Kind

_REFUSED = 1
code_option = click.option("--code", required=True, metavar="CODE", callback=no_blank, help="The bank's: R01, NSF ...")


@click.group("refund")
def refund_group() -> None:
    """Give money back to its payer: ask, approve, pay out, and what to do when it comes back.

    Only money that lies unapplied on an account is refunded, never money in suspense; [money] says how old and how much
    it must be, and above what amount a second person approves.
    """


@refund_group.command("request")
@click.argument("piece")
@amount_option
@by_option
@reason_option
@click.pass_context
def request_command(ctx: click.Context, piece: str, *, amount: Decimal | None, by: str, reason: str) -> None:
    """Ask for a piece to go back; `gateway suspense list --unapplied` names the pieces. Asking twice is one refund."""
    print_order(order(ctx.obj.app().plant, Wish(OrderKind.REFUND, piece, by, reason, "", amount)))


refund_group.add_command(approve_command)
refund_group.add_command(refuse_command)


@refund_group.command("list")
@click.option("--open", "only_open", is_flag=True, help="Only what is not paid out yet.")
@click.pass_context
def list_command(ctx: click.Context, only_open: bool) -> None:
    """List every refund with who asked, approved and paid it, the oldest first."""
    states = [OrderState.WAITING, OrderState.BOOKED] if only_open else []
    print_orders(orders_of(ctx.obj.app().plant, [OrderKind.REFUND], states))


@refund_group.command("payout")
@by_option
@click.pass_context
def payout_command(ctx: click.Context, by: str) -> None:
    """Write the booked refunds into one NACHA file below outbound/, and mark them paid out.

    An account's `refund_routing` and `refund_account` (billing.toml) say where its money goes; refunds of accounts
    without them, and of single subscribers, are listed to be paid by hand. A refund is in one file only.
    """
    app: App = ctx.obj.app()

    def find_secret(reference: SecretReference) -> str:
        return resolve_secret(reference, app.home.path)

    done = pay_out(app.plant, by=by, find_secret=find_secret)
    if done.orders:
        click.echo(f"{len(done.orders)} refund(s), {as_text(done.total)}, in {done.path}: hand this file to the bank")
    else:
        click.echo("no booked refund can be paid by file")
    if done.by_hand:
        print_table("To be paid by hand", ("ORDER", "ACCOUNT", "AMOUNT"),
                    ((each.id, each.account_id, each.amount) for each in done.by_hand))  # fmt: skip
        click.echo("then: gateway refund paid ORDER --reference CHEQUE --by NAME")


@refund_group.command("paid")
@click.argument("order_id", metavar="ORDER")
@click.option(
    "--reference", required=True, metavar="TEXT", callback=no_blank, help="The cheque, or the bank's reference."
)
@by_option
@click.pass_context
def paid_command(ctx: click.Context, order_id: str, reference: str, by: str) -> None:
    """Write down that a refund was paid outside of the gateway."""
    print_order(pay_by_hand(ctx.obj.app().plant, order_id, by=by, reference=reference))


@refund_group.command("returned")
@click.argument("order_id", metavar="ORDER")
@code_option
@by_option
@reason_option
@click.pass_context
def returned_command(ctx: click.Context, order_id: str, *, code: str, by: str, reason: str) -> None:
    """Put a paid refund that came back (R03 ...) unapplied on its account again."""
    print_order(came_back(ctx.obj.app().plant, order_id, code=code, by=by, reason=reason))


@click.group("payment")
def payment_group() -> None:
    """Find money that misses its remittance, and take back what the bank returned."""


@payment_group.command("unmatched")
@click.option("--late", is_flag=True, help="Only what is more than five banking days old.")
@click.pass_context
def unmatched_command(ctx: click.Context, late: bool) -> None:
    """List remittances whose money has not come, and money that no remittance explains, by trace."""
    found = [each for each in unmatched(ctx.obj.app().plant) if each.is_late or not late]
    if not found:
        click.echo("every deposit has its remittance, and every remittance its money")
    print_table(
        "",
        ("TRACE", "AMOUNT", "SETTLES", "BANKING DAYS", "LATE", "WHAT", "PARTNER", "PAYMENT"),
        (
            (
                *(each.receipt.trace, each.receipt.amount, each.receipt.settles_on, each.banking_days, each.is_late),
                *(each.what, each.receipt.partner_id, each.receipt.id),
            )
            for each in found
        ),
    )


@payment_group.command("variances")
@click.argument("payment")
@click.option("--invoice", required=True, metavar="ID", help="The list bill that the remittance answers.")
@click.pass_context
def variances_command(ctx: click.Context, payment: str, invoice: str) -> None:
    """Hold the members that PAYMENT's remittance lists against those of an invoice: missing, extra, other amounts.

    Exits 1 when they disagree.
    """
    app: App = ctx.obj.app()
    found = variances_of(app.plant, app.queries.find(Kind.PAYMENT, payment), app.queries.find(Kind.INVOICE, invoice))
    print_table(
        "Variances",
        ("WHAT", "MEMBER", "MONTH", "BILLED", "REMITTED", "DIFFERENCE"),
        ((each.kind, each.member, each.month, each.billed, each.remitted, each.difference) for each in found.variances),
    )
    click.echo(
        f"{len(found.variances)} variance(s); {as_text(found.matched)} agrees of {as_text(found.billed)} billed and "
        f"{as_text(found.remitted)} remitted"
    )
    ctx.exit(_REFUSED if found.variances else 0)


@payment_group.command("return")
@click.argument("payment")
@code_option
@by_option
@reason_option
@click.pass_context
def return_command(ctx: click.Context, payment: str, *, code: str, by: str, reason: str) -> None:
    """Undo PAYMENT, a receipt id or trace: what it paid is owed again, and paid-through moves back.

    The bank's code says why: R01 or NSF for no funds, DUPLICATE for a payment that was debited twice. Every account
    gets a case, and every move of paid-through a line in the log. Twice does nothing twice.
    """
    app: App = ctx.obj.app()
    receipt_id = app.queries.find(Kind.PAYMENT, payment)
    done = take_back(app.plant, receipt_id, code=code, by=by, reason=reason)
    its = done.returned
    again = "" if done.is_new else " before: nothing was done twice"
    click.echo(f"payment {receipt_id} was taken back{again} ({its.code}, by {its.returned_by}): {its.reason}")
    print_table(
        "Paid through",
        ("ACCOUNT", "BEFORE", "NOW"),
        ((each.account_id, each.before or "nothing", each.after or "nothing") for each in done.moves),
    )
