"""Price files: effective-dated rows as CSV, read whole with every bad row named by its line (DOMAIN 8.1)."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import TypeVar

from gateway.configuration.toml_file import check_model, closest
from gateway.domain.age import AgeBand
from gateway.domain.mistake import Mistake
from gateway.partners.price_rows import KINDS, PriceRow, Rate

_DAY = timedelta(days=1)
_Row = TypeVar("_Row", bound=PriceRow)
_NOT_CSV = ("the file is not CSV in UTF-8", "save it as CSV in UTF-8")


def read_rates(path: Path, name: str) -> tuple[tuple[Rate, ...], list[Mistake]]:
    """Return the rows of the rate file at `path` and every mistake in it; see `read_rows`."""
    return read_rows(Rate, path, name)


def read_rows(model: type[_Row], path: Path, name: str) -> tuple[tuple[_Row, ...], list[Mistake]]:
    """Return the rows of the price file at `path` and every mistake in it; `name` is what the mistakes call the file.

    The file is UTF-8, with or without a byte order mark; its first row names the columns, in any order.
    """
    try:
        return parse_rows(model, path.read_bytes(), name)
    except OSError as error:
        return (), [Mistake(name, "", f"the file cannot be read ({error.strerror})", "write it, one row per price")]


def parse_rows(model: type[_Row], content: bytes, name: str) -> tuple[tuple[_Row, ...], list[Mistake]]:
    """Return the rows of a price file's bytes and every mistake in them, as `read_rows` does."""
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        return _read_rows(model, [(reader.line_num, cells) for cells in reader], name)
    except (UnicodeDecodeError, csv.Error):
        return (), [Mistake(name, "", *_NOT_CSV)]


def kind_of(content: bytes) -> str:
    """Return which of `KINDS` the first row of a price file's bytes says it is, or '' for none."""
    header = content.partition(b"\n")[0].decode("utf-8-sig", errors="replace")
    columns = {cell.strip() for cell in header.strip().split(",")}
    return next((kind for kind, model in KINDS.items() if set(model.needed) <= columns <= set(model.columns)), "")


