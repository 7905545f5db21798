"""A small set of books written straight into a house: accounts, invoices with lines, money and what it paid."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from gateway.domain.charge import Invoice, InvoiceLine, LineType
from gateway.domain.journal import EntryKind, JournalEntry, LedgerAccount, Posting
from gateway.domain.parties import Account, LineOfBusiness
from gateway.domain.period import CoverageMonth
from gateway.domain.remittance import Placement, Receipt, ReceiptState, Settlement, UnplacedReason, WriteOff
from gateway.ports.unit_of_work import OpenUnitOfWork
from gateway.remittance.journal import receipt_entries, settlement_entries


def money(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("0.01"))


def line(number: int, amount: str, *, membership: str, product: str, month: str, kind: LineType, tier: str = "EMP"):
    return InvoiceLine(
        number=number,
        line_type=kind,
        membership_id=membership,
        member_id=f"P{membership}",
        product=product,
        insurance_line="HLT",
        tier=tier,
        month=CoverageMonth.parse(month),
        amount=money(amount),
        rate=money(amount),
        lives=1,
        days_covered=30,
        days_in_month=30,
        formula="full month",
        set_id="",
        source="000000001/1/0001/1",
    )


@dataclass
class Books:
    """Writes what a test says into the database behind `open_unit`."""

    open_unit: OpenUnitOfWork
    partner_id: str = "acme"
    _known: set[str] = field(default_factory=set)
    _sources: int = 0

    def account(self, account_id: str, line_of_business: LineOfBusiness = LineOfBusiness.GROUP) -> None:
        if account_id not in self._known:
            with self.open_unit() as unit:
                unit.enrollment.add_account(Account(account_id, self.partner_id, line_of_business))
                unit.commit()
            self._known.add(account_id)

    def bill(
        self,
        invoice_id: str,
        amount: str,
        *,
        due: str,
        billed: str = "",
        account: str = "G001234",
        month: str = "",
        lines: tuple[tuple[str, str, str], ...] = (),
        kind: LineType = LineType.CURRENT,
    ) -> None:
        """Issue an invoice; `lines` are (membership, product, amount), by default one."""
        self.account(account)
        due_on = date.fromisoformat(due)
        bill_on = date.fromisoformat(billed or due)
        month = month or due[:7]
        pieces = lines or (("M1", "GOLD", amount),)
        made = [
            line(n, each, membership=who, product=product, month=month, kind=kind)
            for n, (who, product, each) in enumerate(pieces, start=1)
        ]
        invoice = Invoice(
            id=invoice_id,
            account_id=account,
            partner_id=self.partner_id,
            request_id=f"R{invoice_id}",
            issued_at=datetime(bill_on.year, bill_on.month, bill_on.day, 9, tzinfo=UTC),
            bill_on=bill_on,
            due_on=due_on,
            cutoff_on=due_on,
            accounting_on=date.fromisoformat(f"{month}-01"),
            total=money(amount),
            lines_count=len(made),
            previous_balance=money("0"),
            payments=money("0"),
        )
        assert invoice.total == sum(each.amount for each in made)
        shares: dict[str, Decimal] = {}
        for each in made:
            shares[each.membership_id] = shares.get(each.membership_id, money("0")) + each.amount
        postings = [
            Posting(LedgerAccount.RECEIVABLE, share, account, invoice_id, who, month) for who, share in shares.items()
        ]
        postings.append(Posting(LedgerAccount.PREMIUM, -invoice.total, account, invoice_id))
        with self.open_unit() as unit:
            unit.invoices.add(invoice, made)
            unit.ledger.append(
                [
                    JournalEntry(
                        f"invoice/{invoice_id}", account, EntryKind.INVOICE, invoice.accounting_on, tuple(postings)
                    )
                ]
            )
            unit.commit()

    def pay(
        self,
        amount: str,
        on: str,
        *,
        invoice: str = "",
        account: str = "G001234",
        membership: str = "",
        month: str = "",
        reason: UnplacedReason | None = None,
        write_off: str = "",
        trace: str = "",
        line: int | None = None,
    ) -> str:
        """Bring money: onto an invoice, else onto the account as unapplied, else (account '') into suspense."""
        self._sources += 1
        receipt_id = f"RCPT{self._sources}"
        day = date.fromisoformat(on)
        receipt = Receipt(
            receipt_id, "elm", trace or f"EFT{self._sources}", "1123456789", money(amount), day, ReceiptState.APPLIED
        )
        if not invoice:
            reason = reason or (UnplacedReason.OVERPAID if account else UnplacedReason.NO_ACCOUNT)
        placement = Placement(
            1, money(amount), account, invoice, membership, month, reason=reason, is_suspense=not account, line=line
        )
        offs = (
            (WriteOff(invoice, account, money(write_off), membership_id=membership, month=month),) if write_off else ()
        )
        settlement = Settlement(money(amount), (placement,), offs)
        entries = receipt_entries(receipt, day) + settlement_entries(
            settlement, receipt, day, f"source/{self._sources}"
        )
        with self.open_unit() as unit:
            if account:
                assert account in self._known
            unit.ledger.add_receipt(receipt)
            unit.ledger.append(entries)
            unit.ledger.add_placements(receipt_id, settlement.placements)
            unit.commit()
        return receipt_id

    def take_back(self, amount: str, on: str, *, invoice: str, account: str = "G001234") -> None:
        """Take a payment back, as a returned debit does."""
        self._sources += 1
        postings = (
            Posting(LedgerAccount.RECEIVABLE, money(amount), account, invoice),
            Posting(LedgerAccount.CASH, -money(amount), account),
        )
        with self.open_unit() as unit:
            entry = JournalEntry(
                f"back/{self._sources}", account, EntryKind.ALLOCATION, date.fromisoformat(on), postings
            )
            unit.ledger.append([entry])
            unit.commit()


def aging_example(books: Books) -> None:
    """The account of DOMAIN 9.5, one payment of 2025-12-10 short of it."""
    books.bill("INV20260101", "3720.00", due="2026-01-01", billed="2025-12-10")
    books.bill("INV20251201", "3720.00", due="2025-12-01", billed="2025-11-10")
    books.pay("2480.00", "2025-12-01", invoice="INV20251201")
    books.bill("INV20251101", "600.00", due="2025-11-01", billed="2025-10-10")
    books.bill("INV20251001", "75.00", due="2025-10-01", billed="2025-09-10")
    books.bill("INV20250901", "150.00", due="2025-09-01", billed="2025-08-10")
    books.pay("250.00", "2025-12-10")
