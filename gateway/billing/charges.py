"""What a membership owes as known today: a charge per product and coverage month, and its fees (DOMAIN 8.1, OR-01)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from gateway.billing.account import AccountRules
from gateway.billing.contribution import employer_share
from gateway.billing.fees import Premium, membership_fees
from gateway.billing.price import Price, Pricing
from gateway.billing.product import NO_CATALOGUE, Catalogue
from gateway.billing.proration import PricedSpan, days_in, prorate
from gateway.billing.rating import RateTable
from gateway.billing.stretch import Stretch, by_month, cut_at, stretches_of
from gateway.domain.charge import Charge
from gateway.domain.coverage import Coverage, Family
from gateway.domain.finding import Finding
from gateway.domain.period import CoverageMonth, Period
from gateway.domain.value import value


@dataclass(frozen=True, slots=True)
class Cause:
    """The coverage version behind a membership's charge in one product: set and segment of the way back."""

    set_id: str
    source: str


def charges_due(
    family: Family, account: AccountRules, rates: RateTable, through: date
) -> tuple[list[Charge], list[Finding]]:
    """Return what the membership owes for each product and month that begins on or before `through`, then its fees.

    A month is priced once: by the tier that was sent or else follows from who is covered, or member by member where
    the plan has age bands (DOMAIN 8.1), prorated by the account's rule. Canceled coverage contributes nothing; a
    coverage is billed through the later of its end and `billable_before` (DOMAIN 8.3). Fees per account are
    `fees.account_fees`. Findings: UNKNOWN_PLAN, AGE_UNKNOWN and AREA_UNKNOWN where no price is known (nothing is
    charged for the month), PREMIUM_VARIANCE and TIER_VARIANCE as warnings; a finding is given once per product.
    """
    premiums: list[Premium] = []
    findings: dict[str, Finding] = {}
    members = {member.id: member for member in family.members}
    for product, coverages in _by_product(family.coverages, account.catalogue):
        months = _Months(Pricing.of(account, rates, product, family))
        for month, stretches in by_month(stretches_of(coverages, members), through):
            premium, found = months.premium(month, stretches)
            premiums += [premium] if premium else []
            findings.update({finding.message: finding for finding in found if finding.message not in findings})
    charges = [premium.charge for premium in premiums]
    return charges + membership_fees(premiums, account, rates), list(findings.values())


def causes(family: Family, catalogue: Catalogue = NO_CATALOGUE) -> dict[tuple[str, str], Cause]:
    """Return, per membership and product, the coverage version learned last: the cause of a charge that vanished."""
    latest: dict[tuple[str, str], Cause] = {}
    for coverage in sorted(family.coverages, key=lambda coverage: (coverage.known_at, coverage.id)):
        latest[coverage.membership_id, catalogue.product_of(coverage)] = Cause(coverage.set_id, coverage.source)
    return latest


@value
class _Priced:
    """A stretch with its price."""

    span: PricedSpan
    stretch: Stretch
    price: Price

    def followed_by(self, later: "_Priced") -> "_Priced | None":
        """Return both as one where `later` goes on at the same tier and price, else None."""
        goes_on = self.span.period.ends_before == later.span.period.starts_on
        if not goes_on or (self.price.tier, self.span.rate) != (later.price.tier, later.span.rate):
            return None
        period = Period(self.span.period.starts_on, later.span.period.ends_before)
        return _Priced(PricedSpan(period, self.span.rate), later.stretch, later.price)


@dataclass(frozen=True, slots=True)
class _Months:
    """Charges the months of one product."""

    pricing: Pricing

    def premium(self, month: CoverageMonth, stretches: list[Stretch]) -> tuple[Premium | None, list[Finding]]:
        """Return the charge of `month` with what is remarkable about it; None when a price is not known."""
        priced: list[_Priced] = []
        findings: list[Finding] = []
        turns = self.pricing.rates.days_of_change(self.pricing.product)
        for stretch in cut_at(stretches, turns, month) if turns else stretches:
            price, found = self.pricing.price(stretch, max(stretch.period.starts_on, month.first_day))
            findings += found
            if price is None:
                return None, findings
            here = _Priced(PricedSpan(stretch.period, price.amount), stretch, price)
            joined = priced[-1].followed_by(here) if priced else None
            priced = [*priced[:-1], joined] if joined else [*priced, here]
        return self._explained(month, priced), findings

    def _explained(self, month: CoverageMonth, priced: list[_Priced]) -> Premium:
        """Return the charge with what explains it: rate, days, formula, cause, and who pays which share."""
        account, product = self.pricing.account, self.pricing.product
        share = prorate(month, [each.span for each in priced], account.proration)
        charged = next(each for each in priced if each.span is share.charged)
        lead, price = charged.stretch.lead, charged.price
        day = max(charged.span.period.starts_on, month.first_day)
        contribution = self.pricing.rates.contribution(product, price.tier, day)
        charge = Charge(
            account_id=account.id,
            membership_id=lead.membership_id,
            member_id=lead.member_id,
            product=product,
            insurance_line=account.catalogue.insurance_line_of(product, lead.insurance_line),
            tier=price.tier,
            month=month,
            amount=share.amount,
            rate=share.charged.rate,
            lives=charged.stretch.who.lives,
            days_covered=sum(days_in(month, each.span.period) for each in priced),
            days_in_month=month.days,
            formula=f"{share.formula}, {price.derivation}" if price.derivation else share.formula,
            set_id=lead.set_id,
            source=lead.source,
            legal_entity=account.catalogue.legal_entity_of(product, account.legal_entity),
            employer_share=employer_share(contribution, share.amount, share.charged.rate) if contribution else None,
            priced_by=price.priced_by,
        )
        return Premium(charge, frozenset(member.id for member in charged.stretch.members))


def _by_product(coverages: Iterable[Coverage], catalogue: Catalogue) -> Iterator[tuple[str, list[Coverage]]]:
    """Yield each product with its coverages, in order of product."""
    for product, group in groupby(sorted(coverages, key=catalogue.product_of), key=catalogue.product_of):
        yield product, list(group)
