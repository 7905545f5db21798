"""`gateway rates`: price files that two people change, and what an account is priced by now."""

from collections.abc import Iterable
from pathlib import Path

import click

from gateway.billing.effective import RowChange
from gateway.cli.review import no_blank
from gateway.cli.tables import as_text, print_table
from gateway.domain.money import ZERO
from gateway.domain.rate_change import RateChange
from gateway.partners.price_rows import PriceRow
from gateway.pipeline.account_rates import AccountRates, account_rates
from gateway.pipeline.rate_change import Decided, approve, changes_of, preview, reject, stage, table_text
from gateway.pipeline.rate_preview import RatePreview

_REFUSED = 1
_ROWS_SHOWN = 200


@click.group("rates")
def rates_group() -> None:
    """Change price files by two people, and look at what is in force.

    One person loads a file, everybody looks at what it would do, another person approves it; until then nothing is
    billed with it. The files in partners/ are the tables to begin with.
    """


@rates_group.command("load")
@click.argument("partner")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", metavar="NAME", required=True, callback=no_blank, help="Who loads it: kept for good.")
@click.option("--table", default="", metavar="NAME", help="The table it is for, where FILE's name does not say so.")
@click.option("--retro", is_flag=True, help="Let it change what months cost that are billed already.")
@click.pass_context
def load_command(ctx: click.Context, partner: str, file: Path, *, by: str, table: str, retro: bool) -> None:
    """Load FILE as the new table of PARTNER's rates, factors, fees or contributions; its columns say which.

    Without --retro it holds from the first month that none of the table's accounts is billed for; earlier months keep
    their prices. Loading the same file twice changes nothing. Exits 1 when the file has mistakes.
    """
    done = stage(ctx.obj.app().plant, partner, file.read_bytes(), name=file.name, by=by, table=table, is_retro=retro)
    for mistake in done.mistakes:
        click.echo(str(mistake))
    if done.mistakes:
        ctx.exit(_REFUSED)
    if done.change is None:
        click.echo("nothing to change: from the first open month on the table says all of this already")
        if not retro:
            click.echo("rows that hold only for months already billed need --retro")
        return
    if done.replaced:
        click.echo(f"it takes the place of {done.replaced}, which nobody had decided about")
    again = "" if done.is_new else " before: nothing was done twice"
    click.echo(f"rate change {done.change.id} of {done.change.file} loaded by {done.change.staged_by}{again}")
    click.echo(_when(done.change))
    click.echo(f"look at it with: gateway rates diff {done.change.id}")
    click.echo(f"then another person: gateway rates approve {done.change.id} --by NAME")


@rates_group.command("diff")
@click.argument("change_id", metavar="CHANGE")
@click.pass_context
def diff_command(ctx: click.Context, change_id: str) -> None:
    """Show what a rate change does: rows, doubts, and as dry run each account's months; nothing is written.

    BILLED is what stands on issued bills, DUE NOW what is due at the prices in force, DUE THEN at the new ones. Where
    a month is billed, CHANGE becomes adjustments on the next bill. Exits 1 when something looks wrong.
    """
    found = preview(ctx.obj.app().plant, change_id)
    _print_preview(found)
    ctx.exit(_REFUSED if found.doubts else 0)


@rates_group.command("approve")
@click.argument("change_id", metavar="CHANGE")
@click.option("--by", metavar="NAME", required=True, callback=no_blank, help="Who approves: not who loaded it.")
@click.option("--despite-doubts", is_flag=True, help="All that the dry run finds remarkable is meant.")
@click.pass_context
def approve_command(ctx: click.Context, change_id: str, by: str, despite_doubts: bool) -> None:
    """Bill with a rate change from now on. Another person than the one who loaded it approves; twice does nothing."""
    _print_decision(approve(ctx.obj.app().plant, change_id, by=by, despite_doubts=despite_doubts))


@rates_group.command("reject")
@click.argument("change_id", metavar="CHANGE")
@click.option("--by", metavar="NAME", required=True, callback=no_blank, help="Who rejects it: kept for good.")
@click.option("--reason", metavar="TEXT", required=True, callback=no_blank, help="Why; no personal data.")
@click.pass_context
def reject_command(ctx: click.Context, change_id: str, by: str, reason: str) -> None:
    """End a rate change without effect. Rejecting twice does nothing twice."""
    _print_decision(reject(ctx.obj.app().plant, change_id, by=by, reason=reason))


