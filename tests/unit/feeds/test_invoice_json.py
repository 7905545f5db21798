"""The JSON invoice holds to its published schema."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gateway.domain.charge import LineType
from gateway.feeds.invoice_json import render_json
from tests.unit.feeds.conftest import CREDIT, PREMIUM

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "invoice-feed.schema.json"


@pytest.fixture
def schema() -> dict:
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


@pytest.fixture
def document(statement) -> dict:
    out = io.BytesIO()
    render_json(statement(), out)
    return json.loads(out.getvalue())


def test_the_document_holds_to_its_schema(document, schema):
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(document)


@pytest.mark.parametrize("path", [("invoice_id",), ("lines", 0, "amount"), ("summary", "due")])
def test_the_schema_asks_for_every_field(path, document, schema):
    *parents, field = path
    inside = document
    for step in parents:
        inside = inside[step]
    del inside[field]
    assert not Draft202012Validator(schema).is_valid(document)


def test_the_schema_knows_every_line_type(schema):
    assert [each.value for each in LineType] == schema["$defs"]["line"]["properties"]["line_type"]["enum"]


def test_amounts_are_text_so_that_no_reader_rounds_them(document):
    assert ["-40.00", "600.00"] == [line["amount"] for line in document["lines"]]


def test_the_summary_is_the_statement(document):
    assert {
        "rows": 2,
        "total": "560.00",
        "previous_balance": "640.00",
        "payments": "600.00",
        "adjustments": "-40.00",
        "current": "600.00",
        "due": "600.00",
        "pending": "0.00",
        "legal_entities": [{"name": "", "total": "560.00"}],
    } == document["summary"]


def test_hn_17_the_totals_of_two_companies_together_are_the_whole(statement, schema):
    lines = [
        replace(PREMIUM, number=1, legal_entity="NORTH LIFE"),
        replace(CREDIT, number=2, legal_entity="NORTH HEALTH"),
    ]
    out = io.BytesIO()
    render_json(statement(lines=lines), out)
    document = json.loads(out.getvalue())
    Draft202012Validator(schema).validate(document)
    assert [
        {"name": "NORTH HEALTH", "total": "-40.00"},
        {"name": "NORTH LIFE", "total": "600.00"},
    ] == document["summary"]["legal_entities"]
    assert ["NORTH LIFE", "NORTH HEALTH"] == [line["legal_entity"] for line in document["lines"]]


def test_each_invoice_line_stands_on_a_text_line_of_its_own(statement):
    out = io.BytesIO()
    render_json(statement(), out)
    assert 4 == len(out.getvalue().splitlines())
