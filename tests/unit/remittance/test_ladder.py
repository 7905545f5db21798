"""Which rung takes which line, and the one reason for what none takes (DOMAIN 5.5, posting order 8.4)."""

from datetime import date
from decimal import Decimal

import pytest

from gateway.domain.parties import Organization
from gateway.domain.remittance import Handling
from gateway.remittance.books import KnownMember, wanted_accounts, wanted_invoices, wanted_member_ids
from gateway.remittance.ladder import place
from gateway.remittance.rules import AdxSign

INVOICE = "INV20251201"


@pytest.fixture
def two_months(desk, invoice, item):
    """November (600.00, due first) and December (1,000.00, with 100.00 of it a fee) are open."""
    return desk.with_books(
        open_invoices=(
            invoice("NOV", "G001234", "600.00", ("2025-11",), date(2025, 11, 1)),
            invoice("DEC", "G001234", "1000.00", ("2025-11", "2025-12"), date(2025, 12, 1)),
        ),
        open_items=(
            item("NOV", "A100", "600.00", "2025-11"),
            item("DEC", "A100", "500.00", "2025-12"),
            item("DEC", "A101", "400.00", "2025-12"),
            item("DEC", "", "100.00", "2025-12"),
        ),
    )


def test_a_named_invoice_is_paid_although_an_older_one_is_open(two_months, pieces):
    settlement = two_months.place("100", two_months.line("DEC", "100", "IK"))
    assert [("55.56", "G001234", "DEC/A100"), ("44.44", "G001234", "DEC/A101")] == pieces(settlement)


def test_fees_are_paid_last_inside_an_invoice(two_months, pieces):
    settlement = two_months.place("950", two_months.line("DEC", "950", "IK"))
    assert [
        ("500.00", "G001234", "DEC/A100"),
        ("400.00", "G001234", "DEC/A101"),
        ("50.00", "G001234", "DEC/"),
    ] == pieces(settlement)


@pytest.mark.parametrize("references", [(("2F", "DEC"),), (("18", "x"), ("2F", "DEC"))])
def test_a_consolidated_invoice_is_found_by_its_reference(two_months, pieces, references):
    settlement = two_months.place("10", two_months.line("G001234", "10", "11", references=references))
    assert {"DEC/A100", "DEC/A101"} == {where for *_, where in pieces(settlement)}


def test_account_and_period_lead_to_the_invoice_whose_newest_month_it_is(two_months, pieces):
    november = two_months.place("600", two_months.line("POL1", "600", "1L", month="2025-11"))
    assert [("600.00", "G001234", "NOV/A100")] == pieces(november)
    december = two_months.place("1000", two_months.line("G001234", "1000", "11", month="2025-12"))
    assert {"DEC/A100", "DEC/A101", "DEC/"} == {where for *_, where in pieces(december)}


def test_an_invoice_that_only_corrects_the_period_comes_after_the_one_that_bills_it(desk, invoice, pieces):
    odd = desk.with_books(
        open_invoices=(
            invoice("RETRO", "G001234", "50.00", ("2025-11", "2025-12"), date(2025, 11, 1)),
            invoice("NOV", "G001234", "50.00", ("2025-11",), date(2025, 11, 20)),
        ),
        open_items=(),
    )
    settlement = odd.place("60", odd.line("G001234", "60", month="2025-11"))
    assert [("50.00", "NOV/"), ("10.00", "RETRO/")] == [(a, where) for a, _, where in pieces(settlement)]


def test_the_header_period_counts_for_lines_without_one(two_months, pieces, december):
    settlement = two_months.place("10", two_months.line("G001234", "10"), period=december)
    assert {"DEC/A100", "DEC/A101"} == {where for *_, where in pieces(settlement)}


def test_without_a_period_the_oldest_due_is_paid_first(two_months, pieces):
    settlement = two_months.place("700", two_months.line("G001234", "700"))
    assert [("600.00", "NOV/A100"), ("55.56", "DEC/A100"), ("44.44", "DEC/A101")] == [
        (amount, where) for amount, _, where in pieces(settlement)
    ]


def test_what_is_left_when_all_is_paid_stays_unapplied(two_months, pieces):
    settlement = two_months.place("1700", two_months.line("G001234", "1700"))
    assert ("100.00", "G001234", "OVERPAID") == pieces(settlement)[-1]
    assert not settlement.placements[-1].is_suspense


