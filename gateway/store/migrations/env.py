"""Runs migrations on the connection that `Database` hands over; there is no alembic.ini and no other way in."""

from alembic import context
from sqlalchemy import Connection, text

from gateway.store.tables import is_ours, metadata

_ONE_AT_A_TIME = 820834  # any fixed number: the advisory lock that nodes starting together wait for


def run(connection: Connection) -> None:
    """Run the migrations asked for in one transaction."""
    context.configure(connection=connection, target_metadata=metadata, include_object=is_ours)
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        context.run_migrations()


run(context.config.attributes["connection"])
