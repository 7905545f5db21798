"""A census goes the whole way: what an 834 says, a CSV, a text of fixed width and a workbook say too."""

import csv
import io
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest

from gateway.bootstrap import App, open_app
from gateway.domain.exchange import DocumentKind
from gateway.domain.finding import Finding
from gateway.ports.clock import FixedClock
from gateway.settings import Home, packaged_mappings, packaged_partners

GOLDEN = Path(__file__).parents[1] / "golden" / "census"
OCTOBER = datetime(2025, 10, 23, 9, tzinfo=UTC)
NOVEMBER = datetime(2025, 11, 21, 9, tzinfo=UTC)
SETTINGS = """
database_url = "sqlite:///gateway.db"

[identity]
id = "EXAMPLEHEALTH"
name = "Example Health Plan"
"""
AGREED = {
    "834": "",
    "csv": '[census]\nlayout = "people"\nformat = "csv"\nfiles = ["*.CSV"]\n',
    "txt": '[census]\nlayout = "people-fixed"\nformat = "fixed"\nfiles = ["*.txt"]\npolicy = "G001234"\n',
    "xlsx": '[census]\nlayout = "people"\nformat = "xlsx"\nfiles = ["*.xlsx"]\n',
}


@dataclass(frozen=True)
class House:
    """A home whose partner acme agreed on one kind of census."""

    app: App
    folder: Path

    def ingest(self, name: str, content: bytes):
        path = self.folder / name
        path.write_bytes(content)
        arrival = self.app.ingest(path, "acme")
        self.app.runner().drain()
        return self.app.file(arrival.file_id)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self.app.home.path / "gateway.db")
        try:
            return sorted(connection.execute(query).fetchall(), key=repr)
        finally:
            connection.close()

    def findings(self, file_id: str) -> list[Finding]:
        with self.app.plant.open_unit() as unit:
            return [
                finding
                for interchange in unit.exchanges.interchanges(file_id)
                for group in unit.exchanges.groups(interchange.id)
                for record in unit.exchanges.sets(group.id)
                for finding in unit.exchanges.findings(set_id=record.id)
            ]

    def set_state(self, file_id: str) -> tuple[str, str]:
        (row,) = self.rows(f"SELECT state, reason FROM transaction_sets WHERE file_id = '{file_id}'")
        return row

    def documents(self, file_id: str) -> dict[str, bytes]:
        found = self.rows(f"SELECT kind, kept_path FROM documents WHERE subject_id = '{file_id}'")
        return {kind: (self.app.home.path / path).read_bytes() for kind, path in found}


@pytest.fixture
def make_house(tmp_path):
    houses = []

    def make(kind: str) -> House:
        home = Home(tmp_path / kind)
        shutil.copytree(packaged_mappings(), home.mappings)
        shutil.copytree(packaged_partners(), home.partners)
        home.settings_file.write_text(SETTINGS)
        profile = home.partners / "acme" / "profile.toml"
        profile.write_text(f"{profile.read_text()}\n{AGREED[kind]}")
        house = House(open_app(home, FixedClock(OCTOBER)), tmp_path)
        houses.append(house)
        house.app.upgrade()
        return house

    yield make
    for house in houses:
        house.app.database.close()


def workbook(text: bytes) -> bytes:
    """The same table as a workbook, as people keep it: dates as dates, SSNs as numbers, a title above nothing."""
    book = openpyxl.Workbook()
    sheet = book.active
    for number, row in enumerate(csv.reader(io.StringIO(text.decode()))):
        cells: list[object] = list(row)
        if number:
            cells[6] = int(row[6].replace("-", ""))
            for at in (7, 11, 12):
                cells[at] = datetime.strptime(row[at], "%m/%d/%Y") if row[at] else None
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def golden(stem: str, kind: str) -> bytes:
    content = (GOLDEN / f"{stem}.{'csv' if kind == 'xlsx' else kind}").read_bytes()
    return workbook(content) if kind == "xlsx" else content


