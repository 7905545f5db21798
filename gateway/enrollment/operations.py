"""What each kind of HD line does to one member's cover (DOMAIN 4.4 and 4.5).

Every rule takes the case and one HD line, changes `Covers`, and answers with what it did or with what is wrong. No
rule knows of events, rows or the database.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from gateway.domain.coverage import CoverageRequest, CoverageStatus, MaintenanceType
from gateway.domain.finding import Finding
from gateway.enrollment import retro
from gateway.enrollment.case import Answer, Case, Done, no_begin, not_terminated, plan_fault
from gateway.enrollment.covers import Line
from gateway.enrollment.dates import begin_of, is_cancel, last_day_of
from gateway.enrollment.ending import end_line, put_cover, was_canceled
from gateway.enrollment.events import Operation
from gateway.enrollment.targets import line_to_change, line_to_reinstate, lines_meant, plan_of_family
from gateway.enrollment.timeline import (
    Span,
    Timeline,
    correct,
    cover,
    current_begin,
    first_new_day,
    is_active,
    reinstate,
    void_from,
    was_reinstated,
)

_DAY = timedelta(days=1)
_ACTIVE = CoverageStatus.ACTIVE


def apply_line(case: Case, sent: CoverageRequest) -> Answer:
    """Apply one HD line by its HD01."""
    return RULES[sent.maintenance](case, sent)


def _add(case: Case, sent: CoverageRequest) -> Answer:
    """021: cover begins, or goes on under new terms."""
    plan = sent.plan or plan_of_family(case, sent.insurance_line)
    line = Line(case.member.id, sent.insurance_line, plan)
    begin = begin_of(sent, case.request, case.circumstances.header)
    last_day = last_day_of(sent, case.request)
    wrong = plan_fault(case, line)
    if wrong is not None or begin is None:
        return wrong or no_begin(case)
    if last_day is not None and is_cancel(begin, last_day, case.request, case.rules):
        if _repeats_a_cancel(case, sent):
            return Done(Operation.VOID, changed=False)
        if case.covers.timeline(line):
            return end_line(case, line, sent.begins_on, last_day)
        return case.finding("DATE_LOGIC", "The coverage that is added ends before it begins.")
    return _cover(case, line, _span(sent, case.covers.timeline(line), begin, _after(last_day)), Operation.ADD)


def _alter(case: Case, sent: CoverageRequest) -> Answer:
    """001: from a day on the cover has other terms, another plan, or another end; what is not sent stays."""
    if _repeats_a_cancel(case, sent):
        return Done(Operation.VOID, changed=False)
    line = line_to_change(case, sent)
    if isinstance(line, Finding):
        return line
    timeline = case.covers.timeline(line)
    begin = begin_of(sent, case.request, case.circumstances.header)
    if begin is None:
        same = _same_terms(sent, timeline[-1]) and sent.plan in {"", line.plan} and sent.last_day is None
        return Done(Operation.ALTER, changed=False) if same else no_begin(case)
    if sent.begins_on is None:  # only the benefit's own date (348) may move a begin that is on file
        begin = max(begin, current_begin(timeline))
    new = _new_terms(case, line, sent, begin)
    if not isinstance(new, Span):
        return new
    if sent.plan not in {"", line.plan}:
        return _change_plan(case, line, sent.plan, new)
    return _cover(case, line, new, Operation.ALTER)


def _correct(case: Case, sent: CoverageRequest) -> Answer:
    """026: the coverage record was wrong and is replaced by what is sent; what is not sent stays."""
    if _repeats_a_cancel(case, sent):
        return Done(Operation.VOID, changed=False)
    line = line_to_change(case, sent)
    if isinstance(line, Finding):
        return line
    timeline = case.covers.timeline(line)
    new = _new_terms(case, line, sent, sent.begins_on or current_begin(timeline))
    if not isinstance(new, Span):
        return new
    if sent.plan not in {"", line.plan}:
        return _change_plan(case, line, sent.plan, new)
    changed = timeline[-1] != new and put_cover(case, line, correct(timeline, new))
    return Done(Operation.ALTER, changed, new.starts_on)


def _end(case: Case, sent: CoverageRequest) -> Answer:
    """024: cover ends, or is canceled when it ends before it begins (DOMAIN 4.4 rule 8)."""
    lines = lines_meant(case, sent)
    if isinstance(lines, Finding):
        return lines
    last_day = last_day_of(sent, case.request)
    if last_day is None:
        return case.finding("DATE_LOGIC", "The coverage is to end, but no end date was sent (DTP 349 or 357).")
    done = [end_line(case, line, sent.begins_on, last_day) for line in lines]
    return next((each for each in done if each.changed), done[0])


def _void(case: Case, sent: CoverageRequest) -> Answer:
    """002: the coverage record should never have been there."""
    lines = lines_meant(case, sent)
    if isinstance(lines, Finding):
        return lines
    changed, effective_on = False, sent.begins_on
    for line in lines:
        timeline = case.covers.timeline(line)
        if timeline:
            begin = sent.begins_on or current_begin(timeline)
            kept, voided = void_from(timeline, begin)
            changed = case.covers.put(line, kept, voided=voided) or changed
            effective_on = begin
    return Done(Operation.VOID, changed, effective_on)


def _reinstate(case: Case, sent: CoverageRequest) -> Answer:
    """025: cover that was terminated is back from the begin that was sent (DOMAIN 4.4 rule 5)."""
    line = line_to_reinstate(case, sent)
    if isinstance(line, Finding):
        return line
    begin = begin_of(sent, case.request, case.circumstances.header)
    wrong = plan_fault(case, line)
    if wrong is not None or begin is None:
        return wrong or no_begin(case)
    last_day = last_day_of(sent, case.request)
    if last_day is not None and last_day < begin:
        return case.finding("DATE_LOGIC", "The coverage that is reinstated ends before it begins.")
    return _bring_back(case, line, _span(sent, case.covers.timeline(line), begin, _after(last_day)))


def _bring_back(case: Case, line: Line, new: Span) -> Answer:
    """Reinstate the cover in one product by `new`, unless it is active, which only the same request may find."""
    timeline = case.covers.timeline(line)
    if not timeline:
        return _cover(case, line, new, Operation.BACK)
    if is_active(timeline):
        same = was_reinstated(timeline, new) or (timeline == (new,) and _took_the_place_of_another(case, line))
        return Done(Operation.BACK, changed=False, effective_on=new.starts_on) if same else not_terminated(case)
    ended = timeline[-1].ends_before
    if ended is not None and not new.lasts_beyond(ended):
        return case.finding("DATE_LOGIC", "The reinstatement ends before the coverage had ended: nothing is back.")
    back = reinstate(timeline, new)
    return _too_late(case, timeline, back) or Done(Operation.BACK, put_cover(case, line, back), new.starts_on)


def _took_the_place_of_another(case: Case, line: Line) -> bool:
    """Tell whether another plan of the insurance line had ended, so that this one may be what was reinstated."""
    lines = case.covers.lines(line.member_id, line.insurance_line)
    return any(not is_active(case.covers.timeline(each)) for each in lines)


def _compare(_case: Case, _sent: CoverageRequest) -> Answer:
    """030: only says what should be on file; a full file is compared by `full_file`."""
    return Done(Operation.COMPARE, changed=False)


def _link(_case: Case, _sent: CoverageRequest) -> Answer:
    """032: the subscriber itself is not covered and only ties its dependents together."""
    return Done(Operation.LINK, changed=False)


RULES: Mapping[MaintenanceType, Callable[[Case, CoverageRequest], Answer]] = {
    MaintenanceType.ADDITION: _add,
    MaintenanceType.CHANGE: _alter,
    MaintenanceType.CORRECTION: _correct,
    MaintenanceType.TERMINATION: _end,
    MaintenanceType.DELETE: _void,
    MaintenanceType.REINSTATEMENT: _reinstate,
    MaintenanceType.AUDIT: _compare,
    MaintenanceType.NOT_APPLICABLE: _link,
}
"""HD01 to the rule that carries it out."""


def _cover(case: Case, line: Line, new: Span, operation: Operation) -> Answer:
    """Lay `new` over the cover in one product, unless it reaches back too far."""
    timeline = case.covers.timeline(line)
    covered = cover(timeline, new)
    return _too_late(case, timeline, covered) or Done(operation, put_cover(case, line, covered), new.starts_on)


def _repeats_a_cancel(case: Case, sent: CoverageRequest) -> bool:
    """Tell whether a line ends cover before it begins, and did so before: the cover is canceled already."""
    last_day = last_day_of(sent, case.request)
    if last_day is None:
        return False
    lines = case.covers.canceled(case.member.id, sent.insurance_line)
    return any(was_canceled(case, line, sent.begins_on, last_day) for line in lines if sent.plan in {"", line.plan})


def _new_terms(case: Case, line: Line, sent: CoverageRequest, begin: date) -> Span | Answer:
    """Return what holds from `begin` on, the end on file where none was sent; an end before `begin` ends the cover."""
    last = case.covers.timeline(line)[-1]
    last_day = last_day_of(sent, case.request)
    if last_day is not None and last_day < begin:
        if sent.plan not in {"", line.plan}:
            return case.finding("DATE_LOGIC", "The coverage in the new plan ends before it begins.")
        return end_line(case, line, sent.begins_on, last_day)
    ends_before = _after(last_day) if last_day is not None else last.ends_before
    if ends_before is not None and ends_before <= begin:
        return case.finding("DATE_LOGIC", "The change begins after the coverage on file has ended.")
    status = _ACTIVE if last_day is not None else last.status
    if sent.plan in {"", line.plan}:
        return _span(sent, case.covers.timeline(line), begin, ends_before, status)
    return Span(begin, ends_before, sent.level or last.level, sent.premium, status)


def _change_plan(case: Case, old: Line, plan: str, new: Span) -> Answer:
    """Move the cover from one plan to another from the begin of `new` on."""
    line = Line(old.member_id, old.insurance_line, plan)
    wrong = plan_fault(case, line)
    if wrong is not None:
        return wrong
    kept, voided = void_from(case.covers.timeline(old), new.starts_on)
    case.covers.put(old, kept, voided=voided)
    return Done(Operation.ALTER, case.covers.put(line, cover(case.covers.timeline(line), new)), new.starts_on)


def _too_late(case: Case, old: Timeline, new: Timeline) -> Finding | None:
    """Return a finding when days are newly covered that lie before the limit for additions (DOMAIN 8.3)."""
    limit = case.rules.addition_days_limit
    if limit is None:
        return None
    day = first_new_day(old, new)
    if day is None or not retro.is_past_limit(day, case.circumstances.received_on, limit):
        return None
    return case.finding(
        "RETRO_LIMIT", f"The coverage begins more than {limit} days before the file was received; it is refused."
    )


def _span(
    sent: CoverageRequest,
    timeline: Timeline,
    begin: date,
    ends_before: date | None,
    status: CoverageStatus = _ACTIVE,
) -> Span:
    """Return what was sent as a span; a level or premium that was not sent is that on file at `begin`."""
    on_file = next((span for span in timeline if span.covers(begin)), timeline[-1] if timeline else None)
    level = sent.level or (on_file.level if on_file is not None else "")
    premium = sent.premium
    if premium is None and on_file is not None and on_file.level == level:
        premium = on_file.premium
    return Span(begin, ends_before, level, premium, status)


def _same_terms(sent: CoverageRequest, on_file: Span) -> bool:
    """Tell whether the line says nothing but what is on file."""
    return sent.level in {"", on_file.level} and sent.premium in {None, on_file.premium}


def _after(last_day: date | None) -> date | None:
    """Return the day before which cover ends, from its inclusive last day (DOMAIN 4.4 rule 3)."""
    return None if last_day is None else last_day + _DAY
