"""What a caller loads before money is placed: accounts, open invoices and items, and who is known by which id."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.domain.charge import OpenInvoice, OpenItem
from gateway.domain.money import Money
from gateway.domain.remittance import Remittance
from gateway.remittance.rules import Tolerance


def no_invoice(_invoice_id: str) -> OpenInvoice | None:
    """Return None: nothing is known beside the open invoices."""
    return None


def no_bills(_bill_id: str) -> tuple[str, ...]:
    """Return nothing: no consolidated bill is known."""
    return ()


@dataclass(frozen=True, slots=True)
class PayableAccount:
    """An account that a remittance may mean; `partner_id` is whose account it is.

    `tolerance` was agreed for its bills, whoever brings the money; None: that of who explains it.
    """

    id: str
    partner_id: str
    policies: tuple[str, ...] = ()
    tax_ids: tuple[str, ...] = ()
    tolerance: Tolerance | None = None


@dataclass(frozen=True, slots=True)
class KnownMember:
    """A membership that an id of a remittance line leads to, whether anything is open on it or not."""

    account_id: str
    membership_id: str
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Books:
    """What is on file when the money is placed.

    `accounts` are all that the remittance could mean, whether the partner may pay them or not: only so can "you may
    not pay this account" be told from "there is no such account". `find_invoice` answers for any invoice number,
    settled ones included; `find_consolidated` gives the invoices on a consolidated bill. `members` maps a subscriber,
    member or policy id to memberships; those of `open_items` are found without it. `written_off` is what was written
    off per account since the start of the year.
    """

    accounts: tuple[PayableAccount, ...] = ()
    open_invoices: tuple[OpenInvoice, ...] = ()  # oldest due date first
    open_items: tuple[OpenItem, ...] = ()
    find_invoice: Callable[[str], OpenInvoice | None] = no_invoice
    find_consolidated: Callable[[str], tuple[str, ...]] = no_bills
    members: Mapping[str, tuple[KnownMember, ...]] = field(default_factory=dict)
    written_off: Mapping[str, Money] = field(default_factory=dict)


def wanted_member_ids(remittance: Remittance) -> set[str]:
    """Return every id by which the remittance names a member: what `Books.members` should be loaded for."""
    return {member_id for line in remittance.lines for member_id in line.member_ids}


def wanted_invoices(remittance: Remittance) -> set[str]:
    """Return every invoice number that the remittance names: by RMR*IK, or by REF*2F of a line or the header."""
    named = {line.reference for line in remittance.lines if line.qualifier == "IK"}
    named |= {value for line in remittance.lines for qualifier, value in line.references if qualifier == "2F"}
    named.add(remittance.reference("2F"))
    return named - {""}


def wanted_accounts(remittance: Remittance) -> set[str]:
    """Return every account number, policy or tax id that the remittance names, to find accounts by (DOMAIN 5.5)."""
    header = {value for qualifier, value in remittance.references if qualifier in {"14", "38", "18"}}
    lines = {line.reference for line in remittance.lines if line.qualifier in {"11", "1L", "CT"}}
    return (header | lines | {remittance.payer.id}) - {""}
