"""Whom an order is for: an account, or those of a person that the customer classes' hooks select (OR-04, OR-32)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from gateway.billing.account import AccountRules
from gateway.billing.eligibility import why_not_eligible
from gateway.billing.manual import ManualOrder
from gateway.billing.selection import Candidate, Selection, Target, select_accounts
from gateway.domain.parties import Account
from gateway.errors import NotAllowed, NotFound
from gateway.partners.partner import Partner
from gateway.pipeline.accounts import account_rules
from gateway.pipeline.plant import Plant


@dataclass(frozen=True, slots=True)
class RequestOrder:
    """What a person orders: for one account, or for a person with all its accounts that are eligible (DOMAIN 3.1)."""

    request_type: str = ""
    account_id: str = ""
    person_id: str = ""
    cutoff_on: date | None = None
    accounting_on: date | None = None
    bill_on: date | None = None
    by: str = ""
    with_children: bool = False
    without: frozenset[str] = field(default_factory=frozenset)

    @property
    def typed(self) -> ManualOrder:
        """The fields that are mandatory."""
        about = self.account_id or self.person_id
        return ManualOrder(self.request_type, about, self.cutoff_on, self.accounting_on, self.bill_on)

    @property
    def target(self) -> Target:
        """Whom it is for."""
        return Target(self.account_id, self.person_id, self.with_children, self.without)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An account that may be selected, with the rules that say which hook selects it."""

    rules: AccountRules
    seen: Candidate


def _account_of(plant: Plant, account_id: str) -> Account:
    """Return an account that exists; raises NotFound."""
    with plant.open_unit() as unit:
        account = unit.enrollment.account(account_id)
    if account is None:
        raise NotFound(f"there is no account {account_id}: no member was ever enrolled in it")
    return account


def _candidate(plant: Plant, account: Account) -> _Candidate:
    """Return an account as the hook sees it: who it belongs to, and why it would not be eligible."""
    rules = account_rules(plant, account)
    missing = plant.hooks.missing(rules)
    with plant.open_unit() as unit:
        own = unit.request_audit.characteristics([account.membership_id]).get(account.membership_id, {})
    why = "; ".join(missing) or why_not_eligible(rules, {**rules.characteristics, **own})
    return _Candidate(rules, Candidate(account.id, rules.person_id, rules.line_of_business, why))


def _candidates_of_person(plant: Plant, order: RequestOrder) -> list[_Candidate]:
    """Return every configured account of the partner that the person is or belongs to; raises NotFound, NotAllowed."""
    partner = _partner_of_person(plant, order.person_id)
    if partner.individual is not None:
        raise NotAllowed(f"{partner.id} is individual business", hint="order each account by its id")
    strangers = sorted(order.without - partner.accounts.keys())
    if strangers:
        hint = "only configured accounts can be taken out"
        raise NotFound(f"{partner.id} has no account {', '.join(strangers)}", hint=hint)
    return [
        _candidate(plant, Account(account_id, partner.id, settings.line_of_business))
        for account_id, settings in partner.accounts.items()
    ]


def select_for(plant: Plant, order: RequestOrder) -> Selection:
    """Return the accounts that an order is for, and those of its target that get no request, with the reason.

    Raises NotFound for an account or person that there is not, NotAllowed for a person of individual business.
    """
    if order.account_id:
        return _select(plant, order, [_candidate(plant, _account_of(plant, order.account_id))])
    return _select(plant, order, _candidates_of_person(plant, order))


def _select(plant: Plant, order: RequestOrder, candidates: Sequence[_Candidate]) -> Selection:
    """Ask the hook C1-INVACTEL of each customer class which of its accounts are billed (OR-32).

    An account whose class lacks a hook is never chosen; its reason says so.
    """
    hooks = plant.hooks
    chosen: list[str] = []
    left_out: list[tuple[str, str]] = []
    by_hook: dict[str, list[_Candidate]] = {}
    for each in candidates:
        name = each.rules.account_selection
        by_hook.setdefault(name if name in hooks.account_selection else "", []).append(each)
    for name, group in by_hook.items():
        select = hooks.account_selection.get(name, select_accounts)
        parents = _parents(plant.partner(group[0].rules.partner_id))
        found = select(order.target, [each.seen for each in group], parents)
        whole = {each.rules.id for each in group if not hooks.missing(each.rules)}
        chosen += [account_id for account_id in found.chosen if account_id in whole]
        left_out += found.left_out
    return Selection(tuple(sorted(chosen)), tuple(left_out))


def _partner_of_person(plant: Plant, person_id: str) -> Partner:
    """Return the partner that a person is, or belongs to; raises NotFound."""
    found = [each for each in plant.partners.values() if person_id == each.id or person_id in each.billing.persons]
    if not found:
        known = sorted({each.id for each in plant.partners.values() if each.accounts})
        raise NotFound(f"there is no person {person_id}", hint=f"employers: {', '.join(known) or 'none'}")
    if len(found) > 1:
        raise NotAllowed(f"more than one partner has a person {person_id}", hint="give the persons different codes")
    return found[0]


def _parents(partner: Partner) -> Mapping[str, str]:
    """Return the person above each person; the partner itself is above all."""
    return {code: person.parent or partner.id for code, person in partner.billing.persons.items()}
