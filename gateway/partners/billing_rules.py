"""What a partner's billing must agree on within itself, prerequisites of automatic requests included (OR-36)."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from gateway.configuration.toml_file import closest
from gateway.domain.charge import LEGAL_REQUEST_TYPES, REQUEST_OBJECTS, InvoiceMode
from gateway.domain.coverage import MembershipEvent
from gateway.domain.mistake import Mistake
from gateway.domain.parties import LineOfBusiness, PartnerRole
from gateway.partners.billing import AccountSettings, BillWindow, RequestType
from gateway.partners.partner import INDIVIDUAL, Partner
from gateway.partners.price_rows import KINDS
from gateway.partners.profile import PartnerStatus
from gateway.partners.surroundings import Rule, Surroundings, in_billing

BILL_PERIODS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
"""How many months each bill period has."""
_ACCOUNT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_RAISING = (MembershipEvent.ENROLL, MembershipEvent.TERMINATE, MembershipEvent.CANCEL)
_MAY_RAISE = frozenset({*_RAISING, MembershipEvent.REINSTATE, MembershipEvent.CHANGE})


def request_types_are_legal(partner: Partner, around: Surroundings) -> Iterator[Mistake]:
    """Only the four combinations of DOMAIN 3.2; an automatic type has a date algorithm that exists."""
    for code, kind in partner.billing.request_types.items():
        key = f"request_types.{code}"
        yield from _illegal(partner, key, kind)
        if kind.mode is InvoiceMode.AUTOMATIC and kind.date_algorithm not in around.date_algorithms:
            remedy = closest(kind.date_algorithm, around.date_algorithms)
            yield in_billing(partner, f"{key}.date_algorithm", "there is no such date algorithm", remedy)
        yield from _unknown_calendar(partner, f"{key}.calendar", kind.calendar, around)
        if kind.business_object not in {"", REQUEST_OBJECTS[kind.generation]}:
            remedy = f"write {REQUEST_OBJECTS[kind.generation]}, or nothing"
            yield in_billing(partner, f"{key}.business_object", f"it does not make {kind.generation} bills", remedy)


def _illegal(partner: Partner, key: str, kind: RequestType) -> Iterator[Mistake]:
    """Yield what DOMAIN 3.2 forbids about one request type."""
    manual = 'only mode = "manual" with generation = "regular" may have it'
    if (kind.mode, kind.generation, False) not in LEGAL_REQUEST_TYPES:
        remedy = 'write mode = "manual", or generation = "regular"'
        yield in_billing(partner, f"{key}.generation", "an automatic request never makes a trial bill", remedy)
        return
    may_defer = LEGAL_REQUEST_TYPES.get((kind.mode, kind.generation, kind.approval))
    if may_defer is None:
        yield in_billing(partner, f"{key}.approval", f"{kind.mode} {kind.generation} types have no approval", manual)
    if kind.defer_count is not None and not may_defer:
        problem = f"{kind.mode} {kind.generation} types have no defer count"
        yield in_billing(partner, f"{key}.defer_count", problem, manual)


def _unknown_calendar(partner: Partner, key: str, calendar: str, around: Surroundings) -> Iterator[Mistake]:
    """Yield the mistake of a calendar that mappings/calendars does not have."""
    if calendar and calendar not in around.calendars:
        problem = f"there is no mappings/calendars/{calendar}.toml"
        yield in_billing(partner, key, problem, closest(calendar, around.calendars))


def bill_cycles_run_forward(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """Each cycle has windows, in order and apart; each ends after it starts; cutoffs never go back (DOMAIN 3.8)."""
    for code, windows in partner.billing.bill_cycles.items():
        key = f"bill_cycles.{code}"
        if not windows:
            yield in_billing(partner, key, "the cycle has no window", "write one [[bill_cycles.CODE]] for each bill")
        for number, window in enumerate(windows, start=1):
            if window.end < window.start:
                remedy = "end it on its start or later"
                yield in_billing(partner, f"{key}[{number}].end", "the window ends before it starts", remedy)
        for number, (earlier, later) in enumerate(pairwise(windows), start=2):
            yield from _behind(partner, f"{key}[{number}]", earlier, later)


def _behind(partner: Partner, key: str, earlier: BillWindow, later: BillWindow) -> Iterator[Mistake]:
    """Yield what is wrong where the window `later` follows `earlier`."""
    if later.start <= earlier.end:
        problem = f"it starts on or before the end of the window before it, {earlier.end}"
        yield in_billing(partner, f"{key}.start", problem, "write the windows in order, each after the one before")
    if _cutoff(later) < _cutoff(earlier):
        yield in_billing(partner, f"{key}.cutoff", "it is before the cutoff of the window before it", "correct one")


def bill_periods_fit_their_cycles(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """A bill in cycle is for one bill period: the cutoffs of its cycle never drift apart from it (DOMAIN 3.8).

    Advance billing cuts off on or after the start of the window, billing in arrears before it.
    """
    for account_id, account in partner.billing.accounts.items():
        windows = partner.billing.bill_cycles.get(account.bill_cycle, ())
        yield from _drift(partner, f"accounts.{account_id}.bill_period", account, [_cutoff(each) for each in windows])
        is_arrears = account.timing == "arrears"
        misplaced = [number for number, each in enumerate(windows, 1) if (_cutoff(each) < each.start) != is_arrears]
        if misplaced:
            problem = f"cutoff {misplaced[0]} of {account.bill_cycle} is not one of billing in {account.timing}"
            remedy = "in advance it lies on or after the window's start, in arrears before it"
            yield in_billing(partner, f"accounts.{account_id}.timing", problem, remedy)


def _drift(partner: Partner, key: str, account: AccountSettings, cutoffs: Sequence[date]) -> Iterator[Mistake]:
    """Yield the first place where a cycle moves on by more or less than a bill period; going back is told elsewhere."""
    months = BILL_PERIODS[account.bill_period]
    gaps = [_month(later) - _month(earlier) for earlier, later in pairwise(cutoffs)]
    wrong = [number for number, gap in enumerate(gaps, start=2) if gap != months]
    if wrong and list(cutoffs) == sorted(cutoffs):
        gap = gaps[wrong[0] - 2]
        problem = f"cutoff {wrong[0]} of {account.bill_cycle} lies {gap} months after the one before"
        remedy = f"a bill period of a {account.bill_period} moves it by {months}: correct one of the two"
        yield in_billing(partner, key, problem, remedy)


def _cutoff(window: BillWindow) -> date:
    """Return a window's cutoff: its end, where none is written."""
    return window.cutoff or window.end


