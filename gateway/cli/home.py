"""`gateway init|check`: make a gateway home, and name every mistake in one."""

import json
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from gateway.bootstrap import read_home
from gateway.domain.mistake import Mistake
from gateway.errors import ConfigurationError
from gateway.partners.prerequisites import missing_prerequisites
from gateway.partners.profile import PartnerStatus
from gateway.settings import SETTINGS_FILE, Home, find_home, packaged_home

_MISTAKEN = 2
_WIDE = 200  # columns of a table that goes to a file or a pipe, where nothing is gained by breaking lines
_EXAMPLE_PARTNER = "birch"
_COPIED = (
    SETTINGS_FILE,
    "mappings",
    "partners/README.md",
    f"partners/{_EXAMPLE_PARTNER}",
    "inbound/README.md",
    "outbound/README.md",
)
_GITIGNORE = """\
/secrets/
/.applied/
/mailboxes/
/gateway.db*
/.gateway.lock
/inbound/*
!/inbound/README.md
/outbound/*
!/outbound/README.md
"""
_NO_MAPPING = Mistake("mappings", "", "there is no mapping", "copy the mappings of a home made by `gateway init`")
_NEXT_STEPS = """\
{home} is a gateway home now. Next:
  1. write who you are into {home}/gateway.toml, [identity]
  2. copy {home}/partners/{example} for a partner of your own, and change it
  3. put private keys and passwords into {home}/secrets
  4. gateway --home {home} check        names every mistake at once
  5. gateway --home {home} db upgrade   makes the database
  6. gateway --home {home} run          polls, works, bills and sends
"""


@click.command("init")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
def init_command(directory: Path) -> None:
    """Make a fresh gateway home in DIRECTORY: settings, mappings and one example partner.

    Nothing is overwritten: a folder that holds any part of a home is refused.
    """
    make_home(directory)
    click.echo(_NEXT_STEPS.format(home=directory, example=_EXAMPLE_PARTNER), nl=False)


def make_home(directory: Path) -> None:
    """Make a gateway home in `directory`, which may exist; raises ConfigurationError when it holds part of one."""
    parts = {Path(name).parts[0] for name in _COPIED} | {"secrets"}
    there = sorted(part for part in parts if (directory / part).exists())
    if there:
        raise ConfigurationError(
            f"{directory} already holds {', '.join(there)}", hint="name an empty folder, or one that does not exist"
        )
    example = packaged_home()
    for name in _COPIED:
        source, target = example / name, directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("keys"))
        else:
            shutil.copyfile(source, target)
    (directory / "secrets").mkdir(mode=0o700)
    if not (directory / ".gitignore").exists():
        (directory / ".gitignore").write_text(_GITIGNORE, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Examination:
    """What a home holds and every mistake in it."""

    partners: int
    active: int
    accounts: int
    rates: int
    mappings: int
    calendars: int
    mistakes: tuple[Mistake, ...]
    notes: tuple[Mistake, ...]  # no mistakes: what keeps invoice requests from being made (OR-36)


@click.command("check")
@click.option("--json", "as_json", is_flag=True, help="One JSON object (docs/schemas/check.schema.json).")
@click.pass_context
def check_command(ctx: click.Context, as_json: bool) -> None:
    """Name every mistake in the home's settings, partners, rates, calendars and mappings, each with its remedy.

    A note names what is no mistake and still keeps invoice requests from being made.
    """
    home = Home(find_home(ctx.obj.home_option))
    found = examine(home)
    if as_json:
        click.echo(json.dumps({"home": str(home.path), **asdict(found)}, indent=2))
    elif found.mistakes:
        _print_table(found.mistakes)
    else:
        click.echo(
            f"no mistake in {home.path}; read: settings, partners {found.partners} (active {found.active}), "
            f"accounts {found.accounts}, rates {found.rates}, mappings {found.mappings}, calendars {found.calendars}"
        )
    if not as_json:
        for note in found.notes:
            click.echo(f"note: {note}")
    ctx.exit(_MISTAKEN if found.mistakes else 0)


def examine(home: Home) -> Examination:
    """Return what the home holds and every mistake in its files; nothing is written and no server is asked."""
    read = read_home(home)
    partners = read.partners
    mappings = sorted(home.mappings.glob("*.toml"))
    missing = () if mappings else (_NO_MAPPING,)
    eligibility = read.settings.invoice_requests.eligibility_characteristic
    return Examination(
        partners=len(partners),
        active=sum(partner.profile.status is PartnerStatus.ACTIVE for partner in partners.values()),
        accounts=sum(len(partner.billing.accounts) for partner in partners.values()),
        rates=sum(len(rows) for each in partners.values() for rows in (each.rates, *each.other_rates.values())),
        mappings=len(mappings),
        calendars=len(read.calendars),
        mistakes=(*missing, *read.mistakes),
        notes=tuple(sorted(note for each in partners.values() for note in missing_prerequisites(each, eligibility))),
    )


def _print_table(mistakes: tuple[Mistake, ...]) -> None:
    """Print the mistakes to stdout, one a row."""
    width = None if sys.stdout.isatty() else _WIDE
    console = Console(markup=False, highlight=False, width=width)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("file", "key", "problem", "remedy"):
        table.add_column(heading, overflow="fold")
    for mistake in mistakes:
        table.add_row(mistake.file, mistake.key, mistake.problem, mistake.remedy)
    console.print(table)
    noun = "mistake" if len(mistakes) == 1 else "mistakes"
    console.print(f"{len(mistakes)} {noun}")
