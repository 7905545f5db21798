"""How a partner is billed (`partners/<id>/billing.toml` and `rates.csv`, DOMAIN 3 and 8)."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gateway.configuration.fields import BankRouting
from gateway.configuration.toml_file import Section
from gateway.domain.charge import BillGeneration, InvoiceMode, PolicyEvent
from gateway.domain.coverage import MembershipEvent
from gateway.domain.parties import LineOfBusiness
from gateway.partners.profile import SecretReference


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
    business_object: str = ""  # empty: the one that fits the generation
    approval_role: str = "C1-INVRA"  # To Do role
    status_role: str = "C1-INVRS"  # To Do role


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
    yearly_cap: Decimal | None = Field(default=None, ge=0, decimal_places=2)  # per account; empty: 12 times `amount`
    over_payment: Literal["carry_forward", "income"] = "carry_forward"  # of what is over inside the tolerance


class RetroLimit(Section):
    """[retro_limit]: how far back a change may be billed (DOMAIN 8.3); both empty: no limit."""

    termination_days: int | None = Field(default=None, ge=0)
    addition_days: int | None = Field(default=None, ge=0)


class ProductSettings(Section):
    """[products.ID]: one product beside what HD03 and HD04 say: its line, its underwriter, partners' codes (HF-30)."""

    name: str = ""
    line: str = ""  # our insurance line: HD03 has none for life or AD&D
    legal_entity: str = ""  # who underwrites it; empty: the account's
    codes: tuple[str, ...] = ()  # what partners send for it as HD04, or as HD03 without HD04


_MONTH_AND_DAY = r"^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$"


def _with_enrollment_type(types: dict[MembershipEvent, str]) -> dict[MembershipEvent, str]:
    """Return `types` with the enrollment's type for a reinstatement or change that has none (DOMAIN 3.4)."""
    enroll = types.get(MembershipEvent.ENROLL)
    return {MembershipEvent.REINSTATE: enroll, MembershipEvent.CHANGE: enroll, **types} if enroll else types


EventTypes = Annotated[dict[MembershipEvent, str], AfterValidator(_with_enrollment_type)]


class CustomerClass(Section):
    """[customer_classes.CODE]: what accounts of a kind have in common: both hooks (OR-32) and their types (OR-33).

    A hook left empty is not configured: no request can be made for the class's accounts.
    """

    account_selection: str = ""  # C1-INVACTEL
    status_update: str = ""  # C1-INVRSTUP
    request_types: EventTypes = Field(default_factory=dict)  # event -> request type code, where the account has none


class Person(Section):
    """[persons.CODE]: who a group's accounts belong to besides the partner itself (DOMAIN 3.1)."""

    name: str = ""
    parent: str = ""  # another person; empty: the partner


class Policy(Section):
    """[accounts.ID.policy]: what happens to the group's policy, which no 834 says (DOMAIN 3.4)."""

    in_force_on: date | None = None
    terminated_on: date | None = None
    reinstated_on: date | None = None
    renewed_on: tuple[date, ...] = ()
    request_types: dict[PolicyEvent, str] = Field(default_factory=dict)  # event -> request type code


class AccountSettings(Section):
    """[accounts.ID]: one account that is billed.

    `policies` are the group or policy numbers (834 REF*38, REF*1L) that lead to it; `characteristics` are values by
    type code, INVRACTE = Y the one that makes it eligible (DOMAIN 3.1). `bill_cycle` and `bill_period` are its billing
    preference: one is never without the other (DOMAIN 3.8).
    """

    name: str = ""
    policies: tuple[str, ...] = ()
    tax_ids: tuple[str, ...] = ()  # N1*P5 or N1*PR ids that mean this account's sponsor
    line_of_business: LineOfBusiness = LineOfBusiness.GROUP
    person: str = ""  # of [persons]; empty: the partner itself
    customer_class: str = ""  # of [customer_classes]; empty: the one that comes with the gateway
    characteristics: dict[str, str] = Field(default_factory=dict)  # by type code; of its memberships where individual
    direct_billed: tuple[str, ...] = ()  # INS05 of the members who pay for themselves, such as C for COBRA
    member_events_raise_requests: bool = True
    change_raises_request: bool = False
    reinstatement_reasons: tuple[str, ...] = ()  # empty: any stored termination reason
    request_types: EventTypes = Field(default_factory=dict)  # event -> request type code
    bill_cycle: str
    bill_period: Literal["month", "quarter", "half_year", "year"]  # how much cover one bill in cycle is for
    timing: Literal["advance", "arrears"] = "advance"
    rates: str = "rates.csv"
    factors: str = "factors.csv"  # of age rates, where there are any
    fees: str = "fees.csv"  # where there are any
    contributions: str = "contributions.csv"  # of the employer, where any are agreed
    rate_source: Literal["table", "sent"] = "table"  # sent: the premium of the 834, and ours where none was sent
    calendar: str = ""  # of the account's division, where the request type has none (OR-28)
    hold_pricing_until: date | None = None  # no automatic request is processed before (DOMAIN 3.5)
    policy: Policy = Policy()
    closed_through: date | None = None  # accounting periods through this day are closed (DOMAIN 3.6)
    proration: Literal["none", "daily", "mid_month"] = "none"
    wash_day: int = Field(default=15, ge=1, le=28)
    wash_day_inclusive: bool = True
    due_days: int = Field(default=15, ge=0)  # after the bill date
    legal_entity: str = ""  # underwrites what `products` says nothing about (HN-17)
    state: str = Field(default="", pattern=r"^([A-Z]{2})?$")  # whose grace rules hold; empty: those of any state
    rating_area: str = ""  # of members for whom the 834 sends none
    age_basis: Literal["plan_year", "birthday"] = "plan_year"
    plan_year: str = Field(default="01-01", pattern=_MONTH_AND_DAY)  # its start, and the day of renewal
    billed_children: int = Field(default=3, ge=0)  # of those under 21, where a plan is priced by age
    series: str = Field(default="", pattern=r"^[A-Z]{0,10}$")  # letters of the legal entity, before invoice numbers
    jump_percent: Decimal | None = Field(default=None, ge=0)  # a bill that changes by more waits for a person
    credit_limit: Decimal | None = Field(default=None, ge=0, decimal_places=2)  # a larger credit waits for a person
    consolidated: str = Field(default="", pattern=r"^[A-Z]{0,10}$")  # accounts of one word get one bill over theirs
    broker: str = ""  # partner id of the broker of record
    refund_routing: BankRouting = ""  # the payer's bank; empty: refunds go by hand
    refund_account: SecretReference | None = None  # its account there
    refund_account_kind: Literal["checking", "savings"] = "checking"


class Billing(Section):
    """The whole of `billing.toml`."""

    accounts: dict[str, AccountSettings] = Field(default_factory=dict)
    products: dict[str, ProductSettings] = Field(default_factory=dict)
    request_types: dict[str, RequestType] = Field(default_factory=dict)
    customer_classes: dict[str, CustomerClass] = Field(default_factory=dict)
    persons: dict[str, Person] = Field(default_factory=dict)
    bill_cycles: dict[str, tuple[BillWindow, ...]] = Field(default_factory=dict)
    tolerance: Tolerance = Tolerance()
    retro_limit: RetroLimit = RetroLimit()
    individual_accounts: bool = False  # an exchange: one account per subscriber, settings from accounts.individual

    def event_types(self, account: AccountSettings) -> dict[MembershipEvent, str]:
        """Return the request type of each event of an account: its own, else its customer class's."""
        shared = self.customer_classes.get(account.customer_class)
        return {**shared.request_types, **account.request_types} if shared else dict(account.request_types)
