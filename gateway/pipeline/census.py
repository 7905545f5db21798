"""Files that are no X12 and say who is covered: recognised, checked and recorded so that they are applied like an 834.

A census has no envelope. It is recorded as one interchange, group and set of the type `census` whose control numbers
are made of its content, so that sources, membership log, the way back from a cent and idempotence are those of X12
(DOMAIN 11.10). The group's functional id is the format, the guide is the layout; a segment is a row.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import BinaryIO

from gateway.domain.coverage import EnrollmentHeader
from gateway.domain.exchange import (
    AckCode,
    Delimiters,
    FileState,
    FunctionalGroup,
    GroupRecord,
    Interchange,
    InterchangeRecord,
    LogEvent,
    Party,
    ReceivedFile,
    SetRecord,
    SetState,
    TransactionSet,
)
from gateway.domain.identity import content_id
from gateway.errors import NotFound
from gateway.logs import get_logger
from gateway.partners.profile import Census as Agreed
from gateway.pipeline.plant import STANDARD_834, Plant
from gateway.ports.jobs import Job
from gateway.ports.unit_of_work import UnitOfWork
from gateway.transactions.census import Census, CensusCheck, CensusDefaults, check_census, open_census
from gateway.transactions.census_layout import CensusFormat, Layout
from gateway.transactions.census_rows import CensusLimits
from gateway.transactions.enrollment_834 import MEMBER_OPENS, read_enrollment
from gateway.transactions.sent import Sent, SentRequest
from gateway.x12.reader import read_loops

CENSUS = "census"
"""ST01 of a census as it is recorded, and the version of its interchange."""

_HEAD = 64
_WHITE = b"\xef\xbb\xbf \t\r\n"
_FORMATS: dict[str, CensusFormat] = {"csv": "csv", "fixed": "fixed", "xlsx": "xlsx"}
_UNPACKED_MAX = CensusLimits().unpacked_bytes


def census_of(plant: Plant, file: ReceivedFile) -> Agreed | None:
    """Return what was agreed with the partner when this file is a census by its name, and does not begin as X12."""
    agreed = plant.partner(file.partner_id).profile.census
    if agreed is None or not any(fnmatchcase(file.name.casefold(), each.casefold()) for each in agreed.files):
        return None
    with plant.archive.open(file.kept_path) as stream:
        head = stream.read(_HEAD).lstrip(_WHITE)
    return None if head.startswith(b"ISA") and not head[3:4].isalnum() else agreed


def is_census(interchange: Interchange) -> bool:
    """Tell whether an interchange stands for a census, which no TA1, 999 or 824 answers."""
    return interchange.version == CENSUS


def record_census(plant: Plant, unit: UnitOfWork, file: ReceivedFile, agreed: Agreed) -> None:
    """Check a census as a whole and record it; a file that cannot be read is recorded as refused, with its reason."""
    with plant.archive.open(file.kept_path) as stream:
        found = check_census(stream, layout_of(plant, agreed.layout), agreed.format, limits=limits_of(plant))
    _record(unit, file, agreed, found)
    unit.files.move(file.id, FileState.CHECKED, expected=[FileState.RECEIVED])
    unit.defer(Job("apply", file.id, lock=file.partner_id))
    outcome = "refused: see its findings" if found.findings else f"{found.rows} row(s)"
    text = f"Checked: a census ({agreed.format}, layout {agreed.layout}), {outcome}."
    key = content_id("E", file.id, "check")
    unit.record(LogEvent(key, plant.clock.now(), "check", file.id, file.id, text))
    get_logger(partner=file.partner_id, file=file.id).info(
        "checked", census=agreed.format, rows=found.rows, rejected=len(found.findings)
    )


def _record(unit: UnitOfWork, file: ReceivedFile, agreed: Agreed, found: CensusCheck) -> None:
    """Write the one interchange, group and set of a census."""
    unnamed, nothing = Party("", ""), Delimiters("", "", "", "")
    interchange = Interchange(1, file.id, unnamed, unnamed, "", "", CENSUS, ack_requested=False, usage="P")
    group = FunctionalGroup(1, agreed.format, "", "", "", "", "1", agreed.layout)
    interchange_id = content_id("X", file.id, interchange.ordinal)
    group_id = content_id("G", interchange_id, group.ordinal)
    ack = AckCode.REJECTED if found.findings else AckCode.ACCEPTED
    record = SetRecord(
        id=content_id("S", group_id, 1),
        file_id=file.id,
        partner_id=file.partner_id,
        interchange_id=interchange_id,
        group_id=group_id,
        isa13=file.id,
        gs06=group.control_number,
        usage=interchange.usage,
        version=interchange.version,
        functional_id=group.functional_id,
        kept_path=file.kept_path,
        delimiters=nothing,
        set=TransactionSet(1, CENSUS, "0001", agreed.layout, 0, file.size_bytes, found.rows),
        ack=ack,
        state=SetState.REFUSED if found.findings else SetState.CHECKED,
        reason=found.findings[0].message if found.findings else "",
    )
    unit.exchanges.add_interchange(InterchangeRecord(interchange_id, file.id, interchange, AckCode.ACCEPTED, "000"), ())
    unit.exchanges.add_group(
        GroupRecord(group_id, interchange_id, group, ack, 1, 1, 0 if found.findings else 1), (), file_id=file.id
    )
    unit.exchanges.add_sets([(record, found.findings)])


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
