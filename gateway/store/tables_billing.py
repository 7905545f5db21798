"""Tables of what is owed, what was paid and where every cent went: requests, invoices, journal, receipts."""

from sqlalchemy import Boolean, Column, Date, Index, Integer, Table, UniqueConstraint, false

from gateway.domain.charge import LineType, RequestStatus
from gateway.domain.collection import CaseCause
from gateway.domain.journal import EntryKind, LedgerAccount
from gateway.domain.money_order import OrderKind, OrderState
from gateway.domain.remittance import Handling, ReceiptState, UnplacedReason
from gateway.store.columns import (
    Cents,
    Instant,
    Json,
    Month,
    PlainText,
    Reference,
    metadata,
    one_of,
    owned_by,
    refers_to,
    text,
)

invoice_requests = Table(
    "invoice_requests",
    metadata,
    text("id", primary_key=True),
    owned_by("account_id", "accounts.id"),
    text("partner_id"),
    text("request_type"),
    one_of("status", RequestStatus),
    Column("created_on", Date, nullable=False),
    Column("processing_on", Date, nullable=False),
    Column("cutoff_on", Date, nullable=False),
    Column("bill_on", Date, nullable=False),
    Column("accounting_on", Date, nullable=False),
    text("source"),
    text("invoice_id", nullable=True),
    text("reason"),
    Column("is_manual", Boolean, nullable=False, server_default=false()),
    Column("is_trial", Boolean, nullable=False, server_default=false()),
    Column("created_by", PlainText, nullable=False, server_default="gateway"),
    Column("decided_by", PlainText, nullable=False, server_default=""),
    Index(None, "account_id"),
    Index(None, "status", "processing_on"),
    Index(None, "created_on"),
)

_is_open = invoice_requests.c.status.not_in([status for status in RequestStatus if status.is_final]) & (
    invoice_requests.c.is_trial.is_(false())
)
Index(
    "uq_invoice_requests_open_account",
    invoice_requests.c.account_id,
    unique=True,  # while one request is open, later events join it (DOMAIN 3.4 rule 5)
    sqlite_where=_is_open,
    postgresql_where=_is_open,
)

