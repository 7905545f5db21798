"""One enrollment set being applied: members in chunks, full files, and what the set comes to as a whole."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from gateway.domain.coverage import (
    EnrollmentHeader,
    Family,
    FamilyChange,
    FileAction,
    MaintenanceRequest,
    MembershipChange,
)
from gateway.domain.exchange import SetRecord, SetState
from gateway.domain.finding import Finding, Level, Place, Severity
from gateway.domain.identity import content_id
from gateway.domain.parties import Account, LineOfBusiness
from gateway.domain.review import Discrepancy
from gateway.enrollment.amounts import check_amounts
from gateway.enrollment.apply import decide
from gateway.enrollment.conclude import only_compares
from gateway.enrollment.counts import check_counts
from gateway.enrollment.full_file import FullFilePlan, compare_roster, decide_absence, restate
from gateway.enrollment.identity import membership_id
from gateway.enrollment.roster import Roster
from gateway.enrollment.rules import Circumstances, Decision, EnrollmentRules
from gateway.partners.partner import Partner, direct_account_id, find_account
from gateway.pipeline.accounts import settings_of
from gateway.pipeline.event_requests import EventRequests
from gateway.pipeline.guards import without_guards
from gateway.pipeline.plant import Plant
from gateway.pipeline.work_list import WorkList
from gateway.ports.unit_of_work import UnitOfWork
from gateway.transactions.enrollment_834 import RefusedRequest

MEMBERS_AT_ONCE = 500
_UNKNOWN_GROUP = "UNKNOWN_GROUP"


@dataclass(slots=True)
class Outcome:
    """What came of one set before it is committed: an end other than `applied` rolls its effects back."""

    state: SetState = SetState.APPLIED
    reason: str = ""
    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    events: list[MembershipChange] = field(default_factory=list)  # for a preview only
    discrepancies: list[Discrepancy] = field(default_factory=list)

    def count(self, what: str) -> None:
        """Count one event or outcome for the log line."""
        self.counts[what] = self.counts.get(what, 0) + 1


def scope_of(partner: Partner, header: EnrollmentHeader) -> str:
    """Return what references and stamps are compared within: partner, sponsor and policy."""
    return f"{partner.id}/{header.sponsor.id}/{header.policy}"


def stamp_of(header: EnrollmentHeader) -> str:
    """Return BGN03 and BGN04 as one sortable text, or '' without a date."""
    return f"{header.created_on.isoformat()}T{header.created_at:0<8}" if header.created_on else ""


def refused_whole(code: str, message: str, segment: str, element: int) -> Outcome:
    """Return the result of a set that is refused whole (824 TR)."""
    return Outcome(SetState.REFUSED, message, [on_header(code, message, segment, element)])


def on_header(code: str, message: str, segment: str, element: int) -> Finding:
    """Return a finding on the header of a set."""
    return Finding(code, Level.BUSINESS, message, place=Place(segment=segment, element=element), snip=7)


class SetRun:
    """One set being applied: what is believed of the families met so far in a chunk."""

    def __init__(
        self,
        plant: Plant,
        unit: UnitOfWork,
        record: SetRecord,
        header: EnrollmentHeader,
        work: WorkList,
        *,
        waived: frozenset[str],
        keeps_events: bool,
    ) -> None:
        self._plant = plant
        self._unit = unit
        self._partner = partner = plant.partner(record.partner_id)
        self._record = record
        self._header = header
        self._work = work
        self._waived = waived
        self._keeps_events = keeps_events
        self._result = Outcome(findings=list(header.findings))
        self._subscribers = 0
        self._dependents = 0
        self._placed = 0
        self._homeless = 0
        self._applied = 0
        self._known_at = plant.clock.now()
        self._today = plant.clock.business_date()
        self._accounts: dict[str, Account] = {}
        self._of_policy: dict[str, Account | None] = {}  # sponsor and account number are the set's
        self._from: Circumstances | None = None  # of the account met last
        self._rules: dict[str, EnrollmentRules] = {}
        self._pay_themselves: dict[str, frozenset[str]] = {}  # INS05 by account
        self._requests = EventRequests(plant, unit, record, self._known_at)
        self._compares = header.action is FileAction.VERIFY
        self._replaces = not self._compares and (
            header.action is FileAction.REPLACE or partner.profile.enrollment.full_file
        )
        self._plans: dict[str, FullFilePlan] = {}  # of a full file, by account, made before anything is applied

    @property
    def is_full(self) -> bool:
        """Whether the set lists everybody who is covered."""
        return self._compares or self._replaces

    def compare(self, requests: Iterable[MaintenanceRequest | RefusedRequest]) -> Outcome | None:
        """Hold a full file against what is on file before it changes anything; the outcome when a guard holds it.

        Who cannot be read, or whose group is not known, is not absent: what we could not read must end no cover.
        """
        rosters: dict[str, Roster] = {}
        protected: list[str] = []
        for request in requests:
            account = self._account_of(request) if isinstance(request, MaintenanceRequest) else None
            if account is None:
                protected.append(request.subscriber_id)
            elif isinstance(request, MaintenanceRequest):
                rosters.setdefault(account.id, Roster(self._header)).add(request)
        for account_id, roster in rosters.items():
            for subscriber_id in protected:
                roster.protect(subscriber_id)
            families = self._unit.enrollment.families_of_account(account_id)
            plan = compare_roster(roster, families, self._rules_of(self._accounts[account_id]))
            plan = without_guards(plan, self._waived)
            if self._replaces and plan.is_held:
                return Outcome(SetState.HELD, plan.findings[0].message, [*self._result.findings, *plan.findings])
            self._plans[account_id] = plan
        return None

    def take(self, requests: Sequence[MaintenanceRequest | RefusedRequest]) -> None:
        """Apply a chunk: load its families in one query, decide in memory, write in bulk."""
        self._work.look_up(requests)
        readable = [request for request in requests if isinstance(request, MaintenanceRequest)]
        for request in requests:
            if isinstance(request, RefusedRequest):
                self._work.refused(request, "", request.findings)
                self._result.findings += request.findings
                self._result.count("unreadable")
                self._subscribers += request.is_subscriber is True
                self._dependents += request.is_subscriber is False
        placed = list(self._place(readable))
        if self._compares:
            return
        families = self._unit.enrollment.families({membership for _, _, membership in placed})
        self._requests.learn((account, membership) for _, account, membership in placed)
        changes: list[FamilyChange] = []
        for request, account, membership in placed:
            before = families.get(membership)
            meant = restate(request, before) if self._replaces else request
            decision = decide(meant, before, self._rules_of(account), self._circumstances(account))
            if decision.family is not None:
                families[membership] = decision.family
            if decision.change is not None:
                self._requests.note_eligibility(request, account, membership)
            self._take_decision(decision, before, account, changes, pays_itself=request.responsible is None)
            self._result.findings += check_amounts(request)
            if decision.change is None:
                self._work.refused(request, account.id, decision.findings)
            elif not only_compares(request):
                self._work.applied(request, account.id)
        self._write(changes)

    def _take_decision(
        self,
        decision: Decision,
        before: Family | None,
        account: Account,
        changes: list[FamilyChange],
        *,
        pays_itself: bool,
    ) -> None:
        """Keep a decision for the next bulk write, and decide its events about invoice requests."""
        self._result.findings += decision.findings
        if decision.change is None:
            self._result.count("refused")
            return
        self._applied += 1
        changes.append(decision.change)
        for event in decision.change.events:
            self._result.count(event.event.value)
            if self._keeps_events:
                self._result.events.append(event)
            outcome = self._requests.decide(event, account, before, pays_itself=pays_itself)
            self._result.count(f"request {outcome.value.lower()}")

    def _write(self, changes: Sequence[FamilyChange]) -> None:
        """Write what was decided, in bulk."""
        self._unit.enrollment.save(changes)
        self._requests.write()

    def _conclude_full_file(self) -> None:
        """Report how a comparing file disagrees; end what a replacing one leaves out (DOMAIN 4.6)."""
        for account_id, plan in self._plans.items():
            if self._compares:
                self._result.findings += [_discrepancy(each) for each in plan.discrepancies]
                self._result.discrepancies += plan.discrepancies
                self._result.counts["discrepancies"] = len(self._result.discrepancies)
            else:
                self._end_absent(self._accounts[account_id], plan)

    def _end_absent(self, account: Account, plan: FullFilePlan) -> None:
        """End the cover of an account that a replacing file leaves out, a chunk of memberships at a time."""
        absences = iter(plan.terminations)
        while chunk := list(islice(absences, MEMBERS_AT_ONCE)):
            families = self._unit.enrollment.families({absence.membership_id for absence in chunk})
            self._requests.learn((account, membership) for membership in families)
            changes: list[FamilyChange] = []
            for absence in chunk:
                before = families[absence.membership_id]
                decision = decide_absence(absence, before, self._rules_of(account), self._circumstances(account))
                self._take_decision(decision, before, account, changes, pays_itself=True)
            self._write(changes)

    def finish(self) -> Outcome:
        """Judge the set as a whole: totals, unknown sponsor, all-or-nothing."""
        result = self._result
        settings = self._partner.profile.enrollment
        result.findings += check_counts(
            self._header, subscribers=self._subscribers, dependents=self._dependents, policy=settings.count_mismatch
        )
        members = self._subscribers + self._dependents
        if self._homeless and not self._placed:
            message = "Neither sponsor nor policy is known here: N1*P5, REF*38 and REF*1L lead to no account."
            refused = refused_whole("UNKNOWN_SPONSOR", message, "N1", 4)
            # It says of all members what UNKNOWN_GROUP says of each; what else was found is theirs to know.
            refused.findings += [finding for finding in result.findings if finding.code != _UNKNOWN_GROUP]
            return refused
        if any(f.code == "COUNT_MISMATCH" and f.is_error for f in result.findings):
            return Outcome(SetState.REFUSED, "the totals of QTY are not those of the set", result.findings)
        self._conclude_full_file()
        if members and not self._applied and not self._compares:
            return Outcome(SetState.REFUSED, "no member of the set could be applied; see its findings", result.findings)
        if settings.all_or_nothing and any(f.is_error for f in result.findings):
            return Outcome(
                SetState.REFUSED, "the agreement is all or nothing, and a member has errors", result.findings
            )
        if stamp := stamp_of(self._header):
            self._unit.exchanges.note_applied(scope_of(self._partner, self._header), stamp)
        return result

    def _place(self, requests: Iterable[MaintenanceRequest]) -> Iterator[tuple[MaintenanceRequest, Account, str]]:
        """Yield each request with its account and membership; one that leads to no account becomes a finding."""
        for request in requests:
            if request.is_subscriber:
                self._subscribers += 1
            else:
                self._dependents += 1
            account = self._account_of(request)
            if account is None:
                self._homeless += 1
                self._result.count("refused")
                finding = _no_account(request)
                self._work.refused(request, "", [finding])
                self._result.findings.append(finding)
                continue
            self._placed += 1
            yield request, account, membership_id(account.id, request.subscriber_id)

    def _account_of(self, request: MaintenanceRequest) -> Account | None:
        """Return the account that a member belongs to, added when it is met for the first time."""
        if self._partner.individual is not None:
            account_id = content_id("A", self._partner.id, request.subscriber_id)
            account: Account | None = Account(
                account_id,
                self._partner.id,
                LineOfBusiness.INDIVIDUAL,
                membership_id=membership_id(account_id, request.subscriber_id),
            )
        elif request.policy in self._of_policy:
            account = self._of_policy[request.policy]
        else:
            account = self._of_policy[request.policy] = self._group_account(request.policy)
        account = self._own_account(account, request)
        if account is not None and account.id not in self._accounts:
            self._unit.enrollment.add_account(account)
            self._accounts[account.id] = account
        return account

    def _own_account(self, account: Account | None, request: MaintenanceRequest) -> Account | None:
        """Return the account of a group's member who pays for himself (INS05, as configured), else the group's."""
        if account is None or account.membership_id:
            return account
        if account.id not in self._pay_themselves:
            self._pay_themselves[account.id] = frozenset(settings_of(self._partner, account.id).direct_billed)
        if request.benefit_status not in self._pay_themselves[account.id]:
            return account
        account_id = direct_account_id(account.id, request.subscriber_id)
        return Account(
            account_id,
            account.partner_id,
            account.line_of_business,
            policy=account.policy,
            membership_id=membership_id(account_id, request.subscriber_id),
        )

    def _group_account(self, policy: str) -> Account | None:
        """Return the account that a policy leads to, or that the set's sponsor or account number does."""
        found = find_account([self._partner], policy, self._header.sponsor.id, self._header.account)
        if found is None:
            return None
        business = settings_of(self._partner, found).line_of_business
        return Account(found, self._partner.id, business, policy=policy)

    def _rules_of(self, account: Account) -> EnrollmentRules:
        """Return the enrollment rules of an account."""
        if account.id not in self._rules:
            agreed = self._partner.profile.enrollment
            limits = self._partner.billing.retro_limit
            settings = settings_of(self._partner, account.id)
            plans = frozenset(rate.plan for rate in self._partner.rates_for(settings))
            self._rules[account.id] = EnrollmentRules(
                end_equals_begin=agreed.end_equals_begin,
                subscriber_term_cascades=agreed.subscriber_term_cascades,
                termination_days_limit=limits.termination_days,
                addition_days_limit=limits.addition_days,
                known_plans=plans if settings.rate_source == "table" else None,
                mass_termination_percent=agreed.mass_termination_percent,
            )
        return self._rules[account.id]

    def _circumstances(self, account: Account) -> Circumstances:
        """Return where and when the set's requests come from: what a set says is learned in one instant."""
        if self._from is None or self._from.account_id != account.id:
            self._from = Circumstances(
                partner_id=self._partner.id,
                account_id=account.id,
                source=self._record.source,
                known_at=self._known_at,
                received_on=self._today,
                header=self._header,
            )
        return self._from


def _no_account(request: MaintenanceRequest) -> Finding:
    """Return the finding of a member whose group is not known."""
    return Finding(
        code=_UNKNOWN_GROUP,
        level=Level.BUSINESS,
        message="The group or policy of this member (REF*1L) is not one of yours here; check the number.",
        place=Place(segment="INS", position=request.position, loop="2000"),
        snip=7,
        member=request.ordinal,
    )


def _discrepancy(found: Discrepancy) -> Finding:
    """Return one line of the discrepancy report of a file that only compares (BGN08 = 4)."""
    plan = f" ({found.insurance_line} {found.plan})" if found.insurance_line else ""
    who = f", member {found.member_id}" if found.member_id else ""
    return Finding(
        code="DISCREPANCY",
        level=Level.BUSINESS,
        message=f"{found.kind.value.capitalize()}{who}{plan}.",
        severity=Severity.WARNING,
        place=Place(segment="INS", loop="2000"),
        snip=7,
        member=found.ordinal,
    )
