"""What the demo says at its end: every file, document, invoice and cent, and what needs a person."""

import shutil
import sys
from pathlib import Path

import click

from gateway.bootstrap import App
from gateway.cli.tables import print_table
from gateway.ports.queries import FileLine, Summary

_FILES = 50
_TOLD_ABOVE = "file_quarantined"


def print_summary(app: App, folder: Path) -> None:
    """Print the summary tables to stdout; `folder` is the home, for the hints at the end."""
    summary = app.queries.summary()
    _print_files(app.queries.files(limit=_FILES))
    _print_documents(summary, folder / "simulated-partners")
    _print_invoices(summary)
    _print_cash(summary)
    _print_attention(summary)
    command = f"{_command()} --home {folder}"
    click.echo(f"\nLook around:\n  {command} log\n  {command} show file ID\n  {command} show invoice NUMBER")


def _command() -> str:
    """Return how this reader calls the gateway: by its place in an environment below this folder, else by its name.

    Who started us may have put that environment on the path for us alone, as dev.py does.
    """
    beside = Path(sys.executable).parent / "gateway"
    if beside.exists() and beside.is_relative_to(Path.cwd()):
        return str(beside.relative_to(Path.cwd()))
    return "gateway" if shutil.which("gateway") else f"{sys.executable} -m gateway"


def _print_files(lines: list[FileLine]) -> None:
    """Print every file and what became of it, in the order of arrival."""
    rows = [
        (
            line.id,
            line.partner_id,
            line.name,
            line.state,
            line.sets,
            line.refused,
            line.duplicates,
            ", ".join(document.kind for document in line.documents) or line.reason,
        )
        for line in reversed(lines)
    ]
    print_table("Files", ("ID", "PARTNER", "NAME", "STATE", "SETS", "REFUSED", "CAME AGAIN", "ANSWERED BY"), rows)


def _print_documents(summary: Summary, mailboxes: Path) -> None:
    """Print every outbound document, its delivery state and where it lies below `mailboxes`, oldest first."""
    rows = [
        (document.kind, document.partner_id, document.state, f"{document.partner_id}{document.folder}/{document.name}")
        for document in reversed(summary.documents.items)
    ]
    columns = ("KIND", "PARTNER", "STATE", f"WHERE IT LIES, BELOW {mailboxes}")
    print_table("Acknowledgements and feeds", columns, rows, left_out=summary.documents.left_out)


def _print_invoices(summary: Summary) -> None:
    """Print the invoices with their totals and what is open, in the order of their numbers."""
    rows: list[tuple[object, ...]] = [
        (each.id, each.account_id, each.due_on, each.lines_count, each.total, each.open, each.status)
        for each in sorted(summary.invoices.items, key=lambda each: each.id)
    ]
    columns = ("NUMBER", "ACCOUNT", "DUE", "LINES", "TOTAL", "OPEN", "STATUS")
    print_table(f"Invoices: {summary.invoiced:,.2f}", columns, rows, left_out=summary.invoices.left_out)


def _print_cash(summary: Summary) -> None:
    """Print where the money is: received is the sum of the four after it."""
    cash = summary.cash
    row = (cash.received, cash.applied, cash.unapplied, cash.suspense, cash.refunded, cash.written_off)
    print_table("Cash", ("RECEIVED", "APPLIED", "UNAPPLIED", "IN SUSPENSE", "REFUNDED", "WRITTEN OFF"), [row])


def _print_attention(summary: Summary) -> None:
    """Print what a person should look at."""
    rows = [("quarantined", file.id, f"{file.name}: {file.reason}") for file in summary.quarantined]
    rows += [
        (incident.kind.replace("_", " "), incident.partner_id, incident.message)
        for incident in summary.incidents
        if incident.kind != _TOLD_ABOVE
    ]
    print_table("For a person to look at", ("WHAT", "WHICH", "WHY"), rows)
