"""What was sent of a member beside the person and the cover."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column; of members that were applied before, the kept files still have it."""
    op.add_column("members", sa.Column("details", TEXT, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("members", "details")
