"""What is loaded before money is placed: the accounts, open invoices and members that a remittance could mean."""

from collections.abc import Iterable
from datetime import date

from gateway.domain.journal import LedgerAccount
from gateway.domain.money import ZERO, Money
from gateway.domain.remittance import Remittance
from gateway.partners.partner import Partner
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork
from gateway.remittance.books import (
    Books,
    KnownMember,
    PayableAccount,
    wanted_accounts,
    wanted_invoices,
    wanted_member_ids,
)
from gateway.remittance.payer import AccountBook
from gateway.remittance.rules import AdxSign, RemittanceRules, Tolerance


def remittance_rules(partner: Partner) -> RemittanceRules:
    """Return how a partner's remittance is read and what it may pay."""
    agreed = partner.profile.remittance
    return RemittanceRules(
        partner_id=partner.id,
        may_pay=agreed.may_pay,
        adx_sign=AdxSign(agreed.adx_sign),
        tolerance=_tolerance(partner),
    )


def _tolerance(partner: Partner) -> Tolerance:
    """Return the tolerance of a partner's bills (DOMAIN 8.4)."""
    agreed = partner.billing.tolerance
    return Tolerance(
        agreed.amount, agreed.percent, agreed.need_both, agreed.yearly_cap, agreed.over_payment == "income"
    )


def load_books(plant: Plant, unit: UnitOfWork, remittance: Remittance, *, also: frozenset[str] = frozenset()) -> Books:
    """Load everything that a remittance could mean, and nothing else (DOMAIN 5.5), but for the accounts `also`.

    The accounts stay locked until the transaction ends, so that no two payments settle the same invoice.
    """
    members = _members(unit, wanted_member_ids(remittance))
    wanted = wanted_accounts(remittance)
    configured = list(_configured(plant))
    named = {
        found.account_id
        for number in wanted_invoices(remittance)
        for each in (number, *_on_consolidated(unit, number))
        if (found := unit.invoices.find_invoice(each)) is not None
    }
    meant = named | {known.account_id for each in members.values() for known in each}
    meant |= {each.id for each in configured if wanted & {each.id, *each.policies, *each.tax_ids}}
    meant |= also
    accounts = configured + _individual(plant, unit, meant - {each.id for each in configured})
    for account_id in sorted(meant):
        unit.enrollment.lock_account(account_id)
    open_invoices = [invoice for account_id in sorted(meant) for invoice in unit.invoices.open_invoices(account_id)]
    return Books(
        accounts=tuple(accounts),
        open_invoices=tuple(sorted(open_invoices, key=lambda each: (each.due_on, each.id))),
        open_items=tuple(item for account_id in sorted(meant) for item in unit.invoices.open_items(account_id)),
        find_invoice=unit.invoices.find_invoice,
        find_consolidated=lambda number: _on_consolidated(unit, number),
        members=members,
        written_off={
            account_id: unit.ledger.balance(
                LedgerAccount.WRITE_OFF, account_id=account_id, since=_start_of_year(plant.clock.business_date())
            )
            for account_id in sorted(meant)
        },
    )


def _on_consolidated(unit: UnitOfWork, number: str) -> tuple[str, ...]:
    """Return the invoices on a consolidated bill, or nothing where the number is none."""
    bill = unit.bill_runs.consolidated(number)
    return () if bill is None else bill.invoice_ids


def pending_payments(plant: Plant, unit: UnitOfWork, account_id: str) -> Money:
    """Return what is announced for an account and has not arrived: shown on its bill apart from what is due (IA-38)."""
    total = ZERO
    accounts: list[PayableAccount] = []
    for receipt, remittance in unit.ledger.announced():
        if receipt.partner_id not in plant.partners:
            continue
        accounts = accounts or [*_configured(plant), *_individual(plant, unit, {account_id})]
        book = AccountBook(accounts, remittance_rules(plant.partners[receipt.partner_id]))
        if book.payer_of(remittance).account_id == account_id:
            total += receipt.amount
    return total


def _start_of_year(day: date) -> date:
    """Return the first of January: write-offs are capped by calendar year (DOMAIN 8.4)."""
    return day.replace(month=1, day=1)


def _configured(plant: Plant) -> Iterable[PayableAccount]:
    """Yield every account of the configuration, whoever may pay it."""
    for partner in plant.partners.values():
        for account_id, settings in partner.accounts.items():
            yield PayableAccount(
                account_id, partner.id, settings.policies, settings.tax_ids, tolerance=_tolerance(partner)
            )


def _individual(plant: Plant, unit: UnitOfWork, account_ids: set[str]) -> list[PayableAccount]:
    """Return the accounts of single subscribers among `account_ids`."""
    found = (unit.enrollment.account(account_id) for account_id in sorted(account_ids))
    return [
        PayableAccount(each.id, each.partner_id, tolerance=_tolerance(plant.partner(each.partner_id)))
        for each in found
        if each is not None
    ]


def _members(unit: UnitOfWork, ids: set[str]) -> dict[str, tuple[KnownMember, ...]]:
    """Return the memberships that each id of a line leads to."""
    found = unit.enrollment.memberships_by_subscriber(ids)
    return {
        member_id: tuple(KnownMember(each.account_id, each.id, each.policy) for each in memberships)
        for member_id, memberships in found.items()
    }
