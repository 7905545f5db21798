"""Makers of small worlds: a family, its coverages, its account and rates, with one word per thing that matters."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.billing.account import AccountRules
from gateway.billing.rating import Rate, RateTable
from gateway.domain.charge import BilledAmount, InvoiceLine
from gateway.domain.coverage import (
    Coverage,
    CoverageStatus,
    Family,
    Member,
    Membership,
    MembershipChange,
    MembershipEvent,
    MembershipStatus,
)
from gateway.domain.exchange import SetSource
from gateway.domain.money import ZERO
from gateway.domain.parties import Person
from gateway.domain.period import CoverageMonth, Period

ROLES = {"subscriber": "18", "spouse": "01", "child": "19", "child2": "19", "child3": "19"}


def make_coverage(
    member: str = "subscriber",
    starts_on: date = date(2025, 9, 1),
    last_day: date | None = None,
    *,
    plan: str = "GOLD",
    tier: str = "",
    status: CoverageStatus = CoverageStatus.ACTIVE,
    premium: str | None = None,
    billable_before: date | None = None,
    set_id: str = "SET1",
    known_at: datetime = datetime(2025, 8, 1, tzinfo=UTC),
    insurance_line: str = "HLT",
    number: int = 1,
    membership: str = "M1",
) -> Coverage:
    return Coverage(
        id=f"{membership}-{member}-{plan}-{number}",
        line_id=f"{membership}-{member}-{plan}",
        member_id=f"{membership}-{member}",
        membership_id=membership,
        insurance_line=insurance_line,
        plan=plan,
        level=tier,
        period=Period.through(starts_on, last_day),
        status=status,
        source=f"000000001/1/0001/{number}",
        set_id=set_id,
        known_at=known_at,
        premium=None if premium is None else Decimal(premium),
        billable_before=billable_before,
    )


def make_family(*coverages: Coverage, membership: str = "M1") -> Family:
    return Family(
        membership=Membership(membership, "acme", "ACME", "S100", MembershipStatus.ACTIVE),
        members=tuple(
            Member(f"{membership}-{role}", membership, role == "subscriber", relationship, Person())
            for role, relationship in ROLES.items()
        ),
        coverages=coverages,
    )


def make_rates(prices: dict[str, str], plan: str = "GOLD", starts_on: date = date(2025, 1, 1)) -> RateTable:
    return RateTable(Rate(plan, tier, Decimal(amount), starts_on) for tier, amount in prices.items())


def bill(
    lines: Iterable[InvoiceLine], billed: Iterable[BilledAmount] = (), invoice: str = "INV1"
) -> list[BilledAmount]:
    """What stands billed after `lines` went out on `invoice`."""
    sums = {(each.membership_id, each.product, each.month): each for each in billed}
    for line in lines:
        key = (line.membership_id, line.product, line.month)
        before = sums[key].amount if key in sums else ZERO
        sums[key] = BilledAmount(
            *key, before + line.amount, line.member_id, line.tier, line.insurance_line, last_invoice_id=invoice
        )
    return list(sums.values())


def make_billed(months: Iterable[str], amount: str, *, tier: str = "FAM", membership: str = "M1") -> list[BilledAmount]:
    """Months billed in full, each on an invoice of its own: INV202509 for 2025-09."""
    return [
        BilledAmount(
            membership, "GOLD", CoverageMonth.parse(month), Decimal(amount), f"{membership}-subscriber", tier, "HLT",
            f"INV{month.replace('-', '')}",
        )
        for month in months
    ]  # fmt: skip


def make_event(event: MembershipEvent = MembershipEvent.ENROLL, ordinal: int = 1) -> MembershipChange:
    source = SetSource("F1", "SET1", "000000001", "1", "0001")
    return MembershipChange(
        key=f"{source.key(ordinal)}/{event}",
        event=event,
        membership_id="M1",
        member_id="M1-subscriber",
        effective_on=date(2025, 11, 1),
        source=source,
        ordinal=ordinal,
    )


@pytest.fixture(scope="session")
def coverage() -> Callable[..., Coverage]:
    return make_coverage


@pytest.fixture(scope="session")
def family() -> Callable[..., Family]:
    return make_family


@pytest.fixture(scope="session")
def rates() -> Callable[..., RateTable]:
    return make_rates


@pytest.fixture(scope="session")
def bill_lines() -> Callable[..., list[BilledAmount]]:
    return bill


@pytest.fixture(scope="session")
def billed() -> Callable[..., list[BilledAmount]]:
    return make_billed


@pytest.fixture(scope="session")
def event() -> Callable[..., MembershipChange]:
    return make_event


@pytest.fixture(scope="session")
def acme() -> AccountRules:
    return AccountRules(id="ACME", partner_id="acme")
