"""How one account is billed: the rules of its configuration as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from gateway.billing.age_band import BY_CALENDAR_YEAR, AgeRules
from gateway.billing.calendar import WorkCalendar
from gateway.billing.dates import Window
from gateway.billing.product import NO_CATALOGUE, Catalogue
from gateway.billing.proration import FULL_MONTHS, ProrationRule
from gateway.billing.request_type import RequestTypeRule
from gateway.domain.coverage import MembershipEvent
from gateway.domain.parties import LineOfBusiness

ELIGIBILITY_TYPE = "INVRACTE"
"""The characteristic type that says who is eligible, unless the feature configuration C1-INVREQ names another."""


class RateSource(StrEnum):
    """Whose price is billed."""

    TABLE = "table"  # our own rates; a premium in the 834 is only compared (DOMAIN 4.4 rule 10)
    SENT = "sent"  # the pre-calculated premium of the 834 (DOMAIN 3.5, 4.7); our own rate where none was sent


@dataclass(frozen=True, slots=True)
class AccountRules:
    """One account that is billed: `[accounts.ID]` of the billing configuration, with its types and windows resolved.

    `request_types` says which type each event makes; `calendar` is the work calendar of the account's division, used
    where the type has none. `direct_billed`: a group's member pays it himself. `account_selection` and `status_update`
    are the hooks of its customer class, '' for one that has none. `eligibility_type` is the code of the characteristic
    that makes it eligible for invoice requests, `characteristics` its own. Accounting periods through `closed_through`
    are closed. `series` is the letters of the legal entity in front of its invoice numbers. `jump_percent` None: no
    limit on the change against the last bill; `credit_limit` None: a credit bill of any size goes out.
    `legal_entity` underwrites what the catalogue says nothing about.
    """

    id: str
    partner_id: str
    name: str = field(default="", repr=False)
    line_of_business: LineOfBusiness = LineOfBusiness.GROUP
    direct_billed: bool = False
    person_id: str = ""
    customer_class: str = ""
    account_selection: str = "C1-INVACTEL"
    status_update: str = "C1-INVRSTUP"
    eligibility_type: str = ELIGIBILITY_TYPE
    characteristics: Mapping[str, str] = field(default_factory=dict)
    hold_pricing_until: date | None = None
    member_events_raise_requests: bool = True
    change_raises_request: bool = False
    reinstatement_reasons: tuple[str, ...] = ()
    request_types: Mapping[MembershipEvent, RequestTypeRule] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()
    calendar: WorkCalendar | None = None
    closed_through: date | None = None
    rate_source: RateSource = RateSource.TABLE
    proration: ProrationRule = FULL_MONTHS
    due_days: int = 15
    series: str = ""
    jump_percent: Decimal | None = None
    legal_entity: str = ""
    catalogue: Catalogue = NO_CATALOGUE
    ages: AgeRules = BY_CALENDAR_YEAR
    credit_limit: Decimal | None = None
