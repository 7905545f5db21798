"""Accounts, memberships, members and their coverages over time, and the membership log."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import cache
from itertools import groupby
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import Select, and_, bindparam, or_, select, update

from gateway.domain.coverage import (
    Coverage,
    Family,
    FamilyChange,
    Member,
    Membership,
    MembershipChange,
    MembershipEvent,
    MembershipLogEntry,
    Told,
    ToldFamily,
)
from gateway.domain.parties import Account, Person
from gateway.domain.period import Period
from gateway.store.member_details import details_of, details_row
from gateway.store.tables_enrollment import (
    accounts,
    coverages,
    members,
    membership_events,
    membership_log,
    memberships,
    was_told,
)
from gateway.store.transaction import ID_LIST, Record, Shape, Transaction, chunks, is_among, values_of

_NOTHING_TOLD = Told("", ())
_PERSON = tuple(field.name for field in fields(Person))
# Columns in the order of the domain's fields: rows come by the hundred thousand and are taken apart by position.
_MEMBERSHIPS = select(*(memberships.c[field.name] for field in fields(Membership)))
_MEMBERS = select(
    members.c.id,
    members.c.membership_id,
    members.c.is_subscriber,
    members.c.relationship,
    members.c.benefit_status,
    members.c.details,
    *(members.c[name] for name in _PERSON),
)
_COVERAGE = tuple(field.name for field in fields(Coverage))
_ACCOUNT = select(accounts).where(accounts.c.id == bindparam("id"))
_LOCK = select(accounts.c.id).where(accounts.c.id == bindparam("id")).with_for_update()
_PERIOD_AT = _COVERAGE.index("period")
_MEMBERSHIP = Shape(*(field.name for field in fields(Membership)))
_MEMBER = Shape(
    *("id", "membership_id", "is_subscriber", "relationship", "benefit_status"), *(f"person.{name}" for name in _PERSON)
)
_VERSION = Shape(*(name for name in _COVERAGE if name != "period"), "period.starts_on", "period.ends_before")
_EVENT = Shape(
    *("key", "event", "membership_id", "member_id", "effective_on", "source.set_id", "ordinal", "position"),
    *("reason", "note"),
)
_LOG_ENTRY = Shape(*(field.name for field in fields(MembershipLogEntry)))
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

    def save(self, changes: Sequence[FamilyChange], told: Mapping[str, Told] = MappingProxyType({})) -> None:
        """Write memberships, members, coverage versions and events in bulk; of a membership the last change stands.

        `told` is by membership what it will be known again by; a membership that is changed without it is told nothing.
        """
        of_membership = {
            change.membership.id: change.membership
            for change in changes
            if change.is_news or change.membership.id in told
        }
        of_member = {member.id: member for change in changes for member in change.members}
        self._db.put_values(
            memberships,
            (*_MEMBERSHIP.names, "told", "told_members"),
            (_membership_row(each, told.get(each.id, _NOTHING_TOLD)) for each in of_membership.values()),
            change=("account_id", "subscriber_id", "status", "termination_reason", "policy", "told", "told_members"),
        )
        self._db.put_values(
            members,
            (*_MEMBER.names, "details"),
            ((*_MEMBER.take(each), details_row(each.details)) for each in of_member.values()),
            change=("is_subscriber", "relationship", "benefit_status", "details", *_PERSON),
        )
        opened = (_VERSION.take(cover) for change in changes for cover in change.opened)
        self._db.add_values(coverages, _VERSION.names, opened)
        for known_at, same_time in groupby(changes, attrgetter("known_at")):
            for ids in chunks(cover_id for change in same_time for cover_id in change.superseded):
                self._db.change(
                    update(coverages)
                    .where(self._db.among(coverages.c.id, ids), coverages.c.superseded_at.is_(None))
                    .values(superseded_at=known_at)
                )
        for known_at, same_time in groupby(changes, attrgetter("known_at")):
            self.add_events([event for change in same_time for event in change.events], known_at)

    def add_events(self, events: Sequence[MembershipChange], known_at: datetime) -> None:
        """Write events of memberships that stay as they are, in bulk."""
        names = (*_EVENT.names, "source", "known_at")
        rows = ((*_EVENT.take(event), event.source.key(event.ordinal), known_at) for event in events)
        self._db.add_values(membership_events, names, rows)

    def told_last(self, digests: Iterable[str]) -> dict[str, ToldFamily]:
        """Return, by digest, the memberships that were told one of these digests last."""
        found: dict[str, ToldFamily] = {}
        its = memberships.c
        wanted = select(its.told, its.id, its.subscriber_id, its.told_members, *accounts.c).join_from(
            memberships, accounts, accounts.c.id == its.account_id
        )
        for chunk in chunks(dict.fromkeys(digests)):
            for told, membership_id, subscriber_id, member_ids, *account in self._db.rows(
                wanted.where(self._db.among(its.told, chunk), was_told)
            ):
                found[told] = ToldFamily(membership_id, subscriber_id, Account(*account), tuple(member_ids.split()))
        return found

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
        self._db.add_values(membership_log, _LOG_ENTRY.names, map(_LOG_ENTRY.take, entries))

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


def _membership_row(membership: Membership, told: Told) -> tuple[Any, ...]:
    """Return the row of a membership."""
    return (*_MEMBERSHIP.take(membership), told.digest, " ".join(told.member_ids))


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


def member_of(row: Record) -> Member:
    """Return the member that a row of `_MEMBERS` holds."""
    member_id, membership_id, is_subscriber, relationship, benefit_status, details, *person = row
    return Member(
        member_id, membership_id, is_subscriber, relationship, Person(*person), benefit_status, details_of(details)
    )


def coverage_of(row: Record) -> Coverage:
    """Return the coverage version that a row of `_COVERAGES` holds."""
    starts_on, ends_before, *values = row
    values.insert(_PERIOD_AT, Period(starts_on, ends_before))
    return Coverage(*values)
