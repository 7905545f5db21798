"""Fresh, migrated databases for tests, quickly: a copied SQLite file, or a cloned database of our own PostgreSQL.

A test room that needs them imports the fixtures into its `conftest.py`:

    from tests.databases import database, database_url, open_unit, postgresql_server, sqlite_template  # noqa: F401

    database_url       URL of a fresh database with the newest schema; a test that asks for it runs on both databases
    database           the same, opened as `gateway.store.database.Database`, closed after the test
    open_unit          opens units of work on it; their jobs go to the embedded queue
    postgresql_server  the server alone (one per xdist worker, started when first asked for); `fresh_database()`
                       gives the URL of one more database, for tests that need PostgreSQL and nothing else

A test that means one database only parametrizes `database_url` indirectly:

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import psycopg
import pytest

from gateway.ports.unit_of_work import OpenUnitOfWork
from gateway.store.database import Database
from gateway.store.tables import metadata

_MEMORY = Path("/dev/shm")  # nothing here must outlive the tests, so the disk is spared where it can be
_TEMPLATE = "gateway_template"
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=50", "autovacuum=off")


class PostgresqlServer:
    """A PostgreSQL of our own on a free loopback port; it refuses to run as root, so root starts it as `nobody`."""

    def __init__(self, programs: Path, folder: Path, settings: Sequence[str] = QUICK) -> None:
        """Take where PostgreSQL's programs are, a folder for the data, and settings (`name=value`)."""
        self._programs = programs
        self._settings = settings
        self._data = folder / "data"
        self._user = pwd.getpwuid(os.geteuid()).pw_name
        self._prefix: tuple[str, ...] = ()
        if os.geteuid() == 0:
            self._user = "nobody"
            self._prefix = ("runuser", "-u", "nobody", "--")
            shutil.chown(folder, "nobody")
        self._numbers = count(1)
        self._given_back: list[str] = []
        self.port = 0

    def start(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._run("initdb", "-D", self._data, "-U", "gateway", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = " ".join(f"-c {setting}" for setting in self._settings)
        listen = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self._run("pg_ctl", "-D", self._data, "-l", self._data / "log", "-o", f"{listen} {options}", "-w", "start")
        self._statement(f"CREATE DATABASE {_TEMPLATE}")
        template = Database(self._url(_TEMPLATE))
        template.upgrade()
        template.close()

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def fresh_database(self) -> str:
        """Return the URL of an empty database with the newest schema: one given back, else a clone of the template."""
        if self._given_back:
            return self._given_back.pop()
        name = f"gateway_{next(self._numbers)}"
        self._statement(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        return self._url(name)

    def give_back(self, url: str) -> None:
        """Empty the database for the next test, which is quicker than a clone; drop it when that cannot be done."""
        ours = [table.name for table in reversed(metadata.sorted_tables)]
        try:
            with psycopg.connect(url, options="-c lock_timeout=1000") as connection:
                found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
                if {*ours, "alembic_version"} == {name for (name,) in found}:
                    connection.execute("SET LOCAL session_replication_role = replica")  # the journal's guards sleep
                    connection.execute("; ".join(f'DELETE FROM "{name}"' for name in ours))
                    self._given_back.append(url)
                    return
        except psycopg.OperationalError:
            pass  # the test left a transaction open
        self._statement(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def _url(self, name: str) -> str:
        return f"postgresql://gateway@127.0.0.1:{self.port}/{name}"

    def _statement(self, sql: str) -> None:
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(sql)

    def _run(self, program: str, *words: object) -> None:
        command = [*self._prefix, str(self._programs / program), *map(str, words)]
        done = subprocess.run(command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
        assert 0 == done.returncode, f"{program} failed; its words are above, the server's in {self._data}/log"


def postgresql_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL's programs, or None where it is not installed."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = installed[-1] if installed else shutil.which("initdb")
    return None if found is None else Path(found).parent


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """The server of this test process; skips, loudly, where PostgreSQL is not installed."""
    programs = postgresql_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed, so this was tried on SQLite only: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="gateway-postgresql-", dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        server = PostgresqlServer(programs, Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "gateway.db"
    template = Database(f"sqlite:///{path}")
    template.upgrade()
    template.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database with the newest schema, on each kind in turn."""
    if request.param == "sqlite":
        path = tmp_path / "gateway.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        url = server.fresh_database()
        yield url
        server.give_back(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database with the newest schema, opened."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def open_unit(database: Database) -> OpenUnitOfWork:
    """Opens units of work on the fresh database."""
    return database.unit_of_work(database.embedded_queue())
