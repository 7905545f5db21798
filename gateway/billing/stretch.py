"""Days of one product over which nothing changes: what months are made of (DOMAIN 8.1, 8.3)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import pairwise

from gateway.billing.proration import days_in
from gateway.billing.tier import Composition
from gateway.domain.coverage import Coverage, CoverageStatus, Member
from gateway.domain.period import CoverageMonth, Period, months_between
from gateway.domain.value import value


@value
class Stretch:
    """Days of one product over which the same members are covered by the same versions.

    `lead` is the coverage that carries tier, premium and cause: the subscriber's, else that of the first dependent.
    """

    period: Period
    lead: Coverage
    tier: str  # as sent, or '' when it must be derived
    who: Composition
    members: tuple[Member, ...] = ()


def stretches_of(coverages: Iterable[Coverage], members: Mapping[str, Member]) -> list[Stretch]:
    """Cut the coverages of one product into stretches, in order of time; days that nobody is covered are left out."""
    billed = sorted(
        ((coverage, period) for coverage in coverages if (period := billing_period(coverage)) is not None),
        key=lambda pair: _precedence(pair[0], members),
    )
    days = {period.starts_on for _, period in billed}
    days |= {period.ends_before for _, period in billed if period.ends_before is not None}
    spans = [Period(start, end) for start, end in pairwise(sorted(days))]
    spans += [Period(max(days))] if any(period.ends_before is None for _, period in billed) else []
    cut = []
    for span in spans:
        active = [coverage for coverage, period in billed if period.contains(span.starts_on)]
        if active:
            cut.append(_stretch(span, active, members))
    return cut


def billing_period(coverage: Coverage) -> Period | None:
    """Return the days for which `coverage` is billed, or None: canceled, or no day at all."""
    if coverage.status is CoverageStatus.CANCELED:
        return None
    period = coverage.period
    if period.ends_before is not None and coverage.billable_before is not None:
        period = Period(period.starts_on, max(period.ends_before, coverage.billable_before))
    return None if period.is_empty else period


def by_month(stretches: list[Stretch], through: date) -> Iterator[tuple[CoverageMonth, list[Stretch]]]:
    """Yield each month with the stretches that cover a day of it, if the first such day is not after `through`."""
    if not stretches:
        return
    last = CoverageMonth.of(through)
    for month in months_between(CoverageMonth.of(stretches[0].period.starts_on), last):
        inside = [stretch for stretch in stretches if days_in(month, stretch.period)]
        if inside and max(inside[0].period.starts_on, month.first_day) <= through:
            yield month, inside


def cut_at(stretches: list[Stretch], days: Iterable[date], month: CoverageMonth) -> list[Stretch]:
    """Return the stretches cut where one of `days`, in order, lies inside of them and of `month`."""
    for day in days:
        if month.first_day < day <= month.last_day:
            stretches = [
                replace(stretch, period=piece) for stretch in stretches for piece in _halves(stretch.period, day)
            ]
    return stretches


def _halves(period: Period, day: date) -> list[Period]:
    """Return the days before `day` and those from it on, or the period where `day` does not lie inside."""
    if not period.contains(day) or day == period.starts_on:
        return [period]
    return [Period(period.starts_on, day), Period(day, period.ends_before)]


def _stretch(span: Period, active: list[Coverage], members: Mapping[str, Member]) -> Stretch:
    """Return the stretch of `span` over which `active` coverages, the lead first, are in force."""
    covered = {coverage.member_id: members[coverage.member_id] for coverage in active}
    return Stretch(
        period=span,
        lead=active[0],
        tier=next((coverage.level for coverage in active if coverage.level), ""),
        who=Composition.of(covered.values()),
        members=tuple(covered.values()),
    )


def _precedence(coverage: Coverage, members: Mapping[str, Member]) -> tuple[bool, str, str]:
    """Sort the subscriber's coverage first, then by ids, so that the result never depends on the order of arrival."""
    return (not members[coverage.member_id].is_subscriber, coverage.member_id, coverage.id)
