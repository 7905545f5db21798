"""Changes to the text of a `billing.toml` that leave every other line as it was written, comments included.

Each change is made on the lines and then proved: read again, the text must say what it said before, plus the change.
A file written in a form that is not known here is refused, never guessed at.
"""

import re
import tomllib
from collections.abc import Sequence
from copy import deepcopy
from datetime import date
from typing import Any

from gateway.errors import ConfigurationError, NotAllowed, NotFound

NewWindow = tuple[date, date, date, date]
"""Start, end, cutoff and accounting date of a bill window."""

_HEADER = re.compile(r"\s*\[")
_ACTIVE = re.compile(r"(\s*active\s*=\s*)(true|false)(.*)")
_ENTRY_WITHOUT_COMMA = re.compile(r"(.*\})(\s*(?:#.*)?)")


def with_copied_type(text: str, code: str, new_code: str) -> str:
    """Return `text` with the request type `code` once more, as `new_code`, each field and comment the same.

    Raises NotFound for a type that is not in the text, NotAllowed where the new code is taken, ConfigurationError for a
    text written in another form.
    """
    before = _parsed(text)
    kind = _type_in(before, code)
    if new_code in before["request_types"]:
        raise NotAllowed(f"there is a request type {new_code} already", hint="choose another code")
    lines = text.splitlines()
    start, end = _block(lines, code)
    copy = [f"[request_types.{new_code}]", *lines[start + 1 : end]]
    expected = deepcopy(before)
    expected["request_types"][new_code] = deepcopy(kind)
    return _proved([*lines[:end], "", *copy, *lines[end:]], expected)


def with_activity(text: str, code: str, *, active: bool) -> str:
    """Return `text` with the request type `code` active or not; raises NotFound and ConfigurationError as above."""
    before = _parsed(text)
    _type_in(before, code)
    lines = text.splitlines()
    start, end = _block(lines, code)
    word = "true" if active else "false"
    body = [_ACTIVE.sub(rf"\g<1>{word}\g<3>", line) for line in lines[start + 1 : end]]
    if body == lines[start + 1 : end] and not any(map(_ACTIVE.fullmatch, body)):
        body = [f"active = {word}", *body]
    expected = deepcopy(before)
    expected["request_types"][code]["active"] = active
    return _proved([*lines[: start + 1], *body, *lines[end:]], expected)


def with_windows(text: str, cycle: str, windows: Sequence[NewWindow]) -> str:
    """Return `text` with `windows` at the end of a bill cycle, one line each; raises NotFound for no such cycle."""
    before = _parsed(text)
    if cycle not in before.get("bill_cycles", {}):
        raise NotFound(f"there is no bill cycle {cycle}", hint=f"cycles: {', '.join(before.get('bill_cycles', {}))}")
    names = ("start", "end", "cutoff", "accounting")
    expected = deepcopy(before)
    expected["bill_cycles"][cycle] += [dict(zip(names, window, strict=True)) for window in windows]
    entries = [
        ", ".join(f"{name} = {day.isoformat()}" for name, day in zip(names, window, strict=True)) for window in windows
    ]
    lines = text.splitlines()
    opening = re.compile(rf"\s*(bill_cycles\.)?{re.escape(cycle)}\s*=\s*\[\s*(#.*)?")
    starts = [number for number, line in enumerate(lines) if opening.fullmatch(line)]
    ends = [number for number, line in enumerate(lines) if starts and number > starts[0] and line.strip() == "]"]
    if not ends:
        raise _unknown_form(f"the bill cycle {cycle} is not a list with one window on each line")
    head = lines[: ends[0]]
    last = max(number for number, line in enumerate(head) if "}" in line.partition("#")[0] or number == starts[0])
    head[last] = _ENTRY_WITHOUT_COMMA.sub(r"\1,\2", head[last]) if _lacks_comma(head[last]) else head[last]
    return _proved([*head, *(f"  {{ {entry} }}," for entry in entries), *lines[ends[0] :]], expected)


def _lacks_comma(line: str) -> bool:
    """Tell whether a line ends with an entry and no comma after it."""
    return line.partition("#")[0].rstrip().endswith("}")


def _type_in(document: dict[str, Any], code: str) -> object:
    """Return a request type of the document; raises NotFound."""
    types = document.get("request_types", {})
    if code not in types:
        raise NotFound(f"there is no request type {code}", hint=f"types here: {', '.join(types) or 'none'}")
    return types[code]


def _block(lines: Sequence[str], code: str) -> tuple[int, int]:
    """Return the line of a type's header, and the line after its last field."""
    header = re.compile(rf"\s*\[\s*request_types\s*\.\s*[\"']?{re.escape(code)}[\"']?\s*\]\s*(#.*)?")
    start = next((number for number, line in enumerate(lines) if header.fullmatch(line)), None)
    if start is None:
        raise _unknown_form(f"the request type {code} is not a table of its own, [request_types.{code}]")
    after = next((n for n, line in enumerate(lines) if n > start and _HEADER.match(line)), len(lines))
    while not lines[after - 1].strip() or lines[after - 1].lstrip().startswith("#"):
        after -= 1  # what stands before the next table is about that one
    return start, after


def _proved(lines: Sequence[str], expected: dict[str, Any]) -> str:
    """Return the text of `lines` once it reads as expected; raises ConfigurationError otherwise."""
    text = "\n".join(lines) + "\n"
    if _parsed(text) != expected:
        raise _unknown_form("the file is written in a form that a command cannot change safely")
    return text


def _parsed(text: str) -> dict[str, Any]:
    """Return what the text says; raises ConfigurationError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"billing.toml is not TOML: {error}", hint="run `gateway check`") from error


def _unknown_form(what: str) -> ConfigurationError:
    """Return the error of a file that a person must change."""
    return ConfigurationError(what, hint="change billing.toml by hand, then run `gateway check`")
