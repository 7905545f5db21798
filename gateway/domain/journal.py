"""Double entry: balanced, append-only, hash-chained per book (DESIGN, decision 6)."""

import hashlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.domain.money import ZERO, Money, to_cents

GENESIS = "0" * 64


class LedgerAccount(StrEnum):
    """The accounts of the books; a balance is the sum of its postings (debit positive)."""

    RECEIVABLE = "receivable"
    CASH = "cash_clearing"
    UNAPPLIED = "unapplied"
    SUSPENSE = "suspense"
    WRITE_OFF = "write_off"
    REFUND_PAYABLE = "refund_payable"
    PREMIUM = "premium"
    SUBSIDY_RECEIVABLE = "subsidy_receivable"
    USER_FEE = "user_fee"


class EntryKind(StrEnum):
    """Why an entry was made."""

    INVOICE = "invoice"
    RECEIPT = "receipt"
    ALLOCATION = "allocation"
    WRITE_OFF = "write_off"
    SUSPENSE = "suspense"
    RELEASE = "release"  # suspense or unapplied money placed later
    SUBSIDY = "subsidy"


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry; debit is positive, credit negative. The references say what the money is about."""

    ledger: LedgerAccount
    amount: Money
    account_id: str = ""
    invoice_id: str = ""
    membership_id: str = ""
    month: str = ""  # CoverageMonth as text, where the posting is about one month


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One balanced entry. `key` is unique over the whole journal; `book` is the chain it is appended to."""

    key: str
    book: str  # account id, or the partner's own book for money without an account
    kind: EntryKind
    on: date  # accounting date
    postings: tuple[Posting, ...]
    source: str = ""  # SetSource.key or request id
    set_id: str = ""
    receipt_id: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if sum((posting.amount for posting in self.postings), ZERO) != ZERO:
            raise ValueError(f"journal entry {self.key} does not balance")

    def digest(self, previous: str) -> str:
        """Return the SHA-256 that chains this entry to `previous`, the digest before it in the same book."""
        lines = [previous, self.key, self.book, self.kind, self.on.isoformat(), self.source]
        lines += [self.set_id, self.receipt_id, self.note]
        lines += [
            f"{p.ledger}|{to_cents(p.amount)}|{p.account_id}|{p.invoice_id}|{p.membership_id}|{p.month}"
            for p in self.postings
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that the journal contradicts: `place` is where (`book ACME no. 7`), `what` says how."""

    place: str
    what: str
