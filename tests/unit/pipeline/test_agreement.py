"""What was agreed with a partner, and what happens to a file that keeps to something else (DOMAIN 4, 7.1, 7.6)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.unit.pipeline.x12_files import BIRCH, Envelope, birch_member, birch_roster, enrollment, member

GOOD = Envelope(asks_for_ta1=False)


def enrolled(house):
    return [subscriber for (subscriber,) in house.rows("SELECT subscriber_id FROM memberships ORDER BY subscriber_id")]


def ends(house):
    return [state for (state,) in house.rows("SELECT state FROM transaction_sets ORDER BY rowid")]


def ta1s(house, partner_id="acme"):
    return [
        tuple(segment.split("*")[4:6])
        for segments in house.answers(partner_id, "TA1")
        for segment in segments
        if segment.startswith("TA1*")
    ]


def reported(house, partner_id="acme"):
    """Return OTI01 and the different codes of every 824 that a partner got, in the order of our control numbers."""
    return [
        (
            *(segment.split("*")[1] for segment in segments if segment.startswith("OTI*")),
            *dict.fromkeys(segment.split("*")[-1] for segment in segments if segment.startswith("RED*")),
        )
        for segments in house.answers(partner_id, "824")
    ]


# --- who speaks to whom


@pytest.mark.parametrize(
    ("envelope", "note"),
    [
        (replace(GOOD, sender="SOMEBODY"), "006"),
        (replace(GOOD, sender_qualifier="30"), "005"),
        (replace(GOOD, receiver="SOMEBODY"), "008"),
        (replace(GOOD, receiver_qualifier="30"), "007"),
    ],
    ids=["wrong sender", "wrong qualifier of the sender", "not us", "wrong qualifier of ours"],
)
def test_an_envelope_of_or_for_somebody_else_is_rejected_although_no_ta1_was_asked_for(house, envelope, note):
    file = house.take("acme", envelope.around(enrollment(member("A1"))))
    assert [("R", note)] == ta1s(house)
    assert ["refused"] == ends(house)
    assert [] == enrolled(house)
    assert [] == house.answers("acme", "999")
    assert house.app.refusals(file.id)


def test_a_partner_that_may_write_us_otherwise_is_understood(house):
    house.agree("acme", x12={"our_ids": ("EXHEALTH",)})
    house.take("acme", replace(GOOD, receiver="EXHEALTH", receiver_qualifier="30").around(enrollment(member("A1"))))
    assert ["A1"] == enrolled(house)


# --- control numbers


def test_a_control_number_that_comes_again_with_other_bytes_is_rejected_and_nothing_is_loaded(house):
    house.take("acme", GOOD.around(enrollment(member("A1"))))
    house.take("acme", GOOD.around(enrollment(member("A2"), reference="OTHER")))
    assert [("R", "025")] == ta1s(house)
    assert ["A1"] == enrolled(house)
    assert ["applied", "refused"] == ends(house)


def test_two_interchanges_of_one_number_in_one_file_are_loaded_once(house):
    one, other = GOOD.around(enrollment(member("A1"))), GOOD.around(enrollment(member("A2"), reference="OTHER"))
    house.take("acme", one + other)
    assert [("R", "025")] == ta1s(house)
    assert ["A1"] == enrolled(house)


def test_a_control_number_whose_interchange_was_rejected_may_be_sent_again(house):
    house.take("acme", replace(GOOD, receiver="SOMEBODY").around(enrollment(member("A1"))))
    house.take("acme", GOOD.around(enrollment(member("A1"))))
    assert ["A1"] == enrolled(house)


def test_a_control_number_may_come_again_after_a_year(house):
    house.take("acme", GOOD.around(enrollment(member("A1"))))
    house.clock.instant = house.clock.instant.replace(year=2026, month=11)
    house.take("acme", GOOD.around(enrollment(member("A2", begins="20261101"), reference="OTHER")))
    assert ["A1", "A2"] == enrolled(house)


def test_the_same_bytes_are_the_same_file_and_answered_once(house):
    content = GOOD.around(enrollment(member("A1")))
    house.take("acme", content)
    before = house.inbox("acme")
    house.take("acme", content)
    assert before == house.inbox("acme")


# --- test data


def test_test_data_is_acknowledged_and_not_applied(house):
    house.take("acme", replace(GOOD, usage="T").around(enrollment(member("A1"))))
    assert ["ignored"] == ends(house)
    assert [] == enrolled(house)
    ((segments),) = house.answers("acme", "999")
    assert "IK5*A" in segments
    assert segments[0].split("*")[15] == "T"
    assert [] == reported(house)


def test_a_partner_on_trial_has_its_test_data_applied(house):
    house.agree("acme", x12={"usage": "both"})
    house.take("acme", replace(GOOD, usage="T").around(enrollment(member("A1"))))
    assert ["A1"] == enrolled(house)


# --- references and order


def test_a_reference_that_comes_again_is_refused_whole_as_a_duplicate(house):
    house.take("acme", GOOD.around(enrollment(member("A1"))))
    house.take("acme", replace(GOOD, number="000000102").around(enrollment(member("A2"))))
    assert [("TR", "DUPLICATE")] == reported(house)
    assert ["A1"] == enrolled(house)


def test_a_resubmission_carries_the_reference_of_its_original(house):
    house.take("acme", GOOD.around(enrollment(member("A1"))))
    house.take("acme", replace(GOOD, number="000000102").around(enrollment(member("A2"), purpose="15")))
    assert ["A1", "A2"] == enrolled(house)


def test_a_reference_of_a_set_that_was_refused_may_come_again(house):
    house.agree("acme", enrollment={"all_or_nothing": True})
    house.take("acme", GOOD.around(enrollment(member("A1"), member("A2", plan="PLATINUM"))))
    house.take("acme", replace(GOOD, number="000000102").around(enrollment(member("A1"), member("A2"))))
    assert ["A1", "A2"] == enrolled(house)


def test_an_information_copy_is_kept_and_never_applied(house):
    house.take("acme", GOOD.around(enrollment(member("A1"), purpose="22")))
    assert ["ignored"] == ends(house)
    assert [] == enrolled(house)
    assert [] == reported(house)


def test_a_file_older_than_the_last_one_applied_is_held(house):
    house.take("acme", GOOD.around(enrollment(member("A1"), created="20251020*0910")))
    older = enrollment(member("A2"), created="20251020*0909", reference="OLDER")
    house.take("acme", replace(GOOD, number="000000102").around(older))
    assert ["applied", "held"] == ends(house)
    assert ["A1"] == enrolled(house)
    ((verdict, code),) = reported(house)
    assert "OLD_FILE" == code
    assert "TR" != verdict  # it must not be sent again while a person looks


def test_a_file_of_the_same_minute_is_not_older(house):
    house.take("acme", GOOD.around(enrollment(member("A1"))))
    house.take("acme", replace(GOOD, number="000000102").around(enrollment(member("A2"), reference="SAME")))
    assert ["A1", "A2"] == enrolled(house)


# --- the set as a whole


def test_a_sponsor_nobody_knows_is_refused_whole(house):
    stranger = enrollment(member("A1", policy="G999"), policy="G999", sponsor="999999999")
    house.take("acme", GOOD.around(stranger))
    assert [("TR", "UNKNOWN_SPONSOR")] == reported(house)
    assert ["refused"] == ends(house)


def test_one_member_of_a_group_nobody_knows_is_refused_alone(house):
    two = enrollment(member("A1"), member("A2", policy="G999"), sponsor="999999999")
    house.take("acme", GOOD.around(two))
    assert [("TP", "UNKNOWN_GROUP")] == reported(house)
    assert ["A1"] == enrolled(house)


def test_a_member_that_cannot_be_read_does_not_make_its_sponsor_unknown(house):
    unreadable = tuple(segment.replace("20251101", "20251399") for segment in member("A1"))
    house.agree("acme", x12={"report_824": "always"})
    house.take("acme", GOOD.around(enrollment(unreadable)))
    codes = {code for (code,) in house.rows("SELECT code FROM findings")}
    assert "UNKNOWN_SPONSOR" not in codes


def test_totals_that_differ_are_a_warning_in_a_change_file_and_refuse_a_full_file(house):
    house.take("acme", GOOD.around(enrollment(member("A1"), subscribers=2)))
    assert [("TE", "COUNT_MISMATCH")] == reported(house)
    assert ["A1"] == enrolled(house)
    house.take("birch", BIRCH.around(birch_roster(birch_member("B1"), subscribers=2)))
    assert [("TR", "COUNT_MISMATCH")] == reported(house, "birch")
    assert ["A1"] == enrolled(house)


def test_all_or_nothing_refuses_the_good_with_the_bad_and_names_the_bad(house):
    house.agree("acme", enrollment={"all_or_nothing": True})
    house.take("acme", GOOD.around(enrollment(member("A1"), member("A2", plan="PLATINUM"))))
    assert [("TR", "UNKNOWN_PLAN")] == reported(house)
    assert [] == enrolled(house)
    assert [] == house.rows("SELECT id FROM invoice_requests")


def test_without_it_the_good_are_applied_and_the_bad_are_told(house):
    house.take("acme", GOOD.around(enrollment(member("A1"), member("A2", plan="PLATINUM"))))
    assert [("TP", "UNKNOWN_PLAN")] == reported(house)
    assert ["A1"] == enrolled(house)


# --- full files


@pytest.fixture
def roster(house):
    """Ten covered members of birch since October."""
    ten = [birch_member(f"B{n}") for n in range(10)]
    ten = [tuple(segment.replace("20251101", "20251001") for segment in each) for each in ten]
    house.take("birch", BIRCH.around(birch_roster(*ten)))
    assert 10 == len(enrolled(house))
    return [*ten]


def next_roster(*members):
    envelope = replace(BIRCH, number="000000502")
    return envelope.around(birch_roster(*members, reference="ROSTER2", created="20251021*0630"))


def covered(house):
    return house.rows(
        "SELECT count(DISTINCT membership_id) FROM coverages WHERE superseded_at IS NULL AND ends_before IS NULL"
    )[0][0]


def test_who_is_absent_from_a_full_file_ends(house, roster):
    house.take("birch", next_roster(*roster[:8]))
    assert 8 == covered(house)


def test_a_full_file_that_would_end_too_many_is_held_whole(house, roster):
    newcomer = birch_member("B99")
    house.take("birch", next_roster(*roster[:6], newcomer))
    assert ["applied", "held"] == ends(house)
    assert 10 == covered(house)
    assert "B99" not in enrolled(house)
    ((verdict, code),) = reported(house, "birch")
    assert "MASS_TERM_GUARD" == code
    assert "TR" != verdict


# --- days, other ids, duplicates, names


@pytest.mark.parametrize(
    ("x12", "state"),
    [
        ({"valid_from": date(2025, 10, 23)}, "applied"),  # the house's day
        ({"valid_from": date(2025, 10, 24)}, "ignored"),
        ({"valid_until": date(2025, 10, 23)}, "applied"),
        ({"valid_until": date(2025, 10, 22)}, "ignored"),
    ],
)
def test_outside_of_the_days_of_the_agreement_data_is_acknowledged_and_not_applied(house, x12, state):
    house.agree("acme", x12=x12)
    house.take("acme", GOOD.around(enrollment(member("A1"))))
    assert [state] == ends(house)
    assert 1 == len(house.answers("acme", "999"))


def test_a_partner_whose_systems_change_may_write_either_id(house):
    house.agree("acme", x12={"also_ids": ("ACME2",)})
    house.take("acme", replace(GOOD, sender="ACME2").around(enrollment(member("A1"))))
    assert ["A1"] == enrolled(house)
    ((answer,),) = [house.answers("acme", "999")]
    assert "*ACME2 " in answer[0]  # we answer whoever sent


@pytest.mark.parametrize(("policy", "second"), [("reject", "refused"), ("ignore", "ignored"), ("apply", "applied")])
def test_other_bytes_under_a_known_control_number_meet_the_agreed_policy(house, policy, second):
    house.agree("acme", x12={"duplicates": policy})
    for person in ("A1", "A2"):
        house.take("acme", GOOD.around(enrollment(member(person), reference=person)))
    assert ["applied", second] == ends(house)
    assert [("R", "025")] * (policy == "reject") == ta1s(house)


def test_a_control_number_is_remembered_as_long_as_was_agreed(house):
    house.agree("acme", x12={"duplicate_window_days": 30})
    house.take("acme", GOOD.around(enrollment(member("A1"), reference="1")))
    house.clock.instant += timedelta(days=31)
    house.take("acme", GOOD.around(enrollment(member("A2"), reference="2")))
    assert ["applied", "applied"] == ends(house)


def test_documents_are_named_as_the_partner_wants_them(house):
    house.agree("acme", delivery={"file_name": "EHP.{kind}.{date}.{control}.{id}.{ext}"})
    house.take("acme", GOOD.around(enrollment(member("A1"))))
    ((name, document),) = [(name, *house.rows("SELECT id FROM documents")[0]) for name in house.inbox("acme")]
    assert f"EHP.999.20251023.000000001.{document}.edi" == name
