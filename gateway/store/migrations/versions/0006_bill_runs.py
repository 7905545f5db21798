"""Bill runs, held accounts, consolidated bills; issued bills and the journal are guarded against every edit."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)
STATE = sa.String(32)
TABLES = ("bill_runs", "bill_run_orders", "account_holds", "consolidated_bills", "consolidated_items")
BILLS = ("invoices", "invoice_lines", "consolidated_bills", "consolidated_items")
JOURNAL = ("journal_entries", "journal_postings")
HAS_NO_SOURCE = "NEW.source = '' AND NEW.corrects_invoice_id = ''"  # and so nobody can say why it is charged (IA-42)


def upgrade() -> None:
    """Create the tables and the guards."""
    _runs()
    _holds()
    _consolidated()
    op.add_column("invoices", sa.Column("pending", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("incidents", sa.Column("subject_id", TEXT, nullable=False, server_default=""))
    _index("incidents", "subject_id", "kind")
    _index("receipts", "state")
    make = _on_postgresql if op.get_bind().dialect.name == "postgresql" else _on_sqlite
    for statement in make():
        op.execute(statement)


def downgrade() -> None:
    """Drop all of it."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in (*BILLS, *JOURNAL):
        on_table = f" ON {table}" if is_postgresql else ""
        for trigger in (f"{table}_never_updated", f"{table}_never_deleted"):
            op.execute(f"DROP TRIGGER {trigger}{on_table}")
    op.execute(f"DROP TRIGGER invoice_lines_have_a_source{' ON invoice_lines' if is_postgresql else ''}")
    if is_postgresql:
        op.execute("DROP FUNCTION gateway_refuse()")
    op.drop_index("ix_receipts_state", "receipts")
    op.drop_index("ix_incidents_subject_id_kind", "incidents")
    op.drop_column("incidents", "subject_id")
    op.drop_column("invoices", "pending")
    for table in reversed(TABLES):
        op.drop_table(table)


def _names_row_of(column: str, target: str) -> sa.ForeignKeyConstraint:
    """Return a foreign key that is checked at commit."""
    return sa.ForeignKeyConstraint([column], [target], deferrable=True, initially="DEFERRED")


def _required(kind: sa.types.TypeEngine[Any], names: str) -> list[sa.Column[Any]]:
    """Return columns of one type that always hold a value."""
    return [sa.Column(name, kind, nullable=False) for name in names.split()]


def _index(table: str, *columns: str) -> None:
    """Create an index under the name of the convention."""
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _runs() -> None:
    op.create_table(
        "bill_runs",
        *_required(TEXT, "id"),
        *_required(sa.Date(), "business_date"),
        *_required(INSTANT, "begun_at"),
        sa.Column("proved_at", INSTANT),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("bill_runs", "proved_at", "business_date")
    op.create_table(
        "bill_run_orders",
        *_required(TEXT, "run_id key"),
        *_required(sa.Integer(), "number"),
        *_required(TEXT, "account_id"),
        *_required(sa.Date(), "bill_on cutoff_on accounting_on"),
        *_required(TEXT, "source"),
        *_required(INSTANT, "frozen_at"),
        sa.Column("ending", STATE),
        sa.Column("ended_at", INSTANT),
        sa.Column("invoice_id", TEXT),
        *_required(TEXT, "reason"),
        sa.CheckConstraint("ending IN ('invoiced', 'nothing_due', 'held', 'tried')", name="ending"),
        sa.PrimaryKeyConstraint("run_id", "key"),
        _names_row_of("run_id", "bill_runs.id"),
        _names_row_of("account_id", "accounts.id"),
    )
    _index("bill_run_orders", "key")
    _index("bill_run_orders", "run_id", "ending")
    _index("bill_run_orders", "account_id", "frozen_at")
    _index("bill_run_orders", "invoice_id")


def _holds() -> None:
    op.create_table(
        "account_holds",
        *_required(TEXT, "id account_id partner_id order_key"),
        *_required(sa.Integer(), "number"),
        *_required(sa.Date(), "bill_on cutoff_on accounting_on"),
        *_required(TEXT, "source reason findings"),
        *_required(INSTANT, "held_at"),
        sa.Column("ending", STATE),
        sa.Column("ended_at", INSTANT),
        *_required(TEXT, "ended_by end_reason"),
        sa.CheckConstraint("ending IN ('cause_gone', 'released')", name="ending"),
        sa.PrimaryKeyConstraint("id"),
        _names_row_of("account_id", "accounts.id"),
        sa.UniqueConstraint("order_key", "number"),
    )
    _index("account_holds", "account_id", "ended_at")


def _consolidated() -> None:
    op.create_table(
        "consolidated_bills",
        *_required(TEXT, "id partner_id code run_id"),
        *_required(INSTANT, "issued_at"),
        *_required(sa.Date(), "bill_on"),
        *_required(sa.BigInteger(), "total"),
        sa.PrimaryKeyConstraint("id"),
        _names_row_of("run_id", "bill_runs.id"),
    )
    op.create_table(
        "consolidated_items",
        *_required(TEXT, "consolidated_id invoice_id"),
        sa.PrimaryKeyConstraint("consolidated_id", "invoice_id"),
        _names_row_of("consolidated_id", "consolidated_bills.id"),
        _names_row_of("invoice_id", "invoices.id"),
        sa.UniqueConstraint("invoice_id"),
    )


def _on_sqlite() -> Iterator[str]:
    """Yield the guards of SQLite."""
    for table, what in _guarded():
        for name, event in (("updated", "UPDATE"), ("deleted", "DELETE")):
            refuse = f"SELECT RAISE(ABORT, '{what}')"
            yield f"CREATE TRIGGER {table}_never_{name} BEFORE {event} ON {table} BEGIN {refuse}; END"
    yield (
        f"CREATE TRIGGER invoice_lines_have_a_source BEFORE INSERT ON invoice_lines WHEN {HAS_NO_SOURCE} "
        "BEGIN SELECT RAISE(ABORT, 'a charge needs a source'); END"
    )


def _on_postgresql() -> Iterator[str]:
    """Yield the guards of PostgreSQL; the name of the guard is told as that of a constraint."""
    yield (
        "CREATE FUNCTION gateway_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME; END $$"
    )
    for table, what in _guarded():
        for name, event in (("updated", "UPDATE"), ("deleted", "DELETE")):
            refuse = f"EXECUTE FUNCTION gateway_refuse('{what}')"
            yield f"CREATE TRIGGER {table}_never_{name} BEFORE {event} ON {table} FOR EACH ROW {refuse}"
    yield (
        f"CREATE TRIGGER invoice_lines_have_a_source BEFORE INSERT ON invoice_lines FOR EACH ROW "
        f"WHEN ({HAS_NO_SOURCE}) EXECUTE FUNCTION gateway_refuse('a charge needs a source')"
    )


def _guarded() -> Iterator[tuple[str, str]]:
    """Yield each table that is written once, with what an attempt to edit it is told."""
    yield from ((table, "an issued bill is never edited") for table in BILLS)
    yield from ((table, "the journal is never edited") for table in JOURNAL)
