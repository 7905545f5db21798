"""The statement at the head of a bill (IA-15, HN-17, IA-51)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.billing.statement import by_legal_entity, statement_of
from gateway.domain.charge import Invoice, LineType
from gateway.domain.money import ZERO
from gateway.errors import InvariantBroken


@dataclass(frozen=True)
class Share:
    line_type: LineType
    amount: Decimal
    legal_entity: str = ""


def invoice(total: str, *, previous="0.00", payments="0.00", pending="0.00") -> Invoice:
    return Invoice(
        id="INV1",
        account_id="ACME",
        partner_id="acme",
        request_id="Q1",
        issued_at=datetime(2025, 12, 1, tzinfo=UTC),
        bill_on=date(2025, 12, 1),
        due_on=date(2025, 12, 16),
        cutoff_on=date(2025, 12, 31),
        accounting_on=date(2025, 12, 1),
        total=Decimal(total),
        lines_count=3,
        previous_balance=Decimal(previous),
        payments=Decimal(payments),
        pending=Decimal(pending),
    )


PREMIUM_FEE_RIDER = [
    Share(LineType.CURRENT, Decimal("100.00")),
    Share(LineType.FEE, Decimal("15.00")),
    Share(LineType.CURRENT, Decimal("10.00")),
]


def test_ia_15_premium_fee_and_rider_add_up():
    its = statement_of(invoice("125.00"), PREMIUM_FEE_RIDER)
    assert ("125.00", "0.00", "125.00") == (str(its.current), str(its.adjustments), str(its.due))


def test_previous_less_payments_plus_adjustments_plus_current_is_due():
    shares = [*PREMIUM_FEE_RIDER, Share(LineType.RETRO_TERM, Decimal("-40.00"))]
    its = statement_of(invoice("85.00", previous="640.00", payments="600.00"), shares)
    assert "640.00 - 600.00 + -40.00 + 125.00 = 125.00" == (
        f"{its.previous_balance} - {its.payments} + {its.adjustments} + {its.current} = {its.due}"
    )


def test_ia_38_what_is_only_announced_stands_apart_and_is_still_due():
    its = statement_of(invoice("125.00", pending="125.00"), PREMIUM_FEE_RIDER)
    assert ("125.00", "125.00") == (str(its.pending), str(its.due))


def test_lines_that_are_not_all_there_make_no_statement():
    with pytest.raises(InvariantBroken, match=r"the lines of invoice INV1 add up to 115.00, its total is 125.00"):
        statement_of(invoice("125.00"), PREMIUM_FEE_RIDER[:2])


def test_hn_17_two_underwriting_companies_together_are_the_whole():
    shares = [
        Share(LineType.CURRENT, Decimal("1240.00"), "NORTH HEALTH"),
        Share(LineType.CURRENT, Decimal("33.33"), "NORTH LIFE"),
        Share(LineType.RETRO_CHANGE, Decimal("-40.00"), "NORTH HEALTH"),
        Share(LineType.FEE, Decimal("15.00")),
    ]
    totals = by_legal_entity(shares)
    assert {"": "15.00", "NORTH HEALTH": "1200.00", "NORTH LIFE": "33.33"} == {k: str(v) for k, v in totals.items()}
    assert sum((share.amount for share in shares), ZERO) == sum(totals.values(), ZERO)
