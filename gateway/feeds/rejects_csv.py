"""The rejects file: the rows of a census that were refused, each with why, to be corrected and sent again.

Personal throughout, as what it answers is: it goes to the partner whose rows they are and nowhere else.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO

from gateway.feeds.invoice_csv import guard_cell

COLUMNS = ("reject_row", "reject_outcome", "reject_code", "reject_problem")
"""What stands before the partner's own columns; no partner calls its own so, so that a corrected file may keep them."""

_BYTE_ORDER_MARK = "\ufeff"  # or a spreadsheet takes UTF-8 for something else


class RejectOutcome(StrEnum):
    """What became of a row."""

    REJECTED = "rejected"
    HELD = "held"  # nothing of the file is applied until a person of ours looked: not to be sent again
    NOTED = "noted"  # it was applied, and there is something to say of it


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One row with everything found on it; `number` 0 means the file as a whole. Cells and texts are personal."""

    number: int
    outcome: RejectOutcome
    codes: tuple[str, ...]
    problems: tuple[str, ...] = field(repr=False)
    cells: tuple[str, ...] = field(default=(), repr=False)


def render_rejects(
    columns: Sequence[str],
    rows: Iterable[RejectedRow],
    out: BinaryIO,
    *,
    delimiter: str = ",",
    quote: str = '"',
    encoding: str = "utf-8",
) -> None:
    """Write the rows to `out` below a line of names.

    Delimiter, quote and encoding are those of the partner's own files, so that it can send back what it corrected.
    Cells that a spreadsheet would run as a formula get a quote in front, which our reader takes away again.
    """
    text = io.TextIOWrapper(out, encoding=encoding, errors="replace", newline="")
    try:
        if encoding == "utf-8":
            text.write(_BYTE_ORDER_MARK)
        writer = csv.writer(text, delimiter=delimiter, quotechar=quote, lineterminator="\r\n")
        writer.writerow([*COLUMNS, *(guard_cell(_printable(name)) for name in columns)])
        for row in rows:
            ours = (str(row.number or ""), row.outcome.value, "; ".join(row.codes), " ".join(row.problems))
            cells = (*row.cells, *("",) * (len(columns) - len(row.cells)))
            writer.writerow([guard_cell(_printable(cell)) for cell in (*ours, *cells)])
    finally:
        text.detach()  # flushes, and leaves `out` open


def _printable(cell: str) -> str:
    """Return a cell without what could not be decoded when it was read."""
    return cell.encode("utf-8", errors="replace").decode()
