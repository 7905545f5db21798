"""A rejects file says of each row why, and can be opened, corrected and sent back."""

import csv
import io

import pytest

from gateway.feeds.rejects_csv import RejectedRow, RejectOutcome, render_rejects

ROW = RejectedRow(7, RejectOutcome.REJECTED, ("A", "B"), ("First.", "Second."), ("C1", "ASHGROVE"))


def written(*rows: RejectedRow, **options) -> bytes:
    out = io.BytesIO()
    render_rejects(("ID", "Last"), rows, out, **options)
    assert not out.closed
    return out.getvalue()


def test_a_row_stands_with_its_number_codes_and_sentences():
    names = "\ufeffreject_row,reject_outcome,reject_code,reject_problem,ID,Last\r\n"
    assert f"{names}7,rejected,A; B,First. Second.,C1,ASHGROVE\r\n".encode() == written(ROW)


def test_what_is_said_of_the_whole_file_has_no_row_and_no_cells():
    lines = written(RejectedRow(0, RejectOutcome.HELD, ("OLD_FILE",), ("It is held.",))).decode().splitlines()
    assert ",held,OLD_FILE,It is held.,," == lines[1]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("-5", "-5"), ("+1 555", "'+1 555"), ("plain", "plain")],
)
def test_a_cell_that_a_spreadsheet_would_run_is_made_text(cell, shown):
    content = written(RejectedRow(1, RejectOutcome.REJECTED, ("A",), ("No.",), (cell, "")))
    assert shown == list(csv.reader(io.StringIO(content.decode())))[1][4]


def test_it_is_written_as_the_partner_writes():
    row = RejectedRow(1, RejectOutcome.REJECTED, ("A",), ("It's wrong.",), ("C1", "MÜLLER"))
    content = written(row, delimiter=";", quote="'", encoding="latin-1")
    assert b"1;rejected;A;'It''s wrong.';C1;M\xdcLLER\r\n" == content.splitlines(keepends=True)[1]


def test_bytes_that_could_not_be_decoded_do_not_stop_it():
    broken = b"M\xdcLLER".decode("utf-8", errors="surrogateescape")
    assert "M?LLER" in written(RejectedRow(1, RejectOutcome.REJECTED, ("A",), ("No.",), ("C1", broken))).decode()


def test_nothing_personal_shows_in_its_representation():
    assert "ASHGROVE" not in repr(ROW)
    assert "First." not in repr(ROW)
