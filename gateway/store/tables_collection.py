"""Tables of collection: what was done with cases, to collect, and where accounts stood."""

from sqlalchemy import Column, Date, Index, Integer, Table, UniqueConstraint

from gateway.domain.collection import CaseAct, DelinquencyState, StepKind
from gateway.store.columns import Cents, Instant, metadata, one_of, owned_by, text

case_log = Table(
    "case_log",
    metadata,
    text("id", primary_key=True),
    owned_by("case_key", "cases.key"),
    Column("number", Integer, nullable=False),  # within the case
    Column("at", Instant, nullable=False),
    text("by"),
    one_of("act", CaseAct),
    text("text"),
    UniqueConstraint("case_key", "number"),
)

collection_steps = Table(
    "collection_steps",
    metadata,
    text("key", primary_key=True),
    owned_by("account_id", "accounts.id"),
    one_of("kind", StepKind),
    Column("started_on", Date, nullable=False),
    Column("planned_on", Date, nullable=False),
    Column("made_on", Date, nullable=False),
    Column("amount", Cents, nullable=False),
    Column("deadline", Date),
    Column("cover_ends_on", Date),
    text("note"),
    Index(None, "account_id", "made_on"),
)

standings = Table(
    "standings",
    metadata,
    owned_by("account_id", "accounts.id", primary_key=True),
    Column("as_of", Date, primary_key=True),
    one_of("state", DelinquencyState),
    Column("past_due", Cents, nullable=False),
    Column("disputed", Cents, nullable=False),
    Column("started_on", Date),
    Column("grace_ends_on", Date),
    Column("paid_through", Date),
)
