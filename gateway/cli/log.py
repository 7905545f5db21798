"""`gateway log`: every file and what became of it."""

import click

from gateway.cli.tables import print_json, print_table
from gateway.ports.queries import FileLine, to_json


@click.command("log")
@click.option("--partner", default="", metavar="ID", help="Only the files of this partner.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many files.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document (docs/schemas/log.schema.json).")
@click.pass_context
def log_command(ctx: click.Context, partner: str, limit: int, as_json: bool) -> None:
    """List the files that came, newest first, with their state, what they did and what was sent back."""
    found = ctx.obj.app().queries.files(limit=limit, partner_id=partner)
    if as_json:
        print_json({"files": [to_json(line) for line in found]})
        return
    if not found:
        click.echo(f"no file of {partner} has come yet" if partner else "no file has come yet")
    print_table(
        "",
        ("RECEIVED (UTC)", "FILE", "PARTNER", "NAME", "STATE", "SETS", "REFUSED", "MEMBERS", "SENT BACK", "REMARK"),
        (
            (
                line.received_at,
                line.id,
                line.partner_id,
                line.name,
                line.state,
                line.sets,
                line.refused,
                line.members,
                ", ".join(f"{document.kind} {document.state}" for document in line.documents),
                _remark(line),
            )
            for line in found
        ),
    )


def _remark(line: FileLine) -> str:
    """Return what a reader should know about a file, in plain words."""
    again = "came once more" if line.duplicates == 1 else f"came {line.duplicates} times more"
    return "; ".join(filter(None, (line.reason, again if line.duplicates else "")))
