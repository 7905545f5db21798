"""Reading 005010X218 and 004010X061A1 (DOMAIN 5.1, 5.2)."""

import io
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.domain.exchange import Delimiters
from gateway.domain.finding import Finding
from gateway.domain.parties import Organization
from gateway.domain.period import Period
from gateway.domain.remittance import Adjustment, Handling, Remittance
from gateway.transactions.premium_payment_820 import read_820
from gateway.x12.reader import read_set

DECEMBER = Period(date(2025, 12, 1), date(2026, 1, 1))
HEADER = (
    "ST*820*0001*005010X218~BPR*I*3717.5*C*NON******1123456789******20251201~TRN*3*EFT20251201A*1123456789~"
    "REF*14*G001234~N1*PE*EXAMPLE HEALTH PLAN*FI*987654321~N1*PR*ACME CORP*FI*123456789~"
)
THREE_MEMBERS = (
    "ENT*1*2J*EI*A100~NM1*EY*1*ALPHA*ANN****EI*A100~RMR*AZ*PA100**620*620~DTM*582****RD8*20251201-20251231~"
    "ENT*2*2J*EI*A101~NM1*EY*1*BRAVO*BOB****EI*A101~RMR*AZ*PA101**1240*1240~DTM*582****RD8*20251201-20251231~"
    "ENT*3*2J*EI*A102~NM1*EY*1*CHARLIE*CAT****EI*B102~RMR*AZ*PA102**1857.5*1860~"
    "DTM*582****RD8*20251201-20251231~ADX*-2.5*H6~"
)


def read(text: str, guide: str = "005010X218") -> tuple[Remittance, tuple[Finding, ...]]:
    data = text.encode()
    return read_820(read_set(io.BytesIO(data), 0, len(data), Delimiters()), Delimiters(), guide=guide)


def test_the_header_says_who_pays_what_when_and_under_which_trace():
    remittance, findings = read(HEADER + THREE_MEMBERS)
    assert () == findings
    assert Handling.REMITTANCE_ONLY is remittance.handling
    assert Decimal("3717.50") == remittance.amount
    assert ("EFT20251201A", "1123456789") == (remittance.trace, remittance.originator)
    assert date(2025, 12, 1) == remittance.settles_on
    assert "NON" == remittance.method
    assert Organization("ACME CORP", "FI", "123456789") == remittance.payer
    assert "987654321" == remittance.receiver.id
    assert "G001234" == remittance.reference("14")
    assert not remittance.is_exchange


def test_individual_lines_know_their_member_by_rmr02_then_ent04_then_nm109():
    remittance, _ = read(HEADER + THREE_MEMBERS)
    assert [("PA100", "A100"), ("PA101", "A101"), ("PA102", "A102", "B102")] == [
        line.member_ids for line in remittance.lines
    ]
    assert [1, 2, 3] == [line.ordinal for line in remittance.lines]
    assert [9, 13, 17] == [line.position for line in remittance.lines]
    assert all(line.is_individual for line in remittance.lines)


def test_a_line_carries_what_was_paid_billed_and_why_it_is_less():
    remittance, _ = read(HEADER + THREE_MEMBERS)
    last = remittance.lines[-1]
    assert (Decimal("1857.50"), Decimal("1860.00")) == (last.paid, last.billed)
    assert (Adjustment(Decimal("-2.50"), "H6"),) == last.adjustments
    assert DECEMBER == last.period


def test_an_invoice_number_is_never_taken_for_a_member():
    remittance, _ = read(HEADER + "ENT*1*2J*EI*A100~NM1*IL*1*ALPHA*ANN****N*M1~RMR*IK*INV1**620~")
    assert ("A100", "M1") == remittance.lines[0].member_ids


def test_an_organisation_line_counts_persons_and_no_groups():
    remittance, _ = read(
        HEADER + "ENT*1*2L*FI*123456789~RMR*IK*INV20251201*PI*3720*3720~IT1*1~SLN*1**O*3*IE~SLN*2**O*75*10~"
        "SLN*3**O*2.0*IE~RMR*11*G001234*PO*5~"
    )
    first, second = remittance.lines
    assert (False, "IK", "INV20251201", "PI") == (first.is_individual, first.qualifier, first.reference, first.action)
    assert () == first.member_ids
    assert 5 == first.head_count
    assert second.head_count is None


