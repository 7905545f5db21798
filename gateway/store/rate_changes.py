"""Changes of price files, and through when accounts are billed."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, func, select, true, update

from gateway.domain.period import CoverageMonth
from gateway.domain.rate_change import ChangeState, RateChange
from gateway.errors import NotFound
from gateway.store.tables_billing import invoice_lines
from gateway.store.tables_enrollment import accounts
from gateway.store.tables_rates import rate_changes
from gateway.store.transaction import Transaction, values_of

_DECISION = ("state", "number", "decided_by", "decided_at", "reason")


class SqlRateChanges:
    """The `RateChanges` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def add(self, change: RateChange) -> bool:
        """Add a staged change; False when its id is there or another change of the table is staged."""
        return self._db.add_one(rate_changes, values_of(change))

    def get(self, change_id: str) -> RateChange:
        """Return one change; raises NotFound."""
        found = self._changes(rate_changes.c.id == change_id)
        if not found:
            raise NotFound(f"there is no rate change {change_id}", hint="`gateway rates list` shows them")
        return found[0]

    def staged(self, partner_id: str, file: str) -> RateChange | None:
        """Return the change of a table that waits for a decision, or None."""
        found = self._changes(_of_table(partner_id, file) & (rate_changes.c.state == ChangeState.STAGED))
        return found[0] if found else None

    def in_force(self, partner_id: str, file: str) -> RateChange | None:
        """Return the change of a table that was approved last, or None: the partner's own file is in force."""
        last = (
            select(rate_changes)
            .where(_of_table(partner_id, file), rate_changes.c.number.is_not(None))
            .order_by(rate_changes.c.number.desc())
            .limit(1)
        )
        row = self._db.first(last)
        return None if row is None else RateChange(**row._asdict())

    def decide(self, change: RateChange) -> bool:
        """Write state, number and decision of a change that is staged; False (and nothing) when it is not any more."""
        decision = {name: getattr(change, name) for name in _DECISION}
        waits = (rate_changes.c.id == change.id) & (rate_changes.c.state == ChangeState.STAGED)
        return self._db.change(update(rate_changes).where(waits).values(decision)) == 1

    def changes_of(self, partner_id: str = "", file: str = "") -> list[RateChange]:
        """Return the changes of a table, of a partner, or all, the last loaded first."""
        its = rate_changes.c
        of_partner = its.partner_id == partner_id if partner_id else true()
        found = self._changes(of_partner & (its.file == file if file else true()))
        return sorted(found, key=lambda change: (change.staged_at, change.number or 0, change.id), reverse=True)

    def billed_through(self, partner_id: str) -> Mapping[str, CoverageMonth]:
        """Return the last month on an invoice of each of a partner's accounts that has one, by account id."""
        line = invoice_lines.c
        last = func.max(line.month, type_=line.month.type)
        of_partner = select(accounts.c.id).where(accounts.c.partner_id == partner_id)
        rows = self._db.rows(
            select(line.account_id, last).where(line.account_id.in_(of_partner)).group_by(line.account_id)
        )
        return {row[0]: row[1] for row in rows}

    def _changes(self, condition: ColumnElement[bool]) -> list[RateChange]:
        """Return the changes under `condition`."""
        return [RateChange(**row._asdict()) for row in self._db.rows(select(rate_changes).where(condition))]


def _of_table(partner_id: str, file: str) -> ColumnElement[bool]:
    """Return the condition that a change is one of a table."""
    return (rate_changes.c.partner_id == partner_id) & (rate_changes.c.file == file)
