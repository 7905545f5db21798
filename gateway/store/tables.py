"""The whole schema in one place: importing this module fills `metadata` with every table."""

from gateway.store import (
    tables_bill_runs,
    tables_billing,
    tables_collection,
    tables_enrollment,
    tables_exchange,
    tables_rates,
    tables_requests,
    tables_review,
    tables_work,
)
from gateway.store.columns import metadata

__all__ = [
    "is_ours",
    "metadata",
    "tables_bill_runs",
    "tables_billing",
    "tables_collection",
    "tables_enrollment",
    "tables_exchange",
    "tables_rates",
    "tables_requests",
    "tables_review",
    "tables_work",
]


def is_ours(item: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:  # noqa: ARG001, FBT001
    """Tell Alembic to leave alone the tables of procrastinate, which live in the same PostgreSQL database."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))
