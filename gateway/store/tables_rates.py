"""Changes of price files: what was loaded, what it leads to, who loaded and who decided it."""

from sqlalchemy import Column, Date, Index, Integer, Table, UniqueConstraint

from gateway.domain.rate_change import ChangeState
from gateway.store.columns import Instant, metadata, one_of, text

rate_changes = Table(
    "rate_changes",
    metadata,
    text("id", primary_key=True),
    text("partner_id"),
    text("kind"),
    text("file"),
    text("content"),
    text("result"),
    text("based_on"),
    Column("takes_effect_on", Date),
    text("staged_by"),
    Column("staged_at", Instant, nullable=False),
    one_of("state", ChangeState),
    Column("number", Integer),
    text("decided_by"),
    Column("decided_at", Instant),
    text("reason"),
    UniqueConstraint("partner_id", "file", "number"),
)

_is_staged = rate_changes.c.state == ChangeState.STAGED
Index(
    "uq_rate_changes_staged",
    rate_changes.c.partner_id,
    rate_changes.c.file,
    unique=True,  # whoever approves a table must know which of two loads it is
    sqlite_where=_is_staged,
    postgresql_where=_is_staged,
)
