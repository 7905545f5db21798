"""Who is who: roles of trading partners, the person in a member loop, accounts that are billed."""

from dataclasses import field
from datetime import date
from enum import StrEnum

from gateway.domain.value import value


class PartnerRole(StrEnum):
    """What a trading partner is to us (DOMAIN 1)."""

    EMPLOYER = "employer"
    BROKER = "broker"
    TPA = "tpa"
    EXCHANGE = "exchange"
    BANK = "bank"


class LineOfBusiness(StrEnum):
    """Which business an account belongs to; only the insured ones get automatic requests (DOMAIN 3.1)."""

    GROUP = "group"
    INDIVIDUAL = "individual"
    SELF_FUNDED = "self_funded"


@value
class Person:
    """The person of an 834 member loop 2100A. Personal throughout: `repr` shows nothing."""

    last_name: str = field(default="", repr=False)
    first_name: str = field(default="", repr=False)
    middle_name: str = field(default="", repr=False)
    suffix: str = field(default="", repr=False)
    ssn: str = field(default="", repr=False)  # NM109 under NM108 = 34
    other_id: str = field(default="", repr=False)  # NM109 under any other NM108
    birth_date: date | None = field(default=None, repr=False)  # DMG02
    gender: str = field(default="", repr=False)  # DMG03
    street: str = field(default="", repr=False)  # N301 N302
    city: str = field(default="", repr=False)
    state: str = field(default="", repr=False)
    postal_code: str = field(default="", repr=False)
    language: str = field(default="", repr=False)  # LUI02
    contacts: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # PER03/04 pairs


@value
class Organization:
    """A sponsor, payer, broker or TPA as an N1 names it: N103 qualifier and N104 id."""

    name: str = ""
    qualifier: str = ""
    id: str = ""


@value
class Account:
    """What is billed (DOMAIN 1): an employer or bill group, or the account of a financially responsible person.

    `policy` is the group or policy number (834 REF*38, REF*1L) that finds a group account; for an individual
    account it is empty and `membership_id` says whose it is.
    """

    id: str
    partner_id: str
    line_of_business: LineOfBusiness
    policy: str = ""
    membership_id: str = ""
