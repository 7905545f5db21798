"""A full file that only compares (BGN08 = 4): a report that people can read, and nothing changes."""

import csv

import pytest

from tests.unit.pipeline.x12_files import BIRCH, Envelope, birch_member, birch_roster

COMPARES = Envelope(number="000000502", sender="BIRCH")
HISTORY = ("memberships", "members", "coverages", "invoice_requests")


@pytest.fixture
def compare(house):
    """Has three members of birch on file, then compares a roster with them; returns the file's id."""
    house.take("birch", BIRCH.around(birch_roster(*(birch_member(who) for who in ("B100", "B200", "B300")))))

    def compare(*members):
        header = {"action": "4", "reference": "ROSTER2", "created": "20251021*0910", "effective": "20251201"}
        return house.take("birch", COMPARES.around(birch_roster(*members, **header))).id

    return compare


def disagree(compare):
    later = tuple(part.replace("20251101", "20251115") for part in birch_member("B200"))
    return compare(birch_member("B100", tier="FAM"), later, birch_member("B400"))


EXPECTED = [
    ("1", "B100", "different tier", "EMP", "FAM"),
    ("2", "B200", "different dates", "2025-11-01 .. open", "2025-11-15 .. open"),
    ("3", "B400", "missing here", "", ""),
    ("", "B300", "missing there", "2025-11-01 .. open", ""),
]


def test_show_file_lists_every_disagreement_with_both_sides(compare, gateway, valid):
    document = valid("show-file", gateway("show", "file", disagree(compare), "--json"))
    assert sorted(EXPECTED) == sorted(
        (str(each["ordinal"] or ""), each["subscriber_id"], each["kind"], each["on_file"], each["sent"])
        for each in document["discrepancies"]["items"]
    )


def test_a_person_reads_them_as_a_table(compare, gateway):
    shown = gateway("show", "file", disagree(compare)).stdout
    assert "Discrepancies: the file compares, nothing was changed" in shown
    (line,) = (line.split() for line in shown.splitlines() if "different tier" in line and "B100" in line)
    assert ["0001", "1", "B100"] == line[:3]
    assert ["PPO", "SILVER", "EMP", "FAM"] == line[-4:]


def test_nothing_changes_in_the_history(compare, house):
    compare(birch_member("B100"), birch_member("B200"), birch_member("B300"))
    before = {table: house.rows(f"SELECT * FROM {table}") for table in HISTORY}
    events = house.rows("SELECT count(*) FROM membership_events")
    disagree_again = Envelope(number="000000503", sender="BIRCH")
    header = {"action": "4", "reference": "ROSTER3", "created": "20251022*0910"}
    house.take("birch", disagree_again.around(birch_roster(birch_member("B100", tier="FAM"), **header)))
    assert before == {table: house.rows(f"SELECT * FROM {table}") for table in HISTORY}
    assert events == house.rows("SELECT count(*) FROM membership_events")


def reports(house):
    return [content for name, content in house.inbox("birch").items() if name.startswith("discrepancy_csv_")]


def test_a_partner_that_asks_gets_the_report_as_csv(compare, house):
    house.agree("birch", enrollment={"discrepancy_report": True})
    disagree(compare)
    (report,) = reports(house)
    rows = list(csv.DictReader(report.decode().splitlines()))
    assert sorted(EXPECTED) == sorted(
        (row["ins_ordinal"], row["subscriber_id"], row["discrepancy"], row["on_file"], row["in_the_file"])
        for row in rows
    )
    assert ["SAMPLEB300, PAT"] == [row["member_name"] for row in rows if row["subscriber_id"] == "B300"]


def test_a_partner_that_does_not_ask_gets_none(compare, house):
    disagree(compare)
    assert [] == reports(house)


def test_a_roster_that_agrees_has_no_report(compare, house):
    house.agree("birch", enrollment={"discrepancy_report": True})
    compare(birch_member("B100"), birch_member("B200"), birch_member("B300"))
    assert [] == reports(house)


def test_a_partner_that_wants_proof_of_emptiness_gets_a_report_without_rows(compare, house):
    house.agree("birch", enrollment={"discrepancy_report": True, "empty_report": True})
    compare(birch_member("B100"), birch_member("B200"), birch_member("B300"))
    (report,) = reports(house)
    assert 1 == len(report.decode().splitlines())  # its headings
    house.take("birch", Envelope(number="000000503", sender="BIRCH").around(birch_roster(birch_member("B100"))))
    assert 1 == len(reports(house))  # a file that does not compare has none


def test_the_report_of_the_same_file_is_sent_once(compare, house):
    house.agree("birch", enrollment={"discrepancy_report": True})
    disagree(compare)
    disagree(compare)
    assert 1 == len(reports(house))


def test_a_name_that_a_spreadsheet_would_run_is_guarded(house):
    header = {"action": "4", "reference": "ROSTER2", "created": "20251021*0910", "effective": "20251201"}
    odd = tuple(part.replace("SAMPLEB200", "=SUM") for part in birch_member("B200"))
    house.take("birch", BIRCH.around(birch_roster(birch_member("B100"), odd)))
    house.agree("birch", enrollment={"discrepancy_report": True})
    house.take("birch", COMPARES.around(birch_roster(birch_member("B100"), **header)))
    assert b'"\'=SUM, PAT"' in reports(house)[0]
