"""Layouts of census files, read from `mappings/census/`, held against the fields there are, and compiled.

Every mistake is named with its file, its key and its remedy (DESIGN, decision 12).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from gateway.configuration.toml_file import check_model, closest, read_toml
from gateway.domain.mistake import Mistake
from gateway.transactions.census_layout import (
    ACTIONS,
    DateForm,
    FieldTable,
    Layout,
    LayoutFile,
    Part,
    Source,
)
from gateway.transactions.mapping_fields import SECTIONS
from gateway.transactions.values_834 import Kind

SINGLE = ("header", "sponsor", "payer", "broker", "tpa", "member", "person", "particulars", "former", "responsible")
_REQUIRED = ("member", "coverage", "reporting")  # sections whose required fields a layout must fill too
_SPAN = re.compile(r"(?P<first>[1-9]\d{0,4})-(?P<last>[1-9]\d{0,4})", re.ASCII)
_DATE_PARTS = {
    "YYYY": r"(?P<year>\d{4})",
    "MM": r"(?P<month>\d{2})",
    "DD": r"(?P<day>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "D": r"(?P<day>\d{1,2})",
}
_DATE_TOKEN = re.compile("YYYY|MM|DD|M|D|[-/. ]")
_EXAMPLE = 'write the name of a column, "start-end", or a table such as { place = "Action", values = { ADD = "021" } }'


def check_layout(path: Path) -> tuple[Layout | None, list[Mistake]]:
    """Return the layout in `path`, compiled, or None with every mistake that keeps it from being compiled."""
    name = f"mappings/census/{path.name}"
    data, mistakes = read_toml(path, name)
    if mistakes:
        return None, mistakes
    written, mistakes = check_model(LayoutFile, data, name)
    if written is None:
        return None, mistakes
    compiler = _Compiler(name, written)
    layout = compiler.layout(path.stem)
    return (None, compiler.mistakes) if compiler.mistakes else (layout, [])


def load_layouts(folder: Path) -> tuple[dict[str, Layout], list[Mistake]]:
    """Return the layouts in `folder` (`mappings/census`) by name, and every mistake in them."""
    layouts: dict[str, Layout] = {}
    mistakes: list[Mistake] = []
    for path in sorted(folder.glob("*.toml")):
        layout, wrong = check_layout(path)
        mistakes += wrong
        if layout is not None:
            layouts[path.stem] = layout
    return layouts, mistakes


def span_of(place: str) -> tuple[int, int] | None:
    """Return the first and the last position of a place such as `10-18`, counted from 1, or None when it is none."""
    match = _SPAN.fullmatch(place)
    if match is None or int(match["first"]) > int(match["last"]):
        return None
    return int(match["first"]), int(match["last"])


def date_form(words: str) -> DateForm:
    """Return a compiled way to write dates; raises ValueError that says what is right.

    It has a whole year, a month and a day, and what may have one digit or two stands apart from its neighbours.
    """
    tokens = _DATE_TOKEN.findall(words)
    is_whole = sorted(token[0] for token in tokens if token in _DATE_PARTS) == ["D", "M", "Y"]
    is_apart = not any(
        first in _DATE_PARTS and second in _DATE_PARTS and 1 in {len(first), len(second)}
        for first, second in pairwise(tokens)
    )
    if "".join(tokens) != words or not (is_whole and is_apart):
        raise ValueError("YYYY, MM or M and DD or D, with - / . or a blank between: MM/DD/YYYY")
    pattern = "".join(_DATE_PARTS.get(token, re.escape(token)) for token in tokens)
    return DateForm(words, re.compile(pattern, re.ASCII))


class _Compiler:
    """Compiles one layout, collecting every mistake on the way."""

    def __init__(self, file: str, written: LayoutFile) -> None:
        self.mistakes: list[Mistake] = []
        self._file = file
        self._written = written
        self._is_fixed = "fixed" in written.formats
        self._dates = self._date_forms("dates", written.dates)

    def layout(self, stem: str) -> Layout:
        """Return the layout; it counts only when no mistake was found."""
        its = self._written
        if its.layout != stem:
            self._mistake("layout", "it is not the name of the file", f'write layout = "{stem}"')
        if self._is_fixed and len(set(its.formats)) > 1:
            remedy = "write a layout of its own for the files of fixed width"
            self._mistake("formats", "`fixed` has other places than the rest", remedy)
        if its.only is not None:
            self._check_place("only.place", its.only.place)
        parts = {name: self._part(name, name, getattr(its, name)) for name in SINGLE if getattr(its, name)}
        coverages = self._repeated("coverage", its.coverage)
        reporting = self._repeated("reporting", its.reporting)
        if "member" not in parts:
            self._required("member", "member", {})
        self._responsible(parts)
        return Layout(
            name=its.layout,
            formats=its.formats,
            action=ACTIONS[its.kind],
            dependents_below=its.dependents == "below",
            only=its.only,
            csv=its.csv,
            fixed=its.fixed,
            xlsx=its.xlsx,
            parts=parts,
            coverages=coverages,
            reporting=reporting,
        )

    def _repeated(self, section: str, tables: Iterable[Mapping[str, object]]) -> tuple[Part, ...]:
        """Compile a section that may stand several times in a row."""
        return tuple(self._part(section, f"{section}[{number}]", table) for number, table in enumerate(tables, start=1))

    def _responsible(self, parts: Mapping[str, Part]) -> None:
        """A responsible person without a role is nobody whom we could bill."""
        part = parts.get("responsible")
        if part is not None and all(source.name != "role" for source in part.sources):
            self._mistake("responsible.role", "it has no place", 'write role = { constant = "QD" }')

    def _part(self, section: str, prefix: str, table: Mapping[str, object]) -> Part:
        """Compile one section."""
        sources: list[Source] = []
        for key, entry in table.items():
            sources += self._field(section, f"{prefix}.{key}", key, entry)
        if section in _REQUIRED:
            self._required(section, prefix, table)
        return Part(section, tuple(sources))

    def _required(self, section: str, prefix: str, table: Mapping[str, object]) -> None:
        """Name the fields that no member can do without and that have no place."""
        for key in sorted(SECTIONS[section].required - table.keys()):
            self._mistake(f"{prefix}.{key}", "it has no place", _EXAMPLE)

    def _field(self, section: str, key: str, name: str, entry: object) -> list[Source]:
        """Compile one field; contacts have a source for each qualifier."""
        fields = SECTIONS[section].fields
        if name not in fields:
            self._mistake(key, "there is no such field", closest(name, fields))
            return []
        if (section, name) == ("header", "action"):
            self._mistake(key, "what the file wants to be is said by `kind`", "take it out and write kind")
            return []
        plain = Source(section, name, fields[name])
        if fields[name] is not Kind.PAIRS:
            return self._source(key, plain, entry)
        if not isinstance(entry, dict):
            self._mistake(key, "it is no table", 'write { TE = "Phone", EM = "Email" }')
            return []
        return [
            source
            for qualifier, place in entry.items()
            for source in self._source(f"{key}.{qualifier}", replace(plain, qualifier=qualifier), place)
        ]

    def _source(self, key: str, plain: Source, entry: object) -> list[Source]:
        """Compile where one value comes from; none is returned when that cannot be told."""
        if isinstance(entry, str):
            entry = {"place": entry}
        elif isinstance(entry, list):
            entry = {"places": entry}
        if not isinstance(entry, dict):
            self._mistake(key, "it is no place", _EXAMPLE)
            return []
        table, wrong = check_model(FieldTable, entry, self._file)
        if table is None:
            self.mistakes += [replace(each, key=f"{key}.{each.key}") for each in wrong]
            return []
        places = (table.place, *table.places) if table.place else table.places
        self._check_table(key, table, places)
        for place in places:
            self._check_place(key, place)
        source = replace(
            plain,
            places=places,
            constant=table.constant,
            values={text.strip().casefold(): meant for text, meant in table.values.items()},
            default=table.default,
            dates=self._date_forms(f"{key}.dates", table.dates) or self._dates,
            digits=table.digits,
            optional=table.optional,
        )
        self._check_texts(key, source)
        return [source]

    def _check_table(self, key: str, table: FieldTable, places: tuple[str, ...]) -> None:
        """A field has a place or a constant, and a constant is all there is."""
        if bool(places) == bool(table.constant):
            self._mistake(key, "it needs either a place or a constant", _EXAMPLE)
        elif table.constant and table.model_fields_set - {"constant"}:
            self._mistake(key, "a constant is all there is to say", "take out everything but the constant")

    def _check_place(self, key: str, place: str) -> None:
        """A place is a span in a file of fixed width, and a name in every other."""
        if self._is_fixed and span_of(place) is None:
            self._mistake(key, f"{place!r} is no span of positions", 'write "start-end", counted from 1, such as "1-9"')
        elif not place.strip():
            self._mistake(key, "the name of the column is empty", _EXAMPLE)

    def _check_texts(self, key: str, source: Source) -> None:
        """What the layout itself says must be what the field holds."""
        plain = replace(source, values={}, default="")
        said = {"constant": source.constant, "default": source.default}
        said |= {f"values.{text}": meant for text, meant in source.values.items()}
        for what, text in said.items():
            try:
                plain.read(text)
            except ValueError as right:
                self._mistake(f"{key}.{what}", f"{text!r} does not fit", f"write {right}")

    def _date_forms(self, key: str, words: Iterable[str]) -> tuple[DateForm, ...]:
        """Compile the ways to write dates."""
        forms = []
        for each in words:
            try:
                forms.append(date_form(each))
            except ValueError as right:
                self._mistake(key, f"{each!r} is no way to write a date", f"write {right}")
        shapes = {re.sub("[MD]+", "x", form.words): form.words for form in reversed(forms)}
        for form in forms:
            other = shapes[re.sub("[MD]+", "x", form.words)]
            if other != form.words:
                problem = f"{form.words!r} and {other!r} may mean two days by one text"
                self._mistake(key, problem, "keep the one that the partner writes")
        return tuple(forms)

    def _mistake(self, key: str, problem: str, remedy: str) -> None:
        self.mistakes.append(Mistake(self._file, key, problem, remedy))
