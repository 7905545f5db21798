"""An entry balances or does not exist; a changed entry no longer fits its chain (DESIGN, decision 6)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from gateway.domain.journal import GENESIS, EntryKind, JournalEntry, LedgerAccount, Posting

RECEIVABLE = Posting(LedgerAccount.RECEIVABLE, Decimal("620.00"), "ACME", "INV1")
PREMIUM = Posting(LedgerAccount.PREMIUM, Decimal("-620.00"), "ACME", "INV1")
ENTRY = JournalEntry("invoice/INV1", "ACME", EntryKind.INVOICE, date(2025, 11, 1), (RECEIVABLE, PREMIUM))


def test_an_entry_that_does_not_balance_cannot_be_made():
    with pytest.raises(ValueError, match="does not balance"):
        replace(ENTRY, postings=(RECEIVABLE, replace(PREMIUM, amount=Decimal("-619.99"))))


@pytest.mark.parametrize(
    "changed",
    [
        replace(ENTRY, on=date(2025, 11, 2)),
        replace(ENTRY, key="invoice/INV2"),
        replace(ENTRY, postings=(replace(RECEIVABLE, invoice_id="INV2"), PREMIUM)),
    ],
)
def test_an_entry_changed_afterwards_shows_in_its_digest(changed):
    assert ENTRY.digest(GENESIS) != changed.digest(GENESIS)


def test_an_entry_moved_to_another_place_in_the_chain_shows_in_its_digest():
    assert ENTRY.digest(GENESIS) != ENTRY.digest("1" * 64)
