"""Tables of the work itself: jobs of the embedded queue, ticks, incidents, the transaction log."""

from sqlalchemy import Column, Date, Index, Integer, Table, UniqueConstraint

from gateway.ports.jobs import JobState
from gateway.store.columns import Instant, PlainText, RowId, metadata, one_of, text

jobs = Table(
    "jobs",
    metadata,
    Column("id", RowId, primary_key=True),
    text("station"),
    text("subject"),
    text("lock"),
    Column("run_at", Instant),
    one_of("state", JobState),
    Column("attempt", Integer, nullable=False),
    text("reason"),
    Index(None, "state", "id"),
    Index(None, "lock", "state", "id"),
)

ticks = Table(
    "ticks",
    metadata,
    text("key", primary_key=True),
    Column("at", Instant, nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    text("key", primary_key=True),
    text("kind"),
    text("partner_id"),
    Column("opened_at", Instant, nullable=False),
    text("message"),
    Column("due_on", Date),
    Column("closed_at", Instant),
    Column("subject_id", PlainText, nullable=False, server_default=""),
    Index(None, "partner_id", "kind"),
    Index(None, "subject_id", "kind"),
)

log_events = Table(
    "log_events",
    metadata,
    Column("id", RowId, primary_key=True),  # the order of writing, where instants are equal
    text("key"),
    Column("at", Instant, nullable=False),
    text("station"),
    text("file_id"),
    text("subject_id"),
    text("text"),
    UniqueConstraint("key"),
    Index(None, "file_id"),
    Index(None, "subject_id"),
)
