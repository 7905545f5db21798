"""Held sets: looked at, released or refused by a named person, once, and the partner hears how it ended."""

import re

import pytest

from gateway.domain.exchange import FileState
from gateway.domain.identity import content_id
from gateway.domain.review import Review, Verdict
from gateway.errors import NotAllowed, NotFound
from gateway.pipeline.release import _write_down
from tests.unit.pipeline.house import OCTOBER
from tests.unit.pipeline.x12_files import BIRCH, Envelope, birch_member, birch_roster, enrollment, member

ROSTER = ["B100", "B200", "B300"]
BY = ("--by", "Jo Doe", "--reason", "confirmed by telephone")


@pytest.fixture
def mass(house):
    """A full file of birch that would end two of its three members; the id of its held set."""
    house.take("birch", BIRCH.around(birch_roster(*(birch_member(who) for who in ROSTER))))
    later = Envelope(number="000000502", sender="BIRCH")
    header = {"reference": "ROSTER2", "created": "20251021*0910", "effective": "20251201"}
    file = house.take("birch", later.around(birch_roster(birch_member("B100"), birch_member("B400"), **header)))
    return held_set(house, file)


@pytest.fixture
def old(house):
    """A change file of acme that is older than the last one; the id of its held set."""
    house.take("acme", Envelope().around(enrollment(member("A100"), reference="NEW", created="20251022*0900")))
    file = house.take("acme", Envelope(number="000000102").around(enrollment(member("A200"), reference="OLD")))
    return held_set(house, file)


def held_set(house, file):
    ((set_id, state),) = house.rows("SELECT id, state FROM transaction_sets WHERE file_id = ?", file.id)
    assert "held" == state
    return set_id


def state(house, set_id):
    return house.rows("SELECT state FROM transaction_sets WHERE id = ?", set_id)[0][0]


def memberships(house):
    return dict(house.rows("SELECT subscriber_id, status FROM memberships ORDER BY subscriber_id"))


def verdicts(house, partner):
    return [
        (segment.split("*")[1], [each.split("*")[6] for each in segments if each.startswith("RED")])
        for segments in house.answers(partner, "824")
        for segment in segments
        if segment.startswith("OTI")
    ]


def test_a_held_set_is_told_as_accepted_with_an_error_so_that_nobody_sends_it_again(house, mass):
    assert [("TE", ["MASS_TERM_GUARD"])] == verdicts(house, "birch")


def test_a_preview_shows_every_effect_and_writes_nothing(house, mass, gateway):
    before = house.everything()
    shown = gateway("release", mass, "--preview").stdout
    assert before == house.everything()
    assert f"set {mass} would be applied" in shown
    assert 2 == sum(line.startswith("absent") and "terminate  2025-11-30" in line for line in shown.splitlines())
    assert 1 == sum("enroll" in line and "2025-11-01" in line for line in shown.splitlines())
    counts = {" ".join(line.split()) for line in shown.partition("Counts")[2].splitlines()}
    assert {"terminate 2", "enroll 1", "request joined_open 3"} <= counts


def test_a_released_set_is_applied_once_without_its_guard(house, mass, gateway):
    done = gateway("release", mass, *BY)
    assert (0, "applied") == (done.exit_code, state(house, mass))
    assert {"B100": "active", "B200": "terminated", "B300": "terminated", "B400": "active"} == memberships(house)
    assert [("TA", []), ("TE", ["MASS_TERM_GUARD"])] == sorted(verdicts(house, "birch"))


def test_releasing_twice_changes_nothing_and_says_who_did_it(house, mass, gateway):
    gateway("release", mass, *BY)
    before = house.everything()
    said = gateway("release", mass, "--by", "Somebody Else", "--reason", "again")
    assert before == house.everything()
    assert "released without MASS_TERM_GUARD by Jo Doe" in said.stdout
    assert "nothing was done twice" in said.stdout


