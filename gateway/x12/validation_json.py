"""The object of `gateway validate --json`, written while the file is checked (docs/schemas/validate.schema.json).

Codes stand in it as an acknowledgement carries them. Of an object's members those that are known last are written
last: `ta1` behind the groups, `ack` behind the sets, `sha256` at the end.
"""

import json
from collections.abc import Callable, Iterable

from gateway.domain.finding import Finding
from gateway.x12.check import (
    CheckEvent,
    FileFindings,
    GroupClosed,
    GroupOpened,
    InterchangeClosed,
    InterchangeOpened,
    SetChecked,
)
from gateway.x12.validation import Summary


class JsonReport:
    """Writes one JSON object with `write`, in pieces: one line for each transaction set."""

    def __init__(self, file: str, write: Callable[[str], object]) -> None:
        """Take the file's name as it shall be told, and where the text goes."""
        self._write = write
        self._file_findings: list[Finding] = []
        self._interchanges = 0
        self._groups = 0
        self._sets = 0
        write(f'{{"file": {json.dumps(file)}, "interchanges": [')

    def take(self, event: CheckEvent) -> None:
        """Write what an event tells."""
        match event:
            case InterchangeOpened(interchange):
                self._begin(self._interchanges, "\n ", {"control_number": interchange.control_number}, "groups")
                self._interchanges += 1
                self._groups = 0
            case GroupOpened(group):
                told = {"control_number": group.control_number, "guide": group.guide}
                self._begin(self._groups, "\n  ", told, "sets")
                self._groups += 1
                self._sets = 0
            case SetChecked():
                self._write((",\n   " if self._sets else "\n   ") + json.dumps(set_object(event)))
                self._sets += 1
            case GroupClosed(ack=ack, findings=findings):
                self._end({"ack": ack.value, **_findings(findings)})
            case InterchangeClosed(code, note, findings):
                self._end({"ta1": {"code": code.value, "note": note}, **_findings(findings)})
            case FileFindings(findings):
                self._file_findings += findings

    def close(self, summary: Summary) -> None:
        """Write what stands on the file itself, and end the object."""
        findings = self._file_findings
        if not summary.interchanges:  # that it is no X12 says all there is to say
            findings = findings[-1:]
        self._end({"sha256": summary.sha256, **_findings(findings)})
        self._write("\n")

    def _begin(self, before: int, indent: str, members: dict[str, str], array: str) -> None:
        self._write(("," if before else "") + indent + json.dumps(members)[:-1] + f', "{array}": [')

    def _end(self, members: dict[str, object]) -> None:
        self._write("], " + json.dumps(members)[1:])


def set_object(event: SetChecked) -> dict[str, object]:
    """Return the object of one transaction set; `findings_left_out` stands in it only where some were."""
    told: dict[str, object] = {
        "control_number": event.set.control_number,
        "type": event.set.type,
        "ack": event.ack.value,
        "findings": [finding_object(finding) for finding in event.findings],
    }
    if event.findings_left_out:
        told["findings_left_out"] = event.findings_left_out
    return told


def finding_object(finding: Finding) -> dict[str, object]:
    """Return the object of one finding. The offending value is not in it: it may be personal."""
    place = finding.place
    return {
        "level": finding.level.value,
        "code": finding.code,
        "segment": place.segment,
        "position": place.position,
        "element": place.element,
        "component": place.component,
        "repetition": place.repetition,
        "loop": place.loop,
        "line": place.line,
        "byte": place.byte,
        "severity": finding.severity.value,
        "message": finding.message,
    }


def _findings(findings: Iterable[Finding]) -> dict[str, object]:
    told = [finding_object(finding) for finding in findings]
    return {"findings": told} if told else {}
