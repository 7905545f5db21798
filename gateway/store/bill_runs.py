"""Bill runs with their frozen orders, held accounts, and consolidated bills."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import bindparam, func, or_, select, update

from gateway.domain.bill_run import BillRun, ConsolidatedBill, Hold, HoldEnd, OrderEnd, RunOrder, RunProof
from gateway.store.tables_bill_runs import (
    account_holds,
    bill_run_orders,
    bill_runs,
    consolidated_bills,
    consolidated_items,
)
from gateway.store.tables_billing import invoices
from gateway.store.transaction import Record, Transaction, chunks, values_of

_FROZEN = ("bill_on", "cutoff_on", "accounting_on", "source", "frozen_at")
_ENDED = ("ending", "ended_at", "invoice_id", "reason")
_ASTRAY_SHOWN = 20
_OPEN = (
    select(account_holds)
    .where(account_holds.c.ended_at.is_(None))
    .order_by(account_holds.c.held_at, account_holds.c.id)
)
_END_ORDER = update(bill_run_orders).where(
    bill_run_orders.c.key == bindparam("order_key"), bill_run_orders.c.ending.is_(None)
)
_OPEN_OF_ACCOUNT = _OPEN.where(account_holds.c.account_id == bindparam("account_id"))


class SqlBillRuns:
    """The `BillRuns` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def freeze(self, run: BillRun, orders: Sequence[RunOrder]) -> None:
        """Write down a run (or take up that of the same day again) and its orders; an order that is there waits anew.

        Without orders nothing is written.
        """
        if orders:
            self._db.put(bill_runs, [values_of(run)], change=["proved_at"])
            self._db.put(bill_run_orders, map(values_of, orders), change=[*_FROZEN, *_ENDED])

    def unproved(self, through: date) -> list[BillRun]:
        """Return the runs through a business date that were not proved, oldest first."""
        run = bill_runs.c
        wanted = select(bill_runs).where(run.proved_at.is_(None), run.business_date <= through)
        return [BillRun(**row._asdict()) for row in self._db.rows(wanted.order_by(run.business_date))]

    def pending(self, run_id: str) -> list[RunOrder]:
        """Return the orders of a run that have not ended, in order."""
        order = bill_run_orders.c
        wanted = select(bill_run_orders).where(order.run_id == run_id, order.ending.is_(None))
        return [RunOrder(**row._asdict()) for row in self._db.rows(wanted.order_by(order.number, order.key))]

    def has_pending(self, run_id: str) -> bool:
        """Tell whether an order of a run has not ended."""
        order = bill_run_orders.c
        return self._db.exists((order.run_id == run_id) & order.ending.is_(None))

    def find(self, key: str) -> RunOrder | None:
        """Return the order of this key of the newest run, ended or not, or None."""
        order = bill_run_orders.c
        newest = select(bill_run_orders).where(order.key == key).order_by(order.frozen_at.desc(), order.run_id.desc())
        row = self._db.first(newest.limit(1))
        return None if row is None else RunOrder(**row._asdict())

    def end_order(self, key: str, ending: OrderEnd, *, at: datetime, invoice_id: str = "", reason: str = "") -> None:
        """Write down how an order ended, in every run in which it is pending."""
        values = {"order_key": key, "ending": ending, "ended_at": at, "invoice_id": invoice_id, "reason": reason}
        self._db.change(_END_ORDER, values)

    def proof(self, run_id: str) -> RunProof:
        """Count the run's orders by their end, and name those whose end and whose invoice do not agree."""
        order = bill_run_orders.c
        of_run = order.run_id == run_id
        counts = {
            row.ending: row[1]
            for row in self._db.rows(select(order.ending, func.count()).where(of_run).group_by(order.ending))
        }
        # What the invoices themselves say about an order, whatever the order says.
        other, issued = bill_run_orders.alias().c, invoices.c
        is_of_a_later_run = select(other.key).where(other.invoice_id == issued.id).exists()
        differs = or_(
            (order.ending == OrderEnd.INVOICED)
            & (issued.id.is_(None) | (issued.id != order.invoice_id) | (issued.account_id != order.account_id)),
            (order.ending != OrderEnd.INVOICED) & (issued.issued_at <= order.ended_at) & ~is_of_a_later_run,
        )
        astray = self._db.rows(
            select(order.key)
            .outerjoin_from(bill_run_orders, invoices, invoices.c.request_id == order.key)
            .where(of_run, differs)
            .order_by(order.key)
            .limit(_ASTRAY_SHOWN)
        )
        return RunProof(
            run_id,
            invoiced=counts.get(OrderEnd.INVOICED, 0),
            nothing_due=counts.get(OrderEnd.NOTHING_DUE, 0),
            held=counts.get(OrderEnd.HELD, 0),
            tried=counts.get(OrderEnd.TRIED, 0),
            pending=counts.get(None, 0),
            astray=tuple(row.key for row in astray),
        )

    def mark_proved(self, run_id: str, at: datetime) -> None:
        """Write down that the run ended and nothing fell out."""
        self._db.change(
            update(bill_runs).where(bill_runs.c.id == run_id, bill_runs.c.proved_at.is_(None)).values(proved_at=at)
        )

    def not_consolidated(self, run_id: str) -> list[tuple[str, str]]:
        """Return account and invoice of each bill of the run that is on no consolidated bill, in order."""
        order, item = bill_run_orders.c, consolidated_items.c
        wanted = (
            select(order.account_id, order.invoice_id)
            .outerjoin_from(bill_run_orders, consolidated_items, item.invoice_id == order.invoice_id)
            .where(order.run_id == run_id, order.ending == OrderEnd.INVOICED, item.invoice_id.is_(None))
        )
        return [(row[0], row[1]) for row in self._db.rows(wanted.order_by(order.account_id, order.number))]

    def add_consolidated(self, bill: ConsolidatedBill) -> None:
        """Add a consolidated bill with the invoices on it."""
        row = values_of(bill)
        del row["invoice_ids"]
        self._db.add_one(consolidated_bills, row)
        self._db.insert(
            consolidated_items, ({"consolidated_id": bill.id, "invoice_id": each} for each in bill.invoice_ids)
        )

    def consolidated(self, bill_id: str) -> ConsolidatedBill | None:
        """Return a consolidated bill or None."""
        row = self._db.first(select(consolidated_bills).where(consolidated_bills.c.id == bill_id))
        return None if row is None else consolidated_of(self._db, row)

    def consolidated_over(self, invoice_ids: Iterable[str]) -> list[str]:
        """Return the ids of the consolidated bills on which any of these invoices stands, in order."""
        found: set[str] = set()
        for chunk in chunks(invoice_ids):
            item = consolidated_items.c
            rows = self._db.rows(select(item.consolidated_id).where(self._db.among(item.invoice_id, chunk)).distinct())
            found |= {row.consolidated_id for row in rows}
        return sorted(found)


