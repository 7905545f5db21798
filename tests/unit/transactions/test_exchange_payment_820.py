"""Reading 005010X306, an exchange's payment to the issuer (DOMAIN 6)."""

import io
from decimal import Decimal

from gateway.domain.exchange import Delimiters
from gateway.domain.finding import Finding
from gateway.domain.period import CoverageMonth
from gateway.domain.remittance import Handling, Remittance
from gateway.transactions.premium_payment_820 import read_820
from gateway.x12.reader import read_set

HEADER = (
    "ST*820*0001*005010X306~BPR*I*460*C*ACH*CCP*******01*000000001*DA*1122*20260228~TRN*3*T100~"
    "N1*PE*ISSUER*FI*987654321~N1*RM*EXCHANGE*58*EX1~PER*IC*DESK*TE*8005551212~"
)
ENROLLEE = "ENT*1~NM1*IL*1*ALPHA*ANN****C1*X777~REF*38*PLAN-1~REF*POL*4567~REF*AZ*P1~REF*0F*SUB1~"


def read(text: str) -> tuple[Remittance, tuple[Finding, ...]]:
    data = text.encode()
    return read_820(read_set(io.BytesIO(data), 0, len(data), Delimiters()), Delimiters(), guide="005010X306")


def test_an_exchange_is_the_remitter_and_may_say_i_with_a_bank():
    remittance, findings = read(HEADER)
    assert () == findings
    assert remittance.is_exchange
    assert (Handling.REMITTANCE_ONLY, "ACH") == (remittance.handling, remittance.method)
    assert ("EXCHANGE", "58", "EX1") == (remittance.payer.name, remittance.payer.qualifier, remittance.payer.id)
    assert "" == remittance.originator


def test_each_payment_type_of_an_enrollee_is_a_signed_line_with_its_month():
    remittance, findings = read(
        HEADER + ENROLLEE + "RMR*ZZ*APTC**500~DTM*582****RD8*20260201-20260228~"
        "RMR*ZZ*UF**-25~DTM*582****RD8*20260201-20260228~RMR*ZZ*APTCADJ**-15~DTM*582****RD8*20260101-20260131~SE*18*0001~"
    )
    assert () == findings
    assert [
        ("APTC", Decimal("500.00"), "2026-02"),
        ("UF", Decimal("-25.00"), "2026-02"),
        ("APTCADJ", Decimal("-15.00"), "2026-01"),
    ] == [(line.reference, line.paid, str(CoverageMonth.of(line.period.starts_on))) for line in remittance.lines]
    assert remittance.amount == sum(line.paid for line in remittance.lines)


def test_our_own_subscriber_id_comes_before_the_exchange_s_ids():
    remittance, _ = read(HEADER + ENROLLEE + "RMR*ZZ*APTC**500~")
    assert ("SUB1", "X777", "4567", "P1") == remittance.lines[0].member_ids


def test_a_program_level_line_knows_no_member_and_keeps_its_report():
    remittance, _ = read(HEADER + ENROLLEE + "RMR*ZZ*APTC**500~ENT*2~RMR*ZZ*CSRMADJ**200~REF*0N*MADJRPT*123~")
    program = remittance.lines[1]
    assert ((), False) == (program.member_ids, program.is_individual)
    assert (("0N", "MADJRPT"),) == program.references
    assert [1, 2] == [line.ordinal for line in remittance.lines]
