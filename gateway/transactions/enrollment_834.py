"""An accepted 834 as an enrollment header and a stream of maintenance requests (DOMAIN 4.2 and 4.3).

Reading goes by a `Mapping`; one INS loop is in memory at a time. Nothing is raised for what a partner wrote: a loop
that cannot be read is a `RefusedRequest`, a header that cannot be read carries findings.
"""

from collections.abc import Iterator

from gateway.domain.coverage import EnrollmentHeader, FileAction
from gateway.domain.exchange import Delimiters
from gateway.domain.finding import Finding, Level, Place
from gateway.domain.parties import Organization
from gateway.transactions.collect_834 import Collected
from gateway.transactions.loops_834 import Loops
from gateway.transactions.mapping import Mapping
from gateway.transactions.sent import SentLoop, SetReading
from gateway.x12.reader import RawLoop

MEMBER_OPENS = "INS"

_ENVELOPE = frozenset({"ST", "SE"})


def read_enrollment(
    loops: Iterator[RawLoop], delimiters: Delimiters, mapping: Mapping
) -> tuple[EnrollmentHeader, Iterator[SentLoop]]:
    """Return the header of one 834 set (ST to SE), and its INS loops one by one as they are asked for.

    `loops` is the set cut before every INS (`x12.reader.read_loops`). The header is read at once; it is always
    returned, and what could not be read in it stands in its `findings` (a file action that we do not know is taken as a
    change file, the only one that ends nothing by leaving it out). Memory does not grow with the set.
    """
    collected, at = Collected(delimiters), Loops()
    for segment in next(loops).segments(delimiters):
        loop = at.enter(segment)
        found = mapping.reading(loop, segment.tag, segment.element(1))
        if segment.tag not in _ENVELOPE and (found is None or not collected.read(segment, found)):
            collected.keep(segment)
    header = _header(collected)
    reading = SetReading(header, mapping, delimiters)
    return header, (SentLoop(ordinal, loop, reading) for ordinal, loop in enumerate(loops, start=1))


def _header(collected: Collected) -> EnrollmentHeader:
    """Return the header, with findings on what it lacks or what could not be read in it."""
    found = collected.section("header")
    findings = list(collected.findings)
    if "action" not in found and not any(finding.place.segment == "BGN" for finding in findings):
        message = "BGN08, what the file wants to be (2, 4 or RX), is missing."
        place = Place(segment="BGN", element=8)
        findings.append(Finding("UNREADABLE_VALUE", Level.BUSINESS, message, place=place, snip=2))
    broker, tpa = collected.section("broker"), collected.section("tpa")
    return EnrollmentHeader(
        **{"reference": "", "purpose": "", "created_on": None, "created_at": "", "action": FileAction.CHANGE, **found},
        sponsor=Organization(**collected.section("sponsor")),
        payer=Organization(**collected.section("payer")),
        broker=Organization(**broker) if broker else None,
        tpa=Organization(**tpa) if tpa else None,
        findings=tuple(findings),
        unread=tuple(collected.unread),
    )
