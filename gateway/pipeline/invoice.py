"""Station 6: price, bill by difference, prove that nothing fell out, issue; one account in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway.billing.account import AccountRules
from gateway.billing.charges import charges_due
from gateway.billing.fees import AccountFees
from gateway.billing.hooks import Turn
from gateway.billing.invoice import BillOrder, issue
from gateway.billing.release import is_held
from gateway.billing.sheet import BillSheet, by_membership
from gateway.domain.bill_run import OrderEnd, RunOrder
from gateway.domain.charge import BilledAmount, Invoice, InvoiceLine, InvoiceRequest, RequestStatus, TrialBill
from gateway.domain.exchange import LogEvent
from gateway.domain.finding import Finding
from gateway.domain.identity import content_id
from gateway.domain.journal import LedgerAccount
from gateway.domain.parties import Account
from gateway.errors import NotFound
from gateway.logs import get_logger
from gateway.pipeline.accounts import account_rules, open_window, rate_table
from gateway.pipeline.books import pending_payments
from gateway.pipeline.holds import HeldOrder, end_holds, open_hold
from gateway.pipeline.incidents import keep_incidents
from gateway.pipeline.place_again import jobs_for
from gateway.pipeline.plant import Plant
from gateway.pipeline.request_status import turn_request
from gateway.pipeline.trial import keep_trial
from gateway.ports.jobs import Job
from gateway.ports.unit_of_work import UnitOfWork

_REASONS_TOLD = 5


@dataclass(frozen=True, slots=True)
class Billed:
    """The account got an invoice."""

    invoice: Invoice


@dataclass(frozen=True, slots=True)
class Held:
    """The account waits for a person."""

    reason: str


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial bill was made: an image, nothing more."""

    bill: TrialBill


@dataclass(frozen=True, slots=True)
class _Due:
    """An account with the order that is to be billed, and the request that gave it, where one did."""

    account: Account
    order: BillOrder
    request: InvoiceRequest | None


@dataclass(frozen=True, slots=True)
class _Draft:
    """The lines between what an account owes as known today and what it was billed, and what is remarkable."""

    rules: AccountRules
    lines: list[InvoiceLine]
    findings: list[Finding]  # of the release checks: an error holds the account
    unpriced: list[str]  # cover without a price: a work item of its own, it never stops the bill of the others


def order_of_job(plant: Plant, subject: str) -> tuple[str, BillOrder | None, RunOrder | None]:
    """Return account, order and frozen order of an `invoice` job's subject, `ACCOUNT@DATE@ORDER`.

    The order is None when it has ended. One that no run froze is the request that is still to be processed, or the
    account's open window.
    """
    account_id, day, key = subject.split("@", 2)
    with plant.open_unit() as unit:
        frozen = unit.bill_runs.find(key)
        if frozen is not None:
            return account_id, None if frozen.ending else BillOrder.of_frozen(frozen), frozen
        request = unit.requests.find(key)
        if request is not None:
            return account_id, None if request.status.is_final else BillOrder.of_request(request), None
        account = _account(unit, account_id)
    on = date.fromisoformat(day)
    window = open_window(account_rules(plant, account), on)
    return account_id, BillOrder.of_window(account_id, window, on) if window else None, None


