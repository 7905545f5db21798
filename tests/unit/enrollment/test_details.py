"""What is kept of a member beside person and cover: the latest of each name, and nothing falls by (DOMAIN 4.2)."""

from datetime import date

import pytest

from gateway.domain.coverage import NO_DETAILS, CoverageRequest, MaintenanceType, MemberDetails
from gateway.domain.parties import Person
from gateway.enrollment.details import details_after
from tests.unit.enrollment.conftest import ins

PARENT = ("S1", Person("ALPHA", "ABE"))


def told(**sent):
    return details_after(NO_DETAILS, ins("001 ANN", **sent))


def test_everything_that_was_sent_is_kept():
    line = CoverageRequest(
        MaintenanceType.ADDITION,
        "HLT",
        "GOLD",
        references=(("X9", "1"),),
        dates=(("343", "20251031"),),
        kept=("NM1*P3",),
    )
    details = told(
        references=(("DX", "DEPT7"),),
        dates=(("336", "20200101"),),
        particulars=(("employment", "FT"),),
        reporting=(("APTC AMT", "626.66"), ("RATING AREA", "R-IL001")),
        reporting_dates=(("APTC AMT", date(2025, 11, 1)),),
        responsible=PARENT,
        coverages=(line,),
        unread=("ICM*1*100",),
    )
    assert (("DX", "DEPT7"),) == details.references
    assert (("336", "20200101"),) == details.dates
    assert (("employment", "FT"),) == details.particulars
    assert (("APTC AMT", "626.66", "2025-11-01"), ("RATING AREA", "R-IL001", "")) == details.reporting
    assert PARENT == details.responsible
    [product] = details.products
    assert ("HLT", "GOLD", line.references, line.dates, line.kept) == (
        product.insurance_line,
        product.plan,
        product.references,
        product.dates,
        product.kept,
    )
    assert ("ICM*1*100",) == details.unread


@pytest.mark.parametrize(
    ("on_file", "sent", "kept"),
    [
        ((("DX", "A"),), (), (("DX", "A"),)),
        ((("DX", "A"),), (("DX", "B"),), (("DX", "B"),)),
        ((("DX", "A"), ("ZZ", "1")), (("DX", "B"),), (("DX", "B"), ("ZZ", "1"))),
        ((), (("ZZ", "2"), ("ZZ", "1")), (("ZZ", "1"), ("ZZ", "2"))),
        ((("ZZ", "1"), ("ZZ", "2")), (("ZZ", "3"),), (("ZZ", "3"),)),
    ],
)
def test_the_latest_of_each_name_counts(on_file, sent, kept):
    before = MemberDetails(references=on_file)
    assert kept == details_after(before, ins("001 ANN", references=sent)).references


def test_a_request_that_tells_nothing_new_keeps_the_very_same_details():
    request = ins("001 ANN", references=(("ZZ", "2"), ("DX", "A")), unread=("ICM*1",), responsible=PARENT)
    before = details_after(NO_DETAILS, request)
    assert before is details_after(before, request)
    assert before is details_after(before, ins("001 ANN"))


def test_new_details_alone_are_information_and_the_same_again_is_no_change(desk):
    desk.send("021 ANN | 021 PPO GOLD EMP 2025-11-01..")
    assert "info" == desk.event("001 ANN", references=(("DX", "DEPT8"),))
    assert "no_change" == desk.event("001 ANN", references=(("DX", "DEPT8"),))
    assert (("DX", "DEPT8"),) == desk.family().members[0].details.references


def test_nothing_of_it_is_shown_when_a_value_is_printed():
    details = told(references=(("SY", "111223333"),), responsible=PARENT, unread=("NM1*31*1*ALPHA",))
    assert not any(word in repr(details) for word in ("111223333", "ALPHA", "S1"))
