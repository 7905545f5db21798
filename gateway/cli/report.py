"""`gateway report NAME`: the figures of finance and operations as of a day, as a table, CSV or workbook."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

import click

from gateway.cli.tables import print_table
from gateway.feeds.report import Footing, Report
from gateway.feeds.report_csv import write_report_csv
from gateway.feeds.report_xlsx import write_report_xlsx
from gateway.pipeline.reports import REPORTS, report

_SHOWN = 1000
_WRITERS: dict[str, Callable[[Report, BinaryIO], int]] = {"csv": write_report_csv, "xlsx": write_report_xlsx}
_NAMES = "\n".join(f"  {name:<15} {kind.meaning}" for name, kind in REPORTS.items())


@click.command(
    "report",
    help=f"""Write a report as of a day: what was billed, paid and posted by then, and nothing later.

\b
{_NAMES}

The last row is a trailer with the sums. Table, CSV and XLSX hold the same cells (docs/reports.md).""",
)
@click.argument("name", type=click.Choice(list(REPORTS)))
@click.option("--as-of", "as_of", type=click.DateTime(["%Y-%m-%d"]), help="The day; default: the business date.")
@click.option(
    "--by",
    default="",
    metavar="WHAT",
    help="What a row is about; aging: account, invoice; paid-vs-billed: plan, account, policy, member.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "xlsx"]),
    default="table",
    show_default=True,
    help="How it is written.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file instead of stdout.")
@click.pass_context
def report_command(
    ctx: click.Context, name: str, *, as_of: datetime | None, by: str, form: str, out: Path | None
) -> None:
    """Write one report."""
    choices = [each.value for each in REPORTS[name].by]
    if by and by not in choices:
        raise click.UsageError(f"--by {by}: a row of {name} is about one of {', '.join(choices)}")
    if form == "xlsx" and out is None:
        raise click.UsageError("a workbook needs a file: --out FILE")
    if form == "table" and out is not None:
        raise click.UsageError("a table goes to the terminal: add --format csv or xlsx for a file")
    app = ctx.obj.app()
    day = as_of.date() if as_of else app.plant.clock.business_date()
    with app.queries.reading_reports(day) as reader:
        found = report(app.plant, reader, name, by)
        if form == "table":
            _print(found)
        elif out is None:
            write_report_csv(found, sys.stdout.buffer)
        else:
            count = _write(found, out, _WRITERS[form])
            click.echo(f"{name} as of {day}: {count} row{'' if count == 1 else 's'} in {out}", err=True)


def _print(found: Report) -> None:
    """Print a report as a table with its trailer."""
    footing = Footing(found)
    rows = footing.rows()
    shown = list(islice(rows, _SHOWN))
    left_out = sum(1 for _ in rows)
    title = f"{found.name} as of {found.as_of}"
    print_table(title, found.header, [*shown, footing.trailer])
    if left_out:
        click.echo(f"… and {left_out} more rows before the trailer: --format csv --out FILE has them all")


def _write(found: Report, out: Path, write: Callable[[Report, BinaryIO], int]) -> int:
    """Write a file whole or not at all: whoever reads it never sees half a report."""
    with ExitStack() as stack:
        part = stack.enter_context(NamedTemporaryFile(dir=out.resolve().parent, prefix=f".{out.name}.", delete=False))
        path = Path(part.name)
        stack.callback(path.unlink, missing_ok=True)
        count = write(found, part)  # type: ignore[arg-type]  # a temporary file is a binary stream
        part.close()
        path.chmod(0o644)
        path.replace(out)
    return count
