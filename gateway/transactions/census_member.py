"""One row of a census file and the maintenance request it makes (DOMAIN 4.2 and 4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.domain.coverage import CoverageRequest, MaintenanceRequest
from gateway.domain.finding import Finding, Level, Place
from gateway.transactions.census_layout import Layout, Part, Source, folded
from gateway.transactions.census_rows import Row, Table, Unreadable
from gateway.transactions.member_834 import RefusedRequest, person_of
from gateway.transactions.values_834 import Kind

COVERAGE = "coverage"
_SELF = "18"
_VALUE_MAX = 80
_DATES = frozenset({Kind.DATE, Kind.LAST_DAY})
_SAYS_WHICH = frozenset({"insurance_line", "plan"})
_WORDS = {
    "member.is_subscriber": "whether this is the subscriber",
    "member.maintenance": "what is asked for (add, change, end)",
    "coverage.maintenance": "what is asked for (add, change, end)",
    "coverage.insurance_line": "the product line",
}


@dataclass(frozen=True, slots=True)
class _Bound:
    """A source with the columns that the file has of it; what is constant was read once."""

    source: Source
    columns: tuple[int, ...]
    constant: object | None = None

    def column(self, cells: tuple[str, ...]) -> int:
        """Return the first of its columns that is filled in, else the first."""
        columns = self.columns
        if len(columns) == 1 or cells[columns[0]]:
            return columns[0]
        return next((at for at in columns if cells[at]), columns[0])


@dataclass(frozen=True, slots=True)
class BoundPart:
    """One section bound to a file; `telling` are the sources that say whether it stands in a row at all."""

    section: str
    sources: tuple[_Bound, ...]
    telling: tuple[_Bound, ...]

    def is_there(self, cells: tuple[str, ...]) -> bool:
        """Tell whether a part that may be absent stands in a row.

        A cover is there when its product line or its plan is filled in, any other part when one of its places is;
        values that are said to mean nothing (WAIVED) count as not filled in.
        """
        if not self.telling:
            return self.section == COVERAGE
        return any(bound.source.says_something(cells[bound.column(cells)]) for bound in self.telling)


@dataclass(frozen=True, slots=True)
class Columns:
    """A layout bound to the columns that a file really has."""

    names: tuple[str, ...]
    only: tuple[int, frozenset[str]] | None
    parts: Mapping[str, BoundPart]
    coverages: tuple[BoundPart, ...]
    reporting: tuple[BoundPart, ...]
    unread: tuple[int, ...]  # columns that no place reads

    def is_member(self, row: Row) -> bool:
        """Tell whether a row is a member at all, as the layout's `only` says."""
        return self.only is None or bool(row.problem) or row.cells[self.only[0]].casefold() in self.only[1]

    def read(self, section: str, row: Row, findings: list[Finding]) -> dict[str, Any]:
        """Return the fields of a section that stands once in a row."""
        part = self.parts.get(section)
        return self.fields(part, row, findings) if part is not None else {}

    def fields(self, part: BoundPart, row: Row, findings: list[Finding]) -> dict[str, Any]:
        """Return the fields of one part of a row; what cannot be read becomes a finding."""
        found: dict[str, Any] = {}
        cells = row.cells
        for bound in part.sources:
            source, value = bound.source, bound.constant
            if bound.columns:
                at = bound.column(cells)
                try:
                    value = source.read(cells[at])
                except ValueError as right:
                    findings.append(self._unreadable(source, row, at, str(right)))
                    continue
            if value is None:
                continue
            if source.kind is Kind.PAIRS:
                value = (*found.get(source.name, ()), value)
            found[source.name] = value
        return found

    def _unreadable(self, source: Source, row: Row, at: int, right: str) -> Finding:
        """Return the finding on a cell that is not what its field holds."""
        return Finding(
            code="DATE_LOGIC" if source.kind in _DATES else "UNREADABLE_VALUE",
            level=Level.BUSINESS,
            message=f"`{self.names[at]}` is not {right}.",
            place=Place(position=row.number, line=row.number, element=at + 1),
            value=row.cells[at][:_VALUE_MAX],
            snip=2,
        )


def bind(layout: Layout, table: Table) -> Columns | Unreadable:
    """Return the layout with the columns of a file, or which columns are missing or stand there twice."""
    by_name: dict[str, int] = {}
    twice: set[str] = set()
    for at, name in enumerate(table.names):
        if name and folded(name) in by_name:
            twice.add(folded(name))
        by_name.setdefault(folded(name), at)
    indexes = {place: by_name[folded(place)] for place in layout.places() if folded(place) in by_name}
    missing = [
        " or ".join(f"`{place}`" for place in source.places)
        for source in layout.sources()
        if source.places and not source.optional and not any(place in indexes for place in source.places)
    ]
    if layout.only is not None and layout.only.place not in indexes:
        missing.insert(0, f"`{layout.only.place}`")
    if missing:
        return Unreadable(f"The file has no column {', '.join(dict.fromkeys(missing))}: add it, or its name.")
    doubled = [place for place in indexes if folded(place) in twice]
    if doubled:
        return Unreadable(f"The file has the column {', '.join(f'`{place}`' for place in doubled)} more than once.")
    used = set(indexes.values())
    only = layout.only
    return Columns(
        names=table.names,
        only=(indexes[only.place], frozenset(each.casefold() for each in only.values)) if only is not None else None,
        parts={name: _bound_part(part, indexes) for name, part in layout.parts.items()},
        coverages=tuple(_bound_part(part, indexes) for part in layout.coverages),
        reporting=tuple(_bound_part(part, indexes) for part in layout.reporting),
        unread=tuple(at for at in range(len(table.names)) if at not in used),
    )


