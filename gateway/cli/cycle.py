"""`gateway cycle list|extend`: bill cycles, how far they reach, and their next windows."""

from datetime import datetime

import click

from gateway.cli.review import no_blank
from gateway.cli.tables import print_table
from gateway.pipeline.cycles import list_cycles, plan_extension, write_extension
from gateway.watch.cycles import WINDOWS_AHEAD


@click.group("cycle")
def cycle_group() -> None:
    """Look after bill cycles: list them with their windows ahead, and extend them by their own pattern."""


@cycle_group.command("list")
@click.argument("partner", required=False, default="")
@click.option("--windows", is_flag=True, help="Every window, not only how many there are.")
@click.pass_context
def list_cycles_command(ctx: click.Context, partner: str, windows: bool) -> None:
    """List the bill cycles of PARTNER, or all. A cycle with fewer than two windows ahead must be extended."""
    found = list_cycles(ctx.obj.app().plant, partner)
    print_table(
        "",
        ("PARTNER", "CYCLE", "WINDOWS", "AHEAD", "LAST BEGINS", "LAST CUTOFF", "", "ACCOUNTS", "PATTERN"),
        (
            (
                line.partner_id,
                line.code,
                len(line.windows),
                line.ahead,
                max(each.start for each in line.windows),
                max(each.cutoff for each in line.windows),
                "EXTEND" if line.ahead < WINDOWS_AHEAD else "",
                ", ".join(line.accounts),
                line.pattern or "no monthly pattern",
            )
            for line in found
        ),
    )
    for line in found if windows else ():
        print_table(
            f"{line.partner_id} {line.code}",
            ("START", "END", "CUTOFF", "ACCOUNTING"),
            ((each.start, each.end, each.cutoff, each.accounting) for each in line.windows),
        )


@cycle_group.command("extend")
@click.argument("partner")
@click.argument("cycle")
@click.option(
    "--through", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Days up to this one shall be billed."
)
@click.option("--write", is_flag=True, help="Write the windows into billing.toml; without it they are only shown.")
@click.option("--by", metavar="NAME", callback=no_blank, help="Who extends it, with --write: kept in the log.")
@click.pass_context
def extend_command(
    ctx: click.Context, partner: str, cycle: str, *, through: datetime, write: bool, by: str | None
) -> None:
    """Continue a bill cycle by its own pattern, so that days up to DATE are billed; first without --write.

    Only windows after the last one are added, so that doing it twice adds nothing.
    """
    if write and not by:
        raise click.UsageError("--write needs --by NAME")
    plant = ctx.obj.app().plant
    planned = plan_extension(plant, partner, cycle, through.date())
    click.echo(f"pattern of {cycle}: {planned.pattern}")
    if not planned.windows:
        click.echo(f"{cycle} reaches {through.date()} already: nothing to add")
        return
    print_table(
        "New windows",
        ("START", "END", "CUTOFF", "ACCOUNTING"),
        ((each.start, each.end, each.cutoff, each.accounting) for each in planned.windows),
    )
    if not write or by is None:
        click.echo("\nnothing is written; add --write --by NAME to write them")
        return
    write_extension(plant, planned, by=by)
    click.echo(f"\n{len(planned.windows)} windows were written; a gateway that runs reads them when it starts again")
