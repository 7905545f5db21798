"""Rows of a census file, one at a time: CSV and fixed width, with a limit on everything a sender decides.

What makes one row unreadable stands in that row (`Row.problem`); what makes the file unreadable from there on is an
`Unreadable`, and nothing follows it.
"""

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import BinaryIO, TypeAlias

from gateway.transactions.census_compile import span_of
from gateway.transactions.census_layout import Encoding, Layout

_BOM = "\ufeff"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\udc80-\udcff]")  # the last are bytes that the encoding does not know
_FORMULA = re.compile(r"=")
_GUARDED = re.compile(r"'(?=[=+\-@])")  # the quote by which a rejects file keeps a spreadsheet from running a cell
LINE = "line"
"""What the only column of a file of fixed width is called where its rows are shown."""


@dataclass(frozen=True, slots=True)
class CensusLimits:
    """What is larger is refused with a reason."""

    row_bytes: int = 4_194_304
    unpacked_bytes: int = 512_000_000  # of a workbook, which is packed
    part_bytes: int = 64_000_000  # of each part of a workbook that is held whole, such as its strings
    columns: int = 1_024
    cell_characters: int = 32_767  # as many as a spreadsheet can hold


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet counts, from 1, and its cells, trimmed. All of it is personal.

    `problem` says why nothing of it can be read; `shown` is what the partner gets back when the row is rejected.
    """

    number: int
    cells: tuple[str, ...] = field(repr=False)
    problem: str = ""
    line: str = field(default="", repr=False)  # of a file of fixed width, as it was sent

    @property
    def shown(self) -> tuple[str, ...]:
        """The row as it was sent, for whoever must correct it."""
        return (self.line,) if self.line else self.cells


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a file cannot be read, or not beyond this row; `number` 0 means the file as a whole."""

    message: str
    number: int = 0


Rows: TypeAlias = Iterator[Row | Unreadable]


@dataclass(frozen=True, slots=True)
class Table:
    """An opened file: the names of its columns, and its rows below them."""

    names: tuple[str, ...]
    rows: Rows = field(repr=False)
    shown: tuple[str, ...] = ()  # the names of `Row.shown`


def read_csv(stream: BinaryIO, layout: Layout, limits: CensusLimits) -> Table | Unreadable:
    """Return the columns and rows of a CSV file."""
    form = layout.csv
    if stream.read(len(_UTF_16[0])) in _UTF_16:
        return Unreadable(f"The file was saved as UTF-16 (Unicode text): save it as {form.encoding.upper()}.")
    stream.seek(0)
    lines = _Lines(stream, form.encoding, limits.row_bytes)
    delimiter, quote = form.marks
    reader = csv.reader(lines, delimiter=delimiter, quotechar=quote)
    return with_header(_csv_rows(reader, lines), form.header_row, limits, is_ragged=True)


def _csv_rows(reader: Iterator[list[str]], lines: "_Lines") -> Rows:
    """Yield every row as it was sent."""
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error:
            yield Unreadable(
                f"From row {number} on this is no CSV: a quote is never closed, a cell has more than "
                f"{csv.field_size_limit():,} characters, or rows do not end with a line feed.",
                number,
            )
            return
        if lines.is_cut:
            yield lines.too_long(number)
            return
        if cells is None:
            return
        yield Row(number, tuple(cells))


def read_fixed(stream: BinaryIO, layout: Layout, limits: CensusLimits) -> Table:
    """Return the rows of a file of fixed width, cut at the layout's places and between them."""
    spans = [span for span in map(span_of, layout.places()) if span is not None]
    covered = {0, *(position for first, last in spans for position in range(first, last + 1))}
    end = max(covered)
    edges = [position for position in range(1, end + 1) if (position in covered) != (position - 1 in covered)]
    begins = [position for position in edges if position not in covered]
    spans += [(first, next(edge for edge in edges if edge > first) - 1) for first in begins]
    names = (*(f"{first}-{last}" for first, last in spans), f"{end + 1}-")
    lines = _Lines(stream, layout.fixed.encoding, limits.row_bytes)

    def rows() -> Rows:
        number = 0
        for number, line in enumerate(lines, start=1):
            text = line.rstrip("\r\n")
            cells = (*(text[first - 1 : last].strip() for first, last in spans), text[end:].strip())
            yield _judged(Row(number, cells, line=text), limits)
        if lines.is_cut:
            yield lines.too_long(number + 1)

    return Table(names, (row for row in rows() if isinstance(row, Unreadable) or any(row.cells)), (LINE,))


