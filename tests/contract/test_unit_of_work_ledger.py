"""The journal, receipts, placements and remittances."""

import threading
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from gateway.domain.journal import GENESIS, EntryKind, JournalEntry, LedgerAccount, Posting
from gateway.domain.parties import Organization
from gateway.domain.period import Period
from gateway.domain.remittance import (
    Adjustment,
    Case,
    Handling,
    Placement,
    ReceiptState,
    Remittance,
    RemittanceLine,
    UnplacedReason,
)
from gateway.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from gateway.store.database import Database
from gateway.store.tables_billing import journal_entries
from tests.contract.records import ACME, add_file_with_set, money, receipt


@pytest.fixture
def unit(open_unit: OpenUnitOfWork):
    """A unit of work in a world with set S1 and account ACME."""
    with open_unit() as opened:
        add_file_with_set(opened)
        opened.enrollment.add_account(ACME)
        opened.commit()
        yield opened


def entry(key: str, amount: str = "100.00", *, book: str = "ACME", on: date = date(2025, 12, 1)) -> JournalEntry:
    postings = (
        Posting(LedgerAccount.RECEIVABLE, money(amount), book, "INV1", "M1", "2025-12"),
        Posting(LedgerAccount.PREMIUM, -money(amount), book, "INV1"),
    )
    return JournalEntry(key, book, EntryKind.INVOICE, on, postings, source="1/1/0001/1", set_id="S1", note="a note")


def chain(database: Database, book: str) -> list[tuple[int, str, str, str]]:
    """Sequence, key, previous digest and digest of a book's entries."""
    column = journal_entries.c
    wanted = select(column.sequence, column.key, column.previous, column.digest).where(column.book == book)
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(wanted.order_by(column.sequence))]


def test_a_book_is_a_chain_of_digests(database: Database, unit: UnitOfWork) -> None:
    first, second, third = entry("A"), entry("B", "50.00"), entry("C")
    unit.ledger.append([first, second, entry("X", book="BIRCH")])
    unit.commit()
    unit.ledger.append([third])
    unit.commit()
    digests = [GENESIS]
    for each in (first, second, third):
        digests.append(each.digest(digests[-1]))
    assert [(n, key, digests[n - 1], digests[n]) for n, key in ((1, "A"), (2, "B"), (3, "C"))] == chain(
        database, "ACME"
    )
    assert [(1, "X", GENESIS, entry("X", book="BIRCH").digest(GENESIS))] == chain(database, "BIRCH")


def test_an_entry_whose_key_is_there_adds_nothing(database: Database, unit: UnitOfWork) -> None:
    unit.ledger.append([entry("A"), entry("A", "999.00")])
    unit.ledger.append([entry("B"), entry("A"), entry("B")])
    unit.commit()
    assert ["A", "B"] == [key for _, key, _, _ in chain(database, "ACME")]
    assert money("200") == unit.ledger.balance(LedgerAccount.RECEIVABLE, account_id="ACME")


