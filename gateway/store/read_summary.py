"""The whole plant at a glance."""

from sqlalchemy import Column, func, select, true

from gateway.domain.exchange import FileState, Incident
from gateway.domain.journal import LedgerAccount
from gateway.domain.money import ZERO
from gateway.ports.queries import CashSummary, Count, Excerpt, Summary
from gateway.store.invoices import select_invoices, summary_of
from gateway.store.ledger import SqlLedger
from gateway.store.read_files import SHOWN, document_lines, in_states
from gateway.store.tables_billing import invoices
from gateway.store.tables_exchange import documents, files, transaction_sets
from gateway.store.tables_work import incidents
from gateway.store.transaction import Transaction


def summary(db: Transaction) -> Summary:
    """Return counts and sums over everything, and the newest of each."""
    invoiced = db.rows(select_invoices().order_by(invoices.c.issued_at.desc(), invoices.c.id).limit(SHOWN))
    opened = db.rows(
        select(incidents).where(incidents.c.closed_at.is_(None)).order_by(incidents.c.opened_at, incidents.c.key)
    )
    return Summary(
        files=_counts(db, files.c.state),
        sets=_counts(db, transaction_sets.c.state),
        documents=Excerpt(
            tuple(document_lines(db, true(), limit=SHOWN, newest_first=True)), _total(db, documents.c.id)
        ),
        document_states=_counts(db, documents.c.kind, documents.c.state),
        invoices=Excerpt(tuple(map(summary_of, invoiced)), _total(db, invoices.c.id)),
        invoiced=db.scalar(select(func.sum(invoices.c.total))) or ZERO,
        cash=_cash(SqlLedger(db)),
        incidents=tuple(Incident(**row._asdict()) for row in opened),
        quarantined=tuple(in_states(db, FileState.QUARANTINED)),
    )


def _counts(db: Transaction, *columns: Column[str]) -> tuple[Count, ...]:
    """Return how many rows there are of each value of the columns together."""
    rows = db.rows(select(*columns, func.count()).group_by(*columns).order_by(*columns))
    return tuple(Count(" ".join(map(str, row[:-1])), row[-1]) for row in rows)


def _total(db: Transaction, column: Column[str]) -> int:
    """Return how many rows a table has."""
    return int(db.scalar(select(func.count(column))))


def _cash(ledger: SqlLedger) -> CashSummary:
    """Return what came and where it is; what is neither held nor refunded was applied (DOMAIN 12)."""
    received = ledger.balance(LedgerAccount.CASH)
    unapplied = -ledger.balance(LedgerAccount.UNAPPLIED)
    suspense = -ledger.balance(LedgerAccount.SUSPENSE)
    refunded = -ledger.balance(LedgerAccount.REFUND_PAYABLE)
    return CashSummary(
        received=received,
        applied=received - unapplied - suspense - refunded,
        unapplied=unapplied,
        suspense=suspense,
        refunded=refunded,
        written_off=ledger.balance(LedgerAccount.WRITE_OFF),
    )