class _Lines:
    """Lines of text, none longer than the limit; after one that is, `is_cut` is set and nothing follows."""

    def __init__(self, stream: BinaryIO, encoding: Encoding, limit: int) -> None:
        self._stream = stream
        self._encoding = encoding
        self._limit = limit
        self._is_first = True
        self.is_cut = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._stream.readline(self._limit + 1)
        self.is_cut = len(line) > self._limit
        if not line or self.is_cut:
            raise StopIteration
        text = line.decode(self._encoding, errors="surrogateescape")
        if self._is_first:
            self._is_first = False
            text = text.removeprefix(_BOM)
        return text

    def too_long(self, number: int) -> Unreadable:
        """Return that a row is longer than the limit."""
        return Unreadable(f"Row {number} has more than {self._limit:,} bytes: is this the file that was meant?", number)


def with_header(rows: Rows, header_row: int, limits: CensusLimits, *, is_ragged: bool) -> Table | Unreadable:
    """Return a table whose names stand in `header_row`, or are 1, 2, 3 ... where that is 0.

    `is_ragged`: a row with fewer cells than there are names is a fault, because cells may have been lost.
    """
    first: Row | Unreadable | None = next(islice(rows, max(header_row - 1, 0), None), None)
    if isinstance(first, Unreadable):
        return first
    if first is None:
        return Unreadable("The file holds no row." if header_row < 2 else f"The file has no row {header_row}.")
    if len(first.cells) > limits.columns:
        return Unreadable(f"The file has more than {limits.columns:,} columns.")
    if not header_row:
        names = tuple(str(number) for number in range(1, len(first.cells) + 1))
        rows = chain((first,), rows)
    else:
        names = tuple(" ".join(cell.split()) for cell in first.cells)
        while names and not names[-1]:
            names = names[:-1]

    def below() -> Rows:
        for row in rows:
            if isinstance(row, Unreadable):
                yield row
            elif row.problem or any(cell.strip() for cell in row.cells):
                yield _judged(_fitted(row, len(names), is_ragged=is_ragged), limits)

    return Table(names, below(), names)


def _fitted(row: Row, width: int, *, is_ragged: bool) -> Row:
    """Return a row with trimmed cells, as many as there are columns; one that has others says so."""
    cells = tuple(_GUARDED.sub("", cell.strip(), count=1) for cell in row.cells)
    while len(cells) > width and not cells[-1]:
        cells = cells[:-1]
    problem = row.problem
    if len(cells) > width or (is_ragged and len(cells) < width):
        problem = f"The row has {len(cells)} cells where there are {width} columns."
    return Row(row.number, cells + ("",) * (width - len(cells)), problem)


def _judged(row: Row, limits: CensusLimits) -> Row:
    """Return the row, with a problem when one of its cells is too long or holds what no cell may hold."""
    if row.problem:
        return row
    problem = ""
    for number, cell in enumerate(row.cells, start=1):
        if len(cell) > limits.cell_characters:
            problem = f"Cell {number} of the row has more than {limits.cell_characters:,} characters."
        elif _UNPRINTABLE.search(cell):
            problem = (
                f"Cell {number} of the row holds characters that are no text: was the file saved in the encoding that "
                "was agreed?"
            )
        elif _FORMULA.match(cell):
            problem = f"Cell {number} of the row is a formula: send its value."
        if problem:
            return Row(row.number, row.cells, problem, row.line)
    return row
