"""Individual lines: account, policy, member and period lead to the item (DOMAIN 5.5 step 3); a name never does."""

from gateway.domain.money import ZERO, to_cents
from gateway.domain.remittance import RemittanceLine, UnplacedReason
from gateway.remittance.books import KnownMember
from gateway.remittance.desk import Desk
from gateway.remittance.worksheet import ItemOnSheet

_POLICY_QUALIFIERS = frozenset({"1L", "38", "AZ", "POL"})


def place_individual(desk: Desk, line: RemittanceLine) -> None:
    """Put a line of loop 2300B on its member's items: of the named invoice, of the period, else the oldest.

    What the items do not owe is left with its reason. A line that pays nothing only marks the invoice that its
    adjustments are about.
    """
    members = find_members(desk, line)
    if len(members) != 1:
        reason = UnplacedReason.AMBIGUOUS if members else UnplacedReason.NO_MEMBER
        desk.leave_with_payer(line.paid, line, reason)
        return
    (member,) = members
    if not desk.accounts.may_pay(member.account_id):
        desk.leave_with_payer(line.paid, line, UnplacedReason.NO_PARTNER_RIGHT)
        return
    items = _items(desk, line, member)
    invoice = desk.sheet.invoice(items[0].item.invoice_id) if items else None
    if invoice:
        desk.sheet.aim(line, invoice)
    if line.paid < ZERO:
        desk.sheet.leave(line.paid, member.account_id, UnplacedReason.NO_INVOICE, line)
        return
    rest = desk.sheet.pay_items(items, line.paid, line)
    if invoice and rest:
        invoice.excess += to_cents(rest)
    desk.sheet.leave(rest, member.account_id, UnplacedReason.OVERPAID if items else _why_nothing(desk, line), line)


def find_members(desk: Desk, line: RemittanceLine) -> set[KnownMember]:
    """Return the memberships that a line means, by the first of its ids (RMR02, ENT04, NM109) that leads to any.

    Where an id leads to several, those that the partner may pay, of the payer's account and of the line's policy are
    preferred, in this order.
    """
    found = next(filter(None, map(desk.known_as, line.member_ids)), set())
    policies = {value for qualifier, value in line.references if qualifier in _POLICY_QUALIFIERS} | {line.reference}
    for is_preferred in (
        lambda member: desk.accounts.may_pay(member.account_id),
        lambda member: member.account_id == desk.payer.account_id,
        lambda member: member.policy in policies,
    ):
        if len(found) > 1:
            found = set(filter(is_preferred, found)) or found
    return _one_per_membership(found)


def _one_per_membership(members: set[KnownMember]) -> set[KnownMember]:
    """Return one entry per account and membership: the same contract may be known with and without its policy."""
    return set({(member.account_id, member.membership_id): member for member in members}.values())


def _items(desk: Desk, line: RemittanceLine, member: KnownMember) -> list[ItemOnSheet]:
    period = line.period or desk.remittance.period
    items = desk.sheet.items_of(member.membership_id, account_id=member.account_id, period=period)
    named = desk.named_invoice(line)
    return [each for each in items if each.item.invoice_id == named.invoice.id] if named else items


def _why_nothing(desk: Desk, line: RemittanceLine) -> UnplacedReason:
    has_period = line.period or desk.remittance.period
    return UnplacedReason.NO_PERIOD if has_period else UnplacedReason.NO_INVOICE