def test_several_threads_append_to_one_book_without_a_fork(database: Database, open_unit: OpenUnitOfWork) -> None:
    with open_unit() as opened:
        add_file_with_set(opened)
        opened.commit()
    begun = threading.Barrier(3)

    def append(name: str) -> None:
        begun.wait()
        for n in range(5):
            with open_unit() as opened:
                opened.ledger.append([entry(f"{name}{n}"), entry(f"{name}{n}/birch", book="BIRCH")])
                opened.commit()

    threads = [threading.Thread(target=append, args=(name,)) for name in "ABC"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    links = chain(database, "ACME")
    assert list(range(1, 16)) == [sequence for sequence, _, _, _ in links]
    assert [GENESIS, *(digest for _, _, _, digest in links[:-1])] == [previous for _, _, previous, _ in links]


def test_a_balance_is_a_sum_of_postings(unit: UnitOfWork) -> None:
    unit.ledger.append([entry("A", on=date(2025, 11, 30)), entry("B", "-30.50"), entry("X", "7.00", book="BIRCH")])
    balance = unit.ledger.balance
    assert money("76.50") == balance(LedgerAccount.RECEIVABLE)
    assert money("69.50") == balance(LedgerAccount.RECEIVABLE, account_id="ACME")
    assert money("76.50") == balance(LedgerAccount.RECEIVABLE, invoice_id="INV1")
    assert money("-30.50") == balance(LedgerAccount.RECEIVABLE, account_id="ACME", since=date(2025, 12, 1))
    assert money("-69.50") == balance(LedgerAccount.PREMIUM, account_id="ACME")
    assert Decimal("0.00") == balance(LedgerAccount.SUSPENSE)


def test_money_is_added_once_and_changes_its_state(unit: UnitOfWork) -> None:
    announced = replace(receipt(state=ReceiptState.EXPECTED), cash_set_id="")
    applied = replace(announced, state=ReceiptState.APPLIED, cash_set_id="S1", payer_id="123456789")
    assert unit.ledger.receipt("T1") is None
    assert unit.ledger.add_receipt(announced)
    assert not unit.ledger.add_receipt(announced)
    assert announced == unit.ledger.receipt("T1")
    unit.ledger.update_receipt(applied)
    assert applied == unit.ledger.receipt("T1")


def test_a_remittance_comes_back_as_it_was_said(unit: UnitOfWork) -> None:
    remittance = Remittance(
        handling=Handling.REMITTANCE_ONLY,
        amount=money("3717.50"),
        method="NON",
        trace="EFT20251201A",
        originator="1123456789",
        settles_on=date(2025, 12, 1),
        payer=Organization("ACME CORP", "FI", "123456789"),
        receiver=Organization("EXAMPLE HEALTH PLAN", "FI", "987654321"),
        references=(("14", "G001234"), ("18", "PLAN")),
        period=Period(date(2025, 12, 1), date(2026, 1, 1)),
        lines=(
            RemittanceLine(
                ordinal=1,
                position=9,
                is_individual=True,
                qualifier="AZ",
                reference="PA102",
                action="",
                paid=money("1857.50"),
                billed=money("1860"),
                member_ids=("A102", "PA102"),
                references=(("38", "G001234"),),
                period=Period(date(2025, 12, 1)),
                adjustments=(Adjustment(money("-2.50"), "H6"),),
                head_count=3,
            ),
            RemittanceLine(2, 14, False, "IK", "INV20251201", "PI", money("1860")),
        ),
        adjustments=(Adjustment(money("-10"), "52"), Adjustment(money("10"), "53")),
        is_exchange=True,
    )
    unit.ledger.add_remittance("S1", remittance, "T1")
    unit.ledger.add_remittance("S1", remittance, "T1")
    assert remittance == unit.ledger.remittance("S1")
    assert unit.ledger.remittance("S2") is None


def test_pieces_without_a_place_are_released_and_placed_anew(unit: UnitOfWork) -> None:
    applied = Placement(1, money("620"), "ACME", "INV1", "M1", "2025-12", line=1)
    unapplied = Placement(2, money("250"), "ACME", reason=UnplacedReason.OVERPAID)
    suspense = Placement(3, money("30"), reason=UnplacedReason.NO_ACCOUNT, is_suspense=True, line=2)
    fee = Placement(4, money("-9"), is_subsidy=True, is_user_fee=True)
    unit.ledger.add_receipt(receipt())
    for _ in range(2):
        unit.ledger.add_placements("T1", [applied, unapplied, suspense, fee])
    assert [unapplied, suspense] == unit.ledger.release("T1")
    assert [] == unit.ledger.release("T1")
    placed_now = Placement(1, money("200"), "ACME", "INV2"), replace(unapplied, ordinal=2, amount=money("80"))
    unit.ledger.add_placements("T1", placed_now)
    assert [placed_now[1]] == unit.ledger.release("T1")
    unit.ledger.add_placements("T1", [Placement(1, money("80"), "ACME", "INV3")])
    assert [] == unit.ledger.release("T1")


def test_where_the_pieces_are_now_sums_to_the_receipt(database: Database, unit: UnitOfWork) -> None:
    unit.ledger.add_receipt(receipt(amount="900.00"))
    unit.ledger.add_placements(
        "T1",
        [
            Placement(1, money("620"), "ACME", "INV1"),
            Placement(2, money("250"), "ACME", reason=UnplacedReason.OVERPAID),
            Placement(3, money("30"), reason=UnplacedReason.NO_ACCOUNT, is_suspense=True),
        ],
    )
    unit.commit()
    first = database.queries().payment("T1")
    assert (money("620"), money("250"), money("30")) == (first.applied, first.unapplied, first.suspense)
    unit.ledger.release("T1")
    unit.ledger.add_placements("T1", [Placement(1, money("280"), "ACME", "INV2")])
    unit.commit()
    second = database.queries().payment("T1")
    assert (money("900"), money("0"), money("0")) == (second.applied, second.unapplied, second.suspense)
    assert ["INV1", "INV2"] == [each.invoice_id for each in second.placements.items]


def test_a_case_is_opened_once(unit: UnitOfWork) -> None:
    short = Case("short/INV1", "SHORT_PAY", "ACME", "INV1", money("1240"), "short by 1240.00")
    for _ in range(2):
        unit.ledger.open_cases([short])
