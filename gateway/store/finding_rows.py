"""A finding as a row of `findings`, and back."""

from dataclasses import asdict
from typing import Any

from gateway.domain.finding import Finding, Place
from gateway.domain.identity import content_id
from gateway.store.transaction import Record

_PLACE = ("segment", "position", "element", "component", "repetition", "loop", "line", "byte")


def finding_row(
    finding: Finding, *, file_id: str, interchange_id: str = "", group_id: str = "", set_id: str = ""
) -> dict[str, Any]:
    """Return the row of a finding that stands on a set, else a group, an interchange, or the file itself.

    Its id is made of where it stands and what it says, without the value, which may be personal.
    """
    place = {name: getattr(finding.place, name) for name in _PLACE}
    return {
        "id": content_id(
            "N", file_id, interchange_id, group_id, set_id, finding.code, finding.level, finding.member,
            finding.message, *place.values(),
        ),
        "file_id": file_id,
        "interchange_id": interchange_id,
        "group_id": group_id,
        "set_id": set_id,
        "code": finding.code,
        "level": finding.level,
        "severity": finding.severity,
        "message": finding.message,
        **place,
        "value": finding.value,
        "element_reference": finding.element_reference,
        "snip": finding.snip,
        "member": finding.member,
        "context": finding.context,
        "trigger": None if finding.trigger is None else asdict(finding.trigger),
    }  # fmt: skip


def finding_of(row: Record) -> Finding:
    """Return the finding that a row holds."""
    return Finding(
        code=row.code,
        level=row.level,
        message=row.message,
        severity=row.severity,
        place=Place(**{name: getattr(row, name) for name in _PLACE}),
        value=row.value,
        element_reference=row.element_reference,
        snip=row.snip,
        member=row.member,
        context=row.context,
        trigger=None if row.trigger is None else Place(**row.trigger),
    )


def in_order_of_place(finding: Finding) -> tuple[int | str, ...]:
    """Return what sorts findings as they stand in the file; what has no position comes first."""
    place = finding.place
    numbers = (place.byte, place.position, place.element, place.repetition, place.component, finding.member)
    return (*(-1 if number is None else number for number in numbers), finding.code, finding.message)
