"""One member's cover in one product over time, and what each operation of an 834 makes of it.

A timeline is a tuple of spans in order of time that do not overlap; canceled cover stands outside of it. Every
operation takes a timeline and returns the one that is true afterwards; nothing here knows what is on file, so that
writing only the difference is the concern of one place (`apply`).
"""

from datetime import date, timedelta

from gateway.domain.coverage import CoverageStatus
from gateway.domain.money import Money
from gateway.domain.value import value

_DAY = timedelta(days=1)


@value
class Span:
    """Days of cover on the same terms, `[starts_on, ends_before)`."""

    starts_on: date
    ends_before: date | None
    level: str
    premium: Money | None
    status: CoverageStatus
    billable_before: date | None = None

    def covers(self, day: date) -> bool:
        """Tell whether `day` is covered."""
        return self.starts_on <= day and (self.ends_before is None or day < self.ends_before)

    def lasts_beyond(self, day: date) -> bool:
        """Tell whether any day from `day` on is covered."""
        return self.ends_before is None or self.ends_before > day

    def until(self, day: date, status: CoverageStatus, billable_before: date | None = None) -> "Span":
        """Return the span cut before `day`."""
        return Span(self.starts_on, day, self.level, self.premium, status, billable_before)


Timeline = tuple[Span, ...]


def current_begin(timeline: Timeline) -> date:
    """Return since when the latest cover runs without a gap; the timeline must not be empty."""
    begin = timeline[-1].starts_on
    for span in reversed(timeline[:-1]):
        if span.ends_before != begin:
            break
        begin = span.starts_on
    return begin


def is_active(timeline: Timeline) -> bool:
    """Tell whether the cover goes on: its last span was not terminated."""
    return bool(timeline) and timeline[-1].status is CoverageStatus.ACTIVE


def cover(timeline: Timeline, new: Span) -> Timeline:
    """Return the timeline with the terms of `new` from its begin; days before keep theirs, later overlaps give way.

    Cover on the same terms that touches or overlaps `new` is one span with it. A span that ended before `new` begins
    stays as it is, but is not billed beyond that begin.
    """
    before: list[Span] = []
    after: list[Span] = []
    for span in timeline:
        if span.ends_before is not None and span.ends_before <= new.starts_on:
            before.append(_billed_until(span, new.starts_on))
        elif new.ends_before is not None and span.starts_on >= new.ends_before:
            after.append(span)
        elif span.starts_on < new.starts_on:
            before.append(span.until(new.starts_on, CoverageStatus.ACTIVE))
    if before and _continues(before[-1], new):
        first = before.pop()
        new = Span(first.starts_on, new.ends_before, new.level, new.premium, new.status, new.billable_before)
    if after and _continues(new, after[0]):
        last = after.pop(0)
        new = Span(new.starts_on, last.ends_before, new.level, new.premium, last.status, last.billable_before)
    return (*before, new, *after)


def correct(timeline: Timeline, new: Span) -> Timeline:
    """Return the timeline with the latest unbroken cover replaced by `new`: what was on file had been wrong."""
    if not timeline:
        return (new,)
    begin = current_begin(timeline)
    return cover(tuple(span for span in timeline if span.starts_on < begin), new)


def end(timeline: Timeline, last_day: date) -> Timeline:
    """Return the timeline ended after `last_day`: cover beyond it goes; an earlier end moves to it.

    The end of cover that was terminated before may so be corrected in both directions.
    """
    ends_before = last_day + _DAY
    kept = [span for span in timeline if span.starts_on < ends_before]
    if not kept:
        return ()
    last = kept[-1]
    if last.ends_before != ends_before or last.status is not CoverageStatus.TERMINATED:
        kept[-1] = last.until(ends_before, CoverageStatus.TERMINATED)
    return tuple(kept)


def void_from(timeline: Timeline, day: date) -> tuple[Timeline, Timeline]:
    """Return what remains before `day`, terminated there, and the spans that never were, as empty canceled spans."""
    kept = [span for span in timeline if span.starts_on < day]
    if kept and kept[-1].lasts_beyond(day):
        kept[-1] = kept[-1].until(day, CoverageStatus.TERMINATED)
    voided = tuple(
        Span(span.starts_on, span.starts_on, span.level, span.premium, CoverageStatus.CANCELED)
        for span in timeline
        if span.starts_on >= day
    )
    return tuple(kept), voided


def reinstate(timeline: Timeline, new: Span) -> Timeline:
    """Return the timeline with ended cover brought back by `new`, which must last beyond it.

    Days that were covered before the end stay a terminated span, on the terms of `new` from its begin on: it is the
    trace by which the same reinstatement is recognised when it comes again (`was_reinstated`).
    """
    ended = timeline[-1].ends_before
    if ended is None or new.starts_on >= ended:
        return cover(timeline, new)
    past = Span(new.starts_on, ended, new.level, new.premium, CoverageStatus.TERMINATED)
    return (*cover(timeline, past), Span(ended, new.ends_before, new.level, new.premium, new.status))


def was_reinstated(timeline: Timeline, new: Span) -> bool:
    """Tell whether the latest cover is what `reinstate` makes of `new`: the same reinstatement came before."""
    if len(timeline) < 2:
        return False
    ended, last = timeline[-2], timeline[-1]
    if ended.status is not CoverageStatus.TERMINATED or ended.ends_before is None:
        return False
    begin = max(new.starts_on, ended.ends_before)
    return last == Span(begin, new.ends_before, new.level, new.premium, new.status, last.billable_before)


def first_new_day(old: Timeline, new: Timeline) -> date | None:
    """Return the first day that `new` covers and `old` does not, or None."""
    for span in new:
        day: date | None = span.starts_on
        for known in old:
            if day is not None and known.covers(day):
                day = known.ends_before
        if day is not None and span.covers(day):
            return day
    return None


def _continues(earlier: Span, later: Span) -> bool:
    """Tell whether two spans are one: they touch, on the same terms, and the earlier was not terminated itself."""
    return (
        earlier.ends_before == later.starts_on
        and earlier.status in {CoverageStatus.ACTIVE, later.status}
        and (earlier.level, earlier.premium) == (later.level, later.premium)
    )


def _billed_until(span: Span, day: date) -> Span:
    """Return `span` billed no further than `day`, when new cover begins."""
    if span.billable_before is None or span.billable_before <= day or span.ends_before is None:
        return span
    return span.until(span.ends_before, span.status, day if day > span.ends_before else None)
