"""Invoice requests, invoices, and what is open on them."""

from dataclasses import replace
from datetime import date

import pytest

from gateway.domain.charge import InvoiceStatus, LineType, OpenInvoice, RequestStatus
from gateway.domain.journal import EntryKind
from gateway.domain.period import CoverageMonth
from gateway.errors import NotFound
from gateway.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from tests.contract.records import (
    ACME,
    add_file_with_set,
    change,
    invoice,
    issue,
    line,
    membership,
    money,
    request,
    settle,
)

SEPTEMBER, OCTOBER, DECEMBER = (CoverageMonth(2025, month) for month in (9, 10, 12))


@pytest.fixture
def unit(open_unit: OpenUnitOfWork):
    """A unit of work in a world with set S1 and account ACME."""
    with open_unit() as opened:
        add_file_with_set(opened)
        opened.enrollment.add_account(ACME)
        opened.enrollment.save([change(membership(f"M{n}", subscriber_id=f"A10{n - 1}"), ordinal=n) for n in (1, 2, 3)])
        yield opened


def opens(unit: UnitOfWork) -> dict[tuple[str, str, str], str]:
    """What is open by invoice, membership and month."""
    return {
        (item.invoice_id, item.membership_id, str(item.month)): str(item.open)
        for item in unit.invoices.open_items("ACME")
    }


def test_an_account_has_at_most_one_open_request(unit: UnitOfWork) -> None:
    done = replace(request(), status=RequestStatus.PROCESSED, invoice_id="INV1")
    assert unit.requests.open_for("ACME") is None
    assert not unit.requests.has_earlier("ACME")
    assert unit.requests.add(request())
    assert not unit.requests.add(request())
    assert request() == unit.requests.open_for("ACME")
    unit.requests.update(done)
    assert unit.requests.open_for("ACME") is None
    assert (done, None) == (unit.requests.find("R1"), unit.requests.find("R2"))
    assert unit.requests.has_earlier("ACME")
    assert unit.requests.add(request("R2"))


def test_deferred_and_failed_requests_are_due_from_their_processing_date(unit: UnitOfWork) -> None:
    states = {
        "A": RequestStatus.DEFER_BATCH,
        "B": RequestStatus.DEFER,
        "C": RequestStatus.ERROR,
        "D": RequestStatus.DRAFT,
        "E": RequestStatus.CANCELED,
    }
    for days, (each, status) in enumerate(states.items()):
        unit.enrollment.add_account(replace(ACME, id=each))
        unit.requests.add(request(f"R{each}", account_id=each, status=status, on=20 - days))
    assert ["RC", "RB", "RA"] == [each.id for each in unit.requests.due(date(2025, 11, 20))]
    assert ["RC"] == [each.id for each in unit.requests.due(date(2025, 11, 18))]
    assert [] == unit.requests.due(date(2025, 11, 17))


