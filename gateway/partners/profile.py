"""A trading partner's profile: who, how, and what was agreed (`partners/<id>/profile.toml`, DOMAIN 11.6).

Every field is a setting: its default stands here, its sentence in docs/partners.md (a test compares them). What no
single field can say alone is checked in profile_rules.py and crosscheck.py.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from gateway.configuration.fields import Cron, InterchangeIdOrAny, Qualifier, SeverityTable, TimeZone
from gateway.configuration.toml_file import Section
from gateway.domain.parties import PartnerRole

PartnerId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{1,39}$")]


class PartnerStatus(StrEnum):
    """Whether we exchange files with the partner; only an active one is polled and served."""

    ONBOARDING = "onboarding"
    ACTIVE = "active"
    SUSPENDED = "suspended"


class SecretReference(Section):
    """Where a secret is found: an environment variable or a file; the secret itself never stands in a profile."""

    env: str = ""
    file: str = ""  # relative to the home


class Sftp(Section):
    """[sftp]: the partner's server and our login there."""

    host: str
    port: int = Field(default=22, ge=1, le=65535)
    username: str
    host_keys: tuple[str, ...] = ()  # OpenSSH public key lines; several while the partner rotates
    host_key_file: str = ""  # or a file in the partner's folder with one such line each
    private_key: SecretReference | None = None
    passphrase: SecretReference | None = None
    password: SecretReference | None = None
    connect_timeout_seconds: int = Field(default=10, ge=1)
    timeout_seconds: int = Field(default=60, ge=1)


class PickUp(Section):
    """[pick_up]: what we fetch, and what becomes of it on the partner's side."""

    folder: str = "/outbox"
    ignore: tuple[str, ...] = ("*.part", "*.tmp", ".*")
    after: Literal["archive", "delete", "keep"] = "archive"
    archive_folder: str = "/outbox/processed"
    max_bytes: int = Field(default=2_000_000_000, ge=1)
    marker: str = ""  # a file is whole once this one lies beside it: {name}.ok, {stem}.done
    patience_seconds: int = Field(default=3600, ge=0)  # how long an unfinished file may wait for its rest
    every_seconds: int = Field(default=300, ge=1)
    cron: Cron = ""  # five fields; wins over every_seconds
    time_zone: TimeZone = "UTC"
    calendar: str = ""  # a file in mappings/calendars: no look on its days off; empty: every day


class Delivery(Section):
    """[delivery]: where our documents go."""

    ack_folder: str = "/inbox"
    feed_folder: str = "/inbox"
    file_name: str = ""  # a template: {name} {kind} {id} {control} {date} {time} {ext}; empty: our own names


class Protection(Section):
    """[protection]: what is around files, both ways: PGP, gzip, zip (DOMAIN 11, rule 4)."""

    our_key: SecretReference | None = None  # our private PGP key, armoured
    passphrase: SecretReference | None = None
    partner_keys: tuple[str, ...] = ()  # files with the partner's public PGP keys, in its folder
    encryption: Literal["accepted", "required"] = "accepted"  # of what comes
    signature: Literal["accepted", "required"] = "accepted"
    encrypt: bool = False  # what goes
    sign: bool = False
    pack: Literal["none", "gzip", "zip"] = "none"


class X12Identity(Section):
    """[x12]: how the partner writes itself and us in ISA and GS."""

    qualifier: Qualifier = "ZZ"  # ISA05
    id: InterchangeIdOrAny  # ISA06; "*" accepts any sender, for a first trial only
    also_ids: tuple[InterchangeIdOrAny, ...] = ()  # other ISA06 it may write, as while its systems change
    our_ids: tuple[InterchangeIdOrAny, ...] = ()  # ISA08 the partner may write for us; empty: our own id; "*": any
    usage: Literal["P", "T", "both"] = "P"  # ISA15 accepted from this partner
    valid_from: date | None = None  # outside of these days its data is acknowledged and not applied
    valid_until: date | None = None  # the last day
    duplicates: Literal["reject", "ignore", "apply"] = "reject"  # an ISA13 that came before, with other bytes
    duplicate_window_days: int = Field(default=366, ge=1)  # how long an ISA13 is remembered
    ta1: Literal["requested", "always", "errors"] = "requested"  # R is always sent
    report_824: Literal["errors", "always", "never"] = "errors"
    group_ack: Literal["999", "997", "auto"] = "auto"  # auto: 999 for HIPAA 5010 sets, 997 otherwise
    severities: SeverityTable = Field(default_factory=dict)  # over those of gateway.toml


