"""Reading an 834 (DOMAIN 4.2, 4.3): header, loops, members that cannot be read, and nothing that falls by the way."""

import io
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.domain.coverage import (
    CoverageRequest,
    EnrollmentHeader,
    Family,
    FileAction,
    MaintenanceRequest,
    MaintenanceType,
)
from gateway.domain.exchange import Delimiters, SetSource
from gateway.domain.parties import Organization, Person
from gateway.enrollment.apply import decide
from gateway.enrollment.rules import Circumstances, EnrollmentRules
from gateway.transactions.enrollment_834 import MEMBER_OPENS, read_enrollment
from gateway.transactions.mapping import Mapping, load_mapping
from gateway.transactions.member_834 import RefusedRequest
from gateway.x12.reader import RawLoop, read_loops

MAPPINGS = Path(__file__).parents[3] / "mappings"
SAMPLE_HEADER = (
    "ST*834*0001*005010X220A1~BGN*00*REF0001*20251105*0800*ET***2~"
    "REF*38*G001234~DTP*303*D8*20251101~QTY*ET*2~QTY*DT*1~QTY*TO*3~"
    "N1*P5*ACME CORP*FI*123456789~N1*IN*EXAMPLE HEALTH PLAN*FI*987654321~N1*BO*BEST BROKERS*94*BRK777~ACT*ACCT55~"
)
ANN = (
    "INS*Y*18*021*28*A***FT~REF*0F*S100~REF*1L*G001234~REF*DX*DEPT7~DTP*336*D8*20251101~"
    "NM1*IL*1*ALPHA*ANN****34*111223333~N3*1 MAIN ST~N4*SPRINGFIELD*IL*62701~DMG*D8*19800102*F~"
    "HD*021**PPO*GOLD*ESP~DTP*348*D8*20251101~AMT*P3*1240~"
)
ADAM = (
    "INS*N*01*021*28*A~REF*0F*S100~REF*1L*G001234~NM1*IL*1*ALPHA*ADAM~DMG*D8*19790405*M~"
    "HD*021**PPO*GOLD~DTP*348*D8*20251101~"
)
CAT = (
    "INS*Y*18*024*08*A***TE~REF*0F*S200~REF*1L*G001234~DTP*357*D8*20250831~NM1*IL*1*CHARLIE*CAT~"
    "HD*024**PPO*GOLD*FAM~DTP*349*D8*20250831~"
)
SHORT = "INS*Y*18*021*28*A~REF*0F*S1~NM1*IL*1*ALPHA*ANN~"


def loops_of(text: str, delimiters: Delimiters) -> Iterator[RawLoop]:
    data = text.encode()
    return read_loops(io.BytesIO(data), 0, len(data), delimiters, MEMBER_OPENS)


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    return load_mapping(MAPPINGS / "005010X220A1.toml")


@pytest.fixture
def read(mapping: Mapping):
    def read(text: str, by: Mapping | None = None, delimiters: Delimiters = Delimiters()):  # noqa: B008
        header, members = read_enrollment(loops_of(text, delimiters), delimiters, by or mapping)
        return header, [member.read() for member in members]

    return read


@pytest.fixture
def member(read):
    """Reads one member after the sample's header."""

    def member(text: str, by: Mapping | None = None):
        _, [request] = read(SAMPLE_HEADER + text + "SE*1*0001~", by)
        return request

    return member


def test_sample_4_8_has_a_header(read):
    header, _ = read(SAMPLE_HEADER + ANN + ADAM + CAT + "SE*47*0001~")

    assert (
        EnrollmentHeader(
            reference="REF0001",
            purpose="00",
            action=FileAction.CHANGE,
            created_on=date(2025, 11, 5),
            created_at="0800",
            sponsor=Organization("ACME CORP", "FI", "123456789"),
            payer=Organization("EXAMPLE HEALTH PLAN", "FI", "987654321"),
            broker=Organization("BEST BROKERS", "94", "BRK777"),
            policy="G001234",
            account="ACCT55",
            effective_on=date(2025, 11, 1),
            subscribers_total=2,
            dependents_total=1,
            members_total=3,
        )
        == header
    )


