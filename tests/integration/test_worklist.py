"""The work list: a refused member waits there with what would be right, until it comes again and is applied."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.domain.remedy import REMEDIES, remedy_of
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

GATEWAY = Path(__file__).parents[2] / "gateway"
OF_DOMAIN = [
    "UNKNOWN_SPONSOR", "UNKNOWN_GROUP", "UNKNOWN_PLAN", "SUBSCRIBER_NOT_FOUND", "DUPLICATE_MEMBER", "DATE_LOGIC",
    "RETRO_LIMIT", "REINSTATE_NOT_TERMINATED", "COUNT_MISMATCH", "OLD_FILE", "MASS_TERM_GUARD", "OUT_OF_BALANCE",
    "DUPLICATE_REMITTANCE", "UNKNOWN_ACCOUNT", "PERIOD_CLOSED",
]  # fmt: skip
"""DOMAIN 7.4."""


@pytest.fixture
def send(house):
    """Sends change files of acme, each under numbers of its own, an hour after the other; returns the set's id."""
    sent = []

    def send(*members, partner="acme", **header):
        sent.append(members)
        house.clock.instant += timedelta(hours=1)
        number = len(sent)
        settings = {"reference": f"REF{number}", "created": f"20251022*{number:04d}"} | header
        envelope = Envelope(number=f"{number:09d}", sender=partner.upper())
        file = house.take(partner, envelope.around(enrollment(*members, **settings)))
        return house.rows("SELECT id FROM transaction_sets WHERE file_id = ?", file.id)[0][0]

    return send


@pytest.fixture
def items(gateway, valid):
    """The work list as JSON: open items, or closed ones."""
    return lambda *words: valid("worklist", gateway("worklist", "--json", *words))["items"]


def endings(found):
    return [(each["code"], each["ending"], each["closed_by"]) for each in found]


def test_a_refused_member_is_an_item_with_its_place_its_sentence_and_what_would_be_right(send, items):
    set_id = send(member("A100"), member("A200", plan="PLATINUM"))
    (item,) = items()
    assert ("acme", "G001234", "A200", "UNKNOWN_PLAN", set_id, 2, 15) == (
        item["partner_id"],
        item["account_id"],
        item["subscriber_id"],
        item["code"],
        item["set_id"],
        item["ordinal"],
        item["position"],
    )
    assert "PLATINUM is not a plan of this account." == item["message"]
    assert REMEDIES["UNKNOWN_PLAN"] == item["remedy"]


def test_a_person_reads_code_sentence_remedy_place_and_age(send, house, gateway):
    set_id = send(member("A200", plan="PLATINUM"))
    house.clock.instant += timedelta(days=3)
    shown = gateway("worklist").stdout
    assert "UNKNOWN_PLAN  acme, account G001234, subscriber A200  3 days" in shown
    assert "what:   PLATINUM is not a plan" in shown
    assert f"right:  {REMEDIES['UNKNOWN_PLAN']}" in shown
    assert f"set {set_id} (000000001/1/0001), INS 1, segment 8" in shown


def test_a_fixed_and_resent_member_clears_its_item_and_the_item_says_by_which_set(send, items, gateway):
    send(member("A200", plan="PLATINUM"))
    fixed = send(member("A200"))
    assert [] == items()
    assert [("UNKNOWN_PLAN", "applied", fixed)] == endings(items("--closed"))
    assert f"closed: applied by set {fixed}" in gateway("worklist", "--closed").stdout


def test_the_fix_of_somebody_else_clears_nothing(send, items):
    send(member("A200", plan="PLATINUM"))
    send(member("A300"), member("A301"))
    assert ["A200"] == [each["subscriber_id"] for each in items()]


def test_a_dependent_is_cleared_by_itself_and_not_by_its_sibling(send, items):
    ann = {"is_dependent": True, "first_name": "ANN"}
    bob = {"is_dependent": True, "first_name": "BOB"}
    send(member("A100"), member("A100", plan="PLATINUM", **ann), member("A100", plan="PLATINUM", **bob))
    assert [2, 3] == [each["ordinal"] for each in items()]
    send(member("A100", **bob))
    assert [2] == [each["ordinal"] for each in items()]
    send(member("A100", **ann))
    assert [] == items()


