"""What is open while one remittance is being placed, and the pieces placed so far."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from gateway.domain.charge import OpenInvoice, OpenItem
from gateway.domain.money import ZERO, Money, from_cents, to_cents
from gateway.domain.period import CoverageMonth, Period
from gateway.domain.remittance import Placement, RemittanceLine, UnplacedReason
from gateway.remittance.books import Books
from gateway.remittance.spread import in_order, pro_rata


@dataclass(slots=True)
class ItemOnSheet:
    """One open item and what is left of it, in cents."""

    item: OpenItem
    open: int


@dataclass(slots=True)
class InvoiceOnSheet:
    """One invoice, what is left of it in cents, and what this remittance did to it."""

    invoice: OpenInvoice
    open: int
    items: list[ItemOnSheet] = field(default_factory=list)
    paid: int = 0
    excess: int = 0
    actions: set[str] = field(default_factory=set)  # RMR03 of the lines that paid it


class Worksheet:
    """The working copy of the books for one remittance: paying lowers what is open, `placements` grow.

    The methods that pay return what they could not place; whoever calls them must place the rest, or leave it.
    """

    def __init__(self, books: Books) -> None:
        """Copy what is open; `books` itself is never changed."""
        self._find = books.find_invoice
        self._invoices = {each.id: InvoiceOnSheet(each, to_cents(each.open)) for each in books.open_invoices}
        self._missing: set[str] = set()
        self._by_account: dict[str, list[str]] = defaultdict(list)
        self._by_membership: dict[str, list[ItemOnSheet]] = defaultdict(list)
        self.placements: list[Placement] = []
        self.targets: dict[int, str] = {}  # RemittanceLine.ordinal -> the invoice it was meant for
        for invoice in books.open_invoices:
            self._by_account[invoice.account_id].append(invoice.id)
        for item in books.open_items:
            on_sheet = ItemOnSheet(item, to_cents(item.open))
            self._by_membership[item.membership_id].append(on_sheet)
            if invoice_on_sheet := self.invoice(item.invoice_id):
                invoice_on_sheet.items.append(on_sheet)

    def invoice(self, invoice_id: str) -> InvoiceOnSheet | None:
        """Return an invoice by number, open or settled, or None when there is none."""
        if invoice_id not in self._invoices and invoice_id not in self._missing:
            found = self._find(invoice_id)
            if found is None:
                self._missing.add(invoice_id)
            else:
                self._invoices[invoice_id] = InvoiceOnSheet(found, to_cents(found.open))
        return self._invoices.get(invoice_id)

    def open_invoices(self, account_id: str) -> list[InvoiceOnSheet]:
        """Return the account's invoices that still owe something, oldest due date first."""
        return [each for each in map(self._invoices.__getitem__, self._by_account[account_id]) if each.open > 0]

    def invoices_of_period(self, account_id: str, period: Period) -> list[InvoiceOnSheet]:
        """Return the account's open invoices that bill a month of `period`: those whose newest month it is, first."""
        matching = [
            each
            for each in self.open_invoices(account_id)
            if any(bills(month, period) for month in each.invoice.months)
        ]
        return sorted(matching, key=lambda each: not bills(max(each.invoice.months), period))

    def items_of(self, membership_id: str, *, account_id: str, period: Period | None) -> list[ItemOnSheet]:
        """Return a membership's items of one account, oldest first, those of `period` only where one is given."""
        items = [
            each
            for each in self._by_membership.get(membership_id, ())
            if (period is None or bills(each.item.month, period)) and self._account_of(each) == account_id
        ]
        return sorted(items, key=lambda each: each.item.month)

    def pay_invoice(self, target: InvoiceOnSheet, amount: Money, line: RemittanceLine | None) -> Money:
        """Put `amount` on an invoice, pro rata over its items with fees last, and return what it does not owe."""
        self.aim(line, target)
        payable = min(to_cents(amount), target.open)
        if payable <= 0:
            return amount
        left = payable
        for items in _fees_last(target.items):
            share = min(left, sum(each.open for each in items))
            if share > 0:
                left -= share
                shares = pro_rata(share, [each.open for each in items])
                for item, cents in zip(items, shares, strict=True):
                    self._pay_item(target, item, cents, line)
        if left:
            self._pay(target, left, line)
        return amount - from_cents(payable)

    def pay_items(self, items: Sequence[ItemOnSheet], amount: Money, line: RemittanceLine | None) -> Money:
        """Put `amount` on items, each whole before the next, and return what they do not owe."""
        invoices = {each.item.invoice_id: self._invoices[each.item.invoice_id].open for each in items}
        payable = min(to_cents(amount), sum(each.open for each in items), sum(invoices.values()))
        if payable <= 0:
            return amount
        for item, cents in zip(items, in_order(payable, [each.open for each in items]), strict=True):
            self._pay_item(self._invoices[item.item.invoice_id], item, cents, line)
        return amount - from_cents(payable)

    def aim(self, line: RemittanceLine | None, target: InvoiceOnSheet) -> None:
        """Remember which invoice a line was first meant for, whether it pays anything or not."""
        if line is not None:
            self.targets.setdefault(line.ordinal, target.invoice.id)
            target.actions.add(line.action)

    def leave(self, amount: Money, account_id: str, reason: UnplacedReason, line: RemittanceLine | None = None) -> None:
        """Leave `amount` unapplied on a known account, or in suspense where `account_id` is empty."""
        self.add(amount, line, account_id=account_id, reason=reason)

    def add(
        self,
        amount: Money,
        line: RemittanceLine | None,
        *,
        account_id: str = "",
        invoice_id: str = "",
        membership_id: str = "",
        month: str = "",
        reason: UnplacedReason | None = None,
        is_subsidy: bool = False,
        is_user_fee: bool = False,
    ) -> None:
        """Add a placement; an amount of 0.00 adds nothing. Unplaced money without an account is in suspense."""
        if amount != ZERO:
            self.placements.append(
                Placement(
                    ordinal=len(self.placements) + 1,
                    amount=amount,
                    account_id=account_id,
                    invoice_id=invoice_id,
                    membership_id=membership_id,
                    month=month,
                    reason=reason,
                    line=line.ordinal if line else None,
                    is_suspense=reason is not None and not account_id,
                    is_subsidy=is_subsidy,
                    is_user_fee=is_user_fee,
                )
            )

    def keep_excess(self, target: InvoiceOnSheet) -> None:
        """Turn what was paid too much on an invoice from unapplied money into income; reason and line stay known."""
        left = target.excess
        for number, piece in enumerate(self.placements):
            is_excess = piece.reason is UnplacedReason.OVERPAID and piece.account_id == target.invoice.account_id
            if is_excess and 0 < to_cents(piece.amount) <= left:
                left -= to_cents(piece.amount)
                self.placements[number] = replace(piece, reason=None, is_income=True)

    def paid_invoices(self) -> Iterator[InvoiceOnSheet]:
        """Yield the invoices that this remittance paid something on, in the order of the books."""
        return (each for each in self._invoices.values() if each.paid > 0)

    def _account_of(self, item: ItemOnSheet) -> str:
        on_sheet = self.invoice(item.item.invoice_id)
        return on_sheet.invoice.account_id if on_sheet else ""

    def _pay_item(self, target: InvoiceOnSheet, item: ItemOnSheet, cents: int, line: RemittanceLine | None) -> None:
        item.open -= cents
        self._pay(target, cents, line, item.item)

    def _pay(
        self, target: InvoiceOnSheet, cents: int, line: RemittanceLine | None, item: OpenItem | None = None
    ) -> None:
        target.open -= cents
        target.paid += cents
        self.aim(line, target)
        self.add(
            from_cents(cents),
            line,
            account_id=target.invoice.account_id,
            invoice_id=target.invoice.id,
            membership_id=item.membership_id if item else "",
            month=str(item.month) if item else "",
        )


def bills(month: CoverageMonth, period: Period) -> bool:
    """Tell whether `period` touches `month`; an open period is that of its first month."""
    last = CoverageMonth.of(period.last_day) if period.last_day else CoverageMonth.of(period.starts_on)
    return CoverageMonth.of(period.starts_on) <= month <= last


def _fees_last(items: Iterable[ItemOnSheet]) -> list[list[ItemOnSheet]]:
    """Return the members' items, then those without a member; all in one where a part of them is a credit."""
    unsettled = [each for each in items if each.open]
    members = [each for each in unsettled if each.item.membership_id]
    fees = [each for each in unsettled if not each.item.membership_id]
    if sum(each.open for each in members) < 0 or sum(each.open for each in fees) < 0:
        return [unsettled]
    return [members, fees]
