"""The reports: to the cent, as of any day, the same in every format, safe to open (DOMAIN 8.6, 9.5, 9.6, 12)."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from gateway.domain.charge import LineType
from gateway.domain.remittance import UnplacedReason
from gateway.feeds.report import Column, Footing, Kind, Report, as_plain
from gateway.feeds.report_csv import write_report_csv
from gateway.feeds.report_xlsx import write_report_xlsx
from gateway.pipeline.reports import REPORTS
from tests.integration.books import Books, aging_example

AS_OF = "2025-12-15"


@pytest.fixture
def books(house) -> Books:
    house.clock.instant = datetime(2025, 12, 15, 9, tzinfo=UTC)
    return Books(house.plant.open_unit)


@pytest.fixture
def report(gateway):
    """Call `gateway report` as CSV; returns the rows as dicts, and the trailer."""

    def call(name, *words, as_of=AS_OF):
        done = gateway("report", name, "--as-of", as_of, "--format", "csv", *words)
        assert 0 == done.exit_code, done.output
        *rows, trailer = csv.DictReader(io.StringIO(done.stdout))
        assert "TRAILER" == next(iter(trailer.values()))
        return rows, trailer

    return call


# --- aging


def test_the_aging_of_the_worked_example_is_right_to_the_cent(books, report):
    """DOMAIN 9.5, HN-13: invoices by bucket; unapplied beside, never netted; exposure net."""
    aging_example(books)
    rows, trailer = report("aging", "--by", "invoice")
    found = [(each["due_on"], each["open"], each["days"], each["bucket"]) for each in rows if each["due_on"]]
    assert [
        ("2025-09-01", "150.00", "105", "91-120"),
        ("2025-10-01", "75.00", "75", "61-90"),
        ("2025-11-01", "600.00", "44", "31-60"),
        ("2025-12-01", "1240.00", "14", "1-30"),
        ("2026-01-01", "3720.00", "-17", "not due"),
    ] == found
    assert ("5785.00", "2065.00", "250.00", "5535.00") == tuple(
        trailer[name] for name in ("open", "past_due", "unapplied", "net_exposure")
    )


def test_an_account_is_one_row_with_a_column_for_each_bucket(books, report):
    """HF-14: the row's buckets foot to what is open."""
    aging_example(books)
    (row,), trailer = report("aging")
    buckets = [row[name] for name in ("not due", "1-30", "31-60", "61-90", "91-120", "over 120")]
    assert ["3720.00", "1240.00", "600.00", "75.00", "150.00", "0.00"] == buckets
    assert Decimal(row["open"]) == sum(map(Decimal, buckets))
    assert ("G001234", "acme", "250.00") == (row["account_id"], row["partner_id"], row["unapplied"])
    assert ("1 row", row["open"]) == (trailer["partner_id"], trailer["open"])


def test_a_past_day_gives_the_figures_as_they_were_then(books, report):
    aging_example(books)
    _, before = report("aging", as_of="2025-12-09")
    assert ("2065.00", "0.00") == tuple(before[name] for name in ("open", "unapplied"))
    rows, _ = report("aging", "--by", "invoice", as_of="2025-11-30")
    assert [("INV20251201", "3720.00"), ("INV20251101", "600.00")] == [
        (each["item"], each["open"]) for each in reversed(rows) if each["due_on"] > "2025-10-31"
    ]


def test_a_credit_bill_stands_beside_and_is_in_no_bucket(books, report):
    books.bill("INV1", "600.00", due="2025-12-01")
    books.bill("INV2", "-200.00", due="2025-12-10", kind=LineType.RETRO_TERM)
    (row,), _ = report("aging")
    assert ("600.00", "200.00", "400.00") == (row["open"], row["credits"], row["net_exposure"])


# --- money


