"""What follows from a placed remittance: write-offs inside the tolerance, and cases for a person (DOMAIN 8.4, 5.5)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from gateway.domain.money import ZERO, Money, from_cents
from gateway.domain.remittance import Adjustment, Case, RemittanceLine, WriteOff
from gateway.remittance.association import receipt_id
from gateway.remittance.desk import Desk
from gateway.remittance.tolerance import PARTIAL_ACTION, settle
from gateway.remittance.worksheet import InvoiceOnSheet

# ADX02 values that only describe the payment; every other one says something about cover or account that may be wrong.
_NO_CLAIM = frozenset({"53", "H6"})
_CLAIMS = {
    "20": "declines the balance due",
    "52": "takes a credit for an earlier over-payment",
    "80": "takes back an over-payment",
    "81": "takes a credit as agreed",
    "86": "takes back a duplicate payment",
    "AA": "takes an advance or prepaid benefit into account",
    "AX": "says that the person is no longer employed",
    "BJ": "takes an insurance charge into account",
    "H1": "announces information to follow",
    "IA": "says that the amount does not match its own statement",
    "J3": "misses an adjustment that was promised",
    "RU": "takes interest into account",
    "WO": "recovers an over-payment",
    "WW": "takes a credit for an over-payment",
}


def write_offs_and_cases(desk: Desk) -> tuple[tuple[WriteOff, ...], tuple[Case, ...]]:
    """Return what a placed remittance leaves to be written off or looked at, once per content (`Case.key`)."""
    write_offs: list[WriteOff] = []
    cases = list(_claim_cases(desk))
    explained = _explained(desk)
    for target in desk.sheet.paid_invoices():
        given_up, case = _settle_invoice(desk, target, explained[target.invoice.id], write_offs)
        write_offs += given_up
        cases += [case] if case else []
    return tuple(write_offs), (*cases, *_count_cases(desk))


def _settle_invoice(
    desk: Desk, target: InvoiceOnSheet, explained: Money, before: Iterable[WriteOff]
) -> tuple[list[WriteOff], Case | None]:
    """Return the write-offs of a short invoice, or the case that a short or over-paid one opens."""
    invoice = target.invoice
    paid = invoice.total - from_cents(target.open) + from_cents(target.excess)
    action = PARTIAL_ACTION if PARTIAL_ACTION in target.actions else ""
    outcome = settle(invoice.total, paid, desk.accounts.tolerance(invoice.account_id), action)
    if outcome.write_off and _cap_allows(desk, invoice.account_id, outcome.write_off, before):
        return _give_up(target), None
    short = from_cents(target.open) - explained
    if short > ZERO:
        if outcome.write_off:
            return [], _case(
                desk, "SHORT_PAY", target, short, "short inside the tolerance, but the year's cap is used up"
            )
        return [], _case(desk, "SHORT_PAY", target, short, f"{short:.2f} short, and no adjustment explains it")
    if outcome.excess and outcome.is_exact_enough and desk.accounts.tolerance(invoice.account_id).over_is_income:
        desk.sheet.keep_excess(target)
    elif outcome.excess and not outcome.is_exact_enough:
        text = f"{outcome.excess:.2f} more than was owed; it stays unapplied until it is refunded or billed against"
        return [], _case(desk, "OVER_PAY", target, outcome.excess, text)
    return [], None


def _cap_allows(desk: Desk, account_id: str, amount: Money, before: Iterable[WriteOff]) -> bool:
    """Tell whether a write-off fits under the account's yearly cap, those of this remittance counted in."""
    now = sum((each.amount for each in before if each.account_id == account_id), ZERO)
    used = desk.books.written_off.get(account_id, ZERO) + now
    return used + amount <= desk.accounts.tolerance(account_id).write_offs_per_year


