"""`gateway validate`: one pass over a file, told as JSON, text, HTML and as the acknowledgements that would be sent.

`validate` drives the check once and hands each event to every report it is given; no report holds the file, so that
memory grows with neither. No database and no partner is needed.
"""

import hashlib
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from gateway.domain.exchange import AckCode
from gateway.domain.finding import Finding
from gateway.x12.check import (
    CheckEvent,
    FileFindings,
    GroupClosed,
    GroupOpened,
    InterchangeClosed,
    InterchangeOpened,
    Limits,
    SetChecked,
    Severities,
    check,
)
from gateway.x12.guide import GuideLibrary


@dataclass(slots=True)
class Summary:
    """What a validation found, in numbers. `sha256` is the hash of the file's bytes, in hexadecimal."""

    sha256: str = ""
    size_bytes: int = 0
    interchanges: int = 0
    groups: int = 0
    sets: int = 0
    rejected: int = 0  # sets whose ack is R
    errors: int = 0
    warnings: int = 0
    findings_left_out: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether there is an interchange and nothing at all was found in it."""
        return bool(self.interchanges) and not (self.errors or self.warnings or self.findings_left_out)

    def take(self, event: CheckEvent) -> None:
        """Count what an event tells."""
        if isinstance(event, SetChecked):
            self.sets += 1
            self.rejected += event.ack is AckCode.REJECTED
            self.findings_left_out += event.findings_left_out
            self._count(event.findings)
        elif isinstance(event, GroupClosed | InterchangeClosed | FileFindings):
            self._count(event.findings)
        elif isinstance(event, InterchangeOpened):
            self.interchanges += 1
        elif isinstance(event, GroupOpened):
            self.groups += 1

    def _count(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            if finding.is_error:
                self.errors += 1
            else:
                self.warnings += 1


class Report(Protocol):
    """One way to tell what a validation finds. Events come in the order of the file; `close` comes last, once."""

    def take(self, event: CheckEvent) -> None:
        """Tell one event."""

    def close(self, summary: Summary) -> None:
        """Finish; what the report writes to stays open, as it was given."""


@dataclass(frozen=True, slots=True)
class ValidationSettings:
    """How a validation runs. `progress` is called with the number of bytes read since the last call."""

    limits: Limits = field(default_factory=Limits)
    severities: Severities = field(default_factory=Severities)
    progress: Callable[[int], None] | None = None


def validate(
    path: Path, guides: GuideLibrary, reports: Sequence[Report], settings: ValidationSettings | None = None
) -> Summary:
    """Check the file at `path` and let each of `reports` tell what is found; return it in numbers.

    Raises OSError when the file cannot be read; nothing that stands in the file raises. When a report raises, no
    report is closed.
    """
    settings = settings or ValidationSettings()
    summary = Summary()
    with path.open("rb", buffering=0) as file:
        stream = _Counted(file, settings.progress)
        for event in check(stream, guides, settings.limits, severities=settings.severities):
            summary.take(event)
            for report in reports:
                report.take(event)
    summary.sha256 = stream.sha256.hexdigest()
    summary.size_bytes = stream.size_bytes
    for report in reports:
        report.close(summary)
    return summary


class _Counted(io.BufferedReader):
    """A file that is hashed and counted while the check reads it, so that it is read once."""

    def __init__(self, file: io.FileIO, progress: Callable[[int], None] | None) -> None:
        super().__init__(file)
        self._progress = progress
        self.sha256 = hashlib.sha256()
        self.size_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        self.sha256.update(chunk)
        self.size_bytes += len(chunk)
        if self._progress is not None:
            self._progress(len(chunk))
        return chunk


def open_again(path: Path) -> BinaryIO:
    """Open the validated file a second time, for reports that show its bytes."""
    return path.open("rb")
