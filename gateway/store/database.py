"""The database: opened, migrated, checked, and handed out as units of work, queries and the embedded queue."""

from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from gateway.errors import SchemaOutdated
from gateway.ports.jobs import JobQueue, JobTable
from gateway.ports.queries import Queries
from gateway.ports.unit_of_work import OpenUnitOfWork
from gateway.store.engine import open_engine, reading
from gateway.store.job_table import EmbeddedQueue, SqlJobTable
from gateway.store.queries import SqlQueries
from gateway.store.unit_of_work import SqlUnitOfWork

_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """One database behind `sqlite:///path` or `postgresql://user@host/name`; safe to share between threads."""

    def __init__(self, url: str) -> None:
        """Take the URL; nothing is opened yet. Raises ConfigurationError for a URL of another kind."""
        self._engine = open_engine(url)

    @property
    def is_embedded(self) -> bool:
        """Whether this is SQLite: one process, jobs from the same tables."""
        return self._engine.dialect.name == "sqlite"

    @property
    def engine(self) -> Engine:
        """The engine, for the migrations' own tests."""
        return self._engine

    def upgrade(self) -> str:
        """Bring the schema to the newest version and return that version; one that is there is left as it is."""
        with self._engine.begin() as connection:
            command.upgrade(migrations(connection), "head")
            return ", ".join(MigrationContext.configure(connection).get_current_heads())

    def is_empty(self) -> bool:
        """Tell whether nothing was ever made in the database."""
        with reading(self._engine) as connection:
            return not MigrationContext.configure(connection).get_current_heads()

    def check_schema(self) -> None:
        """Raise SchemaOutdated unless the schema has exactly the version of this program."""
        wanted = set(ScriptDirectory.from_config(migrations()).get_heads())
        with reading(self._engine) as connection:
            found = set(MigrationContext.configure(connection).get_current_heads())
        if found != wanted:
            shown = ", ".join(sorted(found)) or "none"
            raise SchemaOutdated(
                f"The database has schema version {shown}, this program needs {', '.join(sorted(wanted))}.",
                hint="run `gateway db upgrade`",
            )

    def unit_of_work(self, queue: JobQueue) -> OpenUnitOfWork:
        """Return what opens units of work; the jobs they defer go to `queue` within their transaction."""
        return partial(SqlUnitOfWork, self._engine, queue)

    def queries(self) -> Queries:
        """Return the read models for people."""
        return SqlQueries(self._engine)

    def job_table(self) -> JobTable:
        """Return the embedded queue as the runner sees it."""
        return SqlJobTable(self._engine)

    def embedded_queue(self) -> JobQueue:
        """Return the embedded queue as a unit of work sees it."""
        return EmbeddedQueue(self._engine.dialect)

    def close(self) -> None:
        """Close every pooled connection."""
        self._engine.dispose()


def migrations(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration of our migrations, bound to `connection`."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
