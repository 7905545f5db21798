"""Files as people read them: the log's lines and the timeline of one file."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from gateway.domain.charge import InvoiceRequest
from gateway.domain.coverage import MembershipLogEntry
from gateway.domain.exchange import AckCode, FileState, SetRecord, SetState
from gateway.domain.finding import Finding, Level
from gateway.domain.remittance import Receipt
from gateway.ports.queries import (
    Attempt,
    ChangeLine,
    DocumentLine,
    EnvelopeLine,
    Excerpt,
    FileLine,
    FindingLine,
    SetLine,
    Step,
    Timeline,
)
from gateway.store.exchanges import SqlExchanges, select_sets, set_of
from gateway.store.files import arrival_of
from gateway.store.invoices import select_invoices, summary_of
from gateway.store.read_reviews import discrepancies_of, reviews_of
from gateway.store.tables_billing import invoice_lines, invoice_requests, invoices, receipts
from gateway.store.tables_enrollment import membership_events, membership_log
from gateway.store.tables_exchange import (
    arrivals,
    delivery_attempts,
    documents,
    files,
    functional_groups,
    interchanges,
    transaction_sets,
)
from gateway.store.tables_work import log_events
from gateway.store.transaction import Record, Transaction

SHOWN = 200
"""How many items of a list that grows with files a view shows."""

_FINDINGS_SHOWN = 50  # of one set
_NO_EFFECT = [SetState.REFUSED, SetState.QUARANTINED]


def newest(db: Transaction, limit: int, partner_id: str) -> list[FileLine]:
    """Return the files that came last, newest first."""
    wanted = select(files).order_by(files.c.received_at.desc(), files.c.id).limit(limit)
    return file_lines(db, wanted.where(files.c.partner_id == partner_id) if partner_id else wanted)


def in_states(db: Transaction, *states: FileState) -> list[FileLine]:
    """Return the newest files in these states."""
    return file_lines(
        db, select(files).where(files.c.state.in_(states)).order_by(files.c.received_at.desc()).limit(SHOWN)
    )


def file_lines(db: Transaction, wanted: Select[*tuple[object, ...]]) -> list[FileLine]:
    """Return a line for each file that `wanted` selects (at most a few hundred), with its counts."""
    rows = db.rows(wanted)
    ids = [row.id for row in rows]
    sets, event = transaction_sets.c, membership_events.c
    refused = case((or_(sets.state.in_(_NO_EFFECT), sets.ack == AckCode.REJECTED), 1), else_=0)
    of_sets = {
        row.file_id: row
        for row in db.rows(
            select(sets.file_id, func.count().label("sets"), func.sum(refused).label("refused"))
            .where(sets.file_id.in_(ids))
            .group_by(sets.file_id)
        )
    }
    of_members = _counts(
        db,
        select(sets.file_id, func.count(event.member_id.distinct()))
        .join(membership_events, event.set_id == sets.id)
        .where(sets.file_id.in_(ids))
        .group_by(sets.file_id),
    )
    again = arrivals.c.is_duplicate & arrivals.c.file_id.in_(ids)
    duplicates = _counts(db, select(arrivals.c.file_id, func.count()).where(again).group_by(arrivals.c.file_id))
    sent: dict[str, list[DocumentLine]] = {}
    for document in document_lines(db, documents.c.subject_id.in_(ids)):
        sent.setdefault(document.subject_id, []).append(document)
    lines = []
    for row in rows:
        counted = of_sets.get(row.id)
        total, refusals = (counted.sets, int(counted.refused)) if counted else (0, 0)
        lines.append(
            FileLine(
                id=row.id,
                partner_id=row.partner_id,
                name=row.name,
                received_at=row.received_at,
                size_bytes=row.size_bytes,
                kept_path=row.kept_path,
                state=row.state,
                reason=row.reason,
                sets=total,
                accepted=total - refusals,
                refused=refusals,
                members=of_members.get(row.id, 0),
                duplicates=duplicates.get(row.id, 0),
                documents=tuple(sent.get(row.id, ())),
            )
        )
    return lines


def _counts(db: Transaction, statement: Select[*tuple[object, ...]]) -> dict[str, int]:
    """Return the second column by the first."""
    return {row[0]: row[1] for row in db.rows(statement)}


def document_lines(
    db: Transaction, condition: ColumnElement[bool], *, limit: int | None = None, newest_first: bool = False
) -> list[DocumentLine]:
    """Return outbound documents with the changes of their delivery state."""
    column = documents.c
    first = column.created_at.desc() if newest_first else column.created_at
    order = (first, column.control_number, column.name)
    rows = db.rows(select(documents).where(condition).order_by(*order).limit(limit))
    attempt = delivery_attempts.c
    wanted = select(delivery_attempts).where(attempt.document_id.in_([row.id for row in rows])).order_by(attempt.id)
    attempts: dict[str, list[Attempt]] = {}
    for row in db.rows(wanted) if rows else ():
        attempts.setdefault(row.document_id, []).append(Attempt(row.at, row.state, row.reason))
    lines = []
    for row in rows:
        values = row._asdict()
        for unshown in ("key", "sha256", "tries", "sealed_path", "sealed_bytes"):
            del values[unshown]
        lines.append(DocumentLine(**values, attempts=tuple(attempts.get(row.id, ()))))
    return lines


def timeline(db: Transaction, file_id: str) -> Timeline:
    """Return everything about one file that is there."""
    line = file_lines(db, select(files).where(files.c.id == file_id))[0]
    exchanges = SqlExchanges(db)
    sets = select(transaction_sets.c.id).where(transaction_sets.c.file_id == file_id)
    lines = select(invoice_lines.c.invoice_id).where(invoice_lines.c.set_id.in_(sets))
    invoiced = db.rows(
        select_invoices().where(invoices.c.id.in_(lines)).order_by(invoices.c.issued_at, invoices.c.id).limit(SHOWN)
    )
    subjects = [file_id, *(row.id for row in invoiced)]
    sent = document_lines(db, documents.c.subject_id.in_(subjects))
    landed = select(arrivals).where(arrivals.c.file_id == file_id).order_by(arrivals.c.arrived_at, arrivals.c.path)
    return Timeline(
        file=replace(line, documents=()),
        arrivals=tuple(arrival_of(row) for row in db.rows(landed)),
        steps=_steps(db, file_id, [*(row.id for row in invoiced), *(document.id for document in sent)]),
        findings=tuple(map(_finding_line, exchanges.findings(file_id=file_id))),
        envelopes=tuple(_envelopes(exchanges, file_id)),
        sets=_set_lines(db, exchanges, file_id),
        reviews=reviews_of(db, file_id),
        discrepancies=discrepancies_of(db, file_id, SHOWN),
        changes=changes(db, membership_events.c.set_id.in_(sets)),
        outcomes=outcomes(db, membership_log.c.set_id.in_(sets)),
        requests=_requests(db, membership_log.c.set_id.in_(sets)),
        invoices=tuple(summary_of(row) for row in invoiced),
        receipts=_receipts(db, or_(receipts.c.cash_set_id.in_(sets), receipts.c.remittance_set_id.in_(sets))),
        documents=tuple(sent),
    )


def _steps(db: Transaction, file_id: str, subjects: Sequence[str]) -> Excerpt[Step]:
    """Return what the stations wrote down about the file, and about the invoices and documents it caused."""
    event = log_events.c
    about = or_(event.file_id == file_id, and_(event.subject_id.in_(subjects), event.file_id == ""))
    rows = db.rows(select(log_events).where(about).order_by(event.at, event.id).limit(SHOWN))
    steps = tuple(Step(row.at, row.station, row.subject_id, row.text) for row in rows)
    return Excerpt(steps, _total(db, log_events.c.id, about))


def _total(db: Transaction, column: ColumnElement[object], condition: ColumnElement[bool]) -> int:
    """Return how many rows fulfil `condition`."""
    return int(db.scalar(select(func.count(column)).where(condition)))


def _finding_line(finding: Finding) -> FindingLine:
    """Return a finding without its value."""
    return FindingLine(finding.code, finding.level, finding.severity, finding.place, finding.member, finding.message)


def _envelopes(exchanges: SqlExchanges, file_id: str) -> list[EnvelopeLine]:
    """Return the interchanges of a file, each followed by its groups."""
    lines = []
    for record in exchanges.interchanges(file_id):
        found = tuple(map(_finding_line, exchanges.findings(interchange_id=record.id)))
        number = record.interchange.control_number
        lines.append(EnvelopeLine(Level.INTERCHANGE, number, "", record.ta1_code, record.ta1_note, found))
        for group in exchanges.groups(record.id):
            found = tuple(map(_finding_line, exchanges.findings(group_id=group.id)))
            number, guide = group.group.control_number, group.group.guide
            lines.append(EnvelopeLine(Level.GROUP, number, guide, group.ack, "", found))
    return lines


def _set_lines(db: Transaction, exchanges: SqlExchanges, file_id: str) -> Excerpt[SetLine]:
    """Return the first sets of a file with their findings."""
    of_file = transaction_sets.c.file_id == file_id
    order = (interchanges.c.ordinal, functional_groups.c.ordinal, transaction_sets.c.ordinal)
    rows = db.rows(select_sets().where(of_file).order_by(*order).limit(SHOWN))
    lines = tuple(_set_line(exchanges, set_of(row)) for row in rows)
    return Excerpt(lines, _total(db, transaction_sets.c.id, of_file))


def _set_line(exchanges: SqlExchanges, record: SetRecord) -> SetLine:
    """Return one set with its first findings."""
    found = exchanges.findings(set_id=record.id)
    return SetLine(
        id=record.id,
        isa13=record.isa13,
        gs06=record.gs06,
        st02=record.set.control_number,
        type=record.set.type,
        guide=record.set.guide,
        segments=record.set.segments,
        ack=record.ack,
        state=record.state,
        reason=record.reason,
        findings=Excerpt(tuple(map(_finding_line, found[:_FINDINGS_SHOWN])), len(found) + record.findings_left_out),
    )


def changes(db: Transaction, condition: ColumnElement[bool]) -> Excerpt[ChangeLine]:
    """Return membership events in the order they were learnt of."""
    event = membership_events.c
    wanted = select(membership_events).where(condition).order_by(event.known_at, event.set_id, event.ordinal)
    return Excerpt(tuple(_change_line(row) for row in db.rows(wanted.limit(SHOWN))), _total(db, event.key, condition))


def _change_line(row: Record) -> ChangeLine:
    """Return the event that a row of `membership_events` holds."""
    values = row._asdict()
    del values["key"], values["reason"]
    return ChangeLine(**values)


def outcomes(db: Transaction, condition: ColumnElement[bool]) -> Excerpt[MembershipLogEntry]:
    """Return membership log entries, oldest first."""
    entry = membership_log.c
    rows = db.rows(select(membership_log).where(condition).order_by(entry.at, entry.key).limit(SHOWN))
    return Excerpt(tuple(MembershipLogEntry(**row._asdict()) for row in rows), _total(db, entry.key, condition))


def _requests(db: Transaction, of_log: ColumnElement[bool]) -> tuple[InvoiceRequest, ...]:
    """Return the invoice requests that log entries made or joined."""
    named = select(membership_log.c.request_id).where(of_log)
    wanted = select(invoice_requests).where(invoice_requests.c.id.in_(named)).order_by(invoice_requests.c.id)
    return tuple(InvoiceRequest(**row._asdict()) for row in db.rows(wanted.limit(SHOWN)))


def _receipts(db: Transaction, condition: ColumnElement[bool]) -> tuple[Receipt, ...]:
    """Return receipts."""
    rows = db.rows(select(receipts).where(condition).order_by(receipts.c.id).limit(SHOWN))
    return tuple(Receipt(**row._asdict()) for row in rows)
