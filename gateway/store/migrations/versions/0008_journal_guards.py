"""A journal that the database itself keeps balanced and sealed; orders about unplaced money, and returns."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# The postings of an entry are written first, the entry last: it must find them balanced, and seals them.
SQLITE = (
    """CREATE TRIGGER journal_entries_balance AFTER INSERT ON journal_entries
    WHEN (SELECT coalesce(sum(amount), 1) FROM journal_postings WHERE entry_key = NEW.key) <> 0
    BEGIN SELECT RAISE(ABORT, 'a journal entry must balance'); END""",
    """CREATE TRIGGER journal_postings_sealed BEFORE INSERT ON journal_postings
    WHEN EXISTS (SELECT 1 FROM journal_entries WHERE key = NEW.entry_key)
    BEGIN SELECT RAISE(ABORT, 'a journal entry is sealed'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION journal_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT 1 FROM added LEFT JOIN journal_postings ON entry_key = added.key
               GROUP BY added.key HAVING coalesce(sum(amount), 1) <> 0) THEN
        RAISE EXCEPTION 'a journal entry must balance' USING ERRCODE = 'check_violation';
    END IF; RETURN NULL; END $$""",
    """CREATE FUNCTION journal_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT 1 FROM added JOIN journal_entries ON journal_entries.key = added.entry_key) THEN
        RAISE EXCEPTION 'a journal entry is sealed' USING ERRCODE = 'check_violation';
    END IF; RETURN NULL; END $$""",
    """CREATE TRIGGER journal_entries_balance AFTER INSERT ON journal_entries
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION journal_must_balance()""",
    """CREATE TRIGGER journal_postings_sealed AFTER INSERT ON journal_postings
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION journal_is_sealed()""",
)


def upgrade() -> None:
    """Guard the journal, and make the tables of what people order about unplaced money."""
    for name in ("is_refund", "is_income"):
        op.add_column("placements", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    words = ("target", "ordered_by", "reason", "decided_by", "decided_reason", "payout_id", "code", "paid_by")
    op.create_table(
        "money_orders",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("receipt_id", TEXT, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in words),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_money_orders"),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipts.id"],
            name="fk_money_orders_receipt_id",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.CheckConstraint("kind IN ('apply', 'move', 'refund')", name=op.f("ck_money_orders_kind")),
        sa.CheckConstraint(
            "state IN ('waiting', 'booked', 'refused', 'paid_out', 'returned')", name=op.f("ck_money_orders_state")
        ),
    )
    op.create_index("ix_money_orders_state", "money_orders", ["state", "kind"])
    op.create_index("ix_money_orders_receipt_id", "money_orders", ["receipt_id"])
    op.create_table(
        "returned_receipts",
        sa.Column("receipt_id", TEXT, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("code", "returned_by", "reason")),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("receipt_id", name="pk_returned_receipts"),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipts.id"],
            name="fk_returned_receipts_receipt_id",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_table(
        "awaited_members",
        sa.Column("member_id", TEXT, nullable=False),
        sa.Column("receipt_id", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("member_id", "receipt_id", name="pk_awaited_members"),
        sa.ForeignKeyConstraint(
            ["receipt_id"],
            ["receipts.id"],
            name="fk_awaited_members_receipt_id",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Leave the journal to the program alone again."""
    if op.get_bind().dialect.name == "postgresql":
        for table, names in {
            "journal_entries": ("balance",),
            "journal_postings": ("sealed",),
        }.items():
            for name in names:
                op.execute(f"DROP TRIGGER {table}_{name} ON {table}")
        for function in ("journal_must_balance", "journal_is_sealed"):
            op.execute(f"DROP FUNCTION {function}()")
    else:
        for statement in SQLITE:
            op.execute(f"DROP TRIGGER {statement.split()[2]}")
    for table in ("awaited_members", "returned_receipts", "money_orders"):
        op.drop_table(table)
    for name in ("is_income", "is_refund"):
        op.drop_column("placements", name)
