"""Bill runs, held accounts and consolidated bills: the part of a unit of work that a bill run stands on."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Protocol

from gateway.domain.bill_run import BillRun, ConsolidatedBill, Hold, OrderEnd, RunOrder, RunProof


class BillRuns(Protocol):
    """Frozen orders and how they ended."""

    def freeze(self, run: BillRun, orders: Sequence[RunOrder]) -> None:
        """Write down a run (or take up that of the same day again) and its orders; an order that is there waits anew.

        Without orders nothing is written.
        """
        ...

    def unproved(self, through: date) -> list[BillRun]:
        """Return the runs through a business date that were not proved, oldest first."""
        ...

    def pending(self, run_id: str) -> list[RunOrder]:
        """Return the orders of a run that have not ended, in order."""
        ...

    def has_pending(self, run_id: str) -> bool:
        """Tell whether an order of a run has not ended."""
        ...

    def find(self, key: str) -> RunOrder | None:
        """Return the order of this key of the newest run, ended or not, or None."""
        ...

    def end_order(self, key: str, ending: OrderEnd, *, at: datetime, invoice_id: str = "", reason: str = "") -> None:
        """Write down how an order ended, in every run in which it is pending."""
        ...

    def proof(self, run_id: str) -> RunProof:
        """Count the run's orders by their end, and name those whose end and whose invoice do not agree."""
        ...

    def mark_proved(self, run_id: str, at: datetime) -> None:
        """Write down that the run ended and nothing fell out."""
        ...

    def not_consolidated(self, run_id: str) -> list[tuple[str, str]]:
        """Return account and invoice of each bill of the run that is on no consolidated bill, in order."""
        ...

    def add_consolidated(self, bill: ConsolidatedBill) -> None:
        """Add a consolidated bill with the invoices on it."""
        ...

    def consolidated(self, bill_id: str) -> ConsolidatedBill | None:
        """Return a consolidated bill or None."""
        ...

    def consolidated_over(self, invoice_ids: Iterable[str]) -> list[str]:
        """Return the ids of the consolidated bills on which any of these invoices stands, in order."""
        ...


class Holds(Protocol):
    """Accounts that wait for a person."""

    def add(self, hold: Hold) -> None:
        """Add a hold; one whose id is there adds nothing."""
        ...

    def of_order(self, order_key: str) -> list[Hold]:
        """Return how often an order was held, oldest first."""
        ...

    def open_for(self, account_id: str = "") -> list[Hold]:
        """Return the holds that have not ended, of one account or all, oldest first."""
        ...

    def end(self, hold: Hold) -> None:
        """Write down how, when, by whom and why a hold ended."""
        ...

    def last_released(self, account_id: str) -> Hold | None:
        """Return the hold of an account that a person released last, or None."""
        ...

    def released(self, order_keys: Iterable[str]) -> set[str]:
        """Return the sentences that named persons lifted from these orders."""
        ...
