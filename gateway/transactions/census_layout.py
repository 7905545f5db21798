"""How a census file says what an 834 says: a layout, as data, checked whole and compiled once (DOMAIN 11.10).

`mappings/census/<name>.toml` fills the same fields of the same sections as the mapping of an 834
(mapping_fields.py); a place is the name of a column, or `start-end` in a file of fixed width. docs/census.md explains
every key.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeAlias

from pydantic import Field

from gateway.configuration.toml_file import Section
from gateway.domain.coverage import FileAction
from gateway.transactions.values_834 import READERS, Kind

CensusFormat: TypeAlias = Literal["csv", "fixed", "xlsx"]
Encoding: TypeAlias = Literal["utf-8", "latin-1", "cp1252"]

ACTIONS: Mapping[str, FileAction] = {
    "change": FileAction.CHANGE,
    "full": FileAction.REPLACE,
    "verify": FileAction.VERIFY,
}
ANY_OTHER = "*"  # in `values`: what is meant by everything that is not named
_TEXT_MAX = 80  # no element of an 834 that we keep is longer
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})", re.ASCII)
_NO_DIGIT = re.compile(r"\D", re.ASCII)
_MONEY_MARKS = re.compile(r"[$,\s]")
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_QUOTES = {"double": '"', "single": "'"}
_DATES = frozenset({Kind.DATE, Kind.LAST_DAY})

_RELATIONSHIPS = "18 01 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 19 23 24 25 26 31 38 53 60 D2 G8 G9"
_LEVELS = "CHD DEP E1D E2D E3D E5D E6D E7D E8D E9D ECH EMP ESP FAM IND SPC SPO TWO"


@dataclass(frozen=True, slots=True)
class _Form:
    """What a text must look like, and how that is said."""

    pattern: re.Pattern[str]
    words: str


def _codes(codes: str) -> _Form:
    """Return the form of a closed list of codes."""
    return _Form(re.compile(codes.replace(" ", "|")), f"one of {codes.replace(' ', ', ')}")


_SSN = _Form(re.compile(r"\d{9}", re.ASCII), "nine digits")
_GENDER = _codes("F M U")
_FORMS: Mapping[tuple[str, str], _Form] = {
    ("member", "relationship"): _codes(_RELATIONSHIPS),
    ("member", "benefit_status"): _codes("A C S T"),
    ("member", "reason"): _Form(re.compile(r"[0-9A-Z]{2}"), "a reason code of two characters (INS04)"),
    # An 834 has no code for life or AD&D (DOMAIN 4.3): what partner and we agreed on is good here (HF-30).
    ("coverage", "insurance_line"): _Form(re.compile(r"[0-9A-Z]{2,3}"), "a product line of two or three characters"),
    ("coverage", "level"): _codes(_LEVELS),
    ("responsible", "role"): _codes("QD S1 GD"),
    **{(section, "ssn"): _SSN for section in ("person", "former", "responsible")},
    **{(section, "gender"): _GENDER for section in ("person", "former", "responsible")},
}
"""What the guide checks in an 834 and nobody checks in a census: DOMAIN 4.3."""


class CsvForm(Section):
    """[csv]: how the text is cut into rows and cells."""

    delimiter: Literal["comma", "semicolon", "tab", "pipe"] = "comma"
    quote: Literal["double", "single"] = "double"
    encoding: Encoding = "utf-8"
    header_row: int = Field(default=1, ge=0, le=1_000)  # 0: no names, columns are called 1, 2, 3 ...

    @property
    def marks(self) -> tuple[str, str]:
        """The characters that delimit and quote a cell."""
        return _DELIMITERS[self.delimiter], _QUOTES[self.quote]


class FixedForm(Section):
    """[fixed]: one person, or one coverage, a line."""

    encoding: Encoding = "utf-8"


class XlsxForm(Section):
    """[xlsx]: which table of the workbook is read."""

    sheet: str = ""  # empty: the first
    header_row: int = Field(default=1, ge=0, le=1_000)


class OnlyRows(Section):
    """[only]: which rows are members at all; headers and trailers inside the file are not."""

    place: str
    values: tuple[str, ...]


class FieldTable(Section):
    """One field that needs more than a place."""

    place: str = ""
    places: tuple[str, ...] = ()  # an order of preference: the first that is filled in
    constant: str = ""  # instead of a place
    values: dict[str, str] = Field(default_factory=dict)
    default: str = ""
    dates: tuple[str, ...] = ()
    digits: int = Field(default=0, ge=0, le=20)  # keep digits only, with zeros in front up to this many
    optional: bool = False  # the column may be absent from the file


class LayoutFile(Section):
    """The whole of a layout file; what the fields of its sections hold is checked by census_compile.py."""

    layout: str
    formats: tuple[CensusFormat, ...] = Field(min_length=1)
    kind: Literal["change", "full", "verify"] = "change"
    dates: tuple[str, ...] = ()
    dependents: Literal["same_id", "below"] = "same_id"
    only: OnlyRows | None = None
    csv: CsvForm = CsvForm()
    fixed: FixedForm = FixedForm()
    xlsx: XlsxForm = XlsxForm()
    header: dict[str, object] = Field(default_factory=dict)
    sponsor: dict[str, object] = Field(default_factory=dict)
    payer: dict[str, object] = Field(default_factory=dict)
    broker: dict[str, object] = Field(default_factory=dict)
    tpa: dict[str, object] = Field(default_factory=dict)
    member: dict[str, object] = Field(default_factory=dict)
    person: dict[str, object] = Field(default_factory=dict)
    particulars: dict[str, object] = Field(default_factory=dict)
    former: dict[str, object] = Field(default_factory=dict)
    responsible: dict[str, object] = Field(default_factory=dict)
    coverage: tuple[dict[str, object], ...] = ()
    reporting: tuple[dict[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class DateForm:
    """A compiled way to write a date, and the words it was written with: `MM/DD/YYYY`."""

    words: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Source:
    """Where one field comes from, and how its text becomes a value.

    `name` is the field's. `places` are names of columns, or `start-end`; without any the `constant` holds. `qualifier`
    tells the sources of one PAIRS field apart (contacts).
    """

    section: str
    name: str
    kind: Kind
    places: tuple[str, ...] = ()
    constant: str = ""
    values: Mapping[str, str] = field(default_factory=dict)  # keys case-folded
    default: str = ""
    dates: tuple[DateForm, ...] = ()
    digits: int = 0
    optional: bool = False
    qualifier: str = ""

    def read(self, text: str) -> object | None:
        """Return the value of a trimmed text, None when it says nothing; raises ValueError that says what is right.

        The text itself is never quoted.
        """
        text = self._meant(text) or self.default
        if not text:
            return None
        if self.digits:
            text = _NO_DIGIT.sub("", text).zfill(self.digits)
        if self.kind in _DATES:
            return READERS[self.kind](self._day(text))
        if self.kind is Kind.MONEY:
            return READERS[self.kind](_MONEY_MARKS.sub("", text))
        if self.kind is Kind.PAIRS:
            return self.qualifier, _checked_text(text, None)
        if self.kind is Kind.TEXT:
            return _checked_text(text, _FORMS.get((self.section, self.name)))
        return READERS[self.kind](text)

    def says_something(self, text: str) -> bool:
        """Tell whether a cell holds anything that its field could mean; what cannot be read is something too."""
        try:
            return bool(self._meant(text))
        except ValueError:
            return True

    def _meant(self, text: str) -> str:
        """Return what `values` say that a text means."""
        if not self.values:
            return text
        meant = self.values.get(text.casefold())
        if meant is None and text:
            meant = self.values.get(ANY_OTHER)
        if meant is None and text:
            raise ValueError("one of the values that were agreed")
        return meant or ""

    def _day(self, text: str) -> str:
        """Return a date as CCYYMMDD; YYYY-MM-DD is read whatever the layout says."""
        for pattern in (_ISO, *(form.pattern for form in self.dates)):
            if match := pattern.fullmatch(text):
                try:
                    return date(int(match["year"]), int(match["month"]), int(match["day"])).isoformat().replace("-", "")
                except ValueError:
                    break
        raise ValueError("a date written " + " or ".join(("YYYY-MM-DD", *(form.words for form in self.dates))))


def _checked_text(text: str, form: _Form | None) -> str:
    """Return the text when it has the form that its field asks for."""
    if form is not None and not form.pattern.fullmatch(text):
        raise ValueError(form.words)
    if len(text) > _TEXT_MAX:
        raise ValueError(f"a text of at most {_TEXT_MAX} characters")
    return text


@dataclass(frozen=True, slots=True)
class Part:
    """One section as it stands in a row: its sources, and the places that say whether it is there at all."""

    section: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A compiled layout. `parts` hold the sections that stand once in a row, by name."""

    name: str
    formats: tuple[CensusFormat, ...]
    action: FileAction
    dependents_below: bool
    only: OnlyRows | None
    csv: CsvForm
    fixed: FixedForm
    xlsx: XlsxForm
    parts: Mapping[str, Part] = field(repr=False)
    coverages: tuple[Part, ...] = field(repr=False)
    reporting: tuple[Part, ...] = field(repr=False)

    def sources(self) -> list[Source]:
        """Return every source of the layout."""
        parts = (*self.parts.values(), *self.coverages, *self.reporting)
        return [source for part in parts for source in part.sources]

    def places(self) -> list[str]:
        """Return every place that something is read from, each once, in the order of the layout."""
        own = [self.only.place] if self.only is not None else []
        return list(dict.fromkeys([*own, *(place for source in self.sources() for place in source.places)]))


def folded(name: str) -> str:
    """Return a column's name as names are compared: without case and with single blanks."""
    return " ".join(name.split()).casefold()
