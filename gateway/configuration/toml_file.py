"""TOML files read whole: every mistake at once, with its file, key and remedy (DESIGN, decision 12).

A file is read with `read_toml` and held against a pydantic model with `check_model`. TOML has types, so the check is
strict: `port = "22"` is a mistake, not a number.
"""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.domain.mistake import Mistake


class Section(BaseModel):
    """A table of a configuration file: frozen, and an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


_Model = TypeVar("_Model", bound=BaseModel)

_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_PLAIN_TYPES: dict[object, str] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    Decimal: "number",
    date: "date",
    datetime: "instant",
}
_EXPLAINED: dict[str, tuple[str, str]] = {
    "missing": ("it is missing", "write it: {type}"),
    "greater_than_equal": ("{given} is too small", "{ge} or more"),
    "less_than_equal": ("{given} is too large", "{le} or less"),
    "too_short": ("it has too few entries", "{min_length} or more"),
    "string_too_short": ("it is too short", "{min_length} characters or more"),
    "string_too_long": ("it is too long", "{max_length} characters or fewer"),
    "string_pattern_mismatch": ("it has characters or a length that are not allowed", "it must match {pattern}"),
    "decimal_max_places": ("it has too many decimal places", "{decimal_places} at most"),
}


def read_toml(path: Path, name: str) -> tuple[dict[str, Any], list[Mistake]]:
    """Return the tables of the file at `path`, or an empty dict with the mistake that made it unreadable.

    `name` is what the mistake calls the file.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig")), []
    except FileNotFoundError:
        return {}, [Mistake(name, "", "the file is missing", "write it, or copy one from an example")]
    except (OSError, UnicodeDecodeError) as error:
        why = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else f"cannot be read ({error.strerror})"
        return {}, [Mistake(name, "", f"the file {why}", "save it as plain UTF-8 text that we may read")]
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line = f"line {place[1]}" if place and place[1] else "the end"
        return {}, [Mistake(name, line, f"this is not TOML: {_PLACE.sub('', str(error))}", "correct that line")]


def check_model(model: type[_Model], data: Mapping[str, Any], file: str) -> tuple[_Model | None, list[Mistake]]:
    """Return `data` as a `model`, or None with every mistake in it; values that may be secret are never quoted."""
    try:
        # JSON is the strict form that still lets a date, an enum or a tuple be written as TOML can write it.
        return model.model_validate_json(json.dumps(data, default=str), strict=True), []
    except ValidationError as error:
        return None, [_mistake(model, details, file) for details in error.errors(include_url=False)]


def closest(word: str, known: Iterable[str], *, shown: int = 20) -> str:
    """Return a remedy for an unknown `word`: the known one that is spelled most like it, else up to `shown` of them."""
    choices = {choice.lower(): choice for choice in sorted(known)}
    near = get_close_matches(word.lower(), choices, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{choices[near[0]]}`?"
    if not choices:
        return "nothing is known here: take it out"
    more = " ..." if len(choices) > shown else ""
    return f"known here: {', '.join(list(choices.values())[:shown])}{more}" if shown else "look it up and correct it"


def describe_type(annotation: object) -> str:
    """Return what may be written for a setting of this type, such as `text`, `list of text` or `table`."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return describe_type(arguments[0])
    if origin in {Union, UnionType}:
        return " or ".join(describe_type(one) for one in arguments if one is not NoneType)
    if origin is tuple:
        return f"list of {describe_type(arguments[0])}"
    words = _choices(annotation)
    return " or ".join(f"`{word}`" for word in words) if words else _PLAIN_TYPES.get(annotation, "table")


def _choices(annotation: object) -> list[str]:
    """Return the words of a closed list, or none for any other type."""
    if get_origin(annotation) is Literal:
        return [str(value) for value in get_args(annotation)]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(member.value) for member in annotation]
    return []


def _mistake(model: type[BaseModel], details: Mapping[str, Any], file: str) -> Mistake:
    """Return one pydantic error in the reader's words."""
    path = [part for part in details["loc"] if part != "[key]"]
    if details["type"] == "extra_forbidden":
        parent = _annotation_at(model, path[:-1])
        known = parent.model_fields if isinstance(parent, type) and issubclass(parent, BaseModel) else ()
        return Mistake(file, dotted(path), "there is no such setting", closest(str(path[-1]), known))
    problem, remedy = _explain(details, _annotation_at(model, path))
    return Mistake(file, dotted(path), problem, remedy)


def dotted(path: Iterable[int | str]) -> str:
    """Return a path of keys as it is written in a mistake: entries of a list counted from 1."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _explain(details: Mapping[str, Any], annotation: object) -> tuple[str, str]:
    """Return problem and remedy of one pydantic error; only numbers and words of a closed list are quoted."""
    kind, given, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "value_error":  # our own rules say both, with a semicolon between
        problem, _, remedy = str(context["error"]).partition("; ")
        return problem, remedy
    if kind in {"enum", "literal_error"}:
        words = re.findall(r"'([^']*)'", context["expected"])
        return f"`{given}` is not one of the choices", closest(str(given), words)
    problem, remedy = _EXPLAINED.get(kind, (f"it is {_kind_of(given)}, which does not fit", "write: {type}"))
    blanks = {"given": given, "type": describe_type(annotation), **context}
    return problem.format_map(blanks), remedy.format_map(blanks)


def _kind_of(value: object) -> str:
    """Return what a value is in TOML's words, without showing it."""
    kinds = {bool: "true or false", str: "text", int: "a whole number", float: "a fraction", list: "a list"}
    return kinds.get(type(value), "a table")


def _annotation_at(model: type[BaseModel], path: Iterable[int | str]) -> object:
    """Return the type that the model wants at `path`, or None where it knows no such place."""
    here: object = model
    for part in path:
        here = _without_none(here)
        origin, arguments = get_origin(here), get_args(here)
        if isinstance(here, type) and issubclass(here, BaseModel) and part in here.model_fields:
            here = here.model_fields[str(part)].annotation
        elif origin in {tuple, dict}:
            here = arguments[0] if origin is tuple else arguments[1]
        else:
            return None
    return _without_none(here)


def _without_none(annotation: object) -> object:
    """Return the X of an `X | None`, else the annotation itself."""
    if get_origin(annotation) in {Union, UnionType}:
        return next(one for one in get_args(annotation) if one is not NoneType)
    return annotation