@rates_group.command("list")
@click.option("--partner", default="", metavar="ID", help="Only this partner's.")
@click.pass_context
def list_command(ctx: click.Context, partner: str) -> None:
    """List every rate change with who loaded and who decided it, the last first."""
    found = changes_of(ctx.obj.app().plant, partner)
    if not found:
        click.echo("no rate change was ever loaded: the files in partners/ are in force")
    print_table(
        "",
        ("CHANGE", "PARTNER", "TABLE", "STATE", "FROM", "LOADED (UTC)", "BY", "DECIDED (UTC)", "BY", "REASON"),
        (
            (
                *(each.id, each.partner_id, each.file, each.state, each.takes_effect_on or "retro"),
                *(each.staged_at, each.staged_by, each.decided_at, each.decided_by, each.reason),
            )
            for each in found
        ),
    )


@rates_group.command("show")
@click.argument("account")
@click.pass_context
def show_command(ctx: click.Context, account: str) -> None:
    """Show what ACCOUNT is priced by today: each price since when, what follows it, and the renewal date."""
    _print_account(account_rates(ctx.obj.app().plant, account))


@rates_group.command("export")
@click.argument("partner")
@click.argument("table", default="rates.csv")
@click.pass_context
def export_command(ctx: click.Context, partner: str, table: str) -> None:
    """Write PARTNER's TABLE as it is in force to stdout, as a file to change and to load again."""
    click.echo(table_text(ctx.obj.app().plant, partner, table), nl=False)


def _when(change: RateChange) -> str:
    """Say from when on a change holds."""
    if change.takes_effect_on is None:
        return "retro: it changes months that are billed already; the next bills adjust them"
    return f"it holds from {change.takes_effect_on} on; what was billed before stays as it is"


def _print_preview(found: RatePreview) -> None:
    """Print rows, doubts and effects of a change."""
    change = found.change
    click.echo(f"rate change {change.id} of {change.partner_id}'s {change.file}: {change.state}, {_when(change)}")
    _print_rows(found.rows)
    print_table("Looks wrong", ("CODE", "WHAT"), ((each.code, each.message) for each in found.doubts))
    columns = ("ACCOUNT", "MONTH", "MEMBERSHIPS", "MEMBERS", "BILLED", "DUE NOW", "DUE THEN", "CHANGE")
    print_table(
        f"Effect through {found.through}, dry run",
        columns,
        (
            (
                *(each.account_id, str(each.month), each.memberships, each.members),
                *(each.billed, each.due_now, each.due_then, each.change),
            )
            for each in found.effects
        ),
    )
    total = sum((each.change for each in found.effects), ZERO)
    count = len({each.account_id for each in found.effects})
    click.echo(f"\n{count} of {found.accounts} account(s) change, by {as_text(total)} through {found.through}")


def _print_rows(rows: Iterable[RowChange[PriceRow]]) -> None:
    """Print the rows that differ, as they were and as they become."""
    listed = list(rows)
    print_table(
        "Rows",
        ("CHANGE", "OF", "FROM", "IT WAS", "THROUGH", "IT BECOMES", "THROUGH"),
        (
            (
                *(each.change, " ".join(filter(None, each.row.key)) or "all", each.row.starts_on),
                *(_terms(each.before), _end(each.before), _terms(each.after), _end(each.after)),
            )
            for each in listed[:_ROWS_SHOWN]
        ),
    )
    if len(listed) > _ROWS_SHOWN:
        click.echo(f"… and {len(listed) - _ROWS_SHOWN} more rows")


def _terms(row: PriceRow | None) -> str:
    """Return what a row says, or '' for none."""
    return " ".join(str(term) for term in row.terms if term not in {None, ""}) if row else ""


def _end(row: PriceRow | None) -> str:
    """Return the last day of a row, or '' for none."""
    return str(row.ends_on or "open") if row else ""


def _print_decision(done: Decided) -> None:
    """Say what was decided, and by whom it had been decided before."""
    its = done.change
    again = "" if done.is_new else " before: nothing was done twice"
    reason = f": {its.reason}" if its.reason else ""
    click.echo(f"rate change {its.id} {its.state} by {its.decided_by} at {as_text(its.decided_at)}{again}{reason}")


def _print_account(found: AccountRates) -> None:
    """Print the prices of an account, what follows them, and when it renews."""
    click.echo(f"account {found.account_id}: prices on {found.on}, renews on {found.renews_on}")
    for kind, rows in found.prices.items():
        print_table(
            f"{kind.capitalize()} of {found.tables[kind]}",
            ("OF", "IT IS", "SINCE", "THROUGH", "THEN", "FROM"),
            (
                (
                    *(" ".join(filter(None, each.key)) or "all", _terms(each.now), each.now and each.now.starts_on),
                    *(_end(each.now), _terms(each.then), each.then and each.then.starts_on),
                )
                for each in rows
            ),
        )
