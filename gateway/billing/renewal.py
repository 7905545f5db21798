"""When an account's plan year starts anew (HN-14)."""

from datetime import date


def renewal_date(plan_year: tuple[int, int], today: date) -> date:
    """Return the first start of a plan year, given as month and day, after `today`."""
    start = date(today.year, *plan_year)
    return start if start > today else start.replace(year=today.year + 1)
