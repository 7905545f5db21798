"""A consolidated bill as a feed: a sub-total for each account and the whole, as CSV and JSON (DOMAIN 10).

The lines are in the feeds of the accounts' own bills; this one says what to pay under one number (REF*2F of an 820).
"""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias

from gateway.billing.statement import Statement
from gateway.domain.bill_run import ConsolidatedBill
from gateway.domain.charge import Invoice
from gateway.domain.money import ZERO
from gateway.errors import InvariantBroken
from gateway.feeds.invoice_csv import TRAILER, guard_cell
from gateway.feeds.statement import FeedTotals, agree, read_amount

FORMAT = "consolidated-feed/1"
COLUMNS = (
    "consolidated_id", "account_id", "group_name", "invoice_id", "due_date", "previous_balance", "payments",
    "adjustments", "current", "due", "amount",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AccountBill:
    """One account's bill on a consolidated one."""

    invoice: Invoice
    account_name: str
    statement: Statement


Render: TypeAlias = Callable[[ConsolidatedBill, Sequence[AccountBill], BinaryIO], FeedTotals]


def render_csv(bill: ConsolidatedBill, accounts: Sequence[AccountBill], out: BinaryIO) -> FeedTotals:
    """Write one row for each account and a trailer; raises InvariantBroken unless they add up to the bill."""
    totals = _totals(bill, accounts)
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    try:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for each in accounts:
            cells = {"consolidated_id": bill.id, **_account(each)}
            writer.writerow([guard_cell(str(cells[column])) for column in COLUMNS])
        writer.writerow((TRAILER, str(totals.rows), str(totals.total)))
    finally:
        text.detach()  # flushes, and leaves `out` open
    return totals


def verify_csv(stream: BinaryIO) -> FeedTotals:
    """Re-add the rows and hold them against the trailer."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    try:
        header, *rows, trailer = list(csv.reader(text, strict=True))
        if tuple(header) != COLUMNS or trailer[0] != TRAILER:
            raise InvariantBroken("the consolidated feed has no header or no trailer")
        counted = FeedTotals(len(rows), sum((read_amount(row[-1]) for row in rows), ZERO))
        return agree(FeedTotals(int(trailer[1]), read_amount(trailer[2])), counted)
    except (csv.Error, ValueError, IndexError) as error:
        raise InvariantBroken(f"the consolidated feed cannot be read back: {type(error).__name__}") from error
    finally:
        text.detach()


def render_json(bill: ConsolidatedBill, accounts: Sequence[AccountBill], out: BinaryIO) -> FeedTotals:
    """Write the bill as one object; raises InvariantBroken unless its accounts add up to it."""
    totals = _totals(bill, accounts)
    document = {
        "format": FORMAT,
        "consolidated_id": bill.id,
        "bill_date": bill.bill_on.isoformat(),
        "accounts": [_account(each) for each in accounts],
        "summary": {"rows": totals.rows, "total": str(totals.total)},
    }
    out.write(json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n")
    return totals


def verify_json(stream: BinaryIO) -> FeedTotals:
    """Re-add the accounts and hold them against the summary."""
    try:
        document = json.load(stream)
        amounts = [read_amount(each["amount"]) for each in document["accounts"]]
        written = FeedTotals(document["summary"]["rows"], read_amount(document["summary"]["total"]))
    except (ValueError, KeyError, TypeError) as error:
        raise InvariantBroken(f"the consolidated feed cannot be read back: {type(error).__name__}") from error
    return agree(written, FeedTotals(len(amounts), sum(amounts, ZERO)))


def _totals(bill: ConsolidatedBill, accounts: Sequence[AccountBill]) -> FeedTotals:
    """Return how many bills there are and what they come to; raises InvariantBroken unless that is the whole."""
    total = sum((each.invoice.total for each in accounts), ZERO)
    if (len(accounts), total) != (len(bill.invoice_ids), bill.total):
        raise InvariantBroken(f"the {len(accounts)} bills on {bill.id} come to {total}, it says {bill.total}")
    return FeedTotals(len(accounts), total)


def _account(each: AccountBill) -> dict[str, Any]:
    """Return one account's figures by their names; `amount` is what its bill of this time comes to."""
    its = each.statement
    return {
        "account_id": each.invoice.account_id,
        "group_name": each.account_name,
        "invoice_id": each.invoice.id,
        "due_date": each.invoice.due_on.isoformat(),
        "previous_balance": str(its.previous_balance),
        "payments": str(its.payments),
        "adjustments": str(its.adjustments),
        "current": str(its.current),
        "due": str(its.due),
        "amount": str(each.invoice.total),
    }
