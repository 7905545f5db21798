"""What every report is made with: columns of a kind, the house's rules, and one state of the database."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.feeds.report import Cell, Column, Kind
from gateway.pipeline.plant import Plant
from gateway.ports.collection import ReportReader

Rows = Iterator[tuple[Cell, ...]]


class By(StrEnum):
    """What one row of a report is about, where it can be chosen."""

    ACCOUNT = "account"
    INVOICE = "invoice"
    POLICY = "policy"
    PLAN = "plan"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Kit:
    """The house's rules, one state of the database as of a day, and what a row is about."""

    plant: Plant
    reader: ReportReader
    by: By

    @property
    def as_of(self) -> date:
        """The day of the report."""
        return self.reader.as_of


@dataclass(frozen=True, slots=True)
class ReportKind:
    """One report: what it says, its columns, its rows, and what its rows may be about (the first is the default)."""

    meaning: str
    columns: Callable[[By], tuple[Column, ...]]
    rows: Callable[[Kit], Rows]
    by: tuple[By, ...] = (By.ACCOUNT,)


def text(*names: str) -> tuple[Column, ...]:
    """Return columns of text."""
    return tuple(Column(name) for name in names)


def amounts(*names: str) -> tuple[Column, ...]:
    """Return columns of amounts."""
    return tuple(Column(name, Kind.AMOUNT) for name in names)


def days(*names: str) -> tuple[Column, ...]:
    """Return columns of dates."""
    return tuple(Column(name, Kind.DAY) for name in names)


def numbers(*names: str) -> tuple[Column, ...]:
    """Return columns of numbers that are not added up."""
    return tuple(Column(name, Kind.NUMBER) for name in names)


def days_since(day: date | None, as_of: date) -> int | None:
    """Return how many days have passed, None where no day is known."""
    return None if day is None else (as_of - day).days
