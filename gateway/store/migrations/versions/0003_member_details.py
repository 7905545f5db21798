"""What was sent of a member beside the person and the cover, and what a membership was told last."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns; of members that were applied before, the kept files still have it."""
    op.add_column("members", sa.Column("details", TEXT, nullable=False, server_default="[]"))
    op.add_column("memberships", sa.Column("told", TEXT, nullable=False, server_default=""))
    op.add_column("memberships", sa.Column("told_members", TEXT, nullable=False, server_default=""))
    was_told = sa.text("told != ''")
    op.create_index(
        "uq_memberships_told",
        "memberships",
        ["told"],
        unique=True,
        sqlite_where=was_told,
        postgresql_where=was_told,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("uq_memberships_told", "memberships")
    op.drop_column("memberships", "told_members")
    op.drop_column("memberships", "told")
    op.drop_column("members", "details")
