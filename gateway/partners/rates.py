"""Rate files: effective-dated tier prices as CSV, read whole with every bad row named by its line (DOMAIN 8.1)."""

import csv
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby, pairwise
from pathlib import Path

from gateway.configuration.toml_file import check_model
from gateway.domain.mistake import Mistake
from gateway.partners.billing import Rate

COLUMNS = tuple(Rate.model_fields)
_DAY = timedelta(days=1)


def read_rates(path: Path, name: str) -> tuple[tuple[Rate, ...], list[Mistake]]:
    """Return the rows of the rate file at `path` and every mistake in it; `name` is what the mistakes call the file.

    The file is UTF-8, with or without a byte order mark; its first row names the columns.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            return _read_rows([(reader.line_num, cells) for cells in reader], name)
    except OSError as error:
        return (), [Mistake(name, "", f"the file cannot be read ({error.strerror})", "write it, one row per price")]
    except (UnicodeDecodeError, csv.Error):
        return (), [Mistake(name, "", "the file is not CSV in UTF-8", "save it as CSV in UTF-8")]


def _read_rows(rows: list[tuple[int, list[str]]], name: str) -> tuple[tuple[Rate, ...], list[Mistake]]:
    """Return the rates of numbered rows, the header first, and every mistake in them."""
    header = tuple(cell.strip() for cell in rows[0][1]) if rows else ()
    if header != COLUMNS:
        return (), [Mistake(name, "line 1", "these are not the columns of a rate file", f"write: {','.join(COLUMNS)}")]
    numbered: list[tuple[int, Rate]] = []
    mistakes: list[Mistake] = []
    for line, cells in rows[1:]:
        if any(cell.strip() for cell in cells):
            rate, wrong = _read_row(cells, name, line)
            mistakes += wrong
            numbered += [(line, rate)] if rate else []
    mistakes += _misplaced(numbered, name)
    return tuple(rate for _, rate in numbered), mistakes


def _read_row(cells: list[str], name: str, line: int) -> tuple[Rate | None, list[Mistake]]:
    """Return one row as a rate, or the mistakes in it."""
    if len(cells) != len(COLUMNS):
        problem = f"the row has {len(cells)} fields, not {len(COLUMNS)}"
        return None, [Mistake(name, f"line {line}", problem, "write every field; leave ends_on empty if it is open")]
    values = {column: cell.strip() or None for column, cell in zip(COLUMNS, cells, strict=True)}
    rate, mistakes = check_model(Rate, {column: value for column, value in values.items() if value}, name)
    return rate, [Mistake(name, f"line {line}, {each.key}", each.problem, each.remedy) for each in mistakes]


def _misplaced(numbered: Iterable[tuple[int, Rate]], name: str) -> Iterator[Mistake]:
    """Yield rows that end before they start, and gaps and overlaps between rows of one plan and tier."""

    def product(row: tuple[int, Rate]) -> tuple[str, str]:
        return row[1].plan, row[1].tier

    ordered = sorted(numbered, key=lambda row: (product(row), row[1].starts_on))
    for line, rate in ordered:
        if rate.ends_on is not None and rate.ends_on < rate.starts_on:
            yield Mistake(name, f"line {line}, ends_on", "the rate ends before it starts", "swap or correct the dates")
    for _, rows in groupby(ordered, key=product):
        for (line, earlier), (later_line, later) in pairwise(rows):
            ends_on: date = earlier.ends_on or later.starts_on - _DAY
            key = f"line {later_line}, starts_on"
            if later.starts_on == earlier.starts_on or ends_on >= later.starts_on:
                yield Mistake(name, key, f"it overlaps the rate of line {line}", "end that one the day before")
            elif ends_on + _DAY < later.starts_on:
                last = later.starts_on - _DAY
                yield Mistake(name, key, f"no rate holds from {ends_on + _DAY} through {last}", "close the gap")
