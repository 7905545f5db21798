"""Random receipts against random invoices: no cent is lost or made, and the order of arrival does not matter."""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.charge import OpenInvoice, OpenItem
from gateway.domain.journal import JournalEntry, LedgerAccount
from gateway.domain.money import ZERO, from_cents
from gateway.domain.parties import Organization
from gateway.domain.period import CoverageMonth
from gateway.domain.remittance import (
    Adjustment,
    Handling,
    Placement,
    Receipt,
    Remittance,
    RemittanceLine,
)
from gateway.remittance.association import associate, receipt_id
from gateway.remittance.books import Books, PayableAccount
from gateway.remittance.journal import balances, receipt_entries, release_entries, settlement_entries
from gateway.remittance.ladder import place
from gateway.remittance.rules import RemittanceRules, Tolerance
from gateway.remittance.spread import in_order, pro_rata

ON = date(2025, 12, 1)
MONTHS = [CoverageMonth(2025, 10), CoverageMonth(2025, 11), CoverageMonth(2025, 12)]
ACCOUNTS = (
    PayableAccount("A1", "acme", ("P1",), ("T1",)),
    PayableAccount("A2", "acme", ("P2",), ("T1",)),
    PayableAccount("A3", "globex", ("P3",), ("T3",)),
)
RULES = {
    "acme": RemittanceRules("acme", tolerance=Tolerance(Decimal("5.00"), Decimal(1), need_both=False)),
    "bank": RemittanceRules("bank", may_pay=("*",)),
}
MEMBERS = ["M1", "M2", "M3", "M4"]


@dataclass
class Town:
    """A gateway in memory: what is open follows from the journal, as it does in the store."""

    bills: list[OpenItem]
    owners: dict[str, str]  # invoice -> account
    journal: dict[str, JournalEntry] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    remittances: dict[str, Remittance] = field(default_factory=dict)
    pieces: dict[str, tuple[Placement, ...]] = field(default_factory=dict)
    arrived: set[str] = field(default_factory=set)

    def take(self, set_id: str, remittance: Remittance, partner_id: str, *, early: bool = False) -> None:
        number = receipt_id(remittance)
        association = associate(
            remittance,
            self.receipts.get(number),
            set_id=set_id,
            partner_id=partner_id,
            confirms_cash=partner_id == "bank",
            apply_before_confirmation=early,
        )
        if association.receipt is None or association.finding:
            return
        self.remittances[set_id] = remittance
        self.receipts[number] = association.receipt
        if association.apply_now:
            self._place(association.receipt, set_id, remittance, partner_id, release_first=association.release_first)

    def _place(self, receipt, set_id, remittance, partner_id, *, release_first):
        explaining = receipt.remittance_set_id
        if explaining and explaining != set_id:
            remittance, partner_id = self.remittances[explaining], "acme"
        settlement = place(remittance, receipt.amount, self.books(), RULES[partner_id])
        entries = receipt_entries(receipt, ON)
        if release_first:
            entries += release_entries(self.pieces[receipt.id], receipt, ON, set_id)
        entries += settlement_entries(settlement, receipt, ON, set_id)
        self.pieces[receipt.id] = settlement.placements
        self.arrived.add(receipt.id)
        for entry in entries:
            self.journal.setdefault(entry.key, entry)

    def postings(self):
        return [posting for entry in self.journal.values() for posting in entry.postings]

    def paid(self):
        paid = defaultdict(lambda: ZERO)
        for posting in self.postings():
            if posting.ledger is LedgerAccount.RECEIVABLE:
                paid[posting.invoice_id, posting.membership_id, posting.month] -= posting.amount
        return paid

    def books(self) -> Books:
        paid = self.paid()
        items = [
            replace(bill, open=bill.billed - paid[bill.invoice_id, bill.membership_id, str(bill.month)])
            for bill in self.bills
        ]
        invoices = []
        for number, account_id in self.owners.items():
            mine = [each for each in items if each.invoice_id == number]
            total, still_open = sum((each.billed for each in mine), ZERO), sum((each.open for each in mine), ZERO)
            still_open -= paid[number, "", ""]
            months = tuple(sorted({each.month for each in mine}))
            invoices.append(OpenInvoice(number, account_id, ON, total, still_open, months))
        owing = {each.id: each for each in invoices if each.open > ZERO}
        return Books(
            accounts=ACCOUNTS,
            open_invoices=tuple(owing.values()),
            open_items=tuple(each for each in items if each.invoice_id in owing),
            find_invoice={each.id: each for each in invoices}.get,
        )

    def holds_every_cent(self) -> bool:
        books = balances(self.journal.values())
        received = sum((each.received for each in books.values()), ZERO)
        arrived = sum((self.receipts[number].amount for number in self.arrived), ZERO)
        return received == arrived and all(each.agrees for each in books.values())

    def totals(self):
        """Return every balance that is not zero, by what the postings are about."""
        totals = defaultdict(lambda: ZERO)
        for p in self.postings():
            totals[p.ledger, p.account_id, p.invoice_id, p.membership_id, p.month] += p.amount
        by_ledger = defaultdict(lambda: ZERO)
        for (ledger, account, *rest), amount in totals.items():
            is_held = ledger in {LedgerAccount.UNAPPLIED, LedgerAccount.SUSPENSE, LedgerAccount.CASH}
            # What is held carries no invoice once it is left: only where it lies counts.
            by_ledger[(ledger, "" if ledger is LedgerAccount.CASH else account, *([] if is_held else rest))] += amount
        return {key: amount for key, amount in by_ledger.items() if amount}


