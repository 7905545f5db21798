"""A census file (CSV, fixed width, XLSX) as an enrollment header and a stream of maintenance requests (DOMAIN 11.10).

An employer need not speak X12: what its file says is read by a layout into the same requests that an 834 makes, so
that everything behind them is the same. Nothing is raised for what a partner wrote: a row that cannot be read is a
`RefusedRequest`, a file that cannot be read has findings before anything of it is applied (`check_census`).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, BinaryIO, TypeAlias

from gateway.domain.coverage import EnrollmentHeader, MaintenanceRequest
from gateway.domain.finding import Finding, Level, Place
from gateway.domain.parties import Organization
from gateway.transactions.census_layout import CensusFormat, Layout
from gateway.transactions.census_member import Columns, RowReader, bind
from gateway.transactions.census_rows import CensusLimits, Row, Table, Unreadable, read_csv, read_fixed
from gateway.transactions.census_xlsx import read_xlsx
from gateway.transactions.member_834 import RefusedRequest
from gateway.transactions.quirks import Quirk

__all__ = ["Census", "CensusCheck", "CensusDefaults", "CensusMember", "check_census", "open_census", "read_census"]

Request: TypeAlias = MaintenanceRequest | RefusedRequest

_OPENERS: Mapping[str, Callable[[BinaryIO, Layout, CensusLimits], Table | Unreadable]] = {
    "csv": read_csv,
    "fixed": read_fixed,
    "xlsx": read_xlsx,
}
_LIMITS = CensusLimits()
_ORIGINAL = "00"  # BGN01


@dataclass(frozen=True, slots=True)
class CensusDefaults:
    """What the agreement says where the file says nothing: sponsor's tax id, policy and account number."""

    sponsor: str = ""
    policy: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class CensusMember:
    """One request with the rows that made it; rows that say the same person one below the other make one request."""

    request: Request
    rows: tuple[Row, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Census:
    """An opened census. `shown` names the columns in which its rows are given back; `members` is read once."""

    header: EnrollmentHeader
    members: Iterator[CensusMember] = field(repr=False)
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CensusCheck:
    """What a file holds: how many rows, and why it cannot be read as a whole, if so."""

    rows: int
    findings: tuple[Finding, ...] = ()


def read_census(
    stream: BinaryIO,
    layout: Layout,
    form: CensusFormat,
    *,
    defaults: CensusDefaults = CensusDefaults(),
    quirks: tuple[Quirk, ...] = (),
    limits: CensusLimits = _LIMITS,
) -> tuple[EnrollmentHeader, Iterator[Request]]:
    """Return the header of a census file and its members one by one as they are asked for.

    The header is made of the layout, its first row and `defaults`; memory does not grow with the file (XLSX: with
    its texts). A file that cannot be read has findings in its header and no member.
    """
    census = open_census(stream, layout, form, defaults=defaults, quirks=quirks, limits=limits)
    return census.header, (member.request for member in census.members)


def open_census(
    stream: BinaryIO,
    layout: Layout,
    form: CensusFormat,
    *,
    defaults: CensusDefaults = CensusDefaults(),
    quirks: tuple[Quirk, ...] = (),
    limits: CensusLimits = _LIMITS,
) -> Census:
    """Return the same as `read_census`, each member with its rows, for whoever must give rows back."""
    table = _OPENERS[form](stream, layout, limits)
    if isinstance(table, Unreadable):
        return _unread(layout, defaults, table)
    columns = bind(layout, table)
    if isinstance(columns, Unreadable):
        return _unread(layout, defaults, columns)
    rows = (row for row in table.rows if isinstance(row, Unreadable) or columns.is_member(row))
    first = next(rows, None)
    header = _header_of(layout, columns, first, defaults)
    reader = RowReader(columns, header.policy, dependents_below=layout.dependents_below)
    members = _members(chain((first,) if first is not None else (), rows), reader)
    return Census(header, (_as_meant(member, quirks) for member in members), table.shown)


def _unread(layout: Layout, defaults: CensusDefaults, fault: Unreadable) -> Census:
    """Return the census of a table that cannot be read: no members, and the finding that says why."""
    return Census(replace(_header(layout, {}, defaults), findings=(_finding(fault),)), iter(()))


def check_census(
    stream: BinaryIO, layout: Layout, form: CensusFormat, *, limits: CensusLimits = _LIMITS
) -> CensusCheck:
    """Return how many rows a file holds, and what keeps it from being read as a whole: then nothing is applied."""
    table = _OPENERS[form](stream, layout, limits)
    if isinstance(table, Unreadable):
        return CensusCheck(0, (_finding(table),))
    columns = bind(layout, table)
    if isinstance(columns, Unreadable):
        return CensusCheck(0, (_finding(columns),))
    count = 0
    for row in table.rows:
        if isinstance(row, Unreadable):
            return CensusCheck(count, (_finding(row),))
        count += columns.is_member(row)
    if not count:
        return CensusCheck(0, (_finding(Unreadable("The file holds no member.")),))
    return CensusCheck(count)


def _finding(fault: Unreadable) -> Finding:
    """Return the finding on a file that cannot be read."""
    place = Place(line=fault.number) if fault.number else Place()
    return Finding("UNREADABLE_FILE", Level.BUSINESS, fault.message, place=place)


def _members(rows: Iterator[Row | Unreadable], reader: RowReader) -> Iterator[CensusMember]:
    """Yield a member for each row, or for several rows of one person that follow each other with a cover each."""
    last: CensusMember | None = None
    ordinal = 0
    for row in rows:
        ordinal += 1
        if isinstance(row, Unreadable):  # the check stands before this and refuses such a file
            findings = (replace(_finding(row), member=ordinal),)
            member = CensusMember(RefusedRequest(ordinal, row.number, findings), ())
        else:
            member = CensusMember(reader.request(row, ordinal), (row,))
        joined = _joined(last, member) if last is not None else None
        if joined is not None:
            ordinal -= 1
            last = joined
            continue
        if last is not None:
            yield last
        last = member
    if last is not None:
        yield last


def _joined(before: CensusMember, after: CensusMember) -> CensusMember | None:
    """Return two members as one when they differ in nothing but the cover, else None."""
    one, other = before.request, after.request
    if isinstance(one, RefusedRequest) or isinstance(other, RefusedRequest):
        return None
    if (
        one.subscriber_id != other.subscriber_id
        or one.person != other.person
        or not (one.coverages and other.coverages)
    ):
        return None
    both = replace(one, coverages=(*one.coverages, *other.coverages), unread=(*one.unread, *other.unread))
    same = replace(other, ordinal=one.ordinal, position=one.position, coverages=both.coverages, unread=both.unread)
    return CensusMember(both, (*before.rows, *after.rows)) if both == same else None


def _as_meant(member: CensusMember, quirks: tuple[Quirk, ...]) -> CensusMember:
    """Return the member as the partner means it."""
    request = member.request
    if isinstance(request, MaintenanceRequest):
        for quirk in quirks:
            request = quirk(request)
    return CensusMember(request, member.rows)


def _header_of(
    layout: Layout, columns: Columns, first: Row | Unreadable | None, defaults: CensusDefaults
) -> EnrollmentHeader:
    """Return the header as the layout and the first row say it."""
    if not isinstance(first, Row) or first.problem:
        return _header(layout, {}, defaults)
    found: dict[str, dict[str, Any]] = {}
    findings: list[Finding] = []
    for section in ("header", "sponsor", "payer", "broker", "tpa"):
        found[section] = columns.read(section, first, findings)
    return replace(_header(layout, found, defaults), findings=tuple(findings))


def _header(layout: Layout, found: Mapping[str, dict[str, Any]], defaults: CensusDefaults) -> EnrollmentHeader:
    """Return a header of what was found, and of what the agreement says where nothing was."""
    own = found.get("header", {})
    sponsor = {"id": defaults.sponsor, **found.get("sponsor", {})}
    plain = {"reference": "", "purpose": _ORIGINAL, "created_on": None, "created_at": ""}
    agreed = {"policy": defaults.policy, "account": defaults.account}
    return EnrollmentHeader(
        **{**plain, **agreed, **own},
        action=layout.action,
        sponsor=Organization(**sponsor),
        payer=Organization(**found.get("payer", {})),
        broker=Organization(**found["broker"]) if found.get("broker") else None,
        tpa=Organization(**found["tpa"]) if found.get("tpa") else None,
    )
