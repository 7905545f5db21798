"""Outbound documents, their delivery, and our control numbers."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, func, insert, select, update

from gateway.domain.exchange import DeliveryState, DocumentKind, OutboundDocument
from gateway.errors import NotFound
from gateway.store.tables_exchange import control_numbers, delivery_attempts, documents
from gateway.store.transaction import Transaction, values_of

_ON_ITS_WAY = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNKNOWN)
_CONTROL_NUMBER_MAX = 999_999_999  # ISA13 has nine digits (DOMAIN 7.6)


class SqlDocuments:
    """The `Documents` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def next_control_number(self, our_id: str, partner_id: str, kind: str) -> int:
        """Allocate the next ISA13 or GS06 towards a partner: rising, gapless, 1 to 999999999, then 1 again."""
        key = {"our_id": our_id, "partner_id": partner_id, "kind": kind}
        return self._db.count_up(control_numbers, key, wraps_after=_CONTROL_NUMBER_MAX)

    def last_control_number(self, our_id: str, partner_id: str, kind: str) -> int:
        """Return the last number allocated towards a partner, 0 where none was."""
        return self._db.scalar(select(control_numbers.c.last).where(_is_series(our_id, partner_id, kind))) or 0

    def seed_control_number(self, our_id: str, partner_id: str, kind: str, last: int) -> bool:
        """Let the numbers towards a partner go on after `last`; False, and no change, where they are there already."""
        row = {"our_id": our_id, "partner_id": partner_id, "kind": kind, "last": last}
        if self._db.add_one(control_numbers, row):
            return True
        is_behind = _is_series(our_id, partner_id, kind) & (control_numbers.c.last < last)
        return self._db.change(update(control_numbers).where(is_behind).values(last=last)) > 0

    def add(self, document: OutboundDocument) -> bool:
        """Add a document; False when its key is there."""
        return self._db.add_one(documents, values_of(document), key=["key"])

    def find_by_key(self, key: str) -> OutboundDocument | None:
        """Return the document with this key, or None."""
        found = self._documents(documents.c.key == key)
        return found[0] if found else None

    def get(self, document_id: str) -> OutboundDocument:
        """Return one document; raises NotFound."""
        found = self._documents(documents.c.id == document_id)
        if not found:
            raise NotFound(f"there is no document {document_id}")
        return found[0]

    def move(
        self,
        document_id: str,
        to: DeliveryState,
        *,
        expected: Iterable[DeliveryState],
        at: datetime,
        reason: str = "",
    ) -> bool:
        """Change the delivery state if it is one of `expected` now, and write the attempt down; False otherwise."""
        if not self._db.move(documents, document_id, to, expected=expected, reason=reason):
            return False
        attempt = {"document_id": document_id, "at": at, "state": to, "reason": reason}
        self._db.change(insert(delivery_attempts).values(attempt))
        return True

    def seal(self, document_id: str, name: str, path: str, size_bytes: int) -> bool:
        """Note the bytes that are sent instead of the document's own, and their name; False when that was done."""
        unsealed = (documents.c.id == document_id) & (documents.c.sealed_path == "")
        values = {"name": name, "sealed_path": path, "sealed_bytes": size_bytes}
        return self._db.change(update(documents).where(unsealed).values(values)) > 0

    def count_try(self, document_id: str) -> int:
        """Add one failed try and return how many there were."""
        return self._db.count_try(documents, document_id)

    def forget_tries(self, document_id: str) -> None:
        """Count the failed tries from nought again."""
        self._db.change(update(documents).where(documents.c.id == document_id).values(tries=0))

    def in_state(self, states: Iterable[DeliveryState]) -> list[OutboundDocument]:
        """Return the documents in these states, oldest first."""
        return self._documents(documents.c.state.in_(list(states)))

    def undelivered(self, partner_id: str) -> list[OutboundDocument]:
        """Return the partner's documents that are on their way, oldest first."""
        return self._documents((documents.c.partner_id == partner_id) & documents.c.state.in_(_ON_ITS_WAY))

    def delivered(self, partner_id: str, kinds: Iterable[DocumentKind]) -> list[tuple[str, datetime]]:
        """Return id and delivery of the partner's documents of these kinds that it has not answered, oldest first."""
        found = self._db.rows(
            select(documents.c.id, func.max(delivery_attempts.c.at).label("at"))
            .join(delivery_attempts, delivery_attempts.c.document_id == documents.c.id)
            .where(
                documents.c.partner_id == partner_id,
                documents.c.kind.in_(list(kinds)),
                documents.c.state == DeliveryState.VERIFIED,
                delivery_attempts.c.state == DeliveryState.VERIFIED,
            )
            .group_by(documents.c.id)
            .order_by("at", documents.c.id)
        )
        return [(row.id, row.at) for row in found]

    def find_by_control_number(self, partner_id: str, control_number: str) -> list[OutboundDocument]:
        """Return what we sent to a partner under this ISA13, oldest first."""
        return self._documents((documents.c.partner_id == partner_id) & (documents.c.control_number == control_number))

    def _documents(self, condition: ColumnElement[bool]) -> list[OutboundDocument]:
        """Return the documents under `condition`, oldest first."""
        found = select(documents).where(condition).order_by(documents.c.created_at, documents.c.id)
        return [OutboundDocument(**row._asdict()) for row in self._db.rows(found)]


def _is_series(our_id: str, partner_id: str, kind: str) -> ColumnElement[bool]:
    """Return the condition that a row counts our numbers of a kind towards a partner."""
    on = control_numbers.c
    return (on.our_id == our_id) & (on.partner_id == partner_id) & (on.kind == kind)
