"""The connection of one unit of work, and the few shapes of statement that the store is made of."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import Field, fields
from enum import StrEnum
from functools import cache
from itertools import chain, islice
from operator import attrgetter
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, TypeAlias, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Row,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    func,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from gateway.store.bulk import bulk_insert, on_clash

CHUNK = 2000
"""Rows or ids per statement: bounds memory, and stays far below the limits on bound parameters."""

_T = TypeVar("_T")
Values: TypeAlias = Mapping[str, object]


class Dataclass(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


Record: TypeAlias = Row[*tuple[Any, ...]]
"""A row as the database gives it back: its columns are attributes, typed by what was selected."""


class Transaction:
    """Wraps a connection; statements run in the transaction that the unit of work opens and ends."""

    def __init__(self, connection: Connection) -> None:
        """Take the connection of the unit of work."""
        self.connection = connection
        self.is_sqlite = connection.dialect.name == "sqlite"

    def add(self, table: Table, rows: Iterable[Values]) -> None:
        """Insert rows in bulk; one whose key is there is left as it is."""
        self._bulk(table, rows, "ON CONFLICT DO NOTHING")

    def add_one(self, table: Table, row: Values, *, key: Sequence[str] | None = None) -> bool:
        """Insert a row; False, and nothing, when it is there.

        `key` names the columns that make it the same row; None: any unique key does. Any other clash is a
        ConcurrentChange.
        """
        clash = "ON CONFLICT DO NOTHING" if key is None else f"ON CONFLICT ({', '.join(key)}) DO NOTHING"
        names = tuple(row)
        insert = bulk_insert(table, names, clash, self.connection.dialect)
        return insert.run(self.connection, [[row[name] for name in names]]) == 1

    def insert(self, table: Table, rows: Iterable[Values]) -> None:
        """Insert rows in bulk; a key that is there is a ConcurrentChange."""
        self._bulk(table, rows, "")

    def put(self, table: Table, rows: Iterable[Values], *, change: Sequence[str]) -> None:
        """Insert rows in bulk, one for each primary key; of one that is there, the columns in `change` are written."""
        self._bulk(table, rows, on_clash(table, change, self.connection.dialect))

    def add_values(self, table: Table, names: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> None:
        """Insert rows that hold a value for each of the columns `names`; one whose key is there is left as it is."""
        self._bulk_values(table, names, rows, "ON CONFLICT DO NOTHING")

    def insert_values(self, table: Table, names: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> None:
        """Insert rows that hold a value for each of the columns `names`; a key that is there is a ConcurrentChange."""
        self._bulk_values(table, names, rows, "")

    def put_values(
        self, table: Table, names: tuple[str, ...], rows: Iterable[Sequence[Any]], *, change: Sequence[str]
    ) -> None:
        """Insert rows that hold a value for each of the columns `names`; of one that is there, `change` is written."""
        self._bulk_values(table, names, rows, on_clash(table, change, self.connection.dialect))

    def _bulk(self, table: Table, rows: Iterable[Values], clash: str) -> None:
        """Insert rows that all have the same columns."""
        rows = iter(rows)
        first = next(rows, None)
        if first is not None:
            names = tuple(first)
            self._bulk_values(table, names, ([row[name] for name in names] for row in chain((first,), rows)), clash)

    def _bulk_values(self, table: Table, names: tuple[str, ...], rows: Iterable[Sequence[Any]], clash: str) -> None:
        """Insert rows in chunks."""
        insert = bulk_insert(table, names, clash, self.connection.dialect)
        for chunk in chunks(rows):
            insert.run(self.connection, chunk)

    def count_up(self, table: Table, key: Values, *, wraps_after: int | None = None) -> int:
        """Add one to the column `last` of the row `key` (made at 1) and return it; others wait for this transaction."""
        statement = _count_up(table, tuple(key), wraps_after, is_sqlite=self.is_sqlite)
        return int(self.connection.execute(statement, key).scalar_one())

    def rows(self, statement: Executable, values: Values | None = None) -> Sequence[Record]:
        """Return all rows of a statement whose result is small.

        `values` are those of its named parameters: a statement that is run a thousand times is made once, as a
        constant, as making one takes longer than running it.
        """
        return self.connection.execute(statement, values).all()

    def first(self, statement: Executable, values: Values | None = None) -> Record | None:
        """Return the first row or None; `values` as for `rows`."""
        return self.connection.execute(statement, values).first()

    def scalar(self, statement: Executable, values: Values | None = None) -> Any:  # noqa: ANN401 - the column says it
        """Return the first column of the first row, or None; `values` as for `rows`."""
        return self.connection.execute(statement, values).scalar()

    def change(self, statement: Executable, values: Values | None = None) -> int:
        """Run an update or delete and return how many rows it touched; `values` as for `rows`."""
        return self.connection.execute(statement, values).rowcount

    def move(self, table: Table, row_id: str, to: StrEnum, *, expected: Iterable[StrEnum], reason: str) -> bool:
        """Change a row's state if it is one of `expected` now; False (and no change) otherwise."""
        statement = (
            update(table).where(table.c.id == row_id, table.c.state.in_(list(expected))).values(state=to, reason=reason)
        )
        return self.change(statement) == 1

    def count_try(self, table: Table, row_id: str) -> int:
        """Add one to a row's failed tries and return how many there were."""
        statement = update(table).where(table.c.id == row_id).values(tries=table.c.tries + 1).returning(table.c.tries)
        return int(self.scalar(statement) or 0)

    def pages(self, statement: Select[Any], *order: ColumnElement[Any]) -> Iterator[Sequence[Record]]:
        """Yield the rows of a select in pages, ordered by `order` (together unique, and selected first).

        Each page starts after the last key of the page before, so nothing is held open in between: rows may be
        changed and the transaction committed while the pages are read.
        """
        page = self.rows(statement.order_by(*order).limit(CHUNK))
        while page:
            yield page
            if len(page) < CHUNK:
                return
            after = tuple_(*order) > tuple_(*page[-1][: len(order)])
            page = self.rows(statement.where(after).order_by(*order).limit(CHUNK))

    def among(self, column: ColumnElement[str], ids: Iterable[str]) -> ColumnElement[bool]:
        """Return the condition that `column` is one of `ids` (at most a chunk): one parameter, whatever their number.

        An IN of as many parameters is rendered anew, and read by the database anew, for every chunk.
        """
        return is_among(column, literal(self.id_list(ids), ID_LIST[self.is_sqlite]), is_sqlite=self.is_sqlite)

    def id_list(self, ids: Iterable[str]) -> str | list[str]:
        """Return ids as the one parameter of `is_among`."""
        return json.dumps(list(ids)) if self.is_sqlite else list(ids)

    def exists(self, condition: ColumnElement[bool]) -> bool:
        """Tell whether any row fulfils `condition`."""
        return bool(self.scalar(select(select(1).where(condition).exists())))


