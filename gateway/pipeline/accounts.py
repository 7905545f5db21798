"""Accounts as billing sees them: a partner's configuration turned into the rules of pure code."""

from datetime import date

from gateway.billing.account import AccountRules, RateSource
from gateway.billing.calendar import WorkCalendar
from gateway.billing.dates import Window
from gateway.billing.proration import Proration, ProrationRule
from gateway.billing.rating import Rate, RateTable
from gateway.billing.request_type import RequestTypeRule
from gateway.domain.parties import Account
from gateway.errors import NotFound
from gateway.partners.billing import AccountSettings, BillWindow, RequestType
from gateway.partners.partner import INDIVIDUAL, Partner
from gateway.pipeline.plant import Plant


def settings_of(partner: Partner, account_id: str) -> AccountSettings:
    """Return the settings of an account: its own, or those that individual accounts share; raises NotFound."""
    is_pattern = account_id == INDIVIDUAL and partner.individual is not None
    found = None if is_pattern else partner.billing.accounts.get(account_id)
    found = found or partner.individual
    if found is None:
        raise NotFound(
            f"account {account_id} is not configured for {partner.id}",
            hint=f"add [accounts.{account_id}] to partners/{partner.id}/billing.toml",
        )
    return found


def account_rules(plant: Plant, account: Account) -> AccountRules:
    """Return how an account is billed, with its request types, windows and calendars resolved."""
    partner = plant.partner(account.partner_id)
    settings = settings_of(partner, account.id)
    types = {code: _type_rule(plant, code, kind) for code, kind in partner.billing.request_types.items()}
    return AccountRules(
        id=account.id,
        partner_id=account.partner_id,
        name=settings.name,
        line_of_business=settings.line_of_business,
        invoice_request_eligible=settings.invoice_request_eligible,
        member_events_raise_requests=settings.member_events_raise_requests,
        change_raises_request=settings.change_raises_request,
        reinstatement_reasons=settings.reinstatement_reasons,
        request_types={event: types[code] for event, code in settings.request_types.items()},
        windows=tuple(_window(window) for window in partner.billing.bill_cycles[settings.bill_cycle]),
        calendar=_calendar(plant, settings.calendar),
        closed_through=settings.closed_through,
        rate_source=RateSource(settings.rate_source),
        proration=ProrationRule(Proration(settings.proration), settings.wash_day, settings.wash_day_inclusive),
        due_days=settings.due_days,
        series=settings.series,
        jump_percent=settings.jump_percent,
        credit_limit=settings.credit_limit,
    )


def open_window(rules: AccountRules, on: date) -> Window | None:
    """Return the bill cycle's window that is open on a day, or None."""
    return next((window for window in rules.windows if window.start <= on <= window.end), None)


def rate_table(plant: Plant, account: Account) -> RateTable:
    """Return the rates that an account is billed by."""
    partner = plant.partner(account.partner_id)
    rows = partner.rates_for(settings_of(partner, account.id))
    return RateTable(Rate(row.plan, row.tier, row.amount, row.starts_on, row.ends_on) for row in rows)


def _window(window: BillWindow) -> Window:
    """Return a configured window with its default cutoff: its end (DOMAIN 3.6)."""
    return Window(window.start, window.end, window.cutoff or window.end, window.accounting)


def _type_rule(plant: Plant, code: str, kind: RequestType) -> RequestTypeRule:
    """Return a configured request type with its calendar loaded."""
    return RequestTypeRule(
        code=code,
        active=kind.active,
        mode=kind.mode,
        generation=kind.generation,
        approval=kind.approval,
        wait_days=kind.wait_days,
        defer_count=kind.defer_count,
        date_algorithm=kind.date_algorithm,
        threshold_days=kind.threshold_days,
        calendar=_calendar(plant, kind.calendar),
    )


def _calendar(plant: Plant, name: str) -> WorkCalendar | None:
    """Return a calendar of mappings/calendars by its file name, or None for no name."""
    return plant.calendars[name] if name else None
