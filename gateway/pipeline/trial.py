"""Trial bills: images of bills that post nothing, change no balance and consume no charge (DOMAIN 3.3, OR-02)."""

from collections.abc import Sequence
from datetime import timedelta

from gateway.billing.account import AccountRules
from gateway.billing.hooks import Turn
from gateway.billing.invoice import BillOrder
from gateway.domain.charge import InvoiceLine, InvoiceRequest, RequestStatus, TrialBill
from gateway.domain.journal import LedgerAccount
from gateway.domain.money import ZERO
from gateway.pipeline.plant import Plant
from gateway.pipeline.request_status import turn_request
from gateway.ports.unit_of_work import UnitOfWork


def keep_trial(
    plant: Plant,
    unit: UnitOfWork,
    request: InvoiceRequest,
    rules: AccountRules,
    *,
    lines: Sequence[InvoiceLine],
    remarks: Sequence[str],
) -> TrialBill:
    """Keep what the bill of a trial request would be, and end the request; no number, no journal entry, no feed.

    `remarks` are what would hold the real bill, and what has no price: a trial is not held, it shows them.
    """
    order = BillOrder.of_request(request)
    balance = unit.ledger.balance(LedgerAccount.RECEIVABLE, account_id=rules.id)
    settled = unit.ledger.settled_since_last_invoice(rules.id)
    bill = TrialBill(
        request_id=request.id,
        account_id=rules.id,
        made_at=plant.clock.now(),
        bill_on=order.bill_on,
        due_on=order.bill_on + timedelta(days=rules.due_days),
        cutoff_on=order.cutoff_on,
        accounting_on=order.accounting_on,
        total=sum((line.amount for line in lines), ZERO),
        lines_count=len(lines),
        previous_balance=balance + settled,
        payments=settled,
        remarks=tuple(remarks),
    )
    unit.requests.keep_trial(bill, lines)
    reason = f"trial bill of {bill.total} with {bill.lines_count} lines: nothing was posted"
    turn_request(plant, unit, request, Turn(RequestStatus.PROCESSED, plant.clock.now(), reason=reason))
    return bill
