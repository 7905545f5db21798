"""What a membership owes as known today: one charge per product and coverage month (DOMAIN 8.1, 8.2, OR-01)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise

from gateway.billing.account import AccountRules, RateSource
from gateway.billing.proration import PricedSpan, days_in, prorate
from gateway.billing.rating import RateTable
from gateway.billing.tier import Composition, derive_tier, disagrees
from gateway.domain.charge import Charge
from gateway.domain.coverage import Coverage, CoverageStatus, Family, Member
from gateway.domain.finding import Finding, Level, Severity
from gateway.domain.money import Money, round_cents
from gateway.domain.period import CoverageMonth, Period, months_between

_VARIANCE = Money("0.01")  # a difference of a cent is rounding (DOMAIN 4.4 rule 10)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days of one product over which the same members are covered by the same versions.

    `lead` is the coverage that carries tier, premium and cause: the subscriber's, else that of the first dependent.
    """

    period: Period
    lead: Coverage
    tier: str  # as sent, or '' when it must be derived
    who: Composition


@dataclass(frozen=True, slots=True)
class Cause:
    """The coverage version behind a membership's charge in one product: set and segment of the way back."""

    set_id: str
    source: str


def charges_due(
    family: Family, account: AccountRules, rates: RateTable, through: date
) -> tuple[list[Charge], list[Finding]]:
    """Return what the membership owes for each product and month that begins on or before `through`.

    A month is priced once, by the tier that was sent or else follows from who is covered (DOMAIN 8.1), prorated by
    the account's rule. Canceled coverage contributes nothing; a coverage is billed through the later of its end and
    `billable_before` (DOMAIN 8.3). Findings: UNKNOWN_PLAN where no price is known (nothing is charged for the month),
    PREMIUM_VARIANCE and TIER_VARIANCE as warnings; a finding is given once per product.
    """
    charges: list[Charge] = []
    findings: dict[str, Finding] = {}
    members = {member.id: member for member in family.members}
    for product, coverages in _by_product(family.coverages):
        pricing = _Pricing(account, rates, product)
        for month, stretches in _by_month(stretches_of(coverages, members), through):
            charge, found = pricing.charge(month, stretches)
            charges += [charge] if charge else []
            findings.update({finding.message: finding for finding in found if finding.message not in findings})
    return charges, list(findings.values())


def causes(family: Family) -> dict[tuple[str, str], Cause]:
    """Return, per membership and product, the coverage version learned last: the cause of a charge that vanished."""
    latest: dict[tuple[str, str], Cause] = {}
    for coverage in sorted(family.coverages, key=lambda coverage: (coverage.known_at, coverage.id)):
        latest[coverage.membership_id, product_of(coverage)] = Cause(coverage.set_id, coverage.source)
    return latest


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


def product_of(coverage: Coverage) -> str:
    """Return what the coverage is priced as: its plan, or its insurance line where no plan was sent (HD04, HD03)."""
    return coverage.plan or coverage.insurance_line


def billing_period(coverage: Coverage) -> Period | None:
    """Return the days for which `coverage` is billed, or None: canceled, or no day at all."""
    if coverage.status is CoverageStatus.CANCELED:
        return None
    period = coverage.period
    if period.ends_before is not None and coverage.billable_before is not None:
        period = Period(period.starts_on, max(period.ends_before, coverage.billable_before))
    return None if period.is_empty else period


@dataclass(frozen=True, slots=True)
class _Priced:
    """A stretch with its tier and price."""

    span: PricedSpan
    stretch: Stretch
    tier: str

    def followed_by(self, later: "_Priced") -> "_Priced | None":
        """Return both as one where `later` goes on at the same tier and price, else None."""
        goes_on = self.span.period.ends_before == later.span.period.starts_on
        if not goes_on or (self.tier, self.span.rate) != (later.tier, later.span.rate):
            return None
        period = Period(self.span.period.starts_on, later.span.period.ends_before)
        return _Priced(PricedSpan(period, self.span.rate), later.stretch, self.tier)


