"""A workbook is read like any other census; one that asks for too much is refused with a reason before it is opened."""

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from gateway.transactions.census import check_census, read_census
from gateway.transactions.census_compile import check_layout
from gateway.transactions.census_layout import Layout
from gateway.transactions.census_rows import CensusLimits

NAMES = ("ID", "Who", "Born", "Plan", "Start", "Rate")
ROW = ("C1", "Y", date(1980, 2, 3), "GOLD", datetime(2026, 1, 1), 620)
LAYOUT = """
layout = "own"
formats = ["xlsx"]
[xlsx]
sheet = "{sheet}"
[member]
subscriber_id = {{ place = "ID", digits = {digits} }}
is_subscriber = "Who"
maintenance = {{ constant = "021" }}
[person]
birth_date = "Born"
[[coverage]]
maintenance = {{ constant = "021" }}
insurance_line = {{ constant = "HLT" }}
plan = "Plan"
begins_on = "Start"
premium = "Rate"
"""
BROKEN = "The workbook cannot be read: open it, save it again as .xlsx and send it anew."
NO_WORKBOOK = "The file is no XLSX workbook: save it as .xlsx, without a password."


@pytest.fixture
def layout(tmp_path: Path) -> Callable[..., Layout]:
    def layout(sheet: str = "", digits: int = 0) -> Layout:
        path = tmp_path / "own.toml"
        path.write_text(LAYOUT.format(sheet=sheet, digits=digits))
        compiled, mistakes = check_layout(path)
        assert [] == mistakes
        return compiled

    return layout


