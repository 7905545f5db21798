import io
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from gateway.domain.exchange import Delimiters, Party
from gateway.errors import ValueNotWritable
from gateway.x12.writer import GroupHead, InterchangeHead, InterchangeWriter, amount, copied, loop_id

NOON = datetime(2025, 11, 5, 12, 30, 15, tzinfo=UTC)
US = Party("ZZ", "EXAMPLEHEALTH")
ACME = Party("30", "123456789")
GROUP = GroupHead("FA", "EXAMPLEHEALTH", "ACME", "17", "005010X231A1")


def head(**changes) -> InterchangeHead:
    return InterchangeHead(
        **{"sender": US, "receiver": ACME, "control_number": "000000042", "instant": NOON, **changes}
    )


def written(*segments, **changes) -> list[str]:
    out = io.BytesIO()
    with (
        InterchangeWriter(out, head(**changes)) as writer,
        writer.group(GROUP),
        writer.transaction_set("999", guide="005010X231A1"),
    ):
        for tag, *elements in segments:
            writer.segment(tag, *elements)
    return out.getvalue().decode("latin-1").split("~\n")


def test_an_interchange_is_enveloped_and_counted():
    isa = "ISA*00*          *00*          *ZZ*EXAMPLEHEALTH  *30*123456789      *251105*1230*^*00501*000000042*0*P*:"
    assert [
        isa,
        "GS*FA*EXAMPLEHEALTH*ACME*20251105*123015*17*X*005010X231A1",
        "ST*999*0001*005010X231A1",
        "AK1*BE*1*005010X220A1",
        "AK9*A*1*1*1",
        "SE*4*0001",
        "GE*1*17",
        "IEA*1*000000042",
        "",
    ] == written(("AK1", "BE", "1", "005010X220A1"), ("AK9", "A", 1, 1, 1))


def test_isa_and_its_terminator_are_106_characters():
    assert 105 == len(written()[0])


def test_an_interchange_without_groups_says_so():
    out = io.BytesIO()
    with InterchangeWriter(out, head(line_end="")) as writer:
        writer.segment("TA1", "000000001", "251105", "0800", "A", "000")
    assert out.getvalue().endswith(b":~TA1*000000001*251105*0800*A*000~IEA*0*000000042~")


def test_sets_are_numbered_within_their_group():
    out = io.BytesIO()
    with InterchangeWriter(out, head()) as writer:
        for number in ("17", "18"):
            with writer.group(GroupHead("FA", "A", "B", number, "004010")):
                for _ in range(2):
                    with writer.transaction_set("997"):
                        writer.segment("AK1", "BE", 1)
    text = out.getvalue().decode()
    assert 2 == text.count("ST*997*0001~")
    assert 2 == text.count("SE*3*0002~")
    assert 1 == text.count("GE*2*18~")
    assert text.endswith("IEA*2*000000042~\n")


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        (("A", "", "", ""), "NTE*A"),
        (("", "", "B"), "NTE***B"),
        ((), "NTE"),
        ((("4", 2, ""), "1073"), "NTE*4:2*1073"),
        ((("", ""), None), "NTE"),
        ((Decimal("620.00"), Decimal("-2.50")), "NTE*620*-2.5"),
    ],
)
def test_empty_elements_and_components_at_the_end_are_left_off(elements, expected):
    assert expected == written(("NTE", *elements))[3]


@pytest.mark.parametrize("delimiter", ["*", ":", "^", "~", "\n", "\x1c", "\x7f"])
@pytest.mark.parametrize("wrap", [str, lambda text: ("1", text)])
def test_a_value_that_holds_a_delimiter_is_refused_without_being_shown(delimiter, wrap):
    with pytest.raises(ValueNotWritable, match=r"^NM103 holds a delimiter") as refusal:
        written(("NM1", "IL", "1", wrap(f"SECRET{delimiter}NAME")))
    assert "SECRET" not in str(refusal.value)


def test_what_is_a_delimiter_is_decided_by_the_interchange():
    pipes = Delimiters(element="|", component=">", repetition="!", segment="'")
    out = io.BytesIO()
    with InterchangeWriter(out, head(delimiters=pipes, line_end="\r\n")) as writer:
        writer.segment("NTE", "A*B:C~D")
    assert b"ISA|00|" == out.getvalue()[:7]
    assert b"'\r\nNTE|A*B:C~D'\r\n" in out.getvalue()


def test_a_character_outside_latin_1_is_refused():
    assert "N1*41*MÜLLER" == written(("N1", "41", "MÜLLER"))[3]
    with pytest.raises(ValueNotWritable, match="N102 holds a character outside Latin-1"):
        written(("N1", "41", "ŁÓDŹ"))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"control_number": "42"}, "nine digits"),
        ({"sender": Party("ZZ", "AN-ID-OF-SIXTEEN")}, "ISA05 to ISA08"),
        ({"receiver": Party("ZZZ", "ACME")}, "ISA05 to ISA08"),
        ({"receiver": Party("ZZ", "AC*ME")}, "ISA05 to ISA08"),
        ({"delimiters": Delimiters(element=":")}, "different ASCII characters"),
    ],
)
def test_a_head_that_does_not_fit_isa_is_refused_before_anything_is_written(changes, complaint):
    out = io.BytesIO()
    with pytest.raises(ValueNotWritable, match=complaint):
        InterchangeWriter(out, head(**changes))
    assert b"" == out.getvalue()


def test_an_instant_of_another_zone_is_written_in_utc():
    evening = datetime(2025, 11, 4, 20, 0, tzinfo=timezone(timedelta(hours=-6)))
    assert "*251105*0200*" in written(instant=evening)[0]
    assert "*20251105*020000*" in written(instant=evening)[1]


@pytest.mark.parametrize(("version", "isa11"), [("00401", "*U*00401*"), ("00501", "*^*00501*")])
def test_isa11_is_the_standards_id_before_release_402(version, isa11):
    assert isa11 in written(version=version)[0]


def test_a_document_that_broke_off_has_no_trailers():
    out = io.BytesIO()
    with (
        pytest.raises(ValueNotWritable),
        InterchangeWriter(out, head()) as writer,
        writer.group(GROUP),
        writer.transaction_set("999"),
    ):
        writer.segment("AK1", "B*E")
    assert out.getvalue().endswith(b"ST*999*0001~\n")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1240.00"), "1240"),
        (Decimal("0.10"), "0.1"),
        (Decimal(-4350), "-4350"),
        (Decimal("-0.00"), "0"),
        (Decimal("1E+3"), "1000"),
    ],
)
def test_amounts_are_written_without_exponent_and_trailing_zeros(value, expected):
    assert expected == amount(value)


@pytest.mark.parametrize(
    ("value", "delimiters", "expected"),
    [
        ("CAMP*HILL:A~B^C", Delimiters(), "CAMP?HILL?A?B?C"),
        ("X" * 150, Delimiters(), "X" * 99),
        ("MÜLLER\x00", Delimiters(), "M?LLER?"),
        ("A?B*C", Delimiters(segment="?"), "A-B-C"),
        ("19790101  ", Delimiters(), "19790101"),
        ("   ", Delimiters(), ""),
        (None, Delimiters(), ""),
    ],
)
def test_a_copied_bad_value_can_always_be_written(value, delimiters, expected):
    assert expected == copied(value, delimiters, longest=99)


@pytest.mark.parametrize(
    ("loop", "expected"), [("2000", "2000"), ("2010AA", "2010"), ("ST_LOOP", ""), ("LS_LOOP", ""), (None, "")]
)
def test_a_loop_id_has_at_most_four_characters(loop, expected):
    assert expected == loop_id(loop)
