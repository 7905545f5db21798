"""The list bill of a remittance beside what the remittance says, member by member (FEATURES HF-06)."""

from gateway.domain.period import CoverageMonth
from gateway.domain.remittance import Remittance
from gateway.errors import NotAllowed
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork
from gateway.remittance.variances import Comparison, MemberMonth, compare


def variances_of(plant: Plant, receipt_id: str, invoice_id: str) -> Comparison:
    """Return how the remittance of a payment disagrees with an invoice. Raises NotFound, NotAllowed without lines."""
    with plant.open_unit() as unit:
        invoice = unit.invoices.get(invoice_id)
        receipt = unit.ledger.receipt(receipt_id)
        said = unit.ledger.remittance(receipt.remittance_set_id) if receipt and receipt.remittance_set_id else None
        if said is None or not any(line.is_individual for line in said.lines):
            hint = "compare the payment with what is open: `gateway show invoice`"
            raise NotAllowed(f"no remittance lists members for payment {receipt_id!r}", hint=hint)
        lines = list(unit.invoices.lines(invoice_id))
        names = unit.money.subscribers({line.membership_id for line in lines if line.membership_id})
        billed = [
            MemberMonth(names[each.membership_id], each.month, each.amount) for each in lines if each.membership_id
        ]
        newest = max((each.month for each in billed), default=CoverageMonth.of(invoice.bill_on))
        return compare(billed, _remitted(unit, said, set(names.values()), newest))


def _remitted(unit: UnitOfWork, said: Remittance, known: set[str], newest: CoverageMonth) -> list[MemberMonth]:
    """Return the remittance's individual lines, by the first of their ids that is billed or that we know at all."""
    ids = {each for line in said.lines if line.is_individual for each in line.member_ids}
    enrolled = set(unit.enrollment.memberships_by_subscriber(ids))
    found = []
    for line in said.lines:
        if line.is_individual and line.member_ids:
            name = next((each for each in line.member_ids if each in known | enrolled), line.member_ids[-1])
            period = line.period or said.period
            month = CoverageMonth.of(period.starts_on) if period else newest
            found.append(MemberMonth(name, month, line.paid))
    return found
