"""How a partner is billed (`partners/<id>/billing.toml` and `rates.csv`, DOMAIN 3 and 8)."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gateway.configuration.toml_file import Section
from gateway.domain.charge import BillGeneration, InvoiceMode
from gateway.domain.coverage import MembershipEvent
from gateway.domain.money import Money
from gateway.domain.parties import LineOfBusiness


class RequestType(Section):
    """[request_types.CODE]: one invoice request type; only four combinations are legal (DOMAIN 3.2)."""

    description: str = ""
    active: bool = True
    mode: InvoiceMode = InvoiceMode.AUTOMATIC
    generation: BillGeneration = BillGeneration.REGULAR
    approval: bool = False
    wait_days: int = Field(default=0, ge=0)
    defer_count: int | None = Field(default=None, ge=0)
    date_algorithm: str = "C1-INVRDTCIM"
    threshold_days: int | None = Field(default=None, ge=0)
    calendar: str = ""  # a file in mappings/calendars; empty: no roll


class BillWindow(Section):
    """[[bill_cycles.CODE]]: one window of a bill cycle; dates inclusive (DOMAIN 3.8)."""

    start: date
    end: date
    cutoff: date | None = None  # default: end
    accounting: date


class Tolerance(Section):
    """[tolerance]: when a short payment is good enough (DOMAIN 8.4)."""

    amount: Decimal = Field(default=Decimal("0.00"), ge=0, decimal_places=2)
    percent: Decimal = Field(default=Decimal(0), ge=0, le=100)  # 0.25 means 0.25 percent
    need_both: bool = True


class RetroLimit(Section):
    """[retro_limit]: how far back a change may be billed (DOMAIN 8.3); both empty: no limit."""

    termination_days: int | None = Field(default=None, ge=0)
    addition_days: int | None = Field(default=None, ge=0)


def _with_enrollment_type(types: dict[MembershipEvent, str]) -> dict[MembershipEvent, str]:
    """Return `types` with the enrollment's type for a reinstatement or change that has none (DOMAIN 3.4)."""
    enroll = types.get(MembershipEvent.ENROLL)
    return {MembershipEvent.REINSTATE: enroll, MembershipEvent.CHANGE: enroll, **types} if enroll else types


EventTypes = Annotated[dict[MembershipEvent, str], AfterValidator(_with_enrollment_type)]


class AccountSettings(Section):
    """[accounts.ID]: one account that is billed.

    `policies` are the group or policy numbers (834 REF*38, REF*1L) that lead to it; `invoice_request_eligible` is
    the characteristic INVRACTE = Y (DOMAIN 3.1).
    """

    name: str = ""
    policies: tuple[str, ...] = ()
    tax_ids: tuple[str, ...] = ()  # N1*P5 or N1*PR ids that mean this account's sponsor
    line_of_business: LineOfBusiness = LineOfBusiness.GROUP
    invoice_request_eligible: bool = True
    member_events_raise_requests: bool = True
    change_raises_request: bool = False
    reinstatement_reasons: tuple[str, ...] = ()  # empty: any stored termination reason
    request_types: EventTypes = Field(default_factory=dict)  # event -> request type code
    bill_cycle: str
    rates: str = "rates.csv"
    rate_source: Literal["table", "sent"] = "table"  # sent: the premium of the 834, and ours where none was sent
    calendar: str = ""  # of the account's division, where the request type has none (OR-28)
    closed_through: date | None = None  # accounting periods through this day are closed (DOMAIN 3.6)
    proration: Literal["none", "daily", "mid_month"] = "none"
    wash_day: int = Field(default=15, ge=1, le=28)
    wash_day_inclusive: bool = True
    due_days: int = Field(default=15, ge=0)  # after the bill date
    series: str = Field(default="", pattern=r"^[A-Z]{0,10}$")  # letters of the legal entity, before invoice numbers
    jump_percent: Decimal | None = Field(default=None, ge=0)  # a bill that changes by more waits for a person
    credit_limit: Decimal | None = Field(default=None, ge=0, decimal_places=2)  # a larger credit waits for a person
    consolidated: str = Field(default="", pattern=r"^[A-Z]{0,10}$")  # accounts of one word get one bill over theirs
    broker: str = ""  # partner id of the broker of record


class Billing(Section):
    """The whole of `billing.toml`."""

    accounts: dict[str, AccountSettings] = Field(default_factory=dict)
    request_types: dict[str, RequestType] = Field(default_factory=dict)
    bill_cycles: dict[str, tuple[BillWindow, ...]] = Field(default_factory=dict)
    tolerance: Tolerance = Tolerance()
    retro_limit: RetroLimit = RetroLimit()
    individual_accounts: bool = False  # an exchange: one account per subscriber, settings from accounts.individual


class Rate(Section):
    """One row of `rates.csv`: plan, tier, monthly price, and the days it holds.

    `ends_on` is inclusive; empty means until the next row of the same plan and tier begins.
    """

    plan: str = Field(min_length=1)
    tier: str = Field(min_length=1)
    amount: Money = Field(ge=0, decimal_places=2)
    starts_on: date
    ends_on: date | None = None
