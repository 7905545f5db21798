"""Envelopes, sets and findings of checked files."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select, update

from gateway.domain.exchange import (
    AckCode,
    Delimiters,
    FunctionalGroup,
    GroupRecord,
    Interchange,
    InterchangeRecord,
    Party,
    SetRecord,
    SetState,
    TransactionSet,
)
from gateway.domain.finding import Finding
from gateway.errors import NotFound
from gateway.store.finding_rows import finding_of, finding_row, in_order_of_place
from gateway.store.tables_exchange import (
    applied_stamps,
    business_references,
    files,
    findings,
    functional_groups,
    interchanges,
    transaction_sets,
)
from gateway.store.transaction import ID_LIST, Record, Transaction, chunks, is_among, values_of


@cache
def _files_of(*, is_sqlite: bool) -> Select[Any]:
    """Return the select of the files of the sets `ids`."""
    ids = bindparam("ids", type_=ID_LIST[is_sqlite])
    of_ids = is_among(transaction_sets.c.id, ids, is_sqlite=is_sqlite)
    return select(transaction_sets.c.file_id).where(of_ids).distinct()


class SqlExchanges:
    """The `Exchanges` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def add_interchange(self, record: InterchangeRecord, findings: Sequence[Finding]) -> None:
        """Add an interchange with its own findings."""
        self._db.add_one(interchanges, _interchange_row(record))
        self._add_findings(findings, file_id=record.file_id, interchange_id=record.id)

    def add_group(self, record: GroupRecord, findings: Sequence[Finding], *, file_id: str) -> None:
        """Add a functional group with its own findings."""
        row = {"id": record.id, "interchange_id": record.interchange_id, **values_of(record.group)}
        counts = {name: getattr(record, name) for name in ("ack", "included", "received", "accepted")}
        self._db.add_one(functional_groups, row | counts)
        self._add_findings(findings, file_id=file_id, group_id=record.id)

    def add_sets(self, sets: Sequence[tuple[SetRecord, Sequence[Finding]]]) -> None:
        """Add sets with their findings, in bulk."""
        self._db.add(transaction_sets, (_set_row(record) for record, _ in sets))
        self._db.add(
            findings,
            (
                finding_row(finding, file_id=record.file_id, set_id=record.id)
                for record, found in sets
                for finding in found
            ),
        )

    def add_findings(self, file_id: str, set_id: str, findings: Sequence[Finding]) -> None:
        """Add findings to a file (`set_id` empty) or to a set; the same finding again adds nothing."""
        self._add_findings(findings, file_id=file_id, set_id=set_id)

    def _add_findings(self, found: Sequence[Finding], **stands_on: str) -> None:
        self._db.add(findings, (finding_row(finding, **stands_on) for finding in found))

    def earlier_interchange(
        self, sender: Party, receiver: Party, control_number: str, *, since: datetime, but_file: str
    ) -> str | None:
        """Return the id of another file that carried this control number between these parties, or None.

        One whose interchange was rejected does not count: nothing of it was loaded, and it may be sent again.
        """
        this = select(files.c.received_at).where(files.c.id == but_file).scalar_subquery()
        file_id: str | None = self._db.scalar(
            select(files.c.id)
            .join(interchanges, interchanges.c.file_id == files.c.id)
            .where(
                interchanges.c.control_number == control_number,
                interchanges.c.sender_qualifier == sender.qualifier,
                interchanges.c.sender_id == sender.id,
                interchanges.c.receiver_qualifier == receiver.qualifier,
                interchanges.c.receiver_id == receiver.id,
                interchanges.c.ta1_code != AckCode.REJECTED,
                files.c.id != but_file,
                files.c.received_at >= since,
                # A file checked again does not become the duplicate of one that came after it.
                files.c.received_at <= func.coalesce(this, files.c.received_at),
            )
            .order_by(files.c.received_at, files.c.id)
            .limit(1)
        )
        return file_id

    def claim_reference(self, kind: str, key: str, set_id: str) -> str | None:
        """Claim a business reference for a set; return the set that already has it, or None."""
        if self._db.add_one(business_references, {"kind": kind, "key": key, "set_id": set_id}):
            return None
        holder: str | None = self._db.scalar(
            select(business_references.c.set_id).where(
                business_references.c.kind == kind, business_references.c.key == key
            )
        )
        return None if holder == set_id else holder

    def interchanges(self, file_id: str) -> list[InterchangeRecord]:
        """Return the interchanges of a file in order."""
        found = select(interchanges).where(interchanges.c.file_id == file_id).order_by(interchanges.c.ordinal)
        return [interchange_of(row) for row in self._db.rows(found)]

    def groups(self, interchange_id: str) -> list[GroupRecord]:
        """Return the groups of an interchange in order."""
        found = (
            select(functional_groups)
            .where(functional_groups.c.interchange_id == interchange_id)
            .order_by(functional_groups.c.ordinal)
        )
        return [group_of(row) for row in self._db.rows(found)]

    def sets(self, group_id: str) -> Iterator[SetRecord]:
        """Yield the sets of a group in order, without holding them all."""
        return self._read_sets(select_sets().where(transaction_sets.c.group_id == group_id))

    def sets_of_file(self, file_id: str, *, states: Iterable[SetState]) -> Iterator[SetRecord]:
        """Yield the sets of a file that are in one of `states`, in order."""
        return self._read_sets(
            select_sets().where(transaction_sets.c.file_id == file_id, transaction_sets.c.state.in_(list(states)))
        )

    def _read_sets(self, statement: Select[Any]) -> Iterator[SetRecord]:
        order = (interchanges.c.ordinal, functional_groups.c.ordinal, transaction_sets.c.ordinal)
        for page in self._db.pages(statement, *order):
            yield from (set_of(row) for row in page)

    def get_set(self, set_id: str) -> SetRecord:
        """Return one set; raises NotFound."""
        row = self._db.first(select_sets().where(transaction_sets.c.id == set_id))
        if row is None:
            raise NotFound(f"there is no transaction set {set_id}", hint="`gateway show file ID` lists a file's sets")
        return set_of(row)

    def files_of(self, set_ids: Iterable[str]) -> set[str]:
        """Return the ids of the files that brought these sets."""
        found: set[str] = set()
        for chunk in chunks(dict.fromkeys(set_ids)):
            values = {"ids": self._db.id_list(chunk)}
            found |= {row.file_id for row in self._db.rows(_files_of(is_sqlite=self._db.is_sqlite), values)}
        return found

    def findings(
        self, *, set_id: str = "", file_id: str = "", group_id: str = "", interchange_id: str = ""
    ) -> list[Finding]:
        """Return findings of a set, or those that stand on the group, interchange or file itself, in order of place."""
        on = findings.c
        if set_id:
            where = on.set_id == set_id
        elif group_id:
            where = on.group_id == group_id
        elif interchange_id:
            where = on.interchange_id == interchange_id
        else:
            where = (on.file_id == file_id) & on.set_id.is_(None) & on.group_id.is_(None) & on.interchange_id.is_(None)
        return sorted((finding_of(row) for row in self._db.rows(select(findings).where(where))), key=in_order_of_place)

    def move_set(self, set_id: str, to: SetState, *, expected: Iterable[SetState], reason: str = "") -> bool:
        """Change a set's state if it is one of `expected` now; False (and no change) otherwise."""
        return self._db.move(transaction_sets, set_id, to, expected=expected, reason=reason)

    def refuse_sets(self, *, reason: str, interchange_id: str = "", group_id: str = "") -> int:
        """Refuse every set of an interchange or group that is still `checked`; return how many there were."""
        groups = select(functional_groups.c.id).where(functional_groups.c.interchange_id == interchange_id)
        of_it = transaction_sets.c.group_id == group_id if group_id else transaction_sets.c.group_id.in_(groups)
        return self._db.change(
            update(transaction_sets)
            .where(of_it, transaction_sets.c.state == SetState.CHECKED)
            .values(state=SetState.REFUSED, reason=reason)
        )

    def count_try(self, set_id: str) -> int:
        """Add one failed try and return how many there were."""
        return self._db.count_try(transaction_sets, set_id)

    def control_numbers_since(self, partner_id: str, since: datetime) -> list[tuple[Party, str]]:
        """Return sender and ISA13 of the interchanges a partner sent at or after `since`, in order of arrival."""
        its = interchanges.c
        found = self._db.rows(
            select(its.sender_qualifier, its.sender_id, its.control_number)
            .join(files, files.c.id == its.file_id)
            .where(files.c.partner_id == partner_id, files.c.received_at >= since)
            .order_by(files.c.received_at, files.c.id, its.ordinal)
        )
        return [(Party(row.sender_qualifier, row.sender_id), row.control_number) for row in found]

    def held_sets(self, partner_id: str) -> list[tuple[str, datetime]]:
        """Return id and the file's arrival of each of the partner's sets that a person must release, oldest first."""
        found = self._db.rows(
            select(transaction_sets.c.id, files.c.received_at)
            .join(files, files.c.id == transaction_sets.c.file_id)
            .where(files.c.partner_id == partner_id, transaction_sets.c.state == SetState.HELD)
            .order_by(files.c.received_at, transaction_sets.c.id)
        )
        return [(row.id, row.received_at) for row in found]

    def last_applied_at(self, scope: str) -> str:
        """Return the newest file stamp applied for a sponsor and policy, or ''."""
        return self._db.scalar(select(applied_stamps.c.stamp).where(applied_stamps.c.scope == scope)) or ""

    def note_applied(self, scope: str, stamp: str) -> None:
        """Remember the stamp of an applied file when it is newer than the one known."""
        if stamp > self.last_applied_at(scope):
            self._db.put(applied_stamps, [{"scope": scope, "stamp": stamp}], change=["stamp"])


