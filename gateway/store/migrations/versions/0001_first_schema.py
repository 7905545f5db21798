"""The first schema: files and envelopes, enrolment, billing, journal, documents, work."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
CENTS = sa.BigInteger()
INSTANT = sa.DateTime(timezone=True)
STATE = sa.String(32)
NUMBER = sa.Integer()
BIG = sa.BigInteger()
YES_NO = sa.Boolean()
DAY = sa.Date()
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("status NOT IN ('processed', 'canceled', 'rejected')")

TABLES = (
    "files", "arrivals", "looks", "interchanges", "functional_groups", "transaction_sets", "findings",
    "business_references", "applied_stamps", "documents", "delivery_attempts", "control_numbers", "accounts",
    "memberships", "members", "coverages", "membership_events", "membership_log", "invoice_requests", "invoices",
    "invoice_lines", "number_series", "journal_books", "journal_entries", "journal_postings", "receipts",
    "remittances", "remittance_lines", "placements", "cases", "reviews", "work_items", "discrepancies", "jobs", "ticks",
    "incidents", "log_events",
)  # fmt: skip


def upgrade() -> None:
    """Create every table."""
    _files()
    _envelopes()
    _findings()
    _documents()
    _enrollment()
    _membership_log()
    _invoices()
    _ledger()
    _payments()
    _reviews()
    _work()


def downgrade() -> None:
    """Drop every table, children first."""
    for table in reversed(TABLES):
        op.drop_table(table)


def required(kind: sa.types.TypeEngine[Any], names: str) -> list[sa.Column[Any]]:
    """Return columns of one type that always hold a value."""
    return [sa.Column(name, kind, nullable=False) for name in names.split()]


def optional(kind: sa.types.TypeEngine[Any], names: str) -> list[sa.Column[Any]]:
    """Return columns of one type that may be NULL."""
    return [sa.Column(name, kind, nullable=True) for name in names.split()]


def one_of(column: str, states: str) -> sa.CheckConstraint:
    """Return the CHECK that closes a state column."""
    listed = ", ".join(f"'{state}'" for state in states.split())
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def names_row_of(column: str, target: str) -> sa.ForeignKeyConstraint:
    """Return a foreign key that is checked at commit."""
    return sa.ForeignKeyConstraint([column], [target], deferrable=True, initially="DEFERRED")


def index(table: str, *columns: str) -> None:
    """Create an index under the name of the convention."""
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _files() -> None:
    op.create_table(
        "files",
        *required(TEXT, "id partner_id name sha256"),
        *required(BIG, "size_bytes"),
        *required(INSTANT, "received_at"),
        *required(TEXT, "kept_path"),
        *required(STATE, "state"),
        *required(TEXT, "reason"),
        *required(NUMBER, "tries"),
        one_of("state", "received checked applied acknowledged quarantined"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("partner_id", "sha256"),
    )
    index("files", "partner_id", "received_at")
    index("files", "received_at")
    op.create_table(
        "arrivals",
        *required(TEXT, "partner_id path"),
        *required(BIG, "size_bytes modified_at"),
        *required(TEXT, "file_id"),
        *required(INSTANT, "arrived_at"),
        *required(YES_NO, "is_duplicate put_away"),
        sa.PrimaryKeyConstraint("partner_id", "path", "size_bytes", "modified_at"),
        names_row_of("file_id", "files.id"),
    )
    index("arrivals", "file_id")
    op.create_table(
        "looks",
        *required(TEXT, "partner_id path"),
        *required(BIG, "size_bytes modified_at"),
        sa.PrimaryKeyConstraint("partner_id", "path"),
    )


def _envelopes() -> None:
    op.create_table(
        "interchanges",
        *required(TEXT, "id file_id"),
        *required(NUMBER, "ordinal"),
        *required(TEXT, "control_number sender_qualifier sender_id receiver_qualifier receiver_id date time version"),
        *required(YES_NO, "ack_requested"),
        *required(TEXT, "usage element_delimiter component_delimiter repetition_delimiter segment_delimiter"),
        *required(STATE, "ta1_code"),
        *required(TEXT, "ta1_note"),
        one_of("ta1_code", "A E P R"),
        sa.PrimaryKeyConstraint("id"),
        names_row_of("file_id", "files.id"),
        sa.UniqueConstraint("file_id", "ordinal"),
    )
    op.create_index("ix_interchanges_parties", "interchanges", ["control_number", "sender_id", "receiver_id"])
    op.create_table(
        "functional_groups",
        *required(TEXT, "id interchange_id"),
        *required(NUMBER, "ordinal"),
        *required(TEXT, "functional_id sender_code receiver_code date time control_number guide"),
        *required(STATE, "ack"),
        *required(NUMBER, "included received accepted"),
        one_of("ack", "A E P R"),
        sa.PrimaryKeyConstraint("id"),
        names_row_of("interchange_id", "interchanges.id"),
        sa.UniqueConstraint("interchange_id", "ordinal"),
    )
    op.create_table(
        "transaction_sets",
        *required(TEXT, "id file_id group_id"),
        *required(NUMBER, "ordinal"),
        *required(TEXT, "type control_number guide kept_path"),
        *required(BIG, "byte_start byte_end"),
        *required(NUMBER, "segments"),
        *required(STATE, "ack"),
        *required(NUMBER, "findings_left_out"),
        *required(STATE, "state"),
        *required(TEXT, "reason"),
        *required(NUMBER, "tries"),
        one_of("ack", "A E P R"),
        one_of("state", "checked applied held waiting refused ignored quarantined"),
        sa.PrimaryKeyConstraint("id"),
        names_row_of("file_id", "files.id"),
        names_row_of("group_id", "functional_groups.id"),
        sa.UniqueConstraint("group_id", "ordinal"),
    )
    index("transaction_sets", "file_id", "state")


def _findings() -> None:
    op.create_table(
        "findings",
        *required(TEXT, "id file_id"),
        *optional(TEXT, "interchange_id group_id set_id"),
        *required(TEXT, "code"),
        *required(STATE, "level severity"),
        *required(TEXT, "message"),
        *optional(TEXT, "segment"),
        *optional(NUMBER, "position element component repetition"),
        *optional(TEXT, "loop"),
        *optional(NUMBER, "line"),
        *optional(BIG, "byte"),
        *optional(TEXT, "value"),
        *optional(NUMBER, "element_reference"),
        *required(NUMBER, "snip"),
        *optional(NUMBER, "member"),
        *required(TEXT, "context"),
        *optional(TEXT, "trigger"),
        one_of("level", "file interchange group set segment element business"),
        one_of("severity", "error warning"),
        sa.PrimaryKeyConstraint("id"),
        names_row_of("file_id", "files.id"),
        names_row_of("group_id", "functional_groups.id"),
        names_row_of("interchange_id", "interchanges.id"),
        names_row_of("set_id", "transaction_sets.id"),
    )
    index("findings", "file_id")
    index("findings", "group_id")
    index("findings", "set_id")
    op.create_table(
        "business_references",
        *required(TEXT, "kind key set_id"),
        sa.PrimaryKeyConstraint("kind", "key"),
        names_row_of("set_id", "transaction_sets.id"),
    )
    op.create_table(
        "applied_stamps",
        *required(TEXT, "scope stamp"),
        sa.PrimaryKeyConstraint("scope"),
    )


def _documents() -> None:
    op.create_table(
        "documents",
        *required(TEXT, "id key"),
        *required(STATE, "kind"),
        *required(TEXT, "partner_id name folder sha256"),
        *required(BIG, "size_bytes"),
        *required(TEXT, "kept_path"),
        *required(INSTANT, "created_at"),
        *required(STATE, "state"),
        *required(TEXT, "reason"),
        *required(NUMBER, "tries"),
        *required(TEXT, "subject_id control_number"),
        one_of("kind", "TA1 999 997 824 rejects invoice_csv invoice_json 834 discrepancy_csv"),
        one_of("state", "queued sending sent unknown verified acknowledged rejected given_up"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    index("documents", "partner_id", "control_number")
    index("documents", "state", "created_at")
    index("documents", "subject_id")
    op.create_table(
        "delivery_attempts",
        *required(ROW_ID, "id"),
        *required(TEXT, "document_id"),
        *required(INSTANT, "at"),
        *required(STATE, "state"),
        *required(TEXT, "reason"),
        one_of("state", "queued sending sent unknown verified acknowledged rejected given_up"),
        sa.PrimaryKeyConstraint("id"),
        names_row_of("document_id", "documents.id"),
    )
    index("delivery_attempts", "document_id")
    op.create_table(
        "control_numbers",
        *required(TEXT, "our_id partner_id kind"),
        *required(NUMBER, "last"),
        sa.PrimaryKeyConstraint("our_id", "partner_id", "kind"),
    )


def _enrollment() -> None:
    op.create_table(
        "accounts",
        *required(TEXT, "id partner_id"),
        *required(STATE, "line_of_business"),
        *required(TEXT, "policy membership_id"),
        one_of("line_of_business", "group individual self_funded"),
        sa.PrimaryKeyConstraint("id"),
    )
    index("accounts", "partner_id")
    op.create_table(
        "memberships",
        *required(TEXT, "id partner_id"),
        *optional(TEXT, "account_id"),
        *required(TEXT, "subscriber_id"),
        *required(STATE, "status"),
        *required(TEXT, "termination_reason policy"),
        one_of("status", "pending active terminated canceled"),
        sa.PrimaryKeyConstraint("id"),
        names_row_of("account_id", "accounts.id"),
    )
    index("memberships", "account_id", "id")
    index("memberships", "subscriber_id")
    op.create_table(
        "members",
        *required(TEXT, "id membership_id"),
        *required(YES_NO, "is_subscriber"),
        *required(TEXT, "relationship benefit_status last_name first_name middle_name suffix ssn other_id"),
        *optional(DAY, "birth_date"),
        *required(TEXT, "gender street city state postal_code language contacts"),
        sa.PrimaryKeyConstraint("id"),
        names_row_of("membership_id", "memberships.id"),
    )
    index("members", "membership_id")
    op.create_table(
        "coverages",
        *required(TEXT, "id line_id member_id membership_id insurance_line plan level"),
        *required(DAY, "starts_on"),
        *optional(DAY, "ends_before"),
        *required(STATE, "status"),
        *required(TEXT, "source"),
        *optional(TEXT, "set_id"),
        *required(INSTANT, "known_at"),
        *optional(INSTANT, "superseded_at"),
        *optional(CENTS, "premium"),
        *optional(DAY, "billable_before"),
        one_of("status", "active terminated canceled"),
        sa.PrimaryKeyConstraint("id"),
        names_row_of("member_id", "members.id"),
        names_row_of("membership_id", "memberships.id"),
        names_row_of("set_id", "transaction_sets.id"),
    )
    index("coverages", "member_id")
    index("coverages", "membership_id")
    index("coverages", "set_id")


def _membership_log() -> None:
    op.create_table(
        "membership_events",
        *required(TEXT, "key"),
        *required(STATE, "event"),
        *required(TEXT, "membership_id member_id"),
        *optional(DAY, "effective_on"),
        *optional(TEXT, "set_id"),
        *required(TEXT, "source"),
        *required(NUMBER, "ordinal position"),
        *required(TEXT, "reason note"),
        *required(INSTANT, "known_at"),
        one_of("event", "enroll change terminate cancel reinstate info compare link_only no_change"),
        sa.PrimaryKeyConstraint("key"),
        names_row_of("membership_id", "memberships.id"),
        names_row_of("set_id", "transaction_sets.id"),
    )
    index("membership_events", "membership_id")
    index("membership_events", "set_id")
    op.create_table(
        "membership_log",
        *required(TEXT, "key membership_id"),
        *required(INSTANT, "at"),
        *required(STATE, "event outcome"),
        *required(TEXT, "source"),
        *optional(TEXT, "set_id request_id"),
        *optional(DAY, "processing_on cutoff_on"),
        *required(TEXT, "actor note"),
        one_of("event", "enroll change terminate cancel reinstate info compare link_only no_change"),
        one_of(
            "outcome",
            "CREATED JOINED_OPEN NOT_ELIGIBLE NO_ACCOUNT NOT_FIN_RESPONSIBLE LOB_EXCLUDED "
            "REASON_EXCLUDED NO_BILLING_EFFECT NO_WINDOW PROCESSED CANCELED ERROR",
        ),
        sa.PrimaryKeyConstraint("key"),
        names_row_of("set_id", "transaction_sets.id"),
    )
    index("membership_log", "membership_id")
    index("membership_log", "request_id")
    index("membership_log", "set_id")


def _invoices() -> None:
    op.create_table(
        "invoice_requests",
        *required(TEXT, "id account_id partner_id request_type"),
        *required(STATE, "status"),
        *required(DAY, "created_on processing_on cutoff_on bill_on accounting_on"),
        *required(TEXT, "source"),
        *optional(TEXT, "invoice_id"),
        *required(TEXT, "reason"),
        one_of(
            "status",
            "draft approval_in_progress defer_processing defer_processing_batch processed canceled rejected error",
        ),
        sa.PrimaryKeyConstraint("id"),
        names_row_of("account_id", "accounts.id"),
    )
    index("invoice_requests", "account_id")
    index("invoice_requests", "status", "processing_on")
    op.create_index(
        "uq_invoice_requests_open_account",
        "invoice_requests",
        ["account_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_table(
        "invoices",
        *required(TEXT, "id account_id partner_id"),
        *optional(TEXT, "request_id"),
        *required(INSTANT, "issued_at"),
        *required(DAY, "bill_on due_on cutoff_on accounting_on"),
        *required(CENTS, "total"),
        *required(NUMBER, "lines_count"),
        *required(CENTS, "previous_balance payments"),
        sa.PrimaryKeyConstraint("id"),
        names_row_of("account_id", "accounts.id"),
        sa.UniqueConstraint("request_id"),
    )
    index("invoices", "account_id", "due_on")
    op.create_table(
        "invoice_lines",
        *required(TEXT, "invoice_id"),
        *required(NUMBER, "number"),
        *required(TEXT, "account_id"),
        *required(STATE, "line_type"),
        *required(TEXT, "membership_id member_id product insurance_line tier month"),
        *required(CENTS, "amount rate"),
        *required(NUMBER, "lives days_covered days_in_month"),
        *required(TEXT, "formula"),
        *optional(TEXT, "set_id"),
        *required(TEXT, "source corrects_invoice_id reason"),
        one_of("line_type", "CURRENT RETRO_ADD RETRO_TERM RETRO_CHANGE FEE CREDIT BALANCE_FWD PAYMENT"),
        sa.PrimaryKeyConstraint("invoice_id", "number"),
        names_row_of("invoice_id", "invoices.id"),
        names_row_of("set_id", "transaction_sets.id"),
    )
    index("invoice_lines", "account_id", "membership_id", "product", "month")
    index("invoice_lines", "set_id")
    op.create_table(
        "number_series",
        *required(TEXT, "series"),
        *required(NUMBER, "last"),
        sa.PrimaryKeyConstraint("series"),
    )


def _ledger() -> None:
    op.create_table(
        "journal_books",
        *required(TEXT, "book"),
        *required(NUMBER, "sequence"),
        *required(TEXT, "digest"),
        sa.PrimaryKeyConstraint("book"),
    )
    op.create_table(
        "journal_entries",
        *required(TEXT, "key book"),
        *required(NUMBER, "sequence"),
        *required(STATE, "kind"),
        *required(DAY, "on"),
        *required(TEXT, "source"),
        *optional(TEXT, "set_id receipt_id"),
        *required(TEXT, "note previous digest"),
        one_of("kind", "invoice receipt allocation write_off suspense release subsidy"),
        sa.PrimaryKeyConstraint("key"),
        names_row_of("book", "journal_books.book"),
        names_row_of("set_id", "transaction_sets.id"),
        sa.UniqueConstraint("book", "sequence"),
    )
    index("journal_entries", "receipt_id")
    index("journal_entries", "set_id")
    op.create_table(
        "journal_postings",
        *required(TEXT, "entry_key"),
        *required(NUMBER, "number"),
        *required(STATE, "ledger"),
        *required(CENTS, "amount"),
        *optional(TEXT, "account_id invoice_id membership_id"),
        *required(TEXT, "month"),
        one_of(
            "ledger",
            "receivable cash_clearing unapplied suspense write_off refund_payable premium subsidy_receivable user_fee",
        ),
        sa.PrimaryKeyConstraint("entry_key", "number"),
        names_row_of("entry_key", "journal_entries.key"),
    )
    index("journal_postings", "invoice_id")
    index("journal_postings", "ledger", "account_id")


def _payments() -> None:
    op.create_table(
        "receipts",
        *required(TEXT, "id partner_id trace originator"),
        *required(CENTS, "amount"),
        *optional(DAY, "settles_on"),
        *required(STATE, "state"),
        *optional(TEXT, "cash_set_id remittance_set_id"),
        *required(TEXT, "payer_id"),
        one_of("state", "expected advanced confirmed applied"),
        sa.PrimaryKeyConstraint("id"),
        names_row_of("cash_set_id", "transaction_sets.id"),
        names_row_of("remittance_set_id", "transaction_sets.id"),
    )
    index("receipts", "cash_set_id")
    index("receipts", "remittance_set_id")
    index("receipts", "trace")
    op.create_table(
        "remittances",
        *required(TEXT, "set_id receipt_id"),
        *required(STATE, "handling"),
        *required(CENTS, "amount"),
        *required(TEXT, "method trace originator"),
        *optional(DAY, "settles_on"),
        *required(TEXT, "payer receiver references"),
        *optional(DAY, "starts_on ends_before"),
        *required(TEXT, "adjustments"),
        *required(YES_NO, "is_exchange"),
        one_of("handling", "C D I P U X"),
        sa.PrimaryKeyConstraint("set_id"),
        names_row_of("set_id", "transaction_sets.id"),
    )
    index("remittances", "receipt_id")
    op.create_table(
        "remittance_lines",
        *required(TEXT, "set_id"),
        *required(NUMBER, "ordinal position"),
        *required(YES_NO, "is_individual"),
        *required(TEXT, "qualifier reference action"),
        *required(CENTS, "paid"),
        *optional(CENTS, "billed"),
        *required(TEXT, "member_ids references"),
        *optional(DAY, "starts_on ends_before"),
        *required(TEXT, "adjustments"),
        *optional(NUMBER, "head_count"),
        sa.PrimaryKeyConstraint("set_id", "ordinal"),
        names_row_of("set_id", "remittances.set_id"),
    )
    op.create_table(
        "placements",
        *required(TEXT, "receipt_id"),
        *required(NUMBER, "round ordinal"),
        *required(CENTS, "amount"),
        *optional(TEXT, "account_id invoice_id membership_id"),
        *required(TEXT, "month"),
        *optional(STATE, "reason"),
        *optional(NUMBER, "line"),
        *required(YES_NO, "is_suspense is_subsidy is_user_fee"),
        *optional(NUMBER, "released_in"),
        one_of(
            "reason",
            "NO_PARTNER_RIGHT NO_ACCOUNT NO_INVOICE NO_MEMBER NO_PERIOD AMBIGUOUS CLOSED_INVOICE "
            "OUT_OF_BALANCE DUPLICATE OVERPAID NO_REMITTANCE UNKNOWN_TYPE",
        ),
        sa.PrimaryKeyConstraint("receipt_id", "round", "ordinal"),
        names_row_of("receipt_id", "receipts.id"),
    )
    index("placements", "account_id")
    index("placements", "invoice_id")
    op.create_table(
        "cases",
        *required(TEXT, "key kind account_id invoice_id"),
        *required(CENTS, "amount"),
        *required(TEXT, "message"),
        sa.PrimaryKeyConstraint("key"),
    )
    index("cases", "account_id")


def _reviews() -> None:
    op.create_table(
        "reviews",
        *required(TEXT, "id set_id file_id"),
        *required(STATE, "verdict"),
        *required(TEXT, "by reason"),
        *required(INSTANT, "at"),
        *required(TEXT, "waived"),
        one_of("verdict", "release refuse"),
        sa.PrimaryKeyConstraint("id"),
        names_row_of("set_id", "transaction_sets.id"),
        names_row_of("file_id", "files.id"),
    )
    index("reviews", "set_id")
    index("reviews", "file_id")
    op.create_table(
        "work_items",
        *required(TEXT, "id partner_id account_id subscriber_id names code message file_id set_id"),
        *required(NUMBER, "ordinal position"),
        *required(INSTANT, "opened_at"),
        *optional(STATE, "ending"),
        *optional(INSTANT, "closed_at"),
        *optional(TEXT, "closed_by"),
        one_of("ending", "applied sent_again released refused"),
        sa.PrimaryKeyConstraint("id"),
        names_row_of("file_id", "files.id"),
        names_row_of("set_id", "transaction_sets.id"),
        names_row_of("closed_by", "transaction_sets.id"),
    )
    index("work_items", "partner_id", "closed_at", "subscriber_id")
    index("work_items", "closed_at", "opened_at")
    index("work_items", "file_id")
    index("work_items", "set_id")
    op.create_table(
        "discrepancies",
        *required(TEXT, "set_id"),
        *required(NUMBER, "number"),
        *required(STATE, "kind"),
        *required(TEXT, "membership_id member_id"),
        *optional(NUMBER, "ordinal"),
        *required(TEXT, "insurance_line plan subscriber_id on_file sent"),
        sa.CheckConstraint(
            "kind IN ('missing here', 'missing there', 'different dates', 'different plan', 'different tier')",
            name="kind",
        ),
        sa.PrimaryKeyConstraint("set_id", "number"),
        names_row_of("set_id", "transaction_sets.id"),
    )


def _work() -> None:
    op.create_table(
        "jobs",
        *required(ROW_ID, "id"),
        *required(TEXT, "station subject lock"),
        *optional(INSTANT, "run_at"),
        *required(STATE, "state"),
        *required(NUMBER, "attempt"),
        *required(TEXT, "reason"),
        one_of("state", "todo doing done failed"),
        sa.PrimaryKeyConstraint("id"),
    )
    index("jobs", "lock", "state", "id")
    index("jobs", "state", "id")
    op.create_table(
        "ticks",
        *required(TEXT, "key"),
        *required(INSTANT, "at"),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "incidents",
        *required(TEXT, "key kind partner_id"),
        *required(INSTANT, "opened_at"),
        *required(TEXT, "message"),
        *optional(DAY, "due_on"),
        *optional(INSTANT, "closed_at"),
        sa.PrimaryKeyConstraint("key"),
    )
    index("incidents", "partner_id", "kind")
    op.create_table(
        "log_events",
        *required(ROW_ID, "id"),
        *required(TEXT, "key"),
        *required(INSTANT, "at"),
        *required(TEXT, "station file_id subject_id text"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    index("log_events", "file_id")
    index("log_events", "subject_id")
