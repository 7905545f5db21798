"""Issued bills: number, total, journal, statement (DOMAIN 10, 12)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.billing.charges import charges_due
from gateway.billing.dates import Window
from gateway.billing.difference import bill_by_difference
from gateway.billing.invoice import BillOrder, invoice_id, issue
from gateway.billing.statement import Statement, statement_of
from gateway.domain.charge import InvoiceRequest, LineType, RequestStatus
from gateway.domain.journal import EntryKind, LedgerAccount
from gateway.domain.period import CoverageMonth
from gateway.errors import ConfigurationError, InvariantBroken

NOW = datetime(2025, 12, 1, 6, tzinfo=UTC)
ORDER = BillOrder("Q1", date(2025, 12, 1), date(2025, 12, 31), date(2025, 12, 1), "000000001/1/0001/1")


@pytest.fixture
def lines(coverage, family, rates, acme, billed):
    """December for a family, a credit for November, nothing for what was billed right."""
    world = family(coverage(tier="EMP"), coverage("spouse"))
    charges, _ = charges_due(world, acme, rates({"EMP": "600.00"}), date(2025, 12, 31))
    before = [*billed(["2025-09", "2025-10"], "600.00"), *billed(["2025-11"], "640.00")]
    return bill_by_difference(charges, before, current=CoverageMonth(2025, 12))


@pytest.mark.parametrize(
    ("series", "number", "expected"),
    [("", 1, "INV000000001"), ("NORTH", 42, "INVNORTH000000042"), ("south", 999_999_999, "INVSOUTH999999999")],
)
def test_an_invoice_id_is_letters_and_digits_that_fit_an_820(series, number, expected):
    assert expected == invoice_id(series, number)
    assert expected.isalnum()
    assert len(expected) <= 22


@pytest.mark.parametrize("series", ["N1", "NORTH-", "ÉTÉ", "ELEVENLETTER"])
def test_a_series_that_would_not_fit_is_refused(series):
    with pytest.raises(ConfigurationError, match=r"letters only|longer than 22"):
        invoice_id(series, 1)


def test_the_total_is_the_sum_of_the_lines_and_the_dates_are_those_of_the_order(lines, acme):
    invoice, _ = issue(replace(acme, due_days=10), ORDER, lines, 7, issued_at=NOW)
    assert ("INV000000007", Decimal("560.00"), 2) == (invoice.id, invoice.total, invoice.lines_count)
    assert (date(2025, 12, 1), date(2025, 12, 11), date(2025, 12, 31)) == (
        invoice.bill_on, invoice.due_on, invoice.cutoff_on,
    )  # fmt: skip
    assert ("Q1", "ACME", "acme", NOW) == (
        invoice.request_id, invoice.account_id, invoice.partner_id, invoice.issued_at,
    )  # fmt: skip


def test_the_journal_owes_each_membership_and_month_and_balances_against_premium(lines, acme):
    invoice, entry = issue(acme, ORDER, lines, 7, issued_at=NOW)
    receivable = {p.month: p.amount for p in entry.postings if p.ledger is LedgerAccount.RECEIVABLE}
    premium = [p.amount for p in entry.postings if p.ledger is LedgerAccount.PREMIUM]
    assert {"2025-11": Decimal("-40.00"), "2025-12": Decimal("600.00")} == receivable
    assert [Decimal("-560.00")] == premium
    assert {("ACME", invoice.id)} == {(p.account_id, p.invoice_id) for p in entry.postings}
    assert ("invoice/Q1", "ACME", EntryKind.INVOICE, date(2025, 12, 1)) == (entry.key, entry.book, entry.kind, entry.on)


def test_the_journal_s_key_is_the_order_s_so_that_a_bill_is_posted_once(lines, acme):
    keys = {issue(acme, ORDER, lines, number, issued_at=NOW)[1].key for number in (1, 2)}
    assert {"invoice/Q1"} == keys


def test_a_bill_that_only_moves_money_between_months_balances_without_premium(lines, acme):
    there, back = replace(lines[0], amount=Decimal("5.00")), replace(lines[1], amount=Decimal("-5.00"))
    invoice, entry = issue(acme, ORDER, [there, back], 1, issued_at=NOW)
    assert (Decimal("0.00"), 2) == (invoice.total, len(entry.postings))


def test_products_that_cancel_each_other_in_a_month_leave_nothing_to_owe_there(lines, acme):
    there, back = (replace(lines[1], amount=Decimal(amount), product=amount) for amount in ("5.00", "-5.00"))
    assert () == issue(acme, ORDER, [there, back], 1, issued_at=NOW)[1].postings


def test_a_negative_total_is_a_credit_bill(lines, acme):
    credit = [line for line in lines if line.amount < 0]
    assert Decimal("-40.00") == issue(acme, ORDER, credit, 1, issued_at=NOW)[0].total


def test_a_bill_without_a_line_is_never_issued(acme):
    with pytest.raises(InvariantBroken, match="without a line"):
        issue(acme, ORDER, [], 1, issued_at=NOW)


def test_the_order_of_a_request_carries_its_dates_and_source():
    request = InvoiceRequest(
        "Q1", "ACME", "acme", "AUTO", RequestStatus.DEFER_BATCH, date(2025, 11, 28), ORDER.bill_on, ORDER.cutoff_on,
        ORDER.bill_on, ORDER.accounting_on, ORDER.source,
    )  # fmt: skip
    assert ORDER == BillOrder.of_request(request)
    assert CoverageMonth(2025, 12) == ORDER.current


def test_the_order_of_a_cycle_s_window_is_keyed_by_account_and_start():
    window = Window(date(2025, 11, 10), date(2025, 11, 14), date(2025, 12, 31), date(2025, 12, 1))
    order = BillOrder.of_window("ACME", window, date(2025, 11, 11))
    assert BillOrder("cycle/ACME/2025-11-10", date(2025, 11, 11), date(2025, 12, 31), date(2025, 12, 1)) == order


def test_previous_less_payments_plus_adjustments_plus_current_is_due(lines, acme):
    invoice, _ = issue(
        acme, ORDER, lines, 1, issued_at=NOW, previous_balance=Decimal("640.00"), payments=Decimal("600.00")
    )
    statement = statement_of(invoice, lines)
    assert Statement(Decimal("640.00"), Decimal("600.00"), Decimal("-40.00"), Decimal("600.00")) == statement
    assert Decimal("600.00") == statement.due


def test_ia_15_premium_fee_and_rider_add_up_to_what_is_due(lines, acme):
    premium, rider = (replace(lines[1], amount=Decimal(amount), product=product) for amount, product in
                      [("100.00", "GOLD"), ("10.00", "RIDER")])  # fmt: skip
    fee = replace(premium, amount=Decimal("15.00"), line_type=LineType.FEE, product="ADMIN")
    invoice, _ = issue(acme, ORDER, [premium, fee, rider], 1, issued_at=NOW)
    assert Decimal("125.00") == statement_of(invoice, [premium, fee, rider]).due


def test_a_statement_whose_lines_are_not_all_there_is_never_made(lines, acme):
    invoice, _ = issue(acme, ORDER, lines, 1, issued_at=NOW)
    with pytest.raises(InvariantBroken, match="add up to"):
        statement_of(invoice, lines[1:])
