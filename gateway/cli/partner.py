"""`gateway partner new|clone|test|diff|apply|guide|seed`: taking a partner on, and changing what was agreed."""

from contextlib import suppress
from pathlib import Path

import click

from gateway.bootstrap import open_app, read_home
from gateway.cli.context import Context
from gateway.cli.tables import print_table
from gateway.domain.parties import PartnerRole
from gateway.errors import ConfigurationError, NotFound
from gateway.feeds.guide_html import render_html
from gateway.feeds.guide_pdf import render_pdf
from gateway.feeds.partner_guide import partner_guide
from gateway.partners.onboarding import NewPartner, clone_partner, make_partner
from gateway.partners.partner import Partner
from gateway.partners.plan import Applied, applied, applied_folder, changes, keep_version, let_count
from gateway.pipeline.configure import record_applied, seed_control_numbers
from gateway.settings import Home, find_home
from gateway.transport.connect import fingerprints_of
from gateway.transport.try_out import Trial, try_out

_NOT_WORKING = 1
_ROLES = click.Choice([role.value for role in PartnerRole])
_ORGANISATION = click.option("--name", metavar="TEXT", default="", help="Its name on paper. Default: its id.")
_HOST = click.option("--host", default="sftp.example", show_default=True, help="Its SFTP server.")


@click.group("partner")
def partner_group() -> None:
    """Take a partner on, try its server, plan and apply changes, write its guide."""


@partner_group.command("new")
@click.argument("partner_id", metavar="ID")
@_ORGANISATION
@click.option("--role", type=_ROLES, default="employer", show_default=True, help="What it is to us.")
@_HOST
@click.pass_obj
def new_command(context: Context, partner_id: str, name: str, role: str, host: str) -> None:
    """Make the folder of a new partner, to be filled in; it is not active."""
    new = NewPartner(partner_id, name or partner_id.upper(), PartnerRole(role), host)
    _tell_made(partner_id, make_partner(_home(context).partners, new))


@partner_group.command("clone")
@click.argument("source")
@click.argument("partner_id", metavar="ID")
@_ORGANISATION
@click.option("--role", type=_ROLES, default=None, help="What it is to us. Default: as SOURCE.")
@_HOST
@click.pass_obj
def clone_command(  # noqa: PLR0917 - one parameter per option, as click calls it
    context: Context, source: str, partner_id: str, name: str, role: str | None, host: str
) -> None:
    """Copy SOURCE's agreement for a new partner ID: not its accounts, rates, keys and contact.

    The copy is not active.
    """
    home = _home(context)
    wanted = PartnerRole(role) if role else _partner(home, source).profile.role
    new = NewPartner(partner_id, name or partner_id.upper(), wanted, host)
    _tell_made(partner_id, clone_partner(home.partners, source, new))


@partner_group.command("test")
@click.argument("partner_id", metavar="ID")
@click.option("--write", "writes", is_flag=True, help="Also put a small file where we deliver, and remove it again.")
@click.pass_context
def test_command(ctx: click.Context, partner_id: str, writes: bool) -> None:
    """Try a partner's server: its host key, our login, its folders, and the PGP keys.

    The key is shown even where it is not pinned; then no login is tried. Exits 1 when anything stands in the way.
    """
    home = _home(ctx.obj)
    trial = try_out(home, _partner(home, partner_id), writes=writes)
    _print_trial(trial)
    ctx.exit(0 if trial.works else _NOT_WORKING)


@partner_group.command("diff")
@click.argument("partner_id", metavar="[ID]", default="")
@click.pass_obj
def diff_command(context: Context, partner_id: str) -> None:
    """Show what would change if the partners' files were applied now: one setting a line."""
    home = _home(context)
    counts = applied(home.path)
    found = [each for each in changes(applied_folder(home.path), home.partners) if partner_id in {"", each.partner_id}]
    if counts is None:
        click.echo("nothing was ever applied: the files of partners/ count as they are")
    else:
        click.echo(f"version {counts.version} counts, applied by {counts.by} on {counts.at}")
    for change in found if counts else ():
        click.echo(f"  {change}")
    click.echo(f"{len(found)} change(s) to apply" if counts else "`gateway partner apply` freezes them")


