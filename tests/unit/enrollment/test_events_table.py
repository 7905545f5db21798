"""DOMAIN 4.5, row by row: what is on file, what is sent, the event, what is believed afterwards."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

ENROLLED = "021 ANN | 021 PPO GOLD EMP 2025-01-01.."
DENTAL = "001 ANN | 021 DEN SMILE EMP 2025-01-01.."
TERMINATED = "024 ANN reason=08 | 024 PPO GOLD - ..2025-08-31"
CANCELED = "024 ANN | 024 PPO GOLD - 2025-01-01..2024-12-31"

ACTIVE_LINE = "ANN PPO GOLD EMP 2025-01-01 .. open, active"
DENTAL_LINE = "ANN DEN SMILE EMP 2025-01-01 .. open, active"
ENDED_LINE = "ANN PPO GOLD EMP 2025-01-01 .. 2025-08-31, terminated"
VOID_LINE = "ANN PPO GOLD EMP 2025-01-01 .. never, canceled"

ROWS = [
    pytest.param([], ENROLLED, "enroll", [ACTIVE_LINE], id="021 with nothing on file enrolls"),
    pytest.param(
        [ENROLLED, TERMINATED],
        "021 ANN | 021 PPO GOLD EMP 2025-11-01..",
        "enroll",
        [ENDED_LINE, "ANN PPO GOLD EMP 2025-11-01 .. open, active"],
        id="021 after a termination enrolls anew",
    ),
    pytest.param(
        ["021 ANN | 021 PPO GOLD EMP 2024-01-01..2024-12-31"],
        "021 ANN | 021 PPO GOLD EMP 2025-03-01..",
        "enroll",
        ["ANN PPO GOLD EMP 2024-01-01 .. 2024-12-31, active", "ANN PPO GOLD EMP 2025-03-01 .. open, active"],
        id="021 after cover that was added with an end enrolls anew",
    ),
    pytest.param([ENROLLED, CANCELED], ENROLLED, "enroll", [VOID_LINE, ACTIVE_LINE], id="021 after a cancel enrolls"),
    pytest.param([ENROLLED], DENTAL, "change", [DENTAL_LINE, ACTIVE_LINE], id="021 beside active cover changes"),
    pytest.param(
        [ENROLLED],
        "021 ANN | 021 PPO GOLD FAM 2025-06-01..",
        "change",
        ["ANN PPO GOLD EMP 2025-01-01 .. 2025-05-31, active", "ANN PPO GOLD FAM 2025-06-01 .. open, active"],
        id="021 of another tier changes from its begin",
    ),
    pytest.param([ENROLLED], TERMINATED, "terminate", [ENDED_LINE], id="024 that ends everything terminates"),
    pytest.param([ENROLLED, DENTAL], TERMINATED, "change", [DENTAL_LINE, ENDED_LINE], id="024 with some left changes"),
    pytest.param(
        [ENROLLED, DENTAL],
        "024 ANN | 024 PPO GOLD - ..2025-08-31 | 024 DEN SMILE - ..2025-09-30",
        "terminate",
        ["ANN DEN SMILE EMP 2025-01-01 .. 2025-09-30, terminated", ENDED_LINE],
        id="024 that ends all lines one by one terminates once",
    ),
    pytest.param([ENROLLED], CANCELED, "cancel", [VOID_LINE], id="024 with its end before its begin cancels"),
    pytest.param(
        [ENROLLED],
        "024 ANN | 024 PPO GOLD - ..2024-12-31",
        "cancel",
        [VOID_LINE],
        id="024 with an end before the begin on file cancels",
    ),
    pytest.param([ENROLLED], "001 ANN | 002 PPO GOLD", "cancel", [VOID_LINE], id="002 cancels"),
    pytest.param(
        [ENROLLED, TERMINATED], CANCELED, "cancel", [VOID_LINE], id="024 that cancels what had been terminated cancels"
    ),
    pytest.param(
        [ENROLLED, DENTAL], "001 ANN | 002 DEN SMILE", "cancel",
        ["ANN DEN SMILE EMP 2025-01-01 .. never, canceled", ACTIVE_LINE], id="002 of one line cancels it",
    ),
    pytest.param(
        [ENROLLED, TERMINATED],
        "025 ANN | 025 PPO GOLD EMP 2025-11-01..",
        "reinstate",
        [ENDED_LINE, "ANN PPO GOLD EMP 2025-11-01 .. open, active"],
        id="025 after a termination reinstates",
    ),
    pytest.param(
        [ENROLLED, TERMINATED],
        "025 ANN | 025 PPO GOLD EMP 2025-01-01..",
        "reinstate",
        [ENDED_LINE, "ANN PPO GOLD EMP 2025-09-01 .. open, active"],
        id="025 from the first begin leaves no gap",
    ),
    pytest.param(
        [ENROLLED], "025 ANN | 025 PPO GOLD EMP 2025-01-01..", "REINSTATE_NOT_TERMINATED", [ACTIVE_LINE],
        id="025 of active cover is refused",
    ),
    pytest.param(
        [ENROLLED, CANCELED],
        "025 ANN | 025 PPO GOLD EMP 2025-01-01..",
        "REINSTATE_NOT_TERMINATED",
        [VOID_LINE],
        id="025 of canceled cover is refused",
    ),
    pytest.param(
        [ENROLLED],
        "001 ANN | 001 PPO GOLD ESP 2025-06-01..",
        "change",
        ["ANN PPO GOLD EMP 2025-01-01 .. 2025-05-31, active", "ANN PPO GOLD ESP 2025-06-01 .. open, active"],
        id="001 of the tier changes",
    ),
    pytest.param(
        [ENROLLED],
        "001 ANN | 001 PPO SILVER - 2025-06-01..",
        "change",
        ["ANN PPO GOLD EMP 2025-01-01 .. 2025-05-31, terminated", "ANN PPO SILVER EMP 2025-06-01 .. open, active"],
        id="001 of the plan changes",
    ),
    pytest.param(
        [ENROLLED],
        "001 ANN | 001 PPO GOLD EMP 2025-01-01..2025-10-31",
        "change",
        ["ANN PPO GOLD EMP 2025-01-01 .. 2025-10-31, active"],
        id="001 of the dates changes",
    ),
    pytest.param(
        [ENROLLED],
        "001 ANN | 026 PPO GOLD EMP 2025-02-01..",
        "change",
        ["ANN PPO GOLD EMP 2025-02-01 .. open, active"],
        id="026 puts a wrong begin right",
    ),
    pytest.param([ENROLLED], "001 ANN reason=33 | 001 PPO GOLD EMP .. on=2025-06-01", "no_change", [ACTIVE_LINE],
        id="001 that says what is on file changes nothing"),
    pytest.param([ENROLLED], "030 ANN | 030 PPO SILVER FAM 2025-01-01..", "compare", [ACTIVE_LINE],
        id="030 compares and changes nothing"),
    pytest.param([ENROLLED], "001 ANN | 030 PPO SILVER FAM 2025-01-01..", "compare", [ACTIVE_LINE],
        id="HD01 030 is read before INS03 001"),
    pytest.param([], "021 ANN | 032 PPO", "link_only", [], id="032 only links"),
    pytest.param([ENROLLED], ENROLLED, "no_change", [ACTIVE_LINE], id="the same addition again is a no-op"),
    pytest.param([ENROLLED, TERMINATED], TERMINATED, "no_change", [ENDED_LINE], id="the same end again is a no-op"),
    pytest.param([ENROLLED, CANCELED], CANCELED, "no_change", [VOID_LINE], id="the same cancel again is a no-op"),
    pytest.param([ENROLLED, "001 ANN | 002 PPO GOLD"], "001 ANN | 002 PPO GOLD", "no_change", [VOID_LINE],
        id="the same deletion again is a no-op"),
    pytest.param(
        [ENROLLED, TERMINATED, "025 ANN | 025 PPO GOLD EMP 2025-11-01.."],
        "025 ANN | 025 PPO GOLD EMP 2025-11-01..",
        "no_change",
        [ENDED_LINE, "ANN PPO GOLD EMP 2025-11-01 .. open, active"],
        id="the same reinstatement again is a no-op",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("before", "sent", "event", "after"), ROWS)
def test_each_row_of_the_table(
    before: list[str], sent: str, event: str, after: list[str], on_file: Callable[..., Any]
) -> None:
    desk = on_file(*before)

    assert event == desk.event(sent)
    assert after == desk.cover()


def test_a_plan_that_ends_beside_one_that_begins_is_a_change(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED)

    assert "change" == desk.event("001 ANN | 024 PPO GOLD - ..2025-10-31 | 021 PPO SILVER EMP 2025-11-01..")


@pytest.mark.parametrize(
    "sent",
    [
        "001 ANN | 024 PPO GOLD - ..2025-10-31 | 021 PPO GOLD FAM 2025-11-01..",
        "001 ANN | 024 PPO GOLD - ..2025-10-31 | 021 PPO SILVER EMP 2025-11-01..",
        "001 ANN | 024 PPO - - ..2025-10-31 | 021 PPO SILVER EMP 2025-11-01..",
    ],
)
def test_an_end_and_a_begin_in_one_loop_are_a_no_op_when_they_are_sent_again(
    on_file: Callable[..., Any], sent: str
) -> None:
    desk = on_file(ENROLLED, sent)
    before = desk.family()

    assert "no_change" == desk.event(sent)
    assert before == desk.family()


def test_a_change_of_name_is_information(on_file: Callable[..., Any], person: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED)

    assert "info" == desk.event("001 ANN reason=25", person=person("ANN", last_name="BRAVO"))
    assert ["BRAVO"] == [member.person.last_name for member in desk.family().members]


def test_a_corrected_birth_date_is_a_change_because_age_may_be_a_price(
    on_file: Callable[..., Any], person: Callable[..., Any]
) -> None:
    desk = on_file(ENROLLED)

    assert "change" == desk.event("001 ANN reason=25", person=person("ANN", birth_date=date(1981, 1, 2)))


@pytest.mark.parametrize(
    ("before", "status"),
    [
        ([ENROLLED], "active"),
        ([ENROLLED, TERMINATED], "terminated"),
        ([ENROLLED, CANCELED], "canceled"),
        (["021 ANN | 032 PPO"], "pending"),
        ([ENROLLED, TERMINATED, "025 ANN | 025 PPO GOLD EMP 2025-11-01.."], "active"),
        ([ENROLLED, DENTAL, TERMINATED], "active"),
    ],
)
def test_the_membership_s_status_follows_from_its_cover(
    before: list[str], status: str, on_file: Callable[..., Any]
) -> None:
    assert status == on_file(*before).status()


def test_the_reason_of_a_termination_is_kept_through_the_reinstatement(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, TERMINATED, "025 ANN reason=41 | 025 PPO GOLD EMP 2025-11-01..")

    assert "08" == desk.family().membership.termination_reason


def test_an_event_says_who_when_and_from_which_loop(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED)

    [event] = desk.send(TERMINATED).change.events

    assert (date(2025, 8, 31), "08", "S2/1", "000000002/1/0001/1") == (
        event.effective_on,
        event.reason,
        event.key,
        event.source.key(event.ordinal),
    )
