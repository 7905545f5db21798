"""Several groups of acme, billed by the cycle: what a bill run is about."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from gateway.partners.price_rows import Rate
from tests.unit.pipeline.house import House
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

NOVEMBER_RUN = date(2025, 11, 10)  # the first day of the window that bills through December
DECEMBER_RUN = date(2025, 12, 10)


def form_groups(house: House, *group_ids: str, **settings: object) -> None:
    """Give acme these accounts, billed with the cycle only; `settings` are those of each account."""
    own = next(iter(house.plant.partners["acme"].billing.accounts.values()))
    house.agree_on_billing(
        "acme",
        accounts={
            group: own.model_copy(
                update={"policies": (group,), "tax_ids": (), "member_events_raise_requests": False, **settings}
            )
            for group in group_ids
        },
    )


def configure(house: House, group: str, **settings: object) -> None:
    """Change the settings of one account."""
    accounts = house.plant.partners["acme"].billing.accounts
    house.agree_on_billing("acme", accounts={**accounts, group: accounts[group].model_copy(update=settings)})


_number = iter(range(101, 10**6))


def sends(house: House, group: str, *members: tuple[str, ...], **header: object) -> str:
    """Have acme send an 834 of one set about a group; return the file's id."""
    number = next(_number)
    body = enrollment(
        *members, policy=group, reference=f"R{number}", created=f"{house.clock.instant:%Y%m%d*%H%M%S}"[:13], **header
    )
    return house.take("acme", Envelope(number=f"{number:09d}", asks_for_ta1=False).around(body)).id


def of(group: str, subscriber: str, **words: object) -> tuple[str, ...]:
    """Return one INS loop of a member of a group."""
    return member(subscriber, policy=group, **words)


def at(house: House, year: int, month: int, day: int, hour: int = 9) -> None:
    """Move the clock."""
    house.clock.instant = datetime(year, month, day, hour, tzinfo=UTC)


def price(house: House, amount: str, *, plan: str = "GOLD", tier: str = "EMP") -> None:
    """Change every price of a plan and tier in acme's rate table."""
    acme = house.plant.partners["acme"]
    rates = tuple(
        rate.model_copy(update={"amount": Decimal(amount)}) if (rate.plan, rate.tier) == (plan, tier) else rate
        for rate in acme.rates
    )
    house.refit(partners={**house.plant.partners, "acme": replace(acme, rates=rates)})


def add_price(house: House, *rates: Rate) -> None:
    """Add rows to acme's rate table."""
    acme = house.plant.partners["acme"]
    house.refit(partners={**house.plant.partners, "acme": replace(acme, rates=acme.rates + rates)})
