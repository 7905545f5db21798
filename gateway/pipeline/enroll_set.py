"""One enrollment set being applied: members in chunks, full files, and what the set comes to as a whole."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from gateway.domain.coverage import (
    EnrollmentHeader,
    Family,
    FamilyChange,
    FileAction,
    MaintenanceRequest,
    MembershipChange,
    MembershipEvent,
    Told,
    ToldFamily,
)
from gateway.domain.exchange import SetRecord, SetState
from gateway.domain.parties import Account
from gateway.enrollment.amounts import check_amounts
from gateway.enrollment.apply import decide
from gateway.enrollment.conclude import only_compares
from gateway.enrollment.counts import check_counts
from gateway.enrollment.full_file import FullFilePlan, compare_roster, decide_absence, restate
from gateway.enrollment.identity import membership_id, subscriber_key
from gateway.enrollment.roster import Roster
from gateway.enrollment.rules import Decision
from gateway.pipeline.enroll_outcome import (
    UNKNOWN_GROUP,
    Outcome,
    discrepancy,
    no_account,
    refused_whole,
    scope_of,
    stamp_of,
)
from gateway.pipeline.event_requests import EventRequests
from gateway.pipeline.guards import without_guards
from gateway.pipeline.places import Places
from gateway.pipeline.plant import Plant
from gateway.pipeline.said_before import Recogniser, SentFamily
from gateway.pipeline.work_list import WorkList
from gateway.ports.unit_of_work import UnitOfWork
from gateway.transactions.member_834 import RefusedRequest
from gateway.transactions.sent import Sent

MEMBERS_AT_ONCE = 2000
_EARLY_MAX = 10_000  # dependents that may wait in memory for their subscriber; a sane file has none

Placed: TypeAlias = tuple[MaintenanceRequest, Account, str]
"""A request with its account and membership."""


@dataclass(slots=True)
class _Decided:
    """What waits for the next bulk write."""

    changes: list[FamilyChange] = field(default_factory=list)
    events: list[MembershipChange] = field(default_factory=list)  # that change nothing
    clean: dict[int, tuple[str, str]] = field(default_factory=dict)  # membership and member of loops without a finding


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
        self._places = Places(plant, unit, record, header)
        self._early: list[Placed] = []
        self._recogniser = Recogniser(self._places.agreement())
        self._requests = EventRequests(unit, record, self._places)
        self._compares = header.action is FileAction.VERIFY
        self._replaces = not self._compares and (
            header.action is FileAction.REPLACE or partner.profile.enrollment.full_file
        )
        self._plans: dict[str, FullFilePlan] = {}  # of a full file, by account, made before anything is applied

    @property
    def is_full(self) -> bool:
        """Whether the set lists everybody who is covered."""
        return self._compares or self._replaces

    def compare(self, members: Iterable[Sent]) -> Outcome | None:
        """Hold a full file against what is on file before it changes anything; the outcome when a guard holds it.

        Who cannot be read, or whose group is not known, is not absent: what we could not read must end no cover.
        """
        rosters: dict[str, Roster] = {}
        protected: list[str] = []
        for member in members:
            request = member.read()
            account = self._places.account_of(request) if isinstance(request, MaintenanceRequest) else None
            if account is None:
                protected.append(request.subscriber_id)
            elif isinstance(request, MaintenanceRequest):
                rosters.setdefault(account.id, Roster(self._header)).add(request)
        for account_id, roster in rosters.items():
            for subscriber_id in protected:
                roster.protect(subscriber_id)
            families = self._unit.enrollment.families_of_account(account_id)
            plan = compare_roster(roster, families, self._places.rules_of(self._places.account(account_id)))
            plan = without_guards(plan, self._waived)
            if self._replaces and plan.is_held:
                return Outcome(SetState.HELD, plan.findings[0].message, [*self._result.findings, *plan.findings])
            self._plans[account_id] = plan
        return None

    def take(self, sent: Sequence[Sent]) -> None:
        """Apply a chunk: load its families in one query, decide in memory, write in bulk.

        Families that were told the very same before are only logged; they are not read.
        """
        families = list(self._recogniser.families(sent))
        known = self._known(families)
        requests = [member.read() for family in families if family.digest not in known for member in family.members]
        requests += self._mixed_up(families, known, requests)
        requests.sort(key=lambda request: request.ordinal)
        self._work.look_up(requests)
        decided = _Decided()
        self._decide(requests, decided)
        for family in families:
            if family.digest in known:
                self._take_again(family, known[family.digest], decided)
        self._write(decided, families)

    def _known(self, families: Iterable[SentFamily]) -> dict[str, ToldFamily]:
        """Return, by digest, the families that were told nothing since they were told the same."""
        if self._compares or self._keeps_events:
            return {}
        return self._unit.enrollment.told_last(family.digest for family in families if family.digest)

    def _mixed_up(
        self,
        families: Iterable[SentFamily],
        known: dict[str, ToldFamily],
        requests: Iterable[MaintenanceRequest | RefusedRequest],
    ) -> list[MaintenanceRequest | RefusedRequest]:
        """Read the known families whose case is not as clear, and take them out of `known`.

        The set says something else of them too, or an item on the work list waits for them to come again.
        """
        others = {subscriber_key(request.subscriber_id) for request in requests}
        others |= self._work.concerned(family.subscriber_id for family in known.values())
        mixed = {digest for digest, family in known.items() if subscriber_key(family.subscriber_id) in others}
        for digest in mixed:
            del known[digest]
        return [member.read() for family in families if family.digest in mixed for member in family.members]

    def _decide(self, requests: Sequence[MaintenanceRequest | RefusedRequest], decided: "_Decided") -> None:
        """Decide what each request does."""
        for request in requests:
            if isinstance(request, RefusedRequest):
                self._work.refused(request, "", request.findings)
                self._result.findings += request.findings
                self._result.count("unreadable")
                self._count(is_subscriber=request.is_subscriber)
        placed = list(self._place(each for each in requests if isinstance(each, MaintenanceRequest)))
        if not self._compares:
            self._decide_placed(placed, decided)

    def _decide_placed(self, placed: Sequence[Placed], decided: "_Decided", *, is_last: bool = False) -> None:
        """Decide requests of known accounts; dependents before their subscriber wait until the set `is_last` heard."""
        self._requests.learn((account, membership) for _, account, membership in placed)
        families = self._unit.enrollment.families({membership for _, _, membership in placed})
        for request, account, membership in placed:
            before = families.get(membership)
            if before is None and not request.is_subscriber and not is_last and len(self._early) < _EARLY_MAX:
                self._early.append((request, account, membership))
                continue
            meant = restate(request, before) if self._replaces else request
            rules, circumstances = self._places.rules_of(account), self._places.circumstances(account)
            decision = decide(meant, before, rules, circumstances)
            if decision.family is not None:
                families[membership] = decision.family
            if decision.change is not None:
                self._requests.note_eligibility(request, account, membership)
            self._take_decision(decision, before, account, decided, pays_itself=request.responsible is None)
            remarks = check_amounts(request)
            self._result.findings += remarks
            if decision.change is None:
                self._work.refused(request, account.id, decision.findings)
            elif not only_compares(request):
                self._work.applied(request, account.id)
                if request.kept_count:
                    self._result.count("kept as sent", request.kept_count)
                if not decision.findings and not remarks:
                    decided.clean[request.ordinal] = (membership, decision.change.events[0].member_id)

    def _decide_early(self) -> None:
        """Decide the dependents that came before their subscriber, who has come by now or is not in the set at all."""
        early, self._early = self._early, []
        for start in range(0, len(early), MEMBERS_AT_ONCE):
            placed = early[start : start + MEMBERS_AT_ONCE]
            self._work.look_up([request for request, _, _ in placed])
            decided = _Decided()
            self._decide_placed(placed, decided, is_last=True)
            self._write(decided)

    def _take_again(self, family: SentFamily, told: ToldFamily, decided: "_Decided") -> None:
        """Log that a family was told what it was told before."""
        for member, member_id in zip(family.members, told.member_ids, strict=True):
            event = MembershipChange(
                key=f"{self._record.id}/{member.ordinal}",
                event=MembershipEvent.NO_CHANGE,
                membership_id=told.membership_id,
                member_id=member_id,
                effective_on=None,
                source=self._record.source,
                ordinal=member.ordinal,
                position=member.position,
            )
            self._count(is_subscriber=member.opens_family)
            self._placed += 1
            self._applied += 1
            self._result.count(event.event.value)
            decided.events.append(event)
            self._decide_event(event, told.account, None, pays_itself=True)

    def _count(self, *, is_subscriber: bool | None) -> None:
        """Count a loop for the totals of QTY; of one whose INS01 could not be read nobody knows."""
        self._subscribers += is_subscriber is True
        self._dependents += is_subscriber is False

    def _take_decision(
        self, decision: Decision, before: Family | None, account: Account, decided: "_Decided", *, pays_itself: bool
    ) -> None:
        """Keep a decision for the next bulk write, and decide its events about invoice requests."""
        self._result.findings += decision.findings
        if decision.change is None:
            self._result.count("refused")
            return
        self._applied += 1
        decided.changes.append(decision.change)
        for event in decision.change.events:
            self._result.count(event.event.value)
            if self._keeps_events:
                self._result.events.append(event)
            self._decide_event(event, account, before, pays_itself=pays_itself)

    def _decide_event(
        self, event: MembershipChange, account: Account, before: Family | None, *, pays_itself: bool
    ) -> None:
        """Decide what an event does to the account's invoice requests, and count it."""
        outcome = self._requests.decide(event, account, before, pays_itself=pays_itself)
        self._result.count(f"request {outcome.value.lower()}")

    def _write(self, decided: "_Decided", families: Iterable[SentFamily] = ()) -> None:
        """Write what was decided, in bulk, and with each membership by what it will be known again."""
        self._unit.enrollment.save(decided.changes, told=dict(_told(families, decided.clean)))
        self._unit.enrollment.add_events(decided.events, self._places.known_at)
        self._requests.write()

    def _conclude_full_file(self) -> None:
        """Report how a comparing file disagrees; end what a replacing one leaves out (DOMAIN 4.6)."""
        for account_id, plan in self._plans.items():
            if self._compares:
                self._result.findings += [discrepancy(each) for each in plan.discrepancies]
                self._result.discrepancies += plan.discrepancies
                self._result.counts["discrepancies"] = len(self._result.discrepancies)
            else:
                self._end_absent(self._places.account(account_id), plan)

    def _end_absent(self, account: Account, plan: FullFilePlan) -> None:
        """End the cover of an account that a replacing file leaves out, a chunk of memberships at a time."""
        absences = iter(plan.terminations)
        while chunk := list(islice(absences, MEMBERS_AT_ONCE)):
            families = self._unit.enrollment.families({absence.membership_id for absence in chunk})
            self._requests.learn((account, membership) for membership in families)
            decided = _Decided()
            for absence in chunk:
                before = families[absence.membership_id]
                rules, circumstances = self._places.rules_of(account), self._places.circumstances(account)
                decision = decide_absence(absence, before, rules, circumstances)
                self._take_decision(decision, before, account, decided, pays_itself=True)
            self._write(decided)

    def finish(self) -> Outcome:
        """Judge the set as a whole: totals, unknown sponsor, all-or-nothing."""
        self._decide_early()
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
            refused.findings += [finding for finding in result.findings if finding.code != UNKNOWN_GROUP]
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

    def _place(self, requests: Iterable[MaintenanceRequest]) -> Iterator[Placed]:
        """Yield each request with its account and membership; one that leads to no account becomes a finding."""
        for request in requests:
            self._count(is_subscriber=request.is_subscriber)
            account = self._places.account_of(request)
            if account is None:
                self._homeless += 1
                self._result.count("refused")
                finding = no_account(request)
                self._work.refused(request, "", [finding])
                self._result.findings.append(finding)
                continue
            self._placed += 1
            yield request, account, membership_id(account.id, request.subscriber_id)


def _told(families: Iterable[SentFamily], clean: Mapping[int, tuple[str, str]]) -> Iterator[tuple[str, Told]]:
    """Yield, for each family all of whose loops were applied without a finding, its membership and what it was told."""
    for family in families:
        found = [clean[member.ordinal] for member in family.members if member.ordinal in clean]
        memberships = {membership for membership, _ in found}
        if family.digest and len(found) == len(family.members) and len(memberships) == 1:
            yield memberships.pop(), Told(family.digest, tuple(member_id for _, member_id in found))
