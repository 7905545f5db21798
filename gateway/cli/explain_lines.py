"""How each line of an invoice comes about, computed again before it is shown (IA-05, IA-48)."""

import click

from gateway.billing.explain import NEW_AMOUNT, Explanation, explain
from gateway.cli.tables import as_text
from gateway.ports.queries import BilledLine, InvoiceView, Json, to_json


def print_explained(view: InvoiceView) -> int:
    """Print the explanation of each line shown; return how many do not give their line's amount."""
    wrong = 0
    for each in view.lines.items:
        found = explain(each.line)
        wrong += not found.recomputes
        click.echo("\n" + "\n".join(_lines_of(each, found)))
    if view.lines.left_out:
        click.echo(f"\n… and {view.lines.left_out} more: --line N explains one of them, `gateway prove` looks at all")
    if wrong:
        click.echo(f"\n!!! {wrong} of these lines do not explain their amount: report this, and do not send the bill")
    return wrong


def explained_json(view: InvoiceView) -> Json:
    """Return the explanations as JSON."""
    return {
        "invoice_id": view.invoice.id,
        "lines": [_json_of(each, explain(each.line)) for each in view.lines.items],
        "total": view.lines.total,
    }


def _lines_of(billed: BilledLine, found: Explanation) -> list[str]:
    """Return the block of one line, label by label."""
    line = billed.line
    what = "fee" if line.is_fee else line.line_type
    tier = f" {line.tier}" if line.tier else ""
    told = {
        "rate": f"{as_text(line.rate)} a month" + (f", from {line.priced_by}" if line.priced_by else ""),
        "days": f"{line.days_covered} of {line.days_in_month}",
        "formula": f"{found.arithmetic} = {as_text(found.value) if found.value is not None else '?'}",
        **_words(found),
        "because": line.reason,
        "corrects": line.corrects_invoice_id,
        "underwriter": line.legal_entity,
        "employer": as_text(line.employer_share) if line.employer_share is not None else "",
        "caused by": _cause(billed),
        "!!! WRONG": found.fault,
    }
    head = (
        f"line {line.number}  {what}  membership {line.membership_id}  {line.product}{tier}  {line.month}  "
        f"{as_text(line.amount)}"
    )
    return [head, *(f"  {label:<12}{text}" for label, text in told.items() if text)]


def _words(found: Explanation) -> dict[str, str]:
    """Return what the words after the arithmetic say: how the new amount of an adjustment comes about, or a reason."""
    if found.words.startswith(NEW_AMOUNT):
        return {"due now": found.words.removeprefix(NEW_AMOUNT)}
    return {"that is": found.words}


def _cause(billed: BilledLine) -> str:
    """Return the way back to the segment."""
    way = billed.caused_by
    if way is None:
        return billed.line.source
    segment = f", segment {way.position}" if way.position else ""
    which = f"set {way.isa13}/{way.gs06}/{way.st02}, member loop {way.ordinal}"
    return f"file {way.file_id} ({way.file_name}), {which}{segment}"


def _json_of(billed: BilledLine, found: Explanation) -> Json:
    """Return one line with its explanation."""
    shown = to_json(billed)
    value = to_json(found.value)
    explanation: Json = {
        "arithmetic": found.arithmetic,
        "words": found.words,
        "value": value,
        "recomputes": found.recomputes,
        "fault": found.fault,
    }
    return {**shown, "explanation": explanation} if isinstance(shown, dict) else shown
