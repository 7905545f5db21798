"""DOMAIN 9.4, 9.5 and 9.6 to the cent."""

from datetime import date
from decimal import Decimal

import pytest

from gateway.domain.period import CoverageMonth
from gateway.remittance.aging import Bucket, age, bucket_of
from gateway.remittance.association import associate
from gateway.remittance.grace import aptc_grace, group_grace_ends
from gateway.remittance.journal import balances, receipt_entries, settlement_entries
from gateway.remittance.paid_through import MonthSettlement, paid_through

SHORT_BY_2_50 = [
    ("620.00", "G001234", "INV20251201/A100"),
    ("1240.00", "G001234", "INV20251201/A101"),
    ("1857.50", "G001234", "INV20251201/A102"),
]


def three_members(desk, *, paid_101="1240", paid_102="1860", adx_101=(), adx_102=()):
    return (
        desk.member("PA100", "A100", paid="620", billed="620"),
        desk.member("PA101", "A101", paid=paid_101, billed="1240", adx=adx_101),
        desk.member("PA102", "A102", paid=paid_102, billed="1860", adx=adx_102),
    )


def months_after(settlement, billed="3720.00"):
    applied = sum(each.amount for each in settlement.placements if each.reason is None)
    given_up = sum(each.amount for each in settlement.write_offs)
    november = MonthSettlement(CoverageMonth(2025, 11), Decimal("3720.00"), Decimal("0.00"))
    rest = Decimal(billed) - applied - given_up
    return [november, MonthSettlement(CoverageMonth(2025, 12), Decimal(billed), rest)]


def test_short_inside_the_tolerance_waits_for_cash_then_pays_the_invoice_and_writes_off_the_rest(desk, pieces):
    lines = three_members(desk, paid_102="1857.5", adx_102=[("-2.5", "H6")])
    remittance = desk.remittance("3717.5", *lines)
    promise = associate(
        remittance,
        None,
        set_id="S1",
        partner_id="acme",
        confirms_cash=False,
        apply_before_confirmation=False,
    )
    assert (True, False) == (promise.waiting, promise.apply_now)
    settlement = desk.place("3717.5", *lines)
    assert SHORT_BY_2_50 == pieces(settlement)
    assert [("INV20251201", "A102", "2025-12", Decimal("2.50"), "TOLERANCE")] == [
        (each.invoice_id, each.membership_id, each.month, each.amount, each.reason) for each in settlement.write_offs
    ]
    assert () == settlement.cases
    assert date(2025, 12, 31) == paid_through(months_after(settlement))


def test_short_over_the_tolerance_leaves_the_claimed_member_open_with_one_case(desk, pieces):
    settlement = desk.place("2480", *three_members(desk, paid_101="0", adx_101=[("-1240", "AX")]))
    assert [SHORT_BY_2_50[0], ("1860.00", "G001234", "INV20251201/A102")] == pieces(settlement)
    assert () == settlement.write_offs
    (case,) = settlement.cases
    assert ("PAYER_CLAIM", "INV20251201", "G001234", Decimal("1240.00")) == (
        case.kind,
        case.invoice_id,
        case.account_id,
        case.amount,
    )
    assert "no longer employed" in case.message
    assert "834 with 024" in case.message
    assert date(2025, 11, 30) == paid_through(months_after(settlement))


def test_an_over_payment_of_250_stays_unapplied_and_is_shown(desk, pieces):
    settlement = desk.place("3970", desk.line("INV20251201", "3970", "IK", action="PI"))
    assert ("250.00", "G001234", "OVERPAID") == pieces(settlement)[-1]
    assert Decimal("3720.00") == sum(each.amount for each in settlement.placements if each.invoice_id)
    assert [("OVER_PAY", Decimal("250.00"))] == [(case.kind, case.amount) for case in settlement.cases]
    assert date(2025, 12, 31) == paid_through(months_after(settlement))


def test_a_payment_that_is_not_itemised_goes_pro_rata_over_the_invoice(desk, pieces):
    settlement = desk.place("3720", desk.line("INV20251201", "3720", "IK", action="PI", billed="3720", head_count=3))
    assert ["620.00", "1240.00", "1860.00"] == [amount for amount, *_ in pieces(settlement)]
    assert () == settlement.cases
    half = desk.place("1860.01", desk.line("INV20251201", "1860.01", "IK"))
    assert ["310.00", "620.00", "930.01"] == [amount for amount, *_ in pieces(half)]


