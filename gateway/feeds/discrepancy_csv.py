"""The discrepancy report of a full file that compares (BGN08 = 4): RFC 4180, UTF-8, one row per disagreement."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

from gateway.domain.review import Discrepancy
from gateway.feeds.invoice_csv import guard_cell

COLUMNS = (
    "transaction_set", "ins_ordinal", "subscriber_id", "member_name", "discrepancy", "insurance_line", "plan",
    "on_file", "in_the_file",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One disagreement as the partner reads it: ST02 of its set, and who is meant, where that person is on file."""

    st02: str
    found: Discrepancy
    member_name: str = field(default="", repr=False)


def render_discrepancies(lines: Iterable[ReportLine], out: BinaryIO) -> None:
    """Write the report to `out`, row by row: "missing here" is not on file with us, "missing there" not in the file."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    try:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for line in lines:
            writer.writerow([guard_cell(cell) for cell in _cells(line)])
    finally:
        text.detach()  # flushes, and leaves `out` open


def _cells(line: ReportLine) -> tuple[str, ...]:
    """Return the cells of one row in the order of COLUMNS."""
    found = line.found
    return (
        line.st02,
        "" if found.ordinal is None else str(found.ordinal),
        found.subscriber_id,
        line.member_name,
        found.kind.value,
        found.insurance_line,
        found.plan,
        found.on_file,
        found.sent,
    )