def test_suspense_ages_from_the_day_of_its_deposit(books, report):
    """HF-15: 30, 31, 60 and 61 days fall into the right bucket."""
    for on in ("2025-11-15", "2025-11-14", "2025-10-16", "2025-10-15"):
        books.pay("10.00", on, account="")
    rows, trailer = report("suspense")
    found = sorted((int(each["days"]), each["bucket"], each["reasons"]) for each in rows)
    assert [(30, "1-30"), (31, "31-60"), (60, "31-60"), (61, "61-90")] == [each[:2] for each in found]
    assert {"NO_ACCOUNT"} == {each[2] for each in found}
    assert "40.00" == trailer["suspense"]


def test_the_money_of_every_receipt_foots(books, report):
    """HF-11: received = applied + unapplied + suspense + refunded."""
    books.bill("INV1", "600.00", due="2025-12-01")
    books.pay("597.50", "2025-12-01", invoice="INV1", write_off="2.50")
    books.pay("100.00", "2025-12-02")
    books.pay("33.33", "2025-12-03", account="")
    rows, trailer = report("cash")
    for row in (*rows, trailer):
        parts = sum(Decimal(row[name]) for name in ("applied", "unapplied", "suspense", "refunded"))
        assert Decimal(row["received"]) == parts
    assert ("730.83", "597.50") == (trailer["received"], trailer["applied"])
    unmatched, total = report("unmatched")
    assert [("unapplied", "100.00", "OVERPAID"), ("suspense", "33.33", "NO_ACCOUNT")] == [
        (each["where"], each["amount"], each["reasons"]) for each in unmatched
    ]
    assert "133.33" == total["amount"]
    assert [] == report("cash", as_of="2025-11-30")[0]


# --- paid against billed


def test_paid_against_billed_foots_at_every_level(books, report):
    """HF-27: billed + adjusted = paid + written off + open, per row and in the trailer, at each level alike."""
    lines = (("M1", "GOLD", "620.00"), ("M1", "DENTAL", "40.01"), ("M2", "GOLD", "1240.00"), ("M2", "DENTAL", "80.00"))
    books.bill("INV1", "1980.01", due="2025-12-01", lines=lines)
    books.bill("INV2", "-40.01", due="2025-12-10", lines=(("M1", "DENTAL", "-40.01"),), kind=LineType.RETRO_TERM)
    books.pay("1317.49", "2025-12-02", invoice="INV1", membership="M2", month="2025-12", write_off="2.51")
    books.pay("100.00", "2025-12-03", invoice="INV1")
    trailers = []
    for by in ("plan", "account", "policy", "member"):
        rows, trailer = report("paid-vs-billed", "--by", by)
        for row in (*rows, trailer):
            owed = Decimal(row["billed"]) + Decimal(row["adjusted"])
            assert owed == sum(Decimal(row[name]) for name in ("paid", "written_off", "open"))
        trailers.append({name: trailer[name] for name in ("billed", "adjusted", "paid", "written_off", "open")})
    assert [trailers[0]] * 4 == trailers
    assert ("1980.01", "-40.01", "1417.49", "2.51", "520.00") == tuple(trailers[0].values())
    by_member, _ = report("paid-vs-billed", "--by", "member")
    assert {"M2": "yes", "M1": ""} == {each["membership_id"]: each["agrees"] for each in by_member}