SAME = {
    "accounts": "SELECT * FROM accounts",
    "memberships": "SELECT id, partner_id, account_id, subscriber_id, status, termination_reason, policy "
    "FROM memberships",
    "members": "SELECT id, membership_id, is_subscriber, relationship, benefit_status, last_name, first_name, "
    "middle_name, suffix, ssn, other_id, birth_date, gender, street, city, state, postal_code, language, contacts "
    "FROM members",  # and not what no rule reads, which each format has its own words for
    "coverages": "SELECT line_id, member_id, membership_id, insurance_line, plan, level, starts_on, ends_before, "
    "status, known_at, superseded_at, premium, billable_before FROM coverages",
    "membership_events": "SELECT event, membership_id, member_id, effective_on, ordinal, reason FROM membership_events",
    "membership_log": "SELECT membership_id, at, event, outcome, processing_on, cutoff_on FROM membership_log",
    "invoice_requests": "SELECT account_id, status, processing_on, cutoff_on FROM invoice_requests",
    "invoice_lines": "SELECT line_type, membership_id, product, tier, month, amount FROM invoice_lines",
}


def the_whole_way(house: House, kind: str) -> dict[str, list[tuple[object, ...]]]:
    assert "acknowledged" == house.ingest(f"people.{kind}", golden("people", kind)).state
    house.app.bill(date(2025, 11, 10))
    house.app.runner().drain()
    house.app.plant.clock.instant = NOVEMBER
    assert "acknowledged" == house.ingest(f"changes.{kind}", golden("changes", kind)).state
    house.app.bill(date(2025, 12, 10))
    house.app.runner().drain()
    return {table: house.rows(query) for table, query in SAME.items()}


def test_the_same_people_as_834_csv_fixed_width_and_workbook_give_the_same_rows(make_house):
    told = {kind: the_whole_way(make_house(kind), kind) for kind in AGREED}
    assert {"accounts": 1, "memberships": 3, "members": 7, "coverages": 10} == {
        table: len(told["834"][table]) for table in ("accounts", "memberships", "members", "coverages")
    }
    assert [] != told["834"]["invoice_lines"]
    for kind in ("csv", "txt", "xlsx"):
        assert told["834"] == told[kind]


@pytest.fixture
def house(make_house):
    return make_house("csv")


BAD_ROWS = {
    # what is changed in people.csv -> code and sentence that come back
    ("06/30/2018", "31/06/2018"): ("DATE_LOGIC", "`Date of Birth` is not a date written YYYY-MM-DD or MM/DD/YYYY."),
    ("C503,Child", "C999,Child"): ("SUBSCRIBER_NOT_FOUND", None),
    ("Male,Gold,Employee + Children", "Male,Silver,Employee + Children"): (
        "UNREADABLE_VALUE",
        "`Medical Plan` is not one of the values that were agreed.",
    ),
    ("Child,ADD,G001234,HOLLYBANK", "Child,ADD,G777,HOLLYBANK"): (
        "UNKNOWN_GROUP",
        "The group or policy of this member (`Group Number`) is not one of yours here; check the number.",
    ),
    ("Male,Gold,Employee + Children,12/01/2025,", "Male,Gold,Employee + Children,,"): (
        "DATE_LOGIC",
        "No date says when the coverage begins (`Start Date`, 356, 303 or the file's date).",
    ),
}


def changed(old: str, new: str) -> bytes:
    """people.csv with its last row changed."""
    head, _, last = golden("people", "csv").decode().rstrip().rpartition("\r\n")
    assert old in last
    return f"{head}\r\n{last.replace(old, new)}\r\n".encode()


