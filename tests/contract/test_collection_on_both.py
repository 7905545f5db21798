"""What collection keeps and reports read, on both databases."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from gateway.domain.collection import (
    DISPUTE,
    CaseAct,
    CaseCause,
    CaseEntry,
    CaseWork,
    DelinquencyState,
    Dispute,
    Settled,
    Standing,
    Step,
    StepKind,
)
from gateway.domain.period import CoverageMonth
from gateway.domain.remittance import Case
from gateway.errors import NotFound
from gateway.ports.unit_of_work import OpenUnitOfWork
from gateway.store.database import Database
from tests.contract.records import NOW, money
from tests.integration.books import Books

DAY = date(2025, 12, 15)
SHORT = Case("SHORT_PAY/R1/INV1", "SHORT_PAY", "G001234", "INV1", money("12.00"), "Short.")


@pytest.fixture
def books(open_unit: OpenUnitOfWork) -> Books:
    return Books(open_unit)


def work(case: Case = SHORT, **more: object) -> CaseWork:
    return CaseWork(case, opened_at=NOW, owner="billing", due_on=DAY, escalates_on=DAY, **more)


def test_a_case_is_kept_with_all_that_changes_of_it(open_unit: OpenUnitOfWork, database: Database) -> None:
    with open_unit() as unit:
        assert [SHORT.key] == unit.cases.add([work()])
        assert [] == unit.cases.add([work()])
        unit.cases.log(CaseEntry("L1", SHORT.key, NOW, "Jo", CaseAct.OPENED, "Short."))
        unit.cases.log(CaseEntry("L1", SHORT.key, NOW, "Jo", CaseAct.OPENED, "Short."))
        unit.cases.log(CaseEntry("L2", SHORT.key, NOW, "Al", CaseAct.CLOSED, "found"))
        unit.commit()
        assert [work()] == unit.cases.to_escalate(date(2025, 12, 16))
        assert [] == unit.cases.to_escalate(DAY)
        closed = work(closed_at=NOW, cause=CaseCause.EXPECTED, reason="found")
        unit.cases.update(closed)
        unit.commit()
        assert closed == unit.cases.get("SHORT_PAY")
        assert ["L1", "L2"] == [entry.id for entry in unit.cases.log_of(SHORT.key)]
        with pytest.raises(NotFound):
            unit.cases.get("OTHER")
    assert [closed] == database.queries().cases(closed=True)
    assert [] == database.queries().cases()
    assert 2 == len(database.queries().case("SHORT_PAY/R1")[1])


def test_a_case_without_dates_is_to_be_taken_up(open_unit: OpenUnitOfWork) -> None:
    with open_unit() as unit:
        unit.ledger.open_cases([SHORT])
        unit.commit()
        assert [SHORT] == unit.cases.not_taken_up()
        unit.cases.update(work())
        assert [] == unit.cases.not_taken_up()


def test_a_history_holds_what_was_billed_settled_held_and_disputed_through_a_day(
    open_unit: OpenUnitOfWork, books: Books
) -> None:
    books.bill("INV1", "1240.00", due="2025-12-01", billed="2025-11-10")
    books.bill("INV2", "1240.00", due="2026-01-01", billed="2025-12-10")
    books.pay("1000.00", "2025-12-01", invoice="INV1", write_off="2.50")
    books.pay("50.00", "2025-12-20")
    step = Step("K1", "G001234", StepKind.LATE, date(2025, 12, 1), DAY, DAY, money("237.50"))
    with open_unit() as unit:
        unit.cases.add([work(Case("DISPUTE/1", DISPUTE, "G001234", "INV1", money("7.00"), "x"))])
        unit.collection.add_steps([step, step])
        unit.commit()
        then = unit.collection.history("G001234", date(2025, 12, 9))
        assert (["INV1"], (), ()) == ([each.id for each in then.invoices], then.held, then.steps)
        now = unit.collection.history("G001234", date(2025, 12, 31))
        assert ["INV1", "INV2"] == [each.id for each in now.invoices]
        assert (Settled("INV1", date(2025, 12, 1), money("1002.50")),) == now.settled
        assert ((date(2025, 12, 20), money("50.00")),) == now.held
        assert ((step,), (Dispute("INV1", money("7.00"), NOW.date()),)) == (now.steps, now.disputes)
        assert (None, False) == (now.ended_on, now.has_subsidy)
        assert [(CoverageMonth(2025, 12), money("1240.00"), money("237.50"))] == unit.collection.months(
            "G001234", date(2025, 12, 9)
        )
        assert ["G001234"] == unit.collection.account_ids()
        with pytest.raises(NotFound):
            unit.collection.history("NOBODY", DAY)


def test_a_standing_replaces_that_of_the_same_day_only(open_unit: OpenUnitOfWork, books: Books) -> None:
    books.account("G001234")
    first = Standing("G001234", DAY, DelinquencyState.PAST_DUE, money("1.00"))
    with open_unit() as unit:
        unit.collection.put_standing(first)
        again = replace(first, state=DelinquencyState.CURRENT, past_due=money("0.00"))
        unit.collection.put_standing(again)
        unit.commit()
        assert again == unit.collection.last_standing("G001234", date(2025, 12, 16))
        assert None is unit.collection.last_standing("G001234", DAY)


def test_the_reader_of_reports_gives_the_same_figures_on_both_databases(database: Database, books: Books) -> None:
    lines = (("M1", "GOLD", "620.00"), ("M1", "DENTAL", "40.01"), ("M2", "GOLD", "1240.00"))
    books.bill("INV1", "1900.01", due="2025-12-01", lines=lines)
    books.pay("1000.01", "2025-12-02", invoice="INV1")
    books.pay("10.00", "2025-12-03", account="")
    books.pay("20.00", "2025-12-04")
    with database.queries().reading_reports(DAY) as reader:
        (history,) = reader.histories()
        found = reader.billed_paid(history.account_id)
        whole = list(reader.money(by_account=False))
        parts = list(reader.money(by_account=True))
        figures = reader.figures(history.account_id)
    assert ("1900.01", "1000.01", "900.00") == tuple(
        str(sum((getattr(each, name) for each in found), Decimal(0))) for name in ("billed", "paid", "open")
    )
    assert ["1000.01", "0.00", "0.00"] == [str(each.applied) for each in whole]
    assert {("", "10.00"), ("G001234", "0.00")} == {
        (each.account_id, str(each.suspense)) for each in parts if each.suspense or each.applied or each.unapplied
    }
    assert ["NO_ACCOUNT"] == [reason for each in whole if each.suspense for reason in each.reasons]
    (billed,) = figures.billed
    assert (2, {"GOLD": money("1860.00"), "DENTAL": money("40.01")}) == (billed.lives, dict(billed.products))
    assert (money("1900.01"), money("1000.01")) == (
        figures.due[CoverageMonth(2025, 12)],
        figures.paid[CoverageMonth(2025, 12)],
    )
    assert [("INV1", money("900.00"))] == [(each.invoice_id, each.open) for each in figures.bills]