def _bound_part(part: Part, indexes: Mapping[str, int]) -> BoundPart:
    """Return a part with the columns that the file has of it; what is absent and has no constant falls away."""
    bound = [_bound(source, indexes) for source in part.sources]
    telling = [each for each in bound if each.columns]
    if part.section == COVERAGE:
        telling = [each for each in telling if each.source.name in _SAYS_WHICH]
    return BoundPart(part.section, tuple(bound), tuple(telling))


def _bound(source: Source, indexes: Mapping[str, int]) -> _Bound:
    """Return a source with its columns; one that has none in this file says its constant or its default."""
    columns = tuple(indexes[place] for place in source.places if place in indexes)
    return _Bound(source, columns, None if columns else source.read(source.constant))


class RowReader:
    """Makes a request of each row; remembers the last subscriber where dependents stand below it."""

    def __init__(self, columns: Columns, policy: str, *, dependents_below: bool) -> None:
        """Take the bound layout, and the policy of members that name none."""
        self._dependents_below = dependents_below
        self._columns = columns
        self._policy = policy
        self._subscriber_id = ""

    def request(self, row: Row, ordinal: int) -> MaintenanceRequest | RefusedRequest:
        """Return what a row asks for, or why it cannot be read."""
        if row.problem:
            self._subscriber_id = ""  # it may have been the subscriber of those below
            finding = Finding("UNREADABLE_ROW", Level.BUSINESS, row.problem, place=_place(row), snip=1, member=ordinal)
            return RefusedRequest(ordinal, row.number, (finding,))
        findings: list[Finding] = []
        member = self._columns.read("member", row, findings)
        self._tie(member)
        person = person_of(self._columns.read("person", row, findings))
        particulars = self._columns.read("particulars", row, findings)
        coverages = [
            self._columns.fields(part, row, findings) for part in self._columns.coverages if part.is_there(row.cells)
        ]
        reporting = [
            self._columns.fields(part, row, findings) for part in self._columns.reporting if part.is_there(row.cells)
        ]
        former, responsible = (self._person(section, row, findings) for section in ("former", "responsible"))
        findings += self._missing(row, member, coverages, findings)
        if findings:
            told = tuple(replace(finding, member=ordinal) for finding in findings)
            return RefusedRequest(
                ordinal, row.number, told, member.get("subscriber_id", ""), member.get("is_subscriber")
            )
        return MaintenanceRequest(
            ordinal=ordinal,
            position=row.number,
            **{"relationship": "", "reason": "", "benefit_status": "", **member, "policy": self._policy_of(member)},
            person=person,
            coverages=tuple(CoverageRequest(**found) for found in coverages),
            responsible=(responsible.pop("role"), person_of(responsible)) if responsible else None,
            reporting=tuple((found["name"].upper(), found.get("value", "")) for found in reporting),
            unread=tuple(self._unread(row)),
            former=person_of(former) if former else None,
            particulars=tuple(sorted(particulars.items())),
            reporting_dates=tuple(
                (found["name"].upper(), found["effective_on"]) for found in reporting if "effective_on" in found
            ),
        )

    def _policy_of(self, member: dict[str, Any]) -> str:
        policy: str = member.get("policy") or self._policy
        return policy

    def _tie(self, member: dict[str, Any]) -> None:
        """Tie a dependent to the subscriber above it, where the layout says so."""
        if not self._dependents_below:
            return
        if member.get("is_subscriber") is False:
            if self._subscriber_id:
                member.setdefault("subscriber_id", self._subscriber_id)
        else:
            self._subscriber_id = member.get("subscriber_id", "")

    def _person(self, section: str, row: Row, findings: list[Finding]) -> dict[str, Any]:
        """Return the fields of another person of the row, where there is one."""
        part = self._columns.parts.get(section)
        if part is None or not part.is_there(row.cells):
            return {}
        return self._columns.fields(part, row, findings)

    def _missing(
        self, row: Row, member: dict[str, Any], coverages: list[dict[str, Any]], findings: list[Finding]
    ) -> list[Finding]:
        """Return findings on what no request can do without."""
        if findings:
            return []
        missing = []
        if "subscriber_id" not in member:
            missing.append(_refusal("SUBSCRIBER_NOT_FOUND", "The subscriber's id is missing.", row))
        absent = [f"member.{name}" for name in ("is_subscriber", "maintenance") if name not in member]
        for found in coverages:
            absent += [f"coverage.{name}" for name in ("maintenance", "insurance_line") if name not in found]
        missing += [
            _refusal("UNREADABLE_VALUE", f"The row does not say {_WORDS[each]}.", row) for each in dict.fromkeys(absent)
        ]
        relationship = member.get("relationship", "")
        if relationship and member.get("is_subscriber") is (relationship != _SELF):
            message = "The relationship and whether this is the subscriber disagree: only the subscriber is 18 (self)."
            missing.append(_refusal("UNREADABLE_VALUE", message, row))
        return missing

    def _unread(self, row: Row) -> list[str]:
        """Return what no place reads, so that nothing that was sent falls by the way."""
        columns = self._columns
        return [f"{columns.names[at]}={row.cells[at]}" for at in columns.unread if row.cells[at]]


def _place(row: Row) -> Place:
    """Return where a row stands."""
    return Place(position=row.number, line=row.number)


def _refusal(code: str, message: str, row: Row) -> Finding:
    """Return a finding on a row."""
    return Finding(code, Level.BUSINESS, message, place=_place(row), snip=2)
