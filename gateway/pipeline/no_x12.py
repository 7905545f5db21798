"""Files that are no X12, recorded as one interchange, group and set, so that all that follows is as for X12.

Their control numbers are made of their content: sources, the way back from a cent and idempotence need no exception.
The interchange's version is the kind of file, the group's functional id its format, the guide what it is read by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

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
from gateway.domain.finding import Finding
from gateway.domain.identity import content_id
from gateway.logs import get_logger
from gateway.pipeline.plant import Plant
from gateway.ports.jobs import Job
from gateway.ports.unit_of_work import UnitOfWork

CENSUS = "census"
CASH = "cash"

_HEAD = 64
_WHITE = b"\xef\xbb\xbf \t\r\n"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found a file to be; with findings it is refused as a whole."""

    kind: str
    format: str
    guide: str
    rows: int
    findings: Sequence[Finding] = ()


def is_no_x12(interchange: Interchange) -> bool:
    """Tell whether an interchange stands for a file that is no X12, which no TA1, 999 or 824 answers."""
    return interchange.version in {CENSUS, CASH}


def is_called_like(plant: Plant, file: ReceivedFile, patterns: Sequence[str]) -> bool:
    """Tell whether a file is one of an agreed kind by its name, and does not begin as X12."""
    if not any(fnmatchcase(file.name.casefold(), each.casefold()) for each in patterns):
        return False
    with plant.archive.open(file.kept_path) as stream:
        head = stream.read(_HEAD).lstrip(_WHITE)
    return not (head.startswith(b"ISA") and not head[3:4].isalnum())


def record_no_x12(plant: Plant, unit: UnitOfWork, file: ReceivedFile, found: Checked) -> None:
    """Write the one interchange, group and set of a checked file, and hand it on to be applied."""
    _write(unit, file, found)
    unit.files.move(file.id, FileState.CHECKED, expected=[FileState.RECEIVED])
    unit.defer(Job("apply", file.id, lock=file.partner_id))
    outcome = "refused: see its findings" if found.findings else f"{found.rows} row(s)"
    by = f", layout {found.guide}" if found.guide else ""
    name = "a census" if found.kind == CENSUS else "a bank's list of deposits"
    text = f"Checked: {name} ({found.format}{by}), {outcome}."
    key = content_id("E", file.id, "check")
    unit.record(LogEvent(key, plant.clock.now(), "check", file.id, file.id, text))
    get_logger(partner=file.partner_id, file=file.id).info(
        "checked", kind=found.kind, format=found.format, rows=found.rows, rejected=len(found.findings)
    )


def _write(unit: UnitOfWork, file: ReceivedFile, found: Checked) -> None:
    """Write the rows of the file's one set."""
    unnamed, nothing = Party("", ""), Delimiters("", "", "", "")
    interchange = Interchange(1, file.id, unnamed, unnamed, "", "", found.kind, ack_requested=False, usage="P")
    group = FunctionalGroup(1, found.format, "", "", "", "", "1", found.guide)
    interchange_id = content_id("X", file.id, interchange.ordinal)
    group_id = content_id("G", interchange_id, group.ordinal)
    ack = AckCode.REJECTED if found.findings else AckCode.ACCEPTED
    whole = SetRecord(
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
        set=TransactionSet(1, found.kind, "0001", found.guide, 0, file.size_bytes, found.rows),
        ack=ack,
        state=SetState.REFUSED if found.findings else SetState.CHECKED,
        reason=found.findings[0].message if found.findings else "",
    )
    unit.exchanges.add_interchange(InterchangeRecord(interchange_id, file.id, interchange, AckCode.ACCEPTED, "000"), ())
    unit.exchanges.add_group(
        GroupRecord(group_id, interchange_id, group, ack, 1, 1, 0 if found.findings else 1), (), file_id=file.id
    )
    unit.exchanges.add_sets([(whole, found.findings)])
