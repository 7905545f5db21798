"""Issued bills and the journal are written once: the database itself refuses every edit, on both kinds."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from gateway.domain.bill_run import BillRun, ConsolidatedBill, OrderEnd, RunOrder
from gateway.domain.journal import EntryKind, JournalEntry, LedgerAccount, Posting
from gateway.errors import ConcurrentChange, StoreError
from gateway.ports.unit_of_work import OpenUnitOfWork
from gateway.store.database import Database
from tests.contract.records import (
    ACME,
    NOW,
    add_file_with_set,
    change,
    coverage,
    invoice,
    line,
    member,
    membership,
    money,
)

DAY = NOW.date()
RUN = BillRun("2025-11-05", DAY, NOW)


@pytest.fixture
def issued(open_unit: OpenUnitOfWork) -> None:
    """Invoice INV1 with a line, its journal entry, and a consolidated bill over it."""
    with open_unit() as unit:
        add_file_with_set(unit)
        unit.enrollment.add_account(ACME)
        lines = [line(1, "620.00", "2025-12")]
        unit.invoices.add(invoice("INV1", *lines), lines)
        posted = (
            Posting(LedgerAccount.RECEIVABLE, money("620"), "ACME", "INV1"),
            Posting(LedgerAccount.PREMIUM, money("-620"), "ACME", "INV1"),
        )
        unit.ledger.append([JournalEntry("invoice/1", "ACME", EntryKind.INVOICE, DAY, posted)])
        unit.bill_runs.freeze(RUN, [order("cycle/INV1")])
        unit.bill_runs.add_consolidated(
            ConsolidatedBill("CON1", "acme", "ALL", RUN.id, NOW, DAY, money("620"), ("INV1",))
        )
        unit.commit()


def order(key: str, number: int = 1) -> RunOrder:
    return RunOrder(RUN.id, key, number, "ACME", DAY, DAY, DAY, "", NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoices SET total = 1",
        "DELETE FROM invoices",
        "UPDATE invoice_lines SET amount = 1",
        "DELETE FROM invoice_lines",
        "UPDATE journal_entries SET note = 'other'",
        "DELETE FROM journal_entries",
        "UPDATE journal_postings SET amount = 1",
        "DELETE FROM journal_postings",
        "UPDATE consolidated_bills SET total = 1",
        "DELETE FROM consolidated_bills",
        "UPDATE consolidated_items SET invoice_id = 'INV2'",
        "DELETE FROM consolidated_items",
    ],
)
def test_what_is_issued_is_never_edited(issued: None, database: Database, statement: str) -> None:
    with pytest.raises(StoreError) as refused, database.engine.begin() as connection:
        connection.execute(text(statement))
    assert not isinstance(refused.value, ConcurrentChange)


def test_ia_42_a_line_without_a_source_is_refused_unless_it_corrects_one(
    open_unit: OpenUnitOfWork, issued: None
) -> None:
    orphan = replace(line(1, "620.00", "2025-12"), set_id="", source="")
    with open_unit() as unit, pytest.raises(StoreError):
        unit.invoices.add(invoice("INV2", orphan), [orphan])
    credit = replace(orphan, corrects_invoice_id="INV1")
    with open_unit() as unit:
        unit.invoices.add(invoice("INV2", credit), [credit])
        unit.commit()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_numbers_have_no_gaps_when_many_bills_are_issued_at_once_and_some_fail(open_unit: OpenUnitOfWork) -> None:
    def issue(each: int) -> int:
        with open_unit() as unit:
            number = unit.invoices.next_number("invoice/NORTH")
            if each % 3:
                unit.commit()
                return number
        return 0

    with ThreadPoolExecutor(8) as threads:
        numbers = sorted(filter(None, threads.map(issue, range(60))))
    assert list(range(1, 41)) == numbers


def test_an_order_that_two_runs_wait_for_ends_in_both(open_unit: OpenUnitOfWork, issued: None) -> None:
    tomorrow = BillRun("2025-11-06", DAY + timedelta(1), NOW + timedelta(1))
    with open_unit() as unit:
        unit.bill_runs.freeze(tomorrow, [replace(order("cycle/INV1"), run_id=tomorrow.id, frozen_at=tomorrow.begun_at)])
        assert [RUN, tomorrow] == unit.bill_runs.unproved(tomorrow.business_date)
        assert [RUN] == unit.bill_runs.unproved(DAY)
        assert tomorrow.id == unit.bill_runs.find("cycle/INV1").run_id
        unit.bill_runs.end_order("cycle/INV1", OrderEnd.INVOICED, at=NOW, invoice_id="INV1")
        assert [False, False] == [unit.bill_runs.has_pending(run.id) for run in (RUN, tomorrow)]
        assert [(1, True), (1, True)] == [
            (proof.invoiced, proof.holds) for proof in map(unit.bill_runs.proof, (RUN.id, tomorrow.id))
        ]
        unit.bill_runs.mark_proved(RUN.id, NOW)
        assert [tomorrow] == unit.bill_runs.unproved(tomorrow.business_date)


@pytest.mark.parametrize(
    ("ending", "invoice_id", "astray"),
    [
        (OrderEnd.INVOICED, "INV1", ()),
        (OrderEnd.INVOICED, "INV9", ("cycle/INV1",)),
        (OrderEnd.NOTHING_DUE, "", ("cycle/INV1",)),
        (OrderEnd.HELD, "", ("cycle/INV1",)),
    ],
)
def test_an_end_that_its_invoice_does_not_bear_out_is_astray(
    open_unit: OpenUnitOfWork, issued: None, ending: OrderEnd, invoice_id: str, astray: tuple[str, ...]
) -> None:
    with open_unit() as unit:
        unit.bill_runs.end_order("cycle/INV1", ending, at=NOW + timedelta(1), invoice_id=invoice_id)
        assert astray == unit.bill_runs.proof(RUN.id).astray


def test_an_order_that_waits_anew_keeps_its_place_and_forgets_its_end(open_unit: OpenUnitOfWork, issued: None) -> None:
    with open_unit() as unit:
        unit.bill_runs.freeze(RUN, [order("A", 2)])
        unit.bill_runs.end_order("A", OrderEnd.HELD, at=NOW, reason="no rate")
        later = replace(order("A", 1), frozen_at=NOW + timedelta(hours=1))
        unit.bill_runs.freeze(RUN, [later])
        assert [("cycle/INV1", 1, None), ("A", 2, None)] == [
            (each.key, each.number, each.ending) for each in unit.bill_runs.pending(RUN.id)
        ]
        assert later.frozen_at == unit.bill_runs.find("A").frozen_at


def test_a_run_without_an_order_is_not_written(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.bill_runs.freeze(RUN, [])
        assert [] == unit.bill_runs.unproved(DAY)
        assert unit.bill_runs.consolidated("CON1") is None


def test_a_family_is_read_as_it_was_known(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        add_file_with_set(unit)
        unit.enrollment.add_account(ACME)
        unit.enrollment.save([change(membership(), members=(member(),), opened=(coverage("C1"),))])
        later = NOW + timedelta(hours=1)
        newer = replace(coverage("C2"), known_at=later, level="EMP")
        unit.enrollment.save([change(membership(), opened=(newer,), superseded=("C1",), at=later, ordinal=2)])

        def believed(known_at=None) -> list[str]:
            (family,) = unit.enrollment.families_of_account("ACME", known_at=known_at)
            return [cover.id for cover in family.coverages]

        assert [["C2"], ["C1"], ["C2"], []] == [
            believed(), believed(NOW), believed(later), believed(NOW - timedelta(1))
        ]  # fmt: skip
