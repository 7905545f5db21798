"""Work that takes too long: unfinished files, deliveries, and acknowledgements that are owed or awaited."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType


class Waiting(StrEnum):
    """What is waited for."""

    FILE = "file"  # an inbound file that is not at the end of its route
    ACK_OWED = "ack_owed"  # TA1, 999 or 997 that we have not sent
    REPORT_OWED = "report_owed"  # an 824 that we have not sent
    DELIVERY = "delivery"  # a document that is not in the partner's folder
    ACK_AWAITED = "ack_awaited"  # a document that the partner has not acknowledged
    HELD = "held"  # a set that a person must release


class Alarm(StrEnum):
    """How long it has been: past half of its time, or past all of it."""

    LATE_SOON = "late_soon"
    OVERDUE = "overdue"


PATIENCE: Mapping[Waiting, timedelta] = MappingProxyType(
    {
        Waiting.FILE: timedelta(hours=1),
        Waiting.ACK_OWED: timedelta(hours=1),  # DOMAIN 11, rule 5
        Waiting.REPORT_OWED: timedelta(hours=16),  # for the next business day at 07:00
        Waiting.DELIVERY: timedelta(hours=4),
        Waiting.ACK_AWAITED: timedelta(days=2),
        Waiting.HELD: timedelta(days=1),
    }
)
"""How long each thing may take; the alarm is raised at half (DOMAIN 11, rule 5)."""


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Something unfinished: what is waited for, its id, whose it is, and since when (UTC)."""

    waiting: Waiting
    id: str
    partner_id: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Overdue:
    """An alarm about one open item; `key` is the same for the same item and alarm, however often it is looked at."""

    key: str
    alarm: Alarm
    item: OpenItem
    age: timedelta
    message: str


def find_overdue(
    items: Iterable[OpenItem], now: datetime, patience: Mapping[Waiting, timedelta] = PATIENCE
) -> list[Overdue]:
    """Return an alarm for each item that has waited at least half of its time, the longest waiting first."""
    return sorted(
        (_overdue(item, now - item.since, patience[item.waiting]) for item in items if _is_old(item, now, patience)),
        key=lambda overdue: (overdue.item.since, overdue.key),
    )


def _is_old(item: OpenItem, now: datetime, patience: Mapping[Waiting, timedelta]) -> bool:
    """Tell whether half of the item's time is over."""
    return (now - item.since) * 2 >= patience[item.waiting]


def _overdue(item: OpenItem, age: timedelta, allowed: timedelta) -> Overdue:
    """Return the alarm of one item."""
    alarm = Alarm.OVERDUE if age >= allowed else Alarm.LATE_SOON
    limit = "longer than" if alarm is Alarm.OVERDUE else "of"
    what = f"{item.waiting} {item.id} of {item.partner_id}"
    message = f"{what} has waited {_in_words(age)}, {limit} the {_in_words(allowed)} it may take"
    return Overdue(f"aging/{item.waiting}/{item.id}/{alarm}", alarm, item, age, message)


def _in_words(span: timedelta) -> str:
    """Return a span in its largest fitting unit, rounded down: `3 days`, `5 hours`, `40 minutes`."""
    minutes = int(span.total_seconds() // 60)
    for unit, size in (("day", 1440), ("hour", 60)):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit}s"
    return f"{minutes} minutes"
