"""Tables of what came in and what went out: files, envelopes, sets, findings, outbound documents."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, UniqueConstraint

from gateway.domain.exchange import AckCode, DeliveryState, DocumentKind, FileState, SetState
from gateway.domain.finding import Level, Severity
from gateway.store.columns import Instant, Json, PlainText, RowId, metadata, one_of, owned_by, refers_to, text

files = Table(
    "files",
    metadata,
    text("id", primary_key=True),
    text("partner_id"),
    text("name"),
    text("sha256"),
    Column("size_bytes", BigInteger, nullable=False),
    Column("received_at", Instant, nullable=False),
    text("kept_path"),
    one_of("state", FileState),
    text("reason"),
    Column("tries", Integer, nullable=False),
    Column("raw_path", PlainText, nullable=False, server_default=""),
    UniqueConstraint("partner_id", "sha256"),
    Index(None, "partner_id", "received_at"),
    Index(None, "received_at"),
)

arrivals = Table(
    "arrivals",
    metadata,
    text("partner_id", primary_key=True),
    text("path", primary_key=True),
    Column("size_bytes", BigInteger, primary_key=True),
    Column("modified_at", BigInteger, primary_key=True),
    owned_by("file_id", "files.id"),
    Column("arrived_at", Instant, nullable=False),
    Column("is_duplicate", Boolean, nullable=False),
    Column("put_away", Boolean, nullable=False),
    Index(None, "file_id"),
)

looks = Table(
    "looks",
    metadata,
    text("partner_id", primary_key=True),
    text("path", primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("modified_at", BigInteger, nullable=False),
    Column("since", Instant, nullable=False),
    Column("is_unfinished", Boolean, nullable=False),
)

interchanges = Table(
    "interchanges",
    metadata,
    text("id", primary_key=True),
    owned_by("file_id", "files.id"),
    Column("ordinal", Integer, nullable=False),
    text("control_number"),
    text("sender_qualifier"),
    text("sender_id"),
    text("receiver_qualifier"),
    text("receiver_id"),
    text("date"),
    text("time"),
    text("version"),
    Column("ack_requested", Boolean, nullable=False),
    text("usage"),
    text("element_delimiter"),
    text("component_delimiter"),
    text("repetition_delimiter"),
    text("segment_delimiter"),
    one_of("ta1_code", AckCode),
    text("ta1_note"),
    UniqueConstraint("file_id", "ordinal"),
    Index("ix_interchanges_parties", "control_number", "sender_id", "receiver_id"),
)

functional_groups = Table(
    "functional_groups",
    metadata,
    text("id", primary_key=True),
    owned_by("interchange_id", "interchanges.id"),
    Column("ordinal", Integer, nullable=False),
    text("functional_id"),
    text("sender_code"),
    text("receiver_code"),
    text("date"),
    text("time"),
    text("control_number"),
    text("guide"),
    one_of("ack", AckCode),
    Column("included", Integer, nullable=False),
    Column("received", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    UniqueConstraint("interchange_id", "ordinal"),
)

transaction_sets = Table(
    "transaction_sets",
    metadata,
    text("id", primary_key=True),
    owned_by("file_id", "files.id"),
    owned_by("group_id", "functional_groups.id"),
    Column("ordinal", Integer, nullable=False),
    text("type"),
    text("control_number"),
    text("guide"),
    text("kept_path"),
    Column("byte_start", BigInteger, nullable=False),
    Column("byte_end", BigInteger, nullable=False),
    Column("segments", Integer, nullable=False),
    one_of("ack", AckCode),
    Column("findings_left_out", Integer, nullable=False),
    one_of("state", SetState),
    text("reason"),
    Column("tries", Integer, nullable=False),
    UniqueConstraint("group_id", "ordinal"),
    Index(None, "file_id", "state"),
)

findings = Table(
    "findings",
    metadata,
    text("id", primary_key=True),
    owned_by("file_id", "files.id"),
    refers_to("interchange_id", "interchanges.id"),
    refers_to("group_id", "functional_groups.id"),
    refers_to("set_id", "transaction_sets.id"),
    text("code"),
    one_of("level", Level),
    one_of("severity", Severity),
    text("message"),
    text("segment", nullable=True),
    Column("position", Integer),
    Column("element", Integer),
    Column("component", Integer),
    Column("repetition", Integer),
    text("loop", nullable=True),
    Column("line", Integer),
    Column("byte", BigInteger),
    text("value", nullable=True),  # personal, as IK404 returns it
    Column("element_reference", Integer),
    Column("snip", Integer, nullable=False),
    Column("member", Integer),
    text("context"),  # personal, as CTX returns it
    Column("trigger", Json),
    Index(None, "file_id"),
    Index(None, "group_id"),
    Index(None, "set_id"),
)

business_references = Table(
    "business_references",
    metadata,
    text("kind", primary_key=True),
    text("key", primary_key=True),
    owned_by("set_id", "transaction_sets.id"),
)

applied_stamps = Table(
    "applied_stamps",
    metadata,
    text("scope", primary_key=True),
    text("stamp"),
)

documents = Table(
    "documents",
    metadata,
    text("id", primary_key=True),
    text("key"),
    one_of("kind", DocumentKind),
    text("partner_id"),
    text("name"),
    text("folder"),
    text("sha256"),
    Column("size_bytes", BigInteger, nullable=False),
    text("kept_path"),
    Column("created_at", Instant, nullable=False),
    one_of("state", DeliveryState),
    text("reason"),
    Column("tries", Integer, nullable=False),
    text("subject_id"),
    text("control_number"),
    Column("sealed_path", PlainText, nullable=False, server_default=""),
    Column("sealed_bytes", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("key"),
    Index(None, "state", "created_at"),
    Index(None, "subject_id"),
    Index(None, "partner_id", "control_number"),
)

delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("id", RowId, primary_key=True),
    owned_by("document_id", "documents.id"),
    Column("at", Instant, nullable=False),
    one_of("state", DeliveryState),
    text("reason"),
    Index(None, "document_id"),
)

control_numbers = Table(
    "control_numbers",
    metadata,
    text("our_id", primary_key=True),
    text("partner_id", primary_key=True),
    text("kind", primary_key=True),
    Column("last", Integer, nullable=False),
)