def workbook(*rows: tuple[object, ...], title: str = "People") -> bytes:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in (NAMES, *rows):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def changed(content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """A workbook whose parts were changed by hand."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    change(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def in_sheet(old: bytes, new: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[SHEET]
        parts[SHEET] = parts[SHEET].replace(old, new, 1)

    return change


def read(layout: Layout, content: bytes, **options):
    return list(read_census(io.BytesIO(content), layout, "xlsx", **options)[1])


def why(layout: Layout, content: bytes, **options) -> str:
    """Why a workbook is refused as a whole."""
    (finding,) = check_census(io.BytesIO(content), layout, "xlsx", **options).findings
    assert "UNREADABLE_FILE" == finding.code
    return finding.message


def test_dates_and_numbers_are_read_as_one_would_write_them(layout):
    (request,) = read(layout(), workbook((*ROW[:5], 1450.5)))
    (cover,) = request.coverages
    assert (date(1980, 2, 3), date(2026, 1, 1), "1450.50") == (
        request.person.birth_date, cover.begins_on, str(cover.premium)
    )  # fmt: skip


@pytest.mark.parametrize(("cell", "subscriber"), [(17, "000000017"), (17.0, "000000017"), ("00-17", "000000017")])
def test_an_id_that_a_spreadsheet_took_for_a_number_gets_its_zeros_back(layout, cell, subscriber):
    (request,) = read(layout(digits=9), workbook((cell, *ROW[1:])))
    assert subscriber == request.subscriber_id


def test_the_sheet_that_was_agreed_is_read(layout):
    assert 1 == len(read(layout(sheet="people"), workbook(ROW)))
    assert "The workbook has no sheet 'Census'." == why(layout(sheet="Census"), workbook(ROW))


def test_empty_rows_between_count_as_rows(layout):
    (request,) = read(layout(), workbook((), (None, None), ROW))
    assert 4 == request.position


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("=1+1", "Cell 1 of the row is a formula: send its value."),
        ('=HYPERLINK("http://x.example")', "Cell 1 of the row is a formula: send its value."),
        ("#REF!", "Cell 1 of the row shows an error of the spreadsheet."),
        ("A" * 32_767, "`ID` is not a text of at most 80 characters."),
    ],
)
def test_a_cell_that_is_no_value_refuses_its_row_only(layout, cell, sentence):
    bad, good = read(layout(), workbook((cell, *ROW[1:]), ROW))
    assert ([sentence], "C1") == ([finding.message for finding in bad.findings], good.subscriber_id)


@pytest.mark.parametrize(
    "formula", [ArrayFormula("A2", "=1+1"), DataTableFormula("A2")], ids=["of an array", "of a table of data"]
)
def test_a_formula_of_any_kind_refuses_its_row_only(layout, formula):
    bad, good = read(layout(), workbook((formula, *ROW[1:]), ROW))
    assert ("Cell 1 of the row is a formula: send its value.", "C1") == (bad.findings[0].message, good.subscriber_id)


@pytest.mark.filterwarnings("ignore:Cell .* is marked as a date")
def test_a_date_that_no_calendar_has_refuses_its_row_only(layout):
    content = changed(workbook(ROW, ROW), in_sheet(b"<v>29254</v>", b"<v>99999999999</v>"))
    bad, good = read(layout(), content)
    assert "Cell 3 of the row shows an error of the spreadsheet." == bad.findings[0].message
    assert "C1" == good.subscriber_id


def test_a_row_far_below_or_far_to_the_right_is_refused_without_filling_memory(layout):
    far = changed(workbook(ROW), in_sheet(b"</sheetData>", b'<row r="99999999999"><c r="A9"/></row></sheetData>'))
    assert "The sheet has more than 1,048,576 rows." == why(layout(), far)
    wide = changed(workbook(ROW), in_sheet(b"</sheetData>", b'<row r="3"><c r="ZZZ3"><v>1</v></c></row></sheetData>'))
    (_, bad) = read(layout(), wide)
    assert "The row has more than 1,024 columns." == bad.findings[0].message


def bomb(parts: dict[str, bytes]) -> None:
    parts[SHEET] += b" " * 20_000_000


def nested(parts: dict[str, bytes]) -> None:
    parts[SHEET] = parts[SHEET].replace(b"</sheetData>", b"<row>" + b"<c/>" * 2_000_000 + b"</row></sheetData>")


def many_rows(parts: dict[str, bytes]) -> None:
    parts[SHEET] = parts[SHEET].replace(b"</sheetData>", b"<row/>" * 1_048_577 + b"</sheetData>")


def big_part(parts: dict[str, bytes]) -> None:
    parts["xl/styles.xml"] += b" " * 2_000_000


def document_type(parts: dict[str, bytes]) -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    parts[SHEET] = laughs + parts[SHEET]


def hidden_by_its_encoding(parts: dict[str, bytes]) -> None:
    parts[SHEET] = parts[SHEET].decode().encode("utf-16")


def declared_in_another_encoding(parts: dict[str, bytes]) -> None:
    parts[SHEET] = b'<?xml version="1.0" encoding="cp037"?>' + parts[SHEET]


def declared_in_an_encoding_that_would_do(parts: dict[str, bytes]) -> None:
    parts[SHEET] = b'<?xml version="1.0" encoding="iso-8859-1"?>' + parts[SHEET]


def cut_off(parts: dict[str, bytes]) -> None:
    parts[SHEET] = parts[SHEET][: len(parts[SHEET]) // 2]


def without_its_book(parts: dict[str, bytes]) -> None:
    del parts["xl/workbook.xml"]


HOSTILE = {
    bomb: "Unpacked the workbook has more than 20,000,000 bytes: send it as CSV, or in parts.",
    nested: "A row of the workbook has more than 4,194,304 bytes: is this the file that was meant?",
    many_rows: "A sheet has more than 1,048,576 rows, or the workbook more than 4,000,000 texts.",
    big_part: "A part of the workbook has more than 1,000,000 bytes: send it as CSV, or in parts.",
    document_type: "The workbook holds a document type, which no spreadsheet writes: it is not opened.",
    hidden_by_its_encoding: BROKEN,
    declared_in_another_encoding: BROKEN,
    declared_in_an_encoding_that_would_do: BROKEN,
    cut_off: BROKEN,
    without_its_book: BROKEN,
}


@pytest.mark.parametrize("change", list(HOSTILE), ids=lambda change: change.__name__)
def test_a_hostile_or_broken_workbook_is_refused_with_a_reason(layout, change):
    limits = CensusLimits(unpacked_bytes=20_000_000, part_bytes=1_000_000)
    assert HOSTILE[change] == why(layout(), changed(workbook(ROW), change), limits=limits)


@pytest.mark.parametrize("content", [b"", b"ID,Who\n", b"PK\x03\x04 and nothing more", b"\xd0\xcf\x11\xe0" * 200])
def test_what_is_no_workbook_is_refused_with_a_reason(layout, content):
    assert NO_WORKBOOK == why(layout(), content)


def test_a_workbook_that_says_it_is_smaller_than_it_is_is_refused(layout):
    content = bytearray(changed(workbook(ROW), bomb))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as package:
        size = package.getinfo(SHEET).file_size.to_bytes(4, "little")
    assert 2 == content.count(size)
    assert NO_WORKBOOK == why(layout(), bytes(content).replace(size, (500).to_bytes(4, "little")))
