"""A report as a workbook (XLSX) of one sheet: numbers and dates typed, ids as text, the trailer last.

It streams, so that memory does not grow with the report.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from gateway.errors import LimitExceeded
from gateway.feeds.report import Cell, Footing, Report

_ROWS_MAX = 1_048_576  # as many as a sheet can hold, header and trailer included
_AMOUNT = "#,##0.00"
_DAY = "yyyy-mm-dd"
_BOLD = Font(bold=True)


def write_report_xlsx(report: Report, out: BinaryIO) -> int:
    """Write a report to `out`; return how many rows there were. Raises LimitExceeded for more than a sheet holds."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(f"{report.name} {report.as_of.isoformat()}"[:31])
    sheet.freeze_panes = "A2"
    footing = Footing(report)
    sheet.append(list(_cells(sheet, report.header, is_bold=True)))
    for row in footing.rows():
        if footing.count > _ROWS_MAX - 2:
            raise LimitExceeded(f"the report has more than the {_ROWS_MAX - 2:,} rows of a sheet; write it as CSV")
        sheet.append(list(_cells(sheet, row)))
    sheet.append(list(_cells(sheet, footing.trailer, is_bold=True)))
    book.save(out)
    return footing.count


def _cells(sheet: Any, row: Iterable[Cell], *, is_bold: bool = False) -> Iterator[Any]:  # noqa: ANN401 - openpyxl's own
    """Yield the cells of a row, each of the type that a spreadsheet adds up, sorts and filters by."""
    for value in row:
        cell: Any = WriteOnlyCell(sheet, value=value)  # type: ignore[arg-type]  # the stubs forget date and Decimal
        if isinstance(value, str):
            cell.data_type = "s"  # text whatever it looks like: never a formula, an error or a number
        elif isinstance(value, Decimal):
            cell.number_format = _AMOUNT
        elif isinstance(value, date):
            cell.number_format = _DAY
        if is_bold:
            cell.font = _BOLD
        yield cell
