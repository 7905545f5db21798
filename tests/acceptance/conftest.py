"""Databases for the acceptance tests."""

from tests.databases import database_url, postgresql_server, sqlite_template  # noqa: F401
