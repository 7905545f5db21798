"""Changes of price files: loaded by one person, approved by another."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
STAGED = sa.text("state = 'staged'")


def upgrade() -> None:
    """Make the table; every price file that is in use stays as it is until a change of it is approved."""
    words = ("partner_id", "kind", "file", "content", "result", "based_on", "staged_by", "decided_by", "reason")
    op.create_table(
        "rate_changes",
        sa.Column("id", TEXT, nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in words),
        sa.Column("takes_effect_on", sa.Date(), nullable=True),
        sa.Column("staged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_rate_changes"),
        sa.UniqueConstraint("partner_id", "file", "number", name="uq_rate_changes_partner_id_file_number"),
        sa.CheckConstraint(
            "state IN ('staged', 'approved', 'rejected', 'replaced')", name=op.f("ck_rate_changes_state")
        ),
    )
    op.create_index(
        "uq_rate_changes_staged",
        "rate_changes",
        ["partner_id", "file"],
        unique=True,
        sqlite_where=STAGED,
        postgresql_where=STAGED,
    )


def downgrade() -> None:
    """Drop it: accounts are billed by the files in partners/ again."""
    op.drop_table("rate_changes")
