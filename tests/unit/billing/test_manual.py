"""Requests that a person makes (DOMAIN 3.3, 3.6); OR-08, OR-09, OR-19, OR-22, OR-23, OR-31, OR-34."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from gateway.billing.account import AccountRules
from gateway.billing.calendar import WorkCalendar
from gateway.billing.manual import ManualOrder, Way, dates_of, manual_request, missing_fields, way_of
from gateway.billing.request_type import RequestTypeRule
from gateway.domain.charge import BillGeneration, InvoiceMode, RequestStatus
from gateway.errors import NotAllowed

ACME = AccountRules(id="ACME", partner_id="acme")
ADHOC = RequestTypeRule("ADHOC", mode=InvoiceMode.MANUAL, defer_count=5)
TODAY = date(2025, 10, 23)
ORDER = ManualOrder("ADHOC", "ACME", date(2025, 11, 30), date(2025, 11, 1), TODAY)
DATES = dates_of(ORDER)


def ordered(rule=ADHOC, account=ACME, on=TODAY, **changed):
    return manual_request(account, rule, replace(DATES, **changed), on, by="pat")


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("request_type", "request type"),
        ("account", "account"),
        ("cutoff_date", "cutoff date"),
        ("accounting_date", "accounting date"),
        ("bill_date", "bill date"),
    ],
)
def test_or_31_each_missing_field_is_refused_by_its_name(field, name):
    order = replace(ORDER, **{field: None if field.endswith("date") else ""})
    assert [name] == missing_fields(order)
    with pytest.raises(NotAllowed, match=f"needs its {name}"):
        dates_of(order)


def test_or_31_all_that_is_missing_is_named_at_once():
    assert ["request type", "account", "cutoff date", "accounting date", "bill date"] == missing_fields(
        ManualOrder("", "", None, None, None)
    )


def test_a_manual_request_is_a_draft_with_the_dates_that_were_typed_and_its_maker():
    request = ordered()
    assert (RequestStatus.DRAFT, "pat", True, False) == (
        request.status,
        request.created_by,
        request.is_manual,
        request.is_trial,
    )
    assert (date(2025, 11, 30), date(2025, 11, 1), TODAY) == (
        request.cutoff_on,
        request.accounting_on,
        request.bill_on,
    )


@pytest.mark.parametrize(
    ("on", "wait_days", "processing_on"),
    [
        (TODAY, 0, TODAY),
        (TODAY, 3, date(2025, 10, 26)),
        (date(2025, 10, 30), 3, date(2025, 11, 2)),
        (date(2024, 2, 27), 3, date(2024, 3, 1)),
    ],
    ids=["none", "three", "across the month's end", "across a leap day"],
)
def test_or_22_the_processing_date_is_creation_plus_wait_days(on, wait_days, processing_on):
    assert processing_on == ordered(replace(ADHOC, wait_days=wait_days), on=on).processing_on


@pytest.mark.parametrize(
    ("of_type", "of_account", "processing_on"),
    [
        (WorkCalendar(frozenset({TODAY})), WorkCalendar(), date(2025, 10, 24)),
        (None, WorkCalendar(frozenset({TODAY, date(2025, 10, 24)})), date(2025, 10, 27)),
        (None, None, TODAY),
    ],
    ids=["both: the type's", "only the account's", "none: no roll"],
)
def test_or_28_a_manual_request_is_kept_off_holidays_by_the_same_calendars(of_type, of_account, processing_on):
    request = ordered(replace(ADHOC, calendar=of_type), replace(ACME, calendar=of_account))
    assert processing_on == request.processing_on


def test_the_same_order_on_a_day_is_the_same_request_and_another_date_another():
    assert ordered().id == ordered().id
    assert 4 == len(
        {
            ordered().id,
            ordered(cutoff_on=date(2025, 12, 31)).id,
            ordered(on=date(2025, 10, 24)).id,
            manual_request(ACME, ADHOC, DATES, TODAY, by="pat", after=ordered().id).id,
        }
    )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (RequestTypeRule("AUTO"), "AUTO is for automatic requests: no person can use it"),
        (replace(ADHOC, active=False), "ADHOC is inactive"),
        (replace(ADHOC, generation=BillGeneration.TRIAL), "a defer count is for manual types"),
    ],
    ids=["or_08_automatic", "or_34_inactive", "or_20_illegal"],
)
def test_a_type_that_is_not_for_people_is_refused(rule, said):
    with pytest.raises(NotAllowed, match=said):
        ordered(rule)


def test_or_09_a_trial_type_makes_a_trial():
    trial = RequestTypeRule("PREVIEW", mode=InvoiceMode.MANUAL, generation=BillGeneration.TRIAL)
    assert ordered(trial).is_trial


@pytest.mark.parametrize(
    ("closed_through", "is_open"), [(date(2025, 10, 31), True), (date(2025, 11, 1), False)], ids=["before", "on it"]
)
def test_nothing_is_booked_in_a_closed_period(closed_through, is_open):
    account = replace(ACME, closed_through=closed_through)
    if is_open:
        assert date(2025, 11, 1) == ordered(account=account).accounting_on
    else:
        with pytest.raises(NotAllowed, match="closed through 2025-11-01"):
            ordered(account=account)


@pytest.mark.parametrize(
    ("charges", "way"), [(4, Way.NOW), (5, Way.NOW), (6, Way.BATCH)], ids=["limit - 1", "limit", "limit + 1"]
)
def test_or_19_more_charges_than_the_limit_go_to_the_batch_and_as_many_stay_online(charges, way):
    assert way is way_of(ADHOC, ordered(), charges, TODAY)


def test_or_19_without_a_limit_no_number_is_too_many():
    assert Way.NOW is way_of(replace(ADHOC, defer_count=None), ordered(), 1_000_000, TODAY)


@pytest.mark.parametrize(
    ("days", "way"), [(-1, Way.LATER), (0, Way.NOW), (1, Way.NOW)], ids=["the day before", "on the day", "after it"]
)
def test_or_23_online_the_processing_date_is_compared_with_the_system_date(days, way):
    assert way is way_of(ADHOC, ordered(), 0, TODAY + timedelta(days=days))


def test_or_19_the_charges_decide_before_the_date():
    assert Way.BATCH is way_of(ADHOC, ordered(), 6, TODAY - timedelta(days=9))
