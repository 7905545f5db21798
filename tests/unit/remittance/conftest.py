"""The worked example of DOMAIN 9.4: invoice INV20251201 over 3,720.00 for three members of account G001234."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pytest

from gateway.domain.charge import OpenInvoice, OpenItem
from gateway.domain.money import round_cents
from gateway.domain.parties import Organization
from gateway.domain.period import CoverageMonth, Period
from gateway.domain.remittance import Adjustment, Handling, Remittance, RemittanceLine, Settlement
from gateway.remittance.books import Books, PayableAccount
from gateway.remittance.ladder import place
from gateway.remittance.rules import RemittanceRules, Tolerance

DECEMBER = CoverageMonth(2025, 12)


@dataclass(frozen=True)
class Desk:
    """Short words for lines, invoices and placing."""

    rules: RemittanceRules
    books: Books

    def line(self, reference, paid, qualifier="11", **about):
        adjustments = tuple(Adjustment(cents(amount), reason) for amount, reason in about.pop("adx", ()))
        month = about.pop("month", None)
        billed = about.pop("billed", None)
        return RemittanceLine(
            ordinal=about.pop("ordinal", 0),
            position=9,
            is_individual=about.pop("is_individual", False),
            qualifier=qualifier,
            reference=reference,
            action=about.pop("action", ""),
            paid=cents(paid),
            billed=None if billed is None else cents(billed),
            period=CoverageMonth.parse(month).period if month else None,
            adjustments=adjustments,
            **about,
        )

    def member(self, *ids, paid, month="2025-12", **about):
        return self.line(ids[0], paid, "AZ", is_individual=True, member_ids=ids, month=month, **about)

    def remittance(self, amount, *lines, **about):
        lines = tuple(replace(line, ordinal=number) for number, line in enumerate(lines, start=1))
        about.setdefault("references", (("14", "G001234"),))
        about.setdefault("payer", Organization("", "FI", "123456789"))
        about["adjustments"] = tuple(Adjustment(cents(a), reason) for a, reason in about.pop("adx", ()))
        return Remittance(
            handling=about.pop("handling", Handling.REMITTANCE_ONLY),
            amount=cents(amount),
            method="NON",
            trace="EFT20251201A",
            originator="1123456789",
            settles_on=date(2025, 12, 1),
            receiver=Organization(),
            lines=lines,
            **about,
        )

    def place(self, amount, *lines, **about):
        remittance = self.remittance(amount, *lines, **about)
        return place(remittance, remittance.amount, self.books, self.rules)

    def with_books(self, **changes):
        return replace(self, books=replace(self.books, **changes))

    def with_rules(self, **changes):
        return replace(self, rules=replace(self.rules, **changes))


def cents(text):
    return round_cents(Decimal(text))


def invoice(number, account, total, months=("2025-12",), due=date(2025, 12, 1), still_open=None, lives=None):
    open_amount = Decimal(total if still_open is None else still_open)
    covered = tuple(map(CoverageMonth.parse, months))
    return OpenInvoice(number, account, due, Decimal(total), open_amount, covered, lives)


def item(number, membership, billed, month="2025-12", still_open=None, subscriber=None, policy="G001234"):
    return OpenItem(
        invoice_id=number,
        membership_id=membership,
        member_id=f"m-{membership}",
        subscriber_id=subscriber or membership,
        policy=policy,
        month=CoverageMonth.parse(month),
        billed=Decimal(billed),
        open=Decimal(billed if still_open is None else still_open),
    )


@pytest.fixture
def desk():
    return Desk(
        RemittanceRules("acme", tolerance=Tolerance(Decimal("5.00"), Decimal("0.25"), need_both=True)),
        Books(
            accounts=(
                PayableAccount("G001234", "acme", policies=("POL1",), tax_ids=("123456789",)),
                PayableAccount("OTHER", "globex", policies=("POL2",), tax_ids=("999999999",)),
            ),
            open_invoices=(invoice("INV20251201", "G001234", "3720.00", lives=3),),
            open_items=(
                item("INV20251201", "A100", "620.00"),
                item("INV20251201", "A101", "1240.00"),
                item("INV20251201", "A102", "1860.00"),
            ),
        ),
    )


@pytest.fixture(name="invoice")
def invoice_builder():
    return invoice


@pytest.fixture(name="item")
def item_builder():
    return item


@pytest.fixture
def pieces():
    """Return placements as (amount, account, where): an invoice and membership, or the reason."""

    def of(settlement: Settlement):
        return [
            (
                str(each.amount),
                each.account_id,
                f"{each.invoice_id}/{each.membership_id}" if each.reason is None else str(each.reason),
            )
            for each in settlement.placements
        ]

    return of


@pytest.fixture
def december():
    return Period(date(2025, 12, 1), date(2026, 1, 1))