def test_named_items_are_posted_before_named_invoices_and_these_before_money_on_account(two_months, pieces):
    settlement = two_months.place(
        "1600",
        two_months.line("G001234", "600", action="PO"),
        two_months.line("DEC", "500", "IK"),
        two_months.member("A100", paid="500"),
    )
    assert [3, 2, 2, 1] == [each.line for each in settlement.placements]
    assert [("500.00", "DEC/A100"), ("400.00", "DEC/A101"), ("100.00", "DEC/"), ("600.00", "NOV/A100")] == [
        (amount, where) for amount, _, where in pieces(settlement)
    ]


def test_po_pays_the_oldest_even_where_an_invoice_is_named(two_months, pieces):
    settlement = two_months.place("600", two_months.line("DEC", "600", "IK", action="PO"))
    assert [("600.00", "G001234", "NOV/A100")] == pieces(settlement)


@pytest.mark.parametrize("month", [None, "2026-01"])
def test_pa_without_a_billed_period_stays_prepaid(two_months, pieces, month):
    settlement = two_months.place("600", two_months.line("G001234", "600", action="PA", month=month))
    assert [("600.00", "G001234", "NO_PERIOD")] == pieces(settlement)


def test_pa_for_a_period_that_is_billed_pays_it(two_months, pieces):
    settlement = two_months.place("600", two_months.line("G001234", "600", action="PA", month="2025-11"))
    assert [("600.00", "G001234", "NOV/A100")] == pieces(settlement)


def test_pp_leaves_the_rest_open_even_inside_the_tolerance(desk):
    settlement = desk.place("3717.50", desk.line(INVOICE, "3717.50", "IK", action="PP"))
    assert () == settlement.write_offs
    assert [("SHORT_PAY", Decimal("2.50"))] == [(case.kind, case.amount) for case in settlement.cases]
    itemised = desk.place("3717.50", desk.line(INVOICE, "3717.50", "IK", action="PI"))
    assert Decimal("2.50") == sum(each.amount for each in itemised.write_offs)


@pytest.mark.parametrize(
    ("amount", "given_up", "kinds"),
    [
        ("3720.00", [], []),
        ("3715.00", ["0.83", "1.67", "2.50"], []),
        ("3714.99", [], ["SHORT_PAY"]),
        ("3725.00", [], []),
        ("3725.01", [], ["OVER_PAY"]),
    ],
)
def test_only_what_is_outside_the_tolerance_is_flagged(desk, amount, given_up, kinds):
    settlement = desk.place(amount, desk.line(INVOICE, amount, "IK"))
    assert given_up == [str(each.amount) for each in settlement.write_offs]
    assert kinds == [case.kind for case in settlement.cases]


def test_the_years_cap_on_write_offs_ends_them(desk):
    capped = desk.with_books(written_off={"G001234": Decimal("57.51")})
    settlement = capped.place("3717.50", desk.line(INVOICE, "3717.50", "IK"))
    assert () == settlement.write_offs
    assert ["SHORT_PAY"] == [case.kind for case in settlement.cases]
    just_fits = desk.with_books(written_off={"G001234": Decimal("57.50")})
    settlement = just_fits.place("3717.50", desk.line(INVOICE, "3717.50", "IK"))
    assert Decimal("2.50") == sum(each.amount for each in settlement.write_offs)


def test_a_credit_left_on_an_invoice_is_given_up_with_what_is_short(desk, invoice, item):
    mixed = desk.with_books(
        open_invoices=(invoice("MIX", "G001234", "618.00"),),
        open_items=(item("MIX", "A100", "620.00"), item("MIX", "A101", "-2.00")),
    )
    settlement = mixed.place("617", desk.member("A100", paid="617"))
    assert [("A100", Decimal("3.00")), ("A101", Decimal("-2.00"))] == [
        (each.membership_id, each.amount) for each in settlement.write_offs
    ]


def test_a_case_has_the_same_key_whenever_the_same_payment_is_placed(desk):
    first, second = (desk.place("100", desk.line(INVOICE, "100", "IK")) for _ in range(2))
    assert first.cases == second.cases
    assert first.cases[0].key != desk.place("101", desk.line(INVOICE, "101", "IK")).cases[0].key


