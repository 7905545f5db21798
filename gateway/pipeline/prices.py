"""The price tables that billing uses: the partner's files, or what two people put in their place (HF-24)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from gateway.billing.rating import Contribution, Factor, FactorKind, Fee, FeeBasis, Rate, RateTable
from gateway.domain.age import AgeBand
from gateway.domain.rate_change import RateChange
from gateway.errors import InvariantBroken
from gateway.partners import price_rows
from gateway.partners.billing import AccountSettings
from gateway.partners.partner import Partner
from gateway.partners.price_rows import KINDS, PriceRow
from gateway.partners.rates import parse_rows
from gateway.ports.unit_of_work import UnitOfWork

_TABLES_KEPT = 64  # parsed results of approved changes, which never change


@dataclass(frozen=True, slots=True)
class PriceTable:
    """One table in force: its rows, the name it goes by, and the change that put it in force ('' for the file)."""

    kind: str
    file: str
    rows: tuple[PriceRow, ...]
    change_id: str = ""

    def place_of(self, row: PriceRow) -> str:
        """Return where a row stands, for whoever asks where a price comes from."""
        where = f"{self.file} as approved in {self.change_id}" if self.change_id else self.file
        return f"{where}, line {row.line}" if row.line else where


def table_in_force(unit: UnitOfWork, partner: Partner, kind: str, file: str) -> PriceTable:
    """Return a partner's table: as approved last, else as it stands in the partner's folder."""
    change = unit.rate_changes.in_force(partner.id, file)
    if change is None:
        return PriceTable(kind, file, partner.price_rows(kind, file))
    return table_of(change)


def table_of(change: RateChange) -> PriceTable:
    """Return the table that a change leads to."""
    return PriceTable(change.kind, change.file, _parsed(change.kind, change.result), change.id)


def tables_of(unit: UnitOfWork, partner: Partner, settings: AccountSettings) -> dict[str, PriceTable]:
    """Return the tables that an account is priced by, one of each kind."""
    return {kind: table_in_force(unit, partner, kind, getattr(settings, kind)) for kind in KINDS}


def rate_table_of(tables: Mapping[str, PriceTable]) -> RateTable:
    """Return tables, one of each kind, as billing uses them."""
    return RateTable(
        rates_of(tables["rates"]),
        factors=[_factor(cast("price_rows.Factor", row)) for row in tables["factors"].rows],
        fees=[_fee(cast("price_rows.Fee", row), tables["fees"].place_of(row)) for row in tables["fees"].rows],
        contributions=[_contribution(cast("price_rows.Contribution", row)) for row in tables["contributions"].rows],
    )


def rates_of(table: PriceTable) -> list[Rate]:
    """Return the rows of a table of rates as billing uses them."""
    rows = cast("Sequence[price_rows.Rate]", table.rows)
    return [Rate(row.plan, row.tier, row.amount, row.starts_on, row.ends_on, table.place_of(row)) for row in rows]


def known_plans(unit: UnitOfWork, partner: Partner, settings: AccountSettings) -> frozenset[str]:
    """Return every plan that an account has a price for, and the codes that partners send for one of them."""
    table = table_in_force(unit, partner, "rates", settings.rates)
    plans = {rate.plan for rate in cast("Sequence[price_rows.Rate]", table.rows)}
    products = partner.billing.products.items()
    return frozenset(plans).union(*(product.codes for product_id, product in products if product_id in plans))


@lru_cache(maxsize=_TABLES_KEPT)
def _parsed(kind: str, result: str) -> tuple[PriceRow, ...]:
    """Return the rows of an approved table, which was checked when it was loaded."""
    rows, mistakes = parse_rows(KINDS[kind], result.encode(), kind)
    if mistakes:
        raise InvariantBroken(f"an approved table cannot be read any more: {mistakes[0]}")
    return rows


def _factor(row: price_rows.Factor) -> Factor:
    """Return a row of a factor file as billing uses it."""
    ages = AgeBand.parse(row.ages)
    return Factor(row.plan, FactorKind(row.factor), row.area, ages, row.multiplier, row.starts_on, row.ends_on)


def _fee(row: price_rows.Fee, place: str) -> Fee:
    """Return a row of a fee file as billing uses it."""
    return Fee(
        name=row.name,
        basis=FeeBasis(row.basis),
        amount=row.amount,
        percent=row.percent,
        plan=row.plan,
        legal_entity=row.legal_entity,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        source=place,
    )


def _contribution(row: price_rows.Contribution) -> Contribution:
    """Return a row of a contribution file as billing uses it."""
    return Contribution(row.plan, row.tier, row.percent, row.amount, row.starts_on, row.ends_on)
