"""Station 6: price, bill by difference, prove that nothing fell out, issue; one account in one transaction."""

from dataclasses import dataclass
from datetime import date

from gateway.billing.charges import Cause, causes, charges_due
from gateway.billing.difference import bill_by_difference
from gateway.billing.fees import account_fees
from gateway.billing.invoice import BillOrder, issue
from gateway.billing.lifecycle import move
from gateway.billing.proof import prove_nothing_fell_out
from gateway.billing.release import BillDraft, check_release, is_held
from gateway.domain.charge import Charge, Invoice, InvoiceLine, InvoiceRequest, RequestStatus
from gateway.domain.coverage import LogOutcome, MembershipLogEntry
from gateway.domain.exchange import LogEvent
from gateway.domain.finding import Finding
from gateway.domain.identity import content_id
from gateway.domain.journal import LedgerAccount
from gateway.domain.parties import Account
from gateway.errors import NotFound
from gateway.logs import get_logger
from gateway.pipeline.accounts import account_rules, open_window, rate_table
from gateway.pipeline.incidents import open_incident
from gateway.pipeline.place_again import jobs_for
from gateway.pipeline.plant import Plant
from gateway.pipeline.retry import reason_of
from gateway.ports.jobs import Job
from gateway.ports.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Billed:
    """The account got an invoice."""

    invoice: Invoice


@dataclass(frozen=True, slots=True)
class Held:
    """The account waits for a person."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Draft:
    """The lines between what an account owes as known today and what it was billed, and what is remarkable."""

    lines: list[InvoiceLine]
    findings: list[Finding]  # of the release checks: an error holds the account
    unpriced: list[str]  # cover without a price: a work item of its own, it never stops the bill of the others


def invoice(plant: Plant, subject: str) -> None:
    """Bill one account: `subject` is `ACCOUNT@DATE@ORDER`, as the bill run enqueued it."""
    account_id, day, order_key = subject.split("@", 2)
    order = _order(plant, account_id, date.fromisoformat(day), order_key)
    if order is not None:
        bill_account(plant, account_id, order)


def _order(plant: Plant, account_id: str, on: date, key: str) -> BillOrder | None:
    """Return the order of a key: the request that is still to be processed, or the account's open window."""
    with plant.open_unit() as unit:
        request = unit.requests.find(key)
        if request is not None:
            return None if request.status.is_final else BillOrder.of_request(request)
        account = _account(unit, account_id)
    window = open_window(account_rules(plant, account), on)
    return BillOrder.of_window(account_id, window, on) if window else None


def bill_account(plant: Plant, account_id: str, order: BillOrder) -> Billed | Held | None:
    """Issue the invoice of an order; None when it was made before or there is nothing to bill.

    Everything commits together: invoice, lines, journal entry, the request's end, its log entries, and the feed job.
    The account is locked, so that two orders never bill the same difference.
    """
    with plant.open_unit() as unit:
        unit.enrollment.lock_account(account_id)
        request = unit.requests.find(order.key)
        if unit.invoices.find_by_request(order.key) or (request and request.status.is_final):
            return None
        account = _account(unit, account_id)
        draft = _draft(plant, unit, account, order)
        stopped = is_held(draft.findings)
        if not stopped:
            issued = _end(plant, unit, account, order, draft)
            unit.commit()
    if stopped:
        reason = "; ".join(finding.message for finding in draft.findings if finding.is_error)
        return hold(plant, account_id, order.key, reason)
    if issued is None:
        return None
    get_logger(account=account_id, invoice=issued.id).info("invoice issued", lines=issued.lines_count)
    return Billed(issued)


def _end(plant: Plant, unit: UnitOfWork, account: Account, order: BillOrder, draft: _Draft) -> Invoice | None:
    """Issue the invoice of a draft and enqueue its feeds, or None for one without a line; the order's request ends."""
    request = unit.requests.find(order.key)
    _tell_unpriced(plant, unit, account, draft.unpriced)
    if not draft.lines:
        _end_request(plant, unit, request, "nothing to bill: what is due was billed before", None)
        return None
    issued = _issue(plant, unit, account, order, draft)
    _end_request(plant, unit, request, "", issued.id)
    unit.defer(Job("feed", issued.id, lock=f"account/{account.id}"))
    return issued


def _account(unit: UnitOfWork, account_id: str) -> Account:
    """Return an account that exists; raises NotFound."""
    account = unit.enrollment.account(account_id)
    if account is None:
        raise NotFound(f"there is no account {account_id}: no member was ever enrolled in it")
    return account


