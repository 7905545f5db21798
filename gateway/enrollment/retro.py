"""How far back a change may reach into what was billed (DOMAIN 8.3, worked in 9.2)."""

from datetime import date, timedelta

from gateway.domain.period import CoverageMonth


def earliest_creditable_day(received_on: date, days_limit: int) -> date:
    """Return the first day that a change received on `received_on` may still reach."""
    return received_on - timedelta(days=days_limit)


def is_past_limit(day: date, received_on: date, days_limit: int | None) -> bool:
    """Tell whether a change that reaches back to `day` comes too late."""
    return days_limit is not None and day < earliest_creditable_day(received_on, days_limit)


def billable_before(
    ends_before: date, was_billable_before: date | None, received_on: date, limit: int | None
) -> date | None:
    """Return until when a cover that ends stays billed, or None when its end may be credited in full.

    The cover ends as sent; only whole months that start on or after the earliest creditable day are credited. What was
    not billable before the change (`was_billable_before`, None for open) does not become so.
    """
    if limit is None or not is_past_limit(ends_before, received_on, limit):
        return None
    earliest = earliest_creditable_day(received_on, limit)
    month = CoverageMonth.of(earliest)
    creditable = month.first_day if earliest.day == 1 else month.next().first_day
    if was_billable_before is not None:
        creditable = min(creditable, was_billable_before)
    return creditable if creditable > ends_before else None
