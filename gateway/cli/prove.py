"""`gateway prove`: issued bills and the journal, proved again from what is stored."""

import click

from gateway.cli.tables import as_text, print_json, print_table
from gateway.ports.queries import to_json

_FOUND = 1


@click.command("prove")
@click.argument("account", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON document (docs/schemas/prove.schema.json).")
@click.pass_context
def prove_command(ctx: click.Context, account: str | None, as_json: bool) -> None:
    """Prove the books, of ACCOUNT or all: nothing is believed that can be computed again.

    Every bill's lines add up to its total and to its posting, every line's explanation gives its amount, numbers have
    no gaps, consolidated bills are the sum of theirs, and the journal's chains are whole. Exits 1 when something does
    not prove.
    """
    proof = ctx.obj.app().queries.prove(account or "")
    if as_json:
        print_json(to_json(proof))
    else:
        print_table("Not proved", ("WHAT", "FAULT"), ((each.subject_id, each.fault) for each in proof.faults))
        click.echo(
            f"{proof.invoices} bills with {proof.lines} lines for {as_text(proof.billed)}, {proof.entries} entries: "
            + ("all of it proves" if proof.holds else f"{len(proof.faults)} FAULTS, listed above")
        )
    ctx.exit(0 if proof.holds else _FOUND)
