"""Tables on stdout: ruled on a terminal, plain aligned columns elsewhere, never cut off."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.ports.queries import Json

_PLAIN_WIDTH = 1000  # no terminal, no edge: whoever reads a pipe wants whole lines


def print_json(value: Json) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(value, indent=2))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, left_out: int = 0) -> None:
    """Print rows under a title and their column names, numbers to the right; nothing at all when there is no row.

    `left_out` says how many rows are not shown.
    """
    found = [tuple(row) for row in rows]
    if not found:
        return
    on_terminal = sys.stdout.isatty()
    table = Table(box=box.SIMPLE_HEAD if on_terminal else None, pad_edge=False, header_style="bold")
    for n, name in enumerate(columns):
        values = [row[n] for row in found if row[n] is not None]
        is_number = bool(values) and all(isinstance(value, int | Decimal) for value in values)
        is_number = is_number and not any(isinstance(value, bool) for value in values)
        table.add_column(name, justify="right" if is_number else "left", overflow="fold", no_wrap=not on_terminal)
    for row in found:
        table.add_row(*(Text(as_text(value)) for value in row))
    if title:
        click.echo(f"\n{title}")
    console = Console(width=None if on_terminal else _PLAIN_WIDTH, highlight=False)
    with console.capture() as capture:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))
    if left_out > 0:
        click.echo(f"… and {left_out} more: --json shows as many, the database has all")


def as_text(value: object) -> str:
    """Return a value as a cell shows it: instants to the second in UTC, amounts with thousands."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else ""
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")
        case Decimal():
            return f"{value:,.2f}"
    return str(value)