def test_who_released_when_and_why_is_kept_and_shown(house, mass, gateway, valid):
    gateway("release", mass, *BY)
    (file_id,) = house.rows("SELECT file_id FROM transaction_sets WHERE id = ?", mass)[0]
    (review,) = valid("show-file", gateway("show", "file", file_id, "--json"))["reviews"]
    assert ("Jo Doe", "confirmed by telephone", ["MASS_TERM_GUARD"], "2025-10-23T09:00:00+00:00") == (
        review["by"],
        review["reason"],
        review["waived"],
        review["at"],
    )
    shown = gateway("show", "file", file_id).stdout
    assert "released without MASS_TERM_GUARD by Jo Doe: confirmed by telephone" in shown


def test_an_old_file_is_applied_when_it_is_released(house, old, gateway):
    assert 0 == gateway("release", old, *BY).exit_code
    assert {"A100": "active", "A200": "active"} == memberships(house)
    assert [("TA", []), ("TE", ["OLD_FILE"])] == sorted(verdicts(house, "acme"))


def test_the_other_rules_still_count_after_a_release(house, gateway):
    house.take("acme", Envelope().around(enrollment(member("A100"), reference="NEW", created="20251022*0900")))
    bad = enrollment(member("A200"), member("A300", plan="PLATINUM"), reference="OLD")
    old = held_set(house, house.take("acme", Envelope(number="000000102").around(bad)))
    gateway("release", old, *BY)
    assert {"A100": "active", "A200": "active"} == memberships(house)
    assert [("TE", ["OLD_FILE"]), ("TP", ["UNKNOWN_PLAN"])] == sorted(verdicts(house, "acme"))


def test_a_reference_that_another_set_took_meanwhile_refuses_the_released_one(house, old, gateway):
    again = enrollment(member("A300"), reference="OLD", created="20251023*0900")
    house.take("acme", Envelope(number="000000103").around(again))
    assert 1 == gateway("release", old, *BY).exit_code
    assert "refused" == state(house, old)
    assert ("TR", ["DUPLICATE"]) in verdicts(house, "acme")


def test_a_set_that_two_guards_hold_is_released_guard_by_guard(house, gateway):
    members = [birch_member(who) for who in ROSTER]
    house.take("birch", BIRCH.around(birch_roster(*members, created="20251022*0900")))
    older = birch_roster(members[0], reference="ROSTER2", effective="20251201")
    held = held_set(house, house.take("birch", Envelope(number="000000502", sender="BIRCH").around(older)))
    assert (1, "held") == (gateway("release", held, *BY).exit_code, state(house, held))
    assert (0, "applied") == (gateway("release", held, *BY).exit_code, state(house, held))
    assert {"B100": "active", "B200": "terminated", "B300": "terminated"} == memberships(house)
    assert [("TA", []), ("TE", ["MASS_TERM_GUARD"]), ("TE", ["OLD_FILE"])] == sorted(verdicts(house, "birch"))


def test_a_refused_set_ends_without_effect_and_the_partner_is_told_why(house, mass, gateway):
    before = memberships(house)
    assert 0 == gateway("refuse", mass, *BY).exit_code
    assert ("refused", before) == (state(house, mass), memberships(house))
    assert [("TE", ["MASS_TERM_GUARD"]), ("TR", ["MASS_TERM_GUARD"])] == sorted(verdicts(house, "birch"))
    told = ["".join(segments) for segments in house.answers("birch", "824")]
    assert any("refused after a review; confirmed by telephone" in text for text in told)


def test_refusing_twice_changes_nothing(house, mass, gateway):
    gateway("refuse", mass, *BY)
    before = house.everything()
    assert "nothing was done twice" in gateway("refuse", mass, *BY).stdout
    assert before == house.everything()


def test_what_was_refused_cannot_be_released(mass, gateway):
    gateway("refuse", mass, *BY)
    with pytest.raises(NotAllowed, match="is refused; only a held or quarantined set"):
        gateway("release", mass, *BY)


