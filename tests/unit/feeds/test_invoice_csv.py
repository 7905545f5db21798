"""The CSV list bill, read by Python's own reader (DOMAIN 10)."""

import csv
import io

import pytest

from gateway.feeds.invoice_csv import COLUMNS, guard_cell, render_csv


def rows(statement) -> list[list[str]]:
    out = io.BytesIO()
    render_csv(statement, out)
    return list(csv.reader(io.StringIO(out.getvalue().decode("utf-8"), newline=""), strict=True))


def test_the_columns_are_those_of_the_agreed_layout(statement):
    assert [
        "invoice_id", "account_id", "group_name", "bill_group", "coverage_month", "line_type", "member_ref",
        "subscriber_name", "plan", "tier", "lives", "rate", "days_covered", "days_in_month", "amount",
        "original_invoice", "reason", "due_date",
    ] == rows(statement())[0]  # fmt: skip


def test_a_row_is_an_invoice_line_with_ids_as_text_and_iso_dates(statement):
    assert {
        "invoice_id": "INV000000007",
        "account_id": "000123",
        "group_name": "Acme Corp",
        "bill_group": "MAIN",
        "coverage_month": "2025-11",
        "line_type": "RETRO_CHANGE",
        "member_ref": "0S100",
        "subscriber_name": "ALPHA, ANN",
        "plan": "GOLD",
        "tier": "EMP",
        "lives": "1",
        "rate": "600.00",
        "days_covered": "30",
        "days_in_month": "30",
        "amount": "-40.00",
        "original_invoice": "INV000000006",
        "reason": "billed at another amount",
        "due_date": "2025-12-16",
    } == dict(zip(COLUMNS, rows(statement())[1], strict=True))


def test_the_last_row_counts_and_adds_up_the_rows(statement):
    assert ["TRAILER", "2", "560.00"] == rows(statement())[-1]


def test_lines_end_with_cr_lf_and_a_cell_with_a_comma_is_quoted(statement):
    out = io.BytesIO()
    render_csv(statement(), out)
    assert 4 == out.getvalue().count(b"\r\n") == out.getvalue().count(b"\n")
    assert b',"ALPHA, ANN",' in out.getvalue()


@pytest.mark.parametrize("name", ['A "B" C', "two\r\nlines", "a,b;c", "Łódź", " "])
def test_any_name_comes_back_as_it_was(name, statement):
    assert name == rows(statement(account_name=name))[1][2]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+15551234", "'+15551234"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("-40.00", "-40.00"),
        ("0123", "0123"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_a_cell_that_a_spreadsheet_would_run_is_disarmed_and_a_number_is_not(cell, shown):
    assert shown == guard_cell(cell)


def test_every_text_cell_is_guarded(statement):
    first = rows(statement(account_name="=1+1", subscriber="@x"))[1]
    assert ("'=1+1", "'@x", "-40.00") == (first[2], first[7], first[14])
