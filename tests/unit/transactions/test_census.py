"""Census files become the requests that an 834 makes; what cannot be read says why, and nothing else stops."""

import io
import tracemalloc
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.domain.coverage import CoverageRequest, FileAction, MaintenanceRequest, MaintenanceType
from gateway.domain.parties import Organization
from gateway.transactions.census import CensusCheck, CensusDefaults, check_census, open_census, read_census
from gateway.transactions.census_compile import check_layout
from gateway.transactions.census_layout import Layout
from gateway.transactions.census_rows import CensusLimits
from gateway.transactions.member_834 import RefusedRequest
from gateway.transactions.quirks import far_end_is_open

HEAD = """
layout = "own"
formats = ["csv", "xlsx"]
dates = ["M/D/YYYY"]
"""
MEMBER = """
[member]
subscriber_id = "ID"
is_subscriber = { place = "Who", values = { Self = "Y", "*" = "N" } }
relationship = { place = "Who", values = { Self = "18", Spouse = "01", Child = "19" } }
maintenance = { constant = "021" }
"""
PERSON = """
[person]
last_name = "Last"
ssn = { place = "SSN", digits = 9, optional = true }
birth_date = { place = "Born", optional = true }
"""
COVER = """
[[coverage]]
maintenance = { constant = "021" }
insurance_line = { constant = "HLT" }
plan = { place = "Medical", values = { Gold = "GOLD", Waived = "" } }
begins_on = "Start"
last_day = { place = "End", optional = true }
premium = { place = "Rate", optional = true }
"""
DENTAL = """
[[coverage]]
maintenance = { constant = "021" }
insurance_line = { constant = "DEN" }
plan = "Dental"
begins_on = "Start"
"""
NAMES = "ID,Who,Last,Medical,Start"


@pytest.fixture
def layout(tmp_path):
    def layout(*parts: str) -> Layout:
        path = tmp_path / "own.toml"
        path.write_text("".join(parts or (HEAD, MEMBER, PERSON, COVER)))
        compiled, mistakes = check_layout(path)
        assert [] == mistakes
        return compiled

    return layout


def read(layout: Layout, text: str | bytes, form="csv", **options):
    content = text if isinstance(text, bytes) else text.encode()
    header, requests = read_census(io.BytesIO(content), layout, form, **options)
    return header, list(requests)


def only(layout: Layout, text: str | bytes, **options) -> MaintenanceRequest:
    (request,) = read(layout, text, **options)[1]
    assert isinstance(request, MaintenanceRequest), request.findings
    return request


def refused(layout: Layout, text: str | bytes, **options) -> list[tuple[int, str, str]]:
    """The refused rows as (row, code, sentence)."""
    return [
        (finding.place.line, finding.code, finding.message)
        for request in read(layout, text, **options)[1]
        if isinstance(request, RefusedRequest)
        for finding in request.findings
    ]


def test_a_row_is_a_maintenance_request(layout):
    request = only(
        layout(),
        f"{NAMES},SSN,Born,End,Rate\nC1,Self,ASHGROVE,gold,1/1/2026,1234567,2/3/1980,12/31/2026,$1,450.5\n".replace(
            "$1,450", '"$1,450'
        ).replace(".5\n", '.5"\n'),
    )
    assert ("C1", True, "18", MaintenanceType.ADDITION, 1, 2) == (
        request.subscriber_id, request.is_subscriber, request.relationship, request.maintenance,
        request.ordinal, request.position,
    )  # fmt: skip
    assert ("ASHGROVE", "001234567", date(1980, 2, 3)) == (
        request.person.last_name, request.person.ssn, request.person.birth_date
    )  # fmt: skip
    cover = CoverageRequest(
        MaintenanceType.ADDITION, "HLT", "GOLD", begins_on=date(2026, 1, 1), last_day=date(2026, 12, 31),
        premium=Decimal("1450.50"),
    )  # fmt: skip
    assert (cover,) == request.coverages


