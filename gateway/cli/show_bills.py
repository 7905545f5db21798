"""Statements, consolidated bills and bill runs on a terminal."""

from collections.abc import Sequence

import click

from gateway.billing.statement import Statement, by_legal_entity, statement_of
from gateway.cli.bill import proof_line
from gateway.cli.tables import as_text, print_table
from gateway.domain.charge import Invoice
from gateway.domain.money import ZERO, Money
from gateway.feeds.statement import StatementNotes
from gateway.ports.bill_views import BillShare, Correction, RunView, StatementBill, StatementView
from gateway.ports.queries import ConsolidatedView

OWN_COMPANY = "own company"


def print_statement(view: StatementView, notes: StatementNotes) -> None:
    """Print the bills of an account for a period, each with its statement and its itemisation."""
    if not view.bills:
        there = ", ".join(map(str, view.periods)) or "none yet"
        click.echo(f"account {view.account_id} has no bill for {view.period}; there are statements for: {there}")
        return
    click.echo(f"statement of account {view.account_id} for {view.period}, {len(view.bills)} bill(s)")
    for each in view.bills:
        click.echo(f"\nbill {each.invoice.id} of {each.invoice.bill_on}, due on {each.invoice.due_on}")
        print_head(each.invoice, each.shares)
        print_shares(each.shares)
        if each.ledger_due != _statement(each.invoice, each.shares).due:
            click.echo(f"!!! the ledger says {as_text(each.ledger_due)}: run `gateway prove {view.account_id}`")
    total = sum((each.invoice.total for each in view.bills), ZERO)
    click.echo(f"\nbilled for {view.period}: {as_text(total)}")
    contact = " ".join(filter(None, (notes.contact_name, notes.contact_phone, notes.contact_email)))
    for label, text in (
        ("to pay", notes.how_to_pay),
        ("to dispute", notes.how_to_dispute),
        ("paid late", notes.grace),
        ("ask", contact),
    ):
        if text:
            click.echo(f"{label:<12}{text}")


def print_head(invoice: Invoice, shares: Sequence[BillShare]) -> None:
    """Print the five figures of a statement as they add up, and beside them what was only announced."""
    its = _statement(invoice, shares)
    click.echo(
        f"previous balance {as_text(its.previous_balance)} - payments {as_text(its.payments)} + adjustments "
        f"{as_text(its.adjustments)} + current {as_text(its.current)} = due {as_text(its.due)}"
    )
    if its.pending:
        click.echo(f"announced and not there when it was made: {as_text(its.pending)}")


def _statement(invoice: Invoice, shares: Sequence[BillShare]) -> Statement:
    """Return the statement of a bill from its shares."""
    return statement_of(invoice, shares)


def print_shares(shares: Sequence[BillShare]) -> None:
    """Print what a bill's lines come to by product, tier and month, its fees by name, and each company's total."""
    columns = ("PRODUCT", "TIER", "MONTH", "TYPE", "LINES", "AMOUNT", "EMPLOYER'S")
    print_table("Premium", columns, (_cells(each) for each in shares if not each.is_fee))
    print_table("Fees", ("FEE", *columns[1:]), (_cells(each) for each in shares if each.is_fee))
    entities = by_legal_entity(shares)
    if len(entities) > 1 or "" not in entities:
        rows: list[tuple[object, ...]] = [(name or OWN_COMPANY, amount) for name, amount in entities.items()]
        rows.append(("together", sum(entities.values(), ZERO)))
        print_table("By company", ("COMPANY", "AMOUNT"), rows)


def _cells(share: BillShare) -> tuple[object, ...]:
    """Return the cells of one share."""
    return (
        share.product, share.tier, share.month, share.line_type, share.lines, share.amount, share.employer_share,
    )  # fmt: skip


def print_corrections(title: str, corrections: Sequence[Correction]) -> None:
    """Print what one bill changes of others."""
    rows = ((each.invoice_id, each.lines, each.amount) for each in corrections)
    print_table(title, ("INVOICE", "LINES", "AMOUNT"), rows)


def print_consolidated(view: ConsolidatedView) -> None:
    """Print a consolidated bill: a sub-total for each account, and the whole."""
    its = view.bill
    click.echo(f"consolidated bill {its.id} of {its.partner_id}, {its.code}, {its.bill_on}: {as_text(its.total)}")
    rows = [_account_cells(each) for each in view.bills]
    sums = [sum((row[n] for _, row in rows), ZERO) for n in range(5)]
    print_table(
        "Accounts",
        ("ACCOUNT", "INVOICE", "DUE ON", "PREVIOUS", "PAYMENTS", "ADJUSTMENTS", "CURRENT", "DUE"),
        [
            *((each.account_id, each.id, each.due_on, *row) for each, row in rows),
            ("together", its.id, "", *sums),
        ],
    )
    print_shares([share for each in view.bills for share in each.shares])


def _account_cells(bill: StatementBill) -> tuple[Invoice, tuple[Money, Money, Money, Money, Money]]:
    """Return a bill with the figures of its statement."""
    its = _statement(bill.invoice, bill.shares)
    return bill.invoice, (its.previous_balance, its.payments, its.adjustments, its.current, its.due)


def print_run(view: RunView) -> None:
    """Print a bill run: its proof, what was billed, and its orders, held ones first."""
    its = view.run
    proved = f"proved at {as_text(its.proved_at)} UTC" if its.proved_at else "not proved"
    click.echo(f"bill run of {its.business_date}, begun at {as_text(its.begun_at)} UTC, {proved}")
    click.echo(proof_line(view.proof))
    click.echo(f"billed {as_text(view.billed)} in {view.lines} lines")
    print_table(
        "Orders",
        ("ACCOUNT", "ORDER", "CUTOFF", "FROZEN AT (UTC)", "ENDED", "INVOICE", "REASON"),
        (
            (
                each.account_id,
                each.key,
                each.cutoff_on,
                each.frozen_at,
                each.ending or "pending",
                each.invoice_id,
                each.reason,
            )
            for each in view.orders
        ),
        left_out=view.orders_total - len(view.orders),
    )
    print_table(
        "Consolidated bills",
        ("BILL", "PARTNER", "CODE", "BILLS", "TOTAL"),
        ((each.id, each.partner_id, each.code, len(each.invoice_ids), each.total) for each in view.consolidated),
    )
