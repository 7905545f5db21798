"""Issuing a bill: number, total, journal entry (DOMAIN 10, DESIGN decisions 5 and 6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from gateway.billing.account import AccountRules
from gateway.billing.dates import Window
from gateway.domain.bill_run import RunOrder
from gateway.domain.charge import Invoice, InvoiceLine, InvoiceRequest
from gateway.domain.journal import EntryKind, JournalEntry, LedgerAccount, Posting
from gateway.domain.money import ZERO, Money
from gateway.domain.period import CoverageMonth
from gateway.errors import ConfigurationError, InvariantBroken

_ID_MAX = 22  # an 820 brings the number back in RMR02 or REF02 (DOMAIN 10)
_DIGITS = 9
_CYCLE = "cycle/"
_CONSOLIDATED = "CON"


@dataclass(frozen=True, slots=True)
class BillOrder:
    """Why a bill is made, and its dates: an invoice request, or a window of the bill cycle.

    `key` is the request id or `cycle/ACCOUNT/START`: one order makes one bill, in however many runs. `source` is the
    set and loop that caused it, where one did.
    """

    key: str
    bill_on: date
    cutoff_on: date
    accounting_on: date
    source: str = ""

    @classmethod
    def of_request(cls, request: InvoiceRequest) -> "BillOrder":
        """Return the order that an invoice request gives."""
        return cls(request.id, request.bill_on, request.cutoff_on, request.accounting_on, request.source)

    @classmethod
    def of_window(cls, account_id: str, window: Window, bill_on: date) -> "BillOrder":
        """Return the order of a bill cycle's window, billed on `bill_on` (from its start through its end)."""
        key = f"{_CYCLE}{account_id}/{window.start.isoformat()}"
        return cls(key, bill_on, window.cutoff, window.accounting)

    @classmethod
    def of_frozen(cls, order: RunOrder) -> "BillOrder":
        """Return the order that was written down when a bill run began."""
        return cls(order.key, order.bill_on, order.cutoff_on, order.accounting_on, order.source)

    @property
    def is_of_cycle(self) -> bool:
        """Whether a window of the bill cycle gives it, and no request."""
        return self.key.startswith(_CYCLE)

    @property
    def current(self) -> CoverageMonth:
        """The month that the bill is for: earlier ones are retroactive."""
        return CoverageMonth.of(self.cutoff_on)


def invoice_id(series: str, number: int) -> str:
    """Return the id of the `number`th invoice of a series: `INV`, the series' letters, nine digits.

    Letters and digits only, at most 22 characters; no two series share an id, as a series has letters only. Raises
    ConfigurationError for a series that does not fit.
    """
    return _bill_id("INV", series, number)


def consolidated_id(code: str, number: int) -> str:
    """Return the id of the `number`th consolidated bill of a code: `CON`, the code's letters, nine digits."""
    return _bill_id(_CONSOLIDATED, code, number)


def is_consolidated(bill_id: str) -> bool:
    """Tell a consolidated bill's id from an invoice's."""
    return bill_id.startswith(_CONSOLIDATED)


def _bill_id(kind: str, series: str, number: int) -> str:
    """Return kind, letters and number; raises ConfigurationError for letters that do not fit."""
    if series and not (series.isascii() and series.isalpha()):
        raise ConfigurationError(f"invoice series {series!r} must be letters only", hint="name it, for example, NORTH")
    text = f"{kind}{series.upper()}{number:0{_DIGITS}d}"
    if len(text) > _ID_MAX:
        raise ConfigurationError(f"invoice id {text} is longer than {_ID_MAX} characters", hint="shorten the series")
    return text


def issue(
    account: AccountRules,
    order: BillOrder,
    lines: Sequence[InvoiceLine],
    number: int,
    *,
    issued_at: datetime,
    previous_balance: Money = ZERO,
    payments: Money = ZERO,
    pending: Money = ZERO,
) -> tuple[Invoice, JournalEntry]:
    """Return the bill made of `lines`, with its journal entry: receivable by membership and month against premium.

    `number` is the next of the account's series. `previous_balance` is what stood open before the payments since the
    last bill, `payments` those payments (positive), `pending` what is announced and not there. A negative total is a
    credit bill. The entry's key is made of the order, so that issuing twice posts once. Raises InvariantBroken when
    there is nothing to bill.
    """
    if not lines:
        raise InvariantBroken(f"account {account.id}: a bill without a line was about to be issued for {order.key}")
    total = sum((line.amount for line in lines), ZERO)
    invoice = Invoice(
        id=invoice_id(account.series, number),
        account_id=account.id,
        partner_id=account.partner_id,
        request_id=order.key,
        issued_at=issued_at,
        bill_on=order.bill_on,
        due_on=order.bill_on + timedelta(days=account.due_days),
        cutoff_on=order.cutoff_on,
        accounting_on=order.accounting_on,
        total=total,
        lines_count=len(lines),
        previous_balance=previous_balance,
        payments=payments,
        pending=pending,
    )
    entry = JournalEntry(
        key=f"invoice/{order.key}",
        book=account.id,
        kind=EntryKind.INVOICE,
        on=order.accounting_on,
        postings=tuple(_postings(invoice, lines)),
        source=order.source or order.key,
        note=f"Invoice {invoice.id} with {len(lines)} lines",
    )
    return invoice, entry


def _postings(invoice: Invoice, lines: Iterable[InvoiceLine]) -> list[Posting]:
    """Return one receivable per membership and month that is not zero, and the premium that balances them."""
    shares: dict[tuple[str, CoverageMonth], Money] = {}
    for line in lines:
        share = (line.membership_id, line.month)
        shares[share] = shares.get(share, ZERO) + line.amount
    postings = [
        Posting(LedgerAccount.RECEIVABLE, amount, invoice.account_id, invoice.id, membership_id, str(month))
        for (membership_id, month), amount in shares.items()
        if amount != ZERO
    ]
    if invoice.total != ZERO:
        postings.append(Posting(LedgerAccount.PREMIUM, -invoice.total, invoice.account_id, invoice.id))
    return postings
