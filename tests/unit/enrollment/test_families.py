"""Subscribers and dependents: who belongs to whom, who is who, and whose end is whose (DOMAIN 4.4 rules 1, 2, 4)."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from gateway.domain.parties import Person
from gateway.enrollment.identity import identity_of, membership_id

ENROLLED = "021 ANN | 021 PPO GOLD FAM 2025-01-01.."


def test_sample_4_8_enrolls_one_membership_with_two_members_and_terminates_another(on_file: Callable[..., Any]) -> None:
    desk = on_file("021 CAT id=S200 | 021 PPO GOLD FAM 2025-01-01..")

    events = [
        desk.event("021 ANN | 021 PPO GOLD ESP 2025-11-01.. premium=1240.00"),
        desk.event("021 ADAM | 021 PPO GOLD - 2025-11-01.."),
        desk.event("024 CAT id=S200 reason=08 through=2025-08-31 | 024 PPO GOLD FAM ..2025-08-31"),
    ]

    assert ["enroll", "change", "terminate"] == events
    assert ["ADAM PPO GOLD - 2025-11-01 .. open, active", "ANN PPO GOLD ESP 2025-11-01 .. open, active"] == desk.cover()
    assert ["CAT PPO GOLD FAM 2025-01-01 .. 2025-08-31, terminated"] == desk.cover("S200")


@pytest.mark.parametrize("sent", ["021 ADAM | 021 PPO GOLD - 2025-01-01..", "024 ADAM through=2025-08-31"])
def test_rule_1_a_dependent_without_a_subscriber_is_refused(desk: Any, sent: str) -> None:
    assert "SUBSCRIBER_NOT_FOUND" == desk.event(sent)
    assert {} == desk.families


@pytest.mark.parametrize(
    "sent", ["024 ANN through=2025-08-31", "025 ANN | 025 PPO GOLD EMP 2025-09-01..", "001 ANN | 001 PPO GOLD EMP"]
)
def test_a_subscriber_who_would_have_to_be_on_file_is_refused(desk: Any, sent: str) -> None:
    assert "SUBSCRIBER_NOT_FOUND" == desk.event(sent)


def test_a_dependent_who_would_have_to_be_on_file_is_refused(on_file: Callable[..., Any]) -> None:
    assert "MEMBER_NOT_FOUND" == on_file(ENROLLED).event("024 ADAM through=2025-08-31")


def test_cover_that_is_added_by_a_change_adds_the_person_too(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED)

    assert "change" == desk.event("001 ADAM | 021 PPO GOLD - 2025-03-01..")
    assert ["ADAM", "ANN"] == sorted(member.person.first_name for member in desk.family().members)


@pytest.mark.parametrize("who", ["ANN", "ADAM"])
def test_somebody_unknown_who_is_only_compared_is_a_warning(desk: Any, who: str) -> None:
    decision = desk.send(f"030 {who} | 030 PPO GOLD EMP 2025-01-01..")

    assert decision.change is None
    assert [("SUBSCRIBER_NOT_FOUND", False)] == [(found.code, found.is_error) for found in decision.findings]


def test_a_subscriber_who_is_not_covered_carries_its_dependents(desk: Any) -> None:
    events = [desk.event("021 ANN | 032 PPO"), desk.event("021 AMY | 021 PPO GOLD CHD 2025-01-01..")]

    assert ["link_only", "enroll"] == events
    assert ["AMY PPO GOLD CHD 2025-01-01 .. open, active"] == desk.cover()


def test_a_dependent_s_line_without_a_plan_is_the_subscriber_s_plan(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED)

    desk.send("021 ADAM | 021 PPO - - 2025-01-01..")

    assert "ADAM PPO GOLD - 2025-01-01 .. open, active" in desk.cover()


@pytest.mark.parametrize(
    "sent",
    [
        "024 ANN through=2025-08-31",
        "024 ANN | 024 PPO GOLD - ..2025-08-31",
        "024 ANN through=2025-08-31 | 032 PPO",
    ],
)
def test_rule_4_the_subscriber_s_end_is_the_dependents_end(family: Any, sent: str) -> None:
    assert "terminate" == family.event(sent)
    assert [
        "ADAM PPO GOLD - 2025-01-01 .. 2025-08-31, terminated",
        "AMY PPO GOLD - 2025-01-01 .. 2025-08-31, terminated",
        "ANN PPO GOLD FAM 2025-01-01 .. 2025-08-31, terminated",
    ] == family.cover()
    assert "2 dependents ended with the subscriber" == family.decisions[-1].change.events[0].note
    assert "no_change" == family.event(sent)


def test_rule_4_a_dependent_s_own_loop_says_nothing_new_after_the_cascade(family: Any) -> None:
    assert "terminate" == family.event("024 ANN | 024 PPO GOLD - ..2025-08-31")
    assert "no_change" == family.event("024 ADAM | 024 PPO GOLD - ..2025-08-31")


def test_rule_4_a_corrected_end_moves_those_who_ended_together(family: Any) -> None:
    family.send("024 ADAM | 024 PPO GOLD - ..2025-05-31")
    family.send("024 ANN | 024 PPO GOLD - ..2025-08-31")

    assert "change" == family.event("024 ANN | 024 PPO GOLD - ..2025-09-30")
    assert [
        "ADAM PPO GOLD - 2025-01-01 .. 2025-05-31, terminated",
        "AMY PPO GOLD - 2025-01-01 .. 2025-09-30, terminated",
        "ANN PPO GOLD FAM 2025-01-01 .. 2025-09-30, terminated",
    ] == family.cover()


def test_rule_4_the_cascade_can_be_switched_off(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, "021 ADAM | 021 PPO GOLD - 2025-01-01..", subscriber_term_cascades=False)

    assert "change" == desk.event("024 ANN through=2025-08-31")
    assert "ADAM PPO GOLD - 2025-01-01 .. open, active" in desk.cover()


def test_rule_4_a_dropped_line_of_the_subscriber_is_no_end_of_the_family(family: Any) -> None:
    assert "change" == family.event("001 ANN | 024 PPO GOLD - ..2025-08-31")
    assert "AMY PPO GOLD - 2025-01-01 .. open, active" in family.cover()


def test_rule_4_a_cancel_of_the_subscriber_voids_the_family(family: Any) -> None:
    assert "cancel" == family.event("024 ANN says=CANCEL | 024 PPO GOLD - ..2025-01-01")
    assert [
        "ADAM PPO GOLD - 2025-01-01 .. never, canceled",
        "AMY PPO GOLD - 2025-01-01 .. never, canceled",
        "ANN PPO GOLD FAM 2025-01-01 .. never, canceled",
    ] == family.cover()
    assert "canceled" == family.status()


def test_the_end_of_a_dependent_leaves_the_others(family: Any) -> None:
    assert "change" == family.event("024 AMY through=2025-08-31")
    assert "active" == family.status()


def test_a_family_is_reinstated_loop_by_loop(family: Any) -> None:
    family.send("024 ANN through=2025-08-31")
    family.next_set()

    events = [
        family.event("025 ANN | 025 PPO GOLD FAM 2025-09-01.."),
        family.event("025 ADAM | 025 PPO GOLD - 2025-09-01.."),
    ]

    assert ["reinstate", "change"] == events
    assert "AMY PPO GOLD - 2025-01-01 .. 2025-08-31, terminated" in family.cover()


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("001", {"first_name": "ADAMO"}),
        ("001", {"birth_date": date(1979, 5, 4)}),
        ("001", {"last_name": "BRAVO", "ssn": "555667777"}),
        ("021", {"last_name": "BRAVO"}),
        ("021", {"ssn": "555667777"}),
        ("021", {"birth_date": None}),
    ],
)
def test_a_corrected_person_stays_the_same_member(
    family: Any, person: Callable[..., Any], kind: str, changed: dict[str, Any]
) -> None:
    before = {member.id for member in family.family().members}

    family.send(f"{kind} ADAM | 001 PPO GOLD", person=person("ADAM", **changed))

    assert before == {member.id for member in family.family().members}


def test_the_former_name_finds_a_person_whose_name_is_corrected(family: Any, person: Callable[..., Any]) -> None:
    before = {member.id for member in family.family().members}
    corrected = person("AMY", first_name="AIMEE", birth_date=date(2010, 6, 8))

    assert "change" == family.event("001 AMY reason=25", person=corrected, former=person("AMY"))
    assert before == {member.id for member in family.family().members}
    assert "AIMEE" in {member.person.first_name for member in family.family().members}


def test_a_twin_is_another_person(family: Any, person: Callable[..., Any]) -> None:
    family.send("021 AMY | 021 PPO GOLD - 2025-01-01..", person=person("AMY", first_name="ABE"))

    assert ["ABE", "ADAM", "AMY", "ANN"] == sorted(member.person.first_name for member in family.family().members)


def test_a_namesake_of_a_corrected_person_gets_an_id_of_its_own(family: Any, person: Callable[..., Any]) -> None:
    family.send("001 AMY reason=25", person=person("AMY", first_name="AIMEE"), former=person("AMY"))
    family.send("021 AMY | 021 PPO GOLD - 2025-01-01..")

    assert 4 == len({member.id for member in family.family().members})


def test_twins_who_cannot_be_told_apart_are_refused(family: Any, person: Callable[..., Any]) -> None:
    family.send("021 AMY | 021 PPO GOLD - 2025-01-01..", person=person("AMY", first_name="ABE"))

    assert "DUPLICATE_MEMBER" == family.event("024 AMY through=2025-08-31", person=person("AMY", first_name=""))


def test_a_subscriber_id_that_belongs_to_somebody_else_is_refused(family: Any, person: Callable[..., Any]) -> None:
    assert "DUPLICATE_MEMBER" == family.event("021 ANN | 021 PPO GOLD EMP 2025-02-01..", person=person("CAT"))


def test_what_is_not_sent_about_a_person_stays(family: Any, person: Callable[..., Any]) -> None:
    family.send("001 ANN reason=43", person=person("ANN", birth_date=None, city="SPRINGFIELD"))

    [ann] = [member.person for member in family.family().members if member.is_subscriber]
    assert (date(1980, 1, 2), "SPRINGFIELD") == (ann.birth_date, ann.city)


def test_a_refusal_names_its_loop_and_no_person(desk: Any) -> None:
    desk.sent = 6

    [finding] = desk.send("021 ADAM | 021 PPO GOLD - 2025-01-01..").findings

    assert (7, "INS", 70, "2000") == (finding.member, finding.place.segment, finding.place.position, finding.place.loop)
    assert not any(word in repr(finding) for word in ("ADAM", "ALPHA", "1979"))


@pytest.mark.parametrize("event", ["021 ANN | 021 PPO TIN EMP 2025-01-01..", "001 ANN | 001 PPO TIN - 2025-06-01.."])
def test_a_plan_that_we_do_not_sell_is_refused(on_file: Callable[..., Any], event: str) -> None:
    desk = on_file(ENROLLED, known_plans=frozenset({"GOLD", "PPO"}))

    assert "UNKNOWN_PLAN" == desk.event(event)
    assert "no_change" == desk.event(ENROLLED)


def test_a_member_with_one_bad_line_changes_nothing_at_all(on_file: Callable[..., Any]) -> None:
    desk = on_file(ENROLLED, known_plans=frozenset({"GOLD"}))
    before = desk.family()

    assert "UNKNOWN_PLAN" == desk.event("001 ANN | 024 PPO GOLD - ..2025-08-31 | 021 PPO TIN EMP 2025-09-01..")
    assert before == desk.family()


def test_an_addition_without_cover_adds_the_person(desk: Any) -> None:
    assert "info" == desk.event("021 ANN")
    assert ("pending", ["ANN"]) == (desk.status(), [member.person.first_name for member in desk.family().members])
    assert "no_change" == desk.event("021 ANN")


def test_an_addition_whose_lines_only_end_cover_adds_nobody(desk: Any) -> None:
    assert "SUBSCRIBER_NOT_FOUND" == desk.event("021 ANN | 024 PPO GOLD - ..2025-08-31")


def test_dependents_lose_cover_that_the_subscriber_had_not_when_all_of_its_own_ends(family: Any) -> None:
    family.send("001 AMY | 021 DEN SMILE CHD 2025-01-01..")

    assert "terminate" == family.event("024 ANN | 024 PPO GOLD - ..2025-08-31")
    assert "AMY DEN SMILE CHD 2025-01-01 .. 2025-08-31, terminated" in family.cover()


def test_dependents_keep_other_cover_while_the_subscriber_keeps_some(family: Any) -> None:
    family.send("001 ANN | 021 VIS SEE EMP 2025-01-01..")
    family.send("001 AMY | 021 DEN SMILE CHD 2025-01-01..")

    assert "change" == family.event("024 ANN | 024 PPO GOLD - ..2025-08-31")
    assert "AMY DEN SMILE CHD 2025-01-01 .. open, active" in family.cover()
    assert "AMY PPO GOLD - 2025-01-01 .. 2025-08-31, terminated" in family.cover()


def test_a_child_whose_relationship_changes_stays_the_same_member(family: Any) -> None:
    before = {member.id for member in family.family().members}

    assert "info" == family.event("021 AMY", relationship="17")
    assert before == {member.id for member in family.family().members}
    assert "17" in {member.relationship for member in family.family().members}


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        ({"ssn": "1", "first_name": "A"}, {"ssn": "1", "first_name": "B"}, True),
        ({"ssn": "1", "first_name": "A"}, {"ssn": "2", "first_name": "A"}, False),
        ({"other_id": "X", "first_name": "A"}, {"other_id": "X", "first_name": "B"}, True),
        ({"first_name": "Mary-Ann"}, {"first_name": "MARY ANN"}, True),
        (
            {"first_name": "A", "birth_date": date(2010, 1, 1)},
            {"first_name": "A", "birth_date": date(2011, 1, 1)},
            False,
        ),
        ({"first_name": "A", "last_name": "X"}, {"first_name": "A", "last_name": "Y"}, True),
    ],
)
def test_a_dependent_is_first_known_by_number_else_by_birth_and_first_name(
    one: dict[str, Any], other: dict[str, Any], *, are_same: bool
) -> None:
    assert are_same is (identity_of(Person(**one)) == identity_of(Person(**other)))


def test_a_membership_is_made_of_account_and_subscriber_id() -> None:
    assert membership_id("ACME", "s100 ") == membership_id("ACME", "S100")
    assert membership_id("ACME", "S100") != membership_id("BETA", "S100")


def test_a_finding_names_the_business_unit_for_the_acknowledgement(desk: Any) -> None:
    [finding] = desk.send("021 ADAM | 021 PPO GOLD - 2025-01-01..").findings

    assert "SUBSCRIBER NUMBER REF02:S100" == finding.context


def test_a_comparison_changes_nobody_s_data(family: Any, person: Callable[..., Any]) -> None:
    before = family.family()

    assert "compare" == family.event("030 ADAM | 030 PPO GOLD", person=person("ADAM", last_name="BRAVO"), policy="G9")
    assert before == family.family()


def test_a_dependent_is_found_by_another_number_than_the_ssn(family: Any, person: Callable[..., Any]) -> None:
    family.send("001 AMY reason=25", person=person("AMY", other_id="E0001-D1"))
    known = person("CAT", ssn="", other_id="E0001-D1", first_name="AIMEE")

    assert "change" == family.event("021 AMY | 021 DEN SMILE CHD 2025-01-01..", person=known)
    assert 3 == len(family.family().members)


def test_a_status_that_is_not_sent_stays(family: Any) -> None:
    assert "no_change" == family.event("001 ANN", benefit_status="")
    assert "info" == family.event("001 ANN", benefit_status="C")
    assert "C" in {member.benefit_status for member in family.family().members}
