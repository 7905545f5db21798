"""`gateway db`: the database's schema."""

import click

from gateway.cli.context import Context


@click.group("db")
def db_group() -> None:
    """Look after the database."""


@db_group.command("upgrade")
@click.pass_obj
def upgrade_command(context: Context) -> None:
    """Bring the database to this program's schema; safe to run again."""
    for line in context.wired().upgrade():
        click.echo(line)
