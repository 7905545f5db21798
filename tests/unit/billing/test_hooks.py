"""The hooks of a customer class: C1-INVACTEL and C1-INVRSTUP; OR-32."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gateway.billing.account import AccountRules
from gateway.billing.hooks import HOOKS, Hooks, Turn, update_status
from gateway.domain.charge import InvoiceRequest, RequestStatus
from gateway.errors import NotAllowed

ACME = AccountRules(id="ACME", partner_id="acme", customer_class="GROUP")
NOON = datetime(2025, 10, 23, 12, tzinfo=UTC)
DAY = date(2025, 10, 23)
REQUEST = InvoiceRequest(
    "Q1",
    "ACME",
    "acme",
    "ADHOC",
    RequestStatus.DRAFT,
    DAY,
    DAY,
    date(2025, 11, 30),
    DAY,
    date(2025, 11, 1),
    "manual/Q1",
)


@pytest.mark.parametrize(
    ("account", "missing"),
    [
        (ACME, []),
        (
            replace(ACME, account_selection=""),
            ["the customer class GROUP has no hook for C1-INVACTEL (account selection)"],
        ),
        (
            replace(ACME, status_update="MINE"),
            ["the customer class GROUP has no hook for C1-INVRSTUP (status update): there is no algorithm MINE"],
        ),
    ],
    ids=["both", "no selection", "a status update that is not there"],
)
def test_or_32_what_a_customer_class_lacks_is_named(account, missing):
    assert missing == HOOKS.missing(account)


def test_or_32_a_registered_hook_is_no_longer_missing():
    hooks = Hooks(HOOKS.account_selection, {"MINE": update_status})
    assert [] == hooks.missing(replace(ACME, status_update="MINE"))


def test_a_turn_gives_the_request_after_it_and_a_line_of_the_log():
    after, line = update_status(REQUEST, Turn(RequestStatus.CANCELED, NOON, "pat", "ordered by mistake"))
    assert (RequestStatus.CANCELED, "ordered by mistake") == (after.status, after.reason)
    assert ("Q1", RequestStatus.CANCELED, "pat", "ordered by mistake") == (
        line.request_id,
        line.status,
        line.actor,
        line.note,
    )


def test_the_same_turn_again_has_the_same_line_and_another_reason_another():
    def fails(reason):
        return update_status(REQUEST, Turn(RequestStatus.ERROR, NOON, reason=reason))[1]

    assert fails("no rate").key == fails("no rate").key
    assert fails("no rate").key != fails("no window").key


def test_a_bill_is_named_in_the_log():
    line = update_status(REQUEST, Turn(RequestStatus.PROCESSED, NOON, invoice_id="INV000000001"))[1]
    assert "invoice INV000000001" == line.note


def test_a_turn_that_the_table_does_not_have_is_refused():
    done = replace(REQUEST, status=RequestStatus.PROCESSED)
    with pytest.raises(NotAllowed, match="cannot become canceled"):
        update_status(done, Turn(RequestStatus.CANCELED, NOON, reason="too late"))
