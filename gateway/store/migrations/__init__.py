"""The history of the schema, as Alembic runs it; `gateway db upgrade` brings a database to its newest version."""
