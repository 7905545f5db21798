"""What is found before release holds one account; it goes out when the cause is gone or a named person says so."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from gateway.billing import sheet
from gateway.billing.charges import charges_due
from gateway.billing.difference import difference
from gateway.errors import NotAllowed, NotFound
from gateway.partners.price_rows import Rate
from gateway.pipeline import invoice
from tests.unit.pipeline.groups import add_price, at, configure, form_groups, of, price, sends

WHO = {"by": "Kim Operator", "reason": "confirmed by the group"}


@pytest.fixture
def two(house):
    """G1 and G2 with a member each; it is the first day of November's window."""
    form_groups(house, "G1", "G2")
    sends(house, "G1", of("G1", "A1"))
    sends(house, "G2", of("G2", "A2"))
    at(house, 2025, 11, 10)
    return house


def zero_rate(house, _monkeypatch):
    add_price(house, Rate(plan="FREE", tier="EMP", amount=Decimal("0.00"), starts_on=date(2025, 1, 1)))
    sends(house, "G1", of("G1", "A7", plan="FREE"))


def duplicate_member(house, _monkeypatch):
    sends(house, "G1", of("G1", "A1", plan="BRONZE"))


def orphan_charge(_house, monkeypatch):
    def without_source(family, account, *words):
        due, found = charges_due(family, account, *words)
        return [replace(each, source="") if account.id == "G1" else each for each in due], found

    monkeypatch.setattr(invoice, "charges_due", without_source)


def overlapping_period(_house, monkeypatch):
    def too_long(family, account, *words):
        due, found = charges_due(family, account, *words)
        return [replace(each, days_covered=40) if account.id == "G1" else each for each in due], found

    monkeypatch.setattr(invoice, "charges_due", too_long)


def wrong_explanation(_house, monkeypatch):
    def unexplained(family, account, *words):
        due, found = charges_due(family, account, *words)
        return [replace(each, formula="619.99; full month") if account.id == "G1" else each for each in due], found

    monkeypatch.setattr(invoice, "charges_due", unexplained)


def wrong_total(_house, monkeypatch):
    def too_much(owed, already, **how):
        lines = difference(owed, already, **how)
        is_g1 = any(charge.account_id == "G1" for charge in owed.values())
        cent = Decimal("0.01") if is_g1 else Decimal("0.00")
        return [replace(each, amount=each.amount + cent, formula=str(each.amount + cent)) for each in lines]

    monkeypatch.setattr(sheet, "difference", too_much)


PLANTED = [
    (wrong_total, "InvariantBroken"),
    (zero_rate, "The rate of plan FREE, tier EMP is zero."),
    (duplicate_member, "is charged twice for insurance line PPO in 2025-11."),
    (orphan_charge, "is charged without a source."),
    (overlapping_period, "days of 2025-11 are charged twice."),
    (wrong_explanation, "InvariantBroken"),
]


@pytest.mark.parametrize(("plant", "said"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED])
def test_ia_54_each_planted_fault_stops_the_release_of_that_account_only(plant, said, two, monkeypatch):
    plant(two, monkeypatch)
    report = two.bill()
    ((account_id, reason),) = report.held
    assert "G1" == account_id
    assert said in reason
    assert ["G2"] == [each.account_id for each in report.invoices]
    assert [("account_held", "acme")] == two.incidents()
    assert report.proofs[0].holds


def test_ia_54_a_premium_that_jumps_stops_the_release_of_that_account_only(two):
    configure(two, "G1", jump_percent=Decimal(10))
    two.bill()
    sends(two, "G1", of("G1", "A3"))
    sends(two, "G2", of("G2", "A4"))
    at(two, 2025, 12, 10)
    report = two.bill()
    assert [("G1", "The month's premium moves from 620.00 to 1302.00, by more than 10 percent.")] == report.held
    assert ["G2"] == [each.account_id for each in report.invoices]


