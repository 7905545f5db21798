"""DOMAIN 4.4, rule by rule."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

ENROLLED = "021 ANN | 021 PPO GOLD EMP 2025-01-01.."


@pytest.mark.parametrize(
    ("sent", "begin"),
    [
        ("021 ANN from=2025-02-01 on=2025-03-01 | 021 PPO GOLD EMP 2025-01-01.. on=2025-04-01", "2025-01-01"),
        ("021 ANN from=2025-02-01 on=2025-03-01 | 021 PPO GOLD EMP .. on=2025-04-01", "2025-02-01"),
        ("021 ANN on=2025-03-01 | 021 PPO GOLD EMP .. on=2025-04-01", "2025-04-01"),
        ("021 ANN on=2025-03-01 | 021 PPO GOLD EMP", "2025-03-01"),
        ("021 ANN | 021 PPO GOLD EMP", "2025-05-01"),
    ],
)
def test_rule_7_the_begin_is_348_else_356_else_303_else_the_file_s(desk: Any, sent: str, begin: str) -> None:
    desk.header = replace(desk.header, effective_on=date(2025, 5, 1))

    desk.send(sent)

    assert [f"ANN PPO GOLD EMP {begin} .. open, active"] == desk.cover()


@pytest.mark.parametrize(
    ("sent", "last_day"),
    [
        ("024 ANN reason=03 through=2025-07-31 died=2025-06-15 | 024 PPO GOLD - ..2025-08-31", "2025-08-31"),
        ("024 ANN reason=03 through=2025-07-31 died=2025-06-15 | 024 PPO GOLD", "2025-07-31"),
        ("024 ANN reason=03 died=2025-06-15 | 024 PPO GOLD", "2025-06-15"),
        ("024 ANN reason=03 died=2025-06-15", "2025-06-15"),
    ],
)
def test_rule_7_the_end_is_349_else_357_else_the_day_of_death(
    on_file: Callable[..., Any], sent: str, last_day: str
) -> None:
    desk = on_file(ENROLLED)

    assert "terminate" == desk.event(sent)
    assert [f"ANN PPO GOLD EMP 2025-01-01 .. {last_day}, terminated"] == desk.cover()


@pytest.mark.parametrize(
    "sent",
    [
        "021 ANN | 021 PPO GOLD EMP",
        "024 ANN reason=08 died=2025-06-15 | 024 PPO GOLD",
        "024 ANN reason=08",
        "021 ANN | 021 DEN SMILE EMP 2025-03-01..2025-02-01",
        "001 ANN | 001 PPO GOLD ESP",
        "001 ANN | 001 PPO GOLD ESP 2026-01-01..",
    ],
)
def test_a_date_that_is_missing_or_impossible_refuses_the_member(on_file: Callable[..., Any], sent: str) -> None:
    desk = on_file("021 ANN | 021 PPO GOLD EMP 2025-01-01..2025-10-31")
    before = desk.cover()

    assert "DATE_LOGIC" == desk.event(sent)
    assert before == desk.cover()


def test_rule_3_the_end_that_is_sent_is_the_last_covered_day(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "024 ANN | 024 PPO GOLD - ..2025-08-31")

    [row] = desk.family().coverages

    assert date(2025, 9, 1) == row.period.ends_before


@pytest.mark.parametrize(
    ("rules", "sent", "event", "after"),
    [
        ({}, "024 ANN | 024 PPO GOLD - ..2025-01-01", "terminate", "2025-01-01 .. 2025-01-01, terminated"),
        (
            {"end_equals_begin": "cancel"},
            "024 ANN | 024 PPO GOLD - ..2025-01-01",
            "cancel",
            "2025-01-01 .. never, canceled",
        ),
        ({}, "024 ANN says=CANCEL | 024 PPO GOLD - ..2025-01-01", "cancel", "2025-01-01 .. never, canceled"),
        ({}, "024 ANN says=TERM | 024 PPO GOLD - ..2025-01-01", "terminate", "2025-01-01 .. 2025-01-01, terminated"),
        ({}, "024 ANN says=CANCEL | 024 PPO GOLD - ..2025-01-02", "terminate", "2025-01-01 .. 2025-01-02, terminated"),
        ({}, "024 ANN | 024 PPO GOLD - 2025-01-01..2024-12-31", "cancel", "2025-01-01 .. never, canceled"),
        ({}, "024 ANN through=2024-12-31", "cancel", "2025-01-01 .. never, canceled"),
        (
            {},
            "024 ANN | 024 PPO GOLD - 2025-09-01..2025-08-31",
            "terminate",
            "2025-01-01 .. 2025-08-31, terminated",
        ),
    ],
)
def test_rule_8_an_end_before_the_begin_cancels_and_an_end_on_it_may(
    on_file: Callable[..., Any], rules: dict[str, Any], sent: str, event: str, after: str
) -> None:
    desk = on_file(ENROLLED, **rules)

    assert event == desk.event(sent)
    assert [f"ANN PPO GOLD EMP {after}"] == desk.cover()


def test_rule_8_a_cancel_voids_only_the_cover_that_had_begun_then(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "024 ANN | 024 PPO GOLD - ..2025-03-31", "021 ANN | 021 PPO GOLD EMP 2025-07-01..")
    expected = [
        "ANN PPO GOLD EMP 2025-01-01 .. 2025-03-31, terminated",
        "ANN PPO GOLD EMP 2025-07-01 .. never, canceled",
    ]

    assert "cancel" == desk.event("024 ANN | 024 PPO GOLD - ..2025-06-30")
    assert expected == desk.cover()
    assert "no_change" == desk.event("024 ANN | 024 PPO GOLD - ..2025-06-30")
    assert expected == desk.cover()


def test_rule_5_a_reinstatement_without_hd_brings_back_the_person_and_no_cover(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "024 ANN | 024 PPO GOLD - ..2025-08-31")

    assert "info" == desk.event("025 ANN on=2025-09-01")
    assert ["ANN PPO GOLD EMP 2025-01-01 .. 2025-08-31, terminated"] == desk.cover()
    assert "terminated" == desk.status()


def test_rule_6_the_event_is_read_from_hd01_first(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED)

    assert "change" == desk.event("001 ANN | 021 DEN SMILE EMP 2025-06-01..")
    assert "change" == desk.event("001 ANN | 024 DEN SMILE - ..2025-07-31")
    assert "terminate" == desk.event("001 ANN | 024 PPO GOLD - ..2025-08-31")


def test_an_end_can_be_corrected_in_both_directions(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "024 ANN | 024 PPO GOLD - ..2025-08-31")

    assert "change" == desk.event("024 ANN | 024 PPO GOLD - ..2025-09-30")
    assert ["ANN PPO GOLD EMP 2025-01-01 .. 2025-09-30, terminated"] == desk.cover()
    assert "change" == desk.event("024 ANN through=2025-07-31")
    assert ["ANN PPO GOLD EMP 2025-01-01 .. 2025-07-31, terminated"] == desk.cover()


def test_an_end_without_hd_leaves_what_had_ended_earlier(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "001 ANN | 021 DEN SMILE EMP 2025-01-01..", "001 ANN | 024 DEN SMILE - ..2025-03-31")

    assert "terminate" == desk.event("024 ANN through=2025-08-31")
    assert [
        "ANN DEN SMILE EMP 2025-01-01 .. 2025-03-31, terminated",
        "ANN PPO GOLD EMP 2025-01-01 .. 2025-08-31, terminated",
    ] == desk.cover()


def test_a_line_that_was_never_on_file_does_not_keep_the_others_from_ending(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED)

    decision = desk.send("024 ANN | 024 PPO GOLD - ..2025-08-31 | 024 VIS SEE - ..2025-08-31")

    assert ["UNKNOWN_PLAN"] == [finding.code for finding in decision.findings]
    assert not decision.findings[0].is_error
    assert ["ANN PPO GOLD EMP 2025-01-01 .. 2025-08-31, terminated"] == desk.cover()


def test_only_the_benefit_s_own_date_moves_a_begin_on_file(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED)

    desk.send("001 ANN from=2020-01-01 | 001 PPO GOLD ESP")

    assert ["ANN PPO GOLD ESP 2025-01-01 .. open, active"] == desk.cover()


def test_a_premium_belongs_to_its_tier(on_file: Callable[..., Any]) -> None:
    desk = on_file("021 ANN | 021 PPO GOLD EMP 2025-01-01.. premium=600.00")

    desk.send("001 ANN | 001 PPO GOLD - 2025-03-01..")
    desk.send("001 ANN | 001 PPO GOLD ESP 2025-06-01..")

    assert [("EMP", "600.00"), ("ESP", None)] == [
        (row.level, row.premium and str(row.premium)) for row in desk.family().coverages
    ]


def test_a_new_premium_alone_is_a_change(on_file: Callable[..., Any]) -> None:
    desk = on_file("021 ANN | 021 PPO GOLD EMP 2025-01-01.. premium=600.00")

    assert "change" == desk.event("001 ANN | 001 PPO GOLD EMP 2025-06-01.. premium=612.00")
    assert "no_change" == desk.event("001 ANN | 001 PPO GOLD EMP 2025-06-01.. premium=612.00")


def test_a_change_inside_cover_that_has_ended_does_not_bring_it_back(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "024 ANN | 024 PPO GOLD - ..2025-08-31")

    assert "change" == desk.event("001 ANN | 001 PPO GOLD ESP 2025-06-01..")
    assert [
        "ANN PPO GOLD EMP 2025-01-01 .. 2025-05-31, active",
        "ANN PPO GOLD ESP 2025-06-01 .. 2025-08-31, terminated",
    ] == desk.cover()
    assert "terminated" == desk.status()


def test_another_plan_needs_a_date(on_file: Callable[..., Any]) -> None:
    assert "DATE_LOGIC" == on_file(ENROLLED).event("001 ANN | 001 PPO SILVER")


def test_of_two_plans_the_one_that_is_named_is_changed(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "001 ANN | 021 PPO SILVER EMP 2025-01-01..")

    assert "UNKNOWN_PLAN" == desk.event("001 ANN | 001 PPO - ESP 2025-06-01..")
    assert "change" == desk.event("001 ANN | 001 PPO SILVER ESP 2025-06-01..")
    assert [
        "ANN PPO GOLD EMP 2025-01-01 .. open, active",
        "ANN PPO SILVER EMP 2025-01-01 .. 2025-05-31, active",
        "ANN PPO SILVER ESP 2025-06-01 .. open, active",
    ] == desk.cover()


@pytest.mark.parametrize("plan", ["GOLD", "-"])
def test_a_reinstatement_may_leave_the_plan_out_and_may_last_a_day(on_file: Callable[..., Any], plan: str) -> None:
    desk = on_file(ENROLLED, "024 ANN | 024 PPO GOLD - ..2025-08-31")

    assert "reinstate" == desk.event(f"025 ANN | 025 PPO {plan} - 2025-11-01..2025-11-01")
    assert [
        "ANN PPO GOLD EMP 2025-01-01 .. 2025-08-31, terminated",
        "ANN PPO GOLD EMP 2025-11-01 .. 2025-11-01, active",
    ] == desk.cover()


def test_a_reinstatement_from_the_day_after_the_end_leaves_no_gap(
    on_file: Callable[..., Any],
) -> None:
    desk = on_file(ENROLLED, "024 ANN | 024 PPO GOLD - ..2025-08-31")

    desk.send("025 ANN | 025 PPO GOLD FAM 2025-09-01..")

    assert [
        "ANN PPO GOLD EMP 2025-01-01 .. 2025-08-31, terminated",
        "ANN PPO GOLD FAM 2025-09-01 .. open, active",
    ] == desk.cover()


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("025 ANN | 025 PPO TIN EMP 2025-11-01..", "UNKNOWN_PLAN"),
        ("025 ANN | 025 PPO SILVER EMP 2025-11-01..", "reinstate"),
        ("025 ANN | 025 PPO GOLD EMP 2025-11-01..2025-10-01", "DATE_LOGIC"),
        ("025 ANN | 025 PPO GOLD EMP 2025-01-01..2025-08-31", "DATE_LOGIC"),
        ("025 ANN | 025 PPO GOLD EMP", "DATE_LOGIC"),
        ("025 ANN | 025 DEN SMILE EMP 2025-11-01..", "REINSTATE_NOT_TERMINATED"),
    ],
)
def test_what_a_reinstatement_must_say(on_file: Callable[..., Any], sent: str, answer: str) -> None:
    desk = on_file(
        ENROLLED, "024 ANN | 024 PPO GOLD - ..2025-08-31", known_plans=frozenset({"GOLD", "SILVER", "SMILE"})
    )

    assert answer == desk.event(sent)


def test_a_reinstatement_of_a_plan_that_never_ended_is_refused_beside_one_that_did(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "001 ANN | 021 PPO SILVER EMP 2025-01-01..", "001 ANN | 024 PPO SILVER - ..2025-08-31")

    assert "REINSTATE_NOT_TERMINATED" == desk.event("025 ANN | 025 PPO GOLD EMP 2025-11-01..")
    assert "change" == desk.event("025 ANN | 025 PPO - EMP 2025-11-01..")
    assert "ANN PPO SILVER EMP 2025-11-01 .. open, active" in desk.cover()


def test_the_end_of_cover_that_was_added_with_that_end_terminates_it(on_file: Callable[..., Any]) -> None:
    desk = on_file("021 ANN | 021 PPO GOLD EMP 2025-01-01..2025-08-31")

    assert "terminate" == desk.event("024 ANN | 024 PPO GOLD - ..2025-08-31")
    assert ["ANN PPO GOLD EMP 2025-01-01 .. 2025-08-31, terminated"] == desk.cover()


def test_a_correction_after_the_end_on_file_is_refused(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "024 ANN | 024 PPO GOLD - ..2025-08-31")

    assert "DATE_LOGIC" == desk.event("001 ANN | 026 PPO GOLD - 2025-10-01..")


def test_a_correction_of_the_plan_voids_the_wrong_one(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED)

    assert "change" == desk.event("001 ANN | 026 PPO SILVER")
    assert [
        "ANN PPO GOLD EMP 2025-01-01 .. never, canceled",
        "ANN PPO SILVER EMP 2025-01-01 .. open, active",
    ] == desk.cover()


def test_a_change_that_ends_before_it_begins_cancels_what_it_names_and_only_once(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "001 ANN | 021 PPO SILVER EMP 2025-03-01..")
    sent = "001 ANN | 001 PPO SILVER - 2025-03-01..2025-02-28"

    assert "cancel" == desk.event(sent)
    assert "no_change" == desk.event(sent)
    assert "DATE_LOGIC" == desk.event("001 ANN | 001 PPO TIN - 2025-03-01..2025-02-28")
    assert [
        "ANN PPO GOLD EMP 2025-01-01 .. open, active",
        "ANN PPO SILVER EMP 2025-03-01 .. never, canceled",
    ] == desk.cover()


def test_a_reinstatement_in_another_plan_is_a_no_op_when_it_is_sent_again(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "024 ANN | 024 PPO GOLD - ..2025-08-31")

    assert "reinstate" == desk.event("025 ANN | 025 PPO SILVER EMP 2025-11-01..")
    assert "no_change" == desk.event("025 ANN | 025 PPO SILVER EMP 2025-11-01..")
    assert "REINSTATE_NOT_TERMINATED" == desk.event("025 ANN | 025 PPO SILVER EMP 2025-12-01..")


def test_an_end_that_canceled_one_line_does_not_move_another_when_it_is_sent_again(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "001 ANN | 024 PPO GOLD - ..2025-02-28", "001 ANN | 021 DEN SMILE EMP 2025-03-31..")

    assert "cancel" == desk.event("024 ANN through=2025-03-01")
    assert "no_change" == desk.event("024 ANN through=2025-03-01")
    assert "ANN PPO GOLD EMP 2025-01-01 .. 2025-02-28, terminated" in desk.cover()


@pytest.mark.parametrize("plan", ["GOLD", "-"])
def test_an_addition_that_ends_before_it_begins_cancels_and_only_once(on_file: Callable[..., Any], plan: str) -> None:
    desk = on_file(ENROLLED)

    assert "cancel" == desk.event(f"021 ANN | 021 PPO {plan} EMP 2025-01-01..2024-12-31")
    assert "no_change" == desk.event(f"021 ANN | 021 PPO {plan} EMP 2025-01-01..2024-12-31")