@pytest.mark.parametrize(
    ("qualifier", "reference", "month", "reason"),
    [
        ("IK", "NO-SUCH", None, "NO_INVOICE"),
        ("IK", "PAID", None, "CLOSED_INVOICE"),
        ("IK", "THEIRS", None, "NO_PARTNER_RIGHT"),
        ("1L", "POL2", None, "NO_PARTNER_RIGHT"),
        ("1L", "NO-SUCH", None, "NO_ACCOUNT"),
        ("11", "G001234", "2024-01", "NO_PERIOD"),
    ],
)
def test_what_a_line_cannot_pay_stays_with_the_payer_with_one_reason(
    desk, invoice, pieces, qualifier, reference, month, reason
):
    numbers = {
        "PAID": invoice("PAID", "G001234", "50.00", still_open="0.00"),
        "THEIRS": invoice("THEIRS", "OTHER", "50.00"),
    }
    settlement = desk.with_books(find_invoice=numbers.get).place(
        "50", desk.line(reference, "50", qualifier, month=month)
    )
    assert [("50.00", "G001234", reason)] == pieces(settlement)


@pytest.mark.parametrize(
    ("references", "payer", "account", "reason"),
    [
        ((("14", "G001234"),), "", "G001234", "NO_INVOICE"),
        ((("14", "POL1"),), "", "G001234", "NO_INVOICE"),
        ((("14", "??"), ("18", "POL1")), "", "G001234", "NO_INVOICE"),
        ((("38", "POL1"), ("18", "POL2")), "", "G001234", "NO_INVOICE"),
        ((), "123456789", "G001234", "NO_INVOICE"),
        ((("14", "OTHER"),), "123456789", "", "NO_PARTNER_RIGHT"),
        ((), "999999999", "", "NO_PARTNER_RIGHT"),
        ((), "000000000", "", "NO_ACCOUNT"),
        ((), "", "", "NO_ACCOUNT"),
    ],
)
def test_the_payer_is_found_by_master_account_then_policy_then_tax_id(desk, pieces, references, payer, account, reason):
    nothing_open = desk.with_books(open_invoices=(), open_items=())
    line = desk.line("", "50", "ZZ")
    settlement = nothing_open.place("50", line, references=references, payer=Organization(id=payer))
    assert [("50.00", account, reason)] == pieces(settlement)
    assert [not account] == [each.is_suspense for each in settlement.placements]


def test_money_for_an_account_of_others_has_that_reason_whatever_its_lines_name(desk, pieces):
    lines = (desk.line("NO-SUCH", "30", "IK"), desk.member("unknown", paid="20"))
    settlement = desk.place("50", *lines, references=(("14", "OTHER"),), adx=[("0", "52")])
    assert {("", "NO_PARTNER_RIGHT")} == {(account, reason) for _, account, reason in pieces(settlement)}


def test_a_tax_id_of_two_accounts_is_ambiguous(desk, pieces):
    one, other = desk.books.accounts
    both = desk.with_books(accounts=(one, type(other)("SECOND", "acme", tax_ids=one.tax_ids)))
    settlement = both.place("50", desk.line("", "50", "ZZ"), references=())
    assert [("50.00", "", "AMBIGUOUS")] == pieces(settlement)


@pytest.mark.parametrize("may_pay", [("OTHER",), ("*",)])
def test_a_partner_may_pay_accounts_that_it_was_granted_and_a_bank_all(desk, invoice, pieces, may_pay):
    granted = desk.with_rules(may_pay=may_pay).with_books(
        open_invoices=(invoice("THEIRS", "OTHER", "50.00"),), open_items=()
    )
    settlement = granted.place("50", desk.line("THEIRS", "50", "IK"))
    assert [("50.00", "OTHER", "THEIRS/")] == pieces(settlement)


def test_a_member_is_found_by_the_first_id_that_leads_anywhere(desk, pieces):
    settlement = desk.place("620", desk.member("unknown", "A100", "A101", paid="620"))
    assert [("620.00", "G001234", f"{INVOICE}/A100")] == pieces(settlement)


def test_an_unknown_member_leaves_the_money_with_the_payer_or_in_suspense(desk, pieces):
    line = desk.member("unknown", paid="620")
    assert [("620.00", "G001234", "NO_MEMBER")] == pieces(desk.place("620", line))
    nobody = desk.place("620", line, references=(), payer=Organization())
    assert [("620.00", "", "NO_MEMBER")] == pieces(nobody)


def test_the_same_id_in_two_memberships_is_decided_by_policy_else_ambiguous(desk, item, pieces):
    twice = desk.with_books(
        open_items=(
            item(INVOICE, "M1", "620.00", subscriber="S1", policy="POL1"),
            item(INVOICE, "M2", "620.00", subscriber="S1", policy="POL9"),
        )
    )
    assert [("620.00", "G001234", "AMBIGUOUS")] == pieces(twice.place("620", desk.member("S1", paid="620")))
    named = twice.place("620", desk.member("S1", paid="620", references=(("38", "POL9"),)))
    assert [("620.00", "G001234", f"{INVOICE}/M2")] == pieces(named)


