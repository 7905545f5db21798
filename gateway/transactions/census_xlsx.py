"""Rows of a workbook (XLSX), through openpyxl in its streaming mode, behind a look at the package itself.

A workbook is packed and holds XML, so that a small file may ask for any amount of memory. Before openpyxl sees it,
every part is unpacked once in small pieces and held against the limits (DOMAIN 11.9): sizes, document types, and how
far the ends of rows and strings may lie apart, since a row is what openpyxl holds in memory.
"""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain
from typing import IO, BinaryIO

from openpyxl import load_workbook
from openpyxl.cell.cell import TYPE_ERROR, TYPE_FORMULA
from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell

from gateway.transactions.census_layout import Layout, folded
from gateway.transactions.census_rows import CensusLimits, Row, Rows, Table, Unreadable, with_header

# openpyxl warns about dates it cannot read and quotes them: what is in a cell is nobody's but the partner's.
warnings.filterwarnings("ignore", module=r"openpyxl\.")

_PIECE = 1 << 16
_PARTS_MAX = 1_000
_ROWS_MAX = 1_048_576  # as many as a spreadsheet can hold
_STRINGS_MAX = 4_000_000
_END = re.compile(rb"</(?:\w+:)?(row|si)\s*>|<(?:\w+:)?(row|si)(?:\s[^<>]*)?/>")
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")
# XML in an encoding that the looks below would see nothing in: no spreadsheet writes any but UTF-8.
_HIDDEN = re.compile(rb"\xff\xfe|\xfe\xff|<\0|\0<|(?:\xef\xbb\xbf)?<\?xml[^>]*encoding\s*=\s*[\"'](?!(?i:utf-8)[\"'])")
_LONGEST_END = 256  # bytes of a match that may be cut in two by the end of a piece
_SHEETS = "xl/worksheets/"
_NO_WORKBOOK = "The file is no XLSX workbook: save it as .xlsx, without a password."
_BROKEN = "The workbook cannot be read: open it, save it again as .xlsx and send it anew."


def read_xlsx(stream: BinaryIO, layout: Layout, limits: CensusLimits) -> Table | Unreadable:
    """Return the columns and rows of one sheet of a workbook."""
    refusal = _inspect(stream, limits)
    if refusal:
        return Unreadable(refusal)
    stream.seek(0)
    try:
        book = load_workbook(stream, read_only=True, data_only=False, keep_links=False)
    except Exception:  # openpyxl raises whatever it stumbles over, and quotes it
        return Unreadable(_BROKEN)
    wanted = layout.xlsx.sheet
    sheet = next((each for each in book.worksheets if not wanted or folded(each.title) == folded(wanted)), None)
    if sheet is None:
        return Unreadable(f"The workbook has no sheet {wanted!r}." if wanted else "The workbook has no sheet.")
    sheet.reset_dimensions()  # what a workbook says of its own size is its sender's word
    rows = _rows(sheet.iter_rows(), limits.columns)  # type: ignore[arg-type]  # the stubs know whole books only
    return with_header(rows, layout.xlsx.header_row, limits, is_ragged=False)


def _rows(rows: Iterator[tuple[ReadOnlyCell | EmptyCell, ...]], columns_max: int) -> Rows:
    """Yield every row of a sheet."""
    number = 0
    while True:
        number += 1
        try:
            cells = next(rows, None)
        except Exception:  # as above
            yield Unreadable(_BROKEN, number)
            return
        if cells is None:
            return
        if number > _ROWS_MAX:
            yield Unreadable(f"The sheet has more than {_ROWS_MAX:,} rows.", number)
            return
        if len(cells) > columns_max:
            yield Row(number, (), f"The row has more than {columns_max:,} columns.")
            continue
        texts, problem = [], ""
        for place, cell in enumerate(cells, start=1):
            if cell.data_type == TYPE_FORMULA:
                problem = f"Cell {place} of the row is a formula: send its value."
            elif cell.data_type == TYPE_ERROR:
                problem = f"Cell {place} of the row shows an error of the spreadsheet."
            texts.append(_text(cell.value))
        yield Row(number, tuple(texts), problem)


def _text(value: object) -> str:
    """Return what a cell holds as one would write it: dates YYYY-MM-DD, numbers without an exponent."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time.min else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{Decimal(str(value)):f}"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value)


def _inspect(stream: BinaryIO, limits: CensusLimits) -> str:
    """Return why a package is not to be opened, or ''."""
    try:
        with zipfile.ZipFile(stream) as package:
            parts = package.infolist()
            if len(parts) > _PARTS_MAX or any(part.flag_bits & 1 for part in parts):
                return _NO_WORKBOOK
            if sum(part.file_size for part in parts) > limits.unpacked_bytes:
                return (
                    f"Unpacked the workbook has more than {limits.unpacked_bytes:,} bytes: send it as CSV, or in parts."
                )
            for part in parts:
                with package.open(part) as content:
                    head = content.read(_PIECE)
                    refusal = _inspect_head(head, part)
                    if not refusal and _XML.match(head):
                        refusal = _inspect_part(head, content, part, limits)
                if refusal:
                    return refusal
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError):
        return _NO_WORKBOOK
    return ""


def _inspect_head(head: bytes, part: zipfile.ZipInfo) -> str:
    """Return why the beginning of a part shows that it is not to be read, or ''."""
    is_bad = _HIDDEN.match(head) or (not _XML.match(head) and part.filename.endswith((".xml", ".rels")))
    return _BROKEN if is_bad else ""


def _inspect_part(head: bytes, content: IO[bytes], part: zipfile.ZipInfo, limits: CensusLimits) -> str:
    """Return why a part of XML is not to be read, or ''; it is never read beyond the size that it declares."""
    if not part.filename.startswith(_SHEETS) and part.file_size > limits.part_bytes:
        return f"A part of the workbook has more than {limits.part_bytes:,} bytes: send it as CSV, or in parts."
    ends_max = {b"row": _ROWS_MAX, b"si": _STRINGS_MAX}
    since_end, tail = 0, b""
    for piece in chain((head,), iter(lambda: content.read(_PIECE), b"")):
        window = tail + piece
        if b"<!DOCTYPE" in window or b"<!ENTITY" in window:
            return "The workbook holds a document type, which no spreadsheet writes: it is not opened."
        since_end += len(piece)
        for end in _END.finditer(window, max(len(tail) - _LONGEST_END, 0)):
            if end.end() > len(tail):
                since_end = len(window) - end.end()
                ends_max[end[1] or end[2]] -= 1
        if min(ends_max.values()) < 0:
            return f"A sheet has more than {_ROWS_MAX:,} rows, or the workbook more than {_STRINGS_MAX:,} texts."
        if since_end > limits.row_bytes and part.file_size > limits.row_bytes:
            return f"A row of the workbook has more than {limits.row_bytes:,} bytes: is this the file that was meant?"
        tail = window[-_LONGEST_END:]
    return ""
