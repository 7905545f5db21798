"""Who works on a case and until when, what was done to collect, and where accounts stood."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.DateTime(timezone=True)
DATES = ("due_on", "escalates_on")
INSTANTS = ("opened_at", "escalated_at", "closed_at")
TEXTS = ("owner", "reason")
CAUSES = "cause IN ('CLIENT_DATA', 'INSURER_SYSTEM', 'PAYMENT_PROCESSING', 'EXPECTED')"
ACTS = "act IN ('opened', 'assigned', 'escalated', 'closed')"
KINDS = "kind IN ('reminder', 'late_notice', 'second_notice', 'final_notice', 'termination_request', 'withdrawal')"
STATES = "state IN ('CURRENT', 'PAST_DUE', 'IN_GRACE', 'GRACE_EXPIRED', 'TERM_REQUESTED', 'TERMINATED', 'DISPUTED')"


def _account(table: str) -> sa.ForeignKeyConstraint:
    """Return what ties a row to its account, checked at commit."""
    return sa.ForeignKeyConstraint(
        ["account_id"], ["accounts.id"], name=f"fk_{table}_account_id_accounts", deferrable=True, initially="DEFERRED"
    )


def upgrade() -> None:
    """Add the columns and tables; cases that were opened before are taken up by the next daily review."""
    with op.batch_alter_table("cases") as cases:
        for name in INSTANTS:
            cases.add_column(sa.Column(name, INSTANT, nullable=True))
        for name in DATES:
            cases.add_column(sa.Column(name, sa.Date(), nullable=True))
        for name in TEXTS:
            cases.add_column(sa.Column(name, TEXT, nullable=False, server_default=""))
        cases.add_column(sa.Column("cause", sa.String(32), nullable=True))
        cases.create_check_constraint(op.f("ck_cases_cause"), CAUSES)
    op.create_index("ix_cases_closed_at_due_on", "cases", ["closed_at", "due_on"])
    op.create_table(
        "case_log",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("case_key", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("act", sa.String(32), nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_case_log"),
        sa.ForeignKeyConstraint(
            ["case_key"], ["cases.key"], name="fk_case_log_case_key_cases", deferrable=True, initially="DEFERRED"
        ),
        sa.UniqueConstraint("case_key", "number", name="uq_case_log_case_key_number"),
        sa.CheckConstraint(ACTS, name=op.f("ck_case_log_act")),
    )
    op.create_table(
        "collection_steps",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        *(sa.Column(name, sa.Date(), nullable=False) for name in ("started_on", "planned_on", "made_on")),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Date(), nullable=True) for name in ("deadline", "cover_ends_on")),
        sa.Column("note", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_collection_steps"),
        _account("collection_steps"),
        sa.CheckConstraint(KINDS, name=op.f("ck_collection_steps_kind")),
    )
    op.create_index("ix_collection_steps_account_id_made_on", "collection_steps", ["account_id", "made_on"])
    op.create_table(
        "standings",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("past_due", "disputed")),
        *(sa.Column(name, sa.Date(), nullable=True) for name in ("started_on", "grace_ends_on", "paid_through")),
        sa.PrimaryKeyConstraint("account_id", "as_of", name="pk_standings"),
        _account("standings"),
        sa.CheckConstraint(STATES, name=op.f("ck_standings_state")),
    )


def downgrade() -> None:
    """Drop them."""
    for name in ("standings", "collection_steps", "case_log"):
        op.drop_table(name)
    op.drop_index("ix_cases_closed_at_due_on", "cases")
    with op.batch_alter_table("cases") as cases:
        cases.drop_constraint(op.f("ck_cases_cause"), type_="check")
        for name in ("cause", *TEXTS, *DATES, *INSTANTS):
            cases.drop_column(name)
