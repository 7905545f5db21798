"""Tables of accounts, memberships, members and the bitemporal history of their coverages.

Names, birth dates, SSNs and addresses stand in `members` and nowhere else (DESIGN, decision 14).
"""

from sqlalchemy import Boolean, Column, Date, Index, Integer, Table, literal_column

from gateway.domain.coverage import CoverageStatus, LogOutcome, MembershipEvent, MembershipStatus
from gateway.domain.parties import LineOfBusiness
from gateway.store.columns import Cents, Instant, Json, PlainText, metadata, one_of, owned_by, refers_to, text

accounts = Table(
    "accounts",
    metadata,
    text("id", primary_key=True),
    text("partner_id"),
    one_of("line_of_business", LineOfBusiness),
    text("policy"),
    text("membership_id"),
    Index(None, "partner_id"),
)

memberships = Table(
    "memberships",
    metadata,
    text("id", primary_key=True),
    text("partner_id"),
    refers_to("account_id", "accounts.id"),
    text("subscriber_id"),
    one_of("status", MembershipStatus),
    text("termination_reason"),
    text("policy"),
    Column("told", PlainText, nullable=False, server_default=""),  # digest of the loops it was told last
    Column("told_members", PlainText, nullable=False, server_default=""),  # whose loop each was, with blanks between
    Index(None, "account_id", "id"),
    Index(None, "subscriber_id"),
)

was_told = memberships.c.told != literal_column("''")  # word for word in every query, else its index is not used
Index(
    "uq_memberships_told",
    memberships.c.told,
    unique=True,  # the same loops under the same agreement are the same membership's; PostgreSQL plans by it, too
    sqlite_where=was_told,
    postgresql_where=was_told,
)

members = Table(
    "members",
    metadata,
    text("id", primary_key=True),
    owned_by("membership_id", "memberships.id"),
    Column("is_subscriber", Boolean, nullable=False),
    text("relationship"),
    text("benefit_status"),
    text("last_name"),
    text("first_name"),
    text("middle_name"),
    text("suffix"),
    text("ssn"),
    text("other_id"),
    Column("birth_date", Date),
    text("gender"),
    text("street"),
    text("city"),
    text("state"),
    text("postal_code"),
    text("language"),
    Column("contacts", Json, nullable=False),
    Column("details", Json, nullable=False, server_default="[]"),
    Index(None, "membership_id"),
)

coverages = Table(
    "coverages",
    metadata,
    text("id", primary_key=True),
    text("line_id"),
    owned_by("member_id", "members.id"),
    owned_by("membership_id", "memberships.id"),
    text("insurance_line"),
    text("plan"),
    text("level"),
    Column("starts_on", Date, nullable=False),
    Column("ends_before", Date),
    one_of("status", CoverageStatus),
    text("source"),
    refers_to("set_id", "transaction_sets.id"),
    Column("known_at", Instant, nullable=False),
    Column("superseded_at", Instant),
    Column("premium", Cents),
    Column("billable_before", Date),
    Index(None, "membership_id"),
    Index(None, "member_id"),
    Index(None, "set_id"),
)

membership_events = Table(
    "membership_events",
    metadata,
    text("key", primary_key=True),
    one_of("event", MembershipEvent),
    owned_by("membership_id", "memberships.id"),
    text("member_id"),
    Column("effective_on", Date),
    refers_to("set_id", "transaction_sets.id"),
    text("source"),
    Column("ordinal", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    text("reason"),
    text("note"),
    Column("known_at", Instant, nullable=False),
    Index(None, "membership_id"),
    Index(None, "set_id"),
)

membership_log = Table(
    "membership_log",
    metadata,
    text("key", primary_key=True),
    text("membership_id"),
    Column("at", Instant, nullable=False),
    one_of("event", MembershipEvent),
    one_of("outcome", LogOutcome),
    text("source"),
    refers_to("set_id", "transaction_sets.id"),
    text("request_id", nullable=True),
    Column("processing_on", Date),
    Column("cutoff_on", Date),
    text("actor"),
    text("note"),
    Index(None, "membership_id"),
    Index(None, "request_id"),
    Index(None, "set_id"),
)
