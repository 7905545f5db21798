"""What a correction means for bills that went out (HF-22), and what was billed after cover ended (HF-23)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.billing.charges import charges_due
from gateway.billing.difference import bill_by_difference
from gateway.billing.proration import Proration, ProrationRule
from gateway.billing.retest import Residue, ResidueKind, kept_months, residues, retest
from gateway.domain.charge import Invoice
from gateway.domain.coverage import CoverageStatus
from gateway.domain.period import CoverageMonth
from gateway.errors import InvariantBroken

PRICES = {"EMP": "600.00", "FAM": "1450.00"}
NOW = datetime(2025, 12, 1, tzinfo=UTC)
SEPTEMBER, OCTOBER, DECEMBER = CoverageMonth(2025, 9), CoverageMonth(2025, 10), CoverageMonth(2025, 12)


def issued(month: int, lines) -> tuple[Invoice, list]:
    day = date(2025, month, 1)
    total = sum((line.amount for line in lines), Decimal("0.00"))
    invoice = Invoice(
        f"INV2025{month:02d}", "ACME", "acme", "", NOW, day, day, day, day, total, len(lines), Decimal(0), Decimal(0)
    )
    return invoice, list(lines)


@pytest.fixture
def history(family, rates, acme, bill_lines):
    """Bill what was believed, a month a bill; return the invoices, and what proposes a correction."""

    def make(*believed, account=acme, months=(9, 10, 11)):
        invoices, billed = [], []
        for month in months:
            of_month = CoverageMonth(2025, month)
            due, _ = charges_due(family(*believed), account, rates(PRICES), of_month.last_day)
            invoices.append(issued(month, bill_by_difference(due, billed, current=of_month)))
            billed = bill_lines(invoices[-1][1], billed, invoices[-1][0].id)

        def propose(*truth):
            due, _ = charges_due(family(*truth), account, rates(PRICES), DECEMBER.last_day)
            return [line for line in bill_by_difference(due, billed, current=DECEMBER) if line.corrects_invoice_id]

        return invoices, propose

    return make


def test_hf_22_a_change_in_september_is_found_on_the_october_and_november_invoices(history, coverage):
    """HF-22: retro change in Sept found on Oct, Nov invoices; two proposals, no double credit."""
    invoices, propose = history(coverage(tier="FAM"))
    ended = coverage(tier="FAM", last_day=date(2025, 9, 30), status=CoverageStatus.TERMINATED)
    found = retest(SEPTEMBER, invoices, propose(ended))
    assert [
        ("INV202509", Decimal("1450.00"), 0, Decimal("0.00")),
        ("INV202510", Decimal("1450.00"), 1, Decimal("-1450.00")),
        ("INV202511", Decimal("1450.00"), 1, Decimal("-1450.00")),
    ] == [(each.invoice_id, each.total, len(each.proposals), each.adjusted) for each in found]


def test_hf_22_each_proposal_is_tagged_with_the_invoice_and_month_it_corrects(history, coverage):
    invoices, propose = history(coverage(tier="FAM"))
    found = retest(SEPTEMBER, invoices, propose(coverage(tier="EMP")))
    assert [
        ("INV202509", "2025-09", "-850.00"),
        ("INV202510", "2025-10", "-850.00"),
        ("INV202511", "2025-11", "-850.00"),
    ] == [(line.corrects_invoice_id, str(line.month), str(line.amount)) for each in found for line in each.proposals]


def test_hf_22_months_before_the_correction_are_not_looked_at(history, coverage):
    invoices, propose = history(coverage(tier="FAM"))
    assert ["INV202510", "INV202511"] == [each.invoice_id for each in retest(OCTOBER, invoices, propose())]


def test_hf_22_what_was_credited_on_a_later_invoice_is_not_credited_again(history, coverage):
    invoices, propose = history(coverage(tier="FAM"))
    proposals = propose()
    credited = [*invoices, issued(12, proposals)]
    assert [[], [], [], []] == [list(each.proposals) for each in retest(SEPTEMBER, credited, [])]
    with pytest.raises(InvariantBroken, match="would be credited for more than was billed"):
        retest(SEPTEMBER, credited, proposals)


def test_hf_22_the_same_month_is_never_proposed_twice(history, coverage):
    invoices, propose = history(coverage(tier="FAM"))
    half = [replace(line, amount=line.amount / 2) for line in propose()]
    with pytest.raises(InvariantBroken, match="would be adjusted twice"):
        retest(SEPTEMBER, invoices, [*half, *half])


# --- after a cancellation


def canceled(coverage, **more):
    return coverage(status=CoverageStatus.CANCELED, **{"tier": "FAM", "last_day": date(2025, 9, 1)} | more)


def test_hf_23_a_cancellation_leaves_no_full_month_billed(history, coverage, family):
    """HF-23: cancel with full-month residue; reported and credited."""
    invoices, propose = history(coverage(tier="FAM"))
    lines = [line for _, lines in invoices for line in lines]
    world = family(canceled(coverage))
    found = residues(world, lines, propose(*world.coverages))
    assert [
        Residue(
            "M1", "GOLD", CoverageMonth(2025, month), ResidueKind.FULL_MONTH, Decimal("1450.00"), Decimal("-1450.00")
        )
        for month in (9, 10, 11)
    ] == found
    assert all(each.is_credited for each in found)


def test_hf_23_a_cancellation_that_was_once_a_day_of_cover_leaves_no_day_billed(history, coverage, family, acme):
    """HF-23: cancel with one-day residue; reported and credited."""
    daily = replace(acme, proration=ProrationRule(Proration.DAILY))
    invoices, propose = history(coverage(tier="EMP", last_day=date(2025, 9, 1)), account=daily)
    world = family(canceled(coverage, tier="EMP"))
    (found,) = residues(world, [line for _, lines in invoices for line in lines], propose(*world.coverages))
    assert (ResidueKind.ONE_DAY, Decimal("20.00"), True) == (found.kind, found.billed, found.is_credited)


def test_hf_23_months_after_a_termination_are_residues_and_the_month_it_ends_in_is_none(history, coverage, family):
    invoices, propose = history(coverage(tier="FAM"))
    world = family(coverage(tier="FAM", last_day=date(2025, 10, 15), status=CoverageStatus.TERMINATED))
    found = residues(world, [line for _, lines in invoices for line in lines], propose(*world.coverages))
    assert ["2025-11"] == [str(each.month) for each in found]


def test_hf_23_a_residue_that_no_bill_would_credit_is_reported_as_such(history, coverage, family):
    invoices, _ = history(coverage(tier="FAM"), months=(9,))
    (found,) = residues(family(canceled(coverage)), invoices[0][1], [])
    assert (Decimal("1450.00"), Decimal("0.00"), False) == (found.billed, found.credited, found.is_credited)


def test_hf_23_what_was_credited_and_what_the_retro_limit_keeps_is_no_residue(history, coverage, family):
    invoices, propose = history(coverage(tier="FAM"))
    kept = coverage(
        tier="FAM", last_day=date(2025, 8, 31), starts_on=date(2025, 1, 1), status=CoverageStatus.TERMINATED,
        billable_before=date(2025, 10, 1),
    )  # fmt: skip
    lines = [line for _, lines in invoices for line in lines]
    proposals = propose(kept)
    assert ["2025-10", "2025-11"] == [str(each.month) for each in residues(family(kept), lines, proposals)]
    assert [] == residues(family(kept), [*lines, *proposals], [])


@pytest.mark.parametrize(
    ("billable_before", "months"),
    [(None, []), (date(2025, 10, 1), ["2025-09"]), (date(2025, 9, 1), [])],
    ids=["no limit", "60 days", "90 days"],
)
def test_domain_9_2_the_notice_lists_the_months_that_are_not_creditable(billable_before, months, coverage):
    ended = coverage(
        starts_on=date(2025, 1, 1), last_day=date(2025, 8, 31), status=CoverageStatus.TERMINATED,
        billable_before=billable_before,
    )  # fmt: skip
    assert months == [str(month) for month in kept_months(ended)]


def test_a_cover_that_goes_on_or_was_canceled_keeps_no_month(coverage):
    assert [[], []] == [kept_months(each) for each in (coverage(), canceled(coverage))]
