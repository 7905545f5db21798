"""`gateway release|refuse SET_ID`: what a named person decides about a held set."""

import click

from gateway.cli.tables import print_table
from gateway.pipeline.guards import EnrollmentPreview
from gateway.pipeline.release import Reviewed

_REFUSED = 1


def no_blank(_ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Refuse an option that says nothing."""
    if value is not None and not value.strip():
        raise click.BadParameter("it is empty", param=param)
    return value.strip() if value else value


@click.command("release")
@click.argument("set_id")
@click.option("--by", metavar="NAME", callback=no_blank, help="Who decides: kept with the set for good.")
@click.option("--reason", metavar="TEXT", callback=no_blank, help="Why; no personal data: it stands in the log.")
@click.option("--preview", is_flag=True, help="Show every effect of a release and write nothing.")
@click.pass_context
def release_command(ctx: click.Context, set_id: str, by: str | None, reason: str | None, preview: bool) -> None:
    """Apply a held set once, without the guard that holds it; every other rule still counts.

    A set is held when it is older than the last one applied (OLD_FILE) or would end more members than agreed
    (MASS_TERM_GUARD); `gateway worklist` lists such sets. Look first with --preview: it shows each addition, change
    and termination, and how many invoice requests would follow. The partner hears the end in an 824. A set that our
    own work failed on (quarantined) is tried once more. Releasing twice does nothing twice.
    """
    app = ctx.obj.app()
    if preview:
        found = app.preview_release(set_id)
        _print_preview(set_id, found)
        return
    if not by or not reason:
        raise click.UsageError("a release needs --by NAME and --reason TEXT; --preview shows its effects without them")
    done = app.release(set_id, by=by, reason=reason)
    _print_decision(done)
    app.runner().drain()
    state, why = app.set_state(set_id)
    click.echo(f"set {set_id} is {state}{f': {why}' if why else ''}")
    click.echo(f"look closer with: gateway show file {done.review.file_id}")
    ctx.exit(0 if state == "applied" else _REFUSED)


@click.command("refuse")
@click.argument("set_id")
@click.option("--by", metavar="NAME", required=True, callback=no_blank, help="Who decides: kept with the set for good.")
@click.option(
    "--reason", metavar="TEXT", required=True, callback=no_blank, help="Why; told to the partner, so no personal data."
)
@click.pass_context
def refuse_command(ctx: click.Context, set_id: str, by: str, reason: str) -> None:
    """End a held set without effect; the partner is told by an 824 that rejects it (TR) and gives the reason.

    Nothing of the set is applied, then or later; the partner sends new data under a new BGN02. Refusing twice does
    nothing twice.
    """
    app = ctx.obj.app()
    done = app.refuse(set_id, by=by, reason=reason)
    _print_decision(done)
    app.runner().drain()
    click.echo(f"look closer with: gateway show file {done.review.file_id}")


def _print_decision(done: Reviewed) -> None:
    """Say what was decided, and by whom it had been decided before."""
    review = done.review
    again = "" if done.is_new else " before: nothing was done twice"
    without = f" without {', '.join(review.waived)}" if review.waived else ""
    click.echo(f"{review.verdict}d{without} by {review.by} at {review.at:%Y-%m-%d %H:%M:%S}{again}: {review.reason}")


def _print_preview(set_id: str, found: EnrollmentPreview) -> None:
    """Print what a release would do, event by event, then the counts."""
    click.echo(f"set {set_id} would be {found.state}{f': {found.reason}' if found.reason else ''}; nothing is written")
    print_table(
        "What would happen",
        ("INS", "MEMBERSHIP", "MEMBER", "EVENT", "EFFECTIVE", "NOTE"),
        (
            (each.ordinal or "absent", each.membership_id, each.member_id, each.event, each.effective_on, each.note)
            for each in found.events
        ),
    )
    print_table(
        "Findings",
        ("CODE", "SEVERITY", "MEMBER", "WHAT"),
        ((each.code, each.severity, each.member, each.message) for each in found.findings),
    )
    print_table("Counts", ("WHAT", "HOW MANY"), found.counts.items())
