"""The only wiring place: a home in, an `App` out. Concrete classes are named here once."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from gateway.billing.calendar import WorkCalendar, parse_calendar
from gateway.domain.exchange import Arrival, ReceivedFile, SetState
from gateway.domain.mistake import Mistake
from gateway.errors import ConfigurationError, HostKeyRefused
from gateway.jobs.daemon import Daemon
from gateway.partners.loader import Partner, load_partners
from gateway.partners.profile import PartnerStatus, Sftp
from gateway.partners.secrets import resolve_secret
from gateway.pipeline.bill import BillReport, bill
from gateway.pipeline.plant import Plant
from gateway.pipeline.receive import PollReport, ingest, poll
from gateway.pipeline.timetable import schedules, tick
from gateway.pipeline.work import perform
from gateway.ports.clock import Clock, FixedClock
from gateway.ports.jobs import Decision, Job, JobQueue, Runner
from gateway.ports.queries import Queries
from gateway.ports.transport import OpenSession, Session
from gateway.settings import Home, Settings, load_settings
from gateway.store.database import Database
from gateway.transactions.mapping import load_mappings
from gateway.transactions.quirks import QUIRKS
from gateway.transport.archive import FolderArchive
from gateway.transport.endpoint import SftpEndpoint
from gateway.transport.sftp import open_sftp
from gateway.x12.guide import GuideLibrary


@dataclass(frozen=True, slots=True)
class App:
    """The gateway of one home, wired; every command is a call on it."""

    home: Home
    plant: Plant
    database: Database
    queue: JobQueue
    queries: Queries
    database_url: str