def test_of_two_memberships_with_one_id_the_one_that_may_be_paid_is_meant(desk, pieces):
    known = desk.with_books(members={"A100": (KnownMember("OTHER", "M9"),)})
    settlement = known.place("620", desk.member("A100", paid="620"), references=(), payer=Organization())
    assert [("620.00", "G001234", f"{INVOICE}/A100")] == pieces(settlement)


def test_of_two_memberships_that_may_be_paid_the_one_of_the_payers_account_is_meant(desk, pieces):
    known = desk.with_rules(may_pay=("OTHER",)).with_books(members={"A100": (KnownMember("OTHER", "M9"),)})
    assert [("620.00", "G001234", f"{INVOICE}/A100")] == pieces(known.place("620", desk.member("A100", paid="620")))


def test_a_member_of_an_account_that_the_partner_may_not_pay_is_refused(desk, pieces):
    known = desk.with_books(members={"X1": (KnownMember("OTHER", "M9"),)})
    assert [("5.00", "G001234", "NO_PARTNER_RIGHT")] == pieces(known.place("5", desk.member("X1", paid="5")))


@pytest.mark.parametrize(("month", "reason"), [("2026-03", "NO_PERIOD"), (None, "NO_INVOICE")])
def test_a_known_member_who_owes_nothing_there_is_not_an_unknown_one(desk, pieces, month, reason):
    known = desk.with_books(members={"X1": (KnownMember("G001234", "M9"),)})
    settlement = known.place("5", desk.member("X1", paid="5", month=month))
    assert [("5.00", "G001234", reason)] == pieces(settlement)


def test_a_member_line_pays_no_more_than_its_invoice_still_owes(desk, invoice, item, pieces):
    paid_without_items = desk.with_books(open_invoices=(invoice(INVOICE, "G001234", "3720.00", still_open="300.00"),))
    settlement = paid_without_items.place("620", desk.member("A100", paid="620"))
    assert [("300.00", "G001234", f"{INVOICE}/A100"), ("320.00", "G001234", "OVERPAID")] == pieces(settlement)


def test_a_member_line_pays_its_month_whole_and_never_spills_into_another(two_months, pieces):
    settlement = two_months.place("700", two_months.member("A100", paid="700", month="2025-11"))
    assert [("600.00", "G001234", "NOV/A100"), ("100.00", "G001234", "OVERPAID")] == pieces(settlement)


def test_a_member_line_without_a_period_pays_the_named_invoice_else_the_oldest_month(two_months, pieces):
    oldest = two_months.place("700", two_months.member("A100", paid="700", month=None))
    assert [("600.00", "NOV/A100"), ("100.00", "DEC/A100")] == [(a, where) for a, _, where in pieces(oldest)]
    line = two_months.line("DEC", "100", "IK", is_individual=True, member_ids=("A100",))
    assert [("100.00", "G001234", "DEC/A100")] == pieces(two_months.place("100", line))


def test_the_same_member_paid_twice_in_one_set_is_overpaid_once(desk, pieces):
    settlement = desk.place("1240", desk.member("A100", paid="620"), desk.member("A100", paid="620"))
    assert [("620.00", "G001234", f"{INVOICE}/A100"), ("620.00", "G001234", "OVERPAID")] == pieces(settlement)


def test_a_line_that_takes_back_and_its_correction_are_one_payment(desk, pieces):
    settlement = desk.place(
        "600",
        desk.member("A100", paid="620"),
        desk.member("A100", paid="-620"),
        desk.member("A100", paid="600"),
    )
    assert [("600.00", "G001234", f"{INVOICE}/A100")] == pieces(settlement)


@pytest.mark.parametrize(
    ("reference", "qualifier", "account", "reason"),
    [("G001234", "1L", "G001234", "NO_INVOICE"), (INVOICE, "IK", "G001234", "NO_INVOICE")],
)
def test_money_taken_back_lowers_unapplied_cash_and_opens_a_case(desk, pieces, reference, qualifier, account, reason):
    settlement = desk.place(
        "94.45", desk.line(reference, "-5.55", qualifier), desk.line(INVOICE, "100", "IK", action="PP")
    )
    assert ("-5.55", account, reason) in pieces(settlement)
    assert ("PAYER_CLAIM", Decimal("5.55")) in [(case.kind, case.amount) for case in settlement.cases]