cents = st.integers(-30_000, 90_000).map(from_cents)


@st.composite
def towns(draw):
    owners = {f"INV{n}": draw(st.sampled_from(["A1", "A1", "A2", "A3"])) for n in range(draw(st.integers(1, 4)))}
    bills = [
        OpenItem(number, member, member.lower(), f"S{member}", "P1", month, amount, amount)
        for number in owners
        for member in draw(st.lists(st.sampled_from([*MEMBERS, ""]), unique=True, min_size=1, max_size=4))
        for month in draw(st.lists(st.sampled_from(MONTHS), unique=True, min_size=1, max_size=2))
        for amount in [draw(cents)]
    ]
    return Town(bills, owners)


@st.composite
def lines(draw, ordinal):
    is_individual = draw(st.booleans())
    qualifier, reference = draw(
        st.sampled_from([("AZ", "SM1"), ("AZ", "?"), ("IK", "INV0"), ("IK", "?"), ("ZZ", "")])
        if is_individual
        else st.sampled_from([("IK", "INV0"), ("IK", "INV1"), ("IK", "?"), ("11", "A1"), ("1L", "P2"), ("1L", "P3")])
    )
    month = draw(st.sampled_from([None, *MONTHS]))
    return RemittanceLine(
        ordinal=ordinal,
        position=ordinal,
        is_individual=is_individual,
        qualifier=qualifier,
        reference=reference,
        action=draw(st.sampled_from(["", "PI", "PO", "PA", "PP"])),
        paid=draw(cents),
        member_ids=tuple(draw(st.lists(st.sampled_from(["SM1", "SM2", "m3", "?"]), max_size=2))) * is_individual,
        period=month.period if month else None,
        adjustments=tuple(Adjustment(amount, "AX") for amount in draw(st.lists(cents, max_size=1))),
    )


@st.composite
def remittances(draw, trace):
    found = [draw(lines(n)) for n in range(1, draw(st.integers(0, 5)) + 1)]
    earlier = tuple(
        Adjustment(amount, draw(st.sampled_from(["52", "53"]))) for amount in draw(st.lists(cents, max_size=1))
    )
    total = sum((line.paid for line in found), ZERO) + sum((each.amount for each in earlier), ZERO)
    if total <= ZERO and found:
        found[0] = replace(found[0], paid=found[0].paid - total + 1)
        total = Decimal("1.00")
    return Remittance(
        handling=draw(st.sampled_from([Handling.REMITTANCE_ONLY, Handling.WITH_PAYMENT])),
        amount=max(total, Decimal("0.01")) if draw(st.integers(0, 9)) else abs(total) + 1,
        method="ACH",
        trace=trace,
        originator="1",
        settles_on=ON,
        payer=Organization(id=draw(st.sampled_from(["T1", "T3", ""]))),
        receiver=Organization(),
        references=(("14", draw(st.sampled_from(["A1", "A2", "A3", "?"]))),),
        lines=tuple(found),
        adjustments=earlier,
    )


