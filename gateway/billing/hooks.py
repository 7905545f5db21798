"""The events of a customer class, by the names that a configuration gives: account selection and status update.

Both must be configured before any request can be made (DOMAIN 3.1, OR-32). To replace one, write a function of the same
form and put it into `HOOKS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from gateway.billing.account import AccountRules
from gateway.billing.lifecycle import move
from gateway.billing.selection import AccountSelection, select_accounts
from gateway.domain.charge import InvoiceRequest, RequestLogEntry, RequestStatus
from gateway.domain.identity import content_id


@dataclass(frozen=True, slots=True)
class Turn:
    """What a request is to become: who or what turns it, when and why, and the invoice it made."""

    to: RequestStatus
    at: datetime
    actor: str = "gateway"
    reason: str = ""
    invoice_id: str | None = None


class StatusUpdate(Protocol):
    """The customer class event "invoice request status update"."""

    def __call__(self, request: InvoiceRequest, turn: Turn) -> tuple[InvoiceRequest, RequestLogEntry]:
        """Return the request after its turn, and the line for its log. Raises NotAllowed."""
        ...


def update_status(request: InvoiceRequest, turn: Turn) -> tuple[InvoiceRequest, RequestLogEntry]:
    """Turn a request as C1-INVRSTUP does: along the table of DOMAIN 3.3, one line of the log for each turn.

    The same turn again has the same key, so that a retry that fails for the same reason is written once. Raises
    NotAllowed where the table has no such turn.
    """
    after = move(request, turn.to, reason=turn.reason, invoice_id=turn.invoice_id)
    return after, log_line(after, turn.at, turn.actor, turn.reason or _invoice_text(turn.invoice_id))


def log_line(request: InvoiceRequest, at: datetime, actor: str, note: str) -> RequestLogEntry:
    """Return the log's line for a request in the status that it has now."""
    key = content_id("L", request.id, request.status, request.invoice_id or "", note)
    return RequestLogEntry(key, request.id, at, request.status, actor, note)


def _invoice_text(invoice_id: str | None) -> str:
    """Return what the log says of the invoice that a request made."""
    return f"invoice {invoice_id}" if invoice_id else ""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the events of a customer class may be, by name."""

    account_selection: Mapping[str, AccountSelection]
    status_update: Mapping[str, StatusUpdate]

    def missing(self, account: AccountRules) -> list[str]:
        """Return the events that the account's customer class has no hook for, in plain words; none: it may request."""
        events = {
            "C1-INVACTEL (account selection)": (account.account_selection, self.account_selection),
            "C1-INVRSTUP (status update)": (account.status_update, self.status_update),
        }
        name = account.customer_class or "of the account"
        return [
            f"the customer class {name} has no hook for {event}" + (f": there is no algorithm {hook}" if hook else "")
            for event, (hook, known) in events.items()
            if hook not in known
        ]


HOOKS = Hooks(
    account_selection=MappingProxyType({"C1-INVACTEL": select_accounts}),
    status_update=MappingProxyType({"C1-INVRSTUP": update_status}),
)
"""The hooks that come with the gateway."""