def _give_up(target: InvoiceOnSheet) -> list[WriteOff]:
    """Return write-offs for all that is open on an invoice: item by item, then what no item carries."""
    invoice = target.invoice
    write_offs = [
        WriteOff(
            invoice.id,
            invoice.account_id,
            from_cents(each.open),
            membership_id=each.item.membership_id,
            month=str(each.item.month),
        )
        for each in target.items
        if each.open
    ]
    rest = from_cents(target.open) - sum((each.amount for each in write_offs), ZERO)
    return [*write_offs, WriteOff(invoice.id, invoice.account_id, rest)] if rest else write_offs


def _claims(desk: Desk, adjustments: Iterable[Adjustment]) -> list[tuple[Money, str]]:
    """Return (signed amount, reason) of those adjustments that claim something."""
    return [(desk.sign.factor * each.amount, each.reason) for each in adjustments if each.reason not in _NO_CLAIM]


def _claim_cases(desk: Desk) -> Iterator[Case]:
    """Yield a case for every claim: it changes no cover and no charge until a person or an 834 does (DOMAIN 5.5.6)."""
    groups: list[tuple[RemittanceLine | None, tuple[Adjustment, ...]]] = [(None, desk.remittance.adjustments)]
    groups += [(line, line.adjustments) for line in desk.remittance.lines if line.adjustments]
    for line, adjustments in groups:
        for number, (amount, reason) in enumerate(_claims(desk, adjustments), start=1):
            place = f"line {line.ordinal}" if line else "the adjustments to earlier payments"
            text = f"the payer {_CLAIMS.get(reason, f'gives the reason {reason}')} ({amount:.2f} in {place}); "
            text += "ask for the 834 with 024" if reason == "AX" else "ask for its support"
            yield _line_case(desk, line, f"{line.ordinal if line else 0}/{number}", amount, text)
    for line in desk.remittance.lines:
        if line.paid < ZERO and not desk.remittance.is_exchange:
            text = f"the payer takes back {-line.paid:.2f} in line {line.ordinal}; ask for its support"
            yield _line_case(desk, line, f"{line.ordinal}/back", line.paid, text)


def _explained(desk: Desk) -> dict[str, Money]:
    """Return how much of each invoice's shortness claims account for."""
    explained: dict[str, Money] = defaultdict(lambda: ZERO)
    for line in desk.remittance.lines:
        invoice_id = desk.sheet.targets.get(line.ordinal, "")
        explained[invoice_id] -= sum((min(amount, ZERO) for amount, _ in _claims(desk, line.adjustments)), ZERO)
    return explained


def _count_cases(desk: Desk) -> Iterator[Case]:
    """Yield a case for every invoice whose head counts (SLN, IE) differ from the lives billed."""
    counts: dict[str, int] = defaultdict(int)
    for line in desk.remittance.lines:
        invoice_id = desk.sheet.targets.get(line.ordinal)
        if invoice_id and line.head_count is not None:
            counts[invoice_id] += line.head_count
    for invoice_id, count in counts.items():
        target = desk.sheet.invoice(invoice_id)
        if target and target.invoice.lives not in {None, count}:
            text = f"paid for {count} lives, billed for {target.invoice.lives}"
            yield _case(desk, "COUNT_VARIANCE", target, ZERO, text)


def _case(desk: Desk, kind: str, target: InvoiceOnSheet, amount: Money, text: str) -> Case:
    invoice = target.invoice
    key = f"{kind}/{receipt_id(desk.remittance)}/{invoice.id}"
    return Case(key, kind, invoice.account_id, invoice.id, amount, f"Invoice {invoice.id}: {text}.")


def _line_case(desk: Desk, line: RemittanceLine | None, number: str, amount: Money, text: str) -> Case:
    invoice_id = desk.sheet.targets.get(line.ordinal, "") if line else ""
    target = desk.sheet.invoice(invoice_id) if invoice_id else None
    account_id = target.invoice.account_id if target else desk.payer.account_id
    key = f"PAYER_CLAIM/{receipt_id(desk.remittance)}/{number}"
    return Case(key, "PAYER_CLAIM", account_id, invoice_id, abs(amount), f"{text[0].upper()}{text[1:]}.")