def bill_account(
    plant: Plant, account_id: str, order: BillOrder, *, frozen: RunOrder | None = None
) -> Billed | Tried | Held | None:
    """Issue the invoice of an order; None when it was made before or there is nothing to bill.

    A trial request gets its image instead, whatever would hold the bill.

    Everything commits together: invoice, lines, journal entry, the request's end, its log entries, the end of the
    order in its run, and the feed job. The account is locked, so that two orders never bill the same difference. An
    order that a run froze is billed as known then.
    """
    with plant.open_unit() as unit:
        unit.enrollment.lock_account(account_id)
        request = None if order.is_of_cycle else unit.requests.find(order.key)
        before = unit.invoices.find_by_request(order.key)
        if before or (request and request.status.is_final):
            _end_order_done_before(plant, unit, order, request, before)
            unit.commit()
            return None
        account = _account(unit, account_id)
        order, known_at = _as_known(unit, order, request, frozen)
        draft = _draft(plant, unit, account, order, known_at)
        if request is not None and request.is_trial:
            remarks = [finding.message for finding in draft.findings] + draft.unpriced
            tried = keep_trial(plant, unit, request, draft.rules, lines=draft.lines, remarks=remarks)
            unit.bill_runs.end_order(order.key, OrderEnd.TRIED, at=plant.clock.now())
            unit.commit()
            return Tried(tried)
        waived = unit.holds.released([order.key]) if is_held(draft.findings) else set()
        stopping = [each for each in draft.findings if each.is_error and each.message not in waived]
        if not stopping:
            issued = _end(plant, unit, _Due(account, order, request), draft)
            unit.commit()
    if stopping:
        return hold(plant, account_id, order.key, _told(stopping), order=order, findings=stopping)
    if issued is None:
        return None
    get_logger(account=account_id, invoice=issued.id).info("invoice issued", lines=issued.lines_count)
    return Billed(issued)


def _told(findings: list[Finding]) -> str:
    """Return why an account waits, in a few sentences."""
    more = [f"and {len(findings) - _REASONS_TOLD} more"] if len(findings) > _REASONS_TOLD else []
    return "; ".join([*(finding.message for finding in findings[:_REASONS_TOLD]), *more])


def _as_known(
    unit: UnitOfWork, order: BillOrder, request: InvoiceRequest | None, frozen: RunOrder | None
) -> tuple[BillOrder, datetime | None]:
    """Return the order and the instant whose knowledge it is billed by; None: all that is known now.

    An event that joined the request after the run froze it was promised this very bill (DOMAIN 3.7, JOINED_OPEN): the
    request is taken as it is now, with all that is known.
    """
    if frozen is None:
        return order, None
    if request and any(entry.at > frozen.frozen_at for entry in unit.requests.log_of(request.id)):
        return BillOrder.of_request(request), None
    return order, frozen.frozen_at


def _end_order_done_before(
    plant: Plant, unit: UnitOfWork, order: BillOrder, request: InvoiceRequest | None, before: Invoice | None
) -> None:
    """End an order in its run that was billed, or called off, by somebody else since it was frozen."""
    invoice_id = before.id if before else (request.invoice_id if request else None) or ""
    ending = OrderEnd.INVOICED if before else OrderEnd.NOTHING_DUE
    reason = f"the request is {request.status}" if request and not before else ""
    unit.bill_runs.end_order(
        order.key, ending, at=plant.clock.now(), invoice_id=invoice_id if before else "", reason=reason
    )


def _end(plant: Plant, unit: UnitOfWork, due: _Due, draft: _Draft) -> Invoice | None:
    """Issue the invoice of a draft and enqueue its feeds, or None for one without a line; the order's request ends."""
    account, order, request = due.account, due.order, due.request
    now = plant.clock.now()
    _tell_unpriced(plant, unit, due, draft.unpriced)
    end_holds(plant, unit, account.id, order.cutoff_on)
    if not draft.lines:
        reason = "nothing to bill: what is due was billed before"
        _end_request(plant, unit, request, reason, None)
        unit.bill_runs.end_order(order.key, OrderEnd.NOTHING_DUE, at=now)
        return None
    issued = _issue(plant, unit, account, order, draft)
    _end_request(plant, unit, request, "", issued.id)
    unit.bill_runs.end_order(order.key, OrderEnd.INVOICED, at=now, invoice_id=issued.id)
    unit.defer(Job("feed", issued.id, lock=f"account/{account.id}"))
    return issued


def _account(unit: UnitOfWork, account_id: str) -> Account:
    """Return an account that exists; raises NotFound."""
    account = unit.enrollment.account(account_id)
    if account is None:
        raise NotFound(f"there is no account {account_id}: no member was ever enrolled in it")
    return account