def _month(day: date) -> int:
    """Return the month of a day as a running number."""
    return day.year * 12 + day.month


def accounts_are_billable(partner: Partner, around: Surroundings) -> Iterator[Mistake]:
    """An account has an id that may stand in file names, a bill cycle, and where it needs them, rates and a calendar.

    Rates are needed unless the premium of the 834 is billed, or nothing is (self-funded).
    """
    for account_id, account in partner.billing.accounts.items():
        key = f"accounts.{account_id}"
        if not _ACCOUNT_ID.fullmatch(account_id):
            remedy = "up to 40 letters, digits, dots, dashes and underscores"
            yield in_billing(partner, key, "this cannot be the id of an account", remedy)
        if account.bill_cycle not in partner.billing.bill_cycles:
            remedy = closest(account.bill_cycle, partner.billing.bill_cycles)
            yield in_billing(partner, f"{key}.bill_cycle", f"there is no bill cycle `{account.bill_cycle}`", remedy)
        needs_rates = account.rate_source == "table" and account.line_of_business is not LineOfBusiness.SELF_FUNDED
        if needs_rates and not partner.rates_for(account):
            remedy = 'write the file, one row per price, or rate_source = "sent"'
            yield in_billing(partner, f"{key}.rates", f"no rate is on file in {account.rates}", remedy)
        yield from _unknown_calendar(partner, f"{key}.calendar", account.calendar, around)


