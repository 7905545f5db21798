"""Tables of bill runs: what was frozen and how it ended, held accounts, consolidated bills."""

from sqlalchemy import Column, Date, Index, Integer, Table, UniqueConstraint

from gateway.domain.bill_run import HoldEnd, OrderEnd
from gateway.store.columns import Cents, Instant, Json, Reference, metadata, one_of, owned_by, text

bill_runs = Table(
    "bill_runs",
    metadata,
    text("id", primary_key=True),
    Column("business_date", Date, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("proved_at", Instant),
    Index(None, "proved_at", "business_date"),
)

bill_run_orders = Table(
    "bill_run_orders",
    metadata,
    owned_by("run_id", "bill_runs.id", primary_key=True),
    text("key", primary_key=True),
    Column("number", Integer, nullable=False),
    owned_by("account_id", "accounts.id"),
    Column("bill_on", Date, nullable=False),
    Column("cutoff_on", Date, nullable=False),
    Column("accounting_on", Date, nullable=False),
    text("source"),
    Column("frozen_at", Instant, nullable=False),
    one_of("ending", OrderEnd, nullable=True),
    Column("ended_at", Instant),
    Column("invoice_id", Reference),
    text("reason"),
    Index(None, "key"),
    Index(None, "run_id", "ending"),
    Index(None, "account_id", "frozen_at"),
    Index(None, "invoice_id"),
)

account_holds = Table(
    "account_holds",
    metadata,
    text("id", primary_key=True),
    owned_by("account_id", "accounts.id"),
    text("partner_id"),
    text("order_key"),
    Column("number", Integer, nullable=False),
    Column("bill_on", Date, nullable=False),
    Column("cutoff_on", Date, nullable=False),
    Column("accounting_on", Date, nullable=False),
    text("source"),
    text("reason"),
    Column("findings", Json, nullable=False),
    Column("held_at", Instant, nullable=False),
    one_of("ending", HoldEnd, nullable=True),
    Column("ended_at", Instant),
    text("ended_by"),
    text("end_reason"),
    UniqueConstraint("order_key", "number"),
    Index(None, "account_id", "ended_at"),
)

consolidated_bills = Table(
    "consolidated_bills",
    metadata,
    text("id", primary_key=True),
    text("partner_id"),
    text("code"),
    owned_by("run_id", "bill_runs.id"),
    Column("issued_at", Instant, nullable=False),
    Column("bill_on", Date, nullable=False),
    Column("total", Cents, nullable=False),
)

consolidated_items = Table(
    "consolidated_items",
    metadata,
    owned_by("consolidated_id", "consolidated_bills.id", primary_key=True),
    owned_by("invoice_id", "invoices.id", primary_key=True),
    UniqueConstraint("invoice_id"),  # a bill stands on one consolidated bill, ever
)
