"""The CSV list bill: RFC 4180, UTF-8, one row per invoice line and a trailer (DOMAIN 10)."""

import csv
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from gateway.domain.money import ZERO
from gateway.errors import InvariantBroken
from gateway.feeds.statement import FeedLine, FeedTotals, InvoiceStatement, Tally, agree, read_amount

COLUMNS = (
    "invoice_id", "account_id", "group_name", "bill_group", "coverage_month", "line_type", "member_ref",
    "subscriber_name", "plan", "tier", "lives", "rate", "days_covered", "days_in_month", "amount",
    "original_invoice", "reason", "due_date",
)  # fmt: skip
TRAILER = "TRAILER"

_AMOUNT = COLUMNS.index("amount")
_FORMULA = re.compile(r"[=+\-@\t\r]")  # a spreadsheet runs a cell that begins so (tab and return are trimmed first)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def render_csv(statement: InvoiceStatement, out: BinaryIO) -> FeedTotals:
    """Write the list bill to `out`, row by row; see `statement.Render`."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    try:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        tally = Tally()
        for entry in statement.lines:
            tally.add(entry.line)
            writer.writerow([guard_cell(cell) for cell in _cells(statement, entry)])
        tally.prove(statement.invoice)
        writer.writerow((TRAILER, str(tally.totals.rows), str(tally.totals.total)))
    finally:
        text.detach()  # flushes, and leaves `out` open
    return tally.totals


def verify_csv(stream: BinaryIO) -> FeedTotals:
    """Re-add rows and amounts of a list bill and hold them against its trailer; see `statement.Verify`."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
    try:
        return _count(csv.reader(text, strict=True))
    except (csv.Error, ValueError) as error:
        raise InvariantBroken(f"the invoice feed cannot be read back: {type(error).__name__}") from error
    finally:
        text.detach()


def guard_cell(cell: str) -> str:
    """Return `cell` with a quote in front where a spreadsheet would run it as a formula; numbers stay as they are."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def _cells(statement: InvoiceStatement, entry: FeedLine) -> tuple[str, ...]:
    """Return the cells of one line in the order of COLUMNS, all as text: ids keep their zeros, dates are ISO."""
    invoice, line = statement.invoice, entry.line
    return (
        invoice.id,
        invoice.account_id,
        statement.account_name,
        statement.bill_group,
        str(line.month),
        line.line_type.value,
        entry.member_ref,
        entry.subscriber_name,
        line.product,
        line.tier,
        str(line.lives),
        str(line.rate),
        str(line.days_covered),
        str(line.days_in_month),
        str(line.amount),
        line.corrects_invoice_id,
        line.reason,
        invoice.due_on.isoformat(),
    )


def _count(rows: Iterator[list[str]]) -> FeedTotals:
    """Return the totals of the rows between header and trailer, which must state the same."""
    if tuple(next(rows, ())) != COLUMNS:
        raise InvariantBroken("the invoice feed does not begin with its header")
    total = ZERO
    for count, row in enumerate(rows):
        if len(row) == len(COLUMNS):
            total += read_amount(row[_AMOUNT])
        elif row[:1] == [TRAILER] and len(row) == 3 and next(rows, None) is None:
            return agree(FeedTotals(int(row[1]), read_amount(row[2])), FeedTotals(count, total))
        else:
            raise InvariantBroken(f"row {count + 1} of the invoice feed is neither a line nor the only trailer")
    raise InvariantBroken("the invoice feed has no trailer")
