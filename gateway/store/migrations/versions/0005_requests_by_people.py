"""Requests that people make: who made them, their log, trial bills, who is eligible, versions of request types."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CENTS = sa.BigInteger()
INSTANT = sa.DateTime(timezone=True)
STATE = sa.String(32)
WAS_OPEN = sa.text("status NOT IN ('processed', 'canceled', 'rejected')")
IS_OPEN = sa.text("status NOT IN ('processed', 'canceled', 'rejected') AND is_trial IS false")
IS_OPEN_ON_SQLITE = sa.text("status NOT IN ('processed', 'canceled', 'rejected') AND is_trial IS 0")
ONE_OPEN = "uq_invoice_requests_open_account"
TABLES = ("request_log", "trial_bills", "trial_lines", "membership_characteristics", "request_type_versions")
STATUSES = (
    "draft", "approval_in_progress", "defer_processing", "defer_processing_batch", "processed", "canceled", "rejected",
    "error",
)  # fmt: skip
LINE_TYPES = ("CURRENT", "RETRO_ADD", "RETRO_TERM", "RETRO_CHANGE", "FEE", "CREDIT", "BALANCE_FWD", "PAYMENT")


def upgrade() -> None:
    """Add the columns and tables; requests that were made before were made by the gateway and are regular ones."""
    for name in ("is_manual", "is_trial"):
        op.add_column("invoice_requests", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("invoice_requests", sa.Column("created_by", TEXT, nullable=False, server_default="gateway"))
    op.add_column("invoice_requests", sa.Column("decided_by", TEXT, nullable=False, server_default=""))
    op.create_index("ix_invoice_requests_created_on", "invoice_requests", ["created_on"])
    _one_open(IS_OPEN, IS_OPEN_ON_SQLITE)
    _log()
    _trials()
    _audit()


def downgrade() -> None:
    """Drop them, children first."""
    for table in reversed(TABLES):
        op.drop_table(table)
    _one_open(WAS_OPEN, WAS_OPEN)
    op.drop_index("ix_invoice_requests_created_on", "invoice_requests")
    for name in ("decided_by", "created_by", "is_trial", "is_manual"):
        op.drop_column("invoice_requests", name)


def _one_open(on_postgresql: sa.TextClause, on_sqlite: sa.TextClause) -> None:
    """Make the index anew that lets an account have one open request."""
    op.drop_index(ONE_OPEN, "invoice_requests")
    op.create_index(
        ONE_OPEN,
        "invoice_requests",
        ["account_id"],
        unique=True,
        sqlite_where=on_sqlite,
        postgresql_where=on_postgresql,
    )


def _required(kind: sa.types.TypeEngine[Any], names: str) -> list[sa.Column[Any]]:
    """Return columns of one type that always hold a value."""
    return [sa.Column(name, kind, nullable=False) for name in names.split()]


def _one_of(table: str, column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    """Return the check of a closed set of values."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({allowed})", name=op.f(f"ck_{table}_{column}"))


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """Return a foreign key that is checked at commit."""
    return sa.ForeignKeyConstraint(
        [column], [target], name=op.f(f"fk_{table}_{column}"), deferrable=True, initially="DEFERRED"
    )


def _log() -> None:
    """Create the requests' own log."""
    op.create_table(
        "request_log",
        sa.Column("id", ROW_ID, nullable=False),
        *_required(TEXT, "key request_id"),
        *_required(INSTANT, "at"),
        *_required(STATE, "status"),
        *_required(TEXT, "actor note"),
        sa.PrimaryKeyConstraint("id", name="pk_request_log"),
        sa.UniqueConstraint("key", name="uq_request_log_key"),
        _refers("request_log", "request_id", "invoice_requests.id"),
        _one_of("request_log", "status", STATUSES),
    )
    op.create_index("ix_request_log_request_id", "request_log", ["request_id"])


def _trials() -> None:
    """Create the images of trial bills."""
    op.create_table(
        "trial_bills",
        *_required(TEXT, "request_id account_id"),
        *_required(INSTANT, "made_at"),
        *_required(sa.Date(), "bill_on due_on cutoff_on accounting_on"),
        *_required(CENTS, "total"),
        *_required(sa.Integer(), "lines_count"),
        *_required(CENTS, "previous_balance payments"),
        *_required(TEXT, "remarks"),
        sa.PrimaryKeyConstraint("request_id", name="pk_trial_bills"),
        _refers("trial_bills", "request_id", "invoice_requests.id"),
    )
    op.create_table(
        "trial_lines",
        *_required(TEXT, "request_id"),
        *_required(sa.Integer(), "number"),
        *_required(STATE, "line_type"),
        *_required(TEXT, "membership_id member_id product insurance_line tier month"),
        *_required(CENTS, "amount rate"),
        *_required(sa.Integer(), "lives days_covered days_in_month"),
        *_required(TEXT, "formula"),
        sa.Column("set_id", TEXT, nullable=True),
        *_required(TEXT, "source corrects_invoice_id reason"),
        sa.Column("legal_entity", TEXT, nullable=False, server_default=""),
        sa.Column("is_fee", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("employer_share", CENTS, nullable=True),
        sa.Column("priced_by", TEXT, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("request_id", "number", name="pk_trial_lines"),
        _refers("trial_lines", "request_id", "trial_bills.request_id"),
        _one_of("trial_lines", "line_type", LINE_TYPES),
    )


def _audit() -> None:
    """Create what people decided: characteristics of memberships, versions of request types."""
    op.create_table(
        "membership_characteristics",
        *_required(TEXT, "key membership_id code setting"),
        *_required(INSTANT, "at"),
        *_required(TEXT, "by"),
        sa.Column("set_id", TEXT, nullable=True),
        *_required(TEXT, "reason"),
        sa.PrimaryKeyConstraint("key", name="pk_membership_characteristics"),
        _refers("membership_characteristics", "membership_id", "memberships.id"),
        _refers("membership_characteristics", "set_id", "transaction_sets.id"),
    )
    op.create_index(
        "ix_membership_characteristics_membership_id_code_at",
        "membership_characteristics",
        ["membership_id", "code", "at"],
    )
    op.create_table(
        "request_type_versions",
        *_required(TEXT, "partner_id code"),
        *_required(sa.Integer(), "number"),
        *_required(STATE, "change"),
        *_required(TEXT, "content"),
        *_required(INSTANT, "at"),
        *_required(TEXT, "by reason"),
        sa.PrimaryKeyConstraint("partner_id", "code", "number", name="pk_request_type_versions"),
        _one_of("request_type_versions", "change", ("copied", "inactivated", "activated", "written", "removed")),
    )
