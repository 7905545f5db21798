"""Every quirk: what it changes, what it leaves, and the note it makes."""

from datetime import date
from decimal import Decimal

import pytest

from gateway.domain.coverage import CoverageRequest, MaintenanceRequest, MaintenanceType
from gateway.domain.parties import Person
from gateway.transactions import quirks
from gateway.transactions.quirks import QUIRKS

ADDITION, AUDIT = MaintenanceType.ADDITION, MaintenanceType.AUDIT


def request(*lines: CoverageRequest, **fields: object) -> MaintenanceRequest:
    given: dict[str, object] = {
        "ordinal": 1,
        "position": 5,
        "is_subscriber": True,
        "relationship": "18",
        "maintenance": ADDITION,
        "reason": "28",
        "benefit_status": "A",
        "subscriber_id": "S1",
        "policy": "G1",
        "person": Person(),
        "coverages": lines,
        **fields,
    }
    return MaintenanceRequest(**given)  # type: ignore[arg-type]


def line(end: date | None = None, premium: str | None = None, kind: MaintenanceType = ADDITION) -> CoverageRequest:
    return CoverageRequest(kind, "HLT", "GOLD", "EMP", date(2025, 1, 1), end, None, premium and Decimal(premium))


@pytest.mark.parametrize(
    ("quirk", "sent", "meant", "note"),
    [
        (
            quirks.far_end_is_open,
            request(line(date(2999, 12, 31)), line(date(2098, 12, 31))),
            request(line(None), line(date(2098, 12, 31))),
            "an end in 2099 or later was taken as none",
        ),
        (
            quirks.far_end_is_open,
            request(eligibility_last_day=date(2099, 1, 1)),
            request(),
            "an end in 2099 or later was taken as none",
        ),
        (
            quirks.end_is_first_day_without_cover,
            request(line(date(2025, 9, 1)), eligibility_last_day=date(2025, 10, 1)),
            request(line(date(2025, 8, 31)), eligibility_last_day=date(2025, 9, 30)),
            "the end that was sent is the first day without cover",
        ),
        (
            quirks.audit_is_addition,
            request(line(kind=AUDIT), line(kind=MaintenanceType.TERMINATION), maintenance=AUDIT),
            request(line(), line(kind=MaintenanceType.TERMINATION)),
            "030 was taken as 021",
        ),
        (
            quirks.audit_is_addition,
            request(line(kind=AUDIT), maintenance=MaintenanceType.CHANGE),
            request(line(), maintenance=MaintenanceType.CHANGE),
            "030 was taken as 021",
        ),
        (
            quirks.premium_is_total_responsibility,
            request(line(), line(), reporting=(("TOT RES AMT", "181.65"),)),
            request(line(premium="181.65"), line(), reporting=(("TOT RES AMT", "181.65"),)),
            "the premium is that of the reporting category TOT RES AMT",
        ),
    ],
)
def test_a_quirk_says_what_was_meant_and_notes_what_it_changed(quirk, sent, meant, note):
    changed = quirk(sent)

    assert (note,) == changed.notes
    assert meant == request(
        *changed.coverages,
        maintenance=changed.maintenance,
        eligibility_last_day=changed.eligibility_last_day,
        reporting=changed.reporting,
    )


@pytest.mark.parametrize("name", QUIRKS)
@pytest.mark.parametrize(
    "plain",
    [
        request(line()),
        request(),
        request(line(premium="600.00"), reporting=(("TOT RES AMT", "1.00"),)),
        request(line(), reporting=(("TOT RES AMT", "none"),)),
        request(line(), is_subscriber=False, reporting=(("TOT RES AMT", "1.00"),)),
    ],
    ids=["a line", "no line", "own premium", "no amount", "a dependent"],
)
def test_a_request_without_the_quirk_is_left_as_it_is(name, plain):
    assert plain is QUIRKS[name](plain)


@pytest.mark.parametrize("name", QUIRKS)
def test_every_quirk_is_called_by_its_function_s_name_and_says_what_it_does(name):
    assert getattr(quirks, name) is QUIRKS[name]
    assert QUIRKS[name].__doc__
