"""`gateway bill`: the bill run of a day, the accounts it holds, and their release by a named person."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.bootstrap import App
from gateway.cli.review import no_blank
from gateway.cli.tables import print_table
from gateway.cli.work import drained
from gateway.domain.bill_run import RunProof
from gateway.pipeline.bill import BillReport, Tell
from gateway.pipeline.release_account import AccountReleased

_REFUSED = 1


@click.command("bill")
@click.option("--as-of", "as_of", type=click.DateTime(["%Y-%m-%d"]), help="The batch business date of the run.")
@click.option("--held", is_flag=True, help="List the accounts that wait for a person, and why.")
@click.option("--release", "account", metavar="ACCOUNT", help="Let a held account's bill go out as it is.")
@click.option("--by", metavar="NAME", callback=no_blank, help="Who releases it: kept with the account for good.")
@click.option("--reason", metavar="TEXT", callback=no_blank, help="Why; no personal data: it stands in the log.")
@click.pass_context
def bill_command(
    ctx: click.Context,
    as_of: datetime | None,
    *,
    held: bool,
    account: str | None,
    by: str | None,
    reason: str | None,
) -> None:
    """Process invoice requests due on DATE and accounts whose bill window is open; deliver the invoices' feeds.

    What is due is written down before anything is billed, and proved at the end: every order became an invoice, had
    nothing due, or is held. A run that was interrupted is ended first. A second run for the same date bills nothing
    again. Exits 1 when an account was held.

    A held account is billed by itself once its cause is gone. What is right as it is (a premium that really jumped)
    goes out with --release ACCOUNT --by NAME --reason TEXT; another fault holds it anew.
    """
    wanted = [name for name, given in (("--as-of", as_of), ("--held", held), ("--release", account)) if given]
    if len(wanted) != 1:
        raise click.UsageError("say one of --as-of DATE, --held, and --release ACCOUNT")
    app = ctx.obj.app()
    if held:
        _print_holds(app)
        return
    if as_of is None:
        report, on = _release(app, account or "", by, reason), app.plant.clock.business_date()
    else:
        on = as_of.date()
        with _progress() as tell:
            report = app.bill(on, tell=tell)
    drained(app)
    for line in _bill_lines(report, on):
        click.echo(line)
    ctx.exit(_REFUSED if report.held else 0)


def _release(app: App, account: str, by: str | None, reason: str | None) -> BillReport:
    """Release a held account and say so; return what came of its bill."""
    if not by or not reason:
        raise click.UsageError("a release needs --by NAME and --reason TEXT")
    released = app.release_account(account, by=by, reason=reason)
    _print_release(released)
    return released.report


@contextmanager
def _progress() -> Iterator[Tell]:
    """Show on a terminal how far the run is; elsewhere nothing."""
    console = Console(stderr=True)
    columns = (TextColumn("billing"), BarColumn(), MofNCompleteColumn(), TextColumn("accounts"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("billing", total=None)
        yield lambda ended, of: bar.update(task, completed=ended, total=of)


def _print_holds(app: App) -> None:
    """List who waits for a person."""
    holds = app.queries.holds()
    if not holds:
        click.echo("no account waits for a person")
        return
    print_table(
        "Held accounts",
        ("ACCOUNT", "PARTNER", "SINCE (UTC)", "CUTOFF", "CODES", "WHY"),
        (
            (
                each.account_id,
                each.partner_id,
                each.held_at,
                each.cutoff_on,
                ", ".join(dict.fromkeys(code for code, _ in each.findings)) or "our own work failed",
                each.reason,
            )
            for each in holds
        ),
    )


def _print_release(done: AccountReleased) -> None:
    """Say what was released, and by whom it had been before."""
    again = "" if done.is_new else " before: nothing was done twice"
    for hold in done.holds:
        click.echo(
            f"account {hold.account_id} released by {hold.ended_by} at {hold.ended_at:%Y-%m-%d %H:%M:%S}{again}: "
            f"{hold.end_reason}"
        )


def _bill_lines(report: BillReport, on: date) -> list[str]:
    """Return what a bill run says at its end."""
    lines = [
        f"{invoice.id}  {invoice.account_id:<24} {invoice.total:>14,.2f}  due {invoice.due_on}"
        for invoice in report.invoices
    ]
    lines += [f"held  {account_id}: {reason}" for account_id, reason in report.held]
    count = len(report.invoices)
    lines.append(
        f"{count} invoice{'' if count == 1 else 's'}, {report.nothing_due} account(s) with nothing to bill on {on}"
        + (f", {report.trials} trial bill(s)" if report.trials else "")
    )
    return lines + [proof_line(proof) for proof in report.proofs]


def proof_line(proof: RunProof) -> str:
    """Return the sentence that a run proves by, or fails to."""
    pending = f" + {proof.tried} tried" if proof.tried else ""
    pending += f" + {proof.pending} pending" if proof.pending else ""
    frozen = (
        f"run {proof.run_id}: {proof.orders} frozen = {proof.invoiced} invoiced + {proof.nothing_due} with nothing due "
        f"+ {proof.held} held{pending}"
    )
    if proof.astray:
        return f"{frozen}; NOT PROVED: {', '.join(proof.astray)} ended otherwise than written down"
    return f"{frozen}; {'not ended yet' if proof.pending else 'nothing fell out'}"
