"""Rows of a partner's price files, as finance keeps them in a spreadsheet: rates, factors, fees, contributions.

Every row holds from `starts_on` through `ends_on`; an empty `ends_on` means until the next row of the same key begins.
An empty cell for plan or tier means every plan or tier.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import ClassVar, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from gateway.configuration.toml_file import Section
from gateway.domain.age import AgeBand
from gateway.domain.money import Money

_PENNY = Decimal("0.01")


class PriceRow(Section):
    """What every row of a price file has: its days, and what it is about and says."""

    noun: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]  # in the order of the file
    needed: ClassVar[tuple[str, ...]]  # which of them a file must have
    names: ClassVar[tuple[str, ...]]  # the columns that say what a row is about
    may_pause: ClassVar[bool]  # whether days without any row are meant

    starts_on: date
    ends_on: date | None = None
    _line: int = PrivateAttr(default=0)

    @property
    def line(self) -> int:
        """The line of the file that the row stands on, 0 where it was not read from one."""
        return self._line

    @property
    def key(self) -> tuple[str, ...]:
        """What the row is about."""
        return tuple(str(getattr(self, name)) for name in self.names)

    @property
    def terms(self) -> tuple[object, ...]:
        """What the row says."""
        about = {*self.names, "starts_on", "ends_on"}
        return tuple(getattr(self, name) for name in self.columns if name not in about)

    def on_line(self, line: int) -> Self:
        """Return the row with its line noted."""
        self._line = line
        return self

    def over(self, starts_on: date, ends_on: date | None) -> Self:
        """Return the row for other days."""
        return self.model_copy(update={"starts_on": starts_on, "ends_on": ends_on})

    def cells(self) -> tuple[str, ...]:
        """Return the row as the cells of its columns."""
        values = (getattr(self, name) for name in self.columns)
        return tuple("" if value is None else str(value) for value in values)


class Rate(PriceRow):
    """One row of `rates.csv`: plan, tier or age band (`AGE 0-14`, `AGE 15`, `AGE 64+`), and monthly price."""

    noun = "rate"
    columns = ("plan", "tier", "amount", "starts_on", "ends_on")
    needed = ("plan", "tier", "amount", "starts_on")
    names = ("plan", "tier")
    may_pause = False

    plan: str = Field(min_length=1)
    tier: str = Field(min_length=1)
    amount: Money = Field(ge=0, decimal_places=2)

    @model_validator(mode="after")
    def _a_band_can_be_read(self) -> Self:
        """Refuse a tier that begins like an age band and is none."""
        if self.tier.upper().startswith("AGE") and AgeBand.parse(self.tier) is None:
            raise ValueError("the tier is no age band; write AGE 0-14, AGE 15 or AGE 64+")
        return self


class Factor(PriceRow):
    """One row of `factors.csv`: what the age rates of a plan, or of all, are multiplied by."""

    noun = "factor"
    columns = ("plan", "factor", "area", "ages", "multiplier", "starts_on", "ends_on")
    needed = ("factor", "multiplier", "starts_on")
    names = ("plan", "factor", "area", "ages")
    may_pause = False

    plan: str = ""
    factor: Literal["area", "tobacco"]
    area: str = ""
    ages: str = ""
    multiplier: Decimal = Field(ge=_PENNY, le=10, decimal_places=6)

    @model_validator(mode="after")
    def _it_depends_on_one_thing(self) -> Self:
        """An area factor names its area, a tobacco factor perhaps ages."""
        if (self.factor == "area") != bool(self.area):
            raise ValueError("an area factor names its area, and a tobacco factor none; correct factor or area")
        if self.ages and (self.factor == "area" or AgeBand.parse(self.ages) is None):
            raise ValueError("only a tobacco factor has ages; write them as AGE 21+ or AGE 21-64, or leave them empty")
        return self


class Fee(PriceRow):
    """One row of `fees.csv`: a named fee, an amount a month or a percentage of the premium."""

    noun = "fee"
    columns = ("name", "basis", "amount", "percent", "plan", "legal_entity", "starts_on", "ends_on")
    needed = ("name", "basis", "starts_on")
    names = ("name",)
    may_pause = True

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 .&-]{0,39}$")
    basis: Literal["member", "contract", "account"]
    amount: Money | None = Field(default=None, ge=_PENNY, decimal_places=2)
    percent: Decimal | None = Field(default=None, ge=_PENNY, le=100)
    plan: str = ""
    legal_entity: str = ""

    @model_validator(mode="after")
    def _it_is_an_amount_or_a_percentage(self) -> Self:
        """A fee is one or the other; what is counted per member is an amount."""
        if (self.amount is None) == (self.percent is None):
            raise ValueError("a fee is an amount or a percentage; fill one of amount and percent")
        if self.percent is not None and self.basis == "member":
            raise ValueError("a percentage is not counted per member; write contract or account as basis")
        return self


class Contribution(PriceRow):
    """One row of `contributions.csv`: what the employer pays of a premium, by plan, tier, both or neither."""

    noun = "contribution"
    columns = ("plan", "tier", "percent", "amount", "starts_on", "ends_on")
    needed = ("percent", "starts_on")  # without the percentage its columns would be those of a rate file
    names = ("plan", "tier")
    may_pause = True

    plan: str = ""
    tier: str = ""
    percent: Decimal | None = Field(default=None, ge=0, le=100)
    amount: Money | None = Field(default=None, ge=0, decimal_places=2)

    @model_validator(mode="after")
    def _it_is_a_percentage_or_an_amount(self) -> Self:
        """A contribution is one or the other."""
        if (self.amount is None) == (self.percent is None):
            raise ValueError("a contribution is a percentage or an amount; fill one of percent and amount")
        return self


KINDS: Mapping[str, type[PriceRow]] = MappingProxyType(
    {"rates": Rate, "factors": Factor, "fees": Fee, "contributions": Contribution}
)
"""The kinds of price files, by the setting of an account that names the file."""
