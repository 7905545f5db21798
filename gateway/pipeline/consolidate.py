"""One bill over the bills of several accounts of a partner, with a sub-total for each (DOMAIN 5.1 REF*2F, 10)."""

from gateway.billing.invoice import consolidated_id
from gateway.domain.bill_run import ConsolidatedBill
from gateway.domain.money import ZERO
from gateway.errors import NotFound
from gateway.logs import get_logger
from gateway.pipeline.accounts import settings_of
from gateway.pipeline.plant import Plant
from gateway.ports.jobs import Job
from gateway.ports.unit_of_work import UnitOfWork


def consolidate(plant: Plant, unit: UnitOfWork, run_id: str) -> list[ConsolidatedBill]:
    """Make the consolidated bills of a run: one for each partner and word that accounts share; none twice.

    A held account is not waited for: its bill goes on the consolidated bill of the run that makes it.
    """
    shared: dict[tuple[str, str], list[str]] = {}
    for account_id, invoice_id in unit.bill_runs.not_consolidated(run_id):
        account = unit.enrollment.account(account_id)
        if account is not None and (code := _code(plant, account.partner_id, account_id)):
            shared.setdefault((account.partner_id, code), []).append(invoice_id)
    made = []
    for (partner_id, code), invoice_ids in sorted(shared.items()):
        bills = [unit.invoices.get(invoice_id) for invoice_id in sorted(invoice_ids)]
        number = unit.invoices.next_number(f"consolidated/{code}")
        bill = ConsolidatedBill(
            id=consolidated_id(code, number),
            partner_id=partner_id,
            code=code,
            run_id=run_id,
            issued_at=plant.clock.now(),
            bill_on=max(each.bill_on for each in bills),
            total=sum((each.total for each in bills), ZERO),
            invoice_ids=tuple(each.id for each in bills),
        )
        unit.bill_runs.add_consolidated(bill)
        unit.defer(Job("feed", bill.id, lock=f"consolidated/{partner_id}/{code}"))
        get_logger(partner=partner_id, invoice=bill.id).info("consolidated", bills=len(bills))
        made.append(bill)
    return made


def _code(plant: Plant, partner_id: str, account_id: str) -> str:
    """Return the word that an account shares with others of its partner, or ''."""
    partner = plant.partners.get(partner_id)
    if partner is None:
        return ""
    try:
        return settings_of(partner, account_id).consolidated
    except NotFound:
        return ""
