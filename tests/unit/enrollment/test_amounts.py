"""The identity of an exchange's amounts (DOMAIN 4.7): total = credit + other payments + what the enrollee owes."""

import pytest

from gateway.domain.finding import Severity
from gateway.enrollment.amounts import check_amounts


def reported(ins, text):
    """One member with the 2750 pairs of a line: `PRE AMT TOT=808.31, TOT RES AMT=181.65`."""
    pairs = tuple(tuple(part.strip().split("=")) for part in text.split(",") if part)
    return ins("021 ANN | 021 HMO GOLD IND 2025-11-01..", reporting=pairs)


@pytest.mark.parametrize(
    "sent",
    [
        "PRE AMT TOT=808.31, APTC AMT=626.66, TOT RES AMT=181.65",
        "PRE AMT TOT=808.31, APTC AMT=626.66, TOT RES AMT=181.65, OTH PAY AMT 1=0.00",  # the public sample of DOMAIN
        "PRE AMT TOT=900, APTC AMT=500, OTH PAY AMT 1=50.5, OTH PAY AMT 2=49.5, TOT RES AMT=300",
        "PRE AMT TOT=900, TOT RES AMT=300, TOT EMP RES AMT=600",
        "PRE AMT TOT=412.5, TOT RES AMT=412.50",
        "PRE AMT TOT=900, TOT RES AMT=300, APTC AMT=600, CSR AMT=77, PRE AMT 1=450, RATING AREA=R-IL001",
        "PRE AMT TOT=900, APTC AMT=500",  # nothing says what the enrollee owes
        "TOT RES AMT=300, APTC AMT=500",
        "RATING AREA=R-IL001",
        "",
    ],
)
def test_amounts_that_add_up_or_are_not_all_there_are_not_remarkable(ins, sent):
    assert () == check_amounts(reported(ins, sent))


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("PRE AMT TOT=808.31, APTC AMT=626.65, TOT RES AMT=181.65", "APTC AMT 626.65 + TOT RES AMT 181.65 = 808.30."),
        ("PRE AMT TOT=900, TOT RES AMT=300", "PRE AMT TOT is 900, but TOT RES AMT 300 = 300.00."),
        ("PRE AMT TOT=900, TOT RES AMT=900, OTH PAY AMT 1=1", "OTH PAY AMT 1 1 + TOT RES AMT 900 = 901.00."),
        ("PRE AMT TOT=900, TOT RES AMT=much", "TOT RES AMT in loop 2750 is not an amount."),
        ("PRE AMT TOT=NaN, TOT RES AMT=1", "PRE AMT TOT in loop 2750 is not an amount."),
        ("APTC AMT=Infinity", "APTC AMT in loop 2750 is not an amount."),
    ],
)
def test_amounts_that_do_not_add_up_are_a_warning_on_the_member(ins, sent, said):
    (finding,) = check_amounts(reported(ins, sent))
    assert ("OUT_OF_BALANCE", Severity.WARNING, "INS") == (finding.code, finding.severity, finding.place.segment)
    assert finding.message.endswith(said)
