"""A gateway home with real parts: SQLite, kept bytes in folders, partners who share a folder with us, a still clock.

A test room that needs it imports the fixtures into its `conftest.py` or its module:

    from tests.unit.pipeline.house import house, make_house  # noqa: F401
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest

from gateway.bootstrap import App, open_app
from gateway.domain.exchange import ReceivedFile
from gateway.jobs.embedded import EmbeddedRunner
from gateway.partners.profile import PartnerStatus
from gateway.pipeline.bill import BillReport
from gateway.pipeline.plant import Plant
from gateway.pipeline.receive import PollReport
from gateway.pipeline.work import perform
from gateway.ports.clock import FixedClock
from gateway.ports.jobs import Decision, Job
from gateway.settings import Home, packaged_mappings, packaged_partners
from gateway.transport.agreed import agreement_with
from gateway.transport.folder import open_folder
from gateway.transport.payloads import ProtectedPayloads
from gateway.x12.guide import GuideLibrary

OCTOBER = datetime(2025, 10, 23, 9, tzinfo=UTC)
SETTINGS = """
[identity]
id = "EXAMPLEHEALTH"
name = "Example Health Plan"
contact_name = "EDI support"

[work]
threads = 1
"""
_MEMORY = Path("/dev/shm")  # nothing here must outlive a test, so the disk is spared where it can be
_WHAT_STAYS = shutil.ignore_patterns("mappings", "partners", "gateway.toml", ".gateway.lock")
OF_THE_QUEUE = frozenset({"jobs", "alembic_version"})


@cache
def _guides() -> GuideLibrary:
    """Return the packaged guides, compiled once: nothing in them changes."""
    return GuideLibrary(packaged_mappings() / "guides")


class House:
    """One home with its gateway; partners' folders lie in `mailboxes/<partner>`."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.clock = FixedClock(OCTOBER)
        self.mailboxes = folder / "mailboxes"
        self._files = folder / "handed-over"
        self._number = 0
        if not self.home.settings_file.exists():
            shutil.copytree(packaged_mappings(), self.home.mappings)
            shutil.copytree(packaged_partners(), self.home.partners)
            self.home.settings_file.write_text(SETTINGS)
            self._files.mkdir()
            for partner in self.home.partners.glob("*/profile.toml"):
                for name in ("outbox", "inbox"):
                    (self.mailboxes / partner.parent.name / name).mkdir(parents=True)
        self.app = self._open()
        self.refit(open_session=lambda partner_id: open_folder(self.mailboxes / partner_id))

    def _open(self) -> App:
        app = open_app(self.home, self.clock)
        partners = {
            key: replace(each, profile=each.profile.model_copy(update={"status": PartnerStatus.ACTIVE}))
            for key, each in app.plant.partners.items()
        }
        payloads = ProtectedPayloads(lambda partner_id: agreement_with(self.home, self.plant.partners[partner_id]))
        return replace(app, plant=replace(app.plant, partners=partners, guides=_guides(), payloads=payloads))

    @property
    def plant(self) -> Plant:
        return self.app.plant

    def refit(self, **parts: object) -> None:
        """Exchange parts of the plant."""
        self.app = replace(self.app, plant=replace(self.plant, **parts))

    def agree(self, partner_id: str, **sections: object) -> None:
        """Change a partner's profile: a section's fields as a mapping, or a plain value."""
        partner = self.plant.partners[partner_id]
        profile = partner.profile
        changed = {
            name: getattr(profile, name).model_copy(update=dict(value)) if isinstance(value, Mapping) else value
            for name, value in sections.items()
        }
        self._exchange(replace(partner, profile=profile.model_copy(update=changed)))

    def agree_on_billing(self, partner_id: str, **sections: object) -> None:
        """Change a partner's billing."""
        partner = self.plant.partners[partner_id]
        self._exchange(replace(partner, billing=partner.billing.model_copy(update=sections)))

    def _exchange(self, partner: object) -> None:
        self.refit(partners={**self.plant.partners, partner.id: partner})

    def drop(self, partner_id: str, name: str, content: bytes) -> Path:
        """Have a partner leave a file in its outbox, at the clock's instant."""
        path = self.mailboxes / partner_id / "outbox" / name
        path.write_bytes(content)
        os.utime(path, (self.clock.instant.timestamp(),) * 2)
        return path

    def poll(self, partner_id: str) -> PollReport:
        """Look twice, so that what lies still is received; return the second look's report."""
        self.app.poll(partner_id)
        return self.app.poll(partner_id)

    def work(self, *, times: int = 1) -> int:
        """Do all that is due; with `times`, each job as often, as if its end had not been written down."""
        if times == 1:
            return self.app.runner().drain()

        def again(job: Job, attempt: int) -> Decision:
            return [perform(self.plant, job, attempt) for _ in range(times)][-1]

        lock_file = self.home.path / ".gateway.lock"
        return EmbeddedRunner(self.app.database.job_table(), again, self.clock, threads=1, lock_file=lock_file).drain()

    def work_on(self, *, hours: int = 400) -> None:
        """Do all that is due now and in the hours to come, as the clock moves from one retry to the next."""
        end = self.clock.instant.timestamp() + hours * 3600
        self.work()
        while (due := self.app.database.job_table().next_due()) is not None and due.timestamp() <= end:
            self.clock.instant = max(due, self.clock.instant)
            self.work()

    def take(self, partner_id: str, content: bytes, name: str = "") -> ReceivedFile:
        """Hand a file over and do all that follows; return what became of it."""
        self._number += 1
        path = self._files / (name or f"file-{self._number}")
        path.write_bytes(content)
        os.utime(path, (self.clock.instant.timestamp(),) * 2)
        arrival = self.app.ingest(path, partner_id)
        self.work()
        return self.app.file(arrival.file_id)

    def bill(self, on: date | None = None) -> BillReport:
        """Run the bill run of a day (default: the clock's) and deliver its feeds."""
        report = self.app.bill(on or self.clock.business_date())
        self.work()
        return report

    def inbox(self, partner_id: str) -> dict[str, bytes]:
        """Return what lies in the folder where a partner looks for our documents."""
        return {path.name: path.read_bytes() for path in sorted((self.mailboxes / partner_id / "inbox").iterdir())}

    def answers(self, partner_id: str, kind: str) -> list[list[str]]:
        """Return the segments of each acknowledgement of a kind in a partner's inbox."""
        found = [content for name, content in self.inbox(partner_id).items() if name.startswith(f"{kind}_")]
        return [content.decode().replace("\n", "").split("~") for content in found]

    def rows(self, sql: str, *values: object) -> list[tuple]:
        """Return the rows of a query on the database as it is."""
        with closing(sqlite3.connect(self.home.path / "gateway.db")) as database:
            return database.execute(sql, values).fetchall()

    def tables(self) -> list[str]:
        """Return the tables that hold effects: all but the queue's own."""
        names = {name for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return sorted(name for name in names - OF_THE_QUEUE if not name.startswith("sqlite_"))

    def effects(self) -> dict[str, object]:
        """Return every row of every table, as text, and every byte that lies with the partners or is kept."""
        tables = self.tables()
        with closing(sqlite3.connect(self.home.path / "gateway.db")) as database:
            found: dict[str, object] = {
                table: sorted(map(repr, database.execute(f"SELECT * FROM {table}"))) for table in tables
            }
        for root in (self.mailboxes, self.home.inbound, self.home.outbound):
            files = [path for path in root.rglob("*") if path.is_file()]
            found[root.name] = {str(path.relative_to(root)): path.read_bytes() for path in files}
        return found

    def everything(self) -> dict[str, object]:
        """Return what must not change when something runs twice: the effects, and what people are shown of them."""
        return {**self.effects(), "summary": self.app.queries.summary()}

    def incidents(self) -> list[tuple[str, str]]:
        """Return kind and partner of every open incident."""
        return self.rows("SELECT kind, partner_id FROM incidents WHERE closed_at IS NULL ORDER BY kind, partner_id")

    def keep(self, folder: Path) -> None:
        """Copy all that changes in this home into `folder`."""
        self.close()  # all connections, so that SQLite leaves nothing beside its file
        shutil.copytree(self.home.path, folder, ignore=_WHAT_STAYS)

    def restore(self, folder: Path) -> None:
        """Put back what was kept in `folder`."""
        self.close()
        for name in ("gateway.db-wal", "gateway.db-shm"):
            (self.home.path / name).unlink(missing_ok=True)
        for part in (self.mailboxes, self.home.inbound, self.home.outbound):
            shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(folder, self.home.path, dirs_exist_ok=True)

    def close(self) -> None:
        """Give the database back."""
        self.app.database.close()


@pytest.fixture(scope="session")
def _template() -> Iterator[Path]:
    """A home with a migrated database, to copy."""
    with tempfile.TemporaryDirectory(prefix="gateway-house-", dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        template = House(Path(folder) / "template")
        template.app.upgrade()
        template.close()
        yield template.home.path


@pytest.fixture
def make_house(_template: Path) -> Iterator[Callable[[], House]]:
    """Make homes; they are gone when the test ends."""
    with ExitStack() as stack:

        def make() -> House:
            folder = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="house-", dir=_template.parent, ignore_cleanup_errors=True)
            )
            shutil.copytree(_template, folder, dirs_exist_ok=True)
            made = House(Path(folder))
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def house(make_house: Callable[[], House]) -> House:
    """One home."""
    return make_house()
