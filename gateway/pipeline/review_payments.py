"""Daily station: each account's bills and payments against its own past; every flag a case (DOMAIN 8.5)."""

from collections.abc import Iterator
from datetime import date

from gateway.domain.money import ZERO
from gateway.domain.period import CoverageMonth
from gateway.domain.remittance import Case
from gateway.logs import get_logger
from gateway.pipeline.case_desk import open_cases
from gateway.pipeline.plant import Plant
from gateway.pipeline.timetable import TODAY
from gateway.ports.collection import AccountFigures
from gateway.ports.jobs import Job
from gateway.remittance.policy import TrendTerms
from gateway.remittance.trend import Flag, MonthFigures, billed_flags, case_of, payment_flags
from gateway.remittance.variance import missing_products


def review_payments(plant: Plant, subject: str) -> None:
    """Review every account on the day `subject` ("today" or ISO), or one: `ACCOUNT@DATE`."""
    account_id, at, day = subject.rpartition("@")
    on = plant.clock.business_date() if day == TODAY else date.fromisoformat(day)
    if at:
        review_account(plant, account_id, on)
        return
    with plant.open_unit() as unit:
        for each in unit.collection.account_ids():
            unit.defer(Job("review_payments", f"{each}@{on.isoformat()}", lock=f"account/{each}"))
        unit.commit()


def review_account(plant: Plant, account_id: str, on: date) -> list[str]:
    """Open a case for each thing that moved by more than the thresholds; return the keys of the new ones."""
    with plant.open_unit() as unit:
        figures = unit.collection.figures(account_id, on)
        cases = [case_of(account_id, month, flag) for month, flag in flags(figures, plant.policies.trend, on)]
        opened = open_cases(plant, unit, [*cases, *incomplete(account_id, figures)])
        unit.commit()
    get_logger(account=account_id).info("payments reviewed", cases=len(opened))
    return opened


def flags(figures: AccountFigures, terms: TrendTerms, on: date) -> Iterator[tuple[CoverageMonth, Flag]]:
    """Yield what is remarkable of the last billed month, and of the payments of the last month that is over."""
    months = by_month(figures)
    billed = [month for month in sorted(months) if months[month].products]
    if len(billed) > 1:
        before, now = billed[-2:]
        for flag in billed_flags(months[before], months[now], terms):
            yield now, flag
    over = CoverageMonth.of(on).previous()
    # A month in which nothing fell due stands too: only so is it seen that the last one did not.
    reviewed = [each for month, each in months.items() if month <= over]
    for flag in payment_flags([*reviewed, MonthFigures(over)] if over not in months else reviewed, terms):
        yield over, flag


def incomplete(account_id: str, figures: AccountFigures) -> list[Case]:
    """Return a case for each bill whose payment leaves out whole products (HF-20)."""
    return [
        Case(
            f"PRODUCT_MISSING/{bill.invoice_id}/{'+'.join(missing)}",
            "PRODUCT_MISSING",
            account_id,
            bill.invoice_id,
            sum((bill.products[product] for product in missing), ZERO),
            f"Invoice {bill.invoice_id}: the payment leaves out {', '.join(missing)}; ask for the rest or its reason.",
        )
        for bill in figures.bills
        if (missing := missing_products(bill.products, bill.open, bill.reported))
    ]


def by_month(figures: AccountFigures) -> dict[CoverageMonth, MonthFigures]:
    """Return the figures of every month in which anything was billed, fell due or was paid."""
    billed = {each.month: each for each in figures.billed}
    found = {}
    for month in sorted({*billed, *figures.due, *figures.paid}):
        bill = billed.get(month)
        found[month] = MonthFigures(
            month=month,
            premium=sum(bill.products.values(), ZERO) if bill else ZERO,
            lives=bill.lives if bill else 0,
            due=figures.due.get(month, ZERO),
            paid=figures.paid.get(month, ZERO),
            products=bill.products if bill else {},
            rates=bill.rates if bill else {},
        )
    return found
