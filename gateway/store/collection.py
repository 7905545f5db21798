"""What accounts owed on any day, what was done to collect it, and where they stood."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeAlias

from sqlalchemy import and_, case, func, select

from gateway.domain.collection import (
    DISPUTE,
    AccountHistory,
    BilledInvoice,
    Dispute,
    Settled,
    Standing,
    Step,
)
from gateway.domain.coverage import MembershipStatus
from gateway.domain.journal import EntryKind, LedgerAccount
from gateway.domain.money import ZERO, Money
from gateway.domain.period import CoverageMonth
from gateway.errors import NotFound
from gateway.ports.collection import AccountFigures
from gateway.store.figures import account_figures
from gateway.store.invoices import SqlInvoices
from gateway.store.tables_billing import cases, invoices, journal_entries, journal_postings
from gateway.store.tables_collection import collection_steps, standings
from gateway.store.tables_enrollment import accounts, coverages, memberships
from gateway.store.transaction import Transaction, values_of

_DAY = timedelta(days=1)


class SqlCollection:
    """The `Collection` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def account_ids(self) -> list[str]:
        """Return the ids of all accounts that ever had an invoice, in order."""
        wanted = select(invoices.c.account_id).distinct().order_by(invoices.c.account_id)
        return [row.account_id for row in self._db.rows(wanted)]

    def history(self, account_id: str, as_of: date) -> AccountHistory:
        """Return what was billed, settled and disputed through a day, and all steps; raises NotFound."""
        found = histories(self._db, [account_id], as_of)
        if not found:
            raise NotFound(f"there is no account {account_id}: no member was ever enrolled in it")
        return found[0]

    def months(self, account_id: str, as_of: date) -> list[tuple[CoverageMonth, Money, Money]]:
        """Return (coverage month, billed, open) as of a day, in order."""
        return months(self._db, account_id, as_of)

    def figures(self, account_id: str, as_of: date) -> AccountFigures:
        """Return what the daily review compares: bills, what fell due and what was paid, through a day."""
        return account_figures(self._db, account_id, as_of)

    def add_steps(self, steps: Sequence[Step]) -> None:
        """Write steps down; one whose key is there adds nothing."""
        self._db.add(collection_steps, map(values_of, steps))

    def last_standing(self, account_id: str, before: date) -> Standing | None:
        """Return the standing that was written last before a day, or None."""
        its = standings.c
        wanted = select(standings).where(its.account_id == account_id, its.as_of < before)
        row = self._db.first(wanted.order_by(its.as_of.desc()).limit(1))
        return None if row is None else Standing(**row._asdict())

    def put_standing(self, standing: Standing) -> None:
        """Write where an account stands on a day, in place of what was written for that day before."""
        row = values_of(standing)
        self._db.put(standings, [row], change=[name for name in row if name not in {"account_id", "as_of"}])


def months(db: Transaction, account_id: str, as_of: date) -> list[tuple[CoverageMonth, Money, Money]]:
    """Return (coverage month, billed, open) of an account as of a day, in order."""
    found = SqlInvoices(db).months(account_id, until=as_of)
    return [(CoverageMonth.parse(month), billed, still) for month, billed, still in found]


def histories(db: Transaction, account_ids: Sequence[str], as_of: date) -> list[AccountHistory]:
    """Return the histories of at most a chunk of accounts through a day, in the order of their ids."""
    rows = db.rows(select(accounts).where(db.among(accounts.c.id, account_ids)).order_by(accounts.c.id))
    billed = _billed(db, account_ids, as_of)
    settled, held = _settled(db, account_ids, as_of)
    disputes = _disputes(db, account_ids, as_of)
    steps = _steps(db, account_ids, as_of)
    ended = _ended(db, account_ids)
    subsidised = _subsidised(db, account_ids)
    return [
        AccountHistory(
            account_id=row.id,
            partner_id=row.partner_id,
            line_of_business=row.line_of_business,
            invoices=tuple(billed[row.id]),
            settled=tuple(settled[row.id]),
            held=tuple(held.get(row.id, ())),
            disputes=tuple(disputes[row.id]),
            steps=tuple(steps[row.id]),
            ended_on=ended.get(row.id),
            has_subsidy=row.id in subsidised,
        )
        for row in rows
    ]


_Settlements: TypeAlias = tuple[defaultdict[str, list[Settled]], dict[str, list[tuple[date, Money]]]]