def test_sample_4_8_has_three_requests(read):
    _, requests = read(SAMPLE_HEADER + ANN + ADAM + CAT + "SE*47*0001~")
    ann = MaintenanceRequest(
        ordinal=1,
        position=12,
        is_subscriber=True,
        relationship="18",
        maintenance=MaintenanceType.ADDITION,
        reason="28",
        benefit_status="A",
        subscriber_id="S100",
        policy="G001234",
        person=Person(
            last_name="ALPHA",
            first_name="ANN",
            ssn="111223333",
            birth_date=date(1980, 1, 2),
            gender="F",
            street="1 MAIN ST",
            city="SPRINGFIELD",
            state="IL",
            postal_code="62701",
        ),
        coverages=(
            CoverageRequest(
                MaintenanceType.ADDITION, "PPO", "GOLD", "ESP", date(2025, 11, 1), premium=Decimal("1240.00")
            ),
        ),
        references=(("DX", "DEPT7"),),
        particulars=(("employment", "FT"),),
        dates=(("336", "20251101"),),
    )
    cat = MaintenanceRequest(
        ordinal=3,
        position=31,
        is_subscriber=True,
        relationship="18",
        maintenance=MaintenanceType.TERMINATION,
        reason="08",
        benefit_status="A",
        subscriber_id="S200",
        policy="G001234",
        person=Person(last_name="CHARLIE", first_name="CAT"),
        coverages=(CoverageRequest(MaintenanceType.TERMINATION, "PPO", "GOLD", "FAM", last_day=date(2025, 8, 31)),),
        eligibility_last_day=date(2025, 8, 31),
        particulars=(("employment", "TE"),),
    )

    assert [ann, cat] == [requests[0], requests[2]]
    assert (2, False, "01", "ADAM") == (
        requests[1].ordinal,
        requests[1].is_subscriber,
        requests[1].relationship,
        requests[1].person.first_name,
    )


def test_members_are_read_one_by_one_as_they_are_asked_for(mapping):
    looked_at = []

    def watched() -> Iterator[RawLoop]:
        for loop in loops_of(SAMPLE_HEADER + ANN + ADAM + CAT, Delimiters()):
            looked_at.append(loop.position)
            yield loop

    _, members = read_enrollment(watched(), Delimiters(), mapping)
    assert [1] == looked_at
    assert (1, 12) == ((member := next(members)).ordinal, member.position)
    assert [1, 12] == looked_at


def test_a_member_that_was_not_read_yet_shows_its_place_only(mapping):
    _, members = read_enrollment(loops_of(SAMPLE_HEADER + ANN, Delimiters()), Delimiters(), mapping)
    assert "SentLoop(ordinal=1, position=12)" == repr(next(members))


def test_other_delimiters_are_read_and_kept(read):
    text = (SAMPLE_HEADER + ANN).replace("*", "|").replace("~", "'\r\n")

    _, [ann] = read(text, delimiters=Delimiters("|", ":", "^", "'"))

    assert ("GOLD", (("336", "20251101"),)) == (ann.coverages[0].plan, ann.dates)


def test_what_no_rule_reads_is_kept_with_the_delimiters_of_the_set(read):
    text = (SAMPLE_HEADER + ANN + "ICM*1*100~").replace("*", "|").replace("~", "'\r\n")

    _, [ann] = read(text, delimiters=Delimiters("|", ":", "^", "'"))

    assert ("ICM|1|100",) == ann.unread


def test_the_file_s_date_is_007_before_303(read):
    header, _ = read(SAMPLE_HEADER.replace("DTP*303", "DTP*303*D8*20251002~DTP*007"))

    assert date(2025, 11, 1) == header.effective_on
    assert ("DTP03*20251002",) == header.unread


def test_a_third_party_administrator_is_no_broker(read):
    header, _ = read(SAMPLE_HEADER.replace("N1*BO", "N1*TV"))

    assert (None, Organization("BEST BROKERS", "94", "BRK777")) == (header.broker, header.tpa)


@pytest.mark.parametrize(("sent", "message"), [
    ("BGN*00*REF0001*20251105*0800*ET~", "BGN08, what the file wants to be (2, 4 or RX), is missing."),
    ("BGN*00*REF0001*20251105*0800*ET***5~", "BGN08 is not a file action that we know (2, 4, RX)."),
    ("BGN*00*REF0001*20251305*0800*ET***2~", "BGN03 is not a date written CCYYMMDD."),
])  # fmt: skip
def test_a_header_that_cannot_be_read_says_so(read, sent, message):
    header, [ann] = read(SAMPLE_HEADER.replace("BGN*00*REF0001*20251105*0800*ET***2~", sent) + ANN)

    assert [(message, True, "BGN")] == [
        (found.message, found.is_error, found.place.segment) for found in header.findings
    ]
    assert FileAction.CHANGE is header.action
    assert "S100" == ann.subscriber_id


