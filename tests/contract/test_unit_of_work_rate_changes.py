"""Changes of price files on both databases."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from gateway.domain.period import CoverageMonth
from gateway.domain.rate_change import ChangeState, RateChange
from gateway.errors import NotFound
from gateway.ports.unit_of_work import OpenUnitOfWork, UnitOfWork
from tests.contract.records import ACME, NOW, add_file_with_set, invoice, line

CHANGE = RateChange(
    "P1", "acme", "rates", "rates.csv", "loaded", "in force", "hash", date(2025, 12, 1), "Jo Doe", staged_at=NOW
)
APPROVED = replace(CHANGE, state=ChangeState.APPROVED, number=1, decided_by="Al Roe", decided_at=NOW, reason="")


@pytest.fixture
def unit(open_unit: OpenUnitOfWork) -> UnitOfWork:
    with open_unit() as unit:
        yield unit


def test_a_change_is_kept_once_with_all_it_says(unit: UnitOfWork) -> None:
    assert (True, False) == (unit.rate_changes.add(CHANGE), unit.rate_changes.add(replace(CHANGE, content="other")))
    assert (CHANGE, CHANGE) == (unit.rate_changes.get("P1"), unit.rate_changes.staged("acme", "rates.csv"))


def test_a_change_that_is_not_there_is_not_found(unit: UnitOfWork) -> None:
    with pytest.raises(NotFound, match="there is no rate change P9"):
        unit.rate_changes.get("P9")


def test_of_one_table_one_change_waits(unit: UnitOfWork) -> None:
    others = [
        replace(CHANGE, id="P2"),
        replace(CHANGE, id="P3", file="fees.csv"),
        replace(CHANGE, id="P4", partner_id="b"),
    ]
    unit.rate_changes.add(CHANGE)
    assert [False, True, True] == [unit.rate_changes.add(each) for each in others]


def test_a_change_is_decided_once(unit: UnitOfWork) -> None:
    unit.rate_changes.add(CHANGE)
    rejected = replace(
        CHANGE, state=ChangeState.REJECTED, decided_by="Al Roe", decided_at=NOW, reason="tiers exchanged"
    )
    assert (True, False) == (unit.rate_changes.decide(rejected), unit.rate_changes.decide(APPROVED))
    assert (rejected, None) == (unit.rate_changes.get("P1"), unit.rate_changes.in_force("acme", "rates.csv"))


def test_the_change_that_was_approved_last_is_in_force(unit: UnitOfWork) -> None:
    assert None is unit.rate_changes.in_force("acme", "rates.csv")
    for number in (1, 2):
        staged = replace(CHANGE, id=f"P{number}", staged_at=NOW + timedelta(days=number))
        unit.rate_changes.add(staged)
        unit.rate_changes.decide(
            replace(staged, state=ChangeState.APPROVED, number=number, decided_by="Al Roe", decided_at=NOW)
        )
    assert "P2" == unit.rate_changes.in_force("acme", "rates.csv").id
    assert None is unit.rate_changes.in_force("acme", "fees.csv")
    assert ["P2", "P1"] == [each.id for each in unit.rate_changes.changes_of("acme")]


def test_changes_are_listed_by_partner_and_table(unit: UnitOfWork) -> None:
    unit.rate_changes.add(CHANGE)
    unit.rate_changes.add(replace(CHANGE, id="P2", partner_id="birch"))
    assert (["P2", "P1"], ["P2"], []) == (
        [each.id for each in unit.rate_changes.changes_of()],
        [each.id for each in unit.rate_changes.changes_of("birch")],
        unit.rate_changes.changes_of("acme", "fees.csv"),
    )


def test_the_last_month_on_an_invoice_says_through_when_an_account_is_billed(unit: UnitOfWork) -> None:
    add_file_with_set(unit)
    unit.enrollment.add_account(ACME)
    assert {} == unit.rate_changes.billed_through("acme")
    unit.invoices.add(invoice(), [line(1, "620.00", "2025-10"), line(2, "620.00", "2025-11")])
    assert ({"ACME": CoverageMonth(2025, 11)}, {}) == (
        unit.rate_changes.billed_through("acme"),
        unit.rate_changes.billed_through("birch"),
    )
