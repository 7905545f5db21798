"""Tables of what people look at and decide: reviews of held sets, work items, discrepancies of full files."""

from sqlalchemy import Column, Index, Integer, Table

from gateway.domain.review import Disagreement, ItemEnd, Verdict
from gateway.store.columns import Instant, Json, metadata, one_of, owned_by, refers_to, text

reviews = Table(
    "reviews",
    metadata,
    text("id", primary_key=True),
    owned_by("set_id", "transaction_sets.id"),
    owned_by("file_id", "files.id"),
    one_of("verdict", Verdict),
    text("by"),
    text("reason"),
    Column("at", Instant, nullable=False),
    Column("waived", Json, nullable=False),
    Index(None, "set_id"),
    Index(None, "file_id"),
)

work_items = Table(
    "work_items",
    metadata,
    text("id", primary_key=True),
    text("partner_id"),
    text("account_id"),
    text("subscriber_id"),
    Column("names", Json, nullable=False),
    text("code"),
    text("message"),
    owned_by("file_id", "files.id"),
    owned_by("set_id", "transaction_sets.id"),
    Column("ordinal", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    one_of("ending", ItemEnd, nullable=True),
    Column("closed_at", Instant),
    refers_to("closed_by", "transaction_sets.id"),
    Index(None, "partner_id", "closed_at", "subscriber_id"),
    Index(None, "closed_at", "opened_at"),
    Index(None, "file_id"),
    Index(None, "set_id"),
)

discrepancies = Table(
    "discrepancies",
    metadata,
    owned_by("set_id", "transaction_sets.id", primary_key=True),
    Column("number", Integer, primary_key=True),
    one_of("kind", Disagreement),
    text("membership_id"),
    text("member_id"),
    Column("ordinal", Integer),
    text("insurance_line"),
    text("plan"),
    text("subscriber_id"),
    text("on_file"),
    text("sent"),
)