def _interchange_row(record: InterchangeRecord) -> dict[str, Any]:
    """Return the row of an interchange."""
    its = record.interchange
    return {
        "id": record.id,
        "file_id": record.file_id,
        "ordinal": its.ordinal,
        "control_number": its.control_number,
        "sender_qualifier": its.sender.qualifier,
        "sender_id": its.sender.id,
        "receiver_qualifier": its.receiver.qualifier,
        "receiver_id": its.receiver.id,
        "date": its.date,
        "time": its.time,
        "version": its.version,
        "ack_requested": its.ack_requested,
        "usage": its.usage,
        **{f"{name}_delimiter": value for name, value in values_of(its.delimiters).items()},
        "ta1_code": record.ta1_code,
        "ta1_note": record.ta1_note,
    }


def _delimiters_of(row: Record) -> Delimiters:
    """Return the delimiters that an interchange declared."""
    return Delimiters(row.element_delimiter, row.component_delimiter, row.repetition_delimiter, row.segment_delimiter)


def interchange_of(row: Record) -> InterchangeRecord:
    """Return the interchange that a row of `interchanges` holds."""
    return InterchangeRecord(
        id=row.id,
        file_id=row.file_id,
        interchange=Interchange(
            ordinal=row.ordinal,
            control_number=row.control_number,
            sender=Party(row.sender_qualifier, row.sender_id),
            receiver=Party(row.receiver_qualifier, row.receiver_id),
            date=row.date,
            time=row.time,
            version=row.version,
            ack_requested=row.ack_requested,
            usage=row.usage,
            delimiters=_delimiters_of(row),
        ),
        ta1_code=row.ta1_code,
        ta1_note=row.ta1_note,
    )