def test_one_missing_one_extra_and_one_different_line_are_exactly_three_variances(house, books, report):
    """HF-06: an 820 list bill through the stations; matched + variances = everything that was paid."""
    four = (("M1", "620.00"), ("M2", "1240.00"), ("M3", "1860.00"), ("M4", "620.00"))
    books.bill("INV1", "4340.00", due="2025-12-01", lines=tuple((who, "GOLD", amount) for who, amount in four))
    for who, amount in (("M1", "620.00"), ("M3", "1857.00"), ("M4", "620.00")):
        books.pay(amount, "2025-12-02", invoice="INV1", membership=who, month="2025-12")
    books.pay("99.00", "2025-12-02", reason=UnplacedReason.NO_MEMBER, line=7)
    rows, trailer = report("variances")
    assert [
        ("matched", "", "1240.00", "1240.00"),
        ("missing", "M2", "1240.00", "0.00"),
        ("different", "M3", "1860.00", "1857.00"),
        ("extra", "", "0.00", "99.00"),
    ] == [(each["variance"], each["membership_id"], each["billed"], each["paid"]) for each in rows]
    assert "RCPT4 line 7: NO_MEMBER" == rows[-1]["remittance_line"]
    assert ("4340.00", "3196.00", "-1144.00") == tuple(trailer[name] for name in ("billed", "paid", "difference"))
    assert trailer["paid"] == report("cash")[1]["received"]


# --- delinquency and paid-through


def test_paid_through_stops_at_the_gap_and_jumps_when_it_is_filled(books, report):
    """DOMAIN 9.6, HN-12."""
    for number, month in enumerate(("2025-09", "2025-10", "2025-11", "2025-12"), start=1):
        books.bill(f"INV{number}", "1240.00", due=f"{month}-01", month=month)
        books.pay("640.00" if month == "2025-11" else "1240.00", f"{month}-01", invoice=f"INV{number}")
    (row,), _ = report("delinquency")
    assert "2025-10-31" == row["paid_through"]
    books.pay("600.00", "2025-12-14", invoice="INV3")
    (row,), _ = report("delinquency")
    assert "2025-12-31" == row["paid_through"]
    (then,), _ = report("delinquency", as_of="2025-12-13")
    assert "2025-10-31" == then["paid_through"]


def test_delinquency_tells_amount_days_bucket_grace_and_next_notice(books, report):
    """HN-13, HF-21: the aging example, and a step that explains its inputs."""
    aging_example(books)
    (row,), _ = report("delinquency")
    assert ("2065.00", "105", "91-120") == (row["past_due"], row["days_past_due"], row["bucket"])
    assert ("2025-09-01", "2025-10-02") == (row["in_arrears_since"], row["grace_ends_on"])
    assert "send the final notice" == row["recommended"]
    assert "105 days past due" in row["because"]


def test_the_grace_of_the_december_invoice_ends_on_the_first_of_january(books, report):
    """DOMAIN 9.5: due + 31."""
    books.bill("INV20251201", "1240.00", due="2025-12-01")
    (row,), _ = report("delinquency")
    assert ("IN_GRACE", "2026-01-01") == (row["state"], row["grace_ends_on"])


# --- formats


@pytest.mark.parametrize("name", REPORTS)
def test_table_csv_and_workbook_agree_to_the_cell(name, books, report, gateway, tmp_path):
    aging_example(books)
    books.pay("77.00", "2025-12-05", account="", trace="000123")
    rows, trailer = report(name)
    out = tmp_path / "report.xlsx"
    done = gateway("report", name, "--as-of", AS_OF, "--format", "xlsx", "--out", str(out))
    assert 0 == done.exit_code, done.output
    sheet = load_workbook(out).worksheets[0]
    header, *cells = [[_read_back(cell) for cell in row] for row in sheet.iter_rows()]
    assert list(trailer) == header
    assert [list(each.values()) for each in (*rows, trailer)] == cells
    table = gateway("report", name, "--as-of", AS_OF).stdout
    for each in (*rows, trailer):
        assert [cell for cell in each.values() if cell and cell not in table and _spaced(cell) not in table] == []


def _spaced(cell: str) -> str:
    """An amount as people read it."""
    return f"{Decimal(cell):,.2f}" if cell.replace(".", "").replace("-", "").isdecimal() else cell


def _read_back(cell) -> str:
    value = cell.value
    if isinstance(value, datetime):
        return value.date().isoformat()
    if cell.number_format == "#,##0.00":
        return f"{Decimal(str(value)):.2f}"
    return "" if value is None else str(value)