def test_a_member_refused_again_has_one_item_that_is_as_old_as_its_first_refusal(send, items, house):
    first = send(member("A200", plan="PLATINUM"))
    opened = items()[0]["opened_at"]
    again = send(member("A200", plan="PLATINUM"))
    (item,) = items()
    assert (again, opened) == (item["set_id"], item["opened_at"])
    assert [("UNKNOWN_PLAN", "sent_again", again)] == endings(items("--closed"))
    assert first == items("--closed")[0]["set_id"]


def test_a_member_that_its_own_file_corrects_further_down_is_no_item(send, items):
    send(member("A200", plan="PLATINUM"), member("A200"))
    assert [] == items()


def test_a_member_of_an_unknown_group_is_cleared_when_it_comes_with_the_right_one(send, items):
    send(member("A100"), member("A200", policy="G999999"), sponsor="000000000")
    assert [("UNKNOWN_GROUP", "")] == [(each["code"], each["account_id"]) for each in items()]
    send(member("A200"))
    assert [] == items()


def test_a_loop_that_cannot_be_read_is_an_item_and_is_cleared_like_any_other(send, items):
    send(member("A100"), tuple(part.replace("INS*Y*18", "INS*Y*19") for part in member("A300")))
    assert [("A300", "UNREADABLE_VALUE")] == [(each["subscriber_id"], each["code"]) for each in items()]
    send(member("A300"))
    assert [] == items()


def test_under_all_or_nothing_the_refused_members_are_items_and_the_good_ones_clear_nothing(send, items, house):
    send(member("A200", plan="PLATINUM"))
    house.agree("acme", enrollment={"all_or_nothing": True})
    send(member("A200"), member("A300", plan="PLATINUM"))
    assert ["A200", "A300"] == [each["subscriber_id"] for each in items()]


def test_the_same_file_again_adds_nothing(send, items, house):
    envelope = Envelope().around(enrollment(member("A200", plan="PLATINUM")))
    house.take("acme", envelope)
    before = items()
    house.take("acme", envelope)
    assert before == items()


def test_the_list_can_be_of_one_partner_and_short(send, items, gateway):
    send(member("A200", plan="PLATINUM"), member("A300", plan="PLATINUM"))
    assert [] == items("--partner", "birch")
    assert 1 == len(items("--partner", "acme", "--limit", "1"))
    assert "… and 1 more" in gateway("worklist", "--limit", "1").stdout


def test_an_empty_list_says_so(gateway):
    assert "nothing waits to be put right\n" == gateway("worklist").stdout


def test_nothing_personal_stands_on_the_list(send, gateway, house):
    send(member("A200", plan="PLATINUM", first_name="PLANTED"))
    printed = gateway("worklist").stdout + gateway("worklist", "--json").stdout
    assert [] == [each for each in ("PLANTED", "SAMPLEA200", "19800102", "1980-01-02") if each in printed]


@pytest.mark.parametrize("code", OF_DOMAIN)
def test_every_business_error_of_the_domain_says_what_would_be_right(code):
    assert re.fullmatch(r"[A-Z].{20,}\.", REMEDIES[code])


def test_every_business_error_that_an_enrollment_raises_has_its_remedy():
    rooms = [*GATEWAY.glob("enrollment/*.py"), *GATEWAY.glob("transactions/*834.py"), *GATEWAY.glob("pipeline/*.py")]
    raised = re.compile(
        r"""(?:finding|Finding|finding_on|_held|refused_whole|on_header|_not_on_file)\(\s*
        (?:request,\s*)?(?:code=)?"([A-Z_]{5,})\"""",
        re.VERBOSE,
    )
    found = {code for room in rooms for code in raised.findall(room.read_text())}
    assert {"SUBSCRIBER_NOT_FOUND", "RETRO_LIMIT", "UNREADABLE_VALUE", "QUARANTINED", "UNKNOWN_SPONSOR"} <= found
    assert set() == found - set(REMEDIES)


def test_a_code_without_an_entry_still_says_where_to_look():
    assert "place in the file" in remedy_of("SOMETHING_ELSE")
