"""How much of a month is charged when it is covered only in part (DOMAIN 8.2, 9.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from gateway.domain.money import ZERO, Money, round_cents
from gateway.domain.period import CoverageMonth, Period
from gateway.domain.value import value


class Proration(StrEnum):
    """The types of DOMAIN 8.2."""

    NONE = "none"  # any covered day: the full month
    DAILY = "daily"  # by days, both ends inclusive
    MID_MONTH = "mid_month"  # the wash rule: the full month or nothing


@dataclass(frozen=True, slots=True)
class ProrationRule:
    """A proration type with its wash day.

    With `wash_day_inclusive` a start on the wash day pays and an end on it does not; without, the other way round:
    practice differs between carriers (DOMAIN 8.2).
    """

    proration: Proration = Proration.NONE
    wash_day: int = 15
    wash_day_inclusive: bool = True


FULL_MONTHS = ProrationRule()


@value
class PricedSpan:
    """Covered days at one full-month price. Spans of one product do not overlap and are in order."""

    period: Period
    rate: Money


@value
class Share:
    """What is charged for a month and why.

    `formula` is an arithmetic expression that rounds to `amount`, then `;` and the reason in words. `charged` is the
    span that set the price.
    """

    amount: Money
    charged: PricedSpan
    formula: str


def prorate(month: CoverageMonth, spans: Sequence[PricedSpan], rule: ProrationRule) -> Share:
    """Return what `spans` cost in `month`; each of them covers at least one of its days, and there is at least one.

    The latest rule is used, not the one in force at the event (DOMAIN 8.2). A price that changes inside the month is
    mixed by days when charged daily, else the price of the first span (none) or of the wash day (mid_month) holds.
    """
    if rule.proration is Proration.DAILY:
        return _by_days(month, spans)
    if rule.proration is Proration.MID_MONTH:
        return _by_wash_day(month, spans, rule)
    first = spans[0]
    return Share(first.rate, first, f"{first.rate}; full month")


def days_in(month: CoverageMonth, period: Period) -> int:
    """Return how many days of `month` lie in `period`."""
    shared = month.period.overlap(period)
    return 0 if shared is None else shared.days


def _by_days(month: CoverageMonth, spans: Sequence[PricedSpan]) -> Share:
    """Charge covered days out of the days of the month, rounded once."""
    parts = [(span.rate, days_in(month, span.period)) for span in spans]
    amount = round_cents(sum((rate * days for rate, days in parts), Decimal(0)) / month.days)
    terms = " + ".join(f"{rate} * {days}/{month.days}" for rate, days in parts)
    return Share(amount, spans[-1], f"{terms}; by days")


def _by_wash_day(month: CoverageMonth, spans: Sequence[PricedSpan], rule: ProrationRule) -> Share:
    """Charge the full month when it is covered over the turn of the wash day, else nothing.

    "Starts on or before day 15 and ends after it" is the same as "day 15 and the day after are both covered"; when
    the wash day is not inclusive the turn lies one day earlier.
    """
    before = month.first_day + timedelta(days=rule.wash_day - (1 if rule.wash_day_inclusive else 2))
    after = before + timedelta(days=1)
    turn = next((span for span in spans if span.period.contains(before)), None)
    if turn is None or not any(span.period.contains(after) for span in spans):
        return Share(ZERO, spans[-1], f"{spans[-1].rate} * 0; not covered from {before} to {after}")
    return Share(turn.rate, turn, f"{turn.rate}; covered from {before} to {after}")