def test_ia_54_a_negative_total_beyond_the_limit_stops_the_release_of_that_account_only(two):
    configure(two, "G1", credit_limit=Decimal("500.00"))
    two.bill()
    for group, subscriber in (("G1", "A1"), ("G2", "A2")):
        sends(two, group, of(group, subscriber, does="024", ends="20251130"))
    at(two, 2025, 12, 10)
    report = two.bill()
    assert [("G1", "The bill is a credit of 620.00.")] == report.held
    assert [("G2", "-620.00")] == [(each.account_id, str(each.total)) for each in report.invoices]


# --- the cause is gone


def test_an_account_is_billed_when_the_cause_is_gone_and_its_incident_closes_by_itself(two):
    price(two, "0.00")
    assert ["G1", "G2"] == [account_id for account_id, _ in two.bill().held]
    assert 2 == len(two.app.queries.holds())
    price(two, "620.00")
    at(two, 2025, 11, 11)
    assert ["G1", "G2"] == [each.account_id for each in two.bill().invoices]
    assert ([], ()) == (two.incidents(), two.app.queries.holds())
    assert [("cause_gone", "")] * 2 == two.rows("SELECT ending, ended_by FROM account_holds")


def test_an_account_that_waits_for_the_same_reason_waits_on_and_one_incident_is_enough(two):
    price(two, "0.00")
    two.bill()
    at(two, 2025, 11, 11)
    two.bill()
    assert [(1,), (1,)] == two.rows("SELECT number FROM account_holds")
    assert [("account_held", "acme")] * 2 == two.incidents()


def test_an_account_that_waits_for_another_reason_closes_the_incident_of_the_first(two):
    price(two, "0.00")
    two.bill()
    at(two, 2025, 11, 11)
    add_price(two, Rate(plan="FREE", tier="EMP", amount=Decimal("0.00"), starts_on=date(2025, 1, 1)))
    price(two, "620.00")
    sends(two, "G1", of("G1", "A7", plan="FREE"))
    two.bill()
    assert [(1, "cause_gone"), (2, None)] == two.rows(
        "SELECT number, ending FROM account_holds WHERE account_id = 'G1' ORDER BY number"
    )
    assert [("account_held", "acme")] == two.incidents()


def test_a_later_bill_through_a_later_day_frees_an_account_that_was_held_in_a_window_that_has_ended(two):
    price(two, "0.00")
    two.bill()
    price(two, "620.00")
    at(two, 2025, 12, 10)
    two.bill()
    assert () == two.app.queries.holds()
    assert [("G1", 3), ("G2", 3)] == two.rows("SELECT account_id, lines_count FROM invoices ORDER BY 1")


def test_ia_43_no_bill_run_hold_or_release_touches_anybody_s_cover(two):
    """Cover changes by an 834 only: billing reads it and never writes it."""
    tables = ("accounts", "memberships", "members", "coverages", "membership_events")
    before = {table: two.rows(f"SELECT * FROM {table} ORDER BY 1") for table in tables}
    configure(two, "G2", credit_limit=Decimal(0))
    price(two, "0.00")
    two.bill()
    release(two)
    price(two, "620.00")
    for day in ((2025, 11, 11), (2025, 12, 10), (2026, 6, 10)):  # and nobody ever pays
        at(two, *day)
        two.bill()
    assert before == {table: two.rows(f"SELECT * FROM {table} ORDER BY 1") for table in tables}


def test_cover_without_a_price_has_an_incident_until_it_has_a_price(two):
    add_price(two, Rate(plan="SILVER", tier="FAM", amount=Decimal("900.00"), starts_on=date(2025, 1, 1)))
    sends(two, "G1", of("G1", "A5", plan="SILVER", tier="EMP"))  # the plan is known, this tier has no rate
    two.bill()
    assert [("cover_without_price", "acme")] == two.incidents()
    assert ["G1"] == [each for (each,) in two.rows("SELECT subject_id FROM incidents")]
    at(two, 2025, 12, 10)
    two.bill()
    assert [("cover_without_price", "acme")] == two.incidents()  # the same one
    add_price(two, Rate(plan="SILVER", tier="EMP", amount=Decimal("500.00"), starts_on=date(2025, 1, 1)))
    at(two, 2026, 1, 9)
    two.bill()
    assert [] == two.incidents()
    billed = "SELECT count(*) FROM invoice_lines WHERE product = 'SILVER'"
    assert [(4,)] == two.rows(billed)  # November to February


