"""The only place that speaks SQL: SQLAlchemy Core tables, Alembic migrations, one schema on SQLite and PostgreSQL."""
