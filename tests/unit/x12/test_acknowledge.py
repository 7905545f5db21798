import io
from datetime import UTC, datetime

import pytest

from gateway.domain.exchange import AckCode, Delimiters, DocumentKind, FunctionalGroup, Interchange, Party
from gateway.x12.acknowledge import AckIdentity, InterchangeOutcome, group_ack_kind, wants_ta1, write_ta1

NOON = datetime(2025, 11, 5, 12, 30, 15, tzinfo=UTC)


def interchange(**changes) -> Interchange:
    return Interchange(
        **{
            "ordinal": 1,
            "control_number": "000000019",
            "sender": Party("30", "ACME"),
            "receiver": Party("ZZ", "EXAMPLEHEALTH"),
            "date": "251104",
            "time": "0815",
            "version": "00501",
            "ack_requested": False,
            "usage": "T",
            **changes,
        }
    )


def group(functional_id: str = "BE", guide: str = "005010X220A1") -> FunctionalGroup:
    return FunctionalGroup(1, functional_id, "ACMEHR", "EHP", "20251104", "0815", "7", guide)


def outcome(code: AckCode, *, ack_requested: bool = False, carries_ta1: bool = False) -> InterchangeOutcome:
    asked = interchange(ack_requested=ack_requested)
    return InterchangeOutcome(asked, code, "000", carries_ta1=carries_ta1)


def ta1_lines(outcome: InterchangeOutcome) -> list[str]:
    identity = AckIdentity.answering(outcome.interchange, None, instant=NOON, control_number="000000042")
    out = io.BytesIO()
    write_ta1(identity, outcome, out)
    return out.getvalue().decode().split("~\n")


@pytest.mark.parametrize("policy", ["requested", "always", "errors"])
def test_a_refused_interchange_is_always_told_so(policy):
    assert wants_ta1(outcome(AckCode.REJECTED), policy)


@pytest.mark.parametrize(
    ("policy", "code", "ack_requested", "expected"),
    [
        ("requested", AckCode.ACCEPTED, False, False),
        ("requested", AckCode.ACCEPTED, True, True),
        ("requested", AckCode.WITH_ERRORS, False, False),
        ("requested", AckCode.WITH_ERRORS, True, True),
        ("always", AckCode.ACCEPTED, False, True),
        ("always", AckCode.WITH_ERRORS, False, True),
        ("errors", AckCode.ACCEPTED, True, False),
        ("errors", AckCode.WITH_ERRORS, False, True),
    ],
)
def test_a_good_interchange_is_answered_as_isa14_and_the_partner_ask(policy, code, ack_requested, expected):
    assert expected is wants_ta1(outcome(code, ack_requested=ack_requested), policy)


@pytest.mark.parametrize("code", list(AckCode))
def test_a_ta1_is_never_answered_with_a_ta1(code):
    assert not wants_ta1(outcome(code, ack_requested=True, carries_ta1=True), "always")


@pytest.mark.parametrize(
    ("functional_id", "guide", "policy", "expected"),
    [
        ("BE", "005010X220A1", "auto", DocumentKind.ACK_999),
        ("RA", "005010X218", "auto", DocumentKind.ACK_999),
        ("RA", "005010X306", "auto", DocumentKind.ACK_999),
        ("AG", "005010X186A1", "auto", DocumentKind.ACK_999),
        ("BE", "004010X095A1", "auto", DocumentKind.ACK_997),
        ("IN", "004010", "auto", DocumentKind.ACK_997),
        ("IN", "005010", "auto", DocumentKind.ACK_997),
        ("IN", "005010", "999", DocumentKind.ACK_999),
        ("BE", "005010X220A1", "997", DocumentKind.ACK_997),
        ("BE", "004010X095A1", "999", DocumentKind.ACK_997),
        ("FA", "005010X231A1", "auto", None),
        ("FA", "004010", "997", None),
    ],
)
def test_one_kind_of_acknowledgement_answers_a_group(functional_id, guide, policy, expected):
    assert expected is group_ack_kind(group(functional_id, guide), policy)


def test_a_ta1_stands_right_after_isa_and_returns_what_the_original_wrote():
    refused = InterchangeOutcome(interchange(), AckCode.REJECTED, "021")
    assert [
        "ISA*00*          *00*          *ZZ*EXAMPLEHEALTH  *30*ACME           *251105*1230*^*00501*000000042*0*T*:",
        "TA1*000000019*251104*0815*R*021",
        "IEA*0*000000042",
        "",
    ] == ta1_lines(refused)


def test_a_ta1_without_a_note_says_no_error():
    assert "TA1*000000019*251104*0815*A*000" == ta1_lines(InterchangeOutcome(interchange(), AckCode.ACCEPTED, ""))[1]


def test_an_answer_changes_sender_and_receiver_and_keeps_the_release():
    identity = AckIdentity.answering(interchange(version="00401"), group(), instant=NOON, control_number="000000042")
    assert ("EXAMPLEHEALTH", "ACME", "EHP", "ACMEHR") == (
        identity.ours.id,
        identity.theirs.id,
        identity.our_code,
        identity.their_code,
    )
    assert ("00401", "42", "T") == (identity.version, identity.group_control_number, identity.usage)


@pytest.mark.parametrize("version", ["00200", "00510", "garbage"])
def test_a_release_we_do_not_write_is_answered_in_5010(version):
    strange = interchange(version=version)
    assert "00501" == AckIdentity.answering(strange, None, instant=NOON, control_number="000000001").version


def test_ids_from_a_file_with_other_delimiters_or_widths_can_be_answered():
    strange = interchange(
        sender=Party("ZZZ", "AC*ME~" + "X" * 20),
        control_number="0000000191",
        usage="X",
        delimiters=Delimiters(element="|", segment="'"),
    )
    isa, ta1, *_ = ta1_lines(InterchangeOutcome(strange, AckCode.REJECTED, "006"))
    assert 105 == len(isa)
    assert "*ZZ*AC?ME?XXXXXXXXX*" in isa
    assert "*0*P*:" in isa
    assert "TA1*000000019*251104*0815*R*006" == ta1
