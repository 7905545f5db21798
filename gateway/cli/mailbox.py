"""`gateway mailbox add PARTNER`: a partner's folder on our own SFTP server, as files for whoever runs that server."""

from pathlib import Path, PurePosixPath

import click

from gateway.cli.context import Context
from gateway.errors import ConfigurationError
from gateway.partners.mailbox import Mailbox, mailbox_files
from gateway.settings import Home, find_home

_KEY_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("mailbox")
def mailbox_group() -> None:
    """Give partners without a server a mailbox on ours (OpenSSH)."""


@mailbox_group.command("add")
@click.argument("partner_id", metavar="PARTNER")
@click.option("--partner-key", type=_KEY_FILE, required=True, help="The partner's public SSH key, one OpenSSH line.")
@click.option("--our-key", type=_KEY_FILE, required=True, help="The public half of the key the gateway logs in with.")
@click.option("--host", required=True, help="Our SFTP server as the gateway reaches it.")
@click.option("--port", type=click.IntRange(1, 65535), default=22, show_default=True, help="Its port.")
@click.option("--user", default="", help="The account on the server. Default: edi-PARTNER.")
@click.option("--root", default="/srv/edi-mailboxes", show_default=True, help="Where the mailboxes lie on the server.")
@click.option("--keys", "keys_folder", default="/etc/ssh/edi-keys", show_default=True, help="Where sshd finds keys.")
@click.pass_obj
def add_command(  # noqa: PLR0917 - one parameter per option, as click calls it
    context: Context,
    partner_id: str,
    partner_key: Path,
    our_key: Path,
    host: str,
    port: int,
    user: str,
    root: str,
    keys_folder: str,
) -> None:
    """Write what OpenSSH needs for a mailbox of PARTNER, into mailboxes/PARTNER of the home.

    The account is caged (chroot, SFTP only, keys only); the partner and the gateway log in by a key of their own. The
    gateway polls it like any other server: put the written profile.toml lines into the partner's profile.
    """
    home = Home(find_home(context.home_option))
    folder = home.path / "mailboxes" / partner_id
    if folder.exists():
        raise ConfigurationError(
            f"{folder} is there already", hint="remove it to have the mailbox's files written anew"
        )
    cage = PurePosixPath(root) / partner_id
    mailbox = Mailbox(partner_id, user or f"edi-{partner_id}", cage, PurePosixPath(keys_folder), host, port)
    keys = [file.read_text(encoding="utf-8").strip() for file in (partner_key, our_key)]
    files = mailbox_files(mailbox, *keys)
    folder.mkdir(parents=True)
    written = {
        "sshd_config": files.sshd_config,
        "authorized_keys": files.authorized_keys,
        "setup.sh": files.setup,
        "profile.toml": files.profile,
    }
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "setup.sh").chmod(0o755)
    click.echo(
        f"""made {", ".join(written)} in {folder}
On the server, as root:
  1. ./setup.sh                                    makes the account, its cage and its folders
  2. cp sshd_config /etc/ssh/sshd_config.d/gateway-{partner_id}.conf && sshd -t && systemctl reload ssh
Here:
  3. put the lines of profile.toml into partners/{partner_id}/profile.toml, and the server's public host key into keys/
  4. gateway partner test {partner_id} --write"""
    )
