"""`gateway archive key|reseal`: the encryption of kept bytes."""

import click
from cryptography.fernet import Fernet

from gateway.cli.context import Context


@click.group("archive")
def archive_group() -> None:
    """Look after the encryption of kept bytes (`[archive]` in docs/settings.md)."""


@archive_group.command("key")
def key_command() -> None:
    """Print a new key for the archive's key file; nothing is written anywhere."""
    click.echo(Fernet.generate_key().decode())


@archive_group.command("reseal")
@click.pass_obj
def reseal_command(context: Context) -> None:
    """Encrypt what is kept in clear, and wrap the rest by the first key of the key file; safe to run again."""
    changed, stays = context.app().reseal()
    click.echo(f"{changed} files sealed anew, {stays} were under the present key already")
