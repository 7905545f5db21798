"""`gateway worklist`: what waits to be put right, and what would be right."""

from datetime import datetime

import click

from gateway.cli.tables import print_json
from gateway.ports.queries import Json, WorkLine, to_json


@click.command("worklist")
@click.option("--partner", default="", metavar="ID", help="Only what this partner sent.")
@click.option("--closed", is_flag=True, help="What was put right instead, with the set that did it; the last first.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=200, show_default=True, help="At most so many items.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document (docs/schemas/worklist.schema.json).")
@click.pass_context
def worklist_command(ctx: click.Context, partner: str, closed: bool, limit: int, as_json: bool) -> None:
    """List refused members and held sets that wait to be put right, oldest first, each with what would be right.

    A member's item closes by itself when the member comes again and is applied: the same partner, account, subscriber
    id and person. A held set's item closes when a person releases or refuses it.
    """
    app = ctx.obj.app()
    found = app.queries.worklist(partner_id=partner, closed=closed, limit=limit)
    now = ctx.obj.clock.now()
    if as_json:
        items: list[Json] = [_item(line, now) for line in found.items]
        print_json({"items": items, "total": found.total})
        return
    if not found.items:
        click.echo("nothing was put right yet" if closed else "nothing waits to be put right")
    for line in found.items:
        _print_item(line, now)
    if found.left_out:
        click.echo(f"\n… and {found.left_out} more: raise --limit")


def age_days(line: WorkLine, now: datetime) -> int:
    """Return how many whole days an item is or was open."""
    return max(((line.closed_at or now) - line.opened_at).days, 0)


def _item(line: WorkLine, now: datetime) -> Json:
    """Return an item as JSON, with its age."""
    shown = to_json(line)
    return {**shown, "age_days": age_days(line, now)} if isinstance(shown, dict) else shown


def _print_item(line: WorkLine, now: datetime) -> None:
    """Print one item as a small paragraph: its sentences are too long for a column."""
    where = f"INS {line.ordinal}" if line.ordinal else "the whole set"
    segment = f", segment {line.position}" if line.position else ""
    who = f", subscriber {line.subscriber_id}" if line.subscriber_id else ""
    account = f", account {line.account_id}" if line.account_id else ""
    days = age_days(line, now)
    click.echo(f"\n{line.code}  {line.partner_id}{account}{who}  {days} day{'' if days == 1 else 's'}")
    click.echo(f"  what:   {line.message}")
    click.echo(f"  right:  {line.remedy}")
    click.echo(
        f"  where:  file {line.file_id}, set {line.set_id} ({line.isa13}/{line.gs06}/{line.st02}), {where}{segment}"
    )
    if line.closed_at is not None and line.ending is not None:
        by = f" by set {line.closed_by}" if line.closed_by else ""
        click.echo(f"  closed: {line.ending.replace('_', ' ')}{by} at {line.closed_at:%Y-%m-%d %H:%M:%S}")
