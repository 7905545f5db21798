"""How one account is billed: the rules of its configuration as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from gateway.billing.calendar import WorkCalendar
from gateway.billing.dates import Window
from gateway.billing.proration import FULL_MONTHS, ProrationRule
from gateway.billing.request_type import RequestTypeRule
from gateway.domain.coverage import MembershipEvent
from gateway.domain.parties import LineOfBusiness


class RateSource(StrEnum):
    """Whose price is billed."""

    TABLE = "table"  # our own rates; a premium in the 834 is only compared (DOMAIN 4.4 rule 10)
    SENT = "sent"  # the pre-calculated premium of the 834 (DOMAIN 3.5, 4.7); our own rate where none was sent


@dataclass(frozen=True, slots=True)
class AccountRules:
    """One account that is billed: `[accounts.ID]` of the billing configuration, with its types and windows resolved.

    `request_types` says which type each event makes; `calendar` is the work calendar of the account's division, used
    where the type has none. Accounting periods through `closed_through` are closed. `series` is the letters of the
    legal entity in front of its invoice numbers. `jump_percent` None: no limit on the change against the last bill;
    `credit_limit` None: a credit bill of any size goes out.
    """

    id: str
    partner_id: str
    name: str = field(default="", repr=False)
    line_of_business: LineOfBusiness = LineOfBusiness.GROUP
    invoice_request_eligible: bool = True
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
    credit_limit: Decimal | None = None
