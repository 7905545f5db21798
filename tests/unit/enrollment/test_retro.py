"""Retro limits (DOMAIN 8.3, worked in 9.2) and control totals (DOMAIN 4.4 rule 9)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gateway.domain.coverage import FileAction
from gateway.enrollment.counts import check_counts
from gateway.enrollment.retro import billable_before

ENROLLED = "021 ANN | 021 PPO GOLD FAM 2025-01-01.."
RECEIVED = date(2025, 11, 5)


@pytest.mark.parametrize(
    ("limit", "billed_until"), [(None, None), (60, date(2025, 10, 1)), (90, None)], ids=["none", "60 days", "90 days"]
)
def test_example_9_2_months_before_the_limit_are_not_credited(
    on_file: Callable[..., Any], limit: int | None, billed_until: date | None
) -> None:
    desk = on_file(ENROLLED, termination_days_limit=limit)

    assert "terminate" == desk.event("024 ANN | 024 PPO GOLD FAM ..2025-08-31")
    assert ["ANN PPO GOLD FAM 2025-01-01 .. 2025-08-31, terminated"] == desk.cover()
    assert [billed_until] == [row.billable_before for row in desk.family().coverages]


@pytest.mark.parametrize(
    ("ends_before", "was", "limit", "expected"),
    [
        (date(2025, 9, 6), None, 60, None),
        (date(2025, 9, 5), None, 60, date(2025, 10, 1)),
        (date(2025, 9, 1), date(2025, 9, 15), 60, date(2025, 9, 15)),
        (date(2025, 9, 1), date(2025, 12, 1), 60, date(2025, 10, 1)),
        (date(2025, 10, 31), None, 4, date(2025, 11, 1)),
        (date(2025, 11, 5), None, 0, None),
        (date(2025, 11, 4), None, 0, date(2025, 12, 1)),
    ],
)
def test_what_stays_billed_ends_with_a_whole_month_or_where_it_had_ended(
    ends_before: date, was: date | None, limit: int, expected: date | None
) -> None:
    assert expected == billable_before(ends_before, was, RECEIVED, limit)


def test_the_same_end_again_does_not_move_the_limit(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "024 ANN | 024 PPO GOLD FAM ..2025-08-31", termination_days_limit=60)
    desk.received_on = date(2026, 3, 1)

    assert "no_change" == desk.event("024 ANN | 024 PPO GOLD FAM ..2025-08-31")
    assert [date(2025, 10, 1)] == [row.billable_before for row in desk.family().coverages]


def test_the_log_says_what_the_limit_keeps(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, termination_days_limit=60)

    [event] = desk.send("024 ANN | 024 PPO GOLD FAM ..2025-08-31").change.events

    assert "billed until 2025-10-01 (exclusive): the end came after the retro limit" == event.note


def test_cover_that_is_back_is_not_billed_twice(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "024 ANN | 024 PPO GOLD FAM ..2025-08-31", termination_days_limit=60)

    desk.send("025 ANN | 025 PPO GOLD FAM 2025-09-01..")

    assert [None, None] == [row.billable_before for row in desk.family().coverages]


def test_the_limit_holds_for_everybody_who_ends_with_the_subscriber(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "021 ADAM | 021 PPO GOLD - 2025-01-01..", termination_days_limit=60)

    desk.send("024 ANN through=2025-08-31")

    assert [date(2025, 10, 1)] * 2 == [row.billable_before for row in desk.family().coverages]


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("021 ANN | 021 PPO GOLD EMP 2025-09-06..", "enroll"),
        ("021 ANN | 021 PPO GOLD EMP 2025-09-05..", "RETRO_LIMIT"),
        ("021 ANN from=2025-01-01 | 021 PPO GOLD EMP", "RETRO_LIMIT"),
    ],
)
def test_an_addition_past_its_limit_is_held(on_file: Callable[..., Any], sent: str, answer: str) -> None:
    desk = on_file(addition_days_limit=60)

    assert answer == desk.event(sent)
    assert (answer == "enroll") is bool(desk.families)


def test_cover_that_is_on_file_may_be_sent_again_past_the_limit(on_file: Callable[..., Any]) -> None:
    desk = on_file("021 ANN | 021 PPO GOLD EMP 2025-10-01..", addition_days_limit=60)
    desk.received_on = date(2026, 11, 5)

    assert "no_change" == desk.event("021 ANN | 021 PPO GOLD EMP 2025-10-01..")
    assert "change" == desk.event("021 ANN | 021 PPO GOLD FAM 2025-12-01..")
    assert "RETRO_LIMIT" == desk.event("021 ANN | 021 PPO GOLD FAM 2025-09-01..")


def test_a_reinstatement_past_the_limit_for_additions_is_held(on_file: Callable[..., Any]) -> None:
    desk = on_file("021 ANN | 021 PPO GOLD EMP 2025-10-01..", addition_days_limit=60)
    desk.received_on = date(2026, 11, 5)
    desk.send("024 ANN through=2025-12-31")

    assert "RETRO_LIMIT" == desk.event("025 ANN | 025 PPO GOLD EMP 2026-01-01..")
    assert "reinstate" == desk.event("025 ANN | 025 PPO GOLD EMP 2026-10-01..")


@pytest.mark.parametrize(
    ("action", "policy", "is_error"),
    [
        (FileAction.CHANGE, "auto", False),
        (FileAction.VERIFY, "auto", True),
        (FileAction.REPLACE, "auto", True),
        (FileAction.CHANGE, "reject", True),
        (FileAction.REPLACE, "warn", False),
    ],
)
def test_rule_9_a_wrong_total_refuses_full_files_and_warns_for_change_files(
    desk: Any, action: FileAction, policy: Any, *, is_error: bool
) -> None:
    header = replace(desk.header, action=action, subscribers_total=2, dependents_total=1, members_total=3)

    findings = check_counts(header, subscribers=2, dependents=2, policy=policy)

    assert [
        ("COUNT_MISMATCH", "QTY*DT announces 1 dependents, the set holds 2.", is_error),
        ("COUNT_MISMATCH", "QTY*TO announces 3 members, the set holds 4.", is_error),
    ] == [(finding.code, finding.message, finding.is_error) for finding in findings]


def test_rule_9_totals_that_were_not_sent_are_not_compared(desk: Any) -> None:
    assert () == check_counts(desk.header, subscribers=2, dependents=2)


def test_an_end_that_is_corrected_keeps_what_could_not_be_credited_before(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "024 ANN | 024 PPO GOLD FAM ..2025-08-31", termination_days_limit=60)
    desk.received_on = date(2026, 3, 1)

    desk.send("024 ANN | 024 PPO GOLD FAM ..2025-07-31")
    assert [date(2025, 10, 1)] == [row.billable_before for row in desk.family().coverages]

    desk.send("024 ANN | 024 PPO GOLD FAM ..2025-12-31")
    assert [None] == [row.billable_before for row in desk.family().coverages]
