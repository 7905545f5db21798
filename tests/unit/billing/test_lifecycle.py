"""The life of a request, and its two clocks (DOMAIN 3.3); OR-23, OR-24."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from gateway.billing.lifecycle import MOVES, due, move
from gateway.domain.charge import InvoiceRequest, RequestStatus
from gateway.errors import NotAllowed

DAY = date(2025, 10, 23)
REQUEST = InvoiceRequest(
    "Q1", "ACME", "acme", "AUTO", RequestStatus.DEFER_BATCH, date(2025, 10, 20), DAY, date(2025, 11, 30), DAY,
    date(2025, 11, 1), "000000001/1/0001/1",
)  # fmt: skip


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_or_23_an_online_request_looks_at_the_system_date_only(days):
    request = replace(REQUEST, status=RequestStatus.DEFER)
    assert (days >= 0) == due(request, business_date=date(1999, 1, 1), system_date=DAY + timedelta(days))


@pytest.mark.parametrize("status", [RequestStatus.DEFER_BATCH, RequestStatus.ERROR])
@pytest.mark.parametrize("days", [-1, 0, 1])
def test_or_24_a_deferred_request_looks_at_the_batch_business_date_only(days, status):
    request = replace(REQUEST, status=status)
    assert (days >= 0) == due(request, business_date=DAY + timedelta(days), system_date=date(2999, 1, 1))


@pytest.mark.parametrize("status", [each for each in RequestStatus if each.is_final] + [RequestStatus.DRAFT])
def test_nothing_else_is_ever_due(status):
    assert not due(replace(REQUEST, status=status), date(2999, 1, 1), date(2999, 1, 1))


def test_a_processed_request_names_its_invoice():
    done = move(REQUEST, RequestStatus.PROCESSED, invoice_id="INV000000001")
    assert ("INV000000001", RequestStatus.PROCESSED) == (done.invoice_id, done.status)


def test_a_failed_request_is_tried_again_and_may_then_succeed():
    failed = move(REQUEST, RequestStatus.ERROR, reason="no rate")
    assert RequestStatus.PROCESSED == move(failed, RequestStatus.PROCESSED).status


@pytest.mark.parametrize("to", [RequestStatus.CANCELED, RequestStatus.ERROR])
def test_a_request_is_not_canceled_or_failed_without_a_reason(to):
    assert "told us so" == move(REQUEST, to, reason="told us so").reason
    with pytest.raises(NotAllowed, match="without a reason"):
        move(REQUEST, to)


@pytest.mark.parametrize("final", [each for each in RequestStatus if each.is_final])
@pytest.mark.parametrize("to", RequestStatus)
def test_nothing_follows_a_final_status(final, to):
    with pytest.raises(NotAllowed, match="cannot become"):
        move(replace(REQUEST, status=final), to, reason="x")


def test_every_status_has_its_place_in_the_table_of_moves():
    assert set(RequestStatus) == set(MOVES)