def write_rows(model: type[PriceRow], rows: Iterable[PriceRow]) -> str:
    """Return rows as a price file: header, then the rows in order of what they are about and their first day."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(model.columns)
    writer.writerows(row.cells() for row in sorted(rows, key=lambda row: (row.key, row.starts_on)))
    return text.getvalue()


def _read_rows(
    model: type[_Row], rows: list[tuple[int, list[str]]], name: str
) -> tuple[tuple[_Row, ...], list[Mistake]]:
    """Return the rows of numbered lines, the header first, and every mistake in them."""
    header = tuple(cell.strip() for cell in rows[0][1]) if rows else ()
    wrong = list(_bad_header(model, header, name))
    if wrong:
        return (), wrong
    found: list[_Row] = []
    mistakes: list[Mistake] = []
    for line, cells in rows[1:]:
        if any(cell.strip() for cell in cells):
            row, wrong = _read_row(model, header, cells, f"line {line}", name)
            mistakes += wrong
            found += [row.on_line(line)] if row else []
    mistakes += _misplaced(model, found, name)
    mistakes += _bad_bands([row for row in found if isinstance(row, Rate)], name)
    return tuple(found), mistakes


def _bad_header(model: type[PriceRow], header: Sequence[str], name: str) -> Iterator[Mistake]:
    """Yield what is wrong with the names of the columns: strange files say so once, others name the column."""
    known = [column for column in header if column in model.columns]
    if len(known) < len(model.needed):
        problem = f"these are not the columns of a {model.noun} file"
        yield Mistake(name, "line 1", problem, f"write: {','.join(model.columns)}")
        return
    for column in sorted({each for each in header if header.count(each) > 1}):
        yield Mistake(name, f"line 1, {column}", "the column is there twice", "keep one")
    for column in [each for each in header if each not in model.columns]:
        yield Mistake(name, f"line 1, {column}", "there is no such column", closest(column, model.columns))
    for column in [each for each in model.needed if each not in header]:
        yield Mistake(name, f"line 1, {column}", "the column is missing", f"write: {','.join(model.columns)}")


def _read_row(
    model: type[_Row], header: Sequence[str], cells: Sequence[str], place: str, name: str
) -> tuple[_Row | None, list[Mistake]]:
    """Return one row, or the mistakes in it."""
    if len(cells) != len(header):
        problem = f"the row has {len(cells)} fields, not {len(header)}"
        return None, [Mistake(name, place, problem, "write every field; leave ends_on empty if it is open")]
    values = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
    row, mistakes = check_model(model, {column: value for column, value in values.items() if value}, name)
    return row, [
        Mistake(name, f"{place}, {each.key}" if each.key else place, each.problem, each.remedy) for each in mistakes
    ]


def _misplaced(model: type[PriceRow], rows: Iterable[PriceRow], name: str) -> Iterator[Mistake]:
    """Yield rows that end before they start, and gaps and overlaps between rows about the same thing."""
    noun = model.noun
    ordered = sorted(rows, key=lambda row: (row.key, row.starts_on))
    for row in ordered:
        if row.ends_on is not None and row.ends_on < row.starts_on:
            key = f"line {row.line}, ends_on"
            yield Mistake(name, key, f"the {noun} ends before it starts", "swap or correct the dates")
    for _, same in groupby(ordered, key=lambda row: row.key):
        for earlier, later in pairwise(same):
            ends_on: date = earlier.ends_on or later.starts_on - _DAY
            key = f"line {later.line}, starts_on"
            if later.starts_on == earlier.starts_on or ends_on >= later.starts_on:
                yield Mistake(
                    name, key, f"it overlaps the {noun} of line {earlier.line}", "end that one the day before"
                )
            elif ends_on + _DAY < later.starts_on and not model.may_pause:
                last = later.starts_on - _DAY
                yield Mistake(name, key, f"no {noun} holds from {ends_on + _DAY} through {last}", "close the gap")


def _bad_bands(rows: Sequence[Rate], name: str) -> Iterator[Mistake]:
    """Yield bands of one plan that share an age or leave one out, and plans priced by age and by tier at once."""
    told: set[int] = set()
    for plan in sorted({row.plan for row in rows if AgeBand.parse(row.tier) is not None}):
        of_plan = [row for row in rows if row.plan == plan]
        for day in sorted({row.starts_on for row in of_plan}):
            for row, problem, remedy in _bad_on(_in_force(of_plan, day)):
                if row.line not in told:
                    told.add(row.line)
                    yield Mistake(name, f"line {row.line}, tier", f"from {day} on, {problem}", remedy)


def _bad_on(rows: Sequence[Rate]) -> Iterator[tuple[Rate, str, str]]:
    """Yield the rows of one plan in force on one day that do not go together: row, problem, remedy."""
    bands = sorted(
        ((band.low, band, row) for row in rows if (band := AgeBand.parse(row.tier)) is not None),
        key=lambda each: (each[0], each[2].line),
    )
    if bands:
        for row in (row for row in rows if AgeBand.parse(row.tier) is None):
            yield row, "the plan is priced by tier and by age", "end the rows of one kind the day before"
    for (_, earlier, before), (low, _, row) in pairwise(bands):
        if earlier.high is None or low <= earlier.high:
            yield row, f"the band shares ages with line {before.line}", "correct one of the two"
        elif low > earlier.high + 1:
            yield row, f"no band holds for ages {earlier.high + 1} through {low - 1}", "close the gap"


def _in_force(rows: Iterable[Rate], day: date) -> list[Rate]:
    """Return the row of each tier that holds on `day`, the latest to begin."""
    found: dict[str, Rate] = {}
    for row in sorted(rows, key=lambda row: row.starts_on):
        if row.starts_on <= day and (row.ends_on is None or day <= row.ends_on):
            found[row.tier] = row
    return list(found.values())
