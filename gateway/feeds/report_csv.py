"""A report as CSV: RFC 4180, UTF-8, one header row, the trailer last."""

import csv
import io
from typing import BinaryIO

from gateway.feeds.report import Footing, Report, as_plain


def write_report_csv(report: Report, out: BinaryIO) -> int:
    """Write a report to `out`, row by row; return how many rows there were."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    try:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(report.header)
        footing = Footing(report)
        for row in footing.rows():
            writer.writerow(map(as_plain, row))
        writer.writerow(map(as_plain, footing.trailer))
    finally:
        text.detach()  # flushes, and leaves `out` open
    return footing.count
