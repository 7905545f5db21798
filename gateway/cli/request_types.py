"""`gateway request types …`: look after the kinds of invoice requests; the file is changed, and who did it kept."""

import click

from gateway.cli.review import no_blank
from gateway.cli.tables import print_table
from gateway.pipeline.request_types import copy_type, list_types, note_versions, set_type_active, type_history

_BY = click.option("--by", metavar="NAME", required=True, callback=no_blank, help="Who changes it: kept for good.")
_REASON = click.option("--reason", metavar="TEXT", required=True, callback=no_blank, help="Why: kept for good.")
_RESTART = "a gateway that runs reads it when it starts again"


@click.group("types")
def types_group() -> None:
    """List, copy, inactivate and activate request types, and show every version there was.

    A type is a table of a partner's billing.toml: the commands change that file and write down who did it and why. A
    type that is edited by hand is written down when it is first seen.
    """


@types_group.command("list")
@click.argument("partner", required=False, default="")
@click.pass_context
def list_types_command(ctx: click.Context, partner: str) -> None:
    """List the request types of PARTNER, or all."""
    plant = ctx.obj.app().plant
    note_versions(plant)
    print_table(
        "",
        (
            *(
                "PARTNER",
                "TYPE",
                "STATUS",
                "MODE",
                "BILLS",
                "APPROVAL",
                "WAIT DAYS",
                "DEFER ABOVE",
                "DATES",
                "THRESHOLD",
            ),
            *("CALENDAR", "ROLES", "USED BY", "DESCRIPTION"),
        ),
        (
            (
                line.partner_id,
                line.code,
                "Active" if line.kind.active else "Inactive",
                line.kind.mode,
                line.kind.generation,
                line.kind.approval,
                line.kind.wait_days,
                line.kind.defer_count,
                line.kind.date_algorithm if line.kind.mode == "automatic" else "typed in",
                line.kind.threshold_days,
                line.kind.calendar,
                f"{line.kind.approval_role}, {line.kind.status_role}",
                ", ".join(line.used_by),
                line.kind.description,
            )
            for line in list_types(plant, partner)
        ),
    )


@types_group.command("copy")
@click.argument("partner")
@click.argument("code")
@click.argument("new_code")
@_BY
@_REASON
@click.pass_context
def copy_command(ctx: click.Context, partner: str, code: str, new_code: str, *, by: str, reason: str) -> None:
    """Write the type CODE of PARTNER once more as NEW_CODE, every field the same; then change the copy in the file."""
    made = copy_type(ctx.obj.app().plant, partner, code, new_code, by=by, reason=reason)
    click.echo(f"{partner}: request type {made.code} is a copy of {code}; {_RESTART}")


@types_group.command("inactivate")
@click.argument("partner")
@click.argument("code")
@_BY
@_REASON
@click.pass_context
def inactivate_command(ctx: click.Context, partner: str, code: str, by: str, reason: str) -> None:
    """Let no more requests be made of a type; those there are go on. One that an event names must be replaced first."""
    _switch(ctx, partner, code, active=False, by=by, reason=reason)


@types_group.command("activate")
@click.argument("partner")
@click.argument("code")
@_BY
@_REASON
@click.pass_context
def activate_command(ctx: click.Context, partner: str, code: str, by: str, reason: str) -> None:
    """Let requests be made of an inactive type again."""
    _switch(ctx, partner, code, active=True, by=by, reason=reason)


@types_group.command("history")
@click.argument("partner")
@click.argument("code")
@click.pass_context
def history_command(ctx: click.Context, partner: str, code: str) -> None:
    """Show every version of a type: when it was seen first, who made it, why, and what it said."""
    print_table(
        "",
        ("VERSION", "AT (UTC)", "CHANGE", "BY", "REASON", "CONTENT"),
        (
            (each.number, each.at, each.change, each.by, each.reason, each.content)
            for each in type_history(ctx.obj.app().plant, partner, code)
        ),
    )


def _switch(ctx: click.Context, partner: str, code: str, *, active: bool, by: str, reason: str) -> None:
    """Change a type's status and say so."""
    word = "active" if active else "inactive"
    done = set_type_active(ctx.obj.app().plant, partner, code, active=active, by=by, reason=reason)
    again = f"; {_RESTART}" if done else " already: nothing was done twice"
    click.echo(f"{partner}: request type {code} is {word}{again}")
