"""Who underwrites an invoice line, whether it is a fee, what the employer contributes, and what priced it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns; the lines of bills that were issued before have none of it."""
    op.add_column("invoice_lines", sa.Column("legal_entity", TEXT, nullable=False, server_default=""))
    op.add_column("invoice_lines", sa.Column("is_fee", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("invoice_lines", sa.Column("employer_share", sa.BigInteger(), nullable=True))
    op.add_column("invoice_lines", sa.Column("priced_by", TEXT, nullable=False, server_default=""))


def downgrade() -> None:
    """Drop them."""
    for name in ("priced_by", "employer_share", "is_fee", "legal_entity"):
        op.drop_column("invoice_lines", name)