def _draft(
    plant: Plant, unit: UnitOfWork, account: Account, order: BillOrder, known_at: datetime | None = None
) -> _Draft:
    """Compare what is due with what was billed, through the order's cutoff, one membership after the other.

    A bill never holds a charge that starts after its cutoff (DOMAIN 12), and what a later cutoff billed stays out of
    the comparison, so that an order with an early cutoff never takes it back. `known_at`: with what was known then.
    """
    rules, rates = account_rules(plant, account), rate_table(plant, unit, account)
    sheet, fees = BillSheet(rules, rates, order.current), AccountFees(rules, rates)
    families = unit.enrollment.families_of_account(account.id, known_at=known_at)
    billed = unit.invoices.billed(account.id, through=order.current)
    fees_billed: list[BilledAmount] = []  # of the account itself: they name it in the place of a membership
    unpriced: list[str] = []
    for family, amounts in by_membership(families, billed):
        if family is not None:
            due, found = charges_due(family, rules, rates, order.cutoff_on)
            fees.add(due)
            sheet.take(due, amounts, family)
            unpriced += [finding.message for finding in found if finding.is_error]
        elif amounts[0].membership_id == account.id:
            fees_billed = amounts
        else:
            sheet.take([], amounts)
    sheet.take(fees.charges(), fees_billed)
    return _Draft(rules, sheet.lines, sheet.findings(), unpriced)


def _tell_unpriced(plant: Plant, unit: UnitOfWork, due: _Due, messages: list[str]) -> None:
    """Let each cover without a price have its incident, so that nothing goes unbilled in silence; priced, it closes."""
    found = {content_id("N", "unpriced", due.order.key, message): message for message in messages}
    keep_incidents(plant, unit, "cover_without_price", due.account, found)


def _issue(plant: Plant, unit: UnitOfWork, account: Account, order: BillOrder, draft: _Draft) -> Invoice:
    """Number, write and post the invoice."""
    balance = unit.ledger.balance(LedgerAccount.RECEIVABLE, account_id=account.id)
    settled = unit.ledger.settled_since_last_invoice(account.id)
    pending = pending_payments(plant, unit, account.id)
    issued, entry = issue(
        draft.rules,
        order,
        draft.lines,
        # Last of all that is asked: bills of one series wait for each other from here until they are committed.
        unit.invoices.next_number(f"invoice/{draft.rules.series}"),
        issued_at=plant.clock.now(),
        previous_balance=balance + settled,
        payments=settled,
        pending=pending,
    )
    unit.invoices.add(issued, draft.lines)
    unit.ledger.append([entry])
    for job in jobs_for(unit.money.prepaid(account.id), issued.id):
        unit.defer(job)
    for file_id in sorted(unit.exchanges.files_of({line.set_id for line in draft.lines if line.set_id})):
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
    if request is not None:
        turn = Turn(RequestStatus.PROCESSED, plant.clock.now(), reason=reason, invoice_id=invoice_id)
        turn_request(plant, unit, request, turn)


def billable_charges(plant: Plant, unit: UnitOfWork, account: Account, order: BillOrder) -> int:
    """Return how many charges an order would bill now: what a defer count is compared with (DOMAIN 3.3, OR-19)."""
    return len(_draft(plant, unit, account, order).lines)


def hold(
    plant: Plant,
    account_id: str,
    order_key: str,
    reason: str,
    *,
    order: BillOrder | None = None,
    findings: Sequence[Finding] = (),
) -> Held:
    """Hold one account until a later run can bill it, or a named person releases it.

    Its request goes to Error with the reason and is tried again by the next run (DOMAIN 3.3). Held again for the same
    reason, nothing is written twice.
    """
    with plant.open_unit() as unit:
        unit.enrollment.lock_account(account_id)
        request = unit.requests.find(order_key)
        if request is not None and not request.status.is_final:
            turn_request(plant, unit, request, Turn(RequestStatus.ERROR, plant.clock.now(), reason=reason))
        partner_id = request.partner_id if request else _account(unit, account_id).partner_id
        today = plant.clock.business_date()
        due = order or (BillOrder.of_request(request) if request else BillOrder(order_key, today, today, today))
        open_hold(plant, unit, HeldOrder(account_id, partner_id, due), reason, findings)
        unit.bill_runs.end_order(order_key, OrderEnd.HELD, at=plant.clock.now(), reason=reason)
        unit.commit()
    return Held(reason)
