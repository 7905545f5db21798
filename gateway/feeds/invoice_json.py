"""The JSON invoice: one object, one text line per invoice line (docs/schemas/invoice-feed.schema.json).

Amounts are strings with two decimals, so that no reader turns cents into binary fractions. The layout of text lines
lets a feed of any length be written and proved line by line.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, BinaryIO

from gateway.billing.statement import Statement
from gateway.domain.money import ZERO
from gateway.errors import InvariantBroken
from gateway.feeds.statement import FeedLine, FeedTotals, InvoiceStatement, Tally, agree, read_amount

FORMAT = "invoice-feed/1"

_HEAD_END = b', "lines": [\n'
_TAIL_START = b'], "summary": '


def render_json(statement: InvoiceStatement, out: BinaryIO) -> FeedTotals:
    """Write the invoice to `out`, line by line; see `statement.Render`."""
    out.write(_encode(_header(statement))[:-1] + _HEAD_END)
    tally = Tally()
    separator = b""
    for entry in statement.lines:
        tally.add(entry.line)
        out.write(separator + _encode(_line(entry)))
        separator = b",\n"
    summary = _summary(tally, tally.prove(statement.invoice))
    out.write(b"\n" + _TAIL_START + _encode(summary) + b"}\n")
    return tally.totals


def verify_json(stream: BinaryIO) -> FeedTotals:
    """Re-add lines and amounts and hold them against the summary; see `statement.Verify`."""
    try:
        return _count(iter(stream))
    except (ValueError, KeyError, TypeError) as error:
        raise InvariantBroken(f"the invoice feed cannot be read back: {type(error).__name__}") from error


def _count(texts: Iterator[bytes]) -> FeedTotals:
    """Return the totals of the lines between head and summary, which must state the same."""
    if not next(texts, b"").endswith(_HEAD_END):
        raise InvariantBroken("the invoice feed does not begin with its header")
    count, total = 0, ZERO
    for text in texts:
        if text.startswith(_TAIL_START):
            summary = json.loads(text[len(_TAIL_START) :].rstrip()[:-1])
            if next(texts, None) is not None:
                raise InvariantBroken("the invoice feed goes on after its summary")
            return agree(FeedTotals(summary["rows"], read_amount(summary["total"])), FeedTotals(count, total))
        if line := text.strip().removesuffix(b","):
            count += 1
            total += read_amount(json.loads(line)["amount"])
    raise InvariantBroken("the invoice feed has no summary")


def _header(statement: InvoiceStatement) -> dict[str, Any]:
    """Return what stands above the lines."""
    invoice = statement.invoice
    return {
        "format": FORMAT,
        "invoice_id": invoice.id,
        "account_id": invoice.account_id,
        "group_name": statement.account_name,
        "bill_group": statement.bill_group,
        "bill_date": invoice.bill_on.isoformat(),
        "due_date": invoice.due_on.isoformat(),
        "cutoff_date": invoice.cutoff_on.isoformat(),
        "notes": asdict(statement.notes),
    }


def _line(entry: FeedLine) -> dict[str, Any]:
    """Return one line; its fields are named as the columns of the CSV."""
    line = entry.line
    return {
        "coverage_month": str(line.month),
        "line_type": line.line_type.value,
        "member_ref": entry.member_ref,
        "subscriber_name": entry.subscriber_name,
        "plan": line.product,
        "tier": line.tier,
        "lives": line.lives,
        "rate": str(line.rate),
        "days_covered": line.days_covered,
        "days_in_month": line.days_in_month,
        "amount": str(line.amount),
        "original_invoice": line.corrects_invoice_id,
        "reason": line.reason,
        "legal_entity": line.legal_entity,
        "is_fee": line.is_fee,
        "employer_share": None if line.employer_share is None else str(line.employer_share),
    }


def _summary(tally: Tally, statement: Statement) -> dict[str, Any]:
    """Return the totals and the figures of the statement: previous - payments + adjustments + current = due.

    `pending` is announced and no part of what is due; `legal_entities` together are the total (HN-17).
    """
    return {
        "rows": tally.totals.rows,
        "total": str(tally.totals.total),
        "previous_balance": str(statement.previous_balance),
        "payments": str(statement.payments),
        "adjustments": str(statement.adjustments),
        "current": str(statement.current),
        "due": str(statement.due),
        "pending": str(statement.pending),
        "legal_entities": [{"name": name, "total": str(total)} for name, total in tally.legal_entities.items()],
    }


def _encode(value: dict[str, Any]) -> bytes:
    """Return `value` as JSON on one text line."""
    return json.dumps(value, ensure_ascii=False).encode()
