"""What one stretch of cover costs a full month: the premium that was sent, or our own rates (DOMAIN 8.1)."""

from dataclasses import dataclass, replace
from datetime import date

from gateway.billing.account import AccountRules, RateSource
from gateway.billing.age_band import AGE_TIER, AgeRules, Unpriced, age_premium, area_of
from gateway.billing.rating import RateTable
from gateway.billing.stretch import Stretch
from gateway.billing.tier import derive_tier, disagrees
from gateway.domain.coverage import Family
from gateway.domain.finding import Finding, Level, Severity
from gateway.domain.money import Money, round_cents
from gateway.domain.value import value

_VARIANCE = Money("0.01")  # a difference of a cent is rounding (DOMAIN 4.4 rule 10)
_SENT = "premium of the 834"  # AMT*P3, or what a partner's quirk reads in its place (2750 TOT RES AMT)


@value
class Price:
    """A full month's price in cents, where it comes from, and how it comes about where that is more than one row."""

    amount: Money
    tier: str
    priced_by: str
    derivation: str = ""


@dataclass(frozen=True, slots=True)
class Pricing:
    """Prices one product of one membership."""

    account: AccountRules
    rates: RateTable
    product: str
    ages: AgeRules  # the account's, with the family's rating area

    @classmethod
    def of(cls, account: AccountRules, rates: RateTable, product: str, family: Family) -> "Pricing":
        """Return what prices a product of `family`: whose subscriber was sent with a rating area lives there whole."""
        area = next((area for each in family.members if each.is_subscriber and (area := area_of(each))), "")
        return cls(account, rates, product, replace(account.ages, area=area) if area else account.ages)

    def price(self, stretch: Stretch, day: date) -> tuple[Price | None, list[Finding]]:
        """Return what `stretch` costs at the rates of `day` and what is remarkable; None when no price is known.

        The sent premium is billed where the account says so; otherwise it is only compared with our own rate. Where
        it is billed it is not compared: what an exchange sends is net of its credits, and our rate is not.
        """
        sent = stretch.lead.premium
        own = self._own(stretch, day)
        if self.account.rate_source is RateSource.SENT and sent is not None:
            tier = stretch.tier or (own.tier if isinstance(own, Price) else "")
            return Price(round_cents(sent), tier, _SENT), self._tier_variance(stretch)
        if isinstance(own, Unpriced):
            return None, [self._unpriced(stretch, own)]
        return own, [*self._premium_variance(stretch, own), *self._tier_variance(stretch)]

    def _own(self, stretch: Stretch, day: date) -> Price | Unpriced:
        """Return our own price: by age where the plan has bands on `day`, else by tier."""
        if self.rates.age_rates(self.product, day):
            by_age = age_premium(stretch.members, self.rates, self.product, day, by=self.ages)
            if isinstance(by_age, Unpriced):
                return by_age
            return Price(by_age.amount, AGE_TIER, "; ".join(by_age.sources), by_age.derivation)
        tier = stretch.tier or derive_tier(stretch.who, self.rates.tiers(self.product))
        rate = self.rates.lookup(self.product, tier, day)
        if rate is None:
            return Unpriced("UNKNOWN_PLAN", f"no rate for plan {self.product}, tier {tier or 'none'}")
        return Price(round_cents(rate.amount), tier, rate.source)

    def _premium_variance(self, stretch: Stretch, own: Price) -> list[Finding]:
        """Compare the premium that was sent with our rate, which is billed (DOMAIN 4.4 rule 10)."""
        sent = stretch.lead.premium
        if sent is None or abs(sent - own.amount) <= _VARIANCE:
            return []
        message = (
            f"{self._about(stretch)}: the premium sent, {sent}, differs from the contract rate {own.amount}; "
            "the contract rate is billed."
        )
        return [_finding("PREMIUM_VARIANCE", message)]

    def _tier_variance(self, stretch: Stretch) -> list[Finding]:
        """Compare the tier that was sent, which is billed, with who is covered."""
        if not stretch.tier or not disagrees(stretch.tier, stretch.who):
            return []
        message = (
            f"{self._about(stretch)}: the tier sent, {stretch.tier}, does not fit the members that are covered; "
            "the tier sent is billed."
        )
        return [_finding("TIER_VARIANCE", message)]

    def _unpriced(self, stretch: Stretch, why: Unpriced) -> Finding:
        """Return the finding that stands where nothing can be charged for lack of a price."""
        message = (
            f"Membership {stretch.lead.membership_id}: {why.reason}; nothing was charged for the months without one."
        )
        return _finding(why.code, message, Severity.ERROR)

    def _about(self, stretch: Stretch) -> str:
        """Return whom and what a finding is about, in ids."""
        return f"Membership {stretch.lead.membership_id}, plan {self.product}"


def _finding(code: str, message: str, severity: Severity = Severity.WARNING) -> Finding:
    """Return a business finding of SNIP type 7: our own rules."""
    return Finding(code=code, level=Level.BUSINESS, message=message, severity=severity, snip=7)
