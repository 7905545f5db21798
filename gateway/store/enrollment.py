"""Accounts, memberships, members and their coverages over time, and the membership log."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Select, and_, bindparam, or_, select, update

from gateway.domain.coverage import (
    Coverage,
    Family,
    FamilyChange,
    Member,
    Membership,
    MembershipEvent,
    MembershipLogEntry,
)
from gateway.domain.parties import Account, Person
from gateway.domain.period import Period
from gateway.store.tables_enrollment import (
    accounts,
    coverages,
    members,
    membership_events,
    membership_log,
    memberships,
)
from gateway.store.transaction import ID_LIST, Record, Transaction, chunks, is_among, values_of

_PERSON = tuple(field.name for field in fields(Person))
# Columns in the order of the domain's fields: rows come by the hundred thousand and are taken apart by position.
_MEMBERSHIPS = select(*(memberships.c[field.name] for field in fields(Membership)))
_MEMBERS = select(
    members.c.id,
    members.c.membership_id,
    members.c.is_subscriber,
    members.c.relationship,
    members.c.benefit_status,
    *(members.c[name] for name in _PERSON),
)
_COVERAGE = tuple(field.name for field in fields(Coverage))
_ACCOUNT = select(accounts).where(accounts.c.id == bindparam("id"))
_LOCK = select(accounts.c.id).where(accounts.c.id == bindparam("id")).with_for_update()
_PERIOD_AT = _COVERAGE.index("period")
_COVERAGES = select(
    coverages.c.starts_on, coverages.c.ends_before, *(coverages.c[name] for name in _COVERAGE if name != "period")
)


class SqlEnrollment:
    """The `Enrollment` part of a unit of work."""

    def __init__(self, transaction: Transaction) -> None:
        """Take the transaction of the unit of work."""
        self._db = transaction

    def families(self, membership_ids: Iterable[str]) -> dict[str, Family]:
        """Return what is believed now of these memberships, by id: three queries per thousand of them."""
        found: dict[str, Family] = {}
        for chunk in chunks(dict.fromkeys(membership_ids)):
            rows = self._db.rows(_MEMBERSHIPS.where(self._db.among(memberships.c.id, chunk)))
            found |= {family.membership.id: family for family in self._families(rows)}
        return found

    def families_of_account(self, account_id: str, *, known_at: datetime | None = None) -> Iterator[Family]:
        """Yield the families of an account in the order of membership id, in chunks; with `known_at` as known then."""
        for page in self._db.pages(_MEMBERSHIPS.where(memberships.c.account_id == account_id), memberships.c.id):
            yield from self._families(page, known_at)

    def _families(self, rows: Sequence[Record], known_at: datetime | None = None) -> list[Family]:
        """Return the families of membership rows (at most a chunk), with members and coverages that are believed."""
        values = {"ids": self._db.id_list(row.id for row in rows), "known_at": known_at}
        people = self._db.rows(_people_of(is_sqlite=self._db.is_sqlite), values)
        covers = self._db.rows(_covers_of(is_now=known_at is None, is_sqlite=self._db.is_sqlite), values)
        of = attrgetter("membership_id")
        people_of = {key: tuple(group) for key, group in groupby(map(member_of, people), of)}
        covers_of = {key: tuple(group) for key, group in groupby(map(coverage_of, covers), of)}
        found = [Membership(*row) for row in rows]
        return [Family(each, people_of.get(each.id, ()), covers_of.get(each.id, ())) for each in found]

    def save(self, changes: Sequence[FamilyChange]) -> None:
        """Write memberships, members, coverage versions and events in bulk; of a membership the last change stands."""
        of_membership = {change.membership.id: change.membership for change in changes if change.is_news}
        of_member = {member.id: member for change in changes for member in change.members}
        self._db.put(
            memberships,
            map(values_of, of_membership.values()),
            change=("account_id", "subscriber_id", "status", "termination_reason", "policy"),
        )
        self._db.put(
            members,
            map(_member_row, of_member.values()),
            change=("is_subscriber", "relationship", "benefit_status", *_PERSON),
        )
        self._db.add(coverages, (_coverage_row(cover) for change in changes for cover in change.opened))
        for known_at, same_time in groupby(changes, attrgetter("known_at")):
            for ids in chunks(cover_id for change in same_time for cover_id in change.superseded):
                self._db.change(
                    update(coverages)
                    .where(self._db.among(coverages.c.id, ids), coverages.c.superseded_at.is_(None))
                    .values(superseded_at=known_at)
                )
        self._db.add(membership_events, (row for change in changes for row in _event_rows(change)))

    def add_account(self, account: Account) -> None:
        """Add an account unless it is there."""
        self._db.add_one(accounts, values_of(account))

    def account(self, account_id: str) -> Account | None:
        """Return one account or None."""
        row = self._db.first(_ACCOUNT, {"id": account_id})
        return None if row is None else Account(**row._asdict())

    def accounts_of(self, partner_id: str) -> list[Account]:
        """Return a partner's accounts in the order of their ids."""
        found = select(accounts).where(accounts.c.partner_id == partner_id).order_by(accounts.c.id)
        return [Account(**row._asdict()) for row in self._db.rows(found)]

    def lock_account(self, account_id: str) -> None:
        """Keep every other transaction that locks this account waiting until this one ends.

        On SQLite the transaction holds the one write lock anyway.
        """
        self._db.first(_LOCK, {"id": account_id})

    def add_log(self, entries: Sequence[MembershipLogEntry]) -> None:
        """Append to the membership log; an entry whose key is there adds nothing."""
        self._db.add(membership_log, map(values_of, entries))

    def events_of_set(self, set_id: str) -> Iterator[tuple[int, MembershipEvent]]:
        """Yield INS ordinal and event of what a set came to, in the order of the loops (0: absent from the file)."""
        event = membership_events.c
        wanted = select(event.ordinal, event.key, event.event).where(event.set_id == set_id)
        for page in self._db.pages(wanted, event.ordinal, event.key):
            for row in page:
                yield row.ordinal, row.event

    def members(self, member_ids: Iterable[str]) -> dict[str, Member]:
        """Return members by id."""
        found: dict[str, Member] = {}
        for chunk in chunks(dict.fromkeys(member_ids)):
            rows = self._db.rows(_MEMBERS.where(self._db.among(members.c.id, chunk)))
            found |= {row.id: member_of(row) for row in rows}
        return found

    def membership_of_subscriber(self, subscriber_id: str, account_ids: Iterable[str]) -> list[str]:
        """Return the ids of memberships with this subscriber id in these accounts."""
        wanted = set(account_ids)
        found = self._db.rows(
            select(memberships.c.id, memberships.c.account_id)
            .where(memberships.c.subscriber_id == subscriber_id)
            .order_by(memberships.c.id)
        )
        return [row.id for row in found if row.account_id in wanted]

    def memberships_by_subscriber(self, subscriber_ids: Iterable[str]) -> dict[str, list[Membership]]:
        """Return the memberships with these subscriber ids, of any account, by subscriber id."""
        found: dict[str, list[Membership]] = {}
        for chunk in chunks(dict.fromkeys(subscriber_ids)):
            wanted = _MEMBERSHIPS.where(self._db.among(memberships.c.subscriber_id, chunk)).order_by(memberships.c.id)
            for row in self._db.rows(wanted):
                found.setdefault(row.subscriber_id, []).append(Membership(*row))
        return found


