"""A report as rows of typed cells with one header and a trailer that foots; each format writes these and no others.

HF-29: flat, numbers as numbers, ids as text with their zeros, one header row.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from gateway.domain.money import ZERO
from gateway.feeds.invoice_csv import guard_cell

Cell: TypeAlias = str | int | Decimal | date | None
TRAILER = "TRAILER"

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML, and so a workbook, cannot hold them


class Kind(StrEnum):
    """What a column holds; amounts and counts are added up in the trailer, everything else is not."""

    TEXT = "text"
    DAY = "day"
    NUMBER = "number"  # such as days: a sum of it means nothing
    COUNT = "count"
    AMOUNT = "amount"

    @property
    def is_summed(self) -> bool:
        """Whether the trailer adds it up."""
        return self in {Kind.COUNT, Kind.AMOUNT}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the header, and what it holds."""

    name: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Report:
    """A report: the first two columns are text, so that the trailer can name itself and count the rows there."""

    name: str
    as_of: date
    columns: tuple[Column, ...]
    rows: Iterable[tuple[Cell, ...]]

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)


class Footing:
    """Passes a report's rows on, one by one and safe to open, and knows their sums at the end."""

    def __init__(self, report: Report) -> None:
        """Take the report whose rows are to be written."""
        self._report = report
        self._sums: list[int | Decimal | None] = [_nothing(column.kind) for column in report.columns]
        self.count = 0

    def rows(self) -> Iterator[tuple[Cell, ...]]:
        """Yield every row with its text made harmless; nothing is held."""
        for row in self._report.rows:
            self.count += 1
            for n, column in enumerate(self._report.columns):
                value = row[n]
                if column.kind.is_summed and isinstance(value, int | Decimal):
                    self._sums[n] = (self._sums[n] or 0) + value
            yield tuple(harmless(cell) for cell in row)

    @property
    def trailer(self) -> tuple[Cell, ...]:
        """The last row: its name, how many rows there were, and the sum below every column that has one."""
        return (TRAILER, f"{self.count} row{'' if self.count == 1 else 's'}", *self._sums[2:])


def harmless(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet runs as a formula, and that every format can hold."""
    return guard_cell(_UNPRINTABLE.sub("\ufffd", cell)) if isinstance(cell, str) else cell


def as_plain(cell: Cell) -> str:
    """Return a cell as CSV and comparisons write it: ISO dates, two decimal places, nothing for None."""
    match cell:
        case None:
            return ""
        case date():
            return cell.isoformat()
        case Decimal():
            return f"{cell:.2f}"
    return str(cell)


def _nothing(kind: Kind) -> int | Decimal | None:
    """Return the sum of no rows."""
    if not kind.is_summed:
        return None
    return ZERO if kind is Kind.AMOUNT else 0
