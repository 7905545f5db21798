"""Jobs keep their rows in real databases."""

from tests.databases import database, database_url, open_unit, postgresql_server, sqlite_template

__all__ = ["database", "database_url", "open_unit", "postgresql_server", "sqlite_template"]
