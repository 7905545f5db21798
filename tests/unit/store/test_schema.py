"""The schema as the migrations make it, on both databases."""

import re

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Enum, inspect

from gateway.errors import SchemaOutdated
from gateway.store.database import Database, migrations
from gateway.store.tables import is_ours, metadata


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(database: Database) -> None:
    options = {"compare_type": True, "include_object": is_ours}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert [] == compare_metadata(context, metadata)


def test_every_closed_set_of_states_is_the_same_in_code_and_database(database: Database) -> None:
    in_code = {
        (table.name, column.name): [state.value for state in column.type.enum_class]
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, Enum)
    }
    checks = inspect(database.engine).get_multi_check_constraints()
    in_database = {
        (table, check["name"].removeprefix(f"ck_{table}_")): re.findall(r"'([^']*)'", check["sqltext"])
        for (_, table), of_table in checks.items()
        for check in of_table
    }
    assert in_code == in_database


def test_personal_columns_stand_in_members_and_findings_only() -> None:
    personal = {"last_name", "first_name", "ssn", "birth_date", "street", "city", "postal_code", "contacts", "value"}
    found = {(table.name, name) for table in metadata.sorted_tables for name in personal if name in table.columns}
    assert {"members", "findings"} == {table for table, _ in found}


def test_a_database_of_another_version_is_refused(database: Database) -> None:
    database.check_schema()
    with database.engine.begin() as connection:
        command.downgrade(migrations(connection), "base")
    with pytest.raises(SchemaOutdated, match="schema version none"):
        database.check_schema()


def test_the_migrations_run_backwards_and_forwards_again(database: Database) -> None:
    with database.engine.begin() as connection:
        command.downgrade(migrations(connection), "base")
        newest = ScriptDirectory.from_config(migrations(connection)).get_current_head()
    assert ["alembic_version"] == inspect(database.engine).get_table_names()
    assert newest == database.upgrade()
    assert newest == database.upgrade()
    database.check_schema()
