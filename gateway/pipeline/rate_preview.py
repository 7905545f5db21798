"""The dry run of a price change: which rows differ, what looks wrong, and what every account's months would cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.billing.charges import charges_due
from gateway.billing.effective import RowChange, closed, compare
from gateway.billing.fees import AccountFees
from gateway.billing.rate_doubts import rate_doubts
from gateway.billing.rate_effect import EffectTally, MonthEffect
from gateway.domain.finding import Finding
from gateway.domain.parties import Account
from gateway.domain.period import CoverageMonth
from gateway.domain.rate_change import RateChange
from gateway.partners.partner import Partner
from gateway.partners.price_rows import PriceRow
from gateway.pipeline.accounts import account_rules, settings_of
from gateway.pipeline.plant import Plant
from gateway.pipeline.prices import PriceTable, rate_table_of, rates_of, table_in_force, table_of, tables_of
from gateway.ports.unit_of_work import UnitOfWork

_MONTHS_AHEAD = 13  # a renewal that is loaded a year early still shows its first month


@dataclass(frozen=True, slots=True)
class RatePreview:
    """What a change would do. `through` is the last month that was looked at, of every account in `accounts`."""

    change: RateChange
    rows: tuple[RowChange[PriceRow], ...]
    doubts: tuple[Finding, ...]
    effects: tuple[MonthEffect, ...]
    accounts: int
    through: CoverageMonth


def preview_change(plant: Plant, unit: UnitOfWork, change: RateChange) -> RatePreview:
    """Return what a change does to the table in force, and what is due by both tables, membership by membership.

    Months are looked at through the latest of: today's, the last one billed, and the first that a changed row prices.
    Memory does not grow with the number of members; nothing is written.
    """
    partner = plant.partner(change.partner_id)
    before, after = table_in_force(unit, partner, change.kind, change.file), table_of(change)
    rows = compare(closed(before.rows), closed(after.rows))
    accounts = accounts_priced_by(unit, partner, change.kind, change.file)
    through = _horizon(plant.clock.business_date(), unit.rate_changes.billed_through(partner.id), accounts, rows)
    tallies = [_tally(plant, unit, account, after, through.last_day) for account in accounts]
    doubts = rate_doubts(rates_of(before), rates_of(after)) if change.kind == "rates" else []
    return RatePreview(
        change=change,
        rows=tuple(rows),
        doubts=(*doubts, *(doubt for tally in tallies for doubt in tally.doubts())),
        effects=tuple(effect for tally in tallies for effect in tally.changed()),
        accounts=len(accounts),
        through=through,
    )


def accounts_priced_by(unit: UnitOfWork, partner: Partner, kind: str, file: str) -> list[Account]:
    """Return the accounts in which somebody was ever enrolled, that are configured, and that name the table."""
    configured = partner.accounts.keys()
    return [
        account
        for account in unit.enrollment.accounts_of(partner.id)
        if (account.id in configured or partner.individual is not None)
        and getattr(settings_of(partner, account.id), kind) == file
    ]


def _horizon(
    today: date,
    billed_through: Mapping[str, CoverageMonth],
    accounts: Sequence[Account],
    rows: Sequence[RowChange[PriceRow]],
) -> CoverageMonth:
    """Return the last month to look at."""
    this_month = CoverageMonth.of(today)
    limit = CoverageMonth(this_month.year + _MONTHS_AHEAD // 12, this_month.month)
    priced = [min(CoverageMonth.of(each.row.starts_on), limit) for each in rows]
    billed = [billed_through[account.id] for account in accounts if account.id in billed_through]
    return max([this_month, *priced, *billed])


def _tally(plant: Plant, unit: UnitOfWork, account: Account, after: PriceTable, through: date) -> EffectTally:
    """Return one account's effect, at the prices in force against those with `after` in its place."""
    rules = account_rules(plant, account)
    partner = plant.partner(account.partner_id)
    tables = tables_of(unit, partner, settings_of(partner, account.id))
    now, then = (rate_table_of(each) for each in (tables, tables | {after.kind: after}))
    tally = EffectTally(account.id)
    fees_now, fees_then = AccountFees(rules, now), AccountFees(rules, then)
    for family in unit.enrollment.families_of_account(account.id):
        due_now, found_now = charges_due(family, rules, now, through)
        due_then, found_then = charges_due(family, rules, then, through)
        tally.add(due_now, due_then)
        tally.unpriced_now += any(finding.is_error for finding in found_now)
        tally.unpriced_then += any(finding.is_error for finding in found_then)
        fees_now.add(due_now)
        fees_then.add(due_then)
    tally.add(fees_now.charges(), fees_then.charges())
    tally.add_billed(unit.invoices.billed(account.id))
    return tally
