"""When a bill counts as paid (DOMAIN 8.4)."""

from decimal import Decimal

import pytest

from gateway.remittance.rules import Tolerance
from gateway.remittance.tolerance import settle

BOTH = Tolerance(Decimal("5.00"), Decimal("0.25"), need_both=True)
EITHER = Tolerance(Decimal("5.00"), Decimal("0.25"), need_both=False)


@pytest.mark.parametrize(
    ("tolerance", "billed", "paid", "action", "status", "write_off", "excess", "is_exact_enough"),
    [
        (BOTH, "3720.00", "3720.00", "", "paid", "0.00", "0.00", True),
        (BOTH, "3720.00", "3717.50", "", "paid", "2.50", "0.00", True),
        (BOTH, "3720.00", "3717.50", "PP", "partial", "0.00", "0.00", False),
        (BOTH, "3720.00", "2480.00", "", "partial", "0.00", "0.00", False),
        (BOTH, "3720.00", "0.00", "", "open", "0.00", "0.00", False),
        (BOTH, "3720.00", "3970.00", "", "paid", "0.00", "250.00", False),
        (BOTH, "3720.00", "3724.00", "", "paid", "0.00", "4.00", True),
        (BOTH, "2000.00", "1995.00", "", "paid", "5.00", "0.00", True),
        (BOTH, "1999.99", "1994.99", "", "partial", "0.00", "0.00", False),
        (BOTH, "9000.00", "8994.99", "", "partial", "0.00", "0.00", False),
        (EITHER, "100.00", "95.00", "", "paid", "5.00", "0.00", True),
        (EITHER, "9000.00", "8977.50", "", "paid", "22.50", "0.00", True),
        (EITHER, "9000.00", "8977.49", "", "partial", "0.00", "0.00", False),
        (Tolerance(), "100.00", "99.99", "", "partial", "0.00", "0.00", False),
        (Tolerance(), "100.00", "100.00", "PP", "paid", "0.00", "0.00", True),
    ],
)
def test_a_payment_settles_a_bill(tolerance, billed, paid, action, status, write_off, excess, is_exact_enough):
    outcome = settle(Decimal(billed), Decimal(paid), tolerance, action)
    assert (status, Decimal(write_off), Decimal(excess), is_exact_enough) == (
        outcome.status,
        outcome.write_off,
        outcome.excess,
        outcome.is_exact_enough,
    )


def test_the_yearly_cap_is_twelve_times_the_amount_unless_set():
    assert Decimal("60.00") == BOTH.write_offs_per_year
    assert Decimal("7.00") == Tolerance(Decimal("5.00"), yearly_cap=Decimal("7.00")).write_offs_per_year