invoices = Table(
    "invoices",
    metadata,
    text("id", primary_key=True),
    owned_by("account_id", "accounts.id"),
    text("partner_id"),
    Column("request_id", Reference),
    Column("issued_at", Instant, nullable=False),
    Column("bill_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("cutoff_on", Date, nullable=False),
    Column("accounting_on", Date, nullable=False),
    Column("total", Cents, nullable=False),
    Column("lines_count", Integer, nullable=False),
    Column("previous_balance", Cents, nullable=False),
    Column("payments", Cents, nullable=False),
    Column("pending", Cents, nullable=False, server_default="0"),
    UniqueConstraint("request_id"),
    Index(None, "account_id", "due_on"),
)

invoice_lines = Table(
    "invoice_lines",
    metadata,
    owned_by("invoice_id", "invoices.id", primary_key=True),
    Column("number", Integer, primary_key=True),
    text("account_id"),
    one_of("line_type", LineType),
    text("membership_id"),
    text("member_id"),
    text("product"),
    text("insurance_line"),
    text("tier"),
    Column("month", Month, nullable=False),
    Column("amount", Cents, nullable=False),
    Column("rate", Cents, nullable=False),
    Column("lives", Integer, nullable=False),
    Column("days_covered", Integer, nullable=False),
    Column("days_in_month", Integer, nullable=False),
    text("formula"),
    refers_to("set_id", "transaction_sets.id"),
    text("source"),
    text("corrects_invoice_id"),
    text("reason"),
    Column("legal_entity", PlainText, nullable=False, server_default=""),
    Column("is_fee", Boolean, nullable=False, server_default=false()),
    Column("employer_share", Cents),
    Column("priced_by", PlainText, nullable=False, server_default=""),
    Index(None, "account_id", "membership_id", "product", "month"),
    Index(None, "set_id"),
)

number_series = Table(
    "number_series",
    metadata,
    text("series", primary_key=True),
    Column("last", Integer, nullable=False),
)

journal_books = Table(
    "journal_books",
    metadata,
    text("book", primary_key=True),
    Column("sequence", Integer, nullable=False),  # of the last entry
    text("digest"),  # of the last entry
)

journal_entries = Table(
    "journal_entries",
    metadata,
    text("key", primary_key=True),
    owned_by("book", "journal_books.book"),
    Column("sequence", Integer, nullable=False),
    one_of("kind", EntryKind),
    Column("on", Date, nullable=False),
    text("source"),
    refers_to("set_id", "transaction_sets.id"),
    Column("receipt_id", Reference),
    text("note"),
    text("previous"),
    text("digest"),
    UniqueConstraint("book", "sequence"),
    Index(None, "receipt_id"),
    Index(None, "set_id"),
)

journal_postings = Table(
    "journal_postings",
    metadata,
    owned_by("entry_key", "journal_entries.key", primary_key=True),
    Column("number", Integer, primary_key=True),
    one_of("ledger", LedgerAccount),
    Column("amount", Cents, nullable=False),
    Column("account_id", Reference),
    Column("invoice_id", Reference),
    Column("membership_id", Reference),
    text("month"),
    Index(None, "ledger", "account_id"),
    Index(None, "invoice_id"),
)

receipts = Table(
    "receipts",
    metadata,
    text("id", primary_key=True),
    text("partner_id"),
    text("trace"),
    text("originator"),
    Column("amount", Cents, nullable=False),
    Column("settles_on", Date),
    one_of("state", ReceiptState),
    refers_to("cash_set_id", "transaction_sets.id"),
    refers_to("remittance_set_id", "transaction_sets.id"),
    text("payer_id"),
    Index(None, "trace"),
    Index(None, "state"),
    Index(None, "cash_set_id"),
    Index(None, "remittance_set_id"),
)

remittances = Table(
    "remittances",
    metadata,
    owned_by("set_id", "transaction_sets.id", primary_key=True),
    text("receipt_id"),
    one_of("handling", Handling),
    Column("amount", Cents, nullable=False),
    text("method"),
    text("trace"),
    text("originator"),
    Column("settles_on", Date),
    Column("payer", Json, nullable=False),
    Column("receiver", Json, nullable=False),
    Column("references", Json, nullable=False),
    Column("starts_on", Date),
    Column("ends_before", Date),
    Column("adjustments", Json, nullable=False),
    Column("is_exchange", Boolean, nullable=False),
    Index(None, "receipt_id"),
)

remittance_lines = Table(
    "remittance_lines",
    metadata,
    owned_by("set_id", "remittances.set_id", primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("is_individual", Boolean, nullable=False),
    text("qualifier"),
    text("reference"),
    text("action"),
    Column("paid", Cents, nullable=False),
    Column("billed", Cents),
    Column("member_ids", Json, nullable=False),
    Column("references", Json, nullable=False),
    Column("starts_on", Date),
    Column("ends_before", Date),
    Column("adjustments", Json, nullable=False),
    Column("head_count", Integer),
)

placements = Table(
    "placements",
    metadata,
    owned_by("receipt_id", "receipts.id", primary_key=True),
    Column("round", Integer, primary_key=True),  # how often the rest of the receipt was released before
    Column("ordinal", Integer, primary_key=True),
    Column("amount", Cents, nullable=False),
    Column("account_id", Reference),
    Column("invoice_id", Reference),
    Column("membership_id", Reference),
    text("month"),
    one_of("reason", UnplacedReason, nullable=True),
    Column("line", Integer),
    Column("is_suspense", Boolean, nullable=False),
    Column("is_subsidy", Boolean, nullable=False),
    Column("is_user_fee", Boolean, nullable=False),
    Column("is_refund", Boolean, nullable=False, server_default=false()),
    Column("is_income", Boolean, nullable=False, server_default=false()),
    Column("released_in", Integer),  # the round that placed it anew
    Index(None, "invoice_id"),
    Index(None, "account_id"),
)

cases = Table(
    "cases",
    metadata,
    text("key", primary_key=True),
    text("kind"),
    text("account_id"),
    text("invoice_id"),
    Column("amount", Cents, nullable=False),
    text("message"),
    Column("opened_at", Instant),
    Column("owner", PlainText, nullable=False, server_default=""),
    Column("due_on", Date),
    Column("escalates_on", Date),
    Column("escalated_at", Instant),
    Column("closed_at", Instant),
    one_of("cause", CaseCause, nullable=True),
    Column("reason", PlainText, nullable=False, server_default=""),
    Index(None, "account_id"),
    Index(None, "closed_at", "due_on"),
)

money_orders = Table(
    "money_orders",
    metadata,
    text("id", primary_key=True),
    one_of("kind", OrderKind),
    owned_by("receipt_id", "receipts.id"),
    Column("round", Integer, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("amount", Cents, nullable=False),
    text("account_id"),
    text("target"),
    text("ordered_by"),
    Column("ordered_at", Instant, nullable=False),
    text("reason"),
    one_of("state", OrderState),
    text("decided_by"),
    Column("decided_at", Instant),
    text("decided_reason"),
    text("payout_id"),
    text("paid_by"),
    Column("paid_at", Instant),
    text("code"),
    Index("ix_money_orders_state", "state", "kind"),
    Index(None, "receipt_id"),
)

returned_receipts = Table(
    "returned_receipts",
    metadata,
    owned_by("receipt_id", "receipts.id", primary_key=True),
    text("code"),
    text("returned_by"),
    text("reason"),
    Column("returned_at", Instant, nullable=False),
)

awaited_members = Table(  # money in suspense, by the members it names that were not enrolled when it came
    "awaited_members",
    metadata,
    text("member_id", primary_key=True),
    owned_by("receipt_id", "receipts.id", primary_key=True),
)