def price_files_are_there(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """A file of factors, fees or contributions that an account names by another name than the usual one exists."""
    for account_id, account in partner.billing.accounts.items():
        for kind in (kind for kind in KINDS if kind != "rates"):
            file = getattr(account, kind)
            if file != AccountSettings.model_fields[kind].default and file not in partner.price_files:
                remedy = "write the file, or leave the setting out"
                yield in_billing(partner, f"accounts.{account_id}.{kind}", f"there is no file {file}", remedy)


def fees_and_plans_have_their_own_names(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """A fee is a line of its own (IA-51): its name is not that of a plan or product."""
    for account_id, account in partner.billing.accounts.items():
        plans = {rate.plan for rate in partner.rates_for(account)} | set(partner.billing.products)
        for fee in sorted({row.key[0] for row in partner.price_rows("fees", account.fees)} & plans):
            problem = f"the fee `{fee}` has the name of a plan"
            yield in_billing(partner, f"accounts.{account_id}.fees", problem, "give the fee another name")


def product_codes_mean_one_product(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """A code that the partner sends leads to one product."""
    owner: dict[str, str] = {}
    for product_id, product in partner.billing.products.items():
        for code in product.codes:
            first = owner.setdefault(code, product_id)
            if first != product_id:
                key = f"products.{product_id}.codes"
                yield in_billing(partner, key, f"the code `{code}` is already that of {first}", "keep it in one place")


def events_have_request_types(partner: Partner, around: Surroundings) -> Iterator[Mistake]:
    """Where member events raise requests, each event has an active automatic type (OR-33, OR-36).

    The account's own types win over those of its customer class.
    """
    billing = partner.billing
    for code, shared in billing.customer_classes.items():
        for event, type_code in shared.request_types.items():
            yield from _unfit_type(partner, f"customer_classes.{code}.request_types.{event}", event, type_code)
    for account_id, account in billing.accounts.items():
        key = f"accounts.{account_id}.request_types"
        for event, type_code in account.request_types.items():
            yield from _unfit_type(partner, f"{key}.{event}", event, type_code)
        if _raises_requests(account, around.eligibility_type):
            for event in _RAISING:
                if event not in billing.event_types(account):
                    remedy = f'write {event} = "CODE", or member_events_raise_requests = false'
                    yield in_billing(partner, key, f"no request type is given for {event}", remedy)
        for happening, type_code in account.policy.request_types.items():
            yield from _unfit(partner, f"accounts.{account_id}.policy.request_types.{happening}", type_code)


def _raises_requests(account: AccountSettings, eligibility_type: str) -> bool:
    """Tell whether member events raise requests for the account (DOMAIN 3.4, preconditions 1 and 4)."""
    is_insured = account.line_of_business is not LineOfBusiness.SELF_FUNDED
    is_eligible = account.characteristics.get(eligibility_type) == "Y"
    return is_insured and is_eligible and account.member_events_raise_requests


def _unfit_type(partner: Partner, key: str, event: MembershipEvent, code: str) -> Iterator[Mistake]:
    """Yield why `event` cannot raise a request of type `code`."""
    if event not in _MAY_RAISE:
        yield in_billing(partner, key, "this event never raises a request", closest(event, sorted(_MAY_RAISE)))
    yield from _unfit(partner, key, code)


def _unfit(partner: Partner, key: str, code: str) -> Iterator[Mistake]:
    """Yield why no automatic request can be of type `code`."""
    kind = partner.billing.request_types.get(code)
    if kind is None:
        remedy = closest(code, partner.billing.request_types)
        yield in_billing(partner, key, f"there is no request type `{code}`", remedy)
    elif kind.mode is not InvoiceMode.AUTOMATIC or not kind.active:
        what = "not active" if kind.mode is InvoiceMode.AUTOMATIC else "manual"
        yield in_billing(partner, key, f"the request type `{code}` is {what}", "name an active automatic type")


def customer_classes_have_both_hooks(partner: Partner, around: Surroundings) -> Iterator[Mistake]:
    """A customer class names a hook that exists for each of its events, an account a class that exists (OR-32)."""
    events = {
        "account_selection": ("C1-INVACTEL, the account selection", around.account_selections),
        "status_update": ("C1-INVRSTUP, the status update", around.status_updates),
    }
    for code, shared in partner.billing.customer_classes.items():
        for field, (event, known) in events.items():
            name = getattr(shared, field)
            if name not in known:
                problem = f"there is no hook `{name}`" if name else f"the hook {event}, is missing"
                remedy = closest(name, known)
                yield in_billing(partner, f"customer_classes.{code}.{field}", problem, remedy)
    for account_id, account in partner.billing.accounts.items():
        if account.customer_class and account.customer_class not in partner.billing.customer_classes:
            problem = f"there is no customer class `{account.customer_class}`"
            remedy = closest(account.customer_class, partner.billing.customer_classes)
            yield in_billing(partner, f"accounts.{account_id}.customer_class", problem, remedy)


def persons_form_a_tree(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """An account's person and a person's parent exist, and no person is above itself (DOMAIN 3.1)."""
    persons = partner.billing.persons
    for account_id, account in partner.billing.accounts.items():
        if account.person and account.person not in persons:
            key, remedy = f"accounts.{account_id}.person", closest(account.person, persons)
            yield in_billing(partner, key, f"there is no person `{account.person}`", remedy)
    for code, person in persons.items():
        key = f"persons.{code}.parent"
        if person.parent and person.parent not in persons:
            yield in_billing(partner, key, f"there is no person `{person.parent}`", closest(person.parent, persons))
        above, seen = person.parent, {code}
        while above in persons and above not in seen:
            seen.add(above)
            above = persons[above].parent
        if above == code:
            yield in_billing(partner, key, f"`{code}` would be above itself", "take the circle apart")


def policies_happen_in_order(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """A policy is reinstated after it was terminated, and what happens to one has a type to make a request of."""
    for account_id, account in partner.billing.accounts.items():
        policy, key = account.policy, f"accounts.{account_id}.policy"
        if policy.reinstated_on and not (policy.terminated_on and policy.terminated_on <= policy.reinstated_on):
            problem = "the policy is reinstated without having been terminated before"
            yield in_billing(partner, f"{key}.reinstated_on", problem, "write terminated_on, on or before it")
        dates = (policy.in_force_on, policy.terminated_on, policy.reinstated_on, *policy.renewed_on)
        if any(dates) and not policy.request_types:
            problem = "what happens to the policy raises no request: no event has a type"
            remedy = 'write request_types = { in_force = "CODE" }, or take the dates out'
            yield in_billing(partner, f"{key}.request_types", problem, remedy)


def individual_accounts_have_a_pattern(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """`individual_accounts` and `[accounts.individual]` belong together, in the individual line of business."""
    pattern = partner.billing.accounts.get(INDIVIDUAL)
    if not partner.billing.individual_accounts:
        if pattern is not None:
            remedy = "write individual_accounts = true, or give the account another id"
            yield in_billing(partner, f"accounts.{INDIVIDUAL}", "this id is the pattern of individual accounts", remedy)
        return
    if pattern is None:
        remedy = f"write [accounts.{INDIVIDUAL}]: the settings of each subscriber's account"
        yield in_billing(partner, "individual_accounts", "there is no pattern for individual accounts", remedy)
    elif pattern.line_of_business is not LineOfBusiness.INDIVIDUAL:
        key = f"accounts.{INDIVIDUAL}.line_of_business"
        yield in_billing(partner, key, "the pattern of individual accounts is not individual", 'write "individual"')


def who_is_billed_has_accounts(partner: Partner, _around: Surroundings) -> Iterator[Mistake]:
    """An active employer or exchange has something to bill."""
    is_billed = partner.profile.role in {PartnerRole.EMPLOYER, PartnerRole.EXCHANGE}
    if is_billed and partner.profile.status is PartnerStatus.ACTIVE and not partner.billing.accounts:
        problem = f"an active {partner.profile.role} has no account to bill"
        yield in_billing(partner, "accounts", problem, "write [accounts.ID]")


BILLING_RULES: tuple[Rule, ...] = (
    request_types_are_legal,
    bill_cycles_run_forward,
    bill_periods_fit_their_cycles,
    accounts_are_billable,
    price_files_are_there,
    fees_and_plans_have_their_own_names,
    product_codes_mean_one_product,
    events_have_request_types,
    customer_classes_have_both_hooks,
    persons_form_a_tree,
    policies_happen_in_order,
    individual_accounts_have_a_pattern,
    who_is_billed_has_accounts,
)
