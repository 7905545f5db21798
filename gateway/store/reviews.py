"""Reviews of held sets, work items, and discrepancies of full files."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import select, update

from gateway.domain.review import Discrepancy, ItemEnd, Review, WorkItem
from gateway.errors import NotFound
from gateway.store.tables_review import discrepancies, reviews, work_items
from gateway.store.transaction import Transaction, chunks, values_of


class SqlReviews:
    """The `Reviews` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def add(self, review: Review) -> bool:
        """Add a decision; False when its id is there."""
        return self._db.add_one(reviews, values_of(review))

    def get(self, review_id: str) -> Review:
        """Return one decision; raises NotFound."""
        row = self._db.first(select(reviews).where(reviews.c.id == review_id))
        if row is None:
            raise NotFound(f"there is no review {review_id}")
        return Review(**row._asdict())

    def of_set(self, set_id: str) -> list[Review]:
        """Return the decisions about a set, oldest first."""
        found = select(reviews).where(reviews.c.set_id == set_id).order_by(reviews.c.at, reviews.c.id)
        return [Review(**row._asdict()) for row in self._db.rows(found)]


class SqlWorkItems:
    """The `WorkItems` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def add(self, items: Sequence[WorkItem]) -> None:
        """Add items; one whose id is there adds nothing."""
        self._db.add(work_items, map(values_of, items))

    def open_for(self, partner_id: str, subscriber_ids: Iterable[str]) -> list[WorkItem]:
        """Return a partner's open items of these subscribers, oldest first."""
        item = work_items.c
        found: list[WorkItem] = []
        for chunk in chunks(dict.fromkeys(subscriber_ids)):
            wanted = select(work_items).where(
                item.partner_id == partner_id, item.closed_at.is_(None), item.subscriber_id.in_(chunk)
            )
            found += [WorkItem(**row._asdict()) for row in self._db.rows(wanted)]
        return sorted(found, key=lambda each: (each.opened_at, each.id))

    def has_open(self, partner_id: str) -> bool:
        """Tell whether a partner has any open item."""
        return self._db.exists((work_items.c.partner_id == partner_id) & work_items.c.closed_at.is_(None))

    def close(self, item_ids: Iterable[str], ending: ItemEnd, *, at: datetime, by_set: str = "") -> None:
        """Close items that are still open."""
        item = work_items.c
        for chunk in chunks(item_ids):
            self._db.change(
                update(work_items)
                .where(item.id.in_(chunk), item.closed_at.is_(None))
                .values(ending=ending, closed_at=at, closed_by=by_set)
            )

    def close_set(self, set_id: str, ending: ItemEnd, *, at: datetime) -> None:
        """Close the open items that stand on a whole set."""
        item = work_items.c
        self._db.change(
            update(work_items)
            .where(item.set_id == set_id, item.ordinal == 0, item.closed_at.is_(None))
            .values(ending=ending, closed_at=at)
        )


class SqlDiscrepancies:
    """The `Discrepancies` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def add(self, set_id: str, found: Iterable[Discrepancy]) -> None:
        """Add the discrepancies of a set in their order; those that are there add nothing."""
        numbered = enumerate(found, start=1)
        self._db.add(discrepancies, ({"set_id": set_id, "number": n, **values_of(each)} for n, each in numbered))

    def of_set(self, set_id: str) -> Iterator[Discrepancy]:
        """Yield the discrepancies of a set in order, without holding them all."""
        number = discrepancies.c.number
        columns = (column for column in discrepancies.c if column.name not in {"set_id", "number"})
        for page in self._db.pages(select(number, *columns).where(discrepancies.c.set_id == set_id), number):
            for row in page:
                values = row._asdict()
                del values["number"]
                yield Discrepancy(**values)
