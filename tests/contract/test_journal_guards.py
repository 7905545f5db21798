"""The journal is kept by the database itself, and whoever gets around that is found (DESIGN, decision 6)."""

import pytest
from sqlalchemy import text

from gateway.domain.journal import GENESIS, EntryKind, JournalEntry, LedgerAccount, Posting
from gateway.domain.remittance import Placement, UnplacedReason
from gateway.errors import StoreError
from gateway.ports.unit_of_work import OpenUnitOfWork
from gateway.remittance.journal import receipt_entries, settlement_entries
from gateway.remittance.ladder import Settlement
from gateway.store.database import Database
from tests.contract.records import ACME, add_file_with_set, money, receipt
from tests.contract.test_unit_of_work_ledger import entry

GUARDS = {
    "sqlite": (
        "DROP TRIGGER journal_entries_balance",
        "DROP TRIGGER journal_postings_sealed",
        *(
            f"DROP TRIGGER journal_{table}_never_{verb}d"
            for table in ("entries", "postings")
            for verb in ("update", "delete")
        ),
    ),
    "postgresql": (
        "ALTER TABLE journal_entries DISABLE TRIGGER USER",
        "ALTER TABLE journal_postings DISABLE TRIGGER USER",
    ),
}


@pytest.fixture
def journal(database: Database, open_unit: OpenUnitOfWork) -> Database:
    """Three entries of ACME's book, and a receipt of 900.00: 620 applied, 250 unapplied, 30 in suspense."""
    with open_unit() as unit:
        add_file_with_set(unit)
        unit.enrollment.add_account(ACME)
        unit.ledger.append([entry("A"), entry("B", "50.00"), entry("C", "7.00")])
        held = receipt(amount="900.00")
        unit.ledger.add_receipt(held)
        settled = Settlement(
            money("900.00"),
            (
                Placement(1, money("620.00"), "ACME", "INV9"),
                Placement(2, money("250.00"), "ACME", reason=UnplacedReason.OVERPAID),
                Placement(3, money("30.00"), reason=UnplacedReason.NO_ACCOUNT, is_suspense=True),
            ),
        )
        on = held.settles_on or pytest.fail("it has a day")
        unit.ledger.append([*receipt_entries(held, on), *settlement_entries(settled, held, on, "S1")])
        unit.ledger.add_placements("T1", settled.placements)
        unit.commit()
    return database


def run(database: Database, *statements: str) -> None:
    with database.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def faults(database: Database) -> list[tuple[str, str]]:
    return [(each.place, each.what) for each in database.queries().verify_journal().faults]


def test_what_the_program_wrote_agrees(journal: Database) -> None:
    proof = journal.queries().verify_journal()
    assert () == proof.faults
    assert (2, 7, 1, 0) == (proof.books, proof.entries, proof.receipts, proof.invoices)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_postings SET amount = amount + 1 WHERE entry_key = 'A' AND number = 1",
        "DELETE FROM journal_postings WHERE entry_key = 'A'",
        "UPDATE journal_entries SET note = 'other' WHERE key = 'A'",
        "DELETE FROM journal_entries WHERE key = 'A'",
        "INSERT INTO journal_postings (entry_key, number, ledger, amount, month) VALUES ('A', 3, 'premium', 0, '')",
    ],
)
def test_the_database_itself_lets_nobody_change_what_is_booked(journal: Database, statement: str) -> None:
    with pytest.raises(StoreError):
        run(journal, statement)
    assert [] == faults(journal)


@pytest.mark.parametrize("amounts", [(10000, -9999), (), (1,)])
def test_the_database_itself_takes_no_entry_that_does_not_balance(journal: Database, amounts: tuple[int, ...]) -> None:
    postings = [
        "INSERT INTO journal_postings (entry_key, number, ledger, amount, month) "
        f"VALUES ('Z', {number}, 'premium', {amount}, '')"
        for number, amount in enumerate(amounts)
    ]
    with pytest.raises(StoreError):
        run(
            journal,
            *postings,
            'INSERT INTO journal_entries (key, book, sequence, kind, "on", source, note, previous, digest) '
            "VALUES ('Z', 'ACME', 99, 'invoice', '2025-12-01', '', '', '', '')",
        )


@pytest.mark.parametrize(
    ("tampering", "places"),
    [
        (["UPDATE journal_postings SET amount = 9999 WHERE entry_key = 'B' AND number = 1"], ["book ACME no. 2 (B)"]),
        (
            ["UPDATE journal_postings SET amount = 2 * amount WHERE entry_key = 'B'"],
            ["book ACME no. 2 (B)"],
        ),
        (["UPDATE journal_postings SET invoice_id = 'INV2' WHERE entry_key = 'B'"], ["book ACME no. 2 (B)"]),
        (["UPDATE journal_entries SET note = 'other' WHERE key = 'B'"], ["book ACME no. 2 (B)"]),
        (["DELETE FROM journal_postings WHERE entry_key = 'B'", "DELETE FROM journal_entries WHERE key = 'B'"],
         ["book ACME no. 3 (C)"]),
        (
            ["UPDATE journal_books SET sequence = 1, digest = (SELECT digest FROM journal_entries WHERE key = 'A') "
             "WHERE book = 'ACME'"],
            ["book ACME"],
        ),
        (["UPDATE placements SET amount = 61000 WHERE invoice_id = 'INV9'"], ["receipt T1"]),
        (["UPDATE placements SET is_suspense = false WHERE reason = 'NO_ACCOUNT'"], ["receipt T1"]),
    ],
    ids=["amount", "both sides", "invoice", "note", "entry taken out", "end cut off", "piece", "piece moved"],
)  # fmt: skip
def test_tampering_behind_the_guards_is_found_where_it_was_done(
    journal: Database, tampering: list[str], places: list[str]
) -> None:
    run(journal, *GUARDS[journal.engine.dialect.name], *tampering)
    found = faults(journal)
    if journal.engine.dialect.name == "postgresql":
        run(journal, *(each.replace("DISABLE", "ENABLE") for each in GUARDS["postgresql"]))
    assert places == [place for place, _ in found]


def test_an_entry_put_in_with_a_digest_of_its_own_is_found(journal: Database) -> None:
    forged = JournalEntry(
        "F", "ACME", EntryKind.INVOICE, receipt().settles_on or pytest.fail("it has a day"),
        (Posting(LedgerAccount.RECEIVABLE, money("1.00")), Posting(LedgerAccount.PREMIUM, money("-1.00"))),
    )  # fmt: skip
    run(
        journal,
        "INSERT INTO journal_postings (entry_key, number, ledger, amount, month) VALUES "
        "('F', 1, 'receivable', 100, '')",
        "INSERT INTO journal_postings (entry_key, number, ledger, amount, month) VALUES ('F', 2, 'premium', -100, '')",
        'INSERT INTO journal_entries (key, book, sequence, kind, "on", source, note, previous, digest) '
        f"VALUES ('F', 'ACME', 99, 'invoice', '{forged.on}', '', '', '{GENESIS}', '{forged.digest(GENESIS)}')",
    )
    assert [("book ACME no. 99 (F)", True), ("book ACME", False)] == [
        (place, "missing" in what) for place, what in faults(journal)
    ]