@pytest.mark.parametrize(
    ("kind", "action"),
    [("change", FileAction.CHANGE), ("full", FileAction.REPLACE), ("verify", FileAction.VERIFY)],
)
def test_the_kind_says_what_the_file_wants_to_be(layout, kind, action):
    header, _ = read(layout(HEAD, f'kind = "{kind}"\n', MEMBER, PERSON, COVER), f"{NAMES}\nC1,Self,A,Gold,1/1/2026\n")
    assert (action, "00") == (header.action, header.purpose)


def test_what_the_agreement_says_holds_where_the_file_says_nothing(layout):
    defaults = CensusDefaults(sponsor="123456789", policy="G1", account="A1")
    own = layout(HEAD, MEMBER, 'policy = { place = "Group", optional = true }\n', PERSON, COVER)
    header, (first, second) = read(
        own, f"{NAMES},Group\nC1,Self,A,Gold,1/1/2026,\nC2,Self,B,Gold,1/1/2026,G2\n", defaults=defaults
    )
    assert (Organization(id="123456789"), "G1", "A1") == (header.sponsor, header.policy, header.account)
    assert ["G1", "G2"] == [first.policy, second.policy]


def test_the_header_is_read_from_the_first_row(layout):
    own = layout(
        HEAD, '[header]\neffective_on = "As Of"\n[sponsor]\nid = { place = "Tax", digits = 9 }\n', MEMBER, PERSON, COVER
    )
    header, _ = read(own, f"{NAMES},As Of,Tax\nC1,Self,A,Gold,1/1/2026,12/1/2025,12-3456789\n")
    assert (date(2025, 12, 1), "123456789") == (header.effective_on, header.sponsor.id)


def test_a_header_that_cannot_be_read_refuses_the_file(layout):
    own = layout(HEAD, '[header]\neffective_on = "As Of"\n', MEMBER, PERSON, COVER)
    header, _ = read(own, f"{NAMES},As Of\nC1,Self,A,Gold,1/1/2026,soon\n")
    assert ["`As Of` is not a date written YYYY-MM-DD or M/D/YYYY."] == [each.message for each in header.findings]
    assert all(each.is_error for each in header.findings)


def test_a_first_row_that_cannot_be_read_does_not_refuse_the_file(layout):
    own = layout(HEAD, '[header]\neffective_on = "As Of"\n', MEMBER, PERSON, COVER)
    header, requests = read(own, f"{NAMES},As Of\nC1,Self,A,Gold,1/1/2026,soon,x\nC2,Self,B,Gold,1/1/2026,\n")
    assert ((), [RefusedRequest, MaintenanceRequest]) == (header.findings, [type(each) for each in requests])


def test_a_cover_is_asked_for_where_its_plan_is_filled_in_and_means_something(layout):
    own = layout(HEAD, MEMBER, PERSON, COVER, DENTAL)
    rows = ["C1,Self,A,Gold,1/1/2026,D1", "C2,Self,B,Waived,1/1/2026,D1", "C3,Self,C,Gold,1/1/2026,", "C4,Self,D,,,"]
    _, requests = read(own, "\n".join([f"{NAMES},Dental", *rows]))
    assert [["HLT", "DEN"], ["DEN"], ["HLT"], []] == [
        [line.insurance_line for line in request.coverages] for request in requests
    ]


def test_rows_of_one_person_below_each_other_are_one_request(layout):
    own = layout(HEAD, MEMBER, PERSON, COVER.replace('{ constant = "HLT" }', '"Line"'))
    rows = ["C1,Self,A,Gold,1/1/2026,HLT", "C1,Self,A,,1/1/2026,DEN", "C1,Spouse,B,Gold,1/1/2026,HLT"]
    census = open_census(io.BytesIO("\n".join([f"{NAMES},Line", *rows]).encode()), own, "csv")
    told = [(m.request.ordinal, m.request.position, [row.number for row in m.rows]) for m in census.members]
    assert [(1, 2, [2, 3]), (2, 4, [4])] == told


