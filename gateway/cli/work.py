"""`gateway poll|work|run|ingest`: the daily work, by hand or as a daemon."""

import signal
from pathlib import Path
from types import FrameType

import click

from gateway.bootstrap import App
from gateway.cli.context import Context
from gateway.domain.exchange import FileState
from gateway.errors import GatewayError, HomeInUse, NotFound

_REFUSED = 1
_FAILED = 3
_REASONS_SHOWN = 10


@click.command("poll")
@click.argument("partner", required=False)
@click.pass_context
def poll_command(ctx: click.Context, partner: str | None) -> None:
    """Look into the partners' folders once and fetch what is ready.

    A file is fetched when two looks see it unchanged, so a first look fetches nothing. Run `gateway work --drain`
    to process what came.
    """
    app = ctx.obj.app()
    failed = False
    partners = [partner] if partner else app.active_partners()
    if not partners:
        click.echo('no partner is active: set status = "active" in a profile, then run `gateway check`')
    for partner_id in partners:
        try:
            report = app.poll(partner_id)
        except NotFound:
            raise
        except GatewayError as error:
            failed = True
            click.echo(f"{partner_id}: {error}" + (f"\nhint: {error.hint}" if error.hint else ""), err=True)
            continue
        settling = f", {report.settling} to be looked at again" if report.settling else ""
        click.echo(
            f"{partner_id}: {report.seen} seen, {len(report.received)} received, "
            f"{len(report.duplicates)} duplicate{settling}"
        )
    ctx.exit(_FAILED if failed else 0)


@click.command("work")
@click.option("--drain", is_flag=True, required=True, help="Do all that is due, then exit.")
@click.pass_obj
def work_command(context: Context, drain: bool) -> None:  # noqa: ARG001 - required, so that `work` alone stays free
    """Do the work that is due: check, apply, acknowledge, bill requests, feed, deliver."""
    ran = context.app().runner().drain()
    click.echo(f"{ran} job{'' if ran == 1 else 's'} done, nothing is due")


@click.command("run")
@click.pass_obj
def run_command(context: Context) -> None:
    """Run as a daemon: poll, work, bill and feed on the schedules of the profiles, until SIGTERM.

    Ends cleanly: what is in hand is finished, what is not begun is left for the next start.
    """
    daemon = context.app().daemon()

    def end(_signal: int, _frame: FrameType | None) -> None:
        daemon.stop()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    click.echo("running; SIGTERM or Ctrl-C ends it cleanly", err=True)
    daemon.run()
    click.echo("ended; nothing is in hand", err=True)


def drained(app: App) -> bool:
    """Do what is due; where a running gateway does it for us, say so and return False."""
    try:
        app.runner().drain()
    except HomeInUse:
        click.echo("a running gateway does the rest: look again in a moment", err=True)
        return False
    return True


@click.command("resend")
@click.argument("document_id")
@click.option("--by", metavar="NAME", required=True, help="Who decides: kept with the document for good.")
@click.option("--reason", metavar="TEXT", required=True, help="What was put right; no personal data.")
@click.pass_obj
def resend_command(context: Context, document_id: str, by: str, reason: str) -> None:
    """Deliver a document that was given up, once what stood in its way is put right.

    The same bytes go under the same name; what is there already is never overwritten.
    """
    app = context.app()
    document = app.resend(document_id, by=by, reason=reason)
    drained(app)
    click.echo(f"{document.kind} {document.id} is on its way to {document.partner_id} again")


@click.command("ingest")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--partner", required=True, help="Whose file it is.")
@click.pass_context
def ingest_command(ctx: click.Context, file: Path, partner: str) -> None:
    """Take a local file through the same stations as if PARTNER had sent it.

    Exits 1 when the file, or a part of it, was refused.
    """
    app = ctx.obj.app()
    arrival = app.ingest(file, partner)
    if not drained(app):
        click.echo(f"{arrival.file_id} received")
        ctx.exit(0)
    received = app.file(arrival.file_id)
    again = " (these bytes came before: nothing was done twice)" if arrival.is_duplicate else ""
    click.echo(f"{received.id} {received.state}{again}" + (f": {received.reason}" if received.reason else ""))
    refused = app.refusals(received.id)
    for line in refused[:_REASONS_SHOWN]:
        click.echo(f"  {line}")
    if len(refused) > _REASONS_SHOWN:
        click.echo(f"  and {len(refused) - _REASONS_SHOWN} more")
    click.echo(f"look closer with: gateway show file {received.id}")
    ctx.exit(0 if received.state is FileState.ACKNOWLEDGED and not refused else _REFUSED)