def _draft(plant: Plant, unit: UnitOfWork, account: Account, order: BillOrder) -> _Draft:
    """Compare what is due with what was billed, through the order's cutoff.

    A bill never holds a charge that starts after its cutoff (DOMAIN 12), and what a later cutoff billed stays out of
    the comparison, so that an order with an early cutoff never takes it back.
    """
    rules, rates = account_rules(plant, account), rate_table(plant, unit, account)
    billed = [each for each in unit.invoices.billed(account.id) if each.month <= order.current]
    due: list[Charge] = []
    found: list[Finding] = []
    why: dict[tuple[str, str], Cause] = {}
    for family in unit.enrollment.families_of_account(account.id):
        charges, findings = charges_due(family, rules, rates, order.cutoff_on)
        due += charges
        found += findings
        why |= causes(family, rules.catalogue)
    due += account_fees(due, rules, rates)
    lines = bill_by_difference(due, billed, current=order.current, causes=why)
    prove_nothing_fell_out(due, billed, lines)
    checks = check_release(BillDraft(rules, rates, order.current, due, billed, lines))
    return _Draft(lines, checks, [finding.message for finding in found if finding.is_error])


def _tell_unpriced(plant: Plant, unit: UnitOfWork, account: Account, messages: list[str]) -> None:
    """Open an incident for each cover that has no price, so that nothing goes unbilled in silence."""
    for message in messages:
        key = content_id("N", "unpriced", account.id, message)
        open_incident(plant, unit, "cover_without_price", account.partner_id, message, key=key)


def _issue(plant: Plant, unit: UnitOfWork, account: Account, order: BillOrder, draft: _Draft) -> Invoice:
    """Number, write and post the invoice."""
    rules = account_rules(plant, account)
    balance = unit.ledger.balance(LedgerAccount.RECEIVABLE, account_id=account.id)
    settled = unit.ledger.settled_since_last_invoice(account.id)
    issued, entry = issue(
        rules,
        order,
        draft.lines,
        unit.invoices.next_number(f"invoice/{rules.series}"),
        issued_at=plant.clock.now(),
        previous_balance=balance + settled,
        payments=settled,
    )
    unit.invoices.add(issued, draft.lines)
    unit.ledger.append([entry])
    for job in jobs_for(unit.money.prepaid(account.id), issued.id):
        unit.defer(job)
    for set_id in sorted({line.set_id for line in draft.lines if line.set_id}):
        file_id = unit.exchanges.get_set(set_id).file_id
        key = content_id("E", "invoiced", issued.id, file_id)
        text = (
            f"Invoice {issued.id} of account {account.id} was issued for {issued.total}, with lines this file caused."
        )
        unit.record(LogEvent(key, plant.clock.now(), "invoice", file_id, issued.id, text))
    return issued


def _end_request(
    plant: Plant, unit: UnitOfWork, request: InvoiceRequest | None, reason: str, invoice_id: str | None
) -> None:
    """Move a request to Processed, with one log entry for every event that made or joined it (DOMAIN 3.7)."""
    if request is None:
        return
    unit.requests.update(move(request, RequestStatus.PROCESSED, reason=reason, invoice_id=invoice_id))
    unit.enrollment.add_log(
        [
            MembershipLogEntry(
                key=f"{entry.key}/processed",
                membership_id=entry.membership_id,
                at=plant.clock.now(),
                event=entry.event,
                outcome=LogOutcome.PROCESSED,
                source=entry.source,
                set_id=entry.set_id,
                request_id=request.id,
                note=f"invoice {invoice_id}" if invoice_id else reason,
            )
            for entry in unit.requests.log_of(request.id)
        ]
    )


def hold(plant: Plant, account_id: str, order_key: str, reason: str) -> Held:
    """Hold one account: its request goes to Error with the reason and is tried again by the next run (DOMAIN 3.3)."""
    with plant.open_unit() as unit:
        request = unit.requests.find(order_key)
        if request is not None and not request.status.is_final:
            unit.requests.update(move(request, RequestStatus.ERROR, reason=reason))
        partner_id = request.partner_id if request else _account(unit, account_id).partner_id
        message = f"Account {account_id} is held: {reason}"
        open_incident(plant, unit, "account_held", partner_id, message, key=content_id("N", "held", order_key))
        unit.commit()
    return Held(reason)


def give_up_invoice(plant: Plant, job: Job, error: Exception) -> None:
    """Hold the account of a bill that could not be made."""
    account_id, _, order_key = job.subject.split("@", 2)
    hold(plant, account_id, order_key, reason_of(error))
