"""Mappings: where the fields of an enrollment stand in an 834, as data, checked whole and compiled once.

`mappings/<guide>.toml` says for each field in which place it stands (its head explains the notation); a partner's
profile may give fields other places. Reading a segment is then one look-up: which rules read this segment in this
loop, and which of its elements does no rule read.
"""

import re
import tomllib
from collections.abc import Callable, Iterable
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from pathlib import Path

from gateway.domain.identity import content_id
from gateway.domain.mistake import Mistake
from gateway.errors import ConfigurationError
from gateway.transactions.mapping_fields import SECTIONS
from gateway.transactions.quirks import QUIRKS, Quirk
from gateway.transactions.values_834 import READERS, Kind

_PLACE = re.compile(
    r"(?P<loop>header|\d{4}[A-Z]?)/(?P<tag>[A-Z][A-Z0-9]{1,2})(?:\[(?P<conditions>[^\]]+)\])?(?P<element>\d\d)"
)
_ELEMENT = re.compile(r"(?P<tag>[A-Z][A-Z0-9]{1,2})(?P<element>\d\d)")
_CONDITION = re.compile(r"(?:(?P<element>\d\d)(?P<sign>!?=))?(?P<value>[A-Z0-9]+)")
_ELEMENTS_MAX = 100  # no segment of the standard has more
_EXAMPLE = 'write a place like "2000/REF[0F]02"'


@dataclass(frozen=True, slots=True)
class Condition:
    """What another element of the segment must hold, or must not."""

    element: int
    value: str
    negated: bool = False

    def holds(self, elements: list[str]) -> bool:
        """Tell whether a segment's `elements` (the tag first) fulfil the condition."""
        found = elements[self.element] if self.element < len(elements) else ""
        return (found == self.value) is not self.negated


@dataclass(frozen=True, slots=True)
class Rule:
    """One field and one place it may stand in; of several places that are there the lowest `rank` wins."""

    section: str
    field: str
    kind: Kind
    element: int
    rank: int = 0
    conditions: tuple[Condition, ...] = ()  # besides the first element, by which rules are looked up
    read: Callable[[str], object] | None = None  # None: it reads several elements


@dataclass(frozen=True, slots=True)
class Reading:
    """How one segment of one loop is read: its rules, and the elements that a rule reads or that say nothing alone.

    All elements before `known_before` are known: a segment that is no longer has nothing that no rule reads.
    """

    rules: tuple[Rule, ...]
    known: frozenset[int]
    known_before: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """A compiled mapping. `quirks` are the partner's, in the order of its profile."""

    guide: str
    readings: Table[tuple[str, str], Table[str, Reading]] = field(repr=False)  # by loop and segment, then first element
    quirks: tuple[Quirk, ...] = ()
    identity: str = ""  # made of all that it says: the same loop read by the same mapping is the same request

    def reading(self, loop: str, tag: str, qualifier: str) -> Reading | None:
        """Return how the segment `tag` with this first element is read in `loop`, or None when no rule reads it."""
        of_segment = self.readings.get((loop, tag))
        return None if of_segment is None else of_segment.get(qualifier) or of_segment.get("")


@dataclass(frozen=True, slots=True)
class Departures:
    """What a partner does beyond the guide: other places by section and field, and named quirks.

    `file` and `key` say where they are written, for whoever must correct them.
    """

    places: Table[str, object] = field(default_factory=dict)
    quirks: tuple[str, ...] = ()
    file: str = ""
    key: str = "enrollment"


NO_DEPARTURES = Departures()


def load_mapping(path: Path, *, departures: Departures = NO_DEPARTURES) -> Mapping:
    """Return the mapping in `path` with a partner's departures, compiled.

    Raises ConfigurationError that names every mistake with its file, its key and its remedy.
    """
    mapping, mistakes = check_mapping(path, departures=departures)
    if mapping is None:
        raise ConfigurationError("\n".join(str(mistake) for mistake in mistakes))
    return mapping