def group_of(row: Record) -> GroupRecord:
    """Return the group that a row of `functional_groups` holds."""
    its = row._asdict()
    record = {name: its.pop(name) for name in ("id", "interchange_id", "ack", "included", "received", "accepted")}
    return GroupRecord(group=FunctionalGroup(**its), **record)


def _set_row(record: SetRecord) -> dict[str, Any]:
    """Return the row of a set; what its envelopes say stands in their rows."""
    own = ("id", "file_id", "group_id", "kept_path", "ack", "findings_left_out", "state", "reason", "tries")
    return {**values_of(record.set), **{name: getattr(record, name) for name in own}}


def select_sets() -> Select[Any]:
    """Return the select of sets with what their envelopes say, keys of their order first."""
    return (
        select(
            interchanges.c.ordinal,
            functional_groups.c.ordinal,
            transaction_sets.c.ordinal.label("ordinal_in_group"),
            *(column for column in transaction_sets.c if column.name != "ordinal"),
            files.c.partner_id,
            functional_groups.c.interchange_id,
            interchanges.c.control_number.label("isa13"),
            functional_groups.c.control_number.label("gs06"),
            interchanges.c.usage,
            interchanges.c.version,
            functional_groups.c.functional_id,
            interchanges.c.element_delimiter,
            interchanges.c.component_delimiter,
            interchanges.c.repetition_delimiter,
            interchanges.c.segment_delimiter,
        )
        .join_from(transaction_sets, functional_groups, functional_groups.c.id == transaction_sets.c.group_id)
        .join(interchanges, interchanges.c.id == functional_groups.c.interchange_id)
        .join(files, files.c.id == transaction_sets.c.file_id)
    )


def set_of(row: Record) -> SetRecord:
    """Return the set that a row of `select_sets` holds."""
    return SetRecord(
        id=row.id,
        file_id=row.file_id,
        partner_id=row.partner_id,
        interchange_id=row.interchange_id,
        group_id=row.group_id,
        isa13=row.isa13,
        gs06=row.gs06,
        usage=row.usage,
        version=row.version,
        functional_id=row.functional_id,
        kept_path=row.kept_path,
        delimiters=_delimiters_of(row),
        set=TransactionSet(
            ordinal=row.ordinal_in_group,
            type=row.type,
            control_number=row.control_number,
            guide=row.guide,
            byte_start=row.byte_start,
            byte_end=row.byte_end,
            segments=row.segments,
        ),
        ack=row.ack,
        findings_left_out=row.findings_left_out,
        state=row.state,
        reason=row.reason,
        tries=row.tries,
    )
