"""The only wiring place: a home in, an `App` out. Concrete classes are named here, once."""

import gc
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from gateway import logs
from gateway.billing.calendar import WorkCalendar, parse_calendar
from gateway.billing.dates import DATE_ALGORITHMS
from gateway.billing.hooks import HOOKS
from gateway.configuration.toml_file import closest, read_toml
from gateway.domain.bill_run import RunOrder
from gateway.domain.exchange import Arrival, OutboundDocument, ReceivedFile, SetState
from gateway.domain.mistake import Mistake
from gateway.domain.request_audit import Characteristic
from gateway.errors import ConfigurationError, TransportError
from gateway.feeds.statement import StatementNotes
from gateway.jobs.daemon import Daemon
from gateway.jobs.embedded import EmbeddedRunner
from gateway.jobs.processes import in_processes
from gateway.jobs.timetable import ApsTimetable
from gateway.partners.loader import load_partners
from gateway.partners.partner import Partner
from gateway.partners.plan import applied_folder
from gateway.partners.profile import PartnerStatus, SecretReference
from gateway.partners.secrets import resolve_secret
from gateway.pipeline.bill import BillReport, Tell, bill, quietly
from gateway.pipeline.deliver import resend
from gateway.pipeline.eligibility import set_eligibility
from gateway.pipeline.feed import statement_notes
from gateway.pipeline.guards import EnrollmentPreview
from gateway.pipeline.incidents import open_connection_fault
from gateway.pipeline.plant import Plant
from gateway.pipeline.receive import PollReport, ingest, poll
from gateway.pipeline.release import Reviewed, preview_release, refuse, release
from gateway.pipeline.release_account import AccountReleased, release_account
from gateway.pipeline.request import Ordered, approve, cancel, create_requests, reject
from gateway.pipeline.request_target import RequestOrder
from gateway.pipeline.request_types import note_versions
from gateway.pipeline.run import Ended, bill_orders
from gateway.pipeline.timetable import schedules, tick
from gateway.pipeline.watch import watch
from gateway.pipeline.work import perform
from gateway.ports.clock import Clock, FixedClock
from gateway.ports.jobs import Decision, Job, Runner
from gateway.ports.queries import Kind, Queries
from gateway.ports.transport import Session
from gateway.remittance.policy import PolicyFile, PolicyUse, parse_policies, without_policy
from gateway.settings import Home, Settings, load_settings
from gateway.store.database import Database
from gateway.transactions.census_compile import load_layouts
from gateway.transactions.census_layout import Layout
from gateway.transactions.mapping import Departures, check_mapping
from gateway.transactions.mapping import Mapping as GuideMapping
from gateway.transactions.quirks import QUIRKS
from gateway.transport.agreed import agreement_with, endpoint_of
from gateway.transport.archive import FolderArchive
from gateway.transport.budget import Budget
from gateway.transport.payloads import ProtectedPayloads
from gateway.transport.sftp import open_sftp
from gateway.transport.vault import Vault
from gateway.x12.guide import GuideLibrary

_POLICIES = "collection.toml"