@dataclass(frozen=True, slots=True)
class _Pricing:
    """Prices the months of one product."""

    account: AccountRules
    rates: RateTable
    product: str

    def charge(self, month: CoverageMonth, stretches: list[Stretch]) -> tuple[Charge | None, list[Finding]]:
        """Return the charge of `month` with what is remarkable about it; None when a price is not known."""
        priced: list[_Priced] = []
        findings: list[Finding] = []
        for stretch in stretches:
            day = max(stretch.period.starts_on, month.first_day)
            tier = stretch.tier or derive_tier(stretch.who, self.rates.tiers(self.product))
            own = self.rates.lookup(self.product, tier, day)
            price = self._price(stretch.lead.premium, own.amount if own else None)
            if price is None:
                return None, [_unknown_plan(stretch.lead, self.product, tier)]
            findings += _variances(stretch, own.amount if own else None, self.account.rate_source)
            here = _Priced(PricedSpan(stretch.period, price), stretch, tier)
            joined = priced[-1].followed_by(here) if priced else None
            priced = [*priced[:-1], joined] if joined else [*priced, here]
        return self._explained(month, priced), findings

    def _price(self, sent: Money | None, own: Money | None) -> Money | None:
        """Return the month's full price in cents: the sent premium where the account bills it, else our own rate."""
        price = sent if self.account.rate_source is RateSource.SENT and sent is not None else own
        return None if price is None else round_cents(price)

    def _explained(self, month: CoverageMonth, priced: list[_Priced]) -> Charge:
        """Return the charge with what explains it: rate, days, formula, cause."""
        share = prorate(month, [each.span for each in priced], self.account.proration)
        charged = next(each for each in priced if each.span is share.charged)
        lead = charged.stretch.lead
        return Charge(
            account_id=self.account.id,
            membership_id=lead.membership_id,
            member_id=lead.member_id,
            product=self.product,
            insurance_line=lead.insurance_line,
            tier=charged.tier,
            month=month,
            amount=share.amount,
            rate=share.charged.rate,
            lives=charged.stretch.who.lives,
            days_covered=sum(days_in(month, each.span.period) for each in priced),
            days_in_month=month.days,
            formula=share.formula,
            set_id=lead.set_id,
            source=lead.source,
        )


def _by_product(coverages: Iterable[Coverage]) -> Iterator[tuple[str, list[Coverage]]]:
    """Yield each product with its coverages, in order of product."""
    for product, group in groupby(sorted(coverages, key=product_of), key=product_of):
        yield product, list(group)


def _by_month(stretches: list[Stretch], through: date) -> Iterator[tuple[CoverageMonth, list[Stretch]]]:
    """Yield each month with the stretches that cover a day of it, if the first such day is not after `through`."""
    if not stretches:
        return
    last = CoverageMonth.of(through)
    for month in months_between(CoverageMonth.of(stretches[0].period.starts_on), last):
        inside = [stretch for stretch in stretches if days_in(month, stretch.period)]
        if inside and max(inside[0].period.starts_on, month.first_day) <= through:
            yield month, inside


def _stretch(span: Period, active: list[Coverage], members: Mapping[str, Member]) -> Stretch:
    """Return the stretch of `span` over which `active` coverages, the lead first, are in force."""
    covered = {coverage.member_id: members[coverage.member_id] for coverage in active}
    return Stretch(
        period=span,
        lead=active[0],
        tier=next((coverage.level for coverage in active if coverage.level), ""),
        who=Composition.of(covered.values()),
    )


def _precedence(coverage: Coverage, members: Mapping[str, Member]) -> tuple[bool, str, str]:
    """Sort the subscriber's coverage first, then by ids, so that the result never depends on the order of arrival."""
    return (not members[coverage.member_id].is_subscriber, coverage.member_id, coverage.id)


def _variances(stretch: Stretch, own: Money | None, source: RateSource) -> list[Finding]:
    """Compare what was sent with what we know: premium against our rate, tier against who is covered."""
    findings = []
    lead, sent = stretch.lead, stretch.lead.premium
    if source is RateSource.TABLE and sent is not None and own is not None and abs(sent - own) > _VARIANCE:
        findings.append(
            _finding(
                "PREMIUM_VARIANCE",
                f"Membership {lead.membership_id}, plan {product_of(lead)}: the premium sent, {sent}, differs from the "
                f"contract rate {own}; the contract rate is billed.",
            )
        )
    if stretch.tier and disagrees(stretch.tier, stretch.who):
        findings.append(
            _finding(
                "TIER_VARIANCE",
                f"Membership {lead.membership_id}, plan {product_of(lead)}: the tier sent, {stretch.tier}, does not "
                "fit the members that are covered; the tier sent is billed.",
            )
        )
    return findings


def _unknown_plan(lead: Coverage, product: str, tier: str) -> Finding:
    """Return the finding that stands where nothing can be charged for lack of a price."""
    return _finding(
        "UNKNOWN_PLAN",
        f"Membership {lead.membership_id}: no rate for plan {product}, tier {tier or 'none'}; "
        "nothing was charged for the months without one.",
        Severity.ERROR,
    )


def _finding(code: str, message: str, severity: Severity = Severity.WARNING) -> Finding:
    """Return a business finding of SNIP type 7: our own rules."""
    return Finding(code=code, level=Level.BUSINESS, message=message, severity=severity, snip=7)
