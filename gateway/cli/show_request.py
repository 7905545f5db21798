"""Invoice requests on a terminal: the list, and one with its log and its bill."""

import click

from gateway.cli.tables import as_text, print_table
from gateway.domain.charge import InvoiceLine, InvoiceRequest, TrialBill
from gateway.ports.queries import Excerpt, RequestView


def print_requests(found: Excerpt[InvoiceRequest]) -> None:
    """Print a list of requests, one a line."""
    if not found.items:
        click.echo("there is no such request")
    print_table(
        "",
        ("REQUEST", "ACCOUNT", "TYPE", "STATUS", "CREATED", "BY", "PROCESSING", "CUTOFF", "INVOICE", "REASON"),
        (
            (
                each.id,
                each.account_id,
                each.request_type,
                each.status,
                each.created_on,
                each.created_by,
                each.processing_on,
                each.cutoff_on,
                each.invoice_id,
                each.reason,
            )
            for each in found.items
        ),
        left_out=found.left_out,
    )


def print_request(view: RequestView) -> None:
    """Print a request, its dates, its log, the events that raised it and its bill."""
    its = view.request
    kind = "trial" if its.is_trial else "regular"
    decided = f", decided by {its.decided_by}" if its.decided_by else ""
    click.echo(f"request {its.id} of account {its.account_id}: {its.status}{f', {its.reason}' if its.reason else ''}")
    click.echo(f"type {its.request_type} ({kind}), made on {its.created_on} by {its.created_by}{decided}")
    click.echo(
        f"processing date {its.processing_on}, cutoff {its.cutoff_on}, bill date {its.bill_on}, "
        f"accounting date {its.accounting_on}"
    )
    print_table(
        "Log",
        ("AT (UTC)", "STATUS", "BY", "NOTE"),
        ((each.at, each.status, each.actor, each.note) for each in view.log),
    )
    print_table(
        "Membership events",
        ("AT (UTC)", "MEMBERSHIP", "EVENT", "OUTCOME", "SOURCE", "NOTE"),
        (
            (each.at, each.membership_id, each.event, each.outcome, each.source, each.note)
            for each in view.outcomes.items
        ),
        left_out=view.outcomes.left_out,
    )
    if view.invoice is not None:
        made = view.invoice
        click.echo(
            f"\nbill {made.id}: {made.status}, total {as_text(made.total)}, open {as_text(made.open)}, "
            f"due {made.due_on}; its lines: gateway show invoice {made.id}"
        )
    if view.trial is not None:
        _print_trial(view.trial, view.trial_lines)


def _print_trial(bill: TrialBill, lines: Excerpt[InvoiceLine]) -> None:
    """Print the image of a trial bill."""
    click.echo(
        f"\nTRIAL BILL, nothing was posted; made at {as_text(bill.made_at)}\n"
        f"previous balance {as_text(bill.previous_balance)}, payments {as_text(bill.payments)}, "
        f"this bill {as_text(bill.total)}, "
        f"due {as_text(bill.previous_balance - bill.payments + bill.total)} on {bill.due_on}"
    )
    for remark in bill.remarks:
        click.echo(f"remark: {remark}")
    print_table(
        "Lines",
        ("LINE", "TYPE", "MEMBERSHIP", "PLAN", "TIER", "MONTH", "AMOUNT", "HOW", "CORRECTS", "CAUSED BY"),
        (
            (
                each.number,
                each.line_type,
                each.membership_id,
                each.product,
                each.tier,
                each.month,
                each.amount,
                each.formula,
                each.corrects_invoice_id,
                each.source,
            )
            for each in lines.items
        ),
        left_out=lines.left_out,
    )
