"""The whole schema in one place: importing this module fills `metadata` with every table."""

from gateway.store import tables_billing, tables_enrollment, tables_exchange, tables_work
from gateway.store.columns import metadata

__all__ = ["metadata", "tables_billing", "tables_enrollment", "tables_exchange", "tables_work"]
