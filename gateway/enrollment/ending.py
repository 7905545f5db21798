"""How cover ends: by a line of its own, with the member, with the subscriber (DOMAIN 4.4 rules 4 and 8, 8.3)."""

from datetime import date, timedelta

from gateway.enrollment import retro
from gateway.enrollment.case import Case, Done
from gateway.enrollment.covers import Line
from gateway.enrollment.dates import is_cancel
from gateway.enrollment.events import Operation
from gateway.enrollment.timeline import Timeline, current_begin, end, is_active, void_from

_DAY = timedelta(days=1)


def end_everything(case: Case, member_id: str, last_day: date) -> list[Done]:
    """End all cover of a member, as INS03 = 024 without HD asks (DOMAIN 4.4 rule 4).

    Cover that ended earlier stays as it is, unless nothing goes on: then what ended last is moved to `last_day`,
    because the termination is being corrected.
    """
    lines = case.covers.lines(member_id)
    targets = [line for line in lines if _goes_on(case.covers.timeline(line), last_day)]
    canceled = case.covers.canceled(member_id)
    if not targets and lines and not any(was_canceled(case, line, None, last_day) for line in canceled):
        ends = {line: case.covers.timeline(line)[-1].ends_before for line in lines}
        latest = max(day for day in ends.values() if day is not None)
        targets = [line for line in lines if ends[line] == latest]
    return [end_line(case, line, None, last_day) for line in targets]


def end_with_subscriber(case: Case, insurance_line: str, last_day: date, ended_before: date | None) -> list[Done]:
    """End the dependents' cover in an insurance line (empty: in all) that the subscriber loses (DOMAIN 4.4 rule 4).

    `ended_before` is where the subscriber's cover had ended until now: dependents who ended with it move with it.
    """
    done = []
    for member in case.family.members:
        if member.is_subscriber:
            continue
        for line in case.covers.lines(member.id, insurance_line):
            timeline = case.covers.timeline(line)
            ended_together = ended_before is not None and timeline[-1].ends_before == ended_before
            if _goes_on(timeline, last_day) or ended_together:
                done.append(end_line(case, line, None, last_day))
    return done


def end_line(case: Case, line: Line, begins_on: date | None, last_day: date) -> Done:
    """End or cancel the cover in one product; `begins_on` is DTP 348 where it was sent."""
    timeline = case.covers.timeline(line)
    if not timeline or was_canceled(case, line, begins_on, last_day):
        return Done(Operation.VOID, changed=False, effective_on=begins_on)
    begin = current_begin(timeline)
    if begins_on is not None and begins_on > begin and is_cancel(begins_on, last_day, case.request, case.rules):
        last_day = begins_on - _DAY  # void from a day inside the cover: what was covered before it stays
    elif is_cancel(begin, last_day, case.request, case.rules):
        kept, voided = void_from(timeline, begin)
        return Done(Operation.VOID, case.covers.put(line, kept, voided=voided), begin)
    return Done(Operation.END, put_cover(case, line, end(timeline, last_day)), last_day)


def latest_end(case: Case, insurance_line: str) -> date | None:
    """Return where the member's own cover ends that ended last, or None when it goes on or there is none."""
    ends = [case.covers.timeline(line)[-1].ends_before for line in case.covers.lines(case.member.id, insurance_line)]
    closed = [day for day in ends if day is not None]
    return max(closed) if closed and len(closed) == len(ends) else None


def put_cover(case: Case, line: Line, timeline: Timeline) -> bool:
    """Replace the cover in one product; an end that came too late stays billed up to the limit (DOMAIN 8.3)."""
    old = case.covers.timeline(line)
    last = timeline[-1] if timeline else None
    limit = case.rules.termination_days_limit
    if limit is not None and old and last is not None and last.ends_before is not None:
        billed = old[-1].billable_before or old[-1].ends_before
        if billed is None or last.ends_before < billed:
            kept = retro.billable_before(last.ends_before, billed, case.circumstances.received_on, limit)
            if old[-1] != last:
                timeline = (*timeline[:-1], last.until(last.ends_before, last.status, kept))
    return case.covers.put(line, timeline)


def was_canceled(case: Case, line: Line, begins_on: date | None, last_day: date) -> bool:
    """Tell whether the cover that this end cancels is canceled already: the same cancellation came before."""
    timeline = case.covers.timeline(line)
    return any(
        is_cancel(span.starts_on, last_day, case.request, case.rules)
        and (begins_on is None or begins_on <= span.starts_on)
        and not (timeline and timeline[-1].lasts_beyond(span.starts_on))
        for span in case.covers.voided(line)
    )


def _goes_on(timeline: Timeline, last_day: date) -> bool:
    """Tell whether there is cover left to end."""
    return is_active(timeline) or timeline[-1].lasts_beyond(last_day + _DAY)
