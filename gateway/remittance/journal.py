"""Money as balanced, content-keyed entries (DESIGN, decision 6): what arrived, where it went, what was given up.

Money that arrives sits in suspense in the book of the partner that sent it. Settling moves what has an account from
there to that account's book, through cash clearing, so that every book holds its own money and no other; inside the
account's book it is unapplied until an allocation puts it against a receivable. Hence in every book, at any time:
received = applied + unapplied + suspense + refunded (`balances`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from gateway.domain.journal import EntryKind, JournalEntry, LedgerAccount, Posting
from gateway.domain.money import ZERO, Money
from gateway.domain.remittance import Placement, Receipt, Settlement, WriteOff

_PAYMENT_KINDS = frozenset({EntryKind.ALLOCATION, EntryKind.SUBSIDY})
_APPLIED_TO = frozenset(
    {
        LedgerAccount.RECEIVABLE,
        LedgerAccount.SUBSIDY_RECEIVABLE,
        LedgerAccount.USER_FEE,
        LedgerAccount.WRITE_OFF,  # what was kept; what was given up is no payment
    }
)


@dataclass(frozen=True, slots=True)
class Balances:
    """What a book holds; `received` is always the sum of the other four."""

    received: Money = ZERO
    applied: Money = ZERO
    unapplied: Money = ZERO
    suspense: Money = ZERO
    refunded: Money = ZERO

    @property
    def agrees(self) -> bool:
        """Whether every cent received is accounted for."""
        return self.received == self.applied + self.unapplied + self.suspense + self.refunded


def receipt_entries(receipt: Receipt, on: date) -> list[JournalEntry]:
    """Return the entry of money that arrived (or is applied on its announcement): Dr cash clearing, Cr suspense.

    It is keyed by the receipt, so that money is counted once whoever tells of it. `on` is the accounting date.
    """
    if receipt.amount == ZERO:
        return []
    postings = _pair(Posting(LedgerAccount.CASH, receipt.amount), LedgerAccount.SUSPENSE)
    key = f"receipt/{receipt.id}"
    set_id = receipt.cash_set_id or receipt.remittance_set_id
    return [
        JournalEntry(key, receipt.partner_id, EntryKind.RECEIPT, on, postings, set_id=set_id, receipt_id=receipt.id)
    ]


def settlement_entries(
    settlement: Settlement, receipt: Receipt, on: date, source: str, *, set_id: str = ""
) -> list[JournalEntry]:
    """Return the entries that move a receipt's money from suspense to where `settlement` placed it.

    `source` is what caused this placing, `SetSource.key` of the remittance or of the 834 that let it be placed: with
    the receipt it makes the keys, so that the same placing is booked once.
    """
    make = _EntryMaker(receipt, on, source, set_id, f"{receipt.id}/{source}")
    return [
        *make.moves(settlement.placements, 1),
        *make.payments(placement for placement in settlement.placements if placement.reason is None),
        *(make.write_off(write_off) for write_off in settlement.write_offs),
    ]


def release_entries(
    released: Sequence[Placement], receipt: Receipt, on: date, source: str, *, set_id: str = ""
) -> list[JournalEntry]:
    """Return the entries that take unapplied pieces of a receipt back to suspense, so that they can be placed anew.

    Pieces in suspense already lie there. `source` is what will place them, as in `settlement_entries`. An allocated
    piece is never released this way: ValueError.
    """
    if any(placement.reason is None for placement in released):
        raise ValueError("only unapplied and suspense pieces can be released; an allocation must be reversed")
    make = _EntryMaker(receipt, on, source, set_id, f"{receipt.id}/{source}/release")
    return list(make.moves(released, -1))


def refund_returned_entries(piece: Placement, receipt: Receipt, on: date, source: str, code: str) -> list[JournalEntry]:
    """Return the entry of a refund that came back (DOMAIN 8.12): Dr refund payable, Cr the account's unapplied cash."""
    debit = Posting(LedgerAccount.REFUND_PAYABLE, piece.amount, piece.account_id)
    postings = _pair(debit, LedgerAccount.UNAPPLIED)
    key = f"{receipt.id}/{source}/returned"
    return [JournalEntry(key, piece.account_id, EntryKind.RELEASE, on, postings, source, "", receipt.id, code)]


def reversal_entries(entries: Iterable[JournalEntry], receipt: Receipt, on: date, reason: str) -> list[JournalEntry]:
    """Return the entries that take back everything that was booked about a receipt: the bank took the money back.

    Per book and kind they negate the sums of what was booked, so that afterwards the receipt left nothing anywhere;
    what was written off because of it is owed again. Each book's own bills are never a part of it.
    """
    sums: dict[tuple[str, EntryKind], dict[Posting, Money]] = {}
    for entry in entries:
        of_book = sums.setdefault((entry.book, entry.kind), defaultdict(lambda: ZERO))
        for posting in entry.postings:
            of_book[replace(posting, amount=ZERO)] -= posting.amount
    prefix = f"{receipt.id}/returned"
    found = []
    for (book, kind), of_book in sums.items():
        postings = tuple(replace(about, amount=amount) for about, amount in of_book.items() if amount)
        if postings:
            key = f"{prefix}/{kind}/{book}"
            found.append(JournalEntry(key, book, kind, on, postings, prefix, "", receipt.id, reason))
    return found