def test_dependents_below_their_subscriber_are_tied_to_it(layout):
    own = layout(HEAD, 'dependents = "below"\n', MEMBER, PERSON, COVER)
    rows = ["C1,Self,A,Gold,1/1/2026", ",Child,B,Gold,1/1/2026", "C2,Self,C,Gold,1/1/2026", ",Child,D,Gold,1/1/2026"]
    _, requests = read(own, "\n".join([NAMES, *rows]))
    assert ["C1", "C1", "C2", "C2"] == [request.subscriber_id for request in requests]


@pytest.mark.parametrize("bad", [",Self,C,Gold,1/1/2026", "C2,Self,C", '"=A1",Self,C,Gold,1/1/2026'])
def test_dependents_below_a_row_that_cannot_be_read_are_tied_to_nobody(layout, bad):
    own = layout(HEAD, 'dependents = "below"\n', MEMBER, PERSON, COVER)
    _, requests = read(own, "\n".join([NAMES, "C1,Self,A,Gold,1/1/2026", bad, ",Child,D,Gold,1/1/2026"]))
    assert [False, True, True] == [isinstance(request, RefusedRequest) for request in requests]
    assert "SUBSCRIBER_NOT_FOUND" == requests[2].findings[0].code


def test_contacts_reporting_categories_and_a_responsible_person_are_read(layout):
    more = """
[person.contacts]
TE = "Phone"
EM = "Mail"
[responsible]
role = { constant = "QD" }
last_name = "Payer"
[[reporting]]
name = { constant = "Division" }
value = "Division"
"""
    own = layout(HEAD, MEMBER, PERSON, more, COVER)
    rows = ["C1,Self,A,Gold,1/1/2026,5550100,a@b.example,ZEPHYR,North", "C2,Self,B,Gold,1/1/2026,,,,"]
    _, (full, plain) = read(own, "\n".join([f"{NAMES},Phone,Mail,Payer,Division", *rows]))
    assert (("TE", "5550100"), ("EM", "a@b.example")) == full.person.contacts
    assert ("QD", "ZEPHYR") == (full.responsible[0], full.responsible[1].last_name)
    assert (("DIVISION", "North"),) == full.reporting
    assert ((), None, ()) == (plain.person.contacts, plain.responsible, plain.reporting)


def test_the_quote_that_a_rejects_file_puts_before_a_formula_is_taken_away_again(layout):
    own = layout(HEAD, MEMBER, PERSON, '[person.contacts]\nTE = "Phone"\n', COVER)
    assert (("TE", "+1 555"),) == only(own, f"{NAMES},Phone\nC1,Self,A,Gold,1/1/2026,'+1 555\n").person.contacts
    assert "'T HOOFT" == only(layout(), f"{NAMES}\nC1,Self,'T HOOFT,Gold,1/1/2026\n").person.last_name


CODES = [
    # a field of the person or the cover, a value that an 834 could not carry, what would be right
    ("person", "gender", "W", "one of F, M, U"),
    ("person", "ssn", "12-34", "nine digits"),
    ("member", "benefit_status", "X", "one of A, C, S, T"),
    ("member", "reason", "left", "a reason code of two characters (INS04)"),
    ("coverage", "level", "EMPLOYEE", "one of CHD, DEP, E1D, E2D, E3D, E5D, E6D, E7D, E8D, E9D, ECH, EMP, ESP"),
    ("coverage", "insurance_line", "Health", "a product line of two or three characters"),
]


@pytest.mark.parametrize(("section", "name", "value", "right"), CODES)
def test_codes_are_held_against_those_that_an_834_knows(layout, section, name, value, right):
    parts = {"member": MEMBER, "person": PERSON.replace('ssn = { place = "SSN", digits = 9, optional = true }\n', "")}
    parts["coverage"] = (
        COVER.replace('insurance_line = { constant = "HLT" }\n', "") if name == "insurance_line" else COVER
    )
    parts[section] = f'{parts[section]}{name} = "New"\n'
    ((_, code, sentence),) = refused(layout(HEAD, *parts.values()), f"{NAMES},New\nC1,Self,A,Gold,1/1/2026,{value}\n")
    assert "UNREADABLE_VALUE" == code
    assert sentence.startswith(f"`New` is not {right}")


