"""The policy table: grace, notices and contact limits per state and line of business, with effective dates (HF-28).

The table is data, `mappings/policies/collection.toml`; `parse_policies` reads its text and does not touch the disk.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import Field

from gateway.configuration.toml_file import Section, check_model
from gateway.domain.mistake import Mistake
from gateway.domain.parties import LineOfBusiness
from gateway.domain.period import CoverageMonth
from gateway.remittance.grace import aptc_grace

ANY_STATE = "*"


class GraceLine(StrEnum):
    """What a row of the table is about; `aptc` is an individual who gets advance payments of the tax credit."""

    GROUP = "group"
    INDIVIDUAL = "individual"
    APTC = "aptc"


class CoverEnd(StrEnum):
    """Which day a termination request names as the last covered one."""

    GRACE_END = "grace_end"
    PAID_THROUGH = "paid_through"
    FIRST_MONTH = "first_month"  # of the grace: 45 CFR 156.270


class GraceRow(Section):
    """[[grace]]: one row; the last that holds on the day the arrears began counts, a named state before `*`."""

    state: str = Field(default=ANY_STATE, pattern=r"^(\*|[A-Z]{2})$")
    line: GraceLine
    starts_on: date
    ends_on: date | None = None
    basis: str = ""  # the law or contract that says so
    grace_days: int = Field(default=31, ge=0, le=366)
    three_months: bool = False  # three consecutive months instead of days
    past_due_days: int = Field(default=10, ge=0)
    cover_ends: CoverEnd = CoverEnd.GRACE_END
    reminder_days: int = Field(default=5, ge=0)
    late_days: int = Field(default=1, ge=1)
    second_days: int = Field(default=10, ge=1)
    final_days: int = Field(default=21, ge=1)
    deadline_days: int = Field(default=10, ge=0)
    contacts_max: int = Field(default=4, ge=1)
    contact_days: int = Field(default=30, ge=1)

    def holds_on(self, day: date) -> bool:
        """Tell whether the row is in force on a day."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)

    def grace_ends_on(self, started_on: date) -> date:
        """Return the last day on which all that is owed may still be paid (DOMAIN 8.7)."""
        if self.three_months:
            return aptc_grace(CoverageMonth.of(started_on)).ends_on
        return started_on + timedelta(days=self.grace_days)

    def cover_ends_on(self, started_on: date, paid_through: date | None) -> date:
        """Return the last covered day that a termination request asks for."""
        if self.cover_ends is CoverEnd.FIRST_MONTH:
            return CoverageMonth.of(started_on).last_day
        if self.cover_ends is CoverEnd.PAID_THROUGH and paid_through is not None:
            return paid_through
        return self.grace_ends_on(started_on)


class CaseTerms(Section):
    """[cases]: by when a case is to be settled, in working days, and by whom."""

    due_days: int = Field(default=5, ge=1)
    escalation_days: int = Field(default=10, ge=1)
    owner: str = "premium billing"
    escalates_to: str = "billing management"


class TrendTerms(Section):
    """[trend]: what the daily review lets pass (DOMAIN 8.5): a change is flagged when it is more than both limits."""

    percent: Decimal = Field(default=Decimal(5), ge=0, le=100)
    amount: Decimal = Field(default=Decimal("500.00"), ge=0, decimal_places=2)
    lives: int = Field(default=3, ge=0)
    months: int = Field(default=6, ge=1)
    months_needed: int = Field(default=3, ge=1)


class PolicyFile(Section):
    """The whole of `mappings/policies/collection.toml`."""

    calendar: str = "us-federal"
    cases: CaseTerms = CaseTerms()
    trend: TrendTerms = TrendTerms()
    grace: tuple[GraceRow, ...] = (
        GraceRow(line=GraceLine.GROUP, starts_on=date(2000, 1, 1)),
        GraceRow(line=GraceLine.INDIVIDUAL, starts_on=date(2000, 1, 1), cover_ends=CoverEnd.PAID_THROUGH),
        GraceRow(
            line=GraceLine.APTC,
            starts_on=date(2014, 1, 1),
            three_months=True,
            past_due_days=0,
            cover_ends=CoverEnd.FIRST_MONTH,
            final_days=60,
        ),
    )

    def row(self, state: str, line: GraceLine, on: date) -> GraceRow | None:
        """Return the row for a state and line that holds on a day, or None: then nothing is asked for."""
        for wanted in (state, ANY_STATE):
            found = [row for row in self.grace if row.state == wanted and row.line is line and row.holds_on(on)]
            if wanted and found:
                return max(found, key=lambda row: row.starts_on)
        return None


@dataclass(frozen=True, slots=True)
class PolicyUse:
    """An account (or pattern of accounts) that needs a row: where its settings stand, its state and line."""

    file: str
    key: str
    state: str
    line_of_business: LineOfBusiness


def line_of(line_of_business: LineOfBusiness, *, has_subsidy: bool = False, month_paid: bool = True) -> GraceLine:
    """Return which rows an account goes by.

    The three months of APTC need advance payments and a month fully paid in the benefit year (45 CFR 156.270 (d)).
    """
    if line_of_business is not LineOfBusiness.INDIVIDUAL:
        return GraceLine.GROUP
    return GraceLine.APTC if has_subsidy and month_paid else GraceLine.INDIVIDUAL


def parse_policies(data: Mapping[str, Any], file: str) -> tuple[PolicyFile, list[Mistake]]:
    """Return the policies that the tables of `file` say, the defaults where they are wrong, and every mistake."""
    found, mistakes = check_model(PolicyFile, data, file)
    policies = found or PolicyFile()
    for number, row in enumerate(policies.grace, start=1):
        if row.ends_on is not None and row.ends_on < row.starts_on:
            key = f"grace[{number}].ends_on"
            mistakes.append(Mistake(file, key, "the row ends before it starts", "correct one of the two days"))
        if not row.late_days < row.second_days < row.final_days:
            key = f"grace[{number}].second_days"
            mistakes.append(Mistake(file, key, "the notices are not in order", "late, then second, then final"))
    return policies, mistakes


def without_policy(policies: PolicyFile, uses: Iterable[PolicyUse]) -> list[Mistake]:
    """Return a mistake for every account without a row that goes on holding: it must not go live (HF-28).

    An individual needs two: one for when the tax credit is paid in advance.
    """
    return [
        Mistake(
            use.file,
            f"{use.key}.state",
            f"no grace is agreed for {use.state or 'any state'}, {line}",
            'add a [[grace]] row without ends_on to mappings/policies/collection.toml, for its state or for "*"',
        )
        for use in uses
        for line in dict.fromkeys(line_of(use.line_of_business, has_subsidy=each) for each in (False, True))
        if policies.row(use.state, line, date.max) is None
    ]