def test_the_policy_of_the_header_holds_for_members_without_one(member):
    assert "G001234" == member(SHORT).policy
    assert "G777" == member(SHORT + "REF*1L*G777~").policy


def test_the_person_is_read_whole(member):
    request = member(
        "INS*Y*18*001*25*A~REF*0F*S1~NM1*74*1*ALPHA*ANN*M**JR*ZZ*E0001~PER*IP**TE*5551234567*EM*A@B.C~"
        "N3*1 MAIN ST*APT 2~N4*SPRINGFIELD*IL*62701**CY*SANGAMON~DMG*D8*19800102*F*M~LUI*LD*SPA**7~LUI*LD*ENG**8~"
        "NM1*70*1*ALFA*ANNE****34*111223334~DMG*D8*19800201*F~"
    )

    assert (
        Person(
            last_name="ALPHA",
            first_name="ANN",
            middle_name="M",
            suffix="JR",
            other_id="E0001",
            birth_date=date(1980, 1, 2),
            gender="F",
            street="1 MAIN ST APT 2",
            city="SPRINGFIELD",
            state="IL",
            postal_code="62701",
            language="SPA",
            contacts=(("TE", "5551234567"), ("EM", "A@B.C")),
        )
        == request.person
    )
    assert Person("ALFA", "ANNE", ssn="111223334", birth_date=date(1980, 2, 1), gender="F") == request.former
    assert ("N405*CY", "N406*SANGAMON", "LUI04*7", "LUI*LD*ENG**8") == request.unread
    assert (("marital_status", "M"),) == request.particulars


@pytest.mark.parametrize(
    ("named", "payer"),
    [
        (["S1", "QD", "GD"], "QD"),
        (["6Y", "GD", "S1"], "S1"),
        (["EXS", "GD"], "GD"),
        (["6Y", "LR"], None),
    ],
)
def test_who_pays_is_the_responsible_party_then_a_parent_then_a_guardian(member, named, payer):
    people = [f"NM1*{code}*1*PAYER*{code}~N3*1 MAIN ST~" for code in named]

    request = member(SHORT + "".join(people))

    assert payer == (request.responsible and request.responsible[0])
    if payer is not None:
        assert Person("PAYER", payer, street="1 MAIN ST") == request.responsible[1]
    assert [f"NM1*{code}*1*PAYER*{code}" for code in named if code != payer] == [
        kept for kept in request.unread if kept.startswith("NM1")
    ]


def test_other_loops_of_the_member_are_kept_as_they_were_sent(member):
    sent = [
        "NM1*31*1", "N3*PO BOX 9", "NM1*36*2*ACME CORP", "PER*EP**TE*5550001111", "NM1*M8*2*SCHOOL", "NM1*45*1*GATE",
        "DSB*2", "DTP*360*D8*20250101",
    ]  # fmt: skip

    request = member(SHORT + "~".join([*sent, ""]))

    assert tuple(sent) == request.unread
    assert Person("ALPHA", "ANN") == request.person


def test_a_name_that_no_loop_has_is_kept_with_all_that_follows_it(member):
    request = member(SHORT + "NM1*XX*1*STRANGER~DMG*D8*19700101*M~")

    assert (Person("ALPHA", "ANN"), ("NM1*XX*1*STRANGER", "DMG*D8*19700101*M")) == (request.person, request.unread)


def test_dates_and_references_after_the_name_are_the_member_s_all_the_same(member):
    request = member("INS*Y*18*021*28*A~NM1*IL*1*ALPHA*ANN~REF*0F*S1~REF*23*C9~DTP*356*D8*20250101~")

    assert ("S1", (("23", "C9"),), date(2025, 1, 1)) == (
        request.subscriber_id,
        request.references,
        request.eligibility_begins_on,
    )


def test_a_coverage_line_is_read_whole(member):
    [line] = member(
        SHORT + "HD*021**HLT*PLAN9*FAM~DTP*348*D8*20250101~DTP*349*D8*20251231~DTP*303*D8*20241215~"
        "AMT*P3*123.4~REF*1L*POL9~REF*CE*78079DC0220021-01~REF*X9*ABC~"
    ).coverages

    assert (
        CoverageRequest(
            MaintenanceType.ADDITION,
            "HLT",
            "PLAN9",
            "FAM",
            date(2025, 1, 1),
            date(2025, 12, 31),
            date(2024, 12, 15),
            Decimal("123.40"),
            (("1L", "POL9"), ("CE", "78079DC0220021-01"), ("X9", "ABC")),
        )
        == line
    )


