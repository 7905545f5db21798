"""Where every cent of a remittance goes (DOMAIN 5.5, posting order 8.4).

The rungs, from the most exact to the least: named item, named invoice, invoice of the period, oldest due first;
what no rung takes stays unapplied on the payer's account, or in suspense where the account is not known, with
exactly one reason.
"""

from collections import defaultdict
from dataclasses import replace

from gateway.domain.money import ZERO, Money, to_cents
from gateway.domain.remittance import (
    Placement,
    Remittance,
    RemittanceLine,
    Settlement,
    UnplacedReason,
)
from gateway.remittance.association import meaning
from gateway.remittance.balance import check_balance
from gateway.remittance.books import Books
from gateway.remittance.cases import write_offs_and_cases
from gateway.remittance.desk import Desk
from gateway.remittance.exchange import place_exchange_line
from gateway.remittance.members import place_individual
from gateway.remittance.payer import Payer
from gateway.remittance.rules import RemittanceRules
from gateway.remittance.worksheet import InvoiceOnSheet

_ACCOUNT_QUALIFIERS = frozenset({"11", "1L", "CT"})  # RMR01: account, group or policy, contract
_IN_ADVANCE = "PA"
_ON_ACCOUNT = "PO"
_EARLIER_UNDERPAYMENT = "53"  # ADX02


def place(remittance: Remittance, amount: Money, books: Books, rules: RemittanceRules) -> Settlement:
    """Return where each cent of `amount`, the money of one receipt, goes; the placements sum to it exactly.

    Money without an explanation stays whole with the payer (NO_REMITTANCE). A set that does not balance, or whose
    BPR02 is not the money that arrived, goes whole to suspense (OUT_OF_BALANCE, DOMAIN 5.3).
    """
    if amount == ZERO:
        return Settlement(ZERO)
    balance = check_balance(remittance, rules.adx_sign)
    if not balance.balanced or amount != remittance.amount:
        return _whole_to_suspense(amount, UnplacedReason.OUT_OF_BALANCE)
    desk = Desk.lay_out(remittance, books, rules, balance.sign)
    if not meaning(remittance).explains_money:
        desk.leave_with_payer(amount, None, UnplacedReason.NO_REMITTANCE)
        return Settlement(amount, tuple(desk.sheet.placements))
    if remittance.is_exchange:
        for line in remittance.lines:
            place_exchange_line(desk, line)
    else:
        _place_lines(desk)
    _place_adjustments(desk)
    follows = write_offs_and_cases(desk)  # first: it may keep what was paid too much
    return Settlement(amount, tuple(desk.sheet.placements), *follows)


def _whole_to_suspense(amount: Money, reason: UnplacedReason) -> Settlement:
    return Settlement(amount, (Placement(1, amount, reason=reason, is_suspense=True),))


def _place_lines(desk: Desk) -> None:
    lines = net_reversals(desk.remittance.lines)
    for line in sorted(lines, key=lambda each: _rank(desk, each)):
        if line.is_individual:
            place_individual(desk, line)
        else:
            _place_organisation(desk, line)


def net_reversals(lines: tuple[RemittanceLine, ...]) -> list[RemittanceLine]:
    """Return the lines with those that take back and pay the same thing (reference, member, period) as one line.

    The one line is the first of them, with their sum. Lines without a negative fellow are returned as they are.
    """
    same: dict[tuple[object, ...], list[RemittanceLine]] = defaultdict(list)
    for line in lines:
        key = (line.is_individual, line.qualifier, line.reference, line.action, line.member_ids, line.period)
        same[key].append(line)
    netted = []
    for fellows in same.values():
        if len(fellows) > 1 and any(each.paid < ZERO for each in fellows):
            netted.append(replace(fellows[0], paid=sum((each.paid for each in fellows), ZERO)))
        else:
            netted += fellows
    return netted


def _rank(desk: Desk, line: RemittanceLine) -> int:
    """Return the posting order of DOMAIN 8.4: named item, named invoice, invoice of a period, oldest due first."""
    if line.is_individual:
        return 0
    if line.action == _ON_ACCOUNT:
        return 3
    if desk.named_invoice(line) or desk.consolidated(line):
        return 1
    return 2 if line.period or desk.remittance.period else 3


