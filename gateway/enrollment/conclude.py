"""What was done to a family as rows, one event, and the family as it is believed afterwards."""

from dataclasses import replace
from datetime import date

from gateway.domain.coverage import (
    Coverage,
    Family,
    FamilyChange,
    MaintenanceRequest,
    MaintenanceType,
    Member,
    Membership,
    MembershipChange,
    MembershipEvent,
    MembershipStatus,
)
from gateway.domain.finding import Finding
from gateway.enrollment.case import Case, Done
from gateway.enrollment.covers import NOTHING
from gateway.enrollment.events import Operation, event_of
from gateway.enrollment.rules import Decision

_BEGINS = frozenset({Operation.ADD, Operation.BACK})


def conclude(
    case: Case, done: list[Done], findings: tuple[Finding, ...], news: Member | None = None, *, key: str = ""
) -> Decision:
    """Turn what was done into rows, one event, and the family as it is believed now.

    `news` is the member where the person is new or was changed; `key` the event's, by default set and INS loop.
    """
    request, circumstances, family = case.request, case.circumstances, case.family
    effective = [each for each in done if each.changed]
    rows = case.covers.difference(circumstances, request.ordinal, family.membership.id) if effective else NOTHING
    if rows == NOTHING:
        effective = []  # lines that undo each other, as an end and a new tier that were sent before
    membership = family.membership
    if not only_compares(request):
        membership = _updated_membership(membership, request, case.covers.status if effective else membership.status)
    is_news = news is not None or membership is not family.membership  # other than the cover
    event = MembershipChange(
        key=key or f"{circumstances.source.set_id}/{request.ordinal}",
        event=_event_of_cover(case, effective) if effective else _event(case, news, is_news=is_news),
        membership_id=membership.id,
        member_id=case.member.id,
        effective_on=_effective_on(effective, request),
        source=circumstances.source,
        ordinal=request.ordinal,
        reason=request.reason,
        note=_note(case, rows.opened),
        position=request.position,
    )
    members = (news,) if news is not None else ()
    at = circumstances.known_at
    if not effective and not is_news:
        return Decision(FamilyChange(membership, (), (), (), at, (event,), is_news=False), findings, family)
    change = FamilyChange(membership, members, rows.opened, rows.superseded, at, (event,))
    after = Family(membership, _with_member(family.members, news), rows.apply(family.coverages))
    return Decision(change, findings, after)


def only_compares(request: MaintenanceRequest) -> bool:
    """Tell whether the request asks for nothing but a comparison (030)."""
    return _kinds(request) == {MaintenanceType.AUDIT}


def _kinds(request: MaintenanceRequest) -> set[MaintenanceType]:
    """Return what the request asks for: HD01, and INS03 where there is no HD (DOMAIN 4.4 rule 6)."""
    return {line.maintenance for line in request.coverages} or {request.maintenance}


def _event(case: Case, news: Member | None, *, is_news: bool) -> MembershipEvent:
    """Return what a request came to that left the cover as it is (DOMAIN 4.5)."""
    request = case.request
    if only_compares(request):
        return MembershipEvent.COMPARE
    is_end = request.maintenance is MaintenanceType.TERMINATION
    if _kinds(request) == {MaintenanceType.NOT_APPLICABLE} and not is_end:
        return MembershipEvent.LINK_ONLY
    if news is not None and _is_younger_or_older(case, news):
        return MembershipEvent.CHANGE  # age may be a price
    is_person_back = not request.coverages and request.maintenance is MaintenanceType.REINSTATEMENT
    return MembershipEvent.INFO if is_news or is_person_back else MembershipEvent.NO_CHANGE


def _event_of_cover(case: Case, effective: list[Done]) -> MembershipEvent:
    """Return what a change of cover means, from whether the membership was active and whether it is now.

    New cover asks whether there was any on its first day; all else, whether any product goes on.
    """
    operations = [each.operation for each in effective]
    begins = [each.effective_on for each in effective if each.operation in _BEGINS and each.effective_on is not None]
    if begins:
        day = min(begins)
        return event_of(operations, was_active=case.covers.was_active_on(day), is_active=case.covers.is_active_on(day))
    active = MembershipStatus.ACTIVE
    was_active = case.family.membership.status is active
    return event_of(operations, was_active=was_active, is_active=case.covers.status is active)


def _is_younger_or_older(case: Case, news: Member) -> bool:
    """Tell whether a birth date that was on file is another now."""
    on_file = next((member for member in case.family.members if member.id == news.id), None)
    return on_file is not None and on_file.person.birth_date not in {None, news.person.birth_date}


def _effective_on(effective: list[Done], request: MaintenanceRequest) -> date | None:
    """Return when the event counts: the first date of what was changed, else the maintenance date that was sent."""
    days = [each.effective_on for each in effective if each.effective_on is not None]
    return min(days) if days else request.effective_on


def _note(case: Case, opened: tuple[Coverage, ...]) -> str:
    """Return what a reader of the log should know, in plain words without personal data."""
    notes = list(case.request.notes)
    kept = [row.billable_before for row in opened if row.billable_before is not None]
    if kept:
        notes.append(f"billed until {max(kept)} (exclusive): the end came after the retro limit")
    others = len({row.member_id for row in opened} - {case.member.id})
    if others:
        notes.append(f"{others} dependent{'s' if others > 1 else ''} ended with the subscriber")
    return "; ".join(notes)


def _updated_membership(membership: Membership, request: MaintenanceRequest, status: MembershipStatus) -> Membership:
    """Return the membership with its new status; the reason of a termination stays until the next one.

    It stays through a reinstatement too, so that billing can tell which reason had ended what is back (DOMAIN 3.4).
    """
    ends = status is not membership.status and status in {MembershipStatus.TERMINATED, MembershipStatus.CANCELED}
    reason = request.reason if ends else membership.termination_reason
    policy = request.policy or membership.policy
    if (status, reason, policy) == (membership.status, membership.termination_reason, membership.policy):
        return membership
    return replace(membership, status=status, termination_reason=reason, policy=policy)


def _with_member(members: tuple[Member, ...], news: Member | None) -> tuple[Member, ...]:
    """Return the members with `news` added, or put in place of the one with the same id."""
    if news is None:
        return members
    if any(member.id == news.id for member in members):
        return tuple(news if member.id == news.id else member for member in members)
    return (*members, news)