def test_the_exchange_s_plan_stands_in_ref_ce(member):
    [line] = member(SHORT + "HD*021**HLT~REF*CE*78079DC0220021-01~").coverages

    assert ("78079DC0220021-01", ()) == (line.plan, line.references)


@pytest.mark.parametrize(
    ("dates", "begin", "end"),
    [
        ("DTP*348*RD8*20250101-20251231~", date(2025, 1, 1), date(2025, 12, 31)),
        ("DTP*348*RD8*20250101-20251231~DTP*349*D8*20250630~", date(2025, 1, 1), date(2025, 6, 30)),
        ("DTP*348*D8*20250101~DTP*349*D8*99991231~", date(2025, 1, 1), None),
    ],
)
def test_a_range_gives_both_dates_and_the_end_of_time_is_none(member, dates, begin, end):
    [line] = member(SHORT + "HD*021**HLT*GOLD~" + dates).coverages

    assert (begin, end) == (line.begins_on, line.last_day)


def test_providers_and_other_insurance_are_kept_with_their_coverage(member):
    request = member(
        SHORT + "HD*021**HMO*GOLD~LX*1~NM1*P3*1*BERN*SUSAN****SV*143766*25~PLA*2*1P*20250101**14~"
        "COB*P*890111*5~REF*60*XYZ~DTP*344*D8*20250101~NM1*IN*2*OTHER INSURER~"
        "HD*021**DEN*SMILE~DTP*348*D8*20250101~"
    )

    assert [
        (
            "NM1*P3*1*BERN*SUSAN****SV*143766*25",
            "PLA*2*1P*20250101**14",
            "COB*P*890111*5",
            "REF*60*XYZ",
            "DTP*344*D8*20250101",
            "NM1*IN*2*OTHER INSURER",
        ),
        (),
    ] == [line.kept for line in request.coverages]
    assert ((), date(2025, 1, 1)) == (request.unread, request.coverages[1].begins_on)


def test_reporting_categories_are_pairs_by_name(member):
    request = member(
        SHORT + "HD*021**HLT~LS*2700~LX*1~N1*75*Pre Amt Tot ~REF*9X*808.31~DTP*007*D8*20250201~"
        "LX*2~N1*75*SOURCE EXCHANGE ID~REF*17*FFM~LE*2700~"
    )

    assert (("PRE AMT TOT", "808.31"), ("SOURCE EXCHANGE ID", "FFM")) == request.reporting
    assert (("PRE AMT TOT", date(2025, 2, 1)),) == request.reporting_dates
    assert () == request.unread


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (SHORT.replace("REF*0F*S1~", ""), "SUBSCRIBER_NOT_FOUND", "The subscriber's id (REF*0F) is missing."),
        (SHORT + "DTP*356*D8*20251341~", "DATE_LOGIC", "DTP03 is not a date written CCYYMMDD."),
        (SHORT + "DMG*D8*00010101~", "DATE_LOGIC", "DMG02 is not a date written CCYYMMDD."),
        (SHORT + "HD*021**HLT~DTP*348*RD8*20250101-2025123~", "DATE_LOGIC", "DTP03 is not a date written CCYYMMDD."),
        (
            SHORT + "HD*021**HLT~AMT*P3*12.345~",
            "UNREADABLE_VALUE",
            "AMT02 is not an amount of at most ten digits in dollars and cents.",
        ),
        (
            SHORT.replace("*021*", "*020*"),
            "UNREADABLE_VALUE",
            "INS03 is not a maintenance type that we know (001, 002, 021, 024, 025, 026, 030, 032).",
        ),
        (SHORT.replace("*021*", "**"), "UNREADABLE_VALUE", "INS03 is missing."),
        (SHORT.replace("INS*Y", "INS*X"), "UNREADABLE_VALUE", "INS01 is not Y or N."),
        (
            SHORT.replace("*18*", "*19*"),
            "UNREADABLE_VALUE",
            "INS01 and INS02 disagree: 18 (self) is the subscriber's relationship, and only its own.",
        ),
        (SHORT + "HD*021~", "UNREADABLE_VALUE", "HD01 or HD03 is missing."),
    ],
)
def test_a_loop_that_cannot_be_read_is_refused_alone(read, text, code, message):
    _, [refused, ann] = read(SAMPLE_HEADER + text + ANN)

    assert isinstance(refused, RefusedRequest)
    assert (1, 12) == (refused.ordinal, refused.position)
    assert [(code, message, 1)] == [(found.code, found.message, found.member) for found in refused.findings]
    assert (2, "ANN") == (ann.ordinal, ann.person.first_name)


