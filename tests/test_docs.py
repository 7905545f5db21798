"""The documents say what the code says: every setting with its type, default and meaning, none that is gone."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Union, get_args, get_origin

import annotated_types
import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway.cli.case import case_group
from gateway.cli.rates import rates_group
from gateway.configuration.toml_file import describe_type
from gateway.partners.billing import Billing
from gateway.partners.price_rows import KINDS
from gateway.partners.profile import Profile, SecretReference
from gateway.partners.rates import parse_rows
from gateway.pipeline.reports import REPORTS
from gateway.remittance.policy import PolicyFile
from gateway.settings import Settings, variable_for
from gateway.transactions.census_layout import LayoutFile

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
CELL = r"(?P<{}>[^|]+?) \|"
ROW = re.compile(
    r"^\| `(?P<key>[^`]+)` \| " + " ".join(CELL.format(name) for name in ("type", "default", "meaning")) + "$",
    re.MULTILINE,
)
DOCUMENTED = [
    ("settings.md", Settings),
    ("partners.md", Profile),
    ("billing.md", Billing),
    ("census.md", LayoutFile),
    ("collection.md", PolicyFile),
]
NAMES_OF_ENTRIES = dict.fromkeys(("request_types", "bill_cycles", "customer_classes", "persons"), "CODE") | {
    "accounts": "ID",
    "products": "ID",
}


def rows_of(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield key, type and default of every setting of a model, as its document writes them."""
    for name, field in model.model_fields.items():
        inner, marks = unwrapped(field.annotation, name)
        if isinstance(inner, type) and issubclass(inner, BaseModel) and inner is not SecretReference:
            yield from rows_of(inner, f"{prefix}{name}{marks}.")
        else:
            yield f"{prefix}{name}", type_text(field), default_text(field)


def unwrapped(annotation: object, name: str) -> tuple[object, str]:
    """Return what a setting holds in the end, and how its key goes on: `[]` for a list, `.ID` for named entries."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, UnionType}:
        return unwrapped(next(one for one in arguments if one is not NoneType), name)
    if origin is tuple and isinstance(arguments[0], type) and issubclass(arguments[0], BaseModel):
        return arguments[0], "[]"
    if origin is dict and name in NAMES_OF_ENTRIES and arguments[1] is not str:
        inner, marks = unwrapped(arguments[1], name)
        return inner, f".{NAMES_OF_ENTRIES[name]}{marks}"
    return annotation, ""


def type_text(field: FieldInfo) -> str:
    if SecretReference in (field.annotation, *get_args(field.annotation)):
        return "secret reference"
    bounds = [each for each in field.metadata if isinstance(each, annotated_types.Ge | annotated_types.Le)]
    low = next((f"{each.ge:_}" for each in bounds if isinstance(each, annotated_types.Ge)), None)
    high = next((f"{each.le:_}" for each in bounds if isinstance(each, annotated_types.Le)), None)
    limits = f", {low} to {high}" if high else f", {low} or more" if low else ""
    return describe_type(field.annotation) + limits


def default_text(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ("", (), {}):
        return "none"
    parts = value if isinstance(value, tuple) else (value,)
    return ", ".join(f"`{plain_text(part)}`" for part in parts)


def plain_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:_}" if isinstance(value, int) else str(value)


@pytest.mark.parametrize(("document", "model"), DOCUMENTED)
def test_every_setting_is_documented_with_its_type_and_default_and_nothing_that_is_gone(document, model):
    documented = [(row["key"], row["type"], row["default"]) for row in ROW.finditer((DOCS / document).read_text())]
    assert sorted(rows_of(model)) == sorted(documented)


@pytest.mark.parametrize("document", [document for document, _ in DOCUMENTED])
def test_every_setting_has_a_sentence(document):
    meanings = [row["meaning"] for row in ROW.finditer((DOCS / document).read_text())]
    assert [] == [meaning for meaning in meanings if not re.fullmatch(r"[A-Z`0-9].{10,}\.", meaning)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_of_a_price_file_is_documented_and_its_example_can_be_read(kind):
    text = (DOCS / "billing.md").read_text()
    section = text.split(f"### `{kind}.csv`", 1)[1].split("\n### ", 1)[0]
    days = ("starts_on", "ends_on")
    assert [] == [
        column for column in KINDS[kind].columns if f"**{column}**" not in (text if column in days else section)
    ]
    (example,) = re.findall(r"```csv\n(.*?)```", section, re.DOTALL)
    rows, mistakes = parse_rows(KINDS[kind], example.encode(), kind)
    assert ([], True) == (mistakes, len(rows) > 1)


def test_every_doubt_and_every_rates_command_is_documented():
    text = (DOCS / "rates.md").read_text()
    doubts = re.findall(r'"([A-Z]+_[A-Z]+)"', (ROOT / "gateway/billing/rate_doubts.py").read_text())
    assert [] == [doubt for doubt in {*doubts, "COVER_UNPRICED"} if f"`{doubt}`" not in text]
    assert [] == [name for name in rates_group.commands if f"`gateway rates {name} " not in text]


def test_every_report_and_every_case_command_is_documented():
    assert [] == [name for name in REPORTS if f"| `{name}` |" not in (DOCS / "reports.md").read_text()]
    text = (DOCS / "collection.md").read_text()
    assert [] == [name for name in case_group.commands if f"`gateway case {name} " not in text]


def test_every_kind_of_case_that_the_code_opens_is_documented():
    text = (DOCS / "collection.md").read_text()
    opened = set()
    for source in ("cases", "trend", "variance"):
        opened |= set(re.findall(r'"([A-Z]+_[A-Z]+)"', (ROOT / f"gateway/remittance/{source}.py").read_text()))
    assert [] == [kind for kind in sorted({*opened, "PRODUCT_MISSING", "DISPUTE"}) if f"`{kind}`" not in text]


@pytest.mark.parametrize("document", [document for document, _ in DOCUMENTED])
def test_the_toml_examples_in_the_documents_can_be_read(document):
    examples = re.findall(r"```toml\n(.*?)```", (DOCS / document).read_text(), re.DOTALL)
    assert examples
    for example in examples:
        tomllib.loads(example)


def test_the_settings_file_that_init_copies_holds_known_settings_only():
    written = tomllib.loads((ROOT / "gateway.toml").read_text())
    keys = {f"{name}.{key}" for name, table in written.items() if isinstance(table, dict) for key in table}
    keys |= {name for name, value in written.items() if not isinstance(value, dict)}
    assert set() == keys - {key for key, _, _ in rows_of(Settings)}


def test_the_variable_named_as_an_example_is_the_one_that_is_read():
    assert variable_for("work.threads") in (DOCS / "settings.md").read_text()
