"""Every row OR-01 to OR-36 has a test that carries its name; and every command the documents name is there."""

import re
from pathlib import Path

import click
import pytest

from gateway.cli import cli

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"def (test_\w+)")
ROW = re.compile(r"(?<![a-z])or_(\d\d)(?:_to_(\d\d))?((?:_\d\d|_and_\d\d)*)")


def rows_of(name: str) -> set[int]:
    """The rows that a test's name carries: or_12, or_10_11_13, or_10_to_13_and_33."""
    found: set[int] = set()
    for first, last, more in ROW.findall(name):
        found |= set(range(int(first), int(last or first) + 1)) | {int(row) for row in re.findall(r"\d\d", more)}
    return found


TESTS = {
    name: path.relative_to(ROOT)
    for path in sorted(ROOT.glob("tests/**/test_*.py"))
    for name in NAMED.findall(path.read_text())
}


@pytest.mark.parametrize("row", range(1, 37), ids=lambda row: f"OR-{row:02d}")
def test_every_row_has_a_test_that_carries_its_name(row):
    assert [name for name in TESTS if row in rows_of(name)]


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("test_or_12_x", {12}),
        ("test_or_10_11_13_x", {10, 11, 13}),
        ("test_or_10_to_13_and_33_x", {10, 11, 12, 13, 33}),
        ("test_for_10_days", set()),
    ],
)
def test_a_name_carries_its_rows(name, rows):
    assert rows == rows_of(name)


@pytest.mark.parametrize("document", ["requests.md", "billing.md"])
def test_every_command_of_a_document_is_there(document):
    text = (ROOT / "docs" / document).read_text()
    context = click.Context(cli)
    for group, name in re.findall(r"`gateway (request|cycle) ([a-z]+)", text):
        command = cli.get_command(context, group)
        assert isinstance(command, click.Group)
        assert name in command.commands
