"""`gateway validate --html`: the file itself, segment by segment, with every finding where it stands.

The page is written while the file is checked: what a set holds is read a second time when the set's findings are
known. It loads nothing from elsewhere and runs no script; all that comes from the file is escaped. It shows the
file's content, persons included, and is for those who may see the file.
"""

import html
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from gateway.domain.exchange import AckCode, Delimiters, TransactionSet
from gateway.domain.finding import Finding
from gateway.x12.check import (
    CheckEvent,
    FileFindings,
    GroupClosed,
    InterchangeClosed,
    SetChecked,
)
from gateway.x12.check_envelope import read_isa
from gateway.x12.reader import BLANKS, Segment, read_set, text_of
from gateway.x12.validation import Summary
from gateway.x12.validation_text import VERDICTS, where

_SHOWN_BYTES = 1 << 16  # of what lies between sets: envelopes are short, and what is no X12 may be of any length
_SKIPPED = BLANKS + b"\xef\xbb\xbf"  # before a segment: line ends, and a byte order mark
_SHOWN_CHARACTERS = 4_000  # of one segment

_STYLE = """
body{font:14px/1.5 system-ui,sans-serif;margin:2rem;color:#1c2733;background:#fff}
h1{font-size:1.3rem}h2{font-size:1rem;margin:1.5rem 0 .3rem}
pre{margin:0;font:13px/1.6 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
pre i{display:inline-block;min-width:4.5em;color:#8492a0;font-style:normal;user-select:none}
mark{background:#ffd7d2;color:inherit;border-bottom:2px solid #c0392b}
p.f{margin:.1rem 0 .3rem 4.7em;padding:.1rem .6rem;border-left:4px solid #c0392b;background:#fdf1ef}
p.warning{border-color:#b9770e;background:#fdf6e3}
b.A{color:#1e7b45}b.E,b.P{color:#9a6207}b.R{color:#c0392b}
"""


class HtmlReport:
    """Writes one page with `write`, in pieces; `content` is the file, opened a second time and seekable."""

    def __init__(self, file: str, content: BinaryIO, write: Callable[[str], object]) -> None:
        """Take the file's name as it shall be told, its bytes, and where the text goes."""
        self._content = content
        self._write = write
        self._at = 0  # what lies before is written
        self._marks = Delimiters()
        title = html.escape(file)
        write(
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n"
        )

    def take(self, event: CheckEvent) -> None:
        """Write what an event tells, and the bytes before it that were not written yet."""
        match event:
            case SetChecked():
                self._between(event.set.byte_start)
                self._set(event.set, event)
                self._at = event.set.byte_end
            case GroupClosed(ack, _, received, accepted, findings):
                self._heading(f"Group: {accepted} of {received} transaction sets accepted", ack)
                self._boxes(findings)
            case InterchangeClosed(code, note, findings):
                self._heading(f"Interchange: TA1 {code.value} {note}", code)
                self._boxes(findings)
            case FileFindings(findings):
                self._boxes(findings)

    def close(self, summary: Summary) -> None:
        """Write the rest of the file and what it comes to, and end the page."""
        self._between(summary.size_bytes)
        self._write(
            f"<h2>{summary.errors} errors, {summary.warnings} warnings; "
            f"{summary.rejected} of {summary.sets} transaction sets rejected</h2>\n"
            f"<p>SHA-256 {summary.sha256}, {summary.size_bytes} bytes</p>\n</body></html>\n"
        )

    def _set(self, checked: TransactionSet, event: SetChecked) -> None:
        number, kind = html.escape(checked.control_number), html.escape(checked.type)
        self._heading(f"Transaction set {number}, {kind}", event.ack)
        waiting = sorted(event.findings, key=lambda finding: finding.place.position or 0)
        done = 0
        for segment in read_set(self._content, checked.byte_start, checked.byte_end, self._marks):
            here = done
            while here < len(waiting) and (waiting[here].place.position or 0) <= segment.position:
                here += 1
            self._segment(segment, waiting[done:here])
            done = here
        self._boxes(waiting[done:])
        if event.findings_left_out:
            self._write(f'<p class="f">{event.findings_left_out} more findings are not listed</p>\n')

    def _between(self, until: int) -> None:
        """Write the bytes from where we are to `until`: envelopes, or what is no X12."""
        if until <= self._at:
            return
        self._content.seek(self._at)
        data = self._content.read(min(until - self._at, _SHOWN_BYTES))
        for piece in self._pieces(data):
            self._line("", html.escape(_short(piece.strip())))
        left_out = until - self._at - len(data)
        if left_out:
            self._write(f"<p>{left_out} bytes are not shown</p>\n")
        self._at = until

    def _pieces(self, data: bytes) -> Iterator[str]:
        """Yield the segments in `data`; an ISA changes the delimiters for what comes after it."""
        at = 0
        while at < len(data):
            while data[at : at + 1] in _SKIPPED and at < len(data):
                at += 1
            isa = read_isa(data, at) if data[at : at + 3] == b"ISA" else None
            if isa is not None:
                self._marks = isa.delimiters
                end = at + isa.length - 1
            else:
                end = data.find(self._marks.segment.encode("latin-1"), at)
                end = len(data) if end < 0 else end
            if data[at:end].strip(BLANKS):
                yield text_of(data[at : end + 1])
            at = end + 1

    def _segment(self, segment: Segment, findings: Iterable[Finding]) -> None:
        findings = list(findings)
        wrong = {f.place.element for f in findings if f.place.segment == segment.tag and f.place.element}
        parts = [html.escape(_short(element)) for element in segment.elements]
        for number in wrong:
            if number < len(parts):
                parts[number] = f"<mark>{parts[number]}</mark>"
        markup = html.escape(self._marks.element).join(parts) + html.escape(self._marks.segment.strip())
        self._line(str(segment.position), markup)
        self._boxes(findings)

    def _line(self, number: str, markup: str) -> None:
        self._write(f"<pre><i>{number}</i>{markup}</pre>\n")

    def _heading(self, text: str, ack: AckCode) -> None:
        self._write(f'<h2>{text}: <b class="{ack.value}">{VERDICTS[ack]}</b></h2>\n')

    def _boxes(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            text = html.escape(f"{finding.code} {where(finding)}: {finding.message}")
            self._write(f'<p class="f {finding.severity.value}">{text}</p>\n')


def _short(text: str) -> str:
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS]} … {len(text) - _SHOWN_CHARACTERS} more characters"