def test_adjustments_before_the_first_line_of_a_loop_are_about_earlier_payments():
    remittance, _ = read(
        HEADER + "ENT*1*2L*FI*1~ADX*-60*52~RMR*11*G1**10~ADX*-1*IA~ENT*2*2J*EI*A~ADX*7*53~RMR*AZ*A**20~"
    )
    assert (Adjustment(Decimal("-60.00"), "52"), Adjustment(Decimal("7.00"), "53")) == remittance.adjustments
    assert (Adjustment(Decimal("-1.00"), "IA"),) == remittance.lines[0].adjustments


def test_references_of_header_loop_and_line_are_kept_apart():
    remittance, _ = read(
        HEADER + "ENT*1*2L*FI*1~RMR*1L*P1**10~REF*18*957~REF*2F*INV9~ADX*-1*IA~REF*ZZ*OF-THE-ADJUSTMENT~"
    )
    assert (("14", "G001234"),) == remittance.references
    assert (("18", "957"), ("2F", "INV9")) == remittance.lines[0].references


def test_the_header_period_stands_for_lines_without_one_and_a_single_day_is_a_period():
    header = HEADER.replace("REF*14", "DTM*582****RD8*20251201-20251231~REF*14")
    remittance, findings = read(header + "ENT*1*2L~RMR*11*G**10~DTM*582*20251215~")
    assert () == findings
    assert DECEMBER == remittance.period
    assert Period(date(2025, 12, 15), date(2025, 12, 16)) == remittance.lines[0].period


def test_the_forerunner_guide_is_read_the_same_way():
    remittance, _ = read(HEADER + THREE_MEMBERS, guide="004010X061A1")
    assert 3 == len(remittance.lines)


@pytest.mark.parametrize(
    ("wrong", "code", "segment", "element"),
    [
        ("RMR*AZ*X**12.345~", "UNREADABLE_AMOUNT", "RMR", 4),
        ("RMR*AZ*X**1E5~", "UNREADABLE_AMOUNT", "RMR", 4),
        ("RMR*AZ*X**+5~", "UNREADABLE_AMOUNT", "RMR", 4),
        ("RMR*AZ*X**1,000~", "UNREADABLE_AMOUNT", "RMR", 4),
        ("RMR*AZ*X**NaN~", "UNREADABLE_AMOUNT", "RMR", 4),
        ("RMR*AZ*X**٣~", "UNREADABLE_AMOUNT", "RMR", 4),
        ("RMR*AZ*X**100000000~", "UNREADABLE_AMOUNT", "RMR", 4),
        ("RMR*AZ*X~", "UNREADABLE_AMOUNT", "RMR", 4),
        ("RMR*AZ*X**5*TEN~", "UNREADABLE_AMOUNT", "RMR", 5),
        ("RMR*AZ*X**5~ADX*A*H6~", "UNREADABLE_AMOUNT", "ADX", 1),
        ("RMR*AZ*X**5~SLN*1**O*3.5*IE~", "UNREADABLE_COUNT", "SLN", 4),
        ("RMR*AZ*X**5~DTM*582****RD8*20251301-20251231~", "DATE_LOGIC", "DTM", 6),
        ("RMR*AZ*X**5~DTM*582****RD8*20251231-20251201~", "DATE_LOGIC", "DTM", 6),
        ("RMR*AZ*X**5~DTM*582****RD8*20251201~", "DATE_LOGIC", "DTM", 6),
        ("RMR*AZ*X**5~DTM*582****RD8*20250101-99991231~", "DATE_LOGIC", "DTM", 6),
        ("RMR*AZ*X**5~DTM*582*2025~", "DATE_LOGIC", "DTM", 2),
    ],
)
def test_what_cannot_be_read_is_a_finding_with_its_place(wrong, code, segment, element):
    _, findings = read(HEADER + "ENT*1*2J*EI*X~" + wrong)
    assert [(code, segment, element)] == [(each.code, each.place.segment, each.place.element) for each in findings]
    assert all(each.is_error and each.place.position for each in findings)


