"""What the rules of enrollment are told, and what they answer."""

from datetime import date, datetime
from typing import Literal

from gateway.domain.coverage import EnrollmentHeader, Family, FamilyChange
from gateway.domain.exchange import SetSource
from gateway.domain.finding import Finding
from gateway.domain.value import value


@value
class EnrollmentRules:
    """What was agreed with a partner about its 834 (DOMAIN 4.4 to 4.6, 8.3). Every default is DOMAIN's."""

    end_equals_begin: Literal["one_day", "cancel"] = "one_day"  # DOMAIN 4.4 rule 8
    subscriber_term_cascades: bool = True  # DOMAIN 4.4 rule 4
    termination_days_limit: int | None = None  # days before receipt; None: no limit
    addition_days_limit: int | None = None
    known_plans: frozenset[str] | None = None  # None: any plan
    ignore_absent: bool = False  # a replacing file ends nothing that it leaves out (DOMAIN 4.6)
    mass_termination_percent: int = 10  # of the members on file; more is held for a person (DOMAIN 4.6)


@value
class Circumstances:
    """Where a maintenance request came from and when: all that a decision needs beside the request and the family.

    `account_id` is the account that its sponsor and policy lead to; `known_at` is the instant the new versions are
    believed from; `received_on` is the business date of the file, which retro limits are counted from.
    """

    partner_id: str
    account_id: str
    source: SetSource
    known_at: datetime
    received_on: date
    header: EnrollmentHeader


@value
class Decision:
    """What one maintenance request does. `change` is None when nothing may be written, not even an event.

    `family` is what is believed after the change: the next request of the same membership is decided against it.
    A finding that is an error always comes with `change` None: a member applies whole or not at all.
    """

    change: FamilyChange | None
    findings: tuple[Finding, ...]
    family: Family | None
