"""Mappings: compiled once, a partner's places over the guide's, every mistake named at once."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.domain.coverage import MaintenanceRequest
from gateway.domain.exchange import Delimiters
from gateway.errors import ConfigurationError
from gateway.transactions.enrollment_834 import MEMBER_OPENS, read_enrollment
from gateway.transactions.mapping import Departures, Mapping, check_mapping, load_mapping
from gateway.x12.reader import read_loops

MAPPINGS = Path(__file__).parents[3] / "mappings"
GUIDES = ["005010X220A1", "004010X095A1", "005010X307"]
SMALLEST = """
guide = "G"
[header]
reference = "header/BGN02"
purpose = "header/BGN01"
action = "header/BGN08"
[sponsor]
id = "1000A/N104"
[member]
is_subscriber = "2000/INS01"
maintenance = "2000/INS03"
subscriber_id = "2000/REF[0F]02"
[coverage]
maintenance = "2300/HD01"
insurance_line = "2300/HD03"
[reporting]
name = "2750/N102"
value = "2750/REF02"
"""


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def written(text: str, name: str = "G") -> Path:
        path = tmp_path / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def one_member(mapping: Mapping, said: str, header: str = "") -> MaintenanceRequest:
    data = f"ST*834*1~BGN*00*R*20250101****2~{header}INS*Y*18*021~NM1*IL*1*ALPHA*ANN~{said}".encode()
    loops = read_loops(io.BytesIO(data), 0, len(data), Delimiters(), MEMBER_OPENS)
    _, [member] = read_enrollment(loops, Delimiters(), mapping)
    request = member.read()
    assert isinstance(request, MaintenanceRequest)
    return request


@pytest.mark.parametrize("guide", GUIDES)
def test_every_mapping_of_the_house_is_sound(guide):
    mapping, mistakes = check_mapping(MAPPINGS / f"{guide}.toml")

    assert ([], guide) == (mistakes, mapping.guide)


def test_the_exchange_guide_ties_the_family_by_the_master_reference_and_prefers_ref_ce():
    mapping = load_mapping(MAPPINGS / "005010X307.toml")

    request = one_member(mapping, "REF*WH*E77~REF*POL*P1~HD*021**HLT*OTHER~REF*CE*78079DC0220021-01~")

    assert ("E77", "P1", "78079DC0220021-01") == (request.subscriber_id, request.policy, request.coverages[0].plan)
    assert ("HD04*OTHER",) == request.unread


def test_a_partner_may_give_a_field_other_places():
    departures = Departures({"person": {"other_id": ["2100A/NM1[08!=34]09", "2000/REF[17]02"]}})
    mapping = load_mapping(MAPPINGS / "005010X220A1.toml", departures=departures)

    assert "X9" == one_member(mapping, "REF*0F*S1~REF*17*X9~").person.other_id
    assert () == one_member(mapping, "REF*0F*S1~REF*17*X9~").references


def test_a_partner_s_quirks_are_applied_in_order():
    departures = Departures(quirks=("far_end_is_open", "end_is_first_day_without_cover"))
    mapping = load_mapping(MAPPINGS / "005010X220A1.toml", departures=departures)

    request = one_member(mapping, "REF*0F*S1~HD*021**HLT*GOLD~DTP*349*D8*21001231~")

    assert (None, ("an end in 2099 or later was taken as none",)) == (request.coverages[0].last_day, request.notes)


def test_the_smallest_mapping_is_enough(written):
    assert "S1" == one_member(load_mapping(written(SMALLEST)), "REF*0F*S1~").subscriber_id


def test_a_file_may_be_like_another_and_say_only_what_differs(written):
    written(SMALLEST)
    path = written('guide = "H"\nlike = "G"\n[member]\nsubscriber_id = "2000/REF[23]02"\n', "H")

    assert "S1" == one_member(load_mapping(path), "REF*23*S1~").subscriber_id


@pytest.mark.parametrize(
    ("wrong", "mistake"),
    [
        ('guide = "X"', "mappings/G.toml: guide: it is not the name of the file; write guide = \"G\""),
        ('like = "G"', "mappings/G.toml: like: 'G' is no other guide; name one whose places hold here too"),
        ('structural = ["DTP"]', "mappings/G.toml: structural: 'DTP' is no element; write elements like \"DTP02\""),
        (
            '[memebr]\nreason = "2000/INS04"',
            "mappings/G.toml: memebr: there is no such section; choose one of header, sponsor, payer, broker, tpa, "
            "member, person, particulars, former, responsible, coverage, reporting",
        ),
        (
            '[payer]\nnumber = "1000B/N104"',
            "mappings/G.toml: payer.number: there is no such field; choose one of name, qualifier, id",
        ),
        (
            '[payer]\nid = "N104"',
            "mappings/G.toml: payer.id: 'N104' is no place; write a place like \"2000/REF[0F]02\"",
        ),
        (
            '[payer]\nid = 4',
            "mappings/G.toml: payer.id: 4 is no place; write a place like \"2000/REF[0F]02\"",
        ),
        (
            '[payer]\nid = "1000B/N1[8?]04"',
            "mappings/G.toml: payer.id: '1000B/N1[8?]04' is no place; write a place like \"2000/REF[0F]02\"",
        ),
        (
            '[payer]\nid = []',
            "mappings/G.toml: payer.id: it has no place; write a place like \"2000/REF[0F]02\"",
        ),
        (
            '[former]\nlast_name = "2300/NM103"',
            "mappings/G.toml: former.last_name: it cannot stand in loop 2300; choose a place in 2100B",
        ),
        ("payer = 7", "mappings/G.toml: payer: it is no table; write [payer] and fields below it"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_file_key_and_remedy(written, wrong, mistake):
    text = SMALLEST.replace('guide = "G"', wrong if wrong.startswith("guide") else f'guide = "G"\n{wrong}\n')
    if wrong.startswith("["):
        text = f"{SMALLEST}\n{wrong}\n"

    with pytest.raises(ConfigurationError) as error:
        load_mapping(written(text))

    assert mistake == str(error.value)


def test_all_mistakes_are_named_at_once(written):
    departures = Departures({"member": {"reason": "2000/INS4"}}, quirks=("magic",), file="partners/acme/profile.toml")
    text = SMALLEST.replace('value = "2750/REF02"', "").replace("2300/HD01", "2400/HD01")

    mapping, mistakes = check_mapping(written(text), departures=departures)

    assert mapping is None
    assert [
        ("mappings/G.toml", "coverage.maintenance"),
        ("partners/acme/profile.toml", "enrollment.places.member.reason"),
        ("mappings/G.toml", "reporting.value"),
        ("partners/acme/profile.toml", "enrollment.quirks"),
    ] == [(mistake.file, mistake.key) for mistake in mistakes]


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "it cannot be read"), (b"\xff\xfe", "it cannot be read"), (b"guide = ", "it is no TOML")],
)
def test_a_file_that_cannot_be_read_is_one_mistake(tmp_path, content, problem):
    path = tmp_path / "G.toml"
    if content is not None:
        path.write_bytes(content)

    mapping, [mistake] = check_mapping(path)

    assert mapping is None
    assert mistake.problem.startswith(problem)


def test_files_that_are_like_each_other_are_a_mistake(written):
    written('guide = "H"\nlike = "G"\n', "H")
    path = written('like = "H"\n' + SMALLEST)

    _, [mistake] = check_mapping(path)

    assert ("mappings/H.toml", "like") == (mistake.file, mistake.key)
