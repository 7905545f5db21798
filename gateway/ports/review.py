"""What a unit of work keeps for people: reviews of held sets, work items, discrepancies of full files."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from gateway.domain.review import Discrepancy, ItemEnd, Review, WorkItem


class Reviews(Protocol):
    """What people decided about held sets: append-only."""

    def add(self, review: Review) -> bool:
        """Add a decision; False when its id is there."""
        ...

    def get(self, review_id: str) -> Review:
        """Return one decision; raises NotFound."""
        ...

    def of_set(self, set_id: str) -> list[Review]:
        """Return the decisions about a set, oldest first."""
        ...


class WorkItems(Protocol):
    """Members that were refused and sets that are held, until they are put right."""

    def add(self, items: Sequence[WorkItem]) -> None:
        """Add items; one whose id is there adds nothing."""
        ...

    def open_for(self, partner_id: str, subscriber_ids: Iterable[str]) -> list[WorkItem]:
        """Return a partner's open items of these subscribers, oldest first."""
        ...

    def has_open(self, partner_id: str) -> bool:
        """Tell whether a partner has any open item."""
        ...

    def close(self, item_ids: Iterable[str], ending: ItemEnd, *, at: datetime, by_set: str = "") -> None:
        """Close items that are still open."""
        ...

    def close_set(self, set_id: str, ending: ItemEnd, *, at: datetime) -> None:
        """Close the open items that stand on a whole set."""
        ...


class Discrepancies(Protocol):
    """What full files that only compare (BGN08 = 4) found."""

    def add(self, set_id: str, found: Iterable[Discrepancy]) -> None:
        """Add the discrepancies of a set in their order; those that are there add nothing."""
        ...

    def of_set(self, set_id: str) -> Iterator[Discrepancy]:
        """Yield the discrepancies of a set in order, without holding them all."""
        ...