# --- a named person


@pytest.fixture
def jumped(two):
    """G1's premium doubled and is held by its limit, and the window has ended."""
    configure(two, "G1", jump_percent=Decimal(10))
    two.bill()
    sends(two, "G1", of("G1", "A3"))
    at(two, 2025, 12, 10)
    two.bill()
    at(two, 2025, 12, 20)
    return two


def release(house, account="G1", **who):
    done = house.app.release_account(account, **(who or WHO))
    house.work()
    return done


def test_a_named_person_lets_an_account_s_bill_go_out_as_it_is_also_after_its_window(jumped):
    done = release(jumped)
    (issued,) = done.report.invoices
    assert ("G1", "2542.00", 4) == (issued.account_id, str(issued.total), issued.lines_count)
    assert (date(2025, 12, 20), date(2026, 1, 31)) == (issued.bill_on, issued.cutoff_on)
    assert ([], ()) == (jumped.incidents(), jumped.app.queries.holds())
    assert [("released", "Kim Operator", "confirmed by the group")] == jumped.rows(
        "SELECT ending, ended_by, end_reason FROM account_holds"
    )
    ((text,),) = jumped.rows("SELECT text FROM log_events WHERE station = 'release'")
    assert text == "Account G1 released in spite of PREMIUM_JUMP by Kim Operator: confirmed by the group"
    assert done.report.proofs[0].holds
    assert {"verified"} == {
        state for (state,) in jumped.rows("SELECT state FROM documents WHERE subject_id = ?", issued.id)
    }


def test_releasing_twice_does_nothing_twice(jumped):
    first = release(jumped)
    before = jumped.everything()
    second = release(jumped, by="Somebody Else", reason="me too")
    assert (True, False) == (first.is_new, second.is_new)
    assert "Kim Operator" == second.holds[0].ended_by
    assert before == jumped.everything()


def test_a_release_lifts_what_was_found_and_nothing_else(jumped):
    """Another member came in between: the same code with other amounts is another finding."""
    sends(jumped, "G1", of("G1", "A9"))
    done = release(jumped)
    ((_, reason),) = done.report.held
    assert "The month's premium moves from 620.00 to 1953.00, by more than 10 percent." == reason
    assert [(1, "released"), (2, None)] == jumped.rows("SELECT number, ending FROM account_holds ORDER BY number")
    assert ["G1"] == [each.account_id for each in release(jumped).report.invoices]


def test_a_charge_without_a_source_goes_out_at_nobody_s_word(two, monkeypatch):
    orphan_charge(two, monkeypatch)
    two.bill()
    with pytest.raises(NotAllowed, match="account G1 is held by ORPHAN_CHARGE, which nobody can lift"):
        release(two)
    assert 1 == len(two.app.queries.holds())


def test_a_failure_of_ours_is_repaired_and_not_released(two, monkeypatch):
    wrong_explanation(two, monkeypatch)
    two.bill()
    with pytest.raises(NotAllowed, match="account G1 is held by a failure, which nobody can lift: InvariantBroken"):
        release(two)


def test_an_account_that_was_never_held_is_not_released(two):
    with pytest.raises(NotFound, match="account G1 is not held"):
        release(two)


def test_a_release_that_was_cut_off_before_it_billed_is_ended_by_the_next_run(jumped, monkeypatch):
    with monkeypatch.context() as cut:
        cut.setattr("gateway.pipeline.release_account.bill_pending", lambda *_words: None)
        release(jumped)
    assert () == jumped.app.queries.holds()
    at(jumped, 2025, 12, 21)
    assert ["G1"] == [each.account_id for each in jumped.bill().invoices]
