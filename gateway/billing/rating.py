"""The prices of one account: effective-dated tier and age rates, factors, fees and contributions (DOMAIN 8.1)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

from gateway.billing.effective import Effective, Key
from gateway.domain.age import AgeBand
from gateway.domain.money import Money

ANY = ""
"""In a factor, fee or contribution: every plan, every tier, every age."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rate:
    """One monthly price of a plan and tier; `ends_on` is inclusive, None means until the next row begins.

    A tier written `AGE 0-14`, `AGE 15` or `AGE 64+` is an age band: the price of one member of that age. `source` says
    where the row stands, for whoever asks where a price comes from.
    """

    plan: str
    tier: str
    amount: Money
    starts_on: date
    ends_on: date | None = None
    source: str = ""

    @property
    def key(self) -> Key:
        """Plan and tier."""
        return (self.plan, self.tier)

    @property
    def terms(self) -> tuple[object, ...]:
        """The price."""
        return (self.amount,)

    def over(self, starts_on: date, ends_on: date | None) -> "Rate":
        """Return the row for these days."""
        return replace(self, starts_on=starts_on, ends_on=ends_on)


class FactorKind(StrEnum):
    """What a factor depends on besides age."""

    AREA = "area"  # 834 loop 2750 RATING AREA, else the account's
    TOBACCO = "tobacco"  # 834 HLH01


@dataclass(frozen=True, slots=True)
class Factor:
    """What a member's age rate is multiplied by; `plan` empty means every plan that is priced by age.

    `area` is the rating area that the factor is for; `ages` bounds a tobacco factor.
    """

    plan: str
    kind: FactorKind
    area: str
    ages: AgeBand | None
    multiplier: Decimal
    starts_on: date
    ends_on: date | None = None

    @property
    def key(self) -> Key:
        """Plan, kind, area and ages."""
        ages = "" if self.ages is None else f"{self.ages.low}-{'' if self.ages.high is None else self.ages.high}"
        return (self.plan, self.kind, self.area, ages)

    @property
    def terms(self) -> tuple[object, ...]:
        """The multiplier."""
        return (self.multiplier,)


class FeeBasis(StrEnum):
    """What a fee is counted by, each month in which a premium is owed."""

    MEMBER = "member"  # per covered member
    CONTRACT = "contract"  # per membership
    ACCOUNT = "account"  # once for the account


