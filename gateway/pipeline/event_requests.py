"""The invoice requests that the events of a set make, join or do not make, with their log lines (DOMAIN 3.4, 3.7)."""

from collections.abc import Iterable
from datetime import datetime

from gateway.billing.account import AccountRules
from gateway.billing.eligibility import on_membership
from gateway.billing.hooks import log_line
from gateway.billing.requests import Circumstances, RequestDecision, decide_request, log_decision
from gateway.domain.charge import InvoiceRequest, RequestLogEntry
from gateway.domain.coverage import Family, LogOutcome, MaintenanceRequest, MembershipChange, MembershipLogEntry
from gateway.domain.exchange import SetRecord
from gateway.domain.parties import Account
from gateway.domain.request_audit import Characteristic
from gateway.pipeline.accounts import account_rules
from gateway.pipeline.plant import Plant
from gateway.ports.unit_of_work import UnitOfWork


class EventRequests:
    """Decides the events of one set: what is known of accounts and open requests, and what waits for a bulk write."""

    def __init__(self, plant: Plant, unit: UnitOfWork, record: SetRecord, known_at: datetime) -> None:
        self._plant = plant
        self._unit = unit
        self._record = record
        self._known_at = known_at
        self._today = plant.clock.business_date()
        self._billed_by: dict[str, AccountRules] = {}
        self._open: dict[str, InvoiceRequest | None] = {}
        self._characteristics: dict[str, dict[str, str]] = {}  # of memberships that bear their own eligibility
        self._entries: list[MembershipLogEntry] = []
        self._lines: list[RequestLogEntry] = []
        self._noted: list[Characteristic] = []

    def learn(self, placed: Iterable[tuple[Account, str]]) -> None:
        """Load the eligibility of the memberships of a chunk that bear their own (DOMAIN 3.1), in one query."""
        bearing = {membership for account, membership in placed if on_membership(self._rules_of(account))}
        self._characteristics = self._unit.request_audit.characteristics(bearing) if bearing else {}

    def note_eligibility(self, request: MaintenanceRequest, account: Account, membership: str) -> None:
        """Keep the eligibility that a loop 2750 of the subscriber says, where the membership bears its own."""
        rules = self._rules_of(account)
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
        if account.id not in self._open:
            # A bill run must not end the request that is read here before the event has joined it.
            self._unit.enrollment.lock_account(account.id)
            self._open[account.id] = self._unit.requests.open_for(account.id)
        rules = self._rules_of(account)
        circumstances = Circumstances(
            created_on=self._today,
            previous_status=before.membership.status if before else None,
            termination_reason=before.membership.termination_reason if before else "",
            subscriber_is_responsible=pays_itself,
            reprice_after=rules.hold_pricing_until,
            characteristics={**rules.characteristics, **self._characteristics.get(event.membership_id, {})},
        )
        plant, open_request = self._plant, self._open[account.id]
        decided = decide_request(
            event, rules, circumstances, open_request, algorithms=plant.algorithms, hooks=plant.hooks
        )
        self._keep(event, decided, open_request)
        self._entries.append(log_decision(event, decided, self._known_at))
        return decided.outcome

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

    def _rules_of(self, account: Account) -> AccountRules:
        """Return how an account is billed."""
        if account.id not in self._billed_by:
            self._billed_by[account.id] = account_rules(self._plant, account)
        return self._billed_by[account.id]