def test_a_product_that_no_834_has_a_code_for_can_be_agreed_on(layout):
    own = layout(HEAD, MEMBER, PERSON, COVER.replace('"HLT"', '"LIF"'))
    assert "LIF" == only(own, f"{NAMES}\nC1,Self,A,Gold,1/1/2026\n").coverages[0].insurance_line


def test_what_no_place_reads_is_kept_with_the_member(layout):
    request = only(layout(), f"{NAMES},Shoe Size,Notes\nC1,Self,A,Gold,1/1/2026,44,\n")
    assert ("Shoe Size=44",) == request.unread


def test_the_partners_quirks_hold_for_a_census_too(layout):
    text = f"{NAMES},End\nC1,Self,A,Gold,1/1/2026,12/31/2199\n"
    assert date(2199, 12, 31) == only(layout(), text).coverages[0].last_day
    assert None is only(layout(), text, quirks=(far_end_is_open,)).coverages[0].last_day


def test_columns_are_found_by_name_in_any_order_and_case(layout):
    request = only(layout(), "start,MEDICAL,last,  who ,id\n1/1/2026,gold,A,SELF,C1\n")
    assert ("C1", "GOLD") == (request.subscriber_id, request.coverages[0].plan)


def by_number(text: str) -> str:
    for number, name in enumerate(NAMES.split(","), start=1):
        text = text.replace(f'"{name}"', f'"{number}"')
    return text


def test_columns_without_names_are_called_by_their_number(layout):
    request = only(
        layout(HEAD, "[csv]\nheader_row = 0\n", by_number(MEMBER + PERSON + COVER)), "C1,Self,A,Gold,1/1/2026\n"
    )
    assert ("C1", "A") == (request.subscriber_id, request.person.last_name)


def test_titles_above_the_names_and_blank_rows_are_passed_over(layout):
    own = layout(HEAD, "[csv]\nheader_row = 3\n", MEMBER, PERSON, COVER)
    request = only(own, f"Census of ACME\n\n{NAMES}\n,,,,\n\nC1,Self,A,Gold,1/1/2026\n")
    assert 6 == request.position


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ("", "\ufeffID,Who,Last,Medical,Start\r\nC1,Self,MÜLLER,Gold,1/1/2026\r\n".encode()),
        (
            '[csv]\nencoding = "latin-1"\n',
            "ID,Who,Last,Medical,Start\nC1,Self,MÜLLER,Gold,1/1/2026\n".encode("latin-1"),
        ),
        ('[csv]\ndelimiter = "semicolon"\n', "ID;Who;Last;Medical;Start\nC1;Self;MÜLLER;Gold;1/1/2026".encode()),
        (
            '[csv]\ndelimiter = "tab"\nquote = "single"\n',
            "ID\tWho\tLast\tMedical\tStart\nC1\tSelf\t'MÜLLER'\tGold\t1/1/2026".encode(),
        ),
    ],
    ids=["utf-8 with a mark", "latin-1", "semicolons", "tabs and single quotes"],
)
def test_a_csv_is_read_as_it_was_agreed(layout, settings, text):
    assert "MÜLLER" == only(layout(HEAD, settings, MEMBER, PERSON, COVER), text).person.last_name


def test_positions_before_the_first_place_are_kept_too(layout):
    text = HEAD.replace('["csv", "xlsx"]', '["fixed"]') + MEMBER + COVER
    for name, span in {"ID": "4-6", "Who": "8-11", "Medical": "12-15", "Start": "16-23"}.items():
        text = text.replace(f'"{name}"', f'"{span}"')
    for name in ("End", "Rate"):
        text = text.replace(f'place = "{name}", ', 'place = "40-45", ')
    (request,) = read(layout(text), "001C1  Selfgold1/1/2026\n", form="fixed")[1]
    assert ("C1", ("1-3=001",)) == (request.subscriber_id, request.unread)


