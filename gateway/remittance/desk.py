"""Everything that placing one remittance needs at hand."""

from collections import defaultdict
from dataclasses import dataclass, field

from gateway.domain.money import Money
from gateway.domain.remittance import Remittance, RemittanceLine, UnplacedReason
from gateway.remittance.books import Books, KnownMember
from gateway.remittance.payer import AccountBook, Payer
from gateway.remittance.rules import AdxSign, RemittanceRules
from gateway.remittance.worksheet import InvoiceOnSheet, Worksheet


@dataclass(slots=True)
class Desk:
    """One remittance being placed: who pays, what is open, who is known by which id."""

    remittance: Remittance
    rules: RemittanceRules
    books: Books
    sign: AdxSign
    accounts: AccountBook
    payer: Payer
    sheet: Worksheet
    _members: dict[str, set[KnownMember]] = field(default_factory=dict)

    @classmethod
    def lay_out(cls, remittance: Remittance, books: Books, rules: RemittanceRules, sign: AdxSign) -> "Desk":
        """Return the desk on which `remittance` is placed, read with the sign under which it balanced."""
        accounts = AccountBook(books.accounts, rules)
        sheet = Worksheet(books)
        desk = cls(remittance, rules, books, sign, accounts, accounts.payer_of(remittance), sheet)
        desk._members = _members_by_id(books, sheet)
        return desk

    def named_invoice(self, line: RemittanceLine) -> InvoiceOnSheet | None:
        """Return the invoice that a line names, by RMR*IK or REF*2F of the line or the header, or None."""
        return next((found for number in self._numbers(line) if (found := self.sheet.invoice(number))), None)

    def _numbers(self, line: RemittanceLine) -> list[str]:
        """Return the bill numbers that a line or the header names, the line's first."""
        named = next((value for qualifier, value in line.references if qualifier == "2F"), "")
        numbers = (line.reference if line.qualifier == "IK" else "", named, self.remittance.reference("2F"))
        return [number for number in numbers if number]

    def consolidated(self, line: RemittanceLine) -> list[InvoiceOnSheet]:
        """Return the invoices on the consolidated bill that a line names (RMR*IK, REF*2F), oldest due date first."""
        for number in self._numbers(line):
            found = [self.sheet.invoice(invoice_id) for invoice_id in self.books.find_consolidated(number)]
            if found:
                on_sheet = [each for each in found if each is not None]
                return sorted(on_sheet, key=lambda each: (each.invoice.due_on, each.invoice.id))
        return []

    def known_as(self, member_id: str) -> set[KnownMember]:
        """Return the memberships that an id of a line leads to."""
        return self._members.get(member_id, set())

    def leave_with_payer(self, amount: Money, line: RemittanceLine | None, reason: UnplacedReason) -> None:
        """Leave money unapplied with the payer, else in suspense; not being allowed to pay outweighs any reason."""
        if self.payer.reason is UnplacedReason.NO_PARTNER_RIGHT:
            reason = self.payer.reason
        self.sheet.leave(amount, self.payer.account_id, reason, line)


def _members_by_id(books: Books, sheet: Worksheet) -> dict[str, set[KnownMember]]:
    index: dict[str, set[KnownMember]] = defaultdict(set)
    for member_id, members in books.members.items():
        index[member_id].update(members)
    for item in books.open_items:
        invoice = sheet.invoice(item.invoice_id)
        if invoice and item.membership_id:
            member = KnownMember(invoice.invoice.account_id, item.membership_id, item.policy)
            for member_id in filter(None, (item.subscriber_id, item.member_id, item.membership_id)):
                index[member_id].add(member)
    return index