def check_mapping(path: Path, *, departures: Departures = NO_DEPARTURES) -> tuple[Mapping | None, list[Mistake]]:
    """Return the compiled mapping, or None with every mistake that keeps it from being compiled."""
    compiler = _Compiler()
    compiler.file(path)
    compiler.sections(departures.file, f"{departures.key}.places.", departures.places)
    compiler.missing(path)
    quirks = compiler.quirks(departures)
    if compiler.mistakes:
        return None, compiler.mistakes
    return Mapping(path.stem, compiler.readings(), quirks, compiler.identity(departures)), []


@dataclass(frozen=True, slots=True)
class _Place:
    """A parsed place."""

    loop: str
    tag: str
    element: int
    qualifier: str
    conditions: tuple[Condition, ...]


class _Compiler:
    """Collects the places of all fields, later tables over earlier ones, and every mistake on the way."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []
        self._places: dict[tuple[str, str], list[_Place]] = {}
        self._structural: dict[str, set[int]] = {}
        self._files: set[str] = set()

    def file(self, path: Path) -> None:
        """Take one mapping file, after the one that it is `like`."""
        tables = self._tables(path)
        if tables is None:
            return
        if tables.pop("guide", None) != path.stem:
            self._mistake(_name(path), "guide", "it is not the name of the file", f'write guide = "{path.stem}"')
        self._files.add(path.stem)
        base = tables.pop("like", None)
        if isinstance(base, str) and base not in self._files:
            self.file(path.with_name(f"{base}{path.suffix}"))
        elif base is not None:
            self._mistake(_name(path), "like", f"{base!r} is no other guide", "name one whose places hold here too")
        self._take_structural(_name(path), tables.pop("structural", []))
        self.sections(_name(path), "", tables)

    def _tables(self, path: Path) -> dict[str, object] | None:
        """Return what stands in a file, or None when it cannot be read."""
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            problem = f"it cannot be read ({type(error).__name__})"
            self._mistake(_name(path), "", problem, "put the mapping of that guide there, as UTF-8")
        except tomllib.TOMLDecodeError as error:
            self._mistake(_name(path), "", f"it is no TOML: {error}", "correct that line")
        return None

    def _take_structural(self, file: str, elements: object) -> None:
        """Take the elements that say nothing alone."""
        for text in elements if isinstance(elements, list) else [elements]:
            match = _ELEMENT.fullmatch(text) if isinstance(text, str) else None
            if match is None:
                self._mistake(file, "structural", f"{text!r} is no element", 'write elements like "DTP02"')
            else:
                self._structural.setdefault(match["tag"], set()).add(int(match["element"]))

    def sections(self, file: str, prefix: str, tables: Table[str, object]) -> None:
        """Take the places of every field of every section, in place of those that were there."""
        for name, table in tables.items():
            if name not in SECTIONS:
                known = ", ".join(SECTIONS)
                self._mistake(file, prefix + name, "there is no such section", f"choose one of {known}")
            elif not isinstance(table, dict):
                self._mistake(file, prefix + name, "it is no table", f"write [{prefix}{name}] and fields below it")
            else:
                for key, places in table.items():
                    self._field(file, f"{prefix}{name}.{key}", (name, key), places)

    def missing(self, path: Path) -> None:
        """Name the fields that must have a place and have none, unless the file could not be read at all."""
        if not self._places:
            return
        for name, section in SECTIONS.items():
            for key in sorted(section.required):
                if (name, key) not in self._places:
                    self._mistake(_name(path), f"{name}.{key}", "it has no place", _EXAMPLE)

    def quirks(self, departures: Departures) -> tuple[Quirk, ...]:
        """Return the partner's quirks in order."""
        for name in departures.quirks:
            if name not in QUIRKS:
                known = ", ".join(QUIRKS)
                self._mistake(departures.file, f"{departures.key}.quirks", f"no quirk {name!r}", f"choose from {known}")
        return tuple(QUIRKS[name] for name in departures.quirks if name in QUIRKS)

    def identity(self, departures: Departures) -> str:
        """Return an id made of every place and quirk."""
        return content_id(
            "G",
            sorted(self._places.items()),
            [(tag, sorted(known)) for tag, known in sorted(self._structural.items())],
            departures.quirks,
        )

    def readings(self) -> dict[tuple[str, str], dict[str, Reading]]:
        """Return the rules by loop, segment and first element; unqualified rules hold for every first element."""
        rules: dict[tuple[str, str, str], list[Rule]] = {}
        for (section, key), places in self._places.items():
            kind = SECTIONS[section].fields[key]
            for rank, place in enumerate(places):
                rule = Rule(section, key, kind, place.element, rank, place.conditions, READERS.get(kind))
                rules.setdefault((place.loop, place.tag, place.qualifier), []).append(rule)
        readings: dict[tuple[str, str], dict[str, Reading]] = {}
        for (loop, tag, qualifier), own in rules.items():
            general = rules.get((loop, tag, ""), []) if qualifier else []
            known = self._structural.get(tag, set())
            readings.setdefault((loop, tag), {})[qualifier] = _reading([*own, *general], qualifier, known)
        return readings

    def _field(self, file: str, key: str, target: tuple[str, str], places: object) -> None:
        """Take the places of one field."""
        section = SECTIONS[target[0]]
        if target[1] not in section.fields:
            known = ", ".join(section.fields)
            self._mistake(file, key, "there is no such field", f"choose one of {known}")
            return
        texts = places if isinstance(places, list) else [places]
        parsed = [self._place(file, key, text, section.loops) for text in texts]
        if not parsed:
            self._mistake(file, key, "it has no place", _EXAMPLE)
        self._places[target] = [place for place in parsed if place is not None]

    def _place(self, file: str, key: str, text: object, loops: Iterable[str]) -> _Place | None:
        """Parse one place."""
        match = _PLACE.fullmatch(text) if isinstance(text, str) else None
        conditions = _conditions(match["conditions"]) if match is not None else None
        if match is None or conditions is None:
            self._mistake(file, key, f"{text!r} is no place", _EXAMPLE)
            return None
        if match["loop"] not in loops:
            wanted = ", ".join(sorted(loops))
            self._mistake(file, key, f"it cannot stand in loop {match['loop']}", f"choose a place in {wanted}")
            return None
        first = next((each for each in conditions if each.element == 1 and not each.negated), None)
        others = tuple(each for each in conditions if each is not first)
        return _Place(match["loop"], match["tag"], int(match["element"]), first.value if first else "", others)

    def _mistake(self, file: str, key: str, problem: str, remedy: str) -> None:
        self.mistakes.append(Mistake(file, key, problem, remedy))


def _name(path: Path) -> str:
    """Return a mapping file's name as a reader of the home knows it."""
    return f"mappings/{path.name}"


def _conditions(text: str | None) -> list[Condition] | None:
    """Parse what stands in brackets; None when it cannot be."""
    conditions = []
    for part in text.split(",") if text else []:
        match = _CONDITION.fullmatch(part)
        if match is None:
            return None
        conditions.append(Condition(int(match["element"] or 1), match["value"], match["sign"] == "!="))
    return conditions


def _reading(rules: list[Rule], qualifier: str, structural: set[int]) -> Reading:
    """Return the rules of one segment with all elements they account for."""
    known = {0, *structural}
    if qualifier:
        known.add(1)
    for rule in rules:
        known.update(range(rule.element, _ELEMENTS_MAX) if rule.kind is Kind.PAIRS else (rule.element,))
        known.update(condition.element for condition in rule.conditions)
    known_before = next(number for number in range(_ELEMENTS_MAX + 1) if number not in known)
    return Reading(tuple(rules), frozenset(known), known_before)
