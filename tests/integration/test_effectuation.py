"""The effectuation 834: an exchange that asks for it hears which enrollments were taken, once, in valid X12."""

import io
import logging
from pathlib import Path

import pytest
import pyx12
from pyx12.params import ParamsBase
from pyx12.x12n_document import x12n_document

from gateway.demo.scenario import sample
from gateway.domain.exchange import AckCode
from gateway.x12.check import SetChecked, check

DUNES = sample("dunes_enroll.834")


@pytest.fixture
def exchange(house):
    """The house with an exchange that asks for effectuations."""
    house.agree("dunes", enrollment={"effectuation": True})
    return house


def effectuations(house):
    return [content for name, content in house.inbox("dunes").items() if name.startswith("834_")]


def sets(content):
    """The segments of each set of an interchange, without ST and SE."""
    text = content.decode().replace("\n", "")
    return [part.split("~SE*")[0].split("~")[1:] for part in text.split("~ST*834")[1:]]


def one(exchange, content=DUNES):
    exchange.take("dunes", content)
    (document,) = effectuations(exchange)
    return document


def test_every_enrolled_subscriber_is_confirmed_with_021_and_reason_28_in_a_set_of_its_own(exchange):
    confirmed = sets(one(exchange))
    assert [["INS*Y*18*021*28*A***AC"], ["INS*Y*18*021*28*A***AC"]] == [
        [part for part in each if part.startswith("INS")] for each in confirmed
    ]
    assert ["E7001", "E7002"] == [part[7:] for each in confirmed for part in each if part.startswith("REF*0F")]


def test_ids_plan_dates_and_premium_amounts_are_those_that_were_sent(exchange):
    first = sets(one(exchange))[0]
    sent = sets(DUNES)[0]
    returned = [part for part in sent if part.split("*")[0] in {"REF", "HD", "LS", "LX", "LE", "DTP"}]
    returned += [part for part in sent if part.startswith(("N1", "NM1", "N3", "N4", "DMG", "QTY"))]
    assert sorted(returned) == sorted(part for part in first if not part.startswith(("BGN", "INS")))
    assert first.index("N1*75*PRE AMT TOT") + 1 == first.index("REF*9X*808.31")
    assert first.index("N1*75*APTC AMT") + 1 == first.index("REF*9V*626.66")
    assert first.index("N1*75*TOT RES AMT") + 1 == first.index("REF*9V*181.65")


def test_it_goes_from_us_to_the_exchange_under_a_control_number_of_ours(exchange):
    head = one(exchange).decode().split("*")
    assert (["ZZ", "EXAMPLEHEALTH  ", "ZZ", "DUNES          "]) == head[5:9]
    assert [(head[13], "verified")] == exchange.rows("SELECT control_number, state FROM documents WHERE kind = '834'")


def test_our_own_check_finds_no_fault(exchange):
    found = [
        event for event in check(io.BytesIO(one(exchange)), exchange.plant.guides) if isinstance(event, SetChecked)
    ]
    assert [(AckCode.ACCEPTED, ())] * 2 == [(event.ack, tuple(event.findings)) for event in found]


def faults_by_pyx12(content: bytes, folder: Path, caplog) -> list[str]:
    """What pyx12 finds wrong with a document, and what its 999 says."""
    param = ParamsBase()
    source = folder / "effectuation.834"
    source.write_bytes(content)
    answer = io.StringIO()
    with caplog.at_level(logging.ERROR, logger="pyx12"):
        x12n_document(param, str(source), answer, None, None, map_path=str(Path(pyx12.__file__).parent / "map"))
    refused = [part for part in answer.getvalue().split("~") if part.strip().startswith(("IK3", "IK4", "IK5*R"))]
    return [record.getMessage() for record in caplog.records] + refused


def test_pyx12_finds_no_fault_either(exchange, tmp_path, caplog):
    assert [] == faults_by_pyx12(one(exchange), tmp_path, caplog)


def test_pyx12_is_not_easily_pleased(exchange, tmp_path, caplog):
    assert faults_by_pyx12(one(exchange).replace(b"HD*021**HMO", b"HD*099**HMO"), tmp_path, caplog)


def test_the_same_file_again_confirms_nothing_twice(exchange):
    exchange.take("dunes", DUNES)
    exchange.take("dunes", DUNES)
    assert 1 == len(effectuations(exchange))


def test_what_was_confirmed_is_not_confirmed_again_by_a_file_that_repeats_it(exchange):
    exchange.take("dunes", DUNES)
    again = DUNES.replace(b"000009001", b"000009002").replace(b"DUNES-000", b"DUNES-100").replace(b"*9001", b"*9002")
    assert "acknowledged" == exchange.take("dunes", again).state
    assert 1 == len(effectuations(exchange))


def test_a_member_that_was_refused_is_not_confirmed(exchange):
    reused = DUNES.replace(b"REF*0F*E7002~", b"REF*0F*E7001~")  # another person under the id of the first
    assert ["E7001"] == [part[7:] for each in sets(one(exchange, reused)) for part in each if part.startswith("REF*0F")]


def test_a_termination_is_not_confirmed_as_an_enrollment(exchange):
    exchange.take("dunes", DUNES)
    ended = DUNES.replace(b"000009001", b"000009002").replace(b"DUNES-000", b"DUNES-100").replace(b"*9001", b"*9002")
    ended = ended.replace(b"*021*EC*", b"*024*14*").replace(b"HD*021", b"HD*024").replace(b"DTP*348", b"DTP*349")
    exchange.take("dunes", ended.replace(b"D8*20251101~\nREF*CE", b"D8*20251231~\nREF*CE"))
    assert ["terminated"] * 2 == [status for (status,) in exchange.rows("SELECT status FROM memberships")]
    assert 1 == len(effectuations(exchange))


def test_an_exchange_that_does_not_ask_gets_none(house):
    house.take("dunes", DUNES)
    assert [] == effectuations(house)


def test_a_family_is_confirmed_in_one_set(exchange):
    head, tail = DUNES.split(b"LE*2700~\nSE*41*0001~")
    child = (
        b"LE*2700~\nINS*N*19*021*EC*A~\nREF*0F*E7001~\nREF*17*E7001Y~\nNM1*IL*1*LARKSPURRE*LOU~\nDMG*D8*20150202*M~\n"
        b"HD*021**HMO~\nDTP*348*D8*20251101~\nREF*CE*12345IL0010001-01~\nSE*49*0001~"
    )
    first = sets(one(exchange, head.replace(b"QTY*TO*1~\nQTY*ET*1", b"QTY*TO*2~\nQTY*ET*1", 1) + child + tail))[0]
    assert ["INS*Y*18*021*28*A***AC", "INS*N*19*021*28*A"] == [part for part in first if part.startswith("INS")]
    assert ["QTY*TO*2", "QTY*DT*1", "QTY*ET*1"] == [part for part in first if part.startswith("QTY")]


def test_amounts_that_do_not_add_up_are_told_and_the_member_is_enrolled(exchange):
    exchange.take("dunes", DUNES.replace(b"626.66", b"626.65"))
    (finding,) = exchange.rows("SELECT code, severity, member, message FROM findings WHERE level = 'business'")
    assert ("OUT_OF_BALANCE", "warning", 1) == finding[:3]
    assert "PRE AMT TOT is 808.31, but APTC AMT 626.65 + TOT RES AMT 181.65 = 808.30." == finding[3]
    assert 2 == len(exchange.rows("SELECT 1 FROM memberships WHERE status = 'active'"))
