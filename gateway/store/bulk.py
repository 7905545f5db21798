"""The bulk path into a table: many rows in one call of the driver, past SQLAlchemy's work on each value.

SQLAlchemy still says how a column's values are converted and how names are quoted; the conversion runs by column, each
distinct value once. SQLite takes the rows by the driver's `executemany`, PostgreSQL as one text per column that it
takes apart itself, in a single INSERT … SELECT from `unnest`: one `join` costs the client a tenth of what an array of
parameters does.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Column, Connection, Dialect, Table

from gateway.errors import StoreError
from gateway.store.columns import Json, PlainText

_ARRAY = "(string_to_array(%s, %s, %s))[2:]::{type}[]"  # the first is empty: a text of one empty value is none
_MARKS = (("\x1f", "\x1e"), *((chr(code), chr(code + 1)) for code in range(0xE000, 0xF8FF, 2)))
"""What may stand between values and for NULL: the first two characters that no value holds."""
_COUNTS = {"preserve_rowcount": True}

Convert: TypeAlias = Callable[[Sequence[Any]], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class BulkInsert:
    """An INSERT into some columns of one table of one kind of database, ready to run."""

    sql: str
    is_by_column: bool  # one text per column, or one tuple per row
    converts: tuple[Convert | None, ...]

    def run(self, connection: Connection, rows: Iterable[Sequence[Any]]) -> int:
        """Insert `rows`, each with a value for every column in their order, at least one; return how many were.

        Raises StoreError for a value that the column cannot hold.
        """
        try:
            columns = [
                values if convert is None else convert(values)
                for convert, values in zip(self.converts, zip(*rows, strict=True), strict=True)
            ]
        except ValueError as error:
            raise StoreError(f"The database was not asked: {error}") from error
        if self.is_by_column:
            texts = tuple(part for column in columns for part in _as_text(column))
            done = connection.exec_driver_sql(self.sql, texts, execution_options=_COUNTS)
        else:
            done = connection.exec_driver_sql(self.sql, list(zip(*columns, strict=True)), execution_options=_COUNTS)
        return done.rowcount


@lru_cache(maxsize=256)
def bulk_insert(table: Table, names: tuple[str, ...], clash: str, dialect: Dialect) -> BulkInsert:
    """Return the INSERT of the columns `names`; `clash` is its ON CONFLICT clause, or empty."""
    quote = dialect.identifier_preparer.quote
    columns = [table.columns[name] for name in names]
    into = f"INSERT INTO {quote(table.name)} ({', '.join(map(quote, names))})"
    is_by_column = dialect.name == "postgresql"
    if is_by_column:
        arrays = ", ".join(_ARRAY.format(type=_plain_type(column, dialect)) for column in columns)
        sql = f"{into} SELECT * FROM unnest({arrays}) {clash}"
    else:
        sql = f"{into} VALUES ({', '.join('?' * len(names))}) {clash}"
    return BulkInsert(sql, is_by_column, tuple(_conversion(column, dialect) for column in columns))


def on_clash(table: Table, change: Sequence[str], dialect: Dialect) -> str:
    """Return the clause that writes the columns `change` of a row whose primary key is there."""
    quote = dialect.identifier_preparer.quote
    key = ", ".join(quote(column.name) for column in table.primary_key.columns)
    return f"ON CONFLICT ({key}) DO UPDATE SET " + ", ".join(f"{quote(n)} = excluded.{quote(n)}" for n in change)


def _plain_type(column: Column[Any], dialect: Dialect) -> str:
    """Return the column's type as SQL without collation and length: an INSERT checks the length, a cast would cut."""
    return dialect.type_compiler_instance.process(column.type).partition(" COLLATE")[0].partition("(")[0]


def _conversion(column: Column[Any], dialect: Dialect) -> Convert | None:
    """Return what turns a column's domain values into the driver's; None where they are the same."""
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    if process is None:
        return None
    if isinstance(column.type, PlainText):
        return lambda values: values if _has_no_nul(values) else list(map(process, values))
    if isinstance(column.type, Json):  # equal values may differ as JSON: 1 and True
        return lambda values: list(map(process, values))
    return lambda values: _each_once(process, values)


def _as_text(values: Sequence[Any]) -> tuple[str, str, str]:
    """Return a column's values as the one text that PostgreSQL takes apart, and the marks it does that by."""
    try:
        held, has_none = "".join(values), False
    except TypeError:  # not all of them are texts
        texts = {value: None if value is None else str(value) for value in set(values)}
        values = [texts[value] for value in values]
        held, has_none = "".join(filter(None, texts.values())), None in texts
    between, null = next((one, other) for one, other in _MARKS if one not in held and other not in held)
    if has_none:
        values = [null if value is None else value for value in values]
    return between + between.join(values), between, null


def _has_no_nul(values: Sequence[str | None]) -> bool:
    """Tell whether no text holds a NUL character."""
    return "\x00" not in "".join(filter(None, values))


def _each_once(process: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    """Convert every distinct value once: dates, instants and states of one chunk are few."""
    converted = {value: process(value) for value in set(values)}
    return [converted[value] for value in values]