def test_a_refusal_says_whose_family_it_is_and_shows_nothing_personal(member):
    refused = member(SHORT.replace("ANN", "ANN****34*111223333") + "DMG*D8*19801302~")

    assert ("S1", True) == (refused.subscriber_id, refused.is_subscriber)
    assert ("19801302", "SUBSCRIBER NUMBER REF02:S1") == (refused.findings[0].value, refused.findings[0].context)
    assert not any(word in repr(refused) for word in ("19801302", "ALPHA", "111223333", "S1"))


def test_what_comes_twice_is_taken_once_and_kept_the_second_time(member):
    request = member(SHORT + "DTP*356*D8*20250101~DTP*356*D8*20250201~REF*1L*G1~REF*1L*G2~")

    assert (date(2025, 1, 1), "G1") == (request.eligibility_begins_on, request.policy)
    assert ((("1L", "G2"),), (("356", "20250201"),)) == (request.references, request.dates)


def test_every_element_that_was_sent_is_read_or_kept(read):
    sent = (
        "INS*Y*18*021*I4*I5*I6*I7*I8*I9*I10*D8*20251001*I13****I17~REF*0F*R1~REF*ZZ*R2*R3~REF*QQ*R4~"
        "NM1*IL*1*LAST*FIRST*MIDDLE*PREFIX*SUFFIX*34*SSN~PER*IP*OFFICE*TE*PHONE~N3*STREET*STREET2~"
        "N4*CITY*STATE*ZIP*LAND*CY*COUNTY~DMG*D8*19800102*F*MARITAL*RACE*CITIZEN~EC*E1*E2*E3~ICM*M1*M2*M3~AMT*D2*A1~"
        "HLH*H1*H2*H3~LUI*LD*LANGUAGE*L3*L4~HD*021*HD2*HD3*HD4*HD5*HD6*HD7*HD8*HD9*HD10~DTP*343*D8*20240607~"
        "AMT*B9*A2~IDC*C1*C2*C3~LX*1~NM1*P3*1*PROVIDER~"
    )
    everything = {element for segment in sent.split("~") for element in segment.split("*")[1:] if element}

    _, [request] = read(SAMPLE_HEADER + sent)

    person = " ".join(str(getattr(request.person, name)) for name in Person.__slots__)
    of_lines = [(line.references, line.dates, line.kept) for line in request.coverages]
    lists = (request.references, request.dates, request.particulars, request.unread)
    held = f"{request} {person} {lists} {of_lines}"
    only_how_to_read = {"Y", "18", "021", "D8", "IL", "1", "34", "0F", "IP", "LD"}
    read_as_dates = {"20251001", "19800102"}
    assert set() == {word for word in everything if word not in held} - only_how_to_read - read_as_dates


@pytest.mark.corpus
@pytest.mark.skipif(not os.environ.get("GATEWAY_CORPUS"), reason="GATEWAY_CORPUS is not set")
def test_every_834_of_the_corpus_is_read_and_decided_to_its_end(read):
    """Whatever was sent comes to an event or to a finding; nothing is raised for it."""
    answers: Counter[str] = Counter()
    for path in sorted((Path(os.environ["GATEWAY_CORPUS"]) / "834").iterdir()):
        text = path.read_bytes().decode("latin-1").lstrip("\ufeff \r\n")
        if not text.startswith("ISA") or len(text) < 107:
            continue
        delimiters = Delimiters(text[3], text[104], text[82], text[105])
        families: dict[str, Family | None] = {}
        for number, one_set in enumerate(text.split(f"ST{delimiters.element}834")[1:]):
            header, requests = read(f"ST{delimiters.element}834{one_set}", delimiters=delimiters)
            source = SetSource("F", f"{path.name}/{number}", "1", "1", "1")
            circumstances = Circumstances(
                "p", "A", source, datetime(2025, 11, 5, tzinfo=UTC), date(2025, 11, 5), header
            )
            for request in requests:
                if isinstance(request, RefusedRequest):
                    assert request.findings
                    answers["refused"] += 1
                    continue
                family = families.get(request.subscriber_id)
                decision = decide(request, family, EnrollmentRules(), circumstances)
                families[request.subscriber_id] = decision.family
                events = decision.change.events if decision.change else ()
                answers.update(event.event.value for event in events)
                answers.update(finding.code for finding in decision.findings)
                assert events or decision.findings
    assert {"enroll", "change", "refused"} <= answers.keys()