def test_numbers_of_a_series_have_no_gaps(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as opened:
        assert 1 == opened.invoices.next_number("invoice/ACME")
        opened.commit()
        opened.invoices.next_number("invoice/ACME")
    with open_unit() as opened:
        assert 2 == opened.invoices.next_number("invoice/ACME")
        assert 1 == opened.invoices.next_number("invoice/BIRCH")


def test_an_invoice_comes_back_as_it_was_issued(unit: UnitOfWork) -> None:
    lines = [line(1, "1450.00", "2025-12"), line(2, "-1450.00", "2025-11", line_type=LineType.RETRO_TERM)]
    issue(unit, "INV1", line(1, "10.00", "2025-12"))
    issued = issue(unit, "INV2", *lines)
    unit.commit()
    assert replace(issued, status=InvoiceStatus.PAID) == unit.invoices.get("INV2")
    assert lines == list(unit.invoices.lines("INV2"))
    assert unit.invoices.get("INV2") == unit.invoices.find_by_request("cycle/INV2")
    assert unit.invoices.find_by_request("cycle/INV3") is None
    assert ["INV1", "INV2"] == [each.id for each in unit.invoices.issued_for(["ACME", "BIRCH"])]
    with pytest.raises(NotFound, match="there is no invoice INV3"):
        unit.invoices.get("INV3")


def test_many_lines_are_read_in_their_order(unit: UnitOfWork) -> None:
    lines = [line(n, "1.00", "2025-12", membership_id=f"M{n}") for n in range(1, 2502)]
    unit.invoices.add(invoice("INV1", *lines), lines)
    assert lines == list(unit.invoices.lines("INV1"))


def test_what_was_billed_is_summed_over_all_invoices(unit: UnitOfWork) -> None:
    fee = line(2, "25.00", "2025-09", line_type=LineType.FEE, product="FEE")
    issue(unit, "INV1", line(1, "1450.00", "2025-09"), fee, line(3, "620.00", "2025-10", membership_id="M2"))
    credit = line(1, "-1450.00", "2025-09", line_type=LineType.RETRO_TERM)
    issue(unit, "INV2", credit, line(2, "30.00", "2025-09", product="DENTAL"))
    billed = [(each.membership_id, each.product, each.month, str(each.amount)) for each in unit.invoices.billed("ACME")]
    assert [
        ("M1", "DENTAL", SEPTEMBER, "30.00"),
        ("M1", "FEE", SEPTEMBER, "25.00"),
        ("M1", "GOLD", SEPTEMBER, "0.00"),
        ("M2", "GOLD", OCTOBER, "620.00"),
    ] == billed
    corrected = next(each for each in unit.invoices.billed("ACME") if each.product == "GOLD")
    assert ("INV2", "P1", "FAM", "HLT") == (
        corrected.last_invoice_id,
        corrected.member_id,
        corrected.tier,
        corrected.insurance_line,
    )
    assert [] == list(unit.invoices.billed("BIRCH"))


def test_what_was_billed_to_many_memberships_is_read_in_chunks(unit: UnitOfWork) -> None:
    ids = sorted(f"M{n}" for n in range(1300))
    lines = [line(n, "1.00", month, membership_id=each) for n, (each, month) in enumerate(_twice(ids), start=1)]
    unit.invoices.add(invoice("INV1", *lines), lines)
    billed = list(unit.invoices.billed("ACME"))
    assert [(each, month) for each in ids for month in ("2025-11", "2025-12")] == [
        (each.membership_id, str(each.month)) for each in billed
    ]


def _twice(ids: list[str]):
    return [(each, month) for month in ("2025-12", "2025-11") for each in ids]


@pytest.mark.parametrize(
    ("payments", "status", "left"),
    [
        ([], InvoiceStatus.OPEN, "3720.00"),
        (["2480.00"], InvoiceStatus.PARTIAL, "1240.00"),
        (["2480.00", "1240.00"], InvoiceStatus.PAID, "0.00"),
        (["3970.00"], InvoiceStatus.PAID, "-250.00"),
    ],
)
def test_the_status_of_an_invoice_follows_from_the_journal(
    unit: UnitOfWork, payments: list[str], status: InvoiceStatus, left: str
) -> None:
    issue(unit, "INV1", line(1, "3720.00", "2025-12"))
    for n, amount in enumerate(payments):
        settle(unit, "INV1", amount, key=f"payment/{n}")
    found = unit.invoices.find_invoice("INV1")
    assert found is not None
    assert (status, left) == (unit.invoices.get("INV1").status, str(found.open))
    assert (money(left) > 0) == bool(unit.invoices.open_invoices("ACME"))


def test_a_write_off_settles_as_money_does(unit: UnitOfWork) -> None:
    issue(unit, "INV1", line(1, "3720.00", "2025-12"))
    settle(unit, "INV1", "3717.50")
    settle(unit, "INV1", "2.50", key="written-off/INV1", kind=EntryKind.WRITE_OFF)
    assert InvoiceStatus.PAID is unit.invoices.get("INV1").status


def test_open_invoices_come_with_the_oldest_due_date_first(unit: UnitOfWork) -> None:
    issue(unit, "INV3", line(1, "100.00", "2025-12"), due=date(2025, 12, 1))
    issue(unit, "INV2", line(1, "100.00", "2025-12"), due=date(2025, 12, 1))
    issue(unit, "INV1", line(1, "100.00", "2026-01"), due=date(2026, 1, 1))
    issue(unit, "INV0", line(1, "100.00", "2025-10"), due=date(2025, 10, 1))
    settle(unit, "INV0", "100.00")
    assert ["INV2", "INV3", "INV1"] == [each.id for each in unit.invoices.open_invoices("ACME")]


def test_a_payment_sees_months_and_lives_of_an_invoice(unit: UnitOfWork) -> None:
    issue(
        unit,
        "INV1",
        line(1, "1240.00", "2025-12", lives=2),
        line(2, "60.00", "2025-12", product="DENTAL", lives=2),
        line(3, "620.00", "2025-12", membership_id="M2", lives=1),
        line(4, "620.00", "2025-11", membership_id="M3", lives=1, line_type=LineType.RETRO_ADD),
    )
    months = (CoverageMonth(2025, 11), DECEMBER)
    expected = OpenInvoice("INV1", "ACME", date(2025, 12, 1), money("2540"), money("2540"), months, lives=3)
    assert expected == unit.invoices.find_invoice("INV1")
    assert unit.invoices.find_invoice("INV2") is None


def test_an_item_is_what_one_membership_owes_for_one_month(unit: UnitOfWork) -> None:
    issue(unit, "INV1", line(1, "620.00", "2025-12"), line(2, "30.00", "2025-12", product="DENTAL"))
    (item,) = unit.invoices.open_items("ACME")
    assert ("INV1", "M1", "P1", "A100", "G001234") == (
        item.invoice_id,
        item.membership_id,
        item.member_id,
        item.subscriber_id,
        item.policy,
    )
    assert (DECEMBER, money("650"), money("650")) == (item.month, item.billed, item.open)


def test_money_for_an_item_settles_that_item(unit: UnitOfWork) -> None:
    """DOMAIN 9.4: three members, one of them short by 2.50, which is written off."""
    shares = {"M1": "620.00", "M2": "1240.00", "M3": "1860.00"}
    issue(unit, "INV1", *(line(n, shares[who], "2025-12", membership_id=who) for n, who in enumerate(shares, start=1)))
    for who, paid in (("M1", "620.00"), ("M3", "1857.50")):
        settle(unit, "INV1", paid, membership_id=who, month="2025-12")
    assert {
        ("INV1", "M1", "2025-12"): "0.00",
        ("INV1", "M2", "2025-12"): "1240.00",
        ("INV1", "M3", "2025-12"): "2.50",
    } == opens(unit)


def test_money_for_an_invoice_is_spread_over_its_items_to_the_cent(unit: UnitOfWork) -> None:
    issue(unit, "INV1", *(line(n, "100.00", "2025-12", membership_id=f"M{n}") for n in (1, 2, 3)))
    settle(unit, "INV1", "100.00")
    assert {("INV1", f"M{n}", "2025-12"): left for n, left in ((1, "66.67"), (2, "66.67"), (3, "66.66"))} == opens(unit)


def test_money_for_a_membership_is_spread_over_its_months_only(unit: UnitOfWork) -> None:
    issue(
        unit,
        "INV1",
        line(1, "100.00", "2025-11"),
        line(2, "300.00", "2025-12"),
        line(3, "100.00", "2025-12", membership_id="M2"),
    )
    settle(unit, "INV1", "200.00", membership_id="M1")
    assert {
        ("INV1", "M1", "2025-11"): "50.00",
        ("INV1", "M1", "2025-12"): "150.00",
        ("INV1", "M2", "2025-12"): "100.00",
    } == opens(unit)


def test_the_items_of_an_invoice_sum_to_what_is_open_on_it(unit: UnitOfWork) -> None:
    credit = line(3, "-33.33", "2025-10", membership_id="M3", line_type=LineType.RETRO_TERM)
    issue(unit, "INV1", line(1, "100.01", "2025-12"), line(2, "77.77", "2025-12", membership_id="M2"), credit)
    settle(unit, "INV1", "50.02", membership_id="M2", month="2025-12")
    settle(unit, "INV1", "10.01")
    (open_invoice,) = unit.invoices.open_invoices("ACME")
    assert money("84.42") == open_invoice.open == sum(item.open for item in unit.invoices.open_items("ACME"))


def test_a_credit_leaves_nothing_open_where_its_invoice_is_settled(unit: UnitOfWork) -> None:
    issue(unit, "INV1", line(1, "600.00", "2025-09"))
    settle(unit, "INV1", "600.00")
    issue(unit, "INV2", line(1, "-600.00", "2025-09", line_type=LineType.RETRO_TERM), line(2, "1000.00", "2025-10"))
    assert [("2025-09", "0.00", "0.00"), ("2025-10", "1000.00", "400.00")] == months(unit)
    settle(unit, "INV2", "400.00")
    assert [("2025-09", "0.00", "0.00"), ("2025-10", "1000.00", "0.00")] == months(unit)


def test_months_tell_where_the_gap_is(unit: UnitOfWork) -> None:
    """DOMAIN 9.6: September and October settled, November short by 600.00, December paid."""
    paid = {"2025-09": "1200.00", "2025-10": "1200.00", "2025-11": "600.00", "2025-12": "1200.00"}
    for month, amount in paid.items():
        issue(unit, f"INV{month}", line(1, "1200.00", month))
        settle(unit, f"INV{month}", amount)
    assert ["0.00", "0.00", "600.00", "0.00"] == [left for _, _, left in months(unit)]
    settle(unit, "INV2025-11", "600.00", key="the rest")
    assert ["0.00"] * 4 == [left for _, _, left in months(unit)]


def months(unit: UnitOfWork) -> list[tuple[str, str, str]]:
    return [(month, str(billed), str(left)) for month, billed, left in unit.invoices.months("ACME")]
