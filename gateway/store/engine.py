"""Engines: how each database is opened, and how SQLite's transactions begin."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from gateway.errors import ConfigurationError
from gateway.store import driver_errors

_BUSY_SECONDS = 60  # how long a writer waits for another's transaction before it says ConcurrentChange
_CONNECT_SECONDS = 10
_SQLITE_CACHE_KB = 32 * 1024  # per connection, at most
_READ_ONLY: dict[str, dict[str, Any]] = {
    "sqlite": {"gateway_read_only": True},
    "postgresql": {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"},
}
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgresql+psycopg": "postgresql+psycopg"}


def open_engine(url: str) -> Engine:
    """Return the engine for `url`; its errors are of the StoreError tree, and never show a statement's parameters.

    Raises ConfigurationError for a URL of any other kind than `sqlite:///path` and `postgresql://user@host/name`.
    """
    try:
        parsed = make_url(url)
        driver = _DRIVERS[parsed.drivername]
    except (ArgumentError, KeyError):
        raise ConfigurationError(
            "`database_url` is neither `sqlite:///path` nor `postgresql://user@host/name`",
            hint="correct `database_url` in gateway.toml or GATEWAY_DATABASE_URL",
        ) from None
    parsed = parsed.set(drivername=driver)
    if driver == "sqlite":
        engine = create_engine(parsed, hide_parameters=True, connect_args={"timeout": _BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        # pool_pre_ping: a connection that the server dropped is replaced before work begins on it.
        connect_args = {"connect_timeout": _CONNECT_SECONDS}
        engine = create_engine(parsed, hide_parameters=True, pool_pre_ping=True, connect_args=connect_args)
    driver_errors.install(engine)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a connection that only reads, waits for no writer, and sees one state of the database throughout."""
    options = _READ_ONLY[engine.dialect.name]
    with engine.connect().execution_options(**options) as connection:
        yield connection


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """Set up one SQLite connection."""
    connection.isolation_level = None  # sqlite3 would begin late and deferred; `_begin_sqlite` begins instead
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    # FULL: a remote file is deleted and a control number used right after a commit; NORMAL may lose that commit when
    # the power fails.
    cursor.execute("PRAGMA synchronous = FULL")
    # Ids are spread evenly, so that a large file touches every page of an index: with SQLite's 2 MB most of them are
    # read and spilled again and again, and a member costs more the more there are.
    cursor.execute(f"PRAGMA cache_size = -{_SQLITE_CACHE_KB}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction; one that may write takes the write lock at once.

    A deferred transaction that read first cannot always become a writer: SQLite answers SQLITE_BUSY without waiting.
    """
    read_only = connection.get_execution_options().get("gateway_read_only", False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