def rejects(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize("change", list(BAD_ROWS))
def test_a_row_with_a_fault_comes_back_with_why_and_the_others_are_applied(house, change):
    code, problem = BAD_ROWS[change]
    file = house.ingest("people.csv", changed(*change))
    assert ("acknowledged", "applied") == (file.state, house.set_state(file.id)[0])
    assert [(5,)] == house.rows("SELECT count(*) FROM members")
    (row,) = rejects(house.documents(file.id)["rejects"])
    assert ("7", "rejected", code) == (row["reject_row"], row["reject_outcome"], row["reject_code"])
    if problem is not None:
        assert problem == row["reject_problem"]
    assert ("HUGO", "900-55-0506") == (row["First Name"], row["SSN"])


def test_a_corrected_rejects_file_can_be_sent_as_it_is(house):
    file = house.ingest("people.csv", changed("06/30/2018", "31/06/2018"))
    corrected = house.documents(file.id)["rejects"].replace(b"31/06/2018", b"06/30/2018")
    again = house.ingest("corrected.csv", corrected)
    assert {} == house.documents(again.id)
    assert [(6,)] == house.rows("SELECT count(*) FROM members")


def test_nothing_is_owed_for_a_census_without_faults(house):
    file = house.ingest("people.csv", golden("people", "csv"))
    assert ("acknowledged", {}) == (file.state, house.documents(file.id))


def test_a_partner_that_wants_every_ta1_and_824_gets_none_for_a_census(make_house):
    house = make_house("csv")
    profile = house.app.home.partners / "acme" / "profile.toml"
    profile.write_text(profile.read_text().replace('report_824 = "errors"', 'report_824 = "always"\nta1 = "always"'))
    house.app.database.close()
    app = open_app(house.app.home, FixedClock(OCTOBER))
    file = House(app, house.folder).ingest("people.csv", golden("people", "csv"))
    assert {} == house.documents(file.id)
    app.database.close()


def test_the_same_people_sent_again_in_other_bytes_change_nothing(house):
    house.ingest("people.csv", golden("people", "csv"))
    before = {table: house.rows(query) for table, query in SAME.items() if not table.startswith("membership_")}
    again = house.ingest("again.csv", golden("people", "csv") + b"\r\n")
    assert "applied" == house.set_state(again.id)[0]
    assert before == {table: house.rows(query) for table, query in SAME.items() if not table.startswith("membership_")}


def test_an_event_leads_back_to_the_file_and_its_row(house):
    file = house.ingest("people.csv", golden("people", "csv"))
    sources = house.rows("SELECT source, position FROM membership_events WHERE ordinal = 6")
    assert [(f"{file.id}/1/0001/6", 7)] == sources


def test_x12_under_the_name_of_a_census_is_x12(house):
    file = house.ingest("people.csv", golden("people", "834"))
    assert {"999"} == set(house.documents(file.id))


def test_what_fits_neither_x12_nor_the_names_of_a_census_waits_for_a_person(house):
    assert "quarantined" == house.ingest("people.txt", golden("people", "csv")).state


WHOLE_FILES = {
    "a column is missing": (
        golden("people", "csv").replace(b"Start Date", b"Beginning"),
        "The file has no column `Start Date`: add it, or its name.",
    ),
    "no member": (golden("people", "csv").splitlines()[0], "The file holds no member."),
    "empty but for a blank": (b"\n", "The file has no column "),
    "another encoding": (
        golden("people", "csv").decode().encode("utf-16"),
        "The file was saved as UTF-16 (Unicode text): save it as UTF-8.",
    ),
    "a cell of one megabyte": (
        golden("people", "csv").replace(b"HUGO", b"H" * 1_000_000),
        "From row 7 on this is no CSV: a quote is never closed, a cell has more than 131,072 characters",
    ),
    "a quote that is never closed": (
        golden("people", "csv").replace(b"FELICITY", b'"FELICITY') + golden("people", "csv") * 200,
        "From row 2 on this is no CSV",
    ),
}


@pytest.mark.parametrize("what", list(WHOLE_FILES))
def test_a_file_that_cannot_be_read_is_refused_whole_and_the_partner_is_told_why(house, what):
    content, reason = WHOLE_FILES[what]
    file = house.ingest("people.csv", content)
    state, said = house.set_state(file.id)
    assert ("acknowledged", "refused") == (file.state, state)
    assert said.startswith(reason)
    assert [(0,)] == house.rows("SELECT count(*) FROM members")
    (row,) = rejects(house.documents(file.id)["rejects"])
    assert ("rejected", "UNREADABLE_FILE", said) == (row["reject_outcome"], row["reject_code"], row["reject_problem"])


def test_the_rows_of_a_file_of_fixed_width_come_back_as_lines(make_house):
    house = make_house("txt")
    file = house.ingest("people.txt", golden("people", "txt").replace(b"20180630", b"20180631"))
    (row,) = rejects(house.documents(file.id)["rejects"])
    line = golden("people", "txt").decode().splitlines()[6].replace("20180630", "20180631")
    assert ("7", line) == (row["reject_row"], row["line"])


def test_a_census_leaves_nothing_personal_in_the_log(house, capsys):
    house.ingest("people.csv", changed("06/30/2018", "31/06/2018"))
    shown = capsys.readouterr()
    told = house.rows("SELECT text FROM log_events") + house.rows("SELECT reason FROM transaction_sets")
    for personal in ("HOLLYBANK", "HUGO", "900-55-0506", "900550506", "31/06/2018", "people.csv"):
        assert personal not in f"{shown.out}{shown.err}{told}"


def test_the_kind_of_a_rejects_file_is_known_to_the_database(house):
    house.ingest("people.csv", changed("06/30/2018", "31/06/2018"))
    assert [(DocumentKind.REJECTS.value, "acme")] == house.rows("SELECT kind, partner_id FROM documents")


def full(house: House, *, kind: str = "full") -> None:
    """Make the layout one of full files: everybody is in them, and they say from when on they hold."""
    path = house.app.home.mappings / "census" / "people.toml"
    path.write_text(path.read_text().replace('kind = "change"', f'kind = "{kind}"'))


def dated(content: bytes) -> bytes:
    names, *rows = content.decode().split("\r\n")
    return "\r\n".join([f"{names},File Effective Date", *(f"{row},01/01/2026" for row in rows if row)]).encode()


def test_a_full_census_that_would_end_too_many_is_held_and_the_partner_is_told_not_to_send_it_again(make_house):
    house = make_house("csv")
    house.ingest("people.csv", golden("people", "csv"))
    full(house)
    house.app.database.close()
    house = House(open_app(house.app.home, FixedClock(NOVEMBER)), house.folder)
    head, *rows = golden("people", "csv").decode().strip().split("\r\n")
    file = house.ingest("full.csv", dated("\r\n".join([head, *rows[:3]]).encode()))
    assert "held" == house.set_state(file.id)[0]
    (row,) = rejects(house.documents(file.id)["rejects"])
    assert ("", "held", "MASS_TERM_GUARD") == (row["reject_row"], row["reject_outcome"], row["reject_code"])
    (set_id,) = house.rows(f"SELECT id FROM transaction_sets WHERE file_id = '{file.id}'")[0]
    house.app.release(set_id, by="anna", reason="they left")
    house.app.runner().drain()
    assert "applied" == house.set_state(file.id)[0]
    house.app.database.close()


def test_a_full_census_equal_to_the_roster_changes_nothing(make_house):
    house = make_house("csv")
    house.ingest("people.csv", golden("people", "csv"))
    before = house.rows(SAME["coverages"])
    full(house)
    house.app.database.close()
    house = House(open_app(house.app.home, FixedClock(NOVEMBER)), house.folder)
    file = house.ingest("full.csv", dated(golden("people", "csv")))
    assert ("applied", before) == (house.set_state(file.id)[0], house.rows(SAME["coverages"]))
    house.app.database.close()


def test_a_workbook_that_unpacks_beyond_the_limit_is_refused_with_its_reason(make_house):
    house = make_house("xlsx")
    settings = house.app.home.settings_file
    settings.write_text(settings.read_text() + "\n[limits]\nfile_bytes = 10000\n")
    house.app.database.close()
    house = House(open_app(house.app.home, FixedClock(OCTOBER)), house.folder)
    file = house.ingest("people.xlsx", golden("people", "xlsx"))
    said = "Unpacked the workbook has more than 10,000 bytes: send it as CSV, or in parts."
    assert ("refused", said) == house.set_state(file.id)
    assert [said] == [row["reject_problem"] for row in rejects(house.documents(file.id)["rejects"])]
    house.app.database.close()
