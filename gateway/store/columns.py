"""Column types shared by all tables: what the domain says on one side, what both databases hold on the other."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, Enum, ForeignKey, Integer, MetaData, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from gateway.domain.money import Money, from_cents, to_cents
from gateway.domain.period import CoverageMonth

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# Byte order on both databases: ids sort in SQL as they sort in Python, and a prefix search can use the index.
_PLAIN: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")

RowId = BigInteger().with_variant(Integer, "sqlite")
"""A number the database counts up; SQLite does that for INTEGER only."""


class PlainText(TypeDecorator[str]):
    """Text in byte order. A NUL, which PostgreSQL cannot hold, is kept as the replacement character."""

    impl = _PLAIN
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return `value` without NUL characters."""
        return value.replace("\x00", "\ufffd") if value and "\x00" in value else value


class Reference(TypeDecorator[str]):
    """The id of another row: '' in the domain where there is none, NULL in the database."""

    impl = _PLAIN
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return NULL for the empty id."""
        return value or None

    def process_result_value(self, value: str | None, dialect: Dialect) -> str:
        """Return the empty id for NULL."""
        return value or ""


class Cents(TypeDecorator[Money]):
    """Money as a whole number of cents; a fraction of a cent is refused (ValueError)."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Money | None, dialect: Dialect) -> int | None:
        """Return cents."""
        return None if value is None else to_cents(value)

    def process_result_value(self, value: int | Decimal | None, dialect: Dialect) -> Money | None:
        """Return money; sums arrive as Decimal from PostgreSQL and as int from SQLite."""
        return None if value is None else from_cents(int(value))


class Instant(TypeDecorator[datetime]):
    """An instant in UTC, aware on the way in and on the way out; a time without a zone is refused (ValueError)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone was about to be stored as an instant; instants are UTC")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC: SQLite gives it back without a zone, PostgreSQL in the session's."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Month(TypeDecorator[CoverageMonth]):
    """A coverage month as `YYYY-MM`."""

    impl = _PLAIN
    cache_ok = True

    def process_bind_param(self, value: CoverageMonth | None, dialect: Dialect) -> str | None:
        """Return the month as text."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> CoverageMonth | None:
        """Return the month."""
        return None if value is None else CoverageMonth.parse(value)


_JSON = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))
_NOTHING = "[]"


class Json(TypeDecorator[object]):
    """Nested tuples of text and numbers that are kept whole and never searched."""

    impl = _PLAIN
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        """Return the value as JSON text."""
        if value is None:
            return None
        return _NOTHING if value == () else _JSON.encode(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> object:
        """Return the value with lists as tuples, as the domain writes them."""
        if value is None:
            return None
        return () if value == _NOTHING else _tuples(json.loads(value))


def _tuples(value: object) -> object:
    """Return `value` with every list in it turned into a tuple."""
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def text(name: str, *, primary_key: bool = False, nullable: bool = False) -> Column[str]:
    """Return a text column; absent text is '' unless it is `nullable`."""
    return Column(name, PlainText, primary_key=primary_key, nullable=nullable)


def _key_of(target: str) -> ForeignKey:
    """Return a foreign key that is checked at commit: a unit of work writes its rows in the order it learns of them.

    The check of a file, for one, knows a set before it knows how the set's interchange ends.
    """
    return ForeignKey(target, deferrable=True, initially="DEFERRED")


def owned_by(name: str, target: str, *, primary_key: bool = False) -> Column[str]:
    """Return a column that must name a row of `target` (`table.column`)."""
    return Column(name, PlainText, _key_of(target), primary_key=primary_key, nullable=False)


def refers_to(name: str, target: str) -> Column[str]:
    """Return a column that names a row of `target` (`table.column`), or none."""
    return Column(name, Reference, _key_of(target), nullable=True)


def one_of(name: str, states: type[StrEnum], *, nullable: bool = False) -> Column[Any]:
    """Return a column that holds one of a closed set, guarded by a CHECK made from the enum (DESIGN, STYLE 13)."""
    kind = Enum(
        states,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=name,
        values_callable=lambda members: [member.value for member in members],
    )
    return Column(name, kind, nullable=nullable)
