"""Request types as configuration: listed, copied, made inactive, with every version on file (OR-34)."""

import json
import tomllib
from pathlib import Path

import pytest

from gateway.bootstrap import open_app
from gateway.errors import ConfigurationError, NotAllowed, NotFound
from gateway.pipeline.request_types import note_versions

WHO = ("--by", "kim", "--reason", "new rules for ad hoc bills")


@pytest.fixture
def types(house, gateway):
    """Calls `gateway request types …` in the house as it is after a restart."""

    def call(*words):
        done = gateway("request", "types", *words)
        house.refit(partners=open_app(house.home, house.clock).plant.partners)
        return done

    return call


def billing(house, partner="acme"):
    return tomllib.loads((house.home.partners / partner / "billing.toml").read_text())


def versions(house, code):
    return house.rows(
        'SELECT number, "change", "by", reason FROM request_type_versions '
        "WHERE partner_id = 'acme' AND code = ? ORDER BY number",
        code,
    )


def test_or_34_the_types_are_listed_with_what_they_say_and_who_uses_them(types):
    rows = types("list", "acme").stdout.splitlines()
    adhoc = next(row for row in rows if " ADHOC " in row)
    for each in ("Active", "manual", "regular", "yes", "5000", "typed in", "C1-INVRA, C1-INVRS"):
        assert each in adhoc
    assert "G001234 change, G001234 enroll, G001234 reinstate" in next(row for row in rows if " ENROLL " in row)


def test_or_34_a_copy_keeps_every_field_and_the_rest_of_the_file_as_written(house, types):
    before = (house.home.partners / "acme/billing.toml").read_text()
    types("copy", "acme", "ADHOC", "ADHOC2", *WHO)
    after = (house.home.partners / "acme/billing.toml").read_text()
    found = billing(house)["request_types"]
    assert found["ADHOC"] == found["ADHOC2"]
    assert set(before.splitlines()) | {"[request_types.ADHOC2]"} == set(after.splitlines())
    assert [(1, "copied", "kim", "copy of ADHOC: new rules for ad hoc bills")] == versions(house, "ADHOC2")


def test_or_34_an_inactive_type_makes_no_request_until_it_is_active_again(house, types, gateway):
    types("inactivate", "acme", "ADHOC", *WHO)
    assert billing(house)["request_types"]["ADHOC"]["active"] is False
    assert "Inactive" in next(row for row in types("list", "acme").stdout.splitlines() if " ADHOC " in row)
    types("activate", "acme", "ADHOC", *WHO)
    assert billing(house)["request_types"]["ADHOC"]["active"] is True
    assert [("written", "by hand"), ("inactivated", "kim"), ("activated", "kim")] == [
        (change, by) for _, change, by, _ in versions(house, "ADHOC")
    ]


def test_or_34_doing_it_twice_changes_nothing(house, types):
    types("inactivate", "acme", "ADHOC", *WHO)
    before = (versions(house, "ADHOC"), billing(house))
    assert "is inactive already: nothing was done twice" in types("inactivate", "acme", "ADHOC", *WHO).stdout
    assert before == (versions(house, "ADHOC"), billing(house))


def test_or_34_a_type_that_an_event_names_stays_active_and_the_file_as_it_was(house, types):
    before = (house.home.partners / "acme/billing.toml").read_bytes()
    with pytest.raises(ConfigurationError, match=r"accounts.G001234.request_types.cancel: .* `LEAVE` is not active"):
        types("inactivate", "acme", "LEAVE", *WHO)
    assert before == (house.home.partners / "acme/billing.toml").read_bytes()
    assert [] == [each for each in Path(house.home.partners / "acme").iterdir() if each.name.startswith("tmp")]
    assert ["written"] == [change for _, change, _, _ in versions(house, "LEAVE")]


def test_or_34_a_type_changed_by_hand_is_written_down_when_it_is_seen(house, types):
    types("list")
    file = house.home.partners / "acme/billing.toml"
    file.write_text(file.read_text().replace("defer_count = 5000", "defer_count = 4000"))
    house.refit(partners=open_app(house.home, house.clock).plant.partners)
    shown = types("history", "acme", "ADHOC").stdout
    assert 2 == shown.count("by hand")
    assert [(1, "written"), (2, "written")] == [(number, change) for number, change, _, _ in versions(house, "ADHOC")]
    (content,) = house.rows("SELECT content FROM request_type_versions WHERE code = 'ADHOC' AND number = 2")[0]
    assert 4000 == json.loads(content)["defer_count"]
    assert 0 == note_versions(house.plant)


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (("copy", "acme", "NONE", "NEW"), NotFound, "there is no request type NONE"),
        (("copy", "acme", "ADHOC", "ENROLL"), NotAllowed, "a request type ENROLL already"),
        (("inactivate", "acme", "NONE"), NotFound, "there is no request type NONE"),
        (("inactivate", "nobody", "ADHOC"), NotFound, "there is no partner 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_said(types, words, error, said):
    with pytest.raises(error, match=said):
        types(*words, *WHO)
