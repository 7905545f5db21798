"""The daily review of an account against its own past: bills against last month's, payments against their mean.

DOMAIN 8.5 with its thresholds; features HF-02, HF-04, HF-05 and HF-20. Every flag becomes a case that a person closes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from gateway.domain.identity import content_id
from gateway.domain.money import ZERO, Money, round_cents
from gateway.domain.period import CoverageMonth
from gateway.domain.remittance import Case
from gateway.remittance.policy import TrendTerms


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """The critical figures of one account and month: what was billed for it, and what was paid on what fell due in it.

    `premium` are the current charges, `due` the totals of the invoices that fell due, `paid` what came in, by its day.
    `rates` are the full prices by product and tier.
    """

    month: CoverageMonth
    premium: Money = ZERO
    lives: int = 0
    due: Money = ZERO
    paid: Money = ZERO
    products: Mapping[str, Money] = field(default_factory=dict)
    rates: Mapping[tuple[str, str], frozenset[Money]] = field(default_factory=dict)

    @property
    def average_rate(self) -> Money:
        """Premium per life."""
        return round_cents(self.premium / self.lives) if self.lives else ZERO


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that moved by more than the thresholds: its kind, its amount, and a sentence with the figures."""

    kind: str
    amount: Money
    message: str


def billed_flags(before: MonthFigures, now: MonthFigures, terms: TrendTerms) -> list[Flag]:
    """Return what moved between the bills of two months (HF-04), each by more than both of its limits."""
    return [flag for check in _CHECKS for flag in check(before, now, terms)]


def _premium(before: MonthFigures, now: MonthFigures, terms: TrendTerms) -> Iterator[Flag]:
    change = now.premium - before.premium
    if abs(change) > money_limit(before.premium, terms):
        text = f"premium of {now.month} is {now.premium}, {before.month} was {before.premium}: {change:+}"
        yield Flag("PREMIUM_CHANGE", abs(change), text)


def _lives(before: MonthFigures, now: MonthFigures, terms: TrendTerms) -> Iterator[Flag]:
    change = now.lives - before.lives
    if abs(change) > max(before.lives * terms.percent / 100, Decimal(terms.lives)):
        yield Flag(
            "LIVES_CHANGE", ZERO, f"{now.lives} lives in {now.month}, {before.lives} in {before.month}: {change:+}"
        )


def _rate(before: MonthFigures, now: MonthFigures, terms: TrendTerms) -> Iterator[Flag]:
    """Yield a flag when the premium per life moved and no price did."""
    change = now.average_rate - before.average_rate
    if not before.lives or not now.lives or abs(change) * 100 <= before.average_rate * terms.percent:
        return
    if all(now.rates[key] == before.rates[key] for key in now.rates.keys() & before.rates.keys()):
        text = f"premium per life is {now.average_rate}, was {before.average_rate}, and no rate on file changed"
        yield Flag("RATE_MOVED", abs(change), text)


def _products(before: MonthFigures, now: MonthFigures, _terms: TrendTerms) -> Iterator[Flag]:
    """Yield a flag for every product that was there last month and is absent now."""
    for product in sorted(before.products.keys() - now.products.keys()):
        amount = before.products[product]
        yield Flag(
            "PRODUCT_DROPPED", amount, f"{product} was billed for {before.month} ({amount}), not for {now.month}"
        )


_CHECKS: tuple[Callable[[MonthFigures, MonthFigures, TrendTerms], Iterator[Flag]], ...] = (
    _premium,
    _lives,
    _rate,
    _products,
)


def payment_flags(figures: Sequence[MonthFigures], terms: TrendTerms) -> list[Flag]:
    """Return whether the payments of the last of `figures` left the mean of the months before it (HF-02).

    Only months in which something fell due count, in the mean and for the flag: a group that is billed nine or ten
    times a year pays nothing in the others, and that is no drop.
    """
    due = [each for each in sorted(figures, key=lambda each: each.month) if each.due > ZERO]
    if not due or due[-1].month != max(each.month for each in figures):
        return []
    *before, now = due
    before = before[-terms.months :]
    if len(before) < terms.months_needed:
        return []
    mean = round_cents(sum((each.paid for each in before), ZERO) / len(before))
    change = now.paid - mean
    if abs(change) <= money_limit(mean, terms):
        return []
    text = f"{now.paid} paid in {now.month}, the mean of the last {len(before)} months is {mean}: {change:+}"
    return [Flag("PAYMENT_TREND", abs(change), text)]


def money_limit(base: Money, terms: TrendTerms) -> Decimal:
    """Return the change that is let pass: the larger of a percentage of `base` and a flat amount (DOMAIN 8.5)."""
    return max(abs(base) * terms.percent / 100, terms.amount)


def case_of(account_id: str, month: CoverageMonth, flag: Flag) -> Case:
    """Return the case of a flag: one per account, month, kind and figures, so that a review may run any day again."""
    key = f"{flag.kind}/{account_id}/{month}/{content_id('T', flag.message)}"
    return Case(key, flag.kind, account_id, "", flag.amount, f"Account {account_id}: {flag.message}.")
