"""What is open and late on any day of an account's history, and when its present arrears began (DOMAIN 8.7)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.domain.collection import AccountHistory, BilledInvoice, Dispute
from gateway.domain.money import ZERO, Money
from gateway.remittance.rules import Tolerance
from gateway.remittance.tolerance import is_within

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """What is open at the end of one day: on late invoices, on those not due, and what stands against it."""

    late: Mapping[BilledInvoice, Money]
    not_due: Mapping[BilledInvoice, Money]
    credit: Mapping[BilledInvoice, Money]  # what we owe on credit bills, positive
    frozen: Mapping[str, Money]  # disputed and open, by invoice
    unapplied: Money

    @property
    def held(self) -> Money:
        """What we hold for the account: its unapplied money, and what we owe on credit bills."""
        return max(self.unapplied + sum(self.credit.values(), ZERO), ZERO)

    @property
    def past_due(self) -> Money:
        """What is open and late: gross."""
        return sum(self.late.values(), ZERO)

    @property
    def disputed(self) -> Money:
        """What of it is disputed."""
        return sum((self.frozen.get(invoice.id, ZERO) for invoice in self.late), ZERO)

    @property
    def asked_for(self) -> Money:
        """What an account may be asked for: late, undisputed, and more than we hold for it."""
        return max(self.past_due - self.disputed - self.held, ZERO)

    def undisputed(self, invoice: BilledInvoice) -> Money:
        """Return what is late on an invoice and not disputed."""
        return self.late[invoice] - self.frozen.get(invoice.id, ZERO)


class Ledger:
    """An account's history, looked at day by day."""

    def __init__(self, history: AccountHistory, tolerance: Tolerance) -> None:
        """Take the history, in any order, and the tolerance within which a rest is no arrears."""
        self._history = history
        self._tolerance = tolerance
        self._settled: dict[str, dict[date, Money]] = defaultdict(lambda: defaultdict(lambda: ZERO))
        for each in history.settled:
            self._settled[each.invoice_id][each.on] += each.amount

    def on(self, day: date) -> Day:
        """Return what is open at the end of a day."""
        late: dict[BilledInvoice, Money] = {}
        not_due: dict[BilledInvoice, Money] = {}
        credit: dict[BilledInvoice, Money] = {}
        for invoice in self._history.invoices:
            owed = self._open(invoice, day)
            if owed > ZERO:
                (late if invoice.due_on < day else not_due)[invoice] = owed
            elif owed < ZERO:
                credit[invoice] = -owed
        frozen = {
            invoice.id: min(disputed, owed)
            for invoice, owed in (*late.items(), *not_due.items())
            if (disputed := self._disputed(invoice.id, day))
        }
        unapplied = sum((amount for on, amount in self._history.held if on <= day), ZERO)
        return Day(late, not_due, credit, frozen, unapplied)

    def is_in_arrears(self, day: Day) -> bool:
        """Tell whether more is to be asked for than the tolerance lets pass (DOMAIN 3.9)."""
        billed = sum((invoice.total for invoice in day.late), ZERO)
        return day.asked_for > ZERO and not is_within(day.asked_for, billed, self._tolerance)

    def started_on(self, as_of: date) -> date | None:
        """Return the due date from which the arrears of a day count, or None for an account without arrears.

        Arrears last until all is paid: the account is looked at on every day on which anything changed, and the
        last unbroken run of days in arrears counts from the oldest invoice that was late at its beginning. So a
        partial payment moves nothing, and a returned payment gives no second grace.
        """
        began: Day | None = None
        began_on = as_of
        for each in self._changes(as_of):
            day = self.on(each)
            if not self.is_in_arrears(day):
                began = None
            elif began is None:
                began, began_on = day, each
        if began is None:
            return None
        return min(self._due(invoice, began_on) for invoice in began.late if began.undisputed(invoice) > ZERO)

    def _changes(self, as_of: date) -> list[date]:
        """Return the days up to `as_of` at whose end an account may stand differently, in order."""
        history = self._history
        days = {each.on for each in history.settled} | {on for on, _ in history.held}
        days |= {day for invoice in history.invoices for day in (invoice.bill_on, invoice.due_on + _DAY)}
        days |= {dispute.opened_on for dispute in history.disputes}
        days |= {dispute.closed_on + _DAY for dispute in history.disputes if dispute.closed_on is not None}
        return sorted(day for day in days if day <= as_of)

    def _open(self, invoice: BilledInvoice, day: date) -> Money:
        """Return what is open on an invoice, nothing before it was billed."""
        if invoice.bill_on > day:
            return ZERO
        return invoice.total - sum((amount for on, amount in self._settled[invoice.id].items() if on <= day), ZERO)

    def _disputed(self, invoice_id: str, day: date) -> Money:
        """Return how much of an invoice is disputed on a day."""
        disputes = self._disputes(invoice_id)
        return sum((each.amount for each in disputes if each.is_open(day)), ZERO)

    def _due(self, invoice: BilledInvoice, day: date) -> date:
        """Return from when an invoice counts as unpaid: its due date, or the end of a dispute that froze it.

        Whoever disputed in good faith has the whole grace after the answer (IA-45).
        """
        ends = (each.closed_on for each in self._disputes(invoice.id) if each.opened_on <= day)
        return max([invoice.due_on, *(end for end in ends if end is not None and end < day)])

    def _disputes(self, invoice_id: str) -> Iterable[Dispute]:
        """Return the disputes about an invoice."""
        return [each for each in self._history.disputes if each.invoice_id == invoice_id]