def test_ids_keep_their_zeros_and_nothing_is_run_as_a_formula(tmp_path):
    """HF-29: ids as text, numbers as numbers; a cell beginning with = + - @ is text."""
    evil = ("=1+1", "+SUM(A1)", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "000123", "-17", "a\x00b")
    made = Report("x", date(2025, 12, 15), (Column("id"), Column("what"), Column("n", Kind.AMOUNT)), ())
    rows = [("007", each, Decimal("1.10")) for each in evil]

    def fresh():
        return Report(made.name, made.as_of, made.columns, iter(rows))

    text, book = io.BytesIO(), io.BytesIO()
    write_report_csv(fresh(), text)
    write_report_xlsx(fresh(), book)
    in_csv = list(csv.reader(io.StringIO(text.getvalue().decode(), newline="")))[1:-1]
    sheet = load_workbook(io.BytesIO(book.getvalue())).worksheets[0]
    cells = list(sheet.iter_rows(min_row=2))[:-1]
    assert [row[1] for row in in_csv] == [row[1].value for row in cells]
    assert ["'=1+1", "'+SUM(A1)", "'-cmd|' /C calc'!A0", "'@SUM(A1)", "'\t=1", "000123", "-17", "a\ufffdb"] == [
        row[1] for row in in_csv
    ]
    assert {"s"} == {row[n].data_type for row in cells for n in (0, 1)}
    assert {"n"} == {row[2].data_type for row in cells}
    assert Decimal("8.80") == round(sum(Decimal(str(row[2].value)) for row in cells), 2)
    trailer = [cell.value for cell in sheet[sheet.max_row]]
    assert ["TRAILER", "8 rows", 8.8] == trailer


def test_a_report_streams_its_rows():
    """No row is asked for before the one before it was taken."""
    taken = []

    def rows():
        for n in range(3):
            taken.append(n)
            yield (str(n), "", Decimal(n))

    footing = Footing(Report("x", date(2025, 12, 15), (Column("a"), Column("b"), Column("c", Kind.AMOUNT)), rows()))
    stream = footing.rows()
    next(stream)
    assert [0] == taken
    list(stream)
    assert ("TRAILER", "3 rows", "3.00") == tuple(map(as_plain, footing.trailer))


def test_a_report_that_cannot_be_written_leaves_the_old_file(books, gateway, tmp_path, monkeypatch):
    aging_example(books)
    out = tmp_path / "aging.csv"
    out.write_text("yesterday")

    def breaks(*_):
        raise OSError("no space")

    monkeypatch.setattr("gateway.cli.report._WRITERS", {"csv": breaks})
    with pytest.raises(OSError, match="no space"):
        gateway("report", "aging", "--format", "csv", "--out", str(out))
    assert ["aging.csv"] == [path.name for path in tmp_path.iterdir()]
    assert "yesterday" == out.read_text()


@pytest.mark.parametrize(
    "words",
    [("aging", "--by", "plan"), ("cash", "--format", "xlsx"), ("cash", "--out", "x.txt"), ("nothing",)],
)
def test_a_wrong_call_ends_with_usage(words, gateway):
    assert 2 == gateway("report", *words).exit_code


def test_a_payment_is_seen_by_another_connection_right_after_its_commit(books, report, house):
    """There is no cache: the report reads the journal."""
    books.bill("INV1", "600.00", due="2025-12-01")
    (before,), _ = report("delinquency")
    books.pay("600.00", "2025-12-15", invoice="INV1")
    with house.app.queries.reading_reports(date(2025, 12, 15)) as reader:
        (history,) = reader.histories()
    assert ("PAST_DUE", 1) == (before["state"].replace("IN_GRACE", "PAST_DUE"), len(history.settled))
    (after,), _ = report("delinquency")
    assert ("CURRENT", "0.00") == (after["state"], after["past_due"])
