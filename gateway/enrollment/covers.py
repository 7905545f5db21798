"""The timelines of one family while a request is decided, and the difference that must be written afterwards."""

from datetime import date
from typing import NamedTuple

from gateway.domain.coverage import Coverage, CoverageStatus, Family, MembershipStatus
from gateway.domain.identity import content_id
from gateway.domain.period import Period
from gateway.enrollment.rules import Circumstances
from gateway.enrollment.timeline import Span, Timeline, is_active


class Line(NamedTuple):
    """One member's cover in one product (HD03 and HD04)."""

    member_id: str
    insurance_line: str
    plan: str


class Covers:
    """What is believed of a family's cover: `timeline` reads, `put` replaces, `difference` tells what is new."""

    def __init__(self, family: Family | None) -> None:
        """Read the coverage rows on file, if there are any."""
        self._rows: dict[Line, list[Coverage]] = {}
        self._timelines: dict[Line, Timeline] = {}
        self._voided: dict[Line, tuple[Span, ...]] = {}
        self._before: dict[Line, Timeline] = {}  # of the products that were touched
        for row in family.coverages if family is not None else ():
            line = Line(row.member_id, row.insurance_line, row.plan)
            self._rows.setdefault(line, []).append(row)
        for line, rows in self._rows.items():
            spans = [_span(row) for row in rows]
            self._voided[line] = tuple(span for span in spans if span.status is CoverageStatus.CANCELED)
            running = [span for span in spans if span.status is not CoverageStatus.CANCELED]
            self._timelines[line] = tuple(sorted(running, key=lambda span: span.starts_on))

    def lines(self, member_id: str, insurance_line: str = "") -> list[Line]:
        """Return a member's products with cover that was not canceled, in one insurance line or in all."""
        return [
            line
            for line, timeline in self._timelines.items()
            if timeline and line.member_id == member_id and insurance_line in {"", line.insurance_line}
        ]

    def timeline(self, line: Line) -> Timeline:
        """Return the cover in one product, empty when there is none."""
        return self._timelines.get(line, ())

    def voided(self, line: Line) -> tuple[Span, ...]:
        """Return the cover in one product that was canceled."""
        return self._voided.get(line, ())

    def is_covered(self, member_id: str) -> bool:
        """Tell whether any cover of a member goes on."""
        return any(is_active(self._timelines[line]) for line in self.lines(member_id))

    def canceled(self, member_id: str, insurance_line: str = "") -> list[Line]:
        """Return a member's products that have canceled cover, in one insurance line or in all."""
        return [
            line
            for line, spans in self._voided.items()
            if spans and line.member_id == member_id and insurance_line in {"", line.insurance_line}
        ]

    def put(self, line: Line, timeline: Timeline, *, voided: tuple[Span, ...] = ()) -> bool:
        """Replace the cover in one product and add what was voided; tell whether that changed anything."""
        if timeline == self.timeline(line) and not voided:
            return False
        self._before.setdefault(line, self.timeline(line))
        self._timelines[line] = timeline
        news = tuple(span for span in voided if span not in self.voided(line))
        self._voided[line] = (*self.voided(line), *news)
        return True

    @property
    def status(self) -> MembershipStatus:
        """The membership's status that follows from its cover: active while any product goes on."""
        timelines = [timeline for timeline in self._timelines.values() if timeline]
        if any(is_active(timeline) for timeline in timelines):
            return MembershipStatus.ACTIVE
        if timelines:
            return MembershipStatus.TERMINATED
        return MembershipStatus.CANCELED if any(self._voided.values()) else MembershipStatus.PENDING

    def is_active_on(self, day: date) -> bool:
        """Tell whether any cover that was not terminated lasts beyond `day`."""
        return any(_lasts(timeline, day) for timeline in self._timelines.values())

    def was_active_on(self, day: date) -> bool:
        """Tell whether any such cover lasted beyond `day` when it was read."""
        return any(_lasts(self._before.get(line, timeline), day) for line, timeline in self._timelines.items())

    def difference(self, circumstances: Circumstances, ordinal: int, membership: str) -> "Difference":
        """Return the versions to open and those to supersede, so that what is on file equals what is held here."""
        opened: list[Coverage] = []
        superseded: list[str] = []
        for line in self._before:
            wanted = [*self.timeline(line), *self.voided(line)]
            for row in self._rows.get(line, ()):
                span = _span(row)
                if span in wanted:
                    wanted.remove(span)
                else:
                    superseded.append(row.id)
            opened += [_version(line, span, circumstances, ordinal, membership) for span in wanted]
        return Difference(tuple(opened), tuple(superseded))


class Difference(NamedTuple):
    """Coverage versions to write, and the ids of those that are no longer believed."""

    opened: tuple[Coverage, ...]
    superseded: tuple[str, ...]

    def apply(self, coverages: tuple[Coverage, ...]) -> tuple[Coverage, ...]:
        """Return the believed versions afterwards."""
        gone = set(self.superseded)
        return (*(row for row in coverages if row.id not in gone), *self.opened)


NOTHING = Difference((), ())


def _lasts(timeline: Timeline, day: date) -> bool:
    """Tell whether cover goes on beyond `day`."""
    return is_active(timeline) and timeline[-1].lasts_beyond(day)


def _span(row: Coverage) -> Span:
    """Return a coverage row as a span."""
    period = row.period
    return Span(period.starts_on, period.ends_before, row.level, row.premium, row.status, row.billable_before)


def _version(line: Line, span: Span, circumstances: Circumstances, ordinal: int, membership: str) -> Coverage:
    """Return `span` as a new version; its id is made of the request that made it and of what it says."""
    source = circumstances.source
    line_id = content_id("L", *line)
    return Coverage(
        id=content_id("V", line_id, source.set_id, ordinal, span.starts_on, span.status.value),
        line_id=line_id,
        member_id=line.member_id,
        membership_id=membership,
        insurance_line=line.insurance_line,
        plan=line.plan,
        level=span.level,
        period=Period(span.starts_on, span.ends_before),
        status=span.status,
        source=source.key(ordinal),
        set_id=source.set_id,
        known_at=circumstances.known_at,
        premium=span.premium,
        billable_before=span.billable_before,
    )
