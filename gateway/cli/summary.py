"""What the demo says at its end: every file, document, invoice and cent, and what needs a person."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from gateway.bootstrap import App
from gateway.domain.money import Money
from gateway.ports.queries import FileLine, Summary

_WIDE = 160  # columns where nothing tells the width: a file or a pipe


def print_summary(app: App, folder: Path) -> None:
    """Print the summary tables to stdout; `folder` is the home, for the hints at the end."""
    console = Console(highlight=False, width=None if Console().is_terminal else _WIDE)
    summary = app.queries.summary()
    console.print(_files(app.queries.files(limit=50)))
    console.print(_documents(summary))
    console.print(_invoices(summary))
    console.print(_cash(summary))
    for line in _attention(summary):
        console.print(line, markup=False)
    console.print(f"\nLook around:  gateway --home {folder} log", markup=False)
    console.print(f"              gateway --home {folder} show file ID", markup=False)
    console.print(f"              gateway --home {folder} show invoice NUMBER", markup=False)


def _table(title: str, *columns: str, right: tuple[str, ...] = ()) -> Table:
    """Return an empty table with its columns, amounts and counts to the right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def _files(lines: list[FileLine]) -> Table:
    """Return every file and what became of it, in the order of arrival."""
    table = _table("\nFiles", "id", "partner", "name", "state", "sets", "refused", "again", "answers", right=("sets",))
    for line in reversed(lines):
        answers = ", ".join(document.kind for document in line.documents) or line.reason
        again = str(line.duplicates) if line.duplicates else ""
        refused = str(line.refused) if line.refused else ""
        table.add_row(line.id, line.partner_id, line.name, line.state, str(line.sets), refused, again, answers)
    return table


def _documents(summary: Summary) -> Table:
    """Return every outbound document, its delivery state and where it lies."""
    table = _table("\nAcknowledgements and feeds", "kind", "partner", "state", "delivered as")
    for document in summary.documents.items:
        table.add_row(document.kind, document.partner_id, document.state, f"{document.folder}/{document.name}")
    if summary.documents.left_out:
        table.add_row("", "", "", f"and {summary.documents.left_out} more")
    return table


def _invoices(summary: Summary) -> Table:
    """Return the invoices with their totals and what is open."""
    amounts = ("lines", "total", "open")
    table = _table("\nInvoices", "number", "account", "due", "lines", "total", "open", "status", right=amounts)
    for each in summary.invoices.items:
        amount = (str(each.lines_count), _amount(each.total), _amount(each.open))
        table.add_row(each.id, each.account_id, each.due_on.isoformat(), *amount, each.status)
    table.add_row("", "", "", "", _amount(summary.invoiced), "", "")
    return table


def _cash(summary: Summary) -> Table:
    """Return where the money is; the last four add up to the first."""
    names = ("received", "applied", "unapplied", "suspense", "refunded", "written off")
    table = _table("\nCash", *names, right=names)
    cash = summary.cash
    figures = (cash.received, cash.applied, cash.unapplied, cash.suspense, cash.refunded, cash.written_off)
    table.add_row(*map(_amount, figures))
    return table


def _attention(summary: Summary) -> list[str]:
    """Return what a person should look at."""
    lines = ["", "For a person to look at"]
    lines += [f"  quarantined  {file.id} {file.name}: {file.reason}" for file in summary.quarantined]
    lines += [f"  refused      {file.id} {file.name}: {file.reason}" for file in summary.refused]
    lines += [f"  incident     {incident.kind}: {incident.message}" for incident in summary.incidents]
    return lines if len(lines) > 2 else [*lines, "  nothing"]


def _amount(money: Money) -> str:
    """Return an amount as people read it."""
    return f"{money:,.2f}"