def test_a_credit_taken_for_an_earlier_over_payment_is_paid_from_unapplied_cash(desk, pieces):
    settlement = desk.place("3470", desk.line(INVOICE, "3720", "IK"), adx=[("-250", "52")])
    assert ("-250.00", "G001234", "NO_INVOICE") == pieces(settlement)[-1]
    assert Decimal("3720.00") == sum(each.amount for each in settlement.placements if each.reason is None)
    assert [("PAYER_CLAIM", Decimal("250.00"))] == [(case.kind, case.amount) for case in settlement.cases]


def test_money_for_an_earlier_underpayment_pays_the_oldest(two_months, pieces):
    settlement = two_months.place("70", two_months.line("DEC", "10", "IK"), adx=[("60", "53")])
    assert ("60.00", "G001234", "NOV/A100") == pieces(settlement)[-1]


def test_credits_on_an_invoice_count_before_what_is_owed_is_divided(desk, invoice, item, pieces):
    mixed = desk.with_books(
        open_invoices=(invoice("MIX", "G001234", "500.00"),),
        open_items=(item("MIX", "A100", "-100.00"), item("MIX", "A101", "200.00"), item("MIX", "A102", "400.00")),
    )
    half = mixed.place("200", desk.line("MIX", "200", "IK", action="PP"))
    assert [("-100.00", "MIX/A100"), ("100.00", "MIX/A101"), ("200.00", "MIX/A102")] == [
        (a, where) for a, _, where in pieces(half)
    ]
    assert ["-100.00", "200.00", "400.00"] == [a for a, *_ in pieces(mixed.place("500", desk.line("MIX", "500", "IK")))]


def test_a_set_out_of_balance_goes_whole_to_suspense(desk, pieces):
    settlement = desk.place("3720", desk.line(INVOICE, "3719", "IK"))
    assert [("3720.00", "", "OUT_OF_BALANCE")] == pieces(settlement)
    assert settlement.placements[0].is_suspense
    assert () == settlement.cases


def test_money_that_is_not_what_bpr02_says_goes_whole_to_suspense(desk, pieces):
    remittance = desk.remittance("3720", desk.line(INVOICE, "3720", "IK"))
    settlement = place(remittance, Decimal("3000.00"), desk.books, desk.rules)
    assert [("3000.00", "", "OUT_OF_BALANCE")] == pieces(settlement)


@pytest.mark.parametrize("handling", [Handling.PAYMENT_ONLY, Handling.WITH_PAYMENT])
def test_money_without_an_explanation_stays_with_the_payer_or_in_suspense(desk, pieces, handling):
    assert [("50.00", "G001234", "NO_REMITTANCE")] == pieces(desk.place("50", handling=handling))
    unknown = desk.place("50.00", handling=handling, references=(), payer=Organization())
    assert [("50.00", "", "NO_REMITTANCE")] == pieces(unknown)


def test_a_report_over_nothing_places_nothing(desk):
    assert () == desk.place("0", desk.line(INVOICE, "100", "IK"), desk.line(INVOICE, "-100", "IK")).placements


def test_inverted_signs_are_read_as_agreed(desk):
    inverted = desk.with_rules(adx_sign=AdxSign.INVERTED)
    settlement = inverted.place("3717.5", desk.line(INVOICE, "3717.5", "IK", billed="3720", adx=[("2.5", "IA")]))
    assert Decimal("3717.50") == sum(each.amount for each in settlement.placements if each.invoice_id)


def test_a_claim_explains_a_short_payment_and_only_the_rest_is_a_second_case(desk):
    settlement = desk.place(
        "2470",
        desk.member("A100", paid="610"),
        desk.member("A101", paid="0", billed="1240", adx=[("-1240", "AX")]),
        desk.member("A102", paid="1860"),
    )
    assert {("PAYER_CLAIM", Decimal("1240.00")), ("SHORT_PAY", Decimal("10.00"))} == {
        (case.kind, case.amount) for case in settlement.cases
    }


def test_no_case_names_a_person(desk):
    settlement = desk.place("0.01", desk.member("A100", paid="0.01", billed="620", adx=[("-619.99", "AX")]))
    assert settlement.cases
    assert not [case for case in settlement.cases if "A100" in case.message + case.key]


def test_what_must_be_loaded_is_told_by_the_remittance(desk):
    remittance = desk.remittance(
        "30",
        desk.member("A100", "E1", paid="10"),
        desk.line("INV1", "10", "IK"),
        desk.line("POL1", "10", "1L", references=(("2F", "INV2"),)),
    )
    assert {"A100", "E1"} == wanted_member_ids(remittance)
    assert {"INV1", "INV2"} == wanted_invoices(remittance)
    assert {"G001234", "POL1", "123456789"} == wanted_accounts(remittance)