@dataclass(frozen=True, slots=True)
class Fee:
    """A named fee: an amount a month, or a percentage of the premium (3.5 means 3.5 percent).

    It is a line of its own and never inside a premium (IA-51). With `plan` it is owed for that plan only.
    """

    name: str
    basis: FeeBasis
    amount: Money | None
    percent: Decimal | None
    plan: str
    legal_entity: str
    starts_on: date
    ends_on: date | None = None
    source: str = ""

    @property
    def key(self) -> Key:
        """The name."""
        return (self.name,)

    @property
    def terms(self) -> tuple[object, ...]:
        """All that it says."""
        return (self.basis, self.amount, self.percent, self.plan, self.legal_entity)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What the employer pays of a premium: a percentage, or a flat amount a month and never more than the premium.

    `plan` and `tier` may be empty for any; the row that says most is used.
    """

    plan: str
    tier: str
    percent: Decimal | None
    amount: Money | None
    starts_on: date
    ends_on: date | None = None

    @property
    def key(self) -> Key:
        """Plan and tier."""
        return (self.plan, self.tier)

    @property
    def terms(self) -> tuple[object, ...]:
        """Percentage and amount."""
        return (self.percent, self.amount)


class RateTable:
    """The prices of one account: rates looked up by plan, tier or age, and day; factors, fees and contributions."""

    def __init__(
        self,
        rates: Iterable[Rate] = (),
        *,
        factors: Iterable[Factor] = (),
        fees: Iterable[Fee] = (),
        contributions: Iterable[Contribution] = (),
    ) -> None:
        """Take the rows in any order; `faults` tells what is wrong with the rates."""
        self._rates = Effective(rates)
        self._factors = Effective(factors)
        self._fees = Effective(fees)
        self._contributions = Effective(contributions)
        self._factor_keys: dict[tuple[str, FactorKind], list[Key]] = {}
        for key in sorted(self._factors.rows):
            self._factor_keys.setdefault((key[0], FactorKind(key[1])), []).append(key)
        self._tiers: dict[str, frozenset[str]] = {}
        self._bands: dict[str, list[tuple[AgeBand, str]]] = {}
        for plan, tier in sorted(self._rates.rows):
            band = AgeBand.parse(tier)
            if band is None:
                self._tiers[plan] = self._tiers.get(plan, frozenset()) | {tier}
            else:
                self._bands.setdefault(plan, []).append((band, tier))

    def lookup(self, plan: str, tier: str, day: date) -> Rate | None:
        """Return the row in force on `day`: the latest to begin, unless it has ended; None in a gap."""
        return self._rates.on((plan, tier), day)

    def tiers(self, plan: str) -> frozenset[str]:
        """Return the tiers that the plan has a price for on any day; age bands are none."""
        return self._tiers.get(plan, frozenset())

    def age_rates(self, plan: str, day: date) -> list[tuple[AgeBand, Rate]]:
        """Return the plan's age bands in force on `day` with their prices; empty where it is not priced by age."""
        bands = self._bands.get(plan)
        if not bands:
            return []
        return [(band, rate) for band, tier in bands if (rate := self.lookup(plan, tier, day)) is not None]

    def has_price(self, plan: str, tier: str, day: date) -> bool:
        """Tell whether a premium or a fee of this name can be priced on `day`."""
        is_priced = self.lookup(plan, tier, day) is not None or bool(self.age_rates(plan, day))
        return is_priced or self._fees.on((plan,), day) is not None

    def days_of_change(self, plan: str) -> list[date]:
        """Return, in order, the days inside a month on which a price of the plan begins or has just ended."""
        return self._days_inside_months.get(plan, [])

    @cached_property
    def _days_inside_months(self) -> dict[str, list[date]]:
        """The days of change by plan. A change on the first of a month cuts no month, so that most plans have none."""
        found: dict[str, set[date]] = {}
        for (plan, _), rows in self._rates.rows.items():
            turns = {row.starts_on for row in rows} | {row.ends_on + _DAY for row in rows if row.ends_on is not None}
            found[plan] = found.get(plan, set()) | {day for day in turns if day.day != 1}
        return {plan: sorted(days) for plan, days in found.items() if days}

    def has_areas(self, plan: str, day: date) -> bool:
        """Tell whether the plan's age rates depend on the rating area on `day`."""
        return bool(self._factors_of(plan, FactorKind.AREA, day))

    def area_factor(self, plan: str, area: str, day: date) -> Factor | None:
        """Return the factor of a rating area: the plan's own, else that of every plan."""
        return next((each for each in self._factors_of(plan, FactorKind.AREA, day) if each.area == area), None)

    def tobacco_factor(self, plan: str, age: int, day: date) -> Factor | None:
        """Return the factor of a tobacco user of this age: the plan's own, else that of every plan; None: none."""
        found = self._factors_of(plan, FactorKind.TOBACCO, day)
        return next((each for each in found if each.ages is None or each.ages.holds(age)), None)

    def _factors_of(self, plan: str, kind: FactorKind, day: date) -> list[Factor]:
        """Return the factors of a kind in force on `day`, the plan's own before those of every plan."""
        keys = [key for each in (plan, ANY) for key in self._factor_keys.get((each, kind), ())]
        return [factor for key in keys if (factor := self._factors.on(key, day)) is not None]

    @property
    def has_fees(self) -> bool:
        """Whether there is any fee on any day."""
        return bool(self._fees.rows)

    def fees_on(self, day: date) -> list[Fee]:
        """Return the fees in force on `day`, in order of their names."""
        return self._fees.all_on(day)

    def contribution(self, plan: str, tier: str, day: date) -> Contribution | None:
        """Return what the employer pays: by plan and tier, else by plan, else by tier, else for all; None: no say."""
        if not self._contributions.rows:
            return None
        return self._contributions.first_of(((plan, tier), (plan, ANY), (ANY, tier), (ANY, ANY)), day)

    @property
    def rates(self) -> list[Rate]:
        """Every rate, in order of plan, tier and first day."""
        return [rate for key in sorted(self._rates.rows) for rate in self._rates.rows[key]]

    def faults(self) -> list[str]:
        """Return the gaps and overlaps between rows of the same plan and tier, one plain sentence each."""
        return [
            fault
            for rows in self._rates.rows.values()
            for earlier, later in pairwise(rows)
            if (fault := _fault_between(earlier, later))
        ]


def _fault_between(earlier: Rate, later: Rate) -> str:
    """Return what is wrong where `later` follows `earlier`, or ''."""
    what = f"plan {later.plan}, tier {later.tier}"
    if earlier.starts_on == later.starts_on:
        return f"{what}: two rates begin on {later.starts_on}; keep one"
    if earlier.ends_on is None or earlier.ends_on + _DAY == later.starts_on:
        return ""
    if earlier.ends_on >= later.starts_on:
        return f"{what}: the rates overlap from {later.starts_on} through {earlier.ends_on}; end the earlier one before"
    return f"{what}: no rate from {earlier.ends_on + _DAY} through {later.starts_on - _DAY}; add one"
