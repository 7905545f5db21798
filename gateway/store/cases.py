"""Cases with who works on them, and what was done with each."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select, true, update

from gateway.domain.collection import CaseEntry, CaseWork
from gateway.domain.remittance import Case
from gateway.errors import NotFound
from gateway.store.tables_billing import cases
from gateway.store.tables_collection import case_log
from gateway.store.transaction import Record, Transaction, chunks, values_of

_LAST = "\U0010ffff"  # sorts after every text that begins alike
_CASE = ("key", "kind", "account_id", "invoice_id", "amount", "message")
_CANDIDATES = 5


class SqlCases:
    """The `Cases` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def add(self, opened: Sequence[CaseWork], entries: Sequence[CaseEntry] = ()) -> list[str]:
        """Open cases, each with its first log entry, and return the keys of those that were not there."""
        known: set[str] = set()
        for chunk in chunks(work.case.key for work in opened):
            known |= {row.key for row in self._db.rows(select(cases.c.key).where(self._db.among(cases.c.key, chunk)))}
        new = {work.case.key: work for work in opened if work.case.key not in known}
        self._db.add(cases, map(_row, new.values()))
        self._db.add(case_log, (values_of(entry) | {"number": 1} for entry in entries if entry.case_key in new))
        return list(new)

    def get(self, key: str) -> CaseWork:
        """Return one case by its key or the only one whose key begins so; it stays ours. Raises NotFound."""
        return find_case(self._db, key, is_locked=True)

    def update(self, work: CaseWork) -> None:
        """Write all that may change of a case: owner, dates, escalation and end."""
        row = {name: value for name, value in _row(work).items() if name not in _CASE}
        self._db.change(update(cases).where(cases.c.key == work.case.key).values(row))

    def not_taken_up(self) -> list[Case]:
        """Return the cases that were opened without a date, in the order of their keys."""
        return [work.case for work in select_cases(self._db, cases.c.opened_at.is_(None))]

    def to_escalate(self, today: date) -> list[CaseWork]:
        """Return the open cases that were to be settled before today and were never escalated."""
        late = cases.c.closed_at.is_(None) & (cases.c.escalates_on < today) & cases.c.escalated_at.is_(None)
        return select_cases(self._db, late)

    def log(self, entry: CaseEntry) -> None:
        """Append to a case's log; an entry whose id is there adds nothing."""
        if self._db.exists(case_log.c.id == entry.id):
            return
        last = select(func.max(case_log.c.number)).where(case_log.c.case_key == entry.case_key)
        number = (self._db.scalar(last) or 0) + 1
        self._db.insert(case_log, [values_of(entry) | {"number": number}])

    def log_of(self, key: str) -> list[CaseEntry]:
        """Return a case's log, oldest first."""
        return case_entries(self._db, key)


def select_cases(db: Transaction, condition: ColumnElement[bool]) -> list[CaseWork]:
    """Return the cases under a condition, the next due first."""
    order = (cases.c.due_on, cases.c.opened_at, cases.c.key)
    return [_work(row) for row in db.rows(select(cases).where(condition).order_by(*order))]


def cases_where(db: Transaction, *, closed: bool, kind: str, account_id: str) -> list[CaseWork]:
    """Return the open or closed cases of a kind and account, or of all."""
    is_wanted = cases.c.closed_at.is_not(None) if closed else cases.c.closed_at.is_(None)
    of_kind = cases.c.kind == kind if kind else true()
    return select_cases(db, is_wanted & of_kind & (cases.c.account_id == account_id if account_id else true()))


def find_case(db: Transaction, key: str, *, is_locked: bool = False) -> CaseWork:
    """Return the case of a key, or the only one whose key begins so. Raises NotFound."""
    for condition in (cases.c.key == key, (cases.c.key >= key) & (cases.c.key < key + _LAST)):
        wanted = select(cases).where(condition).order_by(cases.c.key).limit(_CANDIDATES)
        found = db.rows(wanted.with_for_update() if is_locked else wanted)
        if len(found) == 1:
            return _work(found[0])
        if found:
            raise NotFound(f"{key!r} may be any of {', '.join(row.key for row in found)}", hint="write more of the key")
    raise NotFound(f"there is no case {key!r}", hint="`gateway case list` shows them")


def case_entries(db: Transaction, key: str) -> list[CaseEntry]:
    """Return a case's log, oldest first."""
    entry = case_log.c
    wanted = select(entry.id, entry.case_key, entry.at, entry.by, entry.act, entry.text)
    return [CaseEntry(*row) for row in db.rows(wanted.where(entry.case_key == key).order_by(entry.number))]


def _row(work: CaseWork) -> dict[str, Any]:
    row = values_of(work)
    return values_of(row.pop("case")) | row


def _work(row: Record) -> CaseWork:
    values = row._asdict()
    return CaseWork(Case(*(values.pop(name) for name in _CASE)), **values)
