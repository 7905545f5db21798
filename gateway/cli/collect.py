"""`gateway collect`: the daily look at what is late and at payments, by hand."""

from datetime import datetime

import click

from gateway.errors import HomeInUse
from gateway.ports.jobs import Job


@click.command("collect")
@click.option(
    "--as-of", "as_of", type=click.DateTime(["%Y-%m-%d"]), help="The day to look at; default: the business date."
)
@click.pass_context
def collect_command(ctx: click.Context, as_of: datetime | None) -> None:
    """Look at every account: notices, termination requests and cases that are due on a day.

    The daemon does this by itself once a day. A second run for the same day does nothing again; cover is never ended
    here: a termination request is a case for whoever gets the 834 sent.
    """
    app = ctx.obj.app()
    day = (as_of.date() if as_of else app.plant.clock.business_date()).isoformat()
    with app.plant.open_unit() as unit:
        for station in ("delinquency", "review_payments"):
            unit.defer(Job(station, day, lock=station))
        unit.commit()
    try:
        app.runner().drain()
    except HomeInUse:
        click.echo("a running gateway does the work: look again in a moment", err=True)
    click.echo(f"looked at every account as of {day}")
    click.echo("see: gateway report delinquency, gateway case list")
