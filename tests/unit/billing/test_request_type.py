"""The four legal request types (DOMAIN 3.2); OR-09, OR-16 to OR-18, OR-20, OR-21."""

import pytest

from gateway.billing.dates import invoice_request_dates
from gateway.billing.request_type import RequestTypeRule, check_request_type
from gateway.domain.charge import REQUEST_OBJECTS, BillGeneration, InvoiceMode

MANUAL, AUTOMATIC = InvoiceMode
REGULAR, TRIAL = BillGeneration


def faults(**fields) -> list[str]:
    return check_request_type(RequestTypeRule("X", **fields))


@pytest.mark.parametrize(
    ("mode", "generation", "approval", "legal"),
    [
        (MANUAL, REGULAR, True, True),
        (MANUAL, REGULAR, False, True),
        (MANUAL, TRIAL, True, False),
        (MANUAL, TRIAL, False, True),
        (AUTOMATIC, REGULAR, True, False),
        (AUTOMATIC, REGULAR, False, True),
        (AUTOMATIC, TRIAL, True, False),
        (AUTOMATIC, TRIAL, False, False),
    ],
)
def test_or_17_four_of_the_eight_combinations_are_legal(mode, generation, approval, legal):
    assert legal == (not faults(mode=mode, generation=generation, approval=approval))


def test_or_16_an_automatic_trial_is_refused_in_words():
    assert ["X: an automatic type must make regular bills, not trial ones"] == faults(generation=TRIAL)


@pytest.mark.parametrize(
    ("mode", "generation", "legal"), [(MANUAL, REGULAR, True), (MANUAL, TRIAL, False), (AUTOMATIC, REGULAR, False)]
)
def test_or_20_a_defer_count_is_for_manual_regular_types_only(mode, generation, legal):
    assert legal == (not faults(mode=mode, generation=generation, defer_count=0))


def test_or_21_a_manual_regular_type_may_ask_for_both_approval_and_a_defer_count():
    assert [] == faults(mode=MANUAL, approval=True, defer_count=500)


@pytest.mark.parametrize("given", BillGeneration)
@pytest.mark.parametrize("needed", BillGeneration)
def test_or_18_the_business_object_must_fit_the_bill_generation_type(needed, given):
    found = faults(mode=MANUAL, generation=needed, business_object=REQUEST_OBJECTS[given])
    assert (needed is given) == (not found)


def test_an_automatic_type_needs_a_date_algorithm_that_exists():
    assert ["X: there is no date algorithm 'MINE'; known are C1-INVRDTCAL, C1-INVRDTCIM"] == faults(
        date_algorithm="MINE"
    )


def test_or_26_a_replaced_algorithm_makes_its_name_legal():
    assert [] == check_request_type(RequestTypeRule("X", date_algorithm="MINE"), {"MINE": invoice_request_dates})


def test_every_fault_is_named_at_once():
    assert 4 == len(faults(generation=TRIAL, approval=True, defer_count=1, date_algorithm=""))
