"""The invoice requests that the events of a set make, join or do not make, with their log lines (DOMAIN 3.4, 3.7)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from gateway.billing.eligibility import on_membership
from gateway.billing.hooks import log_line
from gateway.billing.requests import Circumstances, RequestDecision, decide_request, log_decision, may_raise
from gateway.domain.charge import InvoiceRequest, RequestLogEntry
from gateway.domain.coverage import (
    Family,
    LogOutcome,
    MaintenanceRequest,
    MembershipChange,
    MembershipEvent,
    MembershipLogEntry,
    MembershipStatus,
)
from gateway.domain.exchange import SetRecord
from gateway.domain.parties import Account
from gateway.domain.request_audit import Characteristic
from gateway.pipeline.places import Places
from gateway.ports.unit_of_work import UnitOfWork

_Alike: TypeAlias = tuple[str, MembershipEvent, MembershipStatus | None, str, bool, tuple[tuple[str, str], ...]]
"""What a decision depends on: account, event, what the membership was, why it had ended, who pays, its own values."""


class EventRequests:
    """Decides the events of one set: what is known of accounts and open requests, and what waits for a bulk write."""

    def __init__(self, unit: UnitOfWork, record: SetRecord, places: Places) -> None:
        self._unit = unit
        self._record = record
        self._places = places
        self._known_at = places.known_at
        self._decided: dict[_Alike, RequestDecision] = {}  # while the open requests stay as they are
        self._open: dict[str, InvoiceRequest | None] = {}
        self._characteristics: dict[str, dict[str, str]] = {}  # of memberships that bear their own eligibility
        self._entries: list[MembershipLogEntry] = []
        self._lines: list[RequestLogEntry] = []
        self._noted: list[Characteristic] = []

    def learn(self, placed: Iterable[tuple[Account, str]]) -> None:
        """Load the eligibility of the memberships of a chunk that bear their own (DOMAIN 3.1), in one query."""
        bearing = {membership for account, membership in placed if on_membership(self._places.billed_by(account))}
        self._characteristics = self._unit.request_audit.characteristics(bearing) if bearing else {}

    def note_eligibility(self, request: MaintenanceRequest, account: Account, membership: str) -> None:
        """Keep the eligibility that a loop 2750 of the subscriber says, where the membership bears its own."""
        rules = self._places.billed_by(account)
        if not (request.is_subscriber and on_membership(rules)):
            return
        code = rules.eligibility_type
        said = dict(request.reporting).get(code.upper(), "")
        if said:
            self._characteristics[membership] = {**self._characteristics.get(membership, {}), code: said}
            key = f"{self._record.source.key(request.ordinal)}/{code}"
            self._noted.append(Characteristic(key, membership, code, said, self._known_at, "834", self._record.id))

    def decide(
        self, event: MembershipChange, account: Account, before: Family | None, *, pays_itself: bool
    ) -> LogOutcome:
        """Make, join or decline a request for one event, keep its line in the membership log; return the outcome."""
        own = self._characteristics.get(event.membership_id, {})
        status = before.membership.status if before else None
        reason = before.membership.termination_reason if before else ""
        alike = (account.id, event.event, status, reason, pays_itself, tuple(own.items()))
        decision = self._decided.get(alike)
        if decision is None:
            decision = self._decide(event, account, own, Circumstances(self._places.today, status, reason, pays_itself))
            if decision.outcome is not LogOutcome.CREATED:  # which makes the next one join
                self._decided[alike] = decision
        self._entries.append(log_decision(event, decision, self._known_at))
        return decision.outcome

    def _decide(
        self, event: MembershipChange, account: Account, own: Mapping[str, str], circumstances: Circumstances
    ) -> RequestDecision:
        """Decide one event, and write the request that it made or moved."""
        rules, plant = self._places.billed_by(account), self._places.plant
        # A bill run must not end the request that is read here before the event has joined it.
        open_request = self._open_request(account.id) if may_raise(event, rules) else None
        circumstances = replace(
            circumstances, reprice_after=rules.hold_pricing_until, characteristics={**rules.characteristics, **own}
        )
        decision = decide_request(
            event, rules, circumstances, open_request, algorithms=plant.algorithms, hooks=plant.hooks
        )
        self._keep(event, decision, open_request)
        return decision

    def _open_request(self, account_id: str) -> InvoiceRequest | None:
        """Return the account's open request, with the account locked."""
        if account_id not in self._open:
            self._unit.enrollment.lock_account(account_id)
            self._open[account_id] = self._unit.requests.open_for(account_id)
        return self._open[account_id]

    def write(self) -> None:
        """Write what was decided since the last time, in bulk."""
        self._unit.enrollment.add_log(self._entries)
        self._unit.requests.add_log(self._lines)
        self._unit.request_audit.add_characteristics(self._noted)
        self._entries, self._lines, self._noted = [], [], []

    def _keep(self, event: MembershipChange, decided: RequestDecision, open_request: InvoiceRequest | None) -> None:
        """Write a new request, or the open one whose cutoff moved."""
        request = decided.request
        if request is None or request == open_request:
            return
        if decided.outcome is LogOutcome.CREATED:
            self._unit.requests.add(request)
            note = f"made by {event.event}, {request.source}"
            self._lines.append(log_line(request, self._known_at, "gateway", note))
        else:
            self._unit.requests.update(request)
        self._open[request.account_id] = request
        self._decided.clear()
