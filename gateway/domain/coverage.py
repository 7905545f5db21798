"""Members, their coverages over time, and what an 834 asks to change.

History is bitemporal: a `Coverage` is one version of what is true (`period`) and of what we knew (`known_at`,
`superseded_at`). Versions are added and superseded, never edited.
"""

from dataclasses import field
from datetime import date, datetime
from enum import StrEnum

from gateway.domain.exchange import SetSource
from gateway.domain.finding import Finding
from gateway.domain.money import Money
from gateway.domain.parties import Account, Organization, Person
from gateway.domain.period import Period
from gateway.domain.value import value


class MaintenanceType(StrEnum):
    """INS03 and HD01 (DOMAIN 4.3)."""

    CHANGE = "001"
    DELETE = "002"  # HD01 only: the coverage record was wrong
    ADDITION = "021"
    TERMINATION = "024"  # cancellation or termination
    REINSTATEMENT = "025"
    CORRECTION = "026"
    AUDIT = "030"
    NOT_APPLICABLE = "032"  # HD01 only: the subscriber itself is not covered


class FileAction(StrEnum):
    """BGN08: what the file wants to be (DOMAIN 4.3)."""

    CHANGE = "2"
    VERIFY = "4"
    REPLACE = "RX"


@value
class EnrollmentHeader:
    """The header of one 834 set: BGN, REF*38, DTP, QTY, loops 1000A to 1100C."""

    reference: str  # BGN02
    purpose: str  # BGN01: 00, 15, 22
    action: FileAction  # BGN08
    created_on: date | None  # BGN03
    created_at: str  # BGN04 as sent
    sponsor: Organization
    payer: Organization
    broker: Organization | None = None
    tpa: Organization | None = None
    policy: str = ""  # REF*38
    account: str = ""  # ACT01
    effective_on: date | None = None  # DTP 007, else 303
    subscribers_total: int | None = None  # QTY*ET
    dependents_total: int | None = None  # QTY*DT
    members_total: int | None = None  # QTY*TO
    findings: tuple[Finding, ...] = ()  # what could not be read: an error refuses the set
    unread: tuple[str, ...] = field(default=(), repr=False)  # segments and elements no rule reads, as sent


@value
class CoverageRequest:
    """One HD loop (2300). Dates are as sent: `last_day` is inclusive (DOMAIN 4.4 rule 3)."""

    maintenance: MaintenanceType  # HD01
    insurance_line: str  # HD03
    plan: str = ""  # HD04, or REF*CE for exchange files
    level: str = ""  # HD05
    begins_on: date | None = None  # DTP 348
    last_day: date | None = None  # DTP 349
    effective_on: date | None = None  # DTP 303
    premium: Money | None = None  # AMT*P3
    references: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # REF01 and REF02
    kept: tuple[str, ...] = field(default=(), repr=False)  # 2310 providers and 2320 other insurance, as sent
    dates: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # DTP01 and DTP03 that no rule reads


@value
class MaintenanceRequest:
    """One INS loop (2000) of an 834: what the sponsor asks for one member."""

    ordinal: int  # of the INS loop in the set, from 1
    position: int  # segment position of INS in the set, ST = 1
    is_subscriber: bool  # INS01
    relationship: str  # INS02
    maintenance: MaintenanceType  # INS03
    reason: str  # INS04
    benefit_status: str  # INS05
    subscriber_id: str  # REF*0F
    policy: str  # REF*1L, else the header's REF*38
    person: Person
    coverages: tuple[CoverageRequest, ...] = ()
    eligibility_begins_on: date | None = None  # DTP 356
    eligibility_last_day: date | None = None  # DTP 357
    effective_on: date | None = None  # DTP 303
    died_on: date | None = None  # INS12
    responsible: tuple[str, Person] | None = None  # 2100G: NM101 and the person who pays for this member
    reporting: tuple[tuple[str, str], ...] = ()  # 2750 name and value pairs, names upper-cased
    references: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # every other REF of the loop
    unread: tuple[str, ...] = field(default=(), repr=False)  # segments no rule reads: kept, never dropped silently
    former: Person | None = field(default=None, repr=False)  # 2100B: who a corrected person was on file until now
    reporting_dates: tuple[tuple[str, date], ...] = ()  # 2750 DTP 007 by category name, where one was sent
    notes: tuple[str, ...] = ()  # what a partner's quirk changed, in plain words without personal data
    particulars: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # codes by name: employment, tobacco …
    dates: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # DTP01 and DTP03 that no rule reads

    @property
    def kept_count(self) -> int:
        """How many segments and elements no rule reads: kept with the member, never dropped silently."""
        return len(self.unread) + sum(len(line.kept) for line in self.coverages)


class MembershipStatus(StrEnum):
    """DOMAIN 3.5."""

    PENDING = "pending"  # Pending Effectuation
    ACTIVE = "active"
    TERMINATED = "terminated"
    CANCELED = "canceled"


class CoverageStatus(StrEnum):
    """A canceled coverage never was: it is void from its begin; a terminated one ended."""

    ACTIVE = "active"
    TERMINATED = "terminated"
    CANCELED = "canceled"