@cache
def _people_of(*, is_sqlite: bool) -> Select[Any]:
    """Return the select of the members of the memberships `ids`."""
    ids = bindparam("ids", type_=ID_LIST[is_sqlite])
    of_ids = is_among(members.c.membership_id, ids, is_sqlite=is_sqlite)
    return _MEMBERS.where(of_ids).order_by(members.c.membership_id, members.c.id)


@cache
def _covers_of(*, is_now: bool, is_sqlite: bool) -> Select[Any]:
    """Return the select of the coverage versions of the memberships `ids` that are believed: now, or at `known_at`.

    A version is believed from `known_at` until before `superseded_at` (DESIGN, decision 7).
    """
    cover, at = coverages.c, bindparam("known_at", type_=coverages.c.known_at.type)
    of_ids = is_among(cover.membership_id, bindparam("ids", type_=ID_LIST[is_sqlite]), is_sqlite=is_sqlite)
    is_current = cover.superseded_at.is_(None)
    believed = is_current if is_now else and_(cover.known_at <= at, or_(is_current, cover.superseded_at > at))
    order = (cover.membership_id, cover.line_id, cover.starts_on, cover.id)
    return _COVERAGES.where(of_ids, believed).order_by(*order)


def _member_row(member: Member) -> dict[str, Any]:
    """Return the row of a member."""
    row = values_of(member)
    return row | values_of(row.pop("person"))


def member_of(row: Record) -> Member:
    """Return the member that a row of `_MEMBERS` holds."""
    member_id, membership_id, is_subscriber, relationship, benefit_status, *person = row
    return Member(member_id, membership_id, is_subscriber, relationship, Person(*person), benefit_status)


def _coverage_row(cover: Coverage) -> dict[str, Any]:
    """Return the row of a coverage version."""
    row = values_of(cover)
    return row | values_of(row.pop("period"))


def coverage_of(row: Record) -> Coverage:
    """Return the coverage version that a row of `_COVERAGES` holds."""
    starts_on, ends_before, *values = row
    values.insert(_PERIOD_AT, Period(starts_on, ends_before))
    return Coverage(*values)


def _event_rows(change: FamilyChange) -> Iterator[dict[str, Any]]:
    """Yield the rows of the events of a change."""
    for event in change.events:
        yield {
            "key": event.key,
            "event": event.event,
            "membership_id": event.membership_id,
            "member_id": event.member_id,
            "effective_on": event.effective_on,
            "set_id": event.source.set_id,
            "source": event.source.key(event.ordinal),
            "ordinal": event.ordinal,
            "position": event.position,
            "reason": event.reason,
            "note": event.note,
            "known_at": change.known_at,
        }
