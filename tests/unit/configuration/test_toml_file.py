"""Configuration files are read whole, and mistakes are said in the reader's words."""

from datetime import date
from decimal import Decimal
from typing import Literal

import pytest
from pydantic import Field

from gateway.configuration.toml_file import Section, check_model, closest, describe_type, read_toml
from gateway.domain.mistake import Mistake


class Window(Section):
    opens_on: date
    days: int = Field(default=1, ge=1, le=9)


class Shop(Section):
    name: str
    kind: Literal["corner", "market"] = "corner"
    price: Decimal = Field(default=Decimal(1), decimal_places=2)
    windows: tuple[Window, ...] = ()
    by_name: dict[str, tuple[Window, ...]] = Field(default_factory=dict)
    spare: Window | None = None


def mistakes_in(**data: object) -> list[tuple[str, str, str]]:
    return [(each.key, each.problem, each.remedy) for each in check_model(Shop, data, "shop.toml")[1]]


def test_what_fits_comes_back_as_the_model():
    shop, mistakes = check_model(Shop, {"name": "A", "windows": [{"opens_on": date(2025, 11, 5)}]}, "shop.toml")
    assert [] == mistakes
    assert Shop(name="A", windows=(Window(opens_on=date(2025, 11, 5)),)) == shop


@pytest.mark.parametrize(
    ("data", "mistake"),
    [
        ({}, ("name", "it is missing", "write it: text")),
        ({"name": 5}, ("name", "it is a whole number, which does not fit", "write: text")),
        (
            {"name": "A", "spare": {"opens_on": "2025-11-05", "days": "1"}},
            ("spare.days", "it is text, which does not fit", "write: whole number"),
        ),
        ({"name": "A", "nam": "B"}, ("nam", "there is no such setting", "did you mean `name`?")),
        (
            {"name": "A", "spare": {"zzz": 1, "opens_on": "2025-11-05"}},
            ("spare.zzz", "there is no such setting", "known here: days, opens_on"),
        ),
        ({"name": "A", "kind": "markt"}, ("kind", "`markt` is not one of the choices", "did you mean `market`?")),
        ({"name": "A", "kind": 1}, ("kind", "`1` is not one of the choices", "known here: corner, market")),
        (
            {"name": "A", "windows": [{"opens_on": "2025-11-05"}, {"opens_on": "2025-11-05", "days": 10}]},
            ("windows[2].days", "10 is too large", "9 or less"),
        ),
        (
            {"name": "A", "by_name": {"east": [{"opens_on": "2025-11-05", "days": 1.5}]}},
            ("by_name.east[1].days", "it is a fraction, which does not fit", "write: whole number"),
        ),
        (
            {"name": "A", "spare": {"opens_on": "5 Nov"}},
            ("spare.opens_on", "it is text, which does not fit", "write: date"),
        ),
        ({"name": "A", "spare": "closed"}, ("spare", "it is text, which does not fit", "write: table")),
        ({"name": "A", "windows": {}}, ("windows", "it is a table, which does not fit", "write: list of table")),
        ({"name": "A", "price": 1.005}, ("price", "it has too many decimal places", "2 at most")),
    ],
)
def test_a_mistake_says_where_what_is_wrong_and_what_would_be_right(data, mistake):
    assert [mistake] == mistakes_in(**data)


def test_every_mistake_is_named_at_once():
    assert ["name", "kind", "surplus"] == [key for key, _, _ in mistakes_in(kind="x", surplus=1)]


def test_a_file_that_is_missing_or_broken_is_a_mistake(tmp_path):
    (tmp_path / "broken.toml").write_text("a = 1\nb = = 2\n")
    assert ({}, [Mistake("none", "", "the file is missing", "write it, or copy one from an example")]) == read_toml(
        tmp_path / "none.toml", "none"
    )
    data, [mistake] = read_toml(tmp_path / "broken.toml", "broken")
    assert ({}, "line 2") == (data, mistake.key)


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    (tmp_path / "marked.toml").write_bytes(b"\xef\xbb\xbfa = 1\n")
    assert ({"a": 1}, []) == read_toml(tmp_path / "marked.toml", "marked")


@pytest.mark.parametrize(
    ("word", "known", "remedy"),
    [
        ("Portt", ["port", "host"], "did you mean `port`?"),
        ("x", ["port", "host"], "known here: host, port"),
        ("x", [f"name{n:02}" for n in range(30)], f"known here: {', '.join(f'name{n:02}' for n in range(20))} ..."),
        ("x", [], "nothing is known here: take it out"),
    ],
)
def test_the_remedy_of_an_unknown_word_is_the_closest_known_one(word, known, remedy):
    assert remedy == closest(word, known)


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (str, "text"),
        (bool, "true or false"),
        (int | None, "whole number"),
        (Literal["a", "b"], "`a` or `b`"),
        (tuple[str, ...], "list of text"),
        (dict[str, str], "table"),
        (Window, "table"),
    ],
)
def test_a_type_is_described_in_words(annotation, words):
    assert words == describe_type(annotation)


def test_a_mistake_reads_as_one_line():
    assert "gateway.toml: work.threads: 0 is too small; 1 or more" == str(
        Mistake("gateway.toml", "work.threads", "0 is too small", "1 or more")
    )
    assert "x.csv: the file is empty; write it" == str(Mistake("x.csv", "", "the file is empty", "write it"))
