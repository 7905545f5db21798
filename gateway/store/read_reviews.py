"""What people look at and decide, as they read it: reviews, discrepancies of full files, the work list."""

from sqlalchemy import ColumnElement, func, select

from gateway.domain.remedy import remedy_of
from gateway.domain.review import Review
from gateway.ports.queries import DiscrepancyLine, Excerpt, WorkLine
from gateway.store.tables_exchange import functional_groups, interchanges, transaction_sets
from gateway.store.tables_review import discrepancies, reviews, work_items
from gateway.store.transaction import Record, Transaction


def reviews_of(db: Transaction, file_id: str) -> tuple[Review, ...]:
    """Return who decided what about the sets of a file, oldest first."""
    wanted = select(reviews).where(reviews.c.file_id == file_id).order_by(reviews.c.at, reviews.c.id)
    return tuple(Review(**row._asdict()) for row in db.rows(wanted))


def discrepancies_of(db: Transaction, file_id: str, limit: int) -> Excerpt[DiscrepancyLine]:
    """Return what the comparing sets of a file found, in the order of the sets."""
    its, of_set = discrepancies.c, transaction_sets.c
    of_file = of_set.file_id == file_id
    columns = [column for column in its if column.name not in {"set_id", "number"}]
    wanted = (
        select(its.set_id, of_set.control_number.label("st02"), *columns)
        .join_from(discrepancies, transaction_sets, of_set.id == its.set_id)
        .where(of_file)
        .order_by(of_set.byte_start, its.number)
        .limit(limit)
    )
    total = select(func.count(its.number)).join_from(discrepancies, transaction_sets, of_set.id == its.set_id)
    lines = tuple(DiscrepancyLine(**row._asdict()) for row in db.rows(wanted))
    return Excerpt(lines, int(db.scalar(total.where(of_file))))


def worklist(db: Transaction, partner_id: str, limit: int, *, closed: bool) -> Excerpt[WorkLine]:
    """Return what waits to be put right, oldest first; `closed`: what was, the last closed first."""
    item = work_items.c
    wanted: ColumnElement[bool] = item.closed_at.is_not(None) if closed else item.closed_at.is_(None)
    if partner_id:
        wanted &= item.partner_id == partner_id
    order = (item.closed_at.desc(), item.id) if closed else (item.opened_at, item.set_id, item.ordinal, item.id)
    rows = db.rows(
        select(
            work_items,
            interchanges.c.control_number.label("isa13"),
            functional_groups.c.control_number.label("gs06"),
            transaction_sets.c.control_number.label("st02"),
        )
        .join_from(work_items, transaction_sets, transaction_sets.c.id == item.set_id)
        .join(functional_groups, functional_groups.c.id == transaction_sets.c.group_id)
        .join(interchanges, interchanges.c.id == functional_groups.c.interchange_id)
        .where(wanted)
        .order_by(*order)
        .limit(limit)
    )
    total = int(db.scalar(select(func.count(item.id)).where(wanted)))
    return Excerpt(tuple(map(_work_line, rows)), total)


def _work_line(row: Record) -> WorkLine:
    """Return one item with its remedy."""
    values = row._asdict()
    del values["names"]
    return WorkLine(**values, remedy=remedy_of(row.code))
