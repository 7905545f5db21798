"""Tables beside the invoice requests: their log, trial bills, who is eligible, versions of request types."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Date, Index, Integer, Table, UniqueConstraint

from gateway.domain.charge import LineType, RequestStatus
from gateway.domain.request_audit import TypeChange
from gateway.store.columns import Cents, Instant, Json, RowId, metadata, one_of, owned_by, refers_to, text
from gateway.store.tables_billing import invoice_lines

request_log = Table(
    "request_log",
    metadata,
    Column("id", RowId, primary_key=True),  # the order of writing, where instants are equal
    text("key"),
    owned_by("request_id", "invoice_requests.id"),
    Column("at", Instant, nullable=False),
    one_of("status", RequestStatus),
    text("actor"),
    text("note"),
    UniqueConstraint("key"),
    Index(None, "request_id"),
)

trial_bills = Table(
    "trial_bills",
    metadata,
    owned_by("request_id", "invoice_requests.id", primary_key=True),
    text("account_id"),
    Column("made_at", Instant, nullable=False),
    Column("bill_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("cutoff_on", Date, nullable=False),
    Column("accounting_on", Date, nullable=False),
    Column("total", Cents, nullable=False),
    Column("lines_count", Integer, nullable=False),
    Column("previous_balance", Cents, nullable=False),
    Column("payments", Cents, nullable=False),
    Column("remarks", Json, nullable=False),
)


def _columns_of_a_line() -> Iterator[Column[Any]]:
    """Yield what a line of an invoice has, so that a trial's line always has the same."""
    for column in invoice_lines.columns:
        if column.name in {"invoice_id", "account_id", "number", "line_type"}:
            continue
        yield Column(column.name, column.type, nullable=column.nullable, server_default=column.server_default)


trial_lines = Table(
    "trial_lines",
    metadata,
    owned_by("request_id", "trial_bills.request_id", primary_key=True),
    Column("number", Integer, primary_key=True),
    one_of("line_type", LineType),
    *_columns_of_a_line(),
)

membership_characteristics = Table(
    "membership_characteristics",
    metadata,
    text("key", primary_key=True),
    owned_by("membership_id", "memberships.id"),
    text("code"),
    text("setting"),
    Column("at", Instant, nullable=False),
    text("by"),
    refers_to("set_id", "transaction_sets.id"),
    text("reason"),
    Index(None, "membership_id", "code", "at"),
)

request_type_versions = Table(
    "request_type_versions",
    metadata,
    text("partner_id", primary_key=True),
    text("code", primary_key=True),
    Column("number", Integer, primary_key=True),
    one_of("change", TypeChange),
    text("content"),
    Column("at", Instant, nullable=False),
    text("by"),
    text("reason"),
)
