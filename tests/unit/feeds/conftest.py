"""One invoice with two lines: December's premium and a credit for November."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.domain.charge import Invoice, InvoiceLine, LineType
from gateway.domain.period import CoverageMonth
from gateway.feeds.statement import FeedLine, InvoiceStatement

INVOICE = Invoice(
    id="INV000000007",
    account_id="000123",
    partner_id="acme",
    request_id="Q1",
    issued_at=datetime(2025, 12, 1, 6, tzinfo=UTC),
    bill_on=date(2025, 12, 1),
    due_on=date(2025, 12, 16),
    cutoff_on=date(2025, 12, 31),
    accounting_on=date(2025, 12, 1),
    total=Decimal("560.00"),
    lines_count=2,
    previous_balance=Decimal("640.00"),
    payments=Decimal("600.00"),
)
CREDIT = InvoiceLine(
    number=1,
    line_type=LineType.RETRO_CHANGE,
    membership_id="M1",
    member_id="M1-subscriber",
    product="GOLD",
    insurance_line="HLT",
    tier="EMP",
    month=CoverageMonth(2025, 11),
    amount=Decimal("-40.00"),
    rate=Decimal("600.00"),
    lives=1,
    days_covered=30,
    days_in_month=30,
    formula="600.00 - 640.00; due now: 600.00; full month",
    set_id="SET1",
    source="000000001/1/0001/1",
    corrects_invoice_id="INV000000006",
    reason="billed at another amount",
)
PREMIUM = replace(
    CREDIT,
    number=2,
    line_type=LineType.CURRENT,
    month=CoverageMonth(2025, 12),
    amount=Decimal("600.00"),
    days_covered=31,
    days_in_month=31,
    corrects_invoice_id="",
    reason="",
)


@pytest.fixture
def statement() -> Callable[..., InvoiceStatement]:
    def make(*, account_name="Acme Corp", subscriber="ALPHA, ANN", lines=(CREDIT, PREMIUM)) -> InvoiceStatement:
        shown = (FeedLine(line, "0S100", subscriber) for line in lines)
        return InvoiceStatement(INVOICE, account_name, shown, bill_group="MAIN")

    return make
