"""The premium of a family that is priced member by member: age, rating area, tobacco (DOMAIN 8.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from gateway.billing.rating import RateTable
from gateway.billing.tier import is_spouse
from gateway.domain.age import age_on
from gateway.domain.coverage import Member
from gateway.domain.money import ZERO, Money, round_cents

AGE_TIER = "AGE"
"""The tier of a charge that was priced by age."""

_HEALTH = "health"  # HLH01, as the inbound maps call it
_TOBACCO = frozenset({"T", "X"})  # HLH01: tobacco; tobacco and substances
_AREA = "RATING AREA"  # a reporting category of loop 2750 (DOMAIN 4.7)
_ADULT_AT = 21  # from this age on every child is charged for (45 CFR 147.102(c)(1))


class AgeBasis(StrEnum):
    """The day on which a member's age counts."""

    PLAN_YEAR = "plan_year"  # the start of the plan year: the age holds for all of it
    BIRTHDAY = "birthday"  # age monitoring: the first of the month, so the band changes with the first full month


@dataclass(frozen=True, slots=True)
class AgeRules:
    """How an account is priced by age.

    `plan_year` is month and day on which its plan years start; `billed_children` how many children under 21 are
    charged for, the oldest; `area` the rating area of families for whom none was sent.
    """

    basis: AgeBasis = AgeBasis.PLAN_YEAR
    plan_year: tuple[int, int] = (1, 1)
    billed_children: int = 3
    area: str = ""

    def rating_day(self, day: date) -> date:
        """Return the day whose ages price the month that `day` lies in."""
        first = day.replace(day=1)
        if self.basis is AgeBasis.BIRTHDAY:
            return first
        month, in_month = self.plan_year
        start = date(first.year, month, in_month)
        return start if start <= first else start.replace(year=first.year - 1)


BY_CALENDAR_YEAR = AgeRules()


@dataclass(frozen=True, slots=True)
class AgePremium:
    """The sum of the members' rounded premiums, how it comes about, and the rows that gave it."""

    amount: Money
    derivation: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Why a member has no price: a code of a finding and words without personal data."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Aged:
    """A member with the age that counts; `born` sorts the oldest first."""

    member: Member
    age: int
    born: date


def area_of(member: Member) -> str:
    """Return the rating area that was sent with a member, or ''."""
    return next((value for name, value, _ in member.details.reporting if name == _AREA), "")


def uses_tobacco(member: Member) -> bool:
    """Tell whether HLH01 says tobacco; where it was not sent, no."""
    return any(name == _HEALTH and code in _TOBACCO for name, code in member.details.particulars)


def age_premium(
    members: Iterable[Member], rates: RateTable, plan: str, day: date, *, by: AgeRules
) -> AgePremium | Unpriced:
    """Return what `members` together cost a month in `plan` at the rates of `day`, or why that is not known.

    Each member's age rate times the factors is rounded on its own, then summed (member-level rounding). Of the
    children under 21 only the oldest `billed_children` are charged for. A member for whom no rating area was sent has
    the account's, which is `by.area`. Unpriced: a member has no birth date
    (AGE_UNKNOWN), there is no band for an age (UNKNOWN_PLAN), or the area has no factor while others have
    (AREA_UNKNOWN). The answer does not depend on the order of `members`.
    """
    rated_on = by.rating_day(day)
    aged = _aged(members, rated_on)
    if aged is None:
        return Unpriced("AGE_UNKNOWN", f"no birth date of a covered member, and plan {plan} is priced by age")
    terms: list[Money] = []
    words: list[str] = []
    sources: list[str] = []
    for each in _charged(aged, by.billed_children):
        price = _price_of(each, rates, plan, day, area=by.area)
        if isinstance(price, Unpriced):
            return price
        terms.append(price.amount)
        words.append(price.derivation)
        sources += [source for source in price.sources if source not in sources]
    free = len(aged) - len(terms)
    left_out = f", {free} younger children free" if free else ""
    return AgePremium(sum(terms, ZERO), f"by age on {rated_on}: {' + '.join(words)}{left_out}", tuple(sources))


def _aged(members: Iterable[Member], rated_on: date) -> list[_Aged] | None:
    """Return the members with their ages, the oldest first; None when somebody's birth date is not known."""
    aged = []
    for member in members:
        born = member.person.birth_date
        if born is None:
            return None
        aged.append(_Aged(member, age_on(born, rated_on), born))
    return sorted(aged, key=lambda each: (each.born, each.member.id))


def _charged(aged: Sequence[_Aged], billed_children: int) -> list[_Aged]:
    """Return who is charged for: everybody but children under 21 beyond the oldest `billed_children`."""
    charged: list[_Aged] = []
    children = 0
    for each in aged:
        is_minor_child = not each.member.is_subscriber and not is_spouse(each.member) and each.age < _ADULT_AT
        children += is_minor_child
        if not is_minor_child or children <= billed_children:
            charged.append(each)
    return charged


def _price_of(aged: _Aged, rates: RateTable, plan: str, day: date, *, area: str) -> AgePremium | Unpriced:
    """Return one member's rounded premium. Which factor is tobacco's is not told: the words stand on invoices."""
    found = next(((band, rate) for band, rate in rates.age_rates(plan, day) if band.holds(aged.age)), None)
    if found is None:
        return Unpriced("UNKNOWN_PLAN", f"no rate for plan {plan}, age {aged.age}")
    rate = found[1]
    multipliers: list[Decimal] = []
    if rates.has_areas(plan, day):
        sent = area_of(aged.member) or area
        of_area = rates.area_factor(plan, sent, day)
        if of_area is None:
            return Unpriced("AREA_UNKNOWN", f"no factor for plan {plan}, rating area {sent or 'none'}")
        multipliers.append(of_area.multiplier)
    if uses_tobacco(aged.member):
        of_tobacco = rates.tobacco_factor(plan, aged.age, day)
        multipliers += [of_tobacco.multiplier] if of_tobacco else []
    amount = rate.amount
    for multiplier in multipliers:
        amount *= multiplier
    words = " x ".join([f"{rate.tier} {rate.amount}", *(f"{each.normalize():f}" for each in multipliers)])
    return AgePremium(round_cents(amount), words, (rate.source,) if rate.source else ())
