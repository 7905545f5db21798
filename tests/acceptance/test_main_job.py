"""The main job as a new user sees it: `gateway demo` as a process of its own, twice, looked at from outside."""

import csv
import json
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.demo.scenario import sample

SAMPLES = ["acme_enroll.834", "birch_full.834", "acme_bad_members.834", "acme_late_half.834", "dunes_enroll.834"]
COUNTED = (
    "files", "transaction_sets", "findings", "memberships", "members", "coverages", "membership_events",
    "membership_log", "invoice_requests", "invoices", "invoice_lines", "journal_entries", "receipts", "placements",
    "documents", "incidents",
)  # fmt: skip


@dataclass
class Demo:
    home: Path
    first: subprocess.CompletedProcess
    second: subprocess.CompletedProcess
    counts_before: dict
    counts_after: dict

    def rows(self, sql, *values):
        with sqlite3.connect(self.home / "gateway.db") as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(sql, values)]

    def inbox(self, partner, pattern):
        return sorted((self.home / "simulated-partners" / partner / "inbox").glob(pattern))


def run(home):
    command = [sys.executable, "-m", "gateway", "--log-level", "debug", "demo", str(home)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=home.parent)


def counts(home):
    with sqlite3.connect(home / "gateway.db") as database:
        return {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in COUNTED}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    home = tmp_path_factory.mktemp("demo") / "home"
    first = run(home)
    before = counts(home)
    second = run(home)
    return Demo(home, first, second, before, counts(home))


def test_the_demo_ends_well_and_so_does_a_second_run(demo):
    assert (0, 0) == (demo.first.returncode, demo.second.returncode), demo.first.stderr + demo.second.stderr


def test_a_second_run_drops_the_same_files_and_doubles_nothing(demo):
    assert demo.counts_before == demo.counts_after
    assert demo.rows("SELECT count(*) n FROM arrivals WHERE is_duplicate")[0]["n"] >= 9
    assert "0 invoices" in demo.second.stderr


def test_every_file_ends_in_a_state_with_an_answer_or_a_reason(demo):
    ends = {(row["name"], row["state"]) for row in demo.rows("SELECT name, state FROM files")}
    assert {
        ("enrollment-october.834", "acknowledged"),
        ("roster-october.834", "acknowledged"),
        ("exchange-october.834", "acknowledged"),
        ("changes-november.834", "acknowledged"),
        ("addition-november.834", "acknowledged"),
        ("payment-birch.820", "acknowledged"),
        ("payment-acme-short.820", "acknowledged"),
        ("advance-credits.820", "acknowledged"),
        ("letter.txt", "quarantined"),
    } == ends


def test_the_file_that_is_no_x12_is_quarantined_with_a_reason_in_plain_words(demo):
    (row,) = demo.rows("SELECT reason FROM files WHERE state = 'quarantined'")
    assert "this is no X12" in row["reason"]
    assert "no X12" in demo.first.stdout


def test_the_half_uploaded_file_was_taken_once_and_whole(demo):
    (row,) = demo.rows("SELECT size_bytes FROM files WHERE name = 'addition-november.834'")
    assert len(sample("acme_late_half.834")) == row["size_bytes"]


def test_every_document_lies_verified_in_the_partners_folder_with_the_bytes_we_kept(demo):
    documents = demo.rows("SELECT * FROM documents")
    assert len(documents) > 20
    for row in documents:
        there = demo.home / "simulated-partners" / row["partner_id"] / row["folder"].strip("/") / row["name"]
        assert ("verified", (demo.home / row["kept_path"]).read_bytes()) == (row["state"], there.read_bytes())


def test_the_bad_members_are_told_on_an_824_and_the_good_one_is_enrolled(demo):
    (report,) = demo.inbox("acme", "824_*")  # one only: the other files had nothing to report
    codes = [line.split("*")[-1] for line in report.read_text().split("~\n") if line.startswith("RED")]
    assert ["UNKNOWN_PLAN", "SUBSCRIBER_NOT_FOUND"] == codes[:2]
    assert 1 == len(demo.rows("SELECT 1 FROM memberships WHERE subscriber_id = 'A103'"))
    assert 0 == len(demo.rows("SELECT 1 FROM memberships WHERE subscriber_id = 'A104'"))


def test_the_duplicate_is_recognised_and_answered_by_nothing_new(demo):
    rows = demo.rows("SELECT path FROM arrivals WHERE is_duplicate AND path LIKE '%-again.834'")
    assert rows
    assert 1 == len(demo.rows("SELECT 1 FROM files WHERE name = 'enrollment-october.834'"))