def test_a_file_of_fixed_width_is_cut_at_its_places_and_keeps_what_lies_between(layout):
    text = (
        HEAD.replace('["csv", "xlsx"]', '["fixed"]')
        + '[only]\nplace = "1-1"\nvalues = ["d"]\n'
        + MEMBER
        + PERSON
        + COVER
    )
    for name, span in {"ID": "2-4", "Who": "6-10", "Last": "11-20", "Medical": "21-24", "Start": "25-34"}.items():
        text = text.replace(f'"{name}"', f'"{span}"')
    for name in ("SSN", "Born", "End", "Rate"):
        text = text.replace(f'place = "{name}", ', 'place = "90-95", ')
    lines = "H20251020\nDC1 xSelf ASHGROVE  gold1/1/2026  more\n\nDC2  Self B         gold1/1/2026\nT02\n"
    _, (first, second) = read(layout(text), lines, form="fixed")
    assert ("C1", "ASHGROVE", ("5-5=x", "35-89=more")) == (first.subscriber_id, first.person.last_name, first.unread)
    assert (4, ()) == (second.position, second.unread)


NO_TEXT = "Cell 3 of the row holds characters that are no text: was the file saved in the encoding that was agreed?"
REFUSALS = [
    # what stands in the row, code, sentence
    ("C1,Self,A,Gold", "UNREADABLE_ROW", "The row has 4 cells where there are 5 columns."),
    ("C1,Self,A,Gold,1/1/2026,x", "UNREADABLE_ROW", "The row has 6 cells where there are 5 columns."),
    ("=1+1,Self,A,Gold,1/1/2026", "UNREADABLE_ROW", "Cell 1 of the row is a formula: send its value."),
    ("C1,Self,A\0B,Gold,1/1/2026", "UNREADABLE_ROW", NO_TEXT),
    (f"C1,Self,{'A' * 32_768},Gold,1/1/2026", "UNREADABLE_ROW", "Cell 3 of the row has more than 32,767 characters."),
    (f"C1,Self,{'A' * 81},Gold,1/1/2026", "UNREADABLE_VALUE", "`Last` is not a text of at most 80 characters."),
    (",Self,A,Gold,1/1/2026", "SUBSCRIBER_NOT_FOUND", "The subscriber's id is missing."),
    ("C1,,A,Gold,1/1/2026", "UNREADABLE_VALUE", "The row does not say whether this is the subscriber."),
    ("C1,Cousin,A,Gold,1/1/2026", "UNREADABLE_VALUE", "`Who` is not one of the values that were agreed."),
    ("C1,Self,A,Silver,1/1/2026", "UNREADABLE_VALUE", "`Medical` is not one of the values that were agreed."),
    ("C1,Self,A,Gold,2/30/2026", "DATE_LOGIC", "`Start` is not a date written YYYY-MM-DD or M/D/YYYY."),
    ("C1,Self,A,Gold,2026-13-01", "DATE_LOGIC", "`Start` is not a date written YYYY-MM-DD or M/D/YYYY."),
]  # fmt: skip


@pytest.mark.parametrize(("row", "code", "sentence"), REFUSALS, ids=[sentence[:40] for _, _, sentence in REFUSALS])
def test_a_row_that_cannot_be_read_says_why_and_its_neighbours_are_read(layout, row, code, sentence):
    text = f"{NAMES}\nC7,Self,A,Gold,1/1/2026\n{row}\nC8,Self,B,Gold,1/1/2026\n"
    assert [(3, code, sentence)] == refused(layout(), text)
    assert ["C7", "C8"] == [r.subscriber_id for r in read(layout(), text)[1] if isinstance(r, MaintenanceRequest)]


def test_bytes_of_another_encoding_refuse_their_row_only(layout):
    text = f"{NAMES}\nC1,Self,MÜLLER,Gold,1/1/2026\nC2,Self,B,Gold,1/1/2026\n".encode("latin-1")
    assert [2] == [row for row, _, _ in refused(layout(), text)]
    assert CensusCheck(2) == check_census(io.BytesIO(text), layout(), "csv")


