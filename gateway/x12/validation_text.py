"""What a validation finds, as lines for a terminal: one line for each envelope and set, indented, findings below."""

from collections.abc import Callable, Iterable

from gateway.domain.exchange import AckCode, FunctionalGroup, Interchange
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

VERDICTS = {
    AckCode.ACCEPTED: "accepted",
    AckCode.WITH_ERRORS: "accepted with errors",
    AckCode.PARTIAL: "partially accepted",
    AckCode.REJECTED: "rejected",
}


class TextReport:
    """Gives lines of text to `write_line`. Accepted sets have no line of their own unless `all_sets` is true."""

    def __init__(self, file: str, write_line: Callable[[str], object], *, all_sets: bool = False) -> None:
        """Take the file's name as it shall be told, and where lines go."""
        self._write = write_line
        self._file = file
        self._all_sets = all_sets
        self._interchange: Interchange | None = None
        self._group: FunctionalGroup | None = None

    def take(self, event: CheckEvent) -> None:
        """Write the lines of one event."""
        match event:
            case InterchangeOpened(interchange):
                usage = {"T": ", test", "P": ", production"}.get(interchange.usage, "")
                self._interchange = interchange
                self._write(
                    f"interchange {interchange.control_number} from {interchange.sender.id} "
                    f"to {interchange.receiver.id}, {interchange.version}{usage}"
                )
            case GroupOpened(group):
                self._group = group
                self._write(f"  group {group.control_number} {group.functional_id} {group.guide}")
            case SetChecked(checked, ack, findings, left_out, _):
                if self._all_sets or findings or ack is not AckCode.ACCEPTED:
                    self._write(f"    set {checked.control_number} {checked.type}: {VERDICTS[ack]}")
                self._tell(findings, "      ")
                if left_out:
                    self._write(f"      {left_out} more findings are not listed")
            case GroupClosed(ack, _, received, accepted, findings):
                self._tell(findings, "    ")
                self._write(f"  group {self._number}: {VERDICTS[ack]}, {accepted} of {received} sets accepted")
            case InterchangeClosed(code, note, findings):
                self._tell(findings, "  ")
                number = self._interchange.control_number if self._interchange else ""
                self._write(f"interchange {number}: TA1 {code.value} {note}, {VERDICTS[code]}")
            case FileFindings(findings):
                self._tell(findings, "")

    def close(self, summary: Summary) -> None:
        """Write the last line: what it comes to."""
        if summary.is_clean:
            text = f"clean: {summary.sets} transaction sets, nothing found"
        else:
            text = (
                f"{summary.errors} errors, {summary.warnings} warnings; "
                f"{summary.rejected} of {summary.sets} transaction sets rejected"
            )
        self._write(f"{self._file}: {text}")

    @property
    def _number(self) -> str:
        return self._group.control_number if self._group else ""

    def _tell(self, findings: Iterable[Finding], indent: str) -> None:
        for finding in findings:
            self._write(f"{indent}{finding.severity.value} {finding.code} {where(finding)}: {finding.message}")


def where(finding: Finding) -> str:
    """Return a finding's place in words: `at INS03, segment 12, loop 2000, line 14`."""
    place = finding.place
    if place.segment is None and place.line is None:
        return "in the file"
    parts = []
    if place.segment:
        at = place.segment + (f"{place.element:02}" if place.element else "")
        at += f"-{place.component}" if place.component else ""
        parts.append(at + (f" repetition {place.repetition}" if place.repetition else ""))
    if place.position:
        parts.append(f"segment {place.position}")
    if place.loop and not place.loop.endswith("_LOOP"):  # the maps' own name for what is in no loop
        parts.append(f"loop {place.loop}")
    if place.line:
        parts.append(f"line {place.line}")
    return "at " + ", ".join(parts)