def _billed(db: Transaction, account_ids: Sequence[str], as_of: date) -> defaultdict[str, list[BilledInvoice]]:
    """Return the invoices of accounts that were billed by a day."""
    its = invoices.c
    wanted = select(its.account_id, its.id, its.bill_on, its.due_on, its.accounting_on, its.total)
    wanted = wanted.where(db.among(its.account_id, account_ids), its.bill_on <= as_of).order_by(its.id)
    found: defaultdict[str, list[BilledInvoice]] = defaultdict(list)
    for row in db.rows(wanted):
        month = CoverageMonth.of(row.accounting_on)
        found[row.account_id].append(BilledInvoice(row.id, row.bill_on, row.due_on, month, row.total))
    return found


def _settled(db: Transaction, account_ids: Sequence[str], as_of: date) -> _Settlements:
    """Return what was settled on invoices, and how the accounts' unapplied money changed, by day.

    What was credited to an account and no invoice is held for it like unapplied money.
    """
    posting, entry = journal_postings.c, journal_entries.c
    ledgers = [LedgerAccount.RECEIVABLE, LedgerAccount.UNAPPLIED]
    rows = db.rows(
        select(posting.account_id, posting.invoice_id, posting.ledger, entry.on, func.sum(posting.amount).label("sum"))
        .join(journal_entries, entry.key == posting.entry_key)
        .where(
            db.among(posting.account_id, account_ids),
            posting.ledger.in_(ledgers),
            entry.kind != EntryKind.INVOICE,
            entry.on <= as_of,
        )
        .group_by(posting.account_id, posting.invoice_id, posting.ledger, entry.on)
        .order_by(posting.account_id, posting.invoice_id, posting.ledger, entry.on)
    )
    settled: defaultdict[str, list[Settled]] = defaultdict(list)
    changed: defaultdict[str, dict[date, Money]] = defaultdict(dict)
    for row in rows:
        if row.ledger is LedgerAccount.RECEIVABLE and row.invoice_id:
            settled[row.account_id].append(Settled(row.invoice_id, row.on, -row.sum))
        else:
            by_day = changed[row.account_id]
            by_day[row.on] = by_day.get(row.on, ZERO) - row.sum
    return settled, {
        account_id: [(on, amount) for on, amount in sorted(by_day.items()) if amount]
        for account_id, by_day in changed.items()
    }


def _disputes(db: Transaction, account_ids: Sequence[str], as_of: date) -> defaultdict[str, list[Dispute]]:
    """Return the disputes of accounts that were opened by a day; one has no invoice where it is about none."""
    its = cases.c
    wanted = select(cases).where(db.among(its.account_id, account_ids), its.kind == DISPUTE, its.opened_at.is_not(None))
    found: defaultdict[str, list[Dispute]] = defaultdict(list)
    for row in db.rows(wanted.order_by(its.key)):
        closed_on = row.closed_at.date() if row.closed_at else None
        if row.opened_at.date() <= as_of:
            dispute = Dispute(row.invoice_id, row.amount, row.opened_at.date(), closed_on)
            found[row.account_id].append(dispute)
    return found


def _steps(db: Transaction, account_ids: Sequence[str], as_of: date) -> defaultdict[str, list[Step]]:
    """Return what was done to collect from accounts by a day."""
    its = collection_steps.c
    wanted = select(collection_steps).where(db.among(its.account_id, account_ids), its.made_on <= as_of)
    found: defaultdict[str, list[Step]] = defaultdict(list)
    for row in db.rows(wanted.order_by(its.made_on, its.key)):
        found[row.account_id].append(Step(**row._asdict()))
    return found


def _ended(db: Transaction, account_ids: Sequence[str]) -> dict[str, date]:
    """Return the last covered day of the accounts in which an 834 has ended every membership."""
    membership, cover = memberships.c, coverages.c
    over = [MembershipStatus.TERMINATED, MembershipStatus.CANCELED]
    still = func.sum(case((membership.status.in_(over), 0), else_=1))
    last = func.max(cover.ends_before, type_=cover.ends_before.type)
    believed = and_(cover.membership_id == membership.id, cover.superseded_at.is_(None))
    rows = db.rows(
        select(membership.account_id, last)
        .outerjoin_from(memberships, coverages, believed)
        .where(db.among(membership.account_id, account_ids))
        .group_by(membership.account_id)
        .having(still == 0)
    )
    return {row[0]: row[1] - _DAY for row in rows if row[1] is not None}


def _subsidised(db: Transaction, account_ids: Sequence[str]) -> set[str]:
    """Return the accounts for which advance payments of the tax credit came."""
    posting = journal_postings.c
    wanted = select(posting.account_id).where(
        db.among(posting.account_id, account_ids), posting.ledger == LedgerAccount.SUBSIDY_RECEIVABLE
    )
    return {row.account_id for row in db.rows(wanted.distinct())}