class Enrollment(Section):
    """[enrollment]: how the partner's 834 is to be read (DOMAIN 4.4 to 4.6)."""

    end_equals_begin: Literal["one_day", "cancel"] = "one_day"
    subscriber_term_cascades: bool = True
    all_or_nothing: bool = False
    full_file: bool = False
    mass_termination_percent: int = Field(default=10, ge=0, le=100)
    count_mismatch: Literal["auto", "warn", "reject"] = "auto"  # auto: reject for 4 and RX
    quirks: tuple[str, ...] = ()
    places: dict[str, object] = Field(default_factory=dict)  # fields elsewhere than in mappings/005010X220A1.toml
    discrepancy_report: bool = False  # a CSV of what a comparing file (BGN08 = 4) found
    empty_report: bool = False  # that CSV also when both sides agree: silence is ambiguous
    effectuation: bool = False  # an 834 back that confirms what was enrolled (DOMAIN 4.7)


class Census(Section):
    """[census]: files that are no X12 and say who is covered (DOMAIN 11.10)."""

    layout: str  # mappings/census/<layout>.toml
    format: Literal["csv", "fixed", "xlsx"] = "csv"
    files: tuple[str, ...] = Field(min_length=1)  # patterns of names that tell such a file from any other
    sponsor: str = ""  # what holds where the file itself says nothing: the sponsor's tax id
    policy: str = ""
    account: str = ""


class Remittance(Section):
    """[remittance]: how the partner's 820 is to be read and what it may pay (DOMAIN 5)."""

    adx_sign: Literal["signed", "inverted"] = "signed"
    apply_before_confirmation: bool = False
    confirms_cash: bool = False  # a bank: its word is money, not a promise
    may_pay: tuple[str, ...] = ()  # account ids besides the partner's own; "*" for a bank


class Cash(Section):
    """[cash]: a bank's lists of deposits that are no X12 (DOMAIN 5.4)."""

    format: Literal["lockbox_csv", "bai2"] = "lockbox_csv"
    files: tuple[str, ...] = Field(min_length=1)  # patterns of names that tell such a file from any other
    columns: dict[str, str] = Field(default_factory=dict)  # our name of a CSV column to the bank's


class Feeds(Section):
    """[feeds]: which invoice documents the partner gets."""

    formats: tuple[Literal["csv", "json"], ...] = ()
    accounts: tuple[str, ...] = ()  # accounts of other partners it was granted (a broker); own ones always
    cron: Cron = ""  # empty: as soon as an invoice is issued
    calendar: str = ""  # a file in mappings/calendars: no slot on its days off; empty: every day


class Expectation(Section):
    """[[expects]]: a file that should come, so that silence is noticed (DESIGN, decision 10)."""

    what: str  # 834, 820 or free text
    set_type: Literal["834", "820", "census"] = "834"
    every: Literal["day", "week", "month"] = "month"
    day: int = Field(default=1, ge=1, le=31)  # of the month, or 1 (Monday) to 7 of the week
    grace_days: int = Field(default=1, ge=0)
    since: date | None = None  # the first day it may be due; empty: from the start of the year
    by: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")] = ""  # in pick_up.time_zone; empty: any time
    calendar: str = ""  # a file in mappings/calendars; empty: every day counts
    least_percent: int = Field(default=0, ge=0, le=100)  # of the usual number of segments; 0: any is right


class Watch(Section):
    """[watch]: what else is noticed when it does not come (DESIGN, decision 10)."""

    control_numbers: Literal["any", "gapless"] = "any"  # gapless: an ISA13 that was left out never came
    unexpected_files: bool = False  # also tell of an expected kind of file that comes when none is due
    ack_within_hours: int = Field(default=48, ge=0)  # for a 999 or TA1 to what we sent; 0: it never answers


class Contact(Section):
    """[contact]: whom to call; PER of an 824 and the statement."""

    name: str = ""
    email: str = ""
    phone: str = ""


class Profile(Section):
    """The whole of `profile.toml`."""

    id: PartnerId
    name: str
    role: PartnerRole
    status: PartnerStatus = PartnerStatus.ONBOARDING
    sftp: Sftp | None = None
    pick_up: PickUp = PickUp()
    delivery: Delivery = Delivery()
    protection: Protection = Protection()
    x12: X12Identity
    enrollment: Enrollment = Enrollment()
    census: Census | None = None
    remittance: Remittance = Remittance()
    cash: Cash | None = None
    feeds: Feeds = Feeds()
    expects: tuple[Expectation, ...] = ()
    watch: Watch = Watch()
    contact: Contact = Contact()