@partner_group.command("apply")
@click.option("--by", metavar="NAME", required=True, help="Who applies it: kept in the log.")
@click.pass_obj
def apply_command(context: Context, by: str) -> None:
    """Let the partners' files count, all of them at once, after every check; a mistake anywhere changes nothing.

    From the first apply on only applied versions count, however the files change meanwhile. A running daemon goes
    on with the version it began with until it is started again.
    """
    home = _home(context)
    app = open_app(home, context.clock, partners_folder=home.partners)
    app.prepare()
    found = changes(applied_folder(home.path), home.partners)
    counts = applied(home.path)
    version = keep_version(home.path, home.partners)
    if counts is not None and counts.version == version:
        click.echo(f"version {version} counts already; nothing is changed")
        return
    record_applied(app.plant, version, by, [f"{each.partner_id}/{each.file} {each.key}".rstrip() for each in found])
    let_count(home.path, Applied(version, by, f"{app.plant.clock.now():%Y-%m-%dT%H:%M:%SZ}"))
    for change in found if counts else ():
        click.echo(f"  {change}")
    click.echo(f"version {version} counts now: {len(found)} change(s); restart the daemon to work by it")


@partner_group.command("guide")
@click.argument("partner_id", metavar="ID")
@click.option("--html", "html_file", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the page.")
@click.option("--pdf", "pdf_file", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the PDF.")
@click.pass_obj
def guide_command(context: Context, partner_id: str, html_file: Path | None, pdf_file: Path | None) -> None:
    """Write the guide to hand to a partner: what to send, where, what comes back, and every error code.

    Without --html and --pdf the page goes to stdout.
    """
    home = _home(context)
    partner, identity = _partner(home, partner_id), read_home(home).settings.identity
    pinned: tuple[str, ...] = ()
    with suppress(ConfigurationError):  # the guide may be written before the server's key is known
        pinned = partner.host_keys()
    fingerprints = fingerprints_of(pinned)
    guide = partner_guide(partner.profile, identity, fingerprints, context.clock.business_date())
    if html_file is not None:
        html_file.write_text(render_html(guide), encoding="utf-8")
    if pdf_file is not None:
        with pdf_file.open("wb") as out:
            render_pdf(guide, out)
    if html_file is None and pdf_file is None:
        click.echo(render_html(guide), nl=False)


@partner_group.command("seed")
@click.argument("partner_id", metavar="ID")
@click.option("--last", type=int, required=True, help="The last ISA13 that was sent to the partner before us.")
@click.option("--by", metavar="NAME", required=True, help="Who says so: kept in the log.")
@click.pass_obj
def seed_command(context: Context, partner_id: str, last: int, by: str) -> None:
    """Let our control numbers towards a partner go on where the system before us ended; they never go back."""
    seed_control_numbers(context.app().plant, partner_id, last, by)
    click.echo(f"the next interchange to {partner_id} is {last % 999_999_999 + 1:09d}")


def _home(context: Context) -> Home:
    """Return the home of this call."""
    return Home(find_home(context.home_option))


def _partner(home: Home, partner_id: str) -> Partner:
    """Return a partner as its files say, applied or not; mistakes of others do not matter here."""
    read = read_home(home)
    if partner_id in read.partners:
        return read.partners[partner_id]
    mistakes = [each for each in read.mistakes if each.file.startswith(f"partners/{partner_id}/")]
    if mistakes:
        first = mistakes[0]
        raise ConfigurationError(f"{first.file}: {first.key}: {first.problem}", hint=first.remedy)
    known = ", ".join(sorted(read.partners)) or "none is configured"
    raise NotFound(f"there is no partner {partner_id!r}", hint=f"partners: {known}")


def _tell_made(partner_id: str, files: list[Path]) -> None:
    """Say what was made and what comes next."""
    for path in files:
        click.echo(f"made {path}")
    click.echo(
        f"""Next:
  1. fill in the profile: server, ISA ids, contact (docs/partners.md)
  2. gateway partner test {partner_id}     shows the server's key: compare it by telephone, then pin it
  3. gateway check
  4. gateway partner guide {partner_id} --pdf {partner_id}.pdf     to hand to the partner
  5. write status = "active" and, once versions are applied here, `gateway partner apply --by NAME`"""
    )


def _print_trial(trial: Trial) -> None:
    """Print what trying a server showed."""
    seen = trial.connection
    if seen is None:
        click.echo(f"{trial.address} does not answer as it should: {trial.remark}")
    else:
        login = {None: "not tried", True: "accepted", False: "refused"}[seen.login_works]
        click.echo(f"server       {trial.address}")
        click.echo(f"fingerprint  {seen.fingerprint}  {'pinned' if seen.is_pinned else 'NOT PINNED'}")
        click.echo(f"host key     {seen.host_key}")
        click.echo(f"login        {login}")
        if trial.remark:
            click.echo(trial.remark)
    rows = [(each.purpose, each.folder, "yes" if each.works else "NO", each.remark) for each in trial.folders]
    print_table("Folders", ("FOR", "FOLDER", "WORKS", "REMARK"), rows)
    keys = [(each.owner, each.fingerprint, f"{each.expires_at:%Y-%m-%d}") for each in trial.keys]
    print_table("PGP keys that end", ("WHOSE", "FINGERPRINT", "ENDS"), keys)
