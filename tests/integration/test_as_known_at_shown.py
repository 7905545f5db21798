"""`gateway show member ID --as-known-at INSTANT`: the covers as believed then, for people and for programs."""

from datetime import timedelta

import pytest

from gateway.errors import NotFound
from tests.unit.pipeline.x12_files import Envelope, enrollment, member


@pytest.fixture
def two_beliefs(house):
    """A100 is enrolled as EMP at 09:00 and changed to FAM at 11:00."""
    house.take("acme", Envelope().around(enrollment(member("A100"))))
    house.clock.instant += timedelta(hours=2)
    changed = enrollment(member("A100", does="001", tier="FAM"), reference="REF2", created="20251021*0910")
    house.take("acme", Envelope(number="000000102").around(changed))


def levels(document):
    return [(each["level"], each["superseded_at"]) for each in document["coverages"]]


@pytest.mark.parametrize(
    ("instant", "level"),
    [
        ("2025-10-23T09:00:00Z", "EMP"),
        ("2025-10-23T10:59:59Z", "EMP"),
        ("2025-10-23T11:00:00Z", "FAM"),
        ("2025-10-24", "FAM"),
    ],
)
def test_the_json_shows_what_was_believed_at_the_instant(two_beliefs, gateway, valid, instant, level):
    document = valid("show-member", gateway("show", "member", "A100", "--as-known-at", instant, "--json"))
    assert [(level, None)] == levels(document)
    assert document["known_at"] is not None


def test_without_an_instant_all_versions_are_shown(two_beliefs, gateway, valid):
    document = valid("show-member", gateway("show", "member", "A100", "--json"))
    assert [("EMP", "2025-10-23T11:00:00+00:00"), ("FAM", None)] == levels(document)
    assert document["known_at"] is None


def test_a_person_reads_the_covers_of_then_and_at_which_instant(two_beliefs, gateway):
    shown = gateway("show", "member", "A100", "--as-known-at", "2025-10-23T10:00:00Z").stdout
    assert "as known at 2025-10-23 10:00:00 UTC" in shown
    assert "Covers, as believed then" in shown
    assert "EMP" in shown
    assert "FAM" not in shown


def test_before_the_first_file_nothing_was_known(two_beliefs, gateway):
    with pytest.raises(NotFound, match="nothing was known of membership"):
        gateway("show", "member", "A100", "--as-known-at", "2025-10-23T08:59:59Z")
