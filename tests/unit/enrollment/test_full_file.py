"""Full files: discrepancies, adds, changes, absences, and the guard rail (DOMAIN 4.6)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from gateway.domain.coverage import FileAction
from gateway.enrollment.full_file import FullFilePlan, compare, compare_roster, decide_absence, restate
from gateway.enrollment.roster import Roster

MEMBERS = {
    "ANN": "021 ANN | 021 PPO GOLD FAM 2025-01-01..",
    "ADAM": "021 ADAM | 021 PPO GOLD - 2025-01-01..",
    "AMY": "021 AMY | 021 PPO GOLD - 2025-01-01..",
    "CAT": "021 CAT id=S200 | 021 PPO GOLD EMP 2025-01-01..",
}
ROSTER = {name: text.replace("021", "030") for name, text in MEMBERS.items()}


@pytest.fixture
def desk(on_file: Callable[..., Any]) -> Any:
    """Four members on file, and a file that takes effect in November and may end anybody."""
    desk = on_file(*MEMBERS.values(), mass_termination_percent=100)
    desk.header = replace(desk.header, action=FileAction.REPLACE, effective_on=date(2025, 11, 1))
    return desk


def plan(desk: Any, ins: Callable[..., Any], *roster: str) -> FullFilePlan:
    requests = [ins(text, ordinal=number) for number, text in enumerate(roster, 1)]
    return compare(requests, list(desk.families.values()), desk.header, desk.rules)


def apply(desk: Any, ins: Callable[..., Any], *roster: str) -> list[str]:
    """Apply a replacing file: its members one by one, then its absences; return the events."""
    planned = plan(desk, ins, *roster)
    assert not planned.is_held
    decisions = []
    for text in roster:
        request = ins(text, ordinal=len(decisions) + 1)
        family = next((f for f in desk.families.values() if f.membership.subscriber_id == request.subscriber_id), None)
        decisions.append(desk.decide(restate(request, family)))
    for absence in planned.terminations:
        family = desk.families[absence.membership_id]
        decisions.append(decide_absence(absence, family, desk.rules, desk.circumstances()))
        desk.families[absence.membership_id] = decisions[-1].family
    return [decision.change.events[0].event.value for decision in decisions]


def told(planned: FullFilePlan) -> list[tuple[str, int | None]]:
    return [(each.kind.value, each.ordinal) for each in planned.discrepancies]


def test_a_full_file_equal_to_what_is_on_file_yields_no_event(desk: Any, ins: Callable[..., Any]) -> None:
    before = dict(desk.families)

    assert [] == told(plan(desk, ins, *ROSTER.values()))
    assert ["no_change"] * 4 == apply(desk, ins, *ROSTER.values())
    assert before == desk.families


@pytest.mark.parametrize(
    ("roster", "discrepancies"),
    [
        ([*MEMBERS.values(), "030 CAT id=S300 | 030 PPO GOLD EMP 2025-11-01.."], [("missing here", 5)]),
        ([MEMBERS["ANN"], MEMBERS["ADAM"], MEMBERS["AMY"]], [("missing there", None)]),
        ([MEMBERS["ANN"], MEMBERS["ADAM"], MEMBERS["CAT"]], [("missing there", None)]),
        ([*list(MEMBERS.values())[:3], "030 CAT id=S200 | 030 PPO GOLD EMP 2025-02-01.."], [("different dates", 4)]),
        (
            [*list(MEMBERS.values())[:3], "030 CAT id=S200 | 030 PPO GOLD EMP 2025-01-01..2025-12-31"],
            [("different dates", 4)],
        ),
        ([*list(MEMBERS.values())[:3], "030 CAT id=S200 | 030 PPO GOLD FAM 2025-01-01.."], [("different tier", 4)]),
        ([*list(MEMBERS.values())[:3], "030 CAT id=S200 | 030 PPO SILVER EMP 2025-11-01.."], [("different plan", 4)]),
    ],
)
def test_a_verifying_file_gives_discrepancies(
    desk: Any, ins: Callable[..., Any], roster: list[str], discrepancies: list[tuple[str, int | None]]
) -> None:
    assert discrepancies == told(plan(desk, ins, *roster))


def test_who_is_absent_ends_the_day_before_the_file_takes_effect(desk: Any, ins: Callable[..., Any]) -> None:
    events = apply(desk, ins, ROSTER["ANN"], ROSTER["AMY"])

    assert ["no_change", "no_change", "change", "terminate"] == events
    assert [
        "ADAM PPO GOLD - 2025-01-01 .. 2025-10-31, terminated",
        "AMY PPO GOLD - 2025-01-01 .. open, active",
        "ANN PPO GOLD FAM 2025-01-01 .. open, active",
    ] == desk.cover()
    assert ["CAT PPO GOLD EMP 2025-01-01 .. 2025-10-31, terminated"] == desk.cover("S200")


def test_an_absent_family_is_one_event_that_names_set_and_membership(desk: Any, ins: Callable[..., Any]) -> None:
    [absence] = plan(desk, ins, ROSTER["CAT"]).terminations

    decision = decide_absence(absence, desk.family(), desk.rules, desk.circumstances())

    [event] = decision.change.events
    assert ("terminate", f"S2/absent/{absence.membership_id}") == (event.event.value, event.key)
    assert "absent from the full file; 2 dependents ended with the subscriber" == event.note
    assert date(2025, 10, 31) == event.effective_on


def test_the_same_full_file_again_yields_no_event(desk: Any, ins: Callable[..., Any]) -> None:
    roster = [ROSTER["ANN"], "030 CAT id=S200 | 030 PPO SILVER FAM 2025-11-01.."]
    apply(desk, ins, *roster)
    before = dict(desk.families)

    assert ["no_change", "no_change"] == apply(desk, ins, *roster)
    assert before == desk.families


def test_adds_and_changes_are_applied(desk: Any, ins: Callable[..., Any]) -> None:
    changed = "001 CAT id=S200 | 030 PPO SILVER EMP 2025-11-01.. | 030 DEN SMILE EMP 2025-11-01.."
    roster = [*list(ROSTER.values())[:3], changed]

    assert ["no_change", "no_change", "no_change", "change"] == apply(desk, ins, *roster)
    assert [
        "CAT DEN SMILE EMP 2025-11-01 .. open, active",
        "CAT PPO GOLD EMP 2025-01-01 .. 2025-10-31, terminated",
        "CAT PPO SILVER EMP 2025-11-01 .. open, active",
    ] == desk.cover("S200")


def test_a_line_that_is_left_out_ends(desk: Any, ins: Callable[..., Any]) -> None:
    desk.send("001 ANN | 021 DEN SMILE EMP 2025-01-01..")

    assert ["no_change"] * 4 + ["change"] == apply(desk, ins, *ROSTER.values())
    assert "ANN DEN SMILE EMP 2025-01-01 .. 2025-10-31, terminated" in desk.cover()


@pytest.mark.parametrize(
    "change",
    [
        "024 CAT id=S200 through=2025-06-30",
        "024 CAT id=S200 through=2026-06-30",
        "024 CAT id=S200 | 024 PPO GOLD - 2025-01-01..2024-12-31",
        "001 CAT id=S200 | 026 PPO GOLD EMP 2025-12-01..",
    ],
    ids=["ended", "ends later", "canceled", "begins later"],
)
def test_cover_that_ended_or_begins_later_is_not_absent(desk: Any, ins: Callable[..., Any], change: str) -> None:
    desk.send(change)

    assert () == plan(desk, ins, ROSTER["ANN"], ROSTER["ADAM"], ROSTER["AMY"]).terminations


@pytest.mark.parametrize("roster", [["024 ANN through=2025-12-31"], ["001 ANN"]], ids=["ended by the file", "silent"])
def test_a_member_of_whose_cover_nothing_is_said_is_not_absent(
    desk: Any, ins: Callable[..., Any], roster: list[str]
) -> None:
    absences = plan(desk, ins, ROSTER["ADAM"], ROSTER["AMY"], ROSTER["CAT"], *roster).terminations

    assert () == absences


def test_cover_outside_the_file_s_policies_is_never_ended(desk: Any, ins: Callable[..., Any]) -> None:
    desk.header = replace(desk.header, policy="G777")

    planned = compare([ins("030 CAT id=S300", policy="G777")], list(desk.families.values()), desk.header, desk.rules)

    assert ((), 0) == (planned.terminations, planned.members_on_file)


@pytest.mark.parametrize(("percent", "is_held"), [(74, True), (75, False)])
def test_the_guard_rail_holds_a_file_that_would_end_too_many(
    desk: Any, ins: Callable[..., Any], percent: int, *, is_held: bool
) -> None:
    desk.rules = replace(desk.rules, mass_termination_percent=percent)

    planned = plan(desk, ins, ROSTER["CAT"])

    assert (4, 3, is_held) == (planned.members_on_file, planned.members_absent, planned.is_held)
    assert (["MASS_TERM_GUARD"] if is_held else []) == [finding.code for finding in planned.findings]


def test_a_partner_may_ask_that_nobody_is_ended_for_being_absent(desk: Any, ins: Callable[..., Any]) -> None:
    desk.rules = replace(desk.rules, ignore_absent=True, mass_termination_percent=0)

    planned = plan(desk, ins, ROSTER["CAT"])

    assert ((), False) == (planned.terminations, planned.is_held)


def test_a_file_without_an_effective_date_ends_nobody(desk: Any, ins: Callable[..., Any]) -> None:
    desk.header = replace(desk.header, effective_on=None)

    planned = plan(desk, ins, *ROSTER.values())

    assert (["DATE_LOGIC"], ()) == ([finding.code for finding in planned.findings], planned.terminations)


def test_the_family_of_a_member_that_could_not_be_read_is_not_absent(desk: Any, ins: Callable[..., Any]) -> None:
    roster = Roster(desk.header)
    roster.add(ins(ROSTER["CAT"]))
    roster.protect("S100")

    assert () == compare_roster(roster, list(desk.families.values()), desk.rules).terminations


def test_a_member_that_could_be_anybody_holds_the_file(desk: Any, ins: Callable[..., Any]) -> None:
    roster = Roster(desk.header)
    for text in ROSTER.values():
        roster.add(ins(text))
    roster.protect("")

    assert compare_roster(roster, list(desk.families.values()), desk.rules).is_held


def test_another_dental_plan_leaves_the_medical_one(desk: Any, ins: Callable[..., Any]) -> None:
    desk.send("001 CAT id=S200 | 021 DEN SMILE EMP 2025-01-01..")
    changed = "030 CAT id=S200 | 030 PPO GOLD EMP 2025-01-01.. | 030 DEN BRIGHT EMP 2025-11-01.."

    assert "change" == apply(desk, ins, *list(ROSTER.values())[:3], changed)[-1]
    assert [
        "CAT DEN BRIGHT EMP 2025-11-01 .. open, active",
        "CAT DEN SMILE EMP 2025-01-01 .. 2025-10-31, terminated",
        "CAT PPO GOLD EMP 2025-01-01 .. open, active",
    ] == desk.cover("S200")


def test_an_end_in_a_full_file_stays_an_end(desk: Any, ins: Callable[..., Any]) -> None:
    ended = ins("024 CAT id=S200 reason=08 | 024 PPO GOLD - ..2025-06-30")

    assert ended == restate(ended, desk.family("S200"))


def test_the_subscriber_is_named_for_an_absent_family_whatever_the_order_on_file(
    desk: Any, ins: Callable[..., Any]
) -> None:
    family = desk.family()
    desk.families[family.membership.id] = replace(family, members=family.members[::-1])
    [absence] = plan(desk, ins, ROSTER["CAT"]).terminations

    decision = decide_absence(absence, desk.family(), desk.rules, desk.circumstances())

    subscriber = next(member.id for member in family.members if member.is_subscriber)
    assert subscriber == decision.change.events[0].member_id
