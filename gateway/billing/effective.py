"""Effective-dated rows: what every price, factor, fee and contribution is, and how a new table takes effect.

A row says something (`terms`) about one thing (`key`) from a day through a day. All tables of prices are made of such
rows, so looking one up, comparing two tables and letting one follow the other is written once, here (DOMAIN 8.1:
rates are effective-dated, a renewal changes only future periods unless it is flagged retro).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Generic, Protocol, Self, TypeAlias, TypeVar

_DAY = timedelta(days=1)
Key: TypeAlias = tuple[str, ...]


class Dated(Protocol):
    """A row that holds for a span of days; `ends_on` is inclusive, None means until the next row of its key begins."""

    @property
    def key(self) -> Key:
        """What the row is about, such as plan and tier."""
        ...

    @property
    def terms(self) -> tuple[object, ...]:
        """What the row says, such as an amount."""
        ...

    @property
    def starts_on(self) -> date:
        """The first day."""
        ...

    @property
    def ends_on(self) -> date | None:
        """The last day."""
        ...


class Divisible(Dated, Protocol):
    """A row that can be written anew for other days."""

    def over(self, starts_on: date, ends_on: date | None) -> Self:
        """Return the row for these days."""
        ...


_Row = TypeVar("_Row", bound=Dated)
_Cut = TypeVar("_Cut", bound=Divisible)


class Effective(Generic[_Row]):
    """Rows by key, in order of time."""

    def __init__(self, rows: Iterable[_Row] = ()) -> None:
        """Take the rows in any order."""
        self.rows: dict[Key, list[_Row]] = {}
        for row in sorted(rows, key=lambda row: row.starts_on):
            self.rows.setdefault(row.key, []).append(row)

    def on(self, key: Key, day: date) -> _Row | None:
        """Return the row of `key` in force on `day`: the latest to begin, unless it has ended; None in a gap."""
        row = next((row for row in reversed(self.rows.get(key, ())) if row.starts_on <= day), None)
        return None if row is None or (row.ends_on is not None and row.ends_on < day) else row

    def first_of(self, keys: Iterable[Key], day: date) -> _Row | None:
        """Return the row in force on `day` of the first of `keys` that has one."""
        return next((row for key in keys if (row := self.on(key, day)) is not None), None)

    def all_on(self, day: date) -> list[_Row]:
        """Return the row in force on `day` of every key that has one, in order of key."""
        return [row for key in sorted(self.rows) if (row := self.on(key, day)) is not None]


class Change(StrEnum):
    """What became of a row of a table."""

    ADDED = "added"
    CHANGED = "changed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class RowChange(Generic[_Row]):
    """One row that differs between two tables, `before` and `after`."""

    change: Change
    before: _Row | None
    after: _Row | None

    @property
    def row(self) -> _Row:
        """The row as it is afterwards, else as it was."""
        row = self.after or self.before
        assert row is not None  # noqa: S101 - a change has a side
        return row


def compare(before: Iterable[_Row], after: Iterable[_Row]) -> list[RowChange[_Row]]:
    """Return what differs, in order of key and first day: rows are the same row by key and first day.

    A row is ENDED when it is gone, and when it only got an earlier last day; a row that says something else or holds
    for longer is CHANGED.
    """
    old = {(row.key, row.starts_on): row for row in before}
    new = {(row.key, row.starts_on): row for row in after}
    found: list[RowChange[_Row]] = []
    for place in sorted(old.keys() | new.keys()):
        was, becomes = old.get(place), new.get(place)
        if was is None or becomes is None:
            found.append(RowChange(Change.ADDED if was is None else Change.ENDED, was, becomes))
        elif was.terms != becomes.terms:
            found.append(RowChange(Change.CHANGED, was, becomes))
        elif was.ends_on != becomes.ends_on:
            shorter = becomes.ends_on is not None and (was.ends_on is None or becomes.ends_on < was.ends_on)
            found.append(RowChange(Change.ENDED if shorter else Change.CHANGED, was, becomes))
    return found


def closed(rows: Iterable[_Cut]) -> list[_Cut]:
    """Return the rows with the last day written out that follows from the next row of the same key."""
    ordered = sorted(rows, key=lambda row: (row.key, row.starts_on))
    written: list[_Cut] = []
    for _, same in groupby(ordered, key=lambda row: row.key):
        in_order = list(same)
        for earlier, later in pairwise(in_order):
            ends_on = later.starts_on - _DAY
            is_open = earlier.ends_on is None or earlier.ends_on > ends_on
            written.append(earlier.over(earlier.starts_on, ends_on) if is_open else earlier)
        written.append(in_order[-1])
    return written


def splice(before: Sequence[_Cut], after: Sequence[_Cut], takes_effect_on: date | None) -> list[_Cut]:
    """Return the table that says what `before` says until `takes_effect_on`, and what `after` says from then on.

    None: `after` as a whole, which changes what months already billed cost (flagged retro). A row that goes on
    unchanged over that day stays one row. The result is `closed`, in order of key and first day.
    """
    if takes_effect_on is None:
        return closed(after)
    eve = takes_effect_on - _DAY
    kept = [
        row if row.ends_on is not None and row.ends_on <= eve else row.over(row.starts_on, eve)
        for row in closed(before)
        if row.starts_on <= eve
    ]
    coming = [
        row if row.starts_on >= takes_effect_on else row.over(takes_effect_on, row.ends_on)
        for row in closed(after)
        if row.ends_on is None or row.ends_on >= takes_effect_on
    ]
    goes_on = {(row.key, row.terms): row for row in coming if row.starts_on == takes_effect_on}
    joined: list[_Cut] = []
    for row in kept:
        follower = goes_on.pop((row.key, row.terms), None) if row.ends_on == eve else None
        joined.append(row if follower is None else row.over(row.starts_on, follower.ends_on))
    rest = [row for row in coming if row.starts_on > takes_effect_on]
    return closed([*joined, *goes_on.values(), *rest])
