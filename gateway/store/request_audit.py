"""Characteristics of memberships, and versions of request types: added, never changed."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from gateway.domain.request_audit import Characteristic, TypeVersion
from gateway.store.tables_requests import membership_characteristics, request_type_versions
from gateway.store.transaction import Transaction, chunks, values_of


class SqlRequestAudit:
    """The `RequestAudit` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def add_characteristics(self, values: Sequence[Characteristic]) -> None:
        """Add values of memberships; one whose key is there adds nothing."""
        self._db.add(membership_characteristics, map(values_of, values))

    def characteristics(self, membership_ids: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the latest values of memberships, by membership and type code: one query per thousand of them."""
        its = membership_characteristics.c
        found: dict[str, dict[str, str]] = {}
        for chunk in chunks(dict.fromkeys(membership_ids)):
            wanted = select(its.membership_id, its.code, its.setting).where(self._db.among(its.membership_id, chunk))
            for row in self._db.rows(wanted.order_by(its.at, its.key)):
                found.setdefault(row.membership_id, {})[row.code] = row.setting
        return found

    def type_versions(self, partner_id: str) -> list[TypeVersion]:
        """Return every version of a partner's request types, by code and number."""
        its = request_type_versions.c
        wanted = select(request_type_versions).where(its.partner_id == partner_id).order_by(its.code, its.number)
        return [TypeVersion(**row._asdict()) for row in self._db.rows(wanted)]

    def add_type_versions(self, versions: Sequence[TypeVersion]) -> None:
        """Add versions; one that is there adds nothing."""
        self._db.add(request_type_versions, map(values_of, versions))