def cash_of(remittance: Remittance) -> Remittance:
    return replace(remittance, handling=Handling.PAYMENT_ONLY, lines=(), adjustments=())


@st.composite
def stories(draw):
    """A town and what arrives there: each remittance with its cash before it, after it, or never."""
    town = draw(towns())
    payments = [draw(remittances(f"T{n}")) for n in range(draw(st.integers(1, 5)))]
    return town, payments


quick = settings(max_examples=120, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(stories(), st.randoms(use_true_random=False), st.booleans())
def test_received_is_applied_and_unapplied_and_suspense_after_every_step(story, random, early):
    town, payments = story
    arrivals = [(f"R{n}", payment, "acme") for n, payment in enumerate(payments)]
    arrivals += [(f"C{n}", cash_of(payment), "bank") for n, payment in enumerate(payments)]
    arrivals += random.sample(arrivals, k=min(3, len(arrivals)))  # some come twice
    random.shuffle(arrivals)
    for set_id, remittance, partner_id in arrivals:
        town.take(set_id, remittance, partner_id, early=early)
        assert town.holds_every_cent()
    with_money = [payment for payment in payments if payment.amount]
    assert {receipt_id(payment) for payment in with_money} == town.arrived
    assert {payment.amount for payment in with_money} == {each.amount for each in town.receipts.values()}


@quick
@given(stories(), st.data())
def test_money_before_remittance_ends_as_remittance_before_money(story, data):
    town, payments = story
    other = Town(town.bills, town.owners)
    for n, payment in enumerate(payments):
        told, money = (f"R{n}", payment, "acme"), (f"C{n}", cash_of(payment), "bank")
        for here, arrivals in ((town, (told, money)), (other, (money, told))):
            for arrival in arrivals:
                here.take(*arrival)
    assert town.totals() == other.totals()
    assert {number: each.state for number, each in town.receipts.items()} == {
        number: each.state for number, each in other.receipts.items()
    }


@quick
@given(stories())
def test_nothing_is_paid_beyond_what_was_open_and_every_unplaced_piece_has_one_reason(story):
    town, payments = story
    for n, payment in enumerate(payments):
        before = {each.id: each.open for each in town.books().open_invoices}
        town.take(f"R{n}", payment, "bank")
        placed = defaultdict(lambda: ZERO)
        for piece in town.pieces.get(receipt_id(payment), ()):
            assert (piece.reason is None) == bool(piece.invoice_id)
            assert piece.is_suspense == (piece.reason is not None and not piece.account_id)
            placed[piece.invoice_id] += piece.amount
        assert all(placed[number] <= still_open for number, still_open in before.items())


@quick
@given(stories())
def test_a_short_invoice_that_is_written_off_is_settled(story):
    town, payments = story
    for n, payment in enumerate(payments):
        town.take(f"R{n}", payment, "bank")
    written_off = {p.invoice_id for p in town.postings() if p.ledger is LedgerAccount.WRITE_OFF}
    assert not written_off & {each.id for each in town.books().open_invoices}


opens = st.lists(st.integers(-5_000, 50_000), min_size=1, max_size=12)


@pytest.mark.parametrize("divide", [pro_rata, in_order])
@quick
@given(still_open=opens, data=st.data())
def test_what_is_divided_comes_out_whole_and_no_share_is_larger_than_what_is_open(divide, still_open, data):
    total = sum(still_open)
    if total <= 0:
        return
    amount = data.draw(st.integers(1, total))
    shares = divide(amount, still_open)
    assert amount == sum(shares)
    assert all(min(owed, 0) <= share <= max(owed, 0) for owed, share in zip(still_open, shares, strict=True))
    if amount == total:
        assert still_open == shares


def test_cents_left_over_by_a_division_go_to_the_largest_fractions():
    assert [34, 33, 33] == pro_rata(100, [500, 500, 500])
    assert [1, 66, 133] == pro_rata(200, [1, 100, 200])
    assert [500, 100, 0] == in_order(600, [500, 500, 500])