def test_a_head_count_that_differs_from_the_lives_billed_opens_a_case(desk):
    settlement = desk.place("3720", desk.line("INV20251201", "3720", "IK", head_count=4))
    assert [("COUNT_VARIANCE", "Invoice INV20251201: paid for 4 lives, billed for 3.")] == [
        (case.kind, case.message) for case in settlement.cases
    ]


def test_the_journal_of_the_short_payment_holds_every_cent(desk):
    lines = three_members(desk, paid_102="1857.5", adx_102=[("-2.5", "H6")])
    remittance = desk.remittance("3717.5", *lines)
    receipt = associate(
        remittance, None, set_id="S1", partner_id="acme", confirms_cash=True, apply_before_confirmation=False
    ).receipt
    entries = receipt_entries(receipt, date(2025, 12, 1))
    entries += settlement_entries(desk.place("3717.5", *lines), receipt, date(2025, 12, 1), "1/1/0001/1")
    account = balances(entries)["G001234"]
    assert (Decimal("3717.50"), Decimal("3717.50")) == (account.received, account.applied)
    assert Decimal("0.00") == balances(entries)["acme"].received
    on_receivable = [p.amount for e in entries for p in e.postings if p.ledger == "receivable"]
    assert Decimal("-3720.00") == sum(on_receivable)


AGED = [
    (date(2026, 1, 1), Decimal("3720.00")),
    (date(2025, 12, 1), Decimal("1240.00")),
    (date(2025, 11, 1), Decimal("600.00")),
    (date(2025, 10, 1), Decimal("75.00")),
    (date(2025, 9, 1), Decimal("150.00")),
]


def test_aging_shows_unapplied_money_beside_the_buckets():
    aging = age(AGED, date(2025, 12, 15), unapplied=Decimal("250.00"))
    assert {
        Bucket.NOT_DUE: Decimal("3720.00"),
        Bucket.TO_30: Decimal("1240.00"),
        Bucket.TO_60: Decimal("600.00"),
        Bucket.TO_90: Decimal("75.00"),
        Bucket.TO_120: Decimal("150.00"),
        Bucket.OVER_120: Decimal("0.00"),
    } == aging.buckets
    assert (Decimal("2065.00"), Decimal("5785.00"), Decimal("5535.00")) == (
        aging.past_due,
        aging.total_open,
        aging.net_exposure,
    )


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-17, "not due"),
        (0, "not due"),
        (1, "1-30"),
        (30, "1-30"),
        (31, "31-60"),
        (60, "31-60"),
        (61, "61-90"),
        (90, "61-90"),
        (91, "91-120"),
        (120, "91-120"),
        (121, "over 120"),
    ],
)
def test_a_bucket_holds_its_last_day(days, bucket):
    as_of = date(2025, 12, 15)
    assert bucket == bucket_of(date.fromordinal(as_of.toordinal() - days), as_of)


def test_grace_ends_as_the_contract_and_the_rule_for_tax_credits_say():
    assert date(2026, 1, 1) == group_grace_ends(date(2025, 12, 1))
    grace = aptc_grace(CoverageMonth(2025, 12))
    assert (date(2026, 2, 28), date(2025, 12, 31)) == (grace.ends_on, grace.cover_would_end_on)


def settled(month, still_open="0.00"):
    return MonthSettlement(CoverageMonth.parse(month), Decimal("600.00"), Decimal(still_open))


def test_paid_through_stops_at_a_gap_and_jumps_when_it_is_filled():
    autumn = [settled("2025-09"), settled("2025-10"), settled("2025-11", "600.00"), settled("2025-12")]
    assert date(2025, 10, 31) == paid_through(autumn)
    autumn[2] = settled("2025-11")
    assert date(2025, 12, 31) == paid_through(autumn)


@pytest.mark.parametrize(
    ("months", "day"),
    [
        ([], None),
        ([settled("2025-09", "0.01")], None),
        ([settled("2025-10"), settled("2025-09", "1.00")], None),
        ([settled("2025-09", "-5.00")], date(2025, 9, 30)),
        ([settled("2025-09"), settled("2025-11")], date(2025, 11, 30)),
    ],
)
def test_paid_through_counts_credits_and_months_that_were_never_billed_as_settled(months, day):
    assert day == paid_through(months)
