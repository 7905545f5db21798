"""Station 9: what partners say of our documents (TA1, 997, 999, 824)."""

from dataclasses import replace

import pytest

from gateway.partners.profile import PartnerStatus
from tests.unit.pipeline.x12_files import Envelope, enrollment, member, transaction

ANSWER = Envelope(number="000000301", asks_for_ta1=False, functional_id="FA", guide="005010X231A1")
ANSWER_997 = replace(ANSWER, guide="005010")
REPORT = Envelope(number="000000302", asks_for_ta1=False, functional_id="AG", guide="005010X186A1")


@pytest.fixture
def sent(house):
    """A house that sent acme a TA1 under control number 1 and an 824 under number 3 (2 is the 999)."""
    house.take("acme", Envelope().around(enrollment(member("A1"), member("A2", plan="PLATINUM"))))
    assert ["1", "2", "3"] == [number.lstrip("0") for (number,) in house.rows("SELECT control_number FROM documents")]
    return house


def ack_999(group, code, *, set_code=None, type_="AG"):
    sets = [f"AK2*824*0001*{REPORT.guide}", f"IK5*{set_code}"] if set_code else []
    return transaction("999", f"AK1*{type_}*{group}*{REPORT.guide}", *sets, f"AK9*{code}*1*1*1", guide=ANSWER.guide)


def ack_997(group, code):
    return transaction("997", f"AK1*AG*{group}", f"AK9*{code}*1*1*1", guide="").replace("*0001*~", "*0001~")


def report_824(group, verdict):
    return transaction(
        "824",
        "BGN*11*THEIRS*20251023*0900**OURS**WQ",
        "N1*41*ACME CORP*46*ACME",
        "N1*40*EXAMPLE HEALTH PLAN*46*EXAMPLEHEALTH",
        f"OTI*{verdict}*TN*NA***20251023*0900*{group}*0001*824*005010X186A1",
        guide=REPORT.guide,
    )


def state(house, number):
    return house.rows("SELECT state, reason FROM documents WHERE control_number = ?", f"{number:09d}")[0]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ANSWER.around(ack_999(3, "A")), ("acknowledged", "999 A")),
        (ANSWER.around(ack_999(3, "E")), ("acknowledged", "999 E")),
        (ANSWER.around(ack_999(3, "P")), ("acknowledged", "999 P")),
        (ANSWER.around(ack_999(3, "R")), ("rejected", "999 R")),
        (ANSWER.around(ack_999(3, "R", set_code="R")), ("rejected", "999 R")),
        (ANSWER_997.around(ack_997(3, "A")), ("acknowledged", "997 A")),
        (ANSWER_997.around(ack_997(3, "R")), ("rejected", "997 R")),
        (REPORT.around(report_824(3, "TA")), ("acknowledged", "824 TA")),
        (REPORT.around(report_824(3, "TR")), ("rejected", "824 TR")),
        (ANSWER.with_ta1s("TA1*000000003*251023*0900*A*000~\n"), ("acknowledged", "TA1 A")),
        (ANSWER.with_ta1s("TA1*000000003*251023*0900*R*006~\n"), ("rejected", "TA1 R")),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_an_answer_moves_the_document_it_is_about_and_no_other(sent, answer, expected):
    file = sent.take("acme", answer)
    assert "acknowledged" == file.state
    assert expected == state(sent, 3)
    assert ["verified"] * 2 == [state(sent, number)[0] for number in (1, 2)]
    rejected = [("document_rejected", "acme")] if expected[0] == "rejected" else []
    assert rejected == sent.incidents()


def test_a_rejection_counts_after_an_acceptance_and_is_not_taken_back(sent):
    sent.take("acme", ANSWER.with_ta1s("TA1*000000003*251023*0900*A*000~\n"))
    assert ("acknowledged", "TA1 A") == state(sent, 3)
    sent.take("acme", ANSWER.around(ack_999(3, "R")).replace(b"301", b"303"))
    assert ("rejected", "999 R") == state(sent, 3)
    sent.take("acme", ANSWER.with_ta1s("TA1*000000003*251024*0900*A*000~\n").replace(b"301", b"304"))
    assert ("rejected", "999 R") == state(sent, 3)


def test_a_set_that_is_accepted_in_a_group_that_is_rejected_is_rejected(sent):
    sent.take("acme", ANSWER.around(ack_999(3, "R", set_code="A")))
    assert ("rejected", "999 R") == state(sent, 3)


def test_a_code_that_the_standard_does_not_have_says_nothing_and_is_for_a_person(sent):
    sent.take("acme", ANSWER.with_ta1s("TA1*000000003*251023*0900*Q*000~\n"))
    assert "verified" == state(sent, 3)[0]
    assert [("unclear_acknowledgement", "acme")] == sent.incidents()


@pytest.mark.parametrize("answer", [ANSWER.around(ack_999(77, "A")), REPORT.around(report_824(77, "TR"))])
def test_an_answer_to_what_we_never_sent_opens_one_incident_however_often_it_comes(sent, answer):
    sent.take("acme", answer)
    sent.take("acme", answer.replace(b"00000030", b"00000039").replace(b"*30", b"*39"))
    assert [("unknown_acknowledgement", "acme")] == sent.incidents()
    assert ["verified"] * 3 == [state(sent, number)[0] for number in (1, 2, 3)]


def test_another_partners_number_is_not_ours_to_know(sent):
    sent.take("cedar", ANSWER.around(ack_999(3, "R")).replace(b"ACME           ", b"CEDAR          "))
    assert "verified" == state(sent, 3)[0]
    assert ("unknown_acknowledgement", "cedar") in sent.incidents()


def test_an_answer_that_comes_before_the_sending_is_recorded_stands(house):
    """The partner was quicker than our commit: the delivery that is still being written must not undo it."""
    house.agree("acme", status=PartnerStatus.SUSPENDED)
    house.take("acme", Envelope().around(enrollment(member("A1"))))
    assert "queued" == state(house, 1)[0]
    house.take("acme", ANSWER.with_ta1s("TA1*000000001*251023*0900*A*000~\n"))
    house.agree("acme", status=PartnerStatus.ACTIVE)
    house.app.poll("acme")
    house.work()
    assert ("acknowledged", "TA1 A") == state(house, 1)


def test_a_file_with_only_a_ta1_gets_no_answer_even_where_every_interchange_is_answered(sent):
    before = sent.inbox("acme")
    sent.agree("acme", x12={"ta1": "always", "report_824": "always"})
    sent.take("acme", ANSWER.with_ta1s("TA1*000000003*251023*0900*A*000~\n"))
    assert before == sent.inbox("acme")


def test_good_news_of_an_acknowledgement_is_never_reported_so_that_nobody_answers_for_ever(sent):
    sent.agree("acme", x12={"report_824": "always"})
    before = set(sent.inbox("acme"))
    sent.take("acme", ANSWER.around(ack_999(3, "A")))
    assert before == set(sent.inbox("acme"))
    sent.take("acme", REPORT.around(report_824(3, "TA")))
    assert ["999"] == [name.split("_")[0] for name in set(sent.inbox("acme")) - before]


def test_an_acknowledgement_that_cannot_be_read_is_not_taken_as_one(sent):
    sent.take("acme", ANSWER.around(transaction("999", "AK1*AG*3", guide=ANSWER.guide)))
    assert "verified" == state(sent, 3)[0]
