"""Accounts as billing sees them: a partner's configuration turned into the rules of pure code."""

from datetime import date

from gateway.billing.account import AccountRules, RateSource
from gateway.billing.age_band import AgeBasis, AgeRules
from gateway.billing.calendar import WorkCalendar
from gateway.billing.dates import Window
from gateway.billing.product import Catalogue, Product
from gateway.billing.proration import Proration, ProrationRule
from gateway.billing.rating import RateTable
from gateway.billing.request_type import RequestTypeRule
from gateway.domain.parties import Account
from gateway.errors import NotFound
from gateway.partners.billing import AccountSettings, BillWindow, CustomerClass, RequestType
from gateway.partners.partner import INDIVIDUAL, Partner
from gateway.pipeline.plant import Plant
from gateway.pipeline.prices import rate_table_of, tables_of
from gateway.ports.unit_of_work import UnitOfWork

_SHIPPED = CustomerClass(account_selection="C1-INVACTEL", status_update="C1-INVRSTUP")


def settings_of(partner: Partner, account_id: str) -> AccountSettings:
    """Return the settings of an account: its own, its group's, or those that individual accounts share.

    Raises NotFound.
    """
    is_pattern = account_id == INDIVIDUAL and partner.individual is not None
    configured = partner.group_of(account_id) or account_id
    found = None if is_pattern else partner.billing.accounts.get(configured)
    found = found or partner.individual
    if found is None:
        raise NotFound(
            f"account {account_id} is not configured for {partner.id}",
            hint=f"add [accounts.{account_id}] to partners/{partner.id}/billing.toml",
        )
    return found


def account_rules(plant: Plant, account: Account) -> AccountRules:
    """Return how an account is billed, with its hooks, request types, windows and calendars resolved."""
    partner = plant.partner(account.partner_id)
    settings = settings_of(partner, account.id)
    types = type_rules(plant, partner)
    hooks = _hooks_of(partner, settings)
    return AccountRules(
        id=account.id,
        partner_id=account.partner_id,
        name=settings.name,
        line_of_business=settings.line_of_business,
        direct_billed=bool(partner.group_of(account.id)),
        person_id=settings.person or partner.id,
        customer_class=settings.customer_class,
        account_selection=hooks.account_selection,
        status_update=hooks.status_update,
        eligibility_type=plant.settings.invoice_requests.eligibility_characteristic,
        characteristics=settings.characteristics,
        hold_pricing_until=settings.hold_pricing_until,
        member_events_raise_requests=settings.member_events_raise_requests,
        change_raises_request=settings.change_raises_request,
        reinstatement_reasons=settings.reinstatement_reasons,
        request_types={event: types[code] for event, code in partner.billing.event_types(settings).items()},
        windows=windows_of(partner, settings.bill_cycle),
        calendar=_calendar(plant, settings.calendar),
        closed_through=settings.closed_through,
        rate_source=RateSource(settings.rate_source),
        proration=ProrationRule(Proration(settings.proration), settings.wash_day, settings.wash_day_inclusive),
        due_days=settings.due_days,
        series=settings.series,
        jump_percent=settings.jump_percent,
        legal_entity=settings.legal_entity,
        catalogue=catalogue_of(partner),
        ages=age_rules(settings),
        credit_limit=settings.credit_limit,
    )


def catalogue_of(partner: Partner) -> Catalogue:
    """Return the products that a partner is billed for beside what HD03 and HD04 say."""
    return Catalogue.of(
        Product(code, product.line, product.legal_entity, product.codes)
        for code, product in partner.billing.products.items()
    )


def age_rules(settings: AccountSettings) -> AgeRules:
    """Return how an account is priced by age, where its plans are."""
    return AgeRules(
        AgeBasis(settings.age_basis), plan_year_of(settings), settings.billed_children, settings.rating_area
    )


def plan_year_of(settings: AccountSettings) -> tuple[int, int]:
    """Return month and day on which an account's plan years start."""
    month, _, day = settings.plan_year.partition("-")
    return int(month), int(day)


def windows_of(partner: Partner, cycle: str) -> tuple[Window, ...]:
    """Return the windows of a partner's bill cycle."""
    return tuple(_window(window) for window in partner.billing.bill_cycles[cycle])


def type_rules(plant: Plant, partner: Partner) -> dict[str, RequestTypeRule]:
    """Return a partner's request types by code, with their calendars loaded."""
    return {code: _type_rule(plant, code, kind) for code, kind in partner.billing.request_types.items()}


def _hooks_of(partner: Partner, settings: AccountSettings) -> CustomerClass:
    """Return the hooks of an account's customer class; one that names no class has those that come with the gateway."""
    return partner.billing.customer_classes[settings.customer_class] if settings.customer_class else _SHIPPED


def open_window(rules: AccountRules, on: date) -> Window | None:
    """Return the bill cycle's window that is open on a day, or None."""
    return next((window for window in rules.windows if window.start <= on <= window.end), None)


def rate_table(plant: Plant, unit: UnitOfWork, account: Account) -> RateTable:
    """Return the prices that an account is billed by: as two people approved them, else as its files say."""
    partner = plant.partner(account.partner_id)
    return rate_table_of(tables_of(unit, partner, settings_of(partner, account.id)))


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
        business_object=kind.business_object,
        description=kind.description,
        approval_role=kind.approval_role,
        status_role=kind.status_role,
    )


def _calendar(plant: Plant, name: str) -> WorkCalendar | None:
    """Return a calendar of mappings/calendars by its file name, or None for no name."""
    return plant.calendars[name] if name else None