@dataclass(frozen=True, slots=True)
class App:
    """The gateway of one home, wired. Every command is a call on it; it holds no state of its own."""

    home: Home
    plant: Plant
    database: Database
    queries: Queries
    is_distributed: bool
    database_url: str

    def upgrade(self) -> list[str]:
        """Bring the database to this program's schema; return a line for each thing done or found in order."""
        lines = [f"schema {self.database.upgrade()}"]
        if self.is_distributed:
            from gateway.jobs.distributed import install_schema  # noqa: PLC0415 - procrastinate is an optional extra

            lines.append("job tables made" if install_schema(self.database_url) else "job tables are there")
        return lines

    def prepare(self) -> None:
        """Make the database of a new home, and raise SchemaOutdated when an existing one is not this program's.

        Only the embedded database is made by itself: one that several nodes share is upgraded by a person.
        """
        if self.database.is_embedded and self.database.is_empty():
            self.upgrade()
        self.database.check_schema()

    def active_partners(self) -> list[str]:
        """Return the ids of the partners that are polled."""
        return [
            partner.id
            for partner in self.plant.partners.values()
            if partner.profile.status is PartnerStatus.ACTIVE and partner.profile.sftp is not None
        ]

    def poll(self, partner_id: str) -> PollReport:
        """Look into one partner's folder once; not getting in there is an incident, as in the daemon."""
        try:
            return poll(self.plant, partner_id)
        except TransportError as error:
            with self.plant.open_unit() as unit:
                open_connection_fault(self.plant, unit, partner_id, error)
                unit.commit()
            raise

    def ingest(self, path: Path, partner_id: str) -> Arrival:
        """Receive a local file as if the partner had sent it."""
        return ingest(self.plant, path, partner_id)

    def bill(self, on: date, *, tell: Tell = quietly) -> BillReport:
        """Bill what is due on the batch business date `on`; on PostgreSQL, a long run in several processes."""
        return bill(self.plant, on, spread=self._spread, tell=tell)

    def release_account(self, account_id: str, *, by: str, reason: str) -> AccountReleased:
        """Let a held account's bill go out as it is. Raises NotFound, NotAllowed."""
        return release_account(self.plant, self.queries.find(Kind.ACCOUNT, account_id), by=by, reason=reason)

    def _spread(self, lists: Sequence[Sequence[RunOrder]]) -> Iterator[list[Ended]]:
        """Bill lists of orders in as many processes as settings and work allow, else in this one."""
        wanted = self.plant.settings.work.bill_processes or os.cpu_count() or 1
        processes = min(wanted, len(lists) // _ACCOUNTS_WORTH_A_PROCESS)
        if not self.is_distributed or processes < 2:  # SQLite takes one writer at a time
            return (bill_orders(self.plant, orders) for orders in lists)
        begin = partial(_begin_billing, self.home, self.plant.clock, logging.getLogger().level)
        return in_processes(processes, begin, lists, at_once=_ACCOUNTS_AT_ONCE)

    def statement_notes(self) -> StatementNotes:
        """Return what statements tell besides their figures."""
        return statement_notes(self.plant)

    def resend(self, document_id: str, *, by: str, reason: str) -> OutboundDocument:
        """Have a document that was given up delivered after all. Raises NotFound, NotAllowed."""
        return resend(self.plant, document_id, by=by, reason=reason)

    def reseal(self) -> tuple[int, int]:
        """Encrypt what is kept under the archive's present key; return how many files were changed, and stay."""
        return FolderArchive(self.home.path, _vault(self.home, self.plant.settings)).reseal()

    def watch(self, partner_id: str) -> None:
        """Look for what a partner should have sent and did not."""
        watch(self.plant, partner_id)

    def file(self, file_id: str) -> ReceivedFile:
        """Return one inbound file; raises NotFound."""
        with self.plant.open_unit() as unit:
            return unit.files.get(file_id)

    def refusals(self, file_id: str) -> list[str]:
        """Return a line for each set of the file that was not applied, and for each error found in a set."""
        stopped = (SetState.REFUSED, SetState.HELD, SetState.QUARANTINED)
        lines = []
        with self.plant.open_unit() as unit:
            for record in unit.exchanges.sets_of_file(file_id, states=[*stopped, SetState.APPLIED]):
                name = f"{record.set.type} {record.set.control_number}"
                if record.state in stopped:
                    lines.append(f"{name} {record.state}: {record.reason}")
                lines += [
                    f"{name} segment {finding.place.position or '-'}: {finding.message}"
                    for finding in unit.exchanges.findings(set_id=record.id)
                    if finding.is_error and finding.message != record.reason
                ]
        return lines

    def preview_release(self, set_id: str) -> EnrollmentPreview:
        """Return what a release of a held set would do, and write nothing. Raises NotFound, NotAllowed."""
        return preview_release(self.plant, self._set_id(set_id))

    def release(self, set_id: str, *, by: str, reason: str) -> Reviewed:
        """Have a held set applied without the guard that holds it. Raises NotFound, NotAllowed."""
        return release(self.plant, self._set_id(set_id), by=by, reason=reason)

    def refuse(self, set_id: str, *, by: str, reason: str) -> Reviewed:
        """End a held set without effect. Raises NotFound, NotAllowed."""
        return refuse(self.plant, self._set_id(set_id), by=by, reason=reason)

    def create_requests(self, order: RequestOrder) -> list[Ordered]:
        """Make the requests that a person orders; an account id may be shortened. Raises NotFound, NotAllowed."""
        note_versions(self.plant)
        account_id = self.queries.find(Kind.ACCOUNT, order.account_id) if order.account_id else ""
        return create_requests(self.plant, replace(order, account_id=account_id))

    def approve_request(self, request_id: str, *, by: str) -> Ordered:
        """Approve a request that waits for it. Raises NotFound, NotAllowed."""
        return approve(self.plant, self.queries.find(Kind.REQUEST, request_id), by=by)

    def reject_request(self, request_id: str, *, by: str, reason: str) -> Ordered:
        """Reject a request that waits for approval. Raises NotFound, NotAllowed."""
        return reject(self.plant, self.queries.find(Kind.REQUEST, request_id), by=by, reason=reason)

    def cancel_request(self, request_id: str, *, by: str, reason: str) -> Ordered:
        """Cancel a request that is not final. Raises NotFound, NotAllowed."""
        return cancel(self.plant, self.queries.find(Kind.REQUEST, request_id), by=by, reason=reason)

    def set_eligibility(self, membership_id: str, *, eligible: bool, by: str, reason: str) -> Characteristic:
        """Say whether a membership is eligible for invoice requests. Raises NotFound, NotAllowed."""
        whole = self.queries.find(Kind.MEMBER, membership_id)
        return set_eligibility(self.plant, whole, eligible=eligible, by=by, reason=reason)

    def set_state(self, set_id: str) -> tuple[SetState, str]:
        """Return a set's state and its reason; raises NotFound."""
        with self.plant.open_unit() as unit:
            record = unit.exchanges.get_set(self._set_id(set_id))
            return record.state, record.reason

    def _set_id(self, prefix: str) -> str:
        """Return the whole id of a set."""
        return self.queries.find(Kind.SET, prefix)

    def runner(self) -> Runner:
        """Return what runs jobs: threads of this process on SQLite, a procrastinate worker on PostgreSQL."""
        threads = self.plant.settings.work.threads
        if self.is_distributed:
            from gateway.jobs.distributed import DistributedRunner  # noqa: PLC0415 - as above

            return DistributedRunner(self.database_url, self._perform, threads=threads)
        lock_file = self.home.path / ".gateway.lock"
        return EmbeddedRunner(
            self.database.job_table(), self._perform, self.plant.clock, threads=threads, lock_file=lock_file
        )

    def daemon(self) -> Daemon:
        """Return the daemon: this node's clock and its runner."""
        plant = self.plant
        note_versions(plant)
        timetable = ApsTimetable(schedules(plant), lambda schedule, slot: tick(plant, schedule, slot))
        return Daemon(timetable, self.runner())

    def _perform(self, job: Job, attempt: int) -> Decision:
        """Run one job."""
        return perform(self.plant, job, attempt)


_ACCOUNTS_WORTH_A_PROCESS = 50  # a process takes about as long to begin as this many accounts to bill
_ACCOUNTS_AT_ONCE = 5


def _begin_billing(home: Home, clock: Clock, log_level: int) -> Callable[[Sequence[RunOrder]], list[Ended]]:
    """Open the home in a process of its own that logs as this one does, and return what bills orders there."""
    plant = open_app(home, clock).plant
    logs.configure(level=logging.getLevelName(log_level), as_json=plant.settings.logging.as_json)
    return partial(bill_orders, plant)


@dataclass(frozen=True, slots=True)
class HomeFiles:
    """What the files of a home say, and every mistake in them, in order of file and key."""

    settings: Settings
    partners: dict[str, Partner]
    mappings: dict[tuple[str, str], GuideMapping]  # by partner id and guide
    layouts: dict[str, Layout]
    calendars: dict[str, WorkCalendar]
    policies: PolicyFile
    mistakes: tuple[Mistake, ...]


def read_home(home: Home, partners_folder: Path | None = None) -> HomeFiles:
    """Read every file of a home, its partners from another folder where one is named; nothing is written."""
    settings, in_settings = load_settings(home.path)
    partners, in_partners = load_home_partners(home.path, settings, partners_folder)
    mappings, in_mappings = _mappings(home.mappings, partners)
    layouts, in_layouts = load_layouts(home.mappings / "census")
    calendars, in_calendars = _calendars(home.mappings / "calendars")
    in_guides = GuideLibrary(home.mappings / "guides").check()
    policies, in_policies = _policies(home.mappings / "policies", partners)
    mistakes = {*in_settings, *in_partners, *in_mappings, *in_layouts, *in_calendars, *in_guides, *in_policies}
    return HomeFiles(settings, partners, mappings, layouts, calendars, policies, tuple(sorted(mistakes)))


_COLLECT_AFTER = (50_000, 20, 50)
"""When Python looks for circles among its objects. A chunk of members is some ten thousand objects without one, which
all die together: looking at them every 700 objects, as Python does by itself, takes a quarter of the time."""


def load_home_partners(
    home: Path, settings: Settings, folder: Path | None = None
) -> tuple[dict[str, Partner], list[Mistake]]:
    """Return the partners of a home with every mistake in them, held against what the program offers them."""
    return load_partners(
        home,
        quirks=QUIRKS,
        date_algorithms=DATE_ALGORITHMS,
        account_selections=HOOKS.account_selection,
        status_updates=HOOKS.status_update,
        eligibility_type=settings.invoice_requests.eligibility_characteristic,
        folder=folder,
    )


def open_app(home: Home, clock: Clock, *, partners_folder: Path | None = None) -> App:
    """Wire the gateway of `home`; raises ConfigurationError naming every mistake of its files.

    A clock named in the settings (`[clock]`) stands in for the system's, unless the caller brought one that stands.
    Of the partners the version counts that was applied last, else their files, unless a folder is named.
    """
    read = read_home(home, partners_folder or applied_folder(home.path))
    if read.mistakes:
        raise ConfigurationError(_all_at_once(read.mistakes), hint="run `gateway check` to see them as a table")
    settings, partners = read.settings, read.partners
    gc.set_threshold(*_COLLECT_AFTER)
    database_url = settings.database_url_in(home.path)
    database = Database(database_url)
    is_distributed = database_url.startswith("postgresql")
    queue = database.embedded_queue()
    if is_distributed:
        from gateway.jobs.distributed import DistributedQueue  # noqa: PLC0415 - as above

        queue = DistributedQueue()
    budget = Budget(settings.work.connections_per_host)
    plant = Plant(
        open_unit=database.unit_of_work(queue),
        open_session=lambda partner_id: _session(home, partners, partner_id, budget),
        archive=FolderArchive(home.path, _vault(home, settings)),
        clock=_clock(settings, clock),
        settings=settings,
        guides=GuideLibrary(home.mappings / "guides"),
        mappings=read.mappings,
        partners=partners,
        calendars=read.calendars,
        layouts=read.layouts,
        payloads=ProtectedPayloads(lambda partner_id: agreement_with(home, partners[partner_id])),
        policies=read.policies,
    )
    return App(home, plant, database, database.queries(), is_distributed, database_url)


def _vault(home: Home, settings: Settings) -> Vault | None:
    """Return what seals kept bytes, or None where they lie in clear; ConfigurationError when its keys are wrong."""
    if not settings.archive.key_file:
        return None
    keys = resolve_secret(SecretReference(file=settings.archive.key_file), home.path)
    return Vault(keys.split())


def _all_at_once(mistakes: Iterable[Mistake]) -> str:
    """Return every mistake, one a line."""
    return "\n".join(
        ["the configuration is wrong:"]
        + [f"  {each.file}: {each.key}: {each.problem}; {each.remedy}" for each in mistakes]
    )


def _clock(settings: Settings, clock: Clock) -> Clock:
    """Return the caller's clock when it stands still, else the one of the settings, else the caller's."""
    if isinstance(clock, FixedClock) or settings.clock.instant is None:
        return clock
    return FixedClock(settings.clock.instant, settings.clock.business_date)


def _mappings(
    folder: Path, partners: Mapping[str, Partner]
) -> tuple[dict[tuple[str, str], GuideMapping], list[Mistake]]:
    """Return every inbound map of the home, compiled with each partner's departures, by partner and guide."""
    compiled: dict[tuple[str, str], GuideMapping] = {}
    mistakes: list[Mistake] = []
    for path in sorted(folder.glob("*.toml")):
        mistakes += check_mapping(path)[1]
        for partner in partners.values():
            agreed = partner.profile.enrollment
            file = f"partners/{partner.id}/profile.toml"
            mapping, wrong = check_mapping(
                path, departures=Departures(agreed.places, agreed.quirks, file=file, key="enrollment")
            )
            mistakes += [mistake for mistake in wrong if mistake not in mistakes]
            if mapping is not None:
                compiled[partner.id, path.stem] = mapping
    return compiled, mistakes


def _calendars(folder: Path) -> tuple[dict[str, WorkCalendar], list[Mistake]]:
    """Return the work calendars of a home by file name without its ending, and every mistake in them."""
    calendars: dict[str, WorkCalendar] = {}
    mistakes: list[Mistake] = []
    for path in sorted(folder.glob("*.toml")):
        file = f"mappings/calendars/{path.name}"
        try:
            calendars[path.stem] = parse_calendar(path.read_text(encoding="utf-8"), name=path.name)
        except ConfigurationError as error:
            problem = str(error).removeprefix(f"{path.name}: ")
            remedy = error.hint or 'write days off under [holidays], such as 2025-11-27 = "Thanksgiving"'
            mistakes.append(Mistake(file, "holidays", problem, remedy))
        except (OSError, UnicodeDecodeError):
            mistakes.append(Mistake(file, "", "the file cannot be read", "save it as plain UTF-8 text"))
    return calendars, mistakes


def _policies(folder: Path, partners: Mapping[str, Partner]) -> tuple[PolicyFile, list[Mistake]]:
    """Return how money is collected, and every mistake: in the file, and of active accounts that no row is about.

    A home that was made before there was such a file goes by the rows that come with the program.
    """
    path = folder / _POLICIES
    if not path.exists():
        return PolicyFile(), []
    file = f"mappings/policies/{_POLICIES}"
    data, mistakes = read_toml(path, file)
    policies, wrong = parse_policies(data, file)
    mistakes += wrong
    if not wrong and not (folder.parent / "calendars" / f"{policies.calendar}.toml").exists():
        known = (each.stem for each in (folder.parent / "calendars").glob("*.toml"))
        mistakes.append(Mistake(file, "calendar", "there is no such calendar", closest(policies.calendar, known)))
    uses = [
        PolicyUse(f"partners/{partner.id}/billing.toml", f"accounts.{key}", each.state, each.line_of_business)
        for partner in partners.values()
        if partner.profile.status is PartnerStatus.ACTIVE
        for key, each in partner.billing.accounts.items()
    ]
    return policies, mistakes + without_policy(policies, uses)


@contextmanager
def _session(home: Home, partners: Mapping[str, Partner], partner_id: str, budget: Budget) -> Iterator[Session]:
    """Open an SFTP session with a partner; its secrets are read now, so that a rotated one is used at once."""
    endpoint = endpoint_of(home, partners[partner_id])
    with budget.connection(endpoint), open_sftp(endpoint) as session:
        yield session