@pytest.mark.parametrize(
    ("bpr", "code"),
    [
        ("", "PAYMENT_MISSING"),
        ("BPR*Q*5*C*ACH~", "UNKNOWN_HANDLING"),
        ("BPR*I*FIVE*C*ACH~", "UNREADABLE_AMOUNT"),
        ("BPR*I*-5*C*ACH~", "UNREADABLE_AMOUNT"),
        ("BPR*I~", "UNREADABLE_AMOUNT"),
        ("BPR*I*5*C*ACH************20251332~", "DATE_LOGIC"),
    ],
)
def test_a_header_that_cannot_be_read_is_a_finding_and_never_an_exception(bpr, code):
    _, findings = read("ST*820*1~" + bpr + "TRN*1*T~SE*4*1~")
    assert [code] == [each.code for each in findings]


def test_the_smallest_sets_are_read():
    assert () == read("ST*820*1~SE*2*1~")[0].lines
    assert () == read("BPR*D*5*C*ACH~TRN*1*T~")[1]


@pytest.mark.parametrize("trn", ["", "TRN*1~", "TRN*1**1123456789~"])
def test_money_without_a_trace_could_be_taken_for_anothers_and_is_refused(trn):
    assert ["TRACE_MISSING"] == [each.code for each in read("ST*820*1~BPR*C*5*C*ACH~" + trn)[1]]


def test_a_line_outside_any_entity_is_an_organisation_line():
    remittance, _ = read("ST*820*1~BPR*C*10*C*ACH~RMR*AZ*ORPHAN*PI*10~SE*4*1~")
    assert [(False, "ORPHAN")] == [(line.is_individual, line.reference) for line in remittance.lines]


def test_findings_are_bounded_however_long_the_set():
    _, findings = read(HEADER + "ENT*1*2J*EI*X~" + "RMR*AZ*X**BAD~" * 5000)
    assert 1000 == len(findings)


def test_no_finding_says_a_value_in_its_message_or_repr():
    _, findings = read(HEADER + "ENT*1*2J*34*123456789~RMR*AZ*X**SECRET~")
    assert "SECRET" not in repr(findings)
    assert ["SECRET"] == [each.value for each in findings]


@pytest.mark.corpus
@pytest.mark.skipif(not os.environ.get("GATEWAY_CORPUS"), reason="GATEWAY_CORPUS is not set")
def test_every_820_of_the_corpus_is_read_without_an_exception():
    files = sorted((Path(os.environ["GATEWAY_CORPUS"]) / "820").iterdir())
    read_from = {path.name: _read_file(path) for path in files}
    assert files
    assert not [name for name, (remittance, _) in read_from.items() if not isinstance(remittance, Remittance)]
    lines = {name: len(remittance.lines) for name, (remittance, _) in read_from.items()}
    assert 8 == lines["kputnam-stupidedi__005010-X306-pass-final-hix-820-aptc-adjustments.edi"]
    assert 2 == lines["kputnam-stupidedi__005010-X218-pass-summary-bill-payment.edi"]


def _read_file(path: Path) -> tuple[Remittance, tuple[Finding, ...]]:
    data = path.read_bytes()
    isa = data.find(b"ISA")
    delimiters = Delimiters()
    if isa >= 0:
        header = data[isa : isa + 106].decode("latin-1")
        delimiters = Delimiters(element=header[3], component=header[104:105] or ":", segment=header[105:106] or "~")
    start = data.find(b"ST" + delimiters.element.encode())
    end = data.rfind(b"GE" + delimiters.element.encode())
    stream = read_set(io.BytesIO(data), max(start, 0), end if end > 0 else len(data), delimiters)
    guide = "005010X306" if b"X306" in data else "005010X218"
    return read_820(stream, delimiters, guide=guide)
