"""The one door for what the drivers raise: every error of sqlite3 and psycopg leaves as one of the StoreError tree.

A driver's text may quote a row (PostgreSQL's DETAIL does), and a row may be a person's: only codes and the names of
constraints are let through.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from gateway.errors import ConcurrentChange, GatewayError, SchemaOutdated, StoreError, StoreUnavailable

_SQLITE_NO_ANSWER = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY}
_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_TAKEN = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
_POSTGRES_CONCURRENT = {"23505", "40001", "40P01", "55P03"}  # unique, serialization, deadlock, lock not available
_POSTGRES_NO_ANSWER = ("08", "53", "57", "58")  # connection, resources, operator, system: classes of SQLSTATE
_POSTGRES_NO_SUCH = {"42P01", "42703"}  # table, column


def install(engine: Engine) -> None:
    """Translate every error that leaves `engine`."""
    event.listen(engine, "handle_error", _translate)


@contextmanager
def translated() -> Iterator[None]:
    """Translate what a statement on the bare driver connection raises, or what wraps it by one layer."""
    try:
        yield
    except GatewayError:
        raise
    except Exception as error:
        found = as_store_error(error) or as_store_error(error.__cause__)
        if found is None:
            raise
        raise found from error


def as_store_error(error: BaseException | None) -> StoreError | None:
    """Return the StoreError for a driver's `error`, or None when it is no driver's error."""
    if isinstance(error, sqlite3.Error):
        return _from_sqlite(error)
    if error is not None and hasattr(error, "sqlstate"):  # psycopg is an optional extra: known by its attributes
        return _from_postgres(error, error.sqlstate)
    return None


def _translate(context: ExceptionContext) -> StoreError:
    """Return what replaces the error that SQLAlchemy met."""
    error = context.original_exception
    found = as_store_error(error)
    if found is None:
        return StoreError(f"The database was not asked: {error}")
    error.args = (str(found),)  # the original stays in the traceback as the cause, without the row it quotes
    return found


def _from_sqlite(error: sqlite3.Error) -> StoreError:
    """Sort an error of sqlite3 by its result code; its texts name tables and columns, never values."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    said = f"SQLite said: {error}."
    if code & 0xFF in _SQLITE_BUSY or code in _SQLITE_TAKEN:
        return ConcurrentChange(f"{ConcurrentChange.__doc__} {said}")
    if code & 0xFF in _SQLITE_NO_ANSWER:
        return StoreUnavailable(f"{StoreUnavailable.__doc__} {said}")
    if str(error).startswith(("no such table", "no such column")):
        return SchemaOutdated(f"{SchemaOutdated.__doc__} {said}")
    return StoreError(f"{StoreError.__doc__} {said}")


def _from_postgres(error: BaseException, sqlstate: str | None) -> StoreError:
    """Sort an error of psycopg by its SQLSTATE; an OperationalError without one means that nobody answered."""
    if sqlstate is None:
        no_answer = any(kind.__name__ == "OperationalError" for kind in type(error).__mro__)
        kind = StoreUnavailable if no_answer else StoreError
        return kind(f"{kind.__doc__} psycopg said: {type(error).__name__}.")
    diagnosis = getattr(error, "diag", None)
    about = getattr(diagnosis, "constraint_name", None) or getattr(diagnosis, "table_name", None) or "no constraint"
    said = f"PostgreSQL said: {type(error).__name__} (SQLSTATE {sqlstate}, {about})."
    if sqlstate in _POSTGRES_CONCURRENT:
        return ConcurrentChange(f"{ConcurrentChange.__doc__} {said}")
    if sqlstate[:2] in _POSTGRES_NO_ANSWER:
        return StoreUnavailable(f"{StoreUnavailable.__doc__} {said}")
    if sqlstate in _POSTGRES_NO_SUCH:
        return SchemaOutdated(f"{SchemaOutdated.__doc__} {said}")
    return StoreError(f"{StoreError.__doc__} {said}")
