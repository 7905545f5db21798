"""What is open on an invoice, item by item, to the cent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.store.open_items import InvoiceCents, net, open_by_item

A, B, C = ("M1", "2025-12"), ("M2", "2025-12"), ("M3", "2025-12")
WHOLE = ("", "")

items = st.tuples(st.sampled_from(["M1", "M2", "M3"]), st.sampled_from(["2025-10", "2025-11", "2025-12"]))
vague = st.sampled_from([WHOLE, ("M1", ""), ("M9", ""), ("", "2025-11"), ("M2", "2024-01")])
cents = st.integers(-500_000, 500_000)


@pytest.mark.parametrize(
    ("billed", "posted", "left"),
    [
        ({A: 62000, B: 124000}, {}, {A: 62000, B: 124000}),
        ({A: 62000, B: 124000}, {B: -124000}, {A: 62000, B: 0}),
        ({A: 62000, B: 124000}, {A: -30000, WHOLE: -78000}, {A: 16000, B: 62000}),
        ({A: 10000, B: 10000, C: 10000}, {WHOLE: -10000}, {A: 6667, B: 6667, C: 6666}),
        ({A: 1, B: 1, C: 1}, {WHOLE: -2}, {A: 1, B: 0, C: 0}),
        ({A: 62000}, {WHOLE: -62000}, {A: 0}),
        ({A: 62000}, {WHOLE: -87000}, {A: -25000}),
        ({A: 62000}, {("M9", ""): -2000}, {A: 60000}),
        ({A: -40000, B: 100000}, {}, {A: -40000, B: 100000}),
        ({A: -40000, B: 100000}, {WHOLE: -30000}, {A: 0, B: 30000}),
    ],
)
def test_what_is_left_on_each_item(billed, posted, left) -> None:
    assert left == open_by_item(InvoiceCents(billed, posted))


@pytest.mark.parametrize(
    ("opens", "left"),
    [
        ({A: 100000, B: -60000}, {A: 40000, B: 0}),
        ({A: 60000, B: -60000}, {A: 0, B: 0}),
        ({A: 20000, B: -60000}, {A: 0, B: -40000}),
        ({A: 100, B: 200, C: -1}, {A: 100, B: 199, C: 0}),
        ({}, {}),
    ],
)
def test_the_credits_of_an_invoice_are_used_up_first(opens, left) -> None:
    assert left == net(opens)


@given(st.dictionaries(items, cents, min_size=1), st.dictionaries(items | vague, cents))
def test_items_always_sum_to_what_is_open_on_the_invoice(billed, posted) -> None:
    invoice = InvoiceCents(billed, posted)
    opens = open_by_item(invoice)
    assert invoice.open == sum(opens.values()) == sum(net(opens).values())
    assert billed.keys() == opens.keys()


@given(st.dictionaries(items, st.integers(0, 500_000), min_size=1), st.integers(0, 500_000))
def test_no_item_is_paid_more_than_was_open_on_it(billed, paid) -> None:
    paid = min(paid, sum(billed.values()))
    left = open_by_item(InvoiceCents(billed, {WHOLE: -paid}))
    assert all(0 <= left[item] <= billed[item] for item in billed)
