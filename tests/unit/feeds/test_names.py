"""Names of outbound documents (DOMAIN 10)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.feeds.names import file_name

PARTS = {
    "kind": "invoice",
    "payer": "EXAMPLEHP",
    "partner": "acme",
    "account": "G001234",
    "period": "2025-12",
    "instant": datetime(2025, 12, 1, 6, 30, 5, tzinfo=UTC),
    "sequence": 1,
    "extension": "csv",
}


def test_a_name_says_what_from_whom_to_whom_about_what_and_when():
    assert "invoice_EXAMPLEHP_acme_G001234_2025-12_20251201T063005Z_1.csv" == file_name(**PARTS)


@pytest.mark.parametrize(
    ("account", "shown"), [("A_1", "A-1"), ("../../etc", "..-..-etc"), ("É 1", "-1"), ("a\\b:c", "a-b-c")]
)
def test_characters_that_a_server_or_reader_would_trip_over_become_hyphens(account, shown):
    assert shown == file_name(**PARTS | {"account": account}).split("_")[3]


def test_a_resend_has_a_name_of_its_own():
    assert file_name(**PARTS) != file_name(**PARTS | {"sequence": 2})


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=-5))])
def test_an_instant_that_is_not_utc_is_refused(zone):
    with pytest.raises(ValueError, match="UTC"):
        file_name(**PARTS | {"instant": datetime(2025, 12, 1, tzinfo=zone)})