def balances(entries: Iterable[JournalEntry]) -> dict[str, Balances]:
    """Return the balances of every book that `entries` touch."""
    books: dict[str, Balances] = defaultdict(Balances)
    for entry in entries:
        for posting in entry.postings:
            books[entry.book] = _add(books[entry.book], posting, is_payment=entry.kind in _PAYMENT_KINDS)
    return dict(books)


def _add(before: Balances, posting: Posting, *, is_payment: bool) -> Balances:
    match posting.ledger:
        case LedgerAccount.CASH:
            return replace(before, received=before.received + posting.amount)
        case LedgerAccount.UNAPPLIED:
            return replace(before, unapplied=before.unapplied - posting.amount)
        case LedgerAccount.SUSPENSE:
            return replace(before, suspense=before.suspense - posting.amount)
        case LedgerAccount.REFUND_PAYABLE:
            return replace(before, refunded=before.refunded - posting.amount)
        case ledger if is_payment and ledger in _APPLIED_TO:
            return replace(before, applied=before.applied - posting.amount)
        case _:
            return before


def _pair(debit: Posting, credit: LedgerAccount) -> tuple[Posting, Posting]:
    """Return a debit and the credit of the same amount about the same thing."""
    return debit, replace(debit, ledger=credit, amount=-debit.amount)


def _paid_ledger(placement: Placement) -> tuple[LedgerAccount, EntryKind]:
    """Return what a piece pays: a receivable, a subsidy, the user fee, its payer back, or nobody's but ours."""
    if placement.is_subsidy:
        return LedgerAccount.SUBSIDY_RECEIVABLE, EntryKind.SUBSIDY
    if placement.is_user_fee:
        return LedgerAccount.USER_FEE, EntryKind.ALLOCATION
    if placement.is_refund:
        return LedgerAccount.REFUND_PAYABLE, EntryKind.RELEASE
    if placement.is_income:
        return LedgerAccount.WRITE_OFF, EntryKind.ALLOCATION  # a write-off in our favour
    return LedgerAccount.RECEIVABLE, EntryKind.ALLOCATION


@dataclass(frozen=True, slots=True)
class _EntryMaker:
    receipt: Receipt
    on: date
    source: str
    set_id: str
    prefix: str  # of every key

    def moves(self, placements: Iterable[Placement], direction: int) -> Iterator[JournalEntry]:
        """Yield the entries that move money between suspense and the accounts' unapplied cash, one per account."""
        totals: dict[str, Money] = defaultdict(lambda: ZERO)
        for placement in placements:
            if placement.account_id:
                totals[placement.account_id] += placement.amount * direction
        leaving = sum(totals.values(), ZERO)
        if leaving:
            postings = _pair(Posting(LedgerAccount.SUSPENSE, leaving), LedgerAccount.CASH)
            yield self._entry("moved", self.receipt.partner_id, EntryKind.RELEASE, postings)
        for account_id, total in totals.items():
            if total:
                postings = _pair(Posting(LedgerAccount.CASH, total, account_id), LedgerAccount.UNAPPLIED)
                yield self._entry(f"moved/{account_id}", account_id, EntryKind.RELEASE, postings)

    def payments(self, placements: Iterable[Placement]) -> Iterator[JournalEntry]:
        """Yield the entries that put pieces against what they pay: one for each book and kind, a credit for each piece.

        What they are taken from, the account's unapplied cash or suspense, is debited in one sum.
        """
        paid: dict[tuple[str, EntryKind], list[Posting]] = defaultdict(list)
        for placement in placements:
            ledger, kind = _paid_ledger(placement)
            paid[placement.account_id, kind].append(
                Posting(
                    ledger,
                    -placement.amount,
                    placement.account_id,
                    placement.invoice_id,
                    placement.membership_id,
                    placement.month,
                )
            )
        for (account_id, kind), of_book in paid.items():
            held = LedgerAccount.UNAPPLIED if account_id else LedgerAccount.SUSPENSE
            total = -sum((posting.amount for posting in of_book), ZERO)
            debit = [Posting(held, total, account_id)] if total else []
            book = account_id or self.receipt.partner_id
            yield self._entry(f"placed/{kind}/{account_id}", book, kind, (*debit, *of_book))

    def write_off(self, write_off: WriteOff) -> JournalEntry:
        """Return the entry that gives up what is short inside the tolerance."""
        debit = Posting(
            LedgerAccount.WRITE_OFF,
            write_off.amount,
            write_off.account_id,
            write_off.invoice_id,
            write_off.membership_id,
            write_off.month,
        )
        name = f"written-off/{write_off.invoice_id}/{write_off.membership_id}/{write_off.month}"
        postings = _pair(debit, LedgerAccount.RECEIVABLE)
        return self._entry(name, write_off.account_id, EntryKind.WRITE_OFF, postings, write_off.reason)

    def _entry(
        self, name: str, book: str, kind: EntryKind, postings: tuple[Posting, ...], note: str = ""
    ) -> JournalEntry:
        return JournalEntry(
            f"{self.prefix}/{name}", book, kind, self.on, postings, self.source, self.set_id, self.receipt.id, note
        )
