"""`gateway validate` and `gateway guides`: check a file, or see against what files are checked. No home is needed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.errors import GatewayError
from gateway.ports.clock import Clock
from gateway.settings import packaged_mappings
from gateway.x12.guide import GuideLibrary
from gateway.x12.validation import Report, Summary, ValidationSettings, open_again, validate
from gateway.x12.validation_ack import AckFolder
from gateway.x12.validation_html import HtmlReport
from gateway.x12.validation_json import JsonReport
from gateway.x12.validation_text import TextReport

_FINDINGS = 1
_BIG_BYTES = 20_000_000  # from here on a check takes long enough to show how far it is


class _Options(Protocol):
    """What is used of the global options: nothing that needs the wired application, so that a check starts at once."""

    @property
    def home(self) -> Path | None:
        """The folder named by --home, if any."""

    @property
    def clock(self) -> Clock:
        """The clock that the acknowledgements are dated by."""


@click.command("validate")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object (docs/schemas/validate.schema.json).")
@click.option(
    "--ack-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the acknowledgements that would be sent (TA1, 999 or 997) into this folder.",
)
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the file as an HTML page with the findings in place. It shows all that the file holds.",
)
@click.pass_context
def validate_command(ctx: click.Context, file: Path, *, as_json: bool, ack_dir: Path | None, page: Path | None) -> None:
    """Check an X12 FILE against its guides and say what is wrong, and where.

    Exits 0 when nothing was found and 1 when the file has findings or is no X12. Needs no database and no partner.
    """
    context: _Options = ctx.obj
    try:
        with ExitStack() as opened:
            reports: list[Report] = [JsonReport(str(file), _print) if as_json else TextReport(str(file), click.echo)]
            if ack_dir is not None:
                reports.append(AckFolder(file, ack_dir, context.clock.now()))
            if page is not None:
                out = opened.enter_context(page.open("w", encoding="utf-8"))
                reports.append(HtmlReport(file.name, opened.enter_context(open_again(file)), out.write))
            summary = _validate(file, _library(context), reports)
    except OSError as error:
        raise GatewayError(
            f"cannot read or write {error.filename or file}: {error.strerror}",
            hint="check that the path exists and that you may read and write there",
        ) from error
    ctx.exit(0 if summary.is_clean else _FINDINGS)


@click.command("guides")
@click.pass_obj
def guides_command(context: _Options) -> None:
    """List the guides that files are checked against: set, guide, release, where it comes from, title."""
    for info in _library(context).list():
        click.echo(f"{info.set_type:<4} {info.id or '-':<13} {info.version:<6} {info.source:<37} {info.title}")


def _library(context: _Options) -> GuideLibrary:
    """Return the guides of the home that was named, else those that come with the program."""
    own = context.home / "mappings" / "guides" if context.home is not None else None
    return GuideLibrary(own if own is not None and own.is_dir() else packaged_mappings() / "guides")


def _validate(file: Path, guides: GuideLibrary, reports: list[Report]) -> Summary:
    with _progress(file) as advance:
        return validate(file, guides, reports, ValidationSettings(progress=advance))


@contextmanager
def _progress(file: Path) -> Iterator[Callable[[int], None] | None]:
    """Show how far a big file is read, on a terminal's stderr only."""
    console = Console(stderr=True)
    size = file.stat().st_size
    if not console.is_terminal or size < _BIG_BYTES:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("checking", total=size)
        yield lambda read: progress.advance(task, read)


def _print(text: str) -> None:
    click.echo(text, nl=False)
