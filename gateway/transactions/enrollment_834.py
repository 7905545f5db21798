"""An accepted 834 as an enrollment header and a stream of maintenance requests (DOMAIN 4.2 and 4.3).

Reading goes by a `Mapping`; one INS loop is in memory at a time. Nothing is raised for what a partner wrote: a loop
that cannot be read is a `RefusedRequest`, a header that cannot be read carries findings.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from gateway.domain.coverage import EnrollmentHeader, FileAction, MaintenanceRequest
from gateway.domain.exchange import Delimiters
from gateway.domain.finding import Finding, Level, Place
from gateway.domain.parties import Organization
from gateway.transactions.collect_834 import Collected
from gateway.transactions.loops_834 import Loops
from gateway.transactions.mapping import Mapping
from gateway.transactions.member_834 import MemberLoop, RefusedRequest
from gateway.x12.reader import Segment

__all__ = ["RefusedRequest", "read_enrollment"]

_ENVELOPE = frozenset({"ST", "SE"})


def read_enrollment(
    segments: Iterator[Segment], delimiters: Delimiters, mapping: Mapping
) -> tuple[EnrollmentHeader, Iterator[MaintenanceRequest | RefusedRequest]]:
    """Return the header of one 834 set (ST to SE), and its INS loops one by one as they are asked for.

    The header is read at once, up to the first INS; it is always returned, and what could not be read in it stands in
    its `findings` (a file action that we do not know is taken as a change file, the only one that ends nothing by
    leaving it out). Each further loop is read when it is asked for, so that memory does not grow with the set.
    """
    loops = Loops()
    collected = Collected(delimiters)
    for segment in segments:
        if segment.tag == "INS":
            header = _header(collected)
            reader = _MemberReader(loops, header, mapping, delimiters)
            return header, reader.requests(chain((segment,), segments))
        loop = loops.enter(segment)
        reading = mapping.reading(loop, segment.tag, segment.element(1))
        if segment.tag not in _ENVELOPE and (reading is None or not collected.read(segment, reading)):
            collected.keep(segment)
    return _header(collected), iter(())


@dataclass(frozen=True, slots=True)
class _MemberReader:
    """Reads the detail of one set, one INS loop in memory."""

    loops: Loops
    header: EnrollmentHeader
    mapping: Mapping
    delimiters: Delimiters

    def requests(self, segments: Iterable[Segment]) -> Iterator[MaintenanceRequest | RefusedRequest]:
        """Yield what each INS loop asks for; the first of `segments` is an INS."""
        member: MemberLoop | None = None
        ordinal = 0
        for segment in segments:
            loop = self.loops.enter(segment)
            if segment.tag == "INS":
                if member is not None:
                    yield member.request(self.header)
                ordinal += 1
                member = MemberLoop(ordinal, segment.position, self.mapping, self.delimiters)
            if member is not None and segment.tag not in _ENVELOPE:
                member.add(segment, loop)
        if member is not None:
            yield member.request(self.header)


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
