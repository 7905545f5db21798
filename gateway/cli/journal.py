"""`gateway journal verify`: the books recomputed."""

import click

from gateway.cli.tables import print_table

_REFUSED = 1


@click.group("journal")
def journal_group() -> None:
    """Prove the journal."""


@journal_group.command("verify")
@click.pass_context
def verify_command(ctx: click.Context) -> None:
    """Recompute every digest and sum of the journal, and say where anything was changed beside the program.

    Every entry must balance, every book be the chain that was written, every invoice be billed and paid in the journal
    as its lines and payments say, and of every receipt: received = applied + unapplied + suspense + refunded. Nothing
    is written. Exits 1 when anything disagrees.
    """
    proof = ctx.obj.app().queries.verify_journal()
    print_table("Disagreements", ("WHERE", "WHAT"), ((each.place, each.what) for each in proof.faults))
    counted = (
        f"{proof.books} book(s), {proof.entries} entries, {proof.receipts} receipt(s), {proof.invoices} invoice(s)"
    )
    if proof.faults:
        click.echo(f"{len(proof.faults)} disagreement(s) in {counted}: keep the database and find out who did it")
        ctx.exit(_REFUSED)
    click.echo(f"the journal agrees: {counted}")
