"""Invoices and payments on a terminal: every cent with its way back."""

import click

from gateway.cli.show_bills import print_corrections, print_head, print_shares
from gateway.cli.show_file import print_documents
from gateway.cli.tables import as_text, print_table
from gateway.domain.remittance import Placement
from gateway.ports.queries import BilledLine, Excerpt, InvoiceView, PaymentView, PostingLine, WayBack


def print_invoice(view: InvoiceView) -> None:
    """Print an invoice, the cause of each line, what settled it and how it was delivered."""
    print_invoice_head(view)
    print_shares(view.shares)
    print_billed_lines("Lines", view.lines)
    print_corrections("Corrects", view.corrects)
    print_corrections("Corrected by", view.corrected_by)
    _print_postings("Settled by", view.settled_by)
    print_documents(view.documents)


def print_invoice_head(view: InvoiceView) -> None:
    """Print what an invoice comes to, its dates, and its statement."""
    its = view.invoice
    click.echo(
        f"invoice {its.id} of account {its.account_id}: {its.status}, total {as_text(its.total)}, "
        f"open {as_text(view.open)}"
    )
    click.echo(
        f"billed on {its.bill_on}, due on {its.due_on}, cutoff {its.cutoff_on}"
        + (f", on consolidated bill {view.consolidated_id}" if view.consolidated_id else "")
    )
    print_head(its, view.shares)


def print_billed_lines(title: str, lines: Excerpt[BilledLine]) -> None:
    """Print invoice lines; CAUSED BY is the way back: file, ISA13/GS06/ST02/ordinal, position of the segment."""
    print_table(
        title,
        (
            *("INVOICE", "LINE", "TYPE", "MEMBERSHIP", "PLAN", "TIER", "MONTH", "AMOUNT"),
            *("HOW", "CORRECTS", "FILE", "CAUSED BY", "SEGMENT"),
        ),
        (
            (
                each.invoice_id,
                each.line.number,
                each.line.line_type,
                each.line.membership_id,
                each.line.product,
                each.line.tier,
                each.line.month,
                each.line.amount,
                each.line.formula,
                each.line.corrects_invoice_id,
                each.caused_by.file_id if each.caused_by else "",
                each.line.source,
                each.caused_by.position or None if each.caused_by else None,
            )
            for each in lines.items
        ),
        left_out=lines.left_out,
    )


def print_payment(view: PaymentView) -> None:
    """Print money, the sets that brought and explained it, and where every cent is."""
    its = view.receipt
    click.echo(
        f"payment {its.id}, trace {its.trace} of {its.originator or 'no originator'}: {its.state}, "
        f"{as_text(its.amount)}, settles on {its.settles_on or 'no day'}"
    )
    click.echo(
        f"applied {as_text(view.applied)}, unapplied {as_text(view.unapplied)}, in suspense {as_text(view.suspense)}, "
        f"refunded {as_text(view.refunded)}"
    )
    click.echo(f"brought by {_way_text(view.announced_by)}; explained by {_way_text(view.explained_by)}")
    print_table(
        "Where it is",
        ("AMOUNT", "ACCOUNT", "INVOICE", "MEMBERSHIP", "MONTH", "REMITTANCE LINE", "WHERE", "REASON"),
        (
            (
                each.amount,
                each.account_id,
                each.invoice_id,
                each.membership_id,
                each.month,
                each.line,
                _where(each),
                each.reason,
            )
            for each in view.placements.items
        ),
        left_out=view.placements.left_out,
    )
    _print_postings("Journal", view.entries.items, left_out=view.entries.left_out)


def _where(piece: Placement) -> str:
    """Return where a piece lies."""
    if piece.reason is None:
        return "refund" if piece.is_refund else "income" if piece.is_income else "invoice"
    return "suspense" if piece.is_suspense else "unapplied"


def _way_text(way: WayBack | None) -> str:
    """Return a set as one finds it again."""
    return "nothing yet" if way is None else f"file {way.file_id}, set {way.isa13}/{way.gs06}/{way.st02}"


def _print_postings(title: str, postings: tuple[PostingLine, ...], *, left_out: int = 0) -> None:
    """Print postings in the order of their books."""
    print_table(
        title,
        ("BOOK", "NO.", "ON", "KIND", "LEDGER", "AMOUNT", "INVOICE", "MEMBERSHIP", "MONTH", "RECEIPT"),
        (
            (
                each.book,
                each.sequence,
                each.on,
                each.kind,
                each.posting.ledger,
                each.posting.amount,
                each.posting.invoice_id,
                each.posting.membership_id,
                each.posting.month,
                each.receipt_id,
            )
            for each in postings
        ),
        left_out=left_out,
    )