def _place_organisation(desk: Desk, line: RemittanceLine) -> None:
    """Put a line of loop 2300A on the invoices that it means; leave the rest with a reason."""
    named = desk.named_invoice(line)
    if named is None and line.paid > ZERO and (bills := desk.consolidated(line)):
        _pay_consolidated(desk, line, bills)
        return
    account = Payer(named.invoice.account_id) if named else _account_of(desk, line)
    if account.account_id and not desk.accounts.may_pay(account.account_id):
        account = Payer(reason=UnplacedReason.NO_PARTNER_RIGHT)
    if not account.account_id:
        desk.leave_with_payer(line.paid, line, account.reason)
    elif line.qualifier == "IK" and not named:
        desk.leave_with_payer(line.paid, line, UnplacedReason.NO_INVOICE)
    elif line.paid < ZERO:
        if named:
            desk.sheet.aim(line, named)
        desk.sheet.leave(line.paid, account.account_id, UnplacedReason.NO_INVOICE, line)
    else:
        targets, otherwise = _targets(desk, line, account.account_id, named)
        _pay(desk, line, account.account_id, targets, otherwise)


def _pay_consolidated(desk: Desk, line: RemittanceLine, bills: list[InvoiceOnSheet]) -> None:
    """Pay the bills on a consolidated one that the partner may pay, oldest due first; more than they owe is left over.

    What one account has to its credit never pays another's bill: that is for a person (DOMAIN 8.8).
    """
    payable = [each for each in bills if desk.accounts.may_pay(each.invoice.account_id)]
    if not payable:
        desk.leave_with_payer(line.paid, line, UnplacedReason.NO_PARTNER_RIGHT)
        return
    owing = [each for each in payable if each.open > 0]
    _pay(desk, line, payable[0].invoice.account_id, owing, UnplacedReason.CLOSED_INVOICE)


def _account_of(desk: Desk, line: RemittanceLine) -> Payer:
    """Return the account that an organisation line names by RMR02, else the payer's."""
    if line.qualifier in _ACCOUNT_QUALIFIERS and line.reference:
        return desk.accounts.by_number(line.reference)
    return desk.payer


def _targets(
    desk: Desk, line: RemittanceLine, account_id: str, named: InvoiceOnSheet | None
) -> tuple[list[InvoiceOnSheet], UnplacedReason]:
    """Return the invoices that a line may pay, in order, and why nothing was paid should they owe nothing.

    RMR03 is honoured: PO pays on account, oldest first; PA without a billed period stays prepaid (DOMAIN 5.5.4).
    """
    if line.action == _ON_ACCOUNT:
        return desk.sheet.open_invoices(account_id), UnplacedReason.NO_INVOICE
    if named:
        return [named], UnplacedReason.CLOSED_INVOICE
    if period := line.period or desk.remittance.period:
        return desk.sheet.invoices_of_period(account_id, period), UnplacedReason.NO_PERIOD
    if line.action == _IN_ADVANCE:
        return [], UnplacedReason.NO_PERIOD
    return desk.sheet.open_invoices(account_id), UnplacedReason.NO_INVOICE


def _pay(
    desk: Desk, line: RemittanceLine, account_id: str, targets: list[InvoiceOnSheet], otherwise: UnplacedReason
) -> None:
    rest = line.paid
    for target in targets:
        before, rest = rest, desk.sheet.pay_invoice(target, rest, line)
        if not rest:
            return
        if rest < before:
            last_paid = target
    if rest == line.paid:
        desk.sheet.leave(rest, account_id, otherwise, line)
    else:
        last_paid.excess += to_cents(rest)
        desk.sheet.leave(rest, account_id, UnplacedReason.OVERPAID, line)


def _place_adjustments(desk: Desk) -> None:
    """Place loop 2200: money for an earlier underpayment pays the oldest; all else moves unapplied money.

    A credit that the payer takes is paid from what is unapplied on its account. Where nothing is, the account's
    unapplied balance turns negative, which shows that the credit was never there; the claim's case says so too.
    """
    for adjustment in desk.remittance.adjustments:
        rest = desk.sign.factor * adjustment.amount
        if adjustment.reason == _EARLIER_UNDERPAYMENT and rest > ZERO:
            for target in desk.sheet.open_invoices(desk.payer.account_id):
                rest = desk.sheet.pay_invoice(target, rest, None)
        if rest:
            desk.leave_with_payer(rest, None, UnplacedReason.NO_INVOICE if desk.payer.account_id else desk.payer.reason)