ID_LIST: Mapping[bool, TypeEngine[Any]] = MappingProxyType({True: Text(), False: postgresql.ARRAY(Text)})
"""The type of a list of ids as one parameter; True is SQLite's."""


def is_among(column: ColumnElement[str], ids: ColumnElement[Any], *, is_sqlite: bool) -> ColumnElement[bool]:
    """Return the condition that `column` is one of the ids in the parameter `ids`."""
    if is_sqlite:
        return column.in_(select(func.json_each(ids).table_valued("value").c.value))
    return column == any_(ids)


@cache
def _count_up(table: Table, names: tuple[str, ...], wraps_after: int | None, *, is_sqlite: bool) -> Executable:
    """Return the statement that adds one to the row of the key `names`, or makes it, and returns its `last`."""
    last = table.c.last
    following: Any = last + 1 if wraps_after is None else (last % wraps_after) + 1
    insert = sqlite.insert(table) if is_sqlite else postgresql.insert(table)
    return (
        insert.values({**{name: bindparam(name) for name in names}, "last": 1})
        .on_conflict_do_update(index_elements=list(table.primary_key.columns), set_={"last": following})
        .returning(last)
    )


def chunks(items: Iterable[_T]) -> Iterator[list[_T]]:
    """Yield `items` in lists of at most CHUNK."""
    iterator = iter(items)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


class Shape:
    """Which fields of a domain object make which columns of its row: the field's own name, the last of `a.b`."""

    def __init__(self, *paths: str) -> None:
        """Take the paths of at least two fields."""
        self.names = tuple(path.rpartition(".")[2] for path in paths)
        self.take: Callable[[Any], tuple[Any, ...]] = attrgetter(*paths)


def values_of(item: Dataclass) -> dict[str, Any]:
    """Return the fields of a dataclass by name, not looking into nested ones."""
    names, take = _fields_of(type(item))
    return dict(zip(names, take(item), strict=True))


@cache
def _fields_of(kind: type[Dataclass]) -> tuple[tuple[str, ...], Callable[[Dataclass], tuple[Any, ...]]]:
    """Return the names of a dataclass's fields (two at least), and what takes their values from one."""
    names = tuple(field.name for field in fields(kind))
    return names, attrgetter(*names)
