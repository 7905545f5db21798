"""`gateway log` and `gateway show`: tables for people, JSON for programs, each after its schema."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import jsonschema
import pytest
from click.testing import CliRunner, Result

from gateway.cli.log import log_command
from gateway.cli.show import show_group
from gateway.cli.show_file import place_text
from gateway.domain.finding import Place
from gateway.errors import NotFound
from gateway.ports.queries import Queries
from gateway.store.database import Database
from tests.contract.records import write_a_world

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"
SHOWN = [("file", "F1"), ("member", "A100"), ("account", "ACME"), ("invoice", "INV1"), ("payment", "EFT")]
PLANTED = ("Planted", "PLANTED", "Ann", "1980-02-29")

Run = Callable[..., Result]


@dataclass
class Wired:
    """What the commands ask their context for."""

    queries: Queries

    def app(self) -> "Wired":
        return self


@pytest.fixture(scope="module")
def queries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queries]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('shown')}/gateway.db")
    database.upgrade()
    with database.unit_of_work(database.embedded_queue())() as unit:
        write_a_world(unit)
        unit.commit()
    yield database.queries()
    database.close()


@pytest.fixture
def run(queries: Queries) -> Run:
    def call(command: click.Command, *words: str) -> Result:
        return CliRunner().invoke(command, words, obj=Wired(queries), catch_exceptions=False)

    return call


def valid(name: str, text: str) -> dict[str, object]:
    """The JSON in `text`, after the schema `name`."""
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    document = json.loads(text)
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
    return document


def test_the_log_as_json_follows_its_schema(run: Run) -> None:
    document = valid("log", run(log_command, "--json").stdout)
    assert ["F2", "F1"] == [line["id"] for line in document["files"]]


@pytest.mark.parametrize(("what", "wanted"), SHOWN)
def test_what_is_shown_as_json_follows_its_schema(run: Run, what: str, wanted: str) -> None:
    valid(f"show-{what}", run(show_group, what, wanted, "--json").stdout)


@pytest.mark.parametrize("schema", [*sorted(SCHEMAS.glob("show-*.json")), SCHEMAS / "log.schema.json"])
def test_a_schema_says_all_there_is(schema: Path) -> None:
    def objects(node: object) -> Iterator[dict[str, object]]:
        if isinstance(node, dict):
            if node.get("type") == "object":
                yield node
            for each in node.values():
                yield from objects(each)
        elif isinstance(node, list):
            for each in node:
                yield from objects(each)

    found = list(objects(json.loads(schema.read_text())))
    assert found
    assert all(each["additionalProperties"] is False and each["required"] == [*each["properties"]] for each in found)


def test_the_log_lists_files_in_columns_that_align(run: Run) -> None:
    header, newest, older = run(log_command).stdout.splitlines()
    assert 1 == len({header.index("PARTNER"), newest.index("birch"), older.index("acme")})
    assert header.startswith("RECEIVED (UTC)")
    assert "quarantined" in newest
    assert "999 verified" in older
    assert older.endswith("came once more")


def test_the_log_of_a_partner_without_files_says_so(run: Run) -> None:
    assert "no file of cedar has come yet\n" == run(log_command, "--partner", "cedar").stdout


@pytest.mark.parametrize(
    ("what", "wanted", "said"),
    [
        ("file", "F1", "file F1 of acme: received"),
        ("file", "F1", "IK403:7  error     set 0001  INS03 at position 18  INS03 is not a code."),
        ("file", "F1", "verified at 2025-11-05 14:32:00"),
        ("member", "A100", "membership M1 of subscriber A100 in account ACME: active"),
        ("account", "ACME", "balance 475.00, unapplied 250.00, paid through no month yet"),
        ("invoice", "INV1", "invoice INV1 of account ACME: partial, total 1,475.00, open 475.00"),
        ("invoice", "INV1", "F1    000000001/1/0001/1       11"),
        ("payment", "T1", "applied 1,000.00, unapplied 250.00, in suspense 30.00"),
        ("payment", "T1", "brought by nothing yet; explained by file F1, set 000000001/1/0001"),
    ],
)
def test_a_person_reads(run: Run, what: str, wanted: str, said: str) -> None:
    assert said in run(show_group, what, wanted).stdout


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_nothing_personal_is_printed(run: Run, words: tuple[str, ...]) -> None:
    printed = run(log_command, *words).stdout
    printed += "".join(run(show_group, what, wanted, *words).stdout for what, wanted in SHOWN)
    assert [] == [each for each in PLANTED if each in printed]


def test_what_is_not_there_ends_in_an_error(run: Run) -> None:
    with pytest.raises(NotFound, match="there is no invoice 'INV9'"):
        run(show_group, "invoice", "INV9")


@pytest.mark.parametrize(
    ("place", "member", "text"),
    [
        (Place("INS", 12, 3), None, "INS03 at position 12"),
        (Place("HD", 20, 4, 2, loop="2300"), 7, "HD04-2 at position 20, loop 2300, member 7"),
        (Place("NM1", 13), None, "NM1 at position 13"),
        (Place(), 2, "member 2"),
        (Place(), None, ""),
    ],
)
def test_a_place_is_written_as_one_reads_it(place: Place, member: int | None, text: str) -> None:
    assert text == place_text(place, member)