def test_an_invoice_that_was_paid_is_paid_and_one_paid_short_stays_open_by_the_difference(demo):
    first = {row["account_id"]: row["id"] for row in demo.rows("SELECT * FROM invoices ORDER BY id DESC")}
    paid = json.loads(gateway(demo, "show", "invoice", first["G005678"], "--json"))
    assert ("2160.00", "0.00", "paid") == (paid["invoice"]["total"], paid["open"], paid["invoice"]["status"])
    short = json.loads(gateway(demo, "show", "invoice", first["G001234"], "--json"))
    assert ("3310.00", "620.00", "partial") == (short["invoice"]["total"], short["open"], short["invoice"]["status"])


def test_every_cent_of_the_cash_has_a_place(demo):
    (row,) = demo.rows("SELECT sum(amount) received FROM receipts WHERE state <> 'expected'")
    (placed,) = demo.rows("SELECT sum(amount) placed FROM placements")
    assert row["received"] == placed["placed"]


def test_money_of_a_kind_that_nobody_agreed_on_is_in_suspense_with_its_reason(demo):
    (row,) = demo.rows("SELECT amount, reason FROM placements WHERE is_suspense")
    assert (2500, "UNKNOWN_TYPE") == (row["amount"], row["reason"])


def test_the_journal_balances(demo):
    assert [] == demo.rows("SELECT entry_key FROM journal_postings GROUP BY entry_key HAVING sum(amount) <> 0")


def test_each_invoice_feed_adds_up_to_its_invoice(demo):
    feeds = demo.inbox("acme", "*.csv")
    assert len(feeds) == 2
    for path in feeds:
        *rows, trailer = list(csv.reader(path.read_text().splitlines()))
        header, lines = rows[0], rows[1:]
        total = sum(Decimal(line[header.index("amount")]) for line in lines)
        assert ["TRAILER", str(len(lines)), str(total)] == trailer[:3]


def test_the_broker_gets_the_invoices_it_was_granted_and_no_others(demo):
    names = [path.name for path in demo.inbox("cedar", "invoice_*")]
    assert 2 == len(names)
    assert all("_G001234_" in name for name in names)


def test_the_file_that_did_not_come_is_an_incident(demo):
    (row,) = demo.rows("SELECT partner_id, message FROM incidents WHERE kind = 'expected_file_missing'")
    assert "cedar" == row["partner_id"]
    assert "expected file missing" in demo.first.stdout


def test_an_invoice_line_leads_back_to_the_file_set_and_segment_that_caused_it(demo):
    (invoice,) = demo.rows("SELECT id FROM invoices WHERE account_id = 'G001234' ORDER BY issued_at LIMIT 1")
    shown = json.loads(gateway(demo, "show", "invoice", invoice["id"], "--json"))
    line = shown["lines"]["items"][0]
    cause = line["caused_by"]
    assert ("enrollment-october.834", "000000101", "101", "0001", 1) == tuple(
        cause[key] for key in ("file_name", "isa13", "gs06", "st02", "ordinal")
    )
    segments = sample("acme_enroll.834").decode().split("~\n")
    first = next(n for n, segment in enumerate(segments) if segment.startswith("ST*"))
    assert segments[first + cause["position"] - 1].startswith("INS*")


def test_no_planted_name_number_date_address_or_account_reaches_a_log_line_or_a_file_name(demo):
    planted = planted_values(demo)
    assert len(planted) > 60
    logs = demo.first.stderr + demo.second.stderr
    assert logs.count("[info") > 50  # there is something to search in
    assert [] == [value for value in planted if value in logs]
    names = "\n".join(str(path) for path in demo.home.rglob("*"))
    assert [] == [value for value in planted if value in names]


PERSONAL = {  # elements that name a person, an address, a tax id or a bank account
    "NM1": (3, 4, 9), "DMG": (2,), "N3": (1,), "BPR": (7, 9, 10, 13, 15), "N1": (4,),
}  # fmt: skip


def planted_values(demo):
    """Every name, number, birth date, address, tax id and bank account of the files that the partners dropped."""
    dropped = [sample(name).decode() for name in SAMPLES]
    dropped += [path.read_text() for path in demo.home.glob("simulated-partners/*/outbox/processed/*.820")]
    values = set()
    for text in dropped:
        for segment in text.split("~\n"):
            elements = segment.split("*")
            places = PERSONAL.get(elements[0], ())
            values |= {elements[n] for n in places if n < len(elements) and elements[n] not in {"CEDAR", "DUNES"}}
    return {value for value in values if value}


def gateway(demo, *words):
    command = [sys.executable, "-m", "gateway", "--home", str(demo.home), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    return done.stdout
