"""Every error of a driver has its place in our tree, and quotes no row."""

import sqlite3

import pytest

from gateway.errors import ConcurrentChange, ConfigurationError, SchemaOutdated, StoreError, StoreUnavailable
from gateway.store.driver_errors import as_store_error, translated


def sqlite_error(code: int, text: str = "…") -> sqlite3.Error:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


class PostgresqlError(Exception):
    """What psycopg raises, as far as it is looked at."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("Failing row contains (Planted, 1980-02-29)")
        self.sqlstate = sqlstate


class OperationalError(PostgresqlError):
    """What psycopg raises when the server was not reached."""


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (sqlite_error(sqlite3.SQLITE_BUSY), ConcurrentChange),
        (sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT), ConcurrentChange),
        (sqlite_error(sqlite3.SQLITE_LOCKED), ConcurrentChange),
        (sqlite_error(sqlite3.SQLITE_CONSTRAINT_UNIQUE), ConcurrentChange),
        (sqlite_error(sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY), ConcurrentChange),
        (sqlite_error(sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY), StoreError),
        (sqlite_error(sqlite3.SQLITE_CONSTRAINT_CHECK), StoreError),
        (sqlite_error(sqlite3.SQLITE_CANTOPEN), StoreUnavailable),
        (sqlite_error(sqlite3.SQLITE_IOERR_FSYNC), StoreUnavailable),
        (sqlite_error(sqlite3.SQLITE_FULL), StoreUnavailable),
        (sqlite_error(sqlite3.SQLITE_READONLY), StoreUnavailable),
        (sqlite_error(sqlite3.SQLITE_ERROR, "no such table: files"), SchemaOutdated),
        (sqlite_error(sqlite3.SQLITE_ERROR, "no such column: files.tries"), SchemaOutdated),
        (sqlite_error(sqlite3.SQLITE_ERROR, 'near "SELEC": syntax error'), StoreError),
        (sqlite3.ProgrammingError("Cannot operate on a closed database."), StoreError),
        (OperationalError(None), StoreUnavailable),
        (PostgresqlError(None), StoreError),
        (PostgresqlError("08006"), StoreUnavailable),
        (PostgresqlError("53300"), StoreUnavailable),
        (PostgresqlError("57P01"), StoreUnavailable),
        (PostgresqlError("23505"), ConcurrentChange),
        (PostgresqlError("40001"), ConcurrentChange),
        (PostgresqlError("40P01"), ConcurrentChange),
        (PostgresqlError("55P03"), ConcurrentChange),
        (PostgresqlError("42P01"), SchemaOutdated),
        (PostgresqlError("42703"), SchemaOutdated),
        (PostgresqlError("23503"), StoreError),
        (PostgresqlError("22P02"), StoreError),
    ],
)
def test_an_error_of_a_driver_becomes_one_of_ours(error: Exception, ours: type[StoreError]) -> None:
    found = as_store_error(error)
    assert ours is type(found)
    assert "Planted" not in str(found)


def test_what_wraps_a_drivers_error_is_translated_too() -> None:
    def defer() -> None:
        try:
            raise PostgresqlError("57P01")
        except PostgresqlError as error:
            raise RuntimeError("the queue failed") from error

    with pytest.raises(StoreUnavailable), translated():
        defer()


@pytest.mark.parametrize("error", [ConfigurationError("…"), KeyError("…")])
def test_what_is_no_drivers_error_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, translated():
        raise error
    assert error is caught.value