def test_what_no_guard_holds_cannot_be_released(house, gateway):
    house.take("birch", BIRCH.around(birch_roster(*(birch_member(who) for who in ROSTER))))
    no_date = birch_roster(birch_member("B100"), reference="ROSTER2", created="20251021*0910")
    no_date = no_date.replace("DTP*007*D8*20251101~\n", "")
    no_date = re.sub(r"SE\*(\d+)", lambda found: f"SE*{int(found[1]) - 1}", no_date)
    held = held_set(house, house.take("birch", Envelope(number="000000502", sender="BIRCH").around(no_date)))
    with pytest.raises(NotAllowed, match="held by DATE_LOGIC, which nobody can lift"):
        gateway("release", held, *BY)


@pytest.mark.parametrize("words", [(), ("--by", "Jo Doe"), ("--reason", "why"), ("--by", " ", "--reason", "why")])
def test_a_release_without_a_name_and_a_reason_is_no_release(house, mass, gateway, words):
    assert 2 == gateway("release", mass, *words).exit_code
    assert "held" == state(house, mass)


def test_a_set_that_is_not_there_is_not_found(gateway):
    with pytest.raises(NotFound, match="there is no transaction set 'S9'"):
        gateway("release", "S9", *BY)


def test_a_partner_that_wants_no_824_gets_none(house, mass, gateway):
    house.agree("birch", x12={"report_824": "never"})
    gateway("release", mass, *BY)
    assert [("TE", ["MASS_TERM_GUARD"])] == verdicts(house, "birch")


def test_a_held_set_stands_on_the_work_list_until_it_is_decided(house, mass, gateway, valid):
    (item,) = valid("worklist", gateway("worklist", "--json"))["items"]
    assert ("MASS_TERM_GUARD", mass, 0, None) == (item["code"], item["set_id"], item["ordinal"], item["ending"])
    gateway("release", mass, *BY)
    assert [] == valid("worklist", gateway("worklist", "--json"))["items"]
    closed = valid("worklist", gateway("worklist", "--closed", "--json"))["items"]
    assert ["released"] == [each["ending"] for each in closed]


def test_a_set_that_our_own_work_failed_on_is_tried_once_more_when_it_is_released(house, gateway):
    whole = house.plant.mappings
    house.refit(mappings={})
    house.take("acme", Envelope().around(enrollment(member("A100"))))
    house.work_on(hours=2)
    ((set_id, was),) = house.rows("SELECT id, state FROM transaction_sets")
    assert "quarantined" == was
    house.refit(mappings=whole)
    assert 0 == gateway("release", set_id, *BY).exit_code
    assert ("applied", {"A100": "active"}) == (state(house, set_id), memberships(house))
    assert [("TA", [])] == verdicts(house, "acme")


def test_a_released_set_that_our_work_fails_on_is_quarantined_and_can_be_released_again(house, old, gateway):
    whole = house.plant.mappings
    house.refit(mappings={})
    gateway("release", old, *BY)
    house.work_on(hours=2)
    assert "quarantined" == state(house, old)
    house.refit(mappings=whole)
    assert 0 == gateway("release", old, *BY).exit_code
    assert ("applied", "active") == (state(house, old), memberships(house)["A200"])


def test_only_one_of_two_people_who_decide_in_the_same_moment_does(house, mass):
    with house.plant.open_unit() as unit:
        record = unit.exchanges.get_set(mass)
        unit.reviews.add(Review(content_id("R", mass, 0), mass, record.file_id, Verdict.RELEASE, "A", "b", OCTOBER))
        unit.reviews.of_set = lambda set_id: []
        with pytest.raises(NotAllowed, match="somebody else decided"):
            _write_down(house.plant, unit, record, Verdict.REFUSE, by="B", reason="c")


def test_a_set_whose_file_is_still_on_its_route_is_not_decided_yet(house, mass):
    (file_id,) = house.rows("SELECT file_id FROM transaction_sets WHERE id = ?", mass)[0]
    with house.plant.open_unit() as unit:
        unit.files.move(file_id, FileState.APPLIED, expected=[FileState.ACKNOWLEDGED])
        unit.commit()
    with pytest.raises(NotAllowed, match="is still applied"):
        house.app.release(mass, by="Jo Doe", reason="why")