class MembershipEvent(StrEnum):
    """What an HD or INS loop means for billing (DOMAIN 4.5)."""

    ENROLL = "enroll"
    CHANGE = "change"
    TERMINATE = "terminate"
    CANCEL = "cancel"
    REINSTATE = "reinstate"
    INFO = "info"  # no rate effect
    COMPARE = "compare"  # 030: only against a full file
    LINK_ONLY = "link_only"  # 032
    NO_CHANGE = "no_change"  # said before: a no-op


@value
class Membership:
    """One subscriber contract with its members and coverages. `id` is made of sponsor and subscriber id."""

    id: str
    partner_id: str
    account_id: str
    subscriber_id: str
    status: MembershipStatus
    termination_reason: str = ""  # INS04 of the termination that ended it
    policy: str = ""


@value
class ProductDetails:
    """What came with one HD loop beside the cover itself: loops 2310 and 2320 as sent, REF and DTP by qualifier."""

    insurance_line: str
    plan: str
    references: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    dates: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    kept: tuple[str, ...] = field(default=(), repr=False)


@value
class MemberDetails:
    """What was sent of a member beside the person and the cover, the latest of each (DOMAIN 4.2, 4.3).

    `reporting` are the categories of loop 2750: name, value and, where one was sent, the date as CCYY-MM-DD.
    `responsible` is loop 2100G: NM101, and who pays for this member.
    """

    references: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    dates: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    particulars: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    reporting: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)
    responsible: tuple[str, Person] | None = field(default=None, repr=False)
    products: tuple[ProductDetails, ...] = field(default=(), repr=False)
    unread: tuple[str, ...] = field(default=(), repr=False)


NO_DETAILS = MemberDetails()


@value
class Member:
    """A person in a membership."""

    id: str
    membership_id: str
    is_subscriber: bool
    relationship: str
    person: Person
    benefit_status: str = ""
    details: MemberDetails = NO_DETAILS


@value
class Coverage:
    """One version of one member's cover in one product.

    `line_id` stays the same through all versions of the same cover; `id` names this version. `billable_before`
    limits billing when a termination came later than the retro limit allows (DOMAIN 8.3): the cover ends as sent,
    what was billed before that day is not credited. None means: bill exactly `period`.
    """

    id: str
    line_id: str
    member_id: str
    membership_id: str
    insurance_line: str
    plan: str
    level: str
    period: Period
    status: CoverageStatus
    source: str  # SetSource.key of the request that made this version
    set_id: str
    known_at: datetime
    superseded_at: datetime | None = None
    premium: Money | None = None  # AMT*P3, per month
    billable_before: date | None = None


@value
class Family:
    """All that is on file for one membership: members and the coverage versions we believe now."""

    membership: Membership
    members: tuple[Member, ...] = ()
    coverages: tuple[Coverage, ...] = ()  # superseded_at is None


@value
class Told:
    """What a membership was told last: a digest of the INS loops, and whose loop each was."""

    digest: str
    member_ids: tuple[str, ...]


@value
class ToldFamily:
    """The membership that was told a digest last, with the members in the order of the loops."""

    membership_id: str
    subscriber_id: str
    account: Account
    member_ids: tuple[str, ...]


@value
class MembershipChange:
    """One event, as written to the membership log. `key` is unique: the same request never counts twice."""

    key: str
    event: MembershipEvent
    membership_id: str
    member_id: str
    effective_on: date | None
    source: SetSource
    ordinal: int
    reason: str = ""  # INS04
    note: str = ""  # plain words, no personal data
    position: int = 0  # segment position of INS in the set, ST = 1; 0: not known


@value
class FamilyChange:
    """What one maintenance request does to what is on file: rows to add, versions to supersede, events to log.

    `superseded` are ids of coverage versions that stop being believed at `known_at`. Nothing is edited in place but
    the membership's status and the members' personal data.
    """

    membership: Membership
    members: tuple[Member, ...]  # new or changed
    opened: tuple[Coverage, ...]
    superseded: tuple[str, ...]
    known_at: datetime
    events: tuple[MembershipChange, ...]
    is_news: bool = True  # False: all of it is on file already, only the events are to be written


class LogOutcome(StrEnum):
    """Outcome codes of the membership log (DOMAIN 3.7)."""

    CREATED = "CREATED"
    JOINED_OPEN = "JOINED_OPEN"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    NO_ACCOUNT = "NO_ACCOUNT"
    NOT_FIN_RESPONSIBLE = "NOT_FIN_RESPONSIBLE"
    LOB_EXCLUDED = "LOB_EXCLUDED"
    REASON_EXCLUDED = "REASON_EXCLUDED"
    NO_BILLING_EFFECT = "NO_BILLING_EFFECT"
    NO_WINDOW = "NO_WINDOW"
    PROCESSED = "PROCESSED"
    CANCELED = "CANCELED"
    ERROR = "ERROR"


@value
class MembershipLogEntry:
    """One decision about one membership event (DOMAIN 3.7): written whether a request was made or not."""

    key: str
    membership_id: str
    at: datetime
    event: MembershipEvent
    outcome: LogOutcome
    source: str
    set_id: str
    request_id: str | None = None
    processing_on: date | None = None
    cutoff_on: date | None = None
    actor: str = "gateway"
    note: str = ""