class SqlHolds:
    """The `Holds` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def add(self, hold: Hold) -> None:
        """Add a hold; one whose id is there adds nothing."""
        self._db.add_one(account_holds, values_of(hold), key=["id"])

    def of_order(self, order_key: str) -> list[Hold]:
        """Return how often an order was held, oldest first."""
        hold = account_holds.c
        wanted = select(account_holds).where(hold.order_key == order_key).order_by(hold.number)
        return [Hold(**row._asdict()) for row in self._db.rows(wanted)]

    def open_for(self, account_id: str = "") -> list[Hold]:
        """Return the holds that have not ended, of one account or all, oldest first."""
        found = self._db.rows(_OPEN_OF_ACCOUNT, {"account_id": account_id}) if account_id else self._db.rows(_OPEN)
        return [Hold(**row._asdict()) for row in found]

    def end(self, hold: Hold) -> None:
        """Write down how, when, by whom and why a hold ended."""
        written = {name: getattr(hold, name) for name in ("ending", "ended_at", "ended_by", "end_reason")}
        self._db.change(update(account_holds).where(account_holds.c.id == hold.id).values(written))

    def last_released(self, account_id: str) -> Hold | None:
        """Return the hold of an account that a person released last, or None."""
        hold = account_holds.c
        wanted = select(account_holds).where(hold.account_id == account_id, hold.ending == HoldEnd.RELEASED)
        row = self._db.first(wanted.order_by(hold.ended_at.desc(), hold.id.desc()).limit(1))
        return None if row is None else Hold(**row._asdict())

    def released(self, order_keys: Iterable[str]) -> set[str]:
        """Return the sentences that named persons lifted from these orders."""
        hold = account_holds.c
        wanted = select(hold.findings).where(hold.order_key.in_(list(order_keys)), hold.ending == HoldEnd.RELEASED)
        return {sentence for row in self._db.rows(wanted) for _, sentence in row.findings}


def consolidated_of(db: Transaction, row: Record) -> ConsolidatedBill:
    """Return the consolidated bill that a row of `consolidated_bills` begins."""
    item = consolidated_items.c
    on_it = db.rows(select(item.invoice_id).where(item.consolidated_id == row.id).order_by(item.invoice_id))
    return ConsolidatedBill(**row._asdict(), invoice_ids=tuple(each.invoice_id for each in on_it))
