"""How long a file lies unchanged; and the wrapped bytes of what comes and goes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns; what the last look saw is seen again at the next one."""
    op.drop_table("looks")
    _make_looks(
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_unfinished", sa.Boolean(), nullable=False),
    )
    op.add_column("files", sa.Column("raw_path", TEXT, nullable=False, server_default=""))
    op.add_column("documents", sa.Column("sealed_path", TEXT, nullable=False, server_default=""))
    op.add_column("documents", sa.Column("sealed_bytes", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("documents", "sealed_bytes")
    op.drop_column("documents", "sealed_path")
    op.drop_column("files", "raw_path")
    op.drop_table("looks")
    _make_looks()


def _make_looks(*more: sa.Column[object]) -> None:
    op.create_table(
        "looks",
        sa.Column("partner_id", TEXT, nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=False),
        *more,
        sa.PrimaryKeyConstraint("partner_id", "path", name=op.f("pk_looks")),
    )
