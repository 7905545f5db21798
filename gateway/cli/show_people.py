"""Memberships and accounts on a terminal: people are ids here."""

from datetime import date

import click

from gateway.cli.show_money import print_billed_lines
from gateway.cli.tables import as_text, print_table
from gateway.ports.bill_views import Impact
from gateway.ports.queries import AccountView, Json, MemberView, to_json
from gateway.remittance.paid_through import MonthSettlement, paid_through


def print_member(view: MemberView) -> None:
    """Print a membership with all versions of its covers, what was decided and what was billed."""
    its = view.membership
    click.echo(
        f"membership {its.id} of subscriber {its.subscriber_id} in account {its.account_id or 'none'}: {its.status}"
    )
    if view.known_at is not None:
        click.echo(f"as known at {as_text(view.known_at)} UTC")
    print_table(
        "Members",
        ("MEMBER", "SUBSCRIBER", "RELATIONSHIP"),
        ((each.id, each.is_subscriber, each.relationship) for each in view.members),
    )
    _print_covers(view)
    print_table(
        "Kept beside person and cover",
        ("MEMBER", "WHAT", "NAME", "VALUE"),
        ((each.member_id, each.what, each.name, each.value) for each in view.kept),
    )
    _print_history(view)
    print_billed_lines("Billed", view.billed)


def _print_covers(view: MemberView) -> None:
    """Print the versions of a membership's covers."""
    print_table(
        "Covers, all versions" if view.known_at is None else "Covers, as believed then",
        (
            "MEMBER",
            "LINE",
            "PLAN",
            "LEVEL",
            "FROM",
            "THROUGH",
            "STATUS",
            "KNOWN SINCE (UTC)",
            "SUPERSEDED (UTC)",
            "SOURCE",
        ),
        (
            (
                each.member_id,
                each.insurance_line,
                each.plan,
                each.level,
                each.starts_on,
                each.last_day or "open",
                each.status,
                each.known_at,
                each.superseded_at,
                each.source,
            )
            for each in view.coverages
        ),
    )


def _print_history(view: MemberView) -> None:
    """Print what happened to a membership, and what was decided about it."""
    print_table(
        "Changes",
        ("MEMBER", "EVENT", "EFFECTIVE", "SOURCE", "SEGMENT", "KNOWN SINCE (UTC)", "NOTE"),
        (
            (
                each.member_id,
                each.event,
                each.effective_on,
                each.source,
                each.position or None,
                each.known_at,
                each.note,
            )
            for each in view.changes
        ),
    )
    print_table(
        "Decisions on invoice requests",
        ("AT (UTC)", "EVENT", "OUTCOME", "REQUEST", "PROCESSING", "CUTOFF", "NOTE"),
        (
            (each.at, each.event, each.outcome, each.request_id, each.processing_on, each.cutoff_on, each.note)
            for each in view.outcomes
        ),
    )


def account_json(view: AccountView) -> Json:
    """Return an account as JSON, with the day through which it is paid (DOMAIN 8.7)."""
    shown = to_json(view)
    return {**shown, "paid_through": to_json(_paid_through(view))} if isinstance(shown, dict) else shown


def print_account(view: AccountView) -> None:
    """Print who is in an account, what it owes and what was asked and billed."""
    its = view.account
    members = ", ".join(f"{each.count} {each.name}" for each in view.memberships) or "none"
    click.echo(f"account {its.id} of {its.partner_id}, {its.line_of_business}; memberships: {members}")
    click.echo(
        f"balance {as_text(view.balance)}, unapplied {as_text(view.unapplied)}, "
        f"paid through {_paid_through(view) or 'no month yet'}"
    )
    print_table(
        "Months",
        ("MONTH", "BILLED", "OPEN"),
        ((each.month, each.billed, each.open) for each in view.months),
    )
    print_table(
        "Invoice requests",
        ("REQUEST", "TYPE", "STATUS", "CREATED", "PROCESSING", "CUTOFF", "INVOICE", "REASON"),
        (
            (
                each.id,
                each.request_type,
                each.status,
                each.created_on,
                each.processing_on,
                each.cutoff_on,
                each.invoice_id,
                each.reason,
            )
            for each in view.requests.items
        ),
        left_out=view.requests.left_out,
    )
    print_table(
        "Invoices",
        ("INVOICE", "BILLED", "DUE", "TOTAL", "OPEN", "STATUS", "LINES"),
        (
            (each.id, each.bill_on, each.due_on, each.total, each.open, each.status, each.lines_count)
            for each in view.invoices.items
        ),
        left_out=view.invoices.left_out,
    )

    _print_what_bears_on_bills(view)


def _print_what_bears_on_bills(view: AccountView) -> None:
    """Print why an account waits for a person, and the changes that may touch its bill."""
    print_table(
        "Waits for a person",
        ("SINCE (UTC)", "CUTOFF", "WHY"),
        ((each.held_at, each.cutoff_on, each.reason) for each in view.holds),
    )
    print_table(
        "Changes that may touch the bill",
        (
            *("EVENT", "MEMBERSHIP", "EFFECTIVE", "KNOWN SINCE (UTC)", "SOURCE"),
            *("ON THE BILL", "INVOICE", "WAITS FOR", "UNTIL"),
        ),
        (
            (
                each.event,
                each.membership_id,
                each.effective_on,
                each.known_at,
                each.source,
                each.impact.replace("_", " "),
                each.invoice_id,
                (each.request_id or "the next bill of the cycle") if each.impact is Impact.OPEN else "",
                each.deadline,
            )
            for each in view.impacts.items
        ),
        left_out=view.impacts.left_out,
    )


def _paid_through(view: AccountView) -> date | None:
    """Return the last day of the last month up to which everything is settled."""
    return paid_through([MonthSettlement(each.month, each.billed, each.open) for each in view.months])
