"""The work list of one set: refused members open items, a member that comes again and is applied closes its own."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from gateway.domain.coverage import MaintenanceRequest
from gateway.domain.exchange import SetRecord, SetState
from gateway.domain.finding import Finding
from gateway.domain.identity import content_id
from gateway.domain.review import ItemEnd, WorkItem
from gateway.enrollment.identity import SUBSCRIBER, names_to_find, subscriber_key
from gateway.ports.unit_of_work import UnitOfWork
from gateway.transactions.member_834 import RefusedRequest


class WorkList:
    """What one set opens and closes, decided in memory and written at its end.

    A member is the same when partner, account, subscriber id and one of the names it is recognised by agree
    (`enrollment.identity.names_to_find`); an item whose account was not known is of any account.
    """

    def __init__(self, unit: UnitOfWork, record: SetRecord, now: datetime) -> None:
        """Take the set that is being applied; `now` is the instant of what it opens and closes."""
        self._unit = unit
        self._record = record
        self._now = now
        self._has_open = unit.work_items.has_open(record.partner_id)
        self._waiting: dict[str, list[WorkItem]] = {}  # by subscriber: items of earlier sets, for one chunk
        self._opened: dict[str, dict[str, WorkItem]] = {}  # by subscriber and id: items of this set
        self._closed: dict[str, ItemEnd] = {}

    def concerned(self, subscriber_ids: Iterable[str]) -> set[str]:
        """Return those of these subscribers, as `subscriber_key` writes them, who have an item that is open."""
        wanted = {subscriber_key(each) for each in subscriber_ids}
        found = {subscriber for subscriber in wanted if self._opened.get(subscriber)}
        if self._has_open:
            found |= {item.subscriber_id for item in self._unit.work_items.open_for(self._record.partner_id, wanted)}
        return found

    def look_up(self, requests: Iterable[MaintenanceRequest | RefusedRequest]) -> None:
        """Load the open items of a chunk's subscribers, where the partner has any."""
        self._waiting = {}
        if self._has_open:
            subscribers = {subscriber_key(request.subscriber_id) for request in requests}
            for item in self._unit.work_items.open_for(self._record.partner_id, subscribers):
                if item.id not in self._closed:
                    self._waiting.setdefault(item.subscriber_id, []).append(item)

    def refused(
        self, request: MaintenanceRequest | RefusedRequest, account_id: str, findings: Sequence[Finding]
    ) -> None:
        """Open an item for each error of a member; older items of the same member give way to them."""
        errors = [finding for finding in findings if finding.is_error]
        since: dict[str, datetime] = {}
        for older in self._items_of(request, account_id):
            since.setdefault(older.code, older.opened_at)
            self._close(older, ItemEnd.SENT_AGAIN)
        for finding in errors:
            item = WorkItem(
                id=content_id("W", self._record.id, request.ordinal, finding.code, finding.message),
                partner_id=self._record.partner_id,
                account_id=account_id,
                subscriber_id=subscriber_key(request.subscriber_id),
                names=self._names(request),
                code=finding.code,
                message=finding.message,
                file_id=self._record.file_id,
                set_id=self._record.id,
                ordinal=request.ordinal,
                position=finding.place.position or request.position,
                opened_at=since.get(finding.code, self._now),
            )
            self._opened.setdefault(item.subscriber_id, {})[item.id] = item
            self._closed.pop(item.id, None)

    def applied(self, request: MaintenanceRequest, account_id: str) -> None:
        """Close the items of a member that was applied."""
        if self._waiting or self._opened:
            for item in self._items_of(request, account_id):
                self._close(item, ItemEnd.APPLIED)

    def write(self, unit: UnitOfWork, state: SetState, findings: Sequence[Finding]) -> None:
        """Write what the set came to: only an applied one closes items, a held one opens a single item of its own."""
        items = unit.work_items
        if state is SetState.HELD:
            on_set = [finding for finding in findings if finding.is_error and finding.member is None]
            items.add([self._held(finding) for finding in on_set[:1]])
            return
        items.add([item for of_subscriber in self._opened.values() for item in of_subscriber.values()])
        for ending in (ItemEnd.APPLIED, ItemEnd.SENT_AGAIN):
            if state is SetState.APPLIED or ending is ItemEnd.SENT_AGAIN:
                closed = [item_id for item_id, each in self._closed.items() if each is ending]
                items.close(closed, ending, at=self._now, by_set=self._record.id)

    def _held(self, finding: Finding) -> WorkItem:
        """Return the item of the whole set, which a person closes by releasing or refusing it."""
        return WorkItem(
            id=content_id("W", self._record.id, 0, finding.code, finding.message),
            partner_id=self._record.partner_id,
            account_id="",
            subscriber_id="",
            names=(),
            code=finding.code,
            message=finding.message,
            file_id=self._record.file_id,
            set_id=self._record.id,
            ordinal=0,
            position=finding.place.position or 0,
            opened_at=self._now,
        )

    def _items_of(self, request: MaintenanceRequest | RefusedRequest, account_id: str) -> list[WorkItem]:
        """Return the open items of the same member, of earlier sets and of this one."""
        subscriber = subscriber_key(request.subscriber_id)
        mine = self._opened.get(subscriber, {})
        known = [item for item in self._waiting.get(subscriber, ()) if item.id not in mine]
        if not subscriber or (not mine and not known):  # without REF*0F nobody can tell whose member it is
            return []
        names = set(self._names(request))
        return [
            item
            for item in (*known, *mine.values())
            if item.id not in self._closed
            and (not account_id or item.account_id in {"", account_id})
            and names.intersection(item.names)
        ]

    def _close(self, item: WorkItem, ending: ItemEnd) -> None:
        """Close an item; one that this very set opened is as if it had never been."""
        self._opened.get(item.subscriber_id, {}).pop(item.id, None)
        self._closed[item.id] = ending

    def _names(self, request: MaintenanceRequest | RefusedRequest) -> tuple[str, ...]:
        """Return hashes of what the member is recognised by."""
        subscriber = subscriber_key(request.subscriber_id)
        return tuple(content_id("I", self._record.partner_id, subscriber, name) for name in _names(request))


def _names(request: MaintenanceRequest | RefusedRequest) -> Iterator[str]:
    """Yield what a member is recognised by; of one whose INS01 could not be read, as subscriber and as dependent."""
    if request.is_subscriber is not False:
        yield SUBSCRIBER
    if request.is_subscriber is not True:
        yield from names_to_find(request.person, request.relationship)