def test_who_is_the_subscriber_and_the_relationship_must_agree(layout):
    own = layout(HEAD, MEMBER.replace('values = { Self = "Y", "*" = "N" }', 'values = { "*" = "Y" }'), PERSON, COVER)
    ((_, code, sentence),) = refused(own, f"{NAMES}\nC1,Child,A,Gold,1/1/2026\n")
    assert "UNREADABLE_VALUE" == code
    assert "The relationship and whether this is the subscriber disagree: only the subscriber is 18 (self)." == sentence


def test_a_refused_row_says_whose_family_it_is_so_that_a_full_file_ends_nobody(layout):
    (request,) = read(layout(), f"{NAMES}\nC1,Self,A,Gold,never\n")[1]
    assert ("C1", True) == (request.subscriber_id, request.is_subscriber)


MEANT = "is this the file that was meant?"
WHOLE = [
    # the file, the sentence
    ("", "The file holds no row."),
    (f"{NAMES}\n", "The file holds no member."),
    ("ID,Who,Last\nC1,Self,A\n", "The file has no column `Medical`, `Start`: add it, or its name."),
    (f"{NAMES},id\nC1,Self,A,Gold,1/1/2026,C2\n", "The file has the column `ID` more than once."),
    (",".join(["ID"] * 1_025), "The file has more than 1,024 columns."),
    (f"{NAMES}\nC1,Self,{'A' * 5_000},Gold,1/1/2026\n", f"Row 2 has more than 4,096 bytes: {MEANT}"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), WHOLE, ids=[sentence[:40] for _, sentence in WHOLE])
def test_a_file_that_cannot_be_read_as_a_whole_says_why(layout, text, sentence):
    limits = CensusLimits(row_bytes=4_096) if "4,096" in sentence else CensusLimits()
    check = check_census(io.BytesIO(text.encode()), layout(), "csv", limits=limits)
    assert [("UNREADABLE_FILE", sentence)] == [(each.code, each.message) for each in check.findings]


def test_a_file_that_breaks_off_unreadable_ends_in_a_refusal(layout):
    text = f'{NAMES}\nC1,Self,A,Gold,1/1/2026\nC2,Self,"B{"x" * 140_000}'
    _, requests = read(layout(), text)
    assert [MaintenanceRequest, RefusedRequest] == [type(request) for request in requests]
    assert "UNREADABLE_FILE" == requests[1].findings[0].code


class Numbered(io.RawIOBase):
    """Rows of different people, made while they are read."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._at = 0
        self._left = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, _offset: int, _whence: int = 0) -> int:
        self._at, self._left = 0, b""
        return 0

    def readinto(self, buffer) -> int:
        if not self._left and self._at < self._rows:
            self._at += 1
            self._left = b"C%d,Self,ASHGROVE,Gold,1/1/2026\n" % self._at
        piece, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


def peak(rows: int, requests: Iterator[object]) -> int:
    tracemalloc.start()
    assert rows == sum(1 for _ in requests)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_the_file(layout):
    own = layout(HEAD, "[csv]\nheader_row = 0\n", by_number(MEMBER + PERSON + COVER))
    told = [peak(rows, read_census(io.BufferedReader(Numbered(rows)), own, "csv")[1]) for rows in (2_000, 500, 5_000)]
    _warm, few, many = told
    assert many < few * 1.2


def test_the_golden_people_are_read_alike_from_csv_and_fixed_width():
    root = Path(__file__).parents[3]
    told = []
    for layout_name, form, name in (("people", "csv", "people.csv"), ("people-fixed", "fixed", "people.txt")):
        compiled, _ = check_layout(root / "mappings" / "census" / f"{layout_name}.toml")
        content = (root / "tests" / "golden" / "census" / name).read_bytes()
        _, requests = read(compiled, content, form=form, defaults=CensusDefaults(policy="G001234"))
        told.append([(r.subscriber_id, r.person, r.coverages, r.policy, r.maintenance, r.position) for r in requests])
    assert told[0] == told[1]
