"""What an account is priced by on a day, what follows, and when it renews (HN-14)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from gateway.billing.effective import Effective, closed
from gateway.billing.renewal import renewal_date
from gateway.errors import NotFound
from gateway.partners.price_rows import PriceRow
from gateway.pipeline.accounts import plan_year_of, settings_of
from gateway.pipeline.plant import Plant
from gateway.pipeline.prices import tables_of


@dataclass(frozen=True, slots=True)
class PriceNow:
    """What something costs today, and the next price that is on file for it; at least one of them is there."""

    key: tuple[str, ...]
    now: PriceRow | None
    then: PriceRow | None


@dataclass(frozen=True, slots=True)
class AccountRates:
    """The prices of an account by kind of table, the tables' names, and the next renewal after `on`."""

    account_id: str
    on: date
    renews_on: date
    tables: dict[str, str]
    prices: dict[str, list[PriceNow]]


def account_rates(plant: Plant, account_id: str) -> AccountRates:
    """Return the prices of an account on the business date. Raises NotFound for an account nobody knows.

    An account that is configured has prices before anybody is enrolled in it.
    """
    today = plant.clock.business_date()
    with plant.open_unit() as unit:
        account = unit.enrollment.account(account_id)
        configured = [each.id for each in plant.partners.values() if account_id in each.accounts]
        owners = [account.partner_id] if account else configured
        if not owners:
            raise NotFound(
                f"there is no account {account_id}", hint="accounts are configured in partners/*/billing.toml"
            )
        partner = plant.partner(owners[0])
        settings = settings_of(partner, account_id)
        tables = tables_of(unit, partner, settings)
    return AccountRates(
        account_id=account_id,
        on=today,
        renews_on=renewal_date(plan_year_of(settings), today),
        tables={kind: f"{table.file}{_approved(table.change_id)}" for kind, table in tables.items()},
        prices={kind: prices_on(table.rows, today) for kind, table in tables.items()},
    )


def prices_on(rows: Iterable[PriceRow], day: date) -> list[PriceNow]:
    """Return, in order of key, the row that holds on `day` and the first to begin after it."""
    table = Effective(closed(rows))
    found = [
        PriceNow(key, table.on(key, day), next((row for row in table.rows[key] if row.starts_on > day), None))
        for key in sorted(table.rows)
    ]
    return [each for each in found if each.now or each.then]


def _approved(change_id: str) -> str:
    """Say in which change a table was approved."""
    return f", as approved in {change_id}" if change_id else ""
