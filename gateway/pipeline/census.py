"""Files that are no X12 and say who is covered: recognised, checked and recorded so that they are applied like an 834.

A census has no envelope. It is recorded as one interchange, group and set of the type `census` whose control numbers
are made of its content, so that sources, membership log, the way back from a cent and idempotence are those of X12
(DOMAIN 11.10). The group's functional id is the format, the guide is the layout; a segment is a row.
"""

from collections.abc import Iterator
from typing import BinaryIO

from gateway.domain.coverage import EnrollmentHeader
from gateway.domain.exchange import ReceivedFile, SetRecord
from gateway.errors import NotFound
from gateway.partners.profile import Census as Agreed
from gateway.pipeline.no_x12 import CENSUS, Checked, is_called_like, record_no_x12
from gateway.pipeline.plant import STANDARD_834, Plant
from gateway.ports.unit_of_work import UnitOfWork
from gateway.transactions.census import Census, CensusDefaults, check_census, open_census
from gateway.transactions.census_layout import CensusFormat, Layout
from gateway.transactions.census_rows import CensusLimits
from gateway.transactions.enrollment_834 import MEMBER_OPENS, read_enrollment
from gateway.transactions.sent import Sent, SentRequest
from gateway.x12.reader import read_loops

_FORMATS: dict[str, CensusFormat] = {"csv": "csv", "fixed": "fixed", "xlsx": "xlsx"}
_UNPACKED_MAX = CensusLimits().unpacked_bytes


def census_of(plant: Plant, file: ReceivedFile) -> Agreed | None:
    """Return what was agreed with the partner when this file is a census by its name, and does not begin as X12."""
    agreed = plant.partner(file.partner_id).profile.census
    return agreed if agreed is not None and is_called_like(plant, file, agreed.files) else None


def record_census(plant: Plant, unit: UnitOfWork, file: ReceivedFile, agreed: Agreed) -> None:
    """Check a census as a whole and record it; a file that cannot be read is recorded as refused, with its reason."""
    with plant.archive.open(file.kept_path) as stream:
        found = check_census(stream, layout_of(plant, agreed.layout), agreed.format, limits=limits_of(plant))
    record_no_x12(plant, unit, file, Checked(CENSUS, agreed.format, agreed.layout, found.rows, found.findings))


def read_members(plant: Plant, stream: BinaryIO, record: SetRecord) -> tuple[EnrollmentHeader, Iterator[Sent]]:
    """Return header and members of a recorded set, an 834 or a census, from its kept bytes."""
    if record.set.type == CENSUS:
        census = open_recorded(plant, stream, record)
        return census.header, (SentRequest(member.request) for member in census.members)
    loops = read_loops(stream, record.set.byte_start, record.set.byte_end, record.delimiters, MEMBER_OPENS)
    return read_enrollment(loops, record.delimiters, plant.mapping(record.partner_id, record.set.guide))


def open_recorded(plant: Plant, stream: BinaryIO, record: SetRecord) -> Census:
    """Return a recorded census, opened again: the same bytes by the same layout give the same members."""
    agreed = plant.partner(record.partner_id).profile.census
    return open_census(
        stream,
        layout_of(plant, record.set.guide),
        _FORMATS[record.functional_id],
        defaults=CensusDefaults(agreed.sponsor, agreed.policy, agreed.account) if agreed else CensusDefaults(),
        quirks=plant.mapping(record.partner_id, STANDARD_834).quirks,
        limits=limits_of(plant),
    )


def layout_of(plant: Plant, name: str) -> Layout:
    """Return a layout by its name; raises NotFound when the home has none of that name any more."""
    try:
        return plant.layouts[name]
    except KeyError:
        raise NotFound(f"there is no layout {name!r}", hint=f"put mappings/census/{name}.toml back") from None


def limits_of(plant: Plant) -> CensusLimits:
    """Return the bounds of a census, as `[limits]` sets them."""
    ours = plant.settings.limits
    return CensusLimits(row_bytes=ours.segment_bytes, unpacked_bytes=min(ours.file_bytes, _UNPACKED_MAX))
