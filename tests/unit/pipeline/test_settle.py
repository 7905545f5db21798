"""Station 4b: remittance and money, in any order, to the cent (DOMAIN 5, 8.4, 9.4, 9.6)."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.remittance.paid_through import MonthSettlement, paid_through
from tests.unit.pipeline.house import House
from tests.unit.pipeline.x12_files import (
    ACME_PAYS,
    ELM,
    Envelope,
    enrollment,
    member,
    pays_account,
    pays_member,
    premium_820,
)

DECEMBER_BILLS = datetime(2025, 11, 12, 9, tzinfo=UTC)
TRACE = "EFT20251201A"


def money(text):
    return Decimal(text)


def set_rates(house, **amounts):
    """Let acme's GOLD cost these amounts a month, by tier."""
    acme = house.plant.partners["acme"]
    rate = next(each for each in acme.rates if each.plan == "GOLD")
    rates = tuple(rate.model_copy(update={"tier": tier, "amount": money(amount)}) for tier, amount in amounts.items())
    house.refit(partners={**house.plant.partners, "acme": replace(acme, rates=rates)})


@pytest.fixture(scope="module")
def billed(_template, request):
    """Three members of 620, 1240 and 1860; November is billed and paid, December is billed: invoice 2 of 3,720.00."""
    home = _template.with_name(f"billed-{request.module.__name__}")
    shutil.copytree(_template, home)
    house = House(home)
    set_rates(house, EMP="620.00", ESP="1240.00", FAM="1860.00")
    three = enrollment(member("A100"), member("A101", tier="ESP"), member("A102", tier="FAM"))
    house.take("acme", Envelope().around(three))
    house.bill()
    november = pays_account("RMR*IK*INV000000001*PI*3720*3720")
    elm(house, premium_820("C", "3720", *november, trace="NOVEMBER", on="20251105"))
    house.clock.instant = DECEMBER_BILLS
    house.bill()
    assert [("INV000000001", 372000), ("INV000000002", 372000)] == house.rows(
        "SELECT id, total FROM invoices ORDER BY id"
    )
    kept = home.with_name(f"{home.name}-kept")
    house.keep(kept)
    yield house, kept
    house.close()


@pytest.fixture
def acme(billed):
    """That house, as new."""
    house, kept = billed
    house.restore(kept)
    house.clock.instant = DECEMBER_BILLS
    agreed = house.plant.partners
    yield house
    house.refit(partners=agreed)


def elm(house, body):
    """Let the bank bring an 820; every file of it has the next control number."""
    return _send(house, "elm", ELM, body)


def pays(house, body):
    """Let acme itself send an 820."""
    return _send(house, "acme", ACME_PAYS, body)


def _send(house, partner_id, envelope, body):
    number = int(envelope.number) + house.rows("SELECT count(*) FROM interchanges")[0][0]
    return house.take(partner_id, replace(envelope, number=f"{number:09d}", asks_for_ta1=False).around(body))


def cash(house, amount, *, trace=TRACE, on="20251201", account="G001234"):
    """Let the bank bring money with no word of what it is for."""
    return elm(house, premium_820("D", amount, trace=trace, on=on, account=account))


def invoice(house, number=2):
    """Return what is open on an invoice, and its status."""
    view = house.app.queries.invoice(f"INV{number:09d}")
    return view.open, view.invoice.status.value


def paid_until(house, account_id="G001234"):
    months = house.app.queries.account(account_id).months
    return paid_through([MonthSettlement(each.month, each.billed, each.open) for each in months])


def pot(house):
    """Return applied, unapplied, suspense and written off; they and the refunds are what was received."""
    found = house.app.queries.summary().cash
    assert found.received == found.applied + found.unapplied + found.suspense + found.refunded
    return tuple(map(str, (found.applied, found.unapplied, found.suspense, found.written_off)))


def last_set(house):
    return house.rows("SELECT state, reason FROM transaction_sets ORDER BY rowid DESC")[0]


def reported(house, partner_id):
    """Return OTI01 and the codes of the 824s that a partner got."""
    return [
        (
            *(segment.split("*")[1] for segment in segments if segment.startswith("OTI*")),
            *dict.fromkeys(segment.split("*")[-1] for segment in segments if segment.startswith("RED*")),
        )
        for segments in house.answers(partner_id, "824")
    ]


def cases(house):
    return house.rows("SELECT kind, amount, message FROM cases ORDER BY kind")


# --- DOMAIN 9.4, whole


THREE = (*pays_member(1, "A100", "620", "620"), *pays_member(2, "A101", "1240", "1240"))
SHORT_BY_2_50 = (*THREE, *pays_member(3, "A102", "1857.5", "1860", "ADX*-2.5*H6"))


def test_short_inside_the_tolerance_waits_for_the_money_then_the_invoice_is_paid_and_the_rest_given_up(acme):
    file = pays(acme, premium_820("I", "3717.5", *SHORT_BY_2_50, trace=TRACE))
    assert "acknowledged" == file.state
    assert "waiting" == last_set(acme)[0]
    assert (money("3720.00"), "open") == invoice(acme)
    assert ("3720.00", "0.00", "0.00", "0.00") == pot(acme)
    bank = cash(acme, "3717.5")
    steps = [step.text for step in acme.app.queries.timeline(file.id).steps.items if step.station == "settle"]
    assert ["waits for the money", "its money came with set"] == [
        phrase for step in steps for phrase in ("waits for the money", "its money came with set") if phrase in step
    ]
    assert "acknowledged" == bank.state
    assert (money("0.00"), "paid") == invoice(acme)
    assert ("7437.50", "0.00", "0.00", "2.50") == pot(acme)
    assert date(2025, 12, 31) == paid_until(acme)
    assert [] == cases(acme)
    assert [] == acme.rows("SELECT id FROM transaction_sets WHERE state = 'waiting'")


def test_short_over_the_tolerance_leaves_the_claimed_member_open_with_one_case_and_no_credit(acme):
    lines = (
        *pays_member(1, "A100", "620", "620"),
        *pays_member(2, "A101", "0", "1240", "ADX*-1240*AX"),
        *pays_member(3, "A102", "1860", "1860"),
    )
    pays(acme, premium_820("I", "2480", *lines, trace=TRACE))
    cash(acme, "2480")
    assert (money("1240.00"), "partial") == invoice(acme)
    assert ("6200.00", "0.00", "0.00", "0.00") == pot(acme)
    assert date(2025, 11, 30) == paid_until(acme)
    ((kind, amount, message),) = cases(acme)
    assert ("PAYER_CLAIM", 124000) == (kind, amount)
    assert "no longer employed" in message
    (open_member,) = acme.rows(
        "SELECT m.subscriber_id FROM memberships m WHERE m.id NOT IN (SELECT p.membership_id FROM placements p "
        "WHERE p.invoice_id = 'INV000000002')"
    )
    assert ("A101",) == open_member
    assert [] == acme.bill().invoices  # a claim of the payer is no enrolment change


def test_paid_too_much_settles_the_invoice_and_leaves_the_rest_unapplied_and_shown(acme):
    pays(acme, premium_820("I", "3970", *pays_account("RMR*IK*INV000000002*PI*3970"), trace=TRACE))
    cash(acme, "3970")
    assert (money("0.00"), "paid") == invoice(acme)
    assert ("7440.00", "250.00", "0.00", "0.00") == pot(acme)
    assert money("250.00") == acme.app.queries.account("G001234").unapplied
    assert [("OVER_PAY", 25000)] == [(kind, amount) for kind, amount, _ in cases(acme)]
    assert date(2025, 12, 31) == paid_until(acme)


@pytest.mark.parametrize(("lives", "variance"), [(3, []), (4, ["COUNT_VARIANCE"])])
def test_not_itemised_goes_on_the_invoice_pro_rata_and_the_lives_are_counted(acme, lives, variance):
    line = pays_account("RMR*IK*INV000000002*PI*3720*3720", "IT1*1", f"SLN*1**O*{lives}*IE")
    elm(acme, premium_820("C", "3720", *line, trace=TRACE))
    assert (money("0.00"), "paid") == invoice(acme)
    pieces = acme.rows(
        "SELECT m.subscriber_id, p.amount FROM placements p JOIN memberships m ON m.id = p.membership_id "
        "WHERE p.invoice_id = 'INV000000002' ORDER BY m.subscriber_id"
    )
    assert [("A100", 62000), ("A101", 124000), ("A102", 186000)] == pieces
    assert variance == [kind for kind, *_ in cases(acme)]
    assert date(2025, 12, 31) == paid_until(acme)


# --- DOMAIN 9.6


def test_paid_through_stops_at_a_gap_and_jumps_over_it_once_it_is_paid(house):
    set_rates(house, EMP="600.00", ESP="1200.00")
    house.clock.instant = datetime(2025, 8, 25, 9, tzinfo=UTC)
    two = enrollment(
        member("A1", begins="20250901"),
        member("A2", begins="20250901"),
        created="20250825*0800",
        effective="20250901",
    )
    house.take("acme", Envelope().around(two))
    paid = {"2025-09": "1200", "2025-10": "1200", "2025-11": "600", "2025-12": "1200"}
    for day, amount in zip(
        [date(2025, 8, 25), date(2025, 9, 10), date(2025, 10, 10), date(2025, 11, 10)], paid.values(), strict=True
    ):
        house.clock.instant = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        (issued,) = house.bill().invoices
        assert money("1200.00") == issued.total
        line = pays_account(f"RMR*IK*{issued.id}*PP*{amount}")
        elm(house, premium_820("C", amount, *line, trace=f"T{day:%m}", on=f"{day:%Y%m%d}"))
    assert list(paid) == [str(each.month) for each in house.app.queries.account("G001234").months]
    assert date(2025, 10, 31) == paid_until(house)
    elm(house, premium_820("C", "600", *pays_account("RMR*11*G001234*PO*600"), trace="LATE", on="20251110"))
    assert date(2025, 12, 31) == paid_until(house)


# --- remittance and money in any order


def effect(house):
    """Return where everything is, whoever told of it first."""
    return {
        "placed": house.rows(
            "SELECT amount, account_id, invoice_id, membership_id, month, reason, is_suspense FROM placements "
            "WHERE released_in IS NULL ORDER BY invoice_id, membership_id, amount"
        ),
        "open": [invoice(house, number) for number in (1, 2)],
        "cash": pot(house),
        "cases": cases(house),
        "books": house.rows(
            "SELECT e.book, p.ledger, p.invoice_id, p.membership_id, p.month, sum(p.amount) FROM journal_postings p "
            "JOIN journal_entries e ON e.key = p.entry_key "
            "GROUP BY 1, 2, 3, 4, 5 HAVING sum(p.amount) <> 0 ORDER BY 1, 2, 3, 4, 5"
        ),
        "receipts": house.rows("SELECT trace, amount, state FROM receipts ORDER BY trace"),
    }


@pytest.mark.parametrize(
    "lines", [SHORT_BY_2_50, pays_account("RMR*IK*INV000000002*PI*3717.5")], ids=["members", "invoice"]
)
def test_money_first_or_remittance_first_end_the_same(acme, billed, lines):
    remittance = premium_820("I", "3717.5", *lines, trace=TRACE)
    pays(acme, remittance)
    cash(acme, "3717.5")
    remittance_first = effect(acme)
    acme.restore(billed[1])
    cash(acme, "3717.5")
    assert ("3720.00", "3717.50", "0.00", "0.00") == pot(acme)  # unapplied: the account is known, its use is not
    pays(acme, remittance)
    assert remittance_first == effect(acme)


def test_money_that_settles_some_days_later_is_the_money_that_was_announced(acme):
    pays(acme, premium_820("I", "3717.5", *SHORT_BY_2_50, trace=TRACE))
    cash(acme, "3717.5", on="20251208")  # five banking days
    assert (money("0.00"), "paid") == invoice(acme)


def test_money_that_settles_a_week_too_late_is_other_money(acme):
    pays(acme, premium_820("I", "3717.5", *SHORT_BY_2_50, trace=TRACE))
    cash(acme, "3717.5", on="20251209")
    assert (money("3720.00"), "open") == invoice(acme)
    assert ("3720.00", "3717.50", "0.00", "0.00") == pot(acme)


def test_a_partner_whose_word_is_taken_pays_before_the_bank_confirms(acme):
    acme.agree("acme", remittance={"apply_before_confirmation": True})
    pays(acme, premium_820("I", "3717.5", *SHORT_BY_2_50, trace=TRACE))
    assert (money("0.00"), "paid") == invoice(acme)
    before = pot(acme)
    cash(acme, "3717.5")
    assert before == pot(acme)


# --- what does not count


@pytest.mark.parametrize("again", ["the bank", "the payer"])
def test_the_same_word_twice_is_refused_and_counts_once(acme, again):
    pays(acme, premium_820("I", "3717.5", *SHORT_BY_2_50, trace=TRACE))
    cash(acme, "3717.5")
    before = effect(acme)
    if again == "the bank":
        cash(acme, "3717.5")
    else:
        pays(acme, premium_820("I", "3717.5", *SHORT_BY_2_50, trace=TRACE))
    assert "refused" == last_set(acme)[0]
    assert ("TR", "DUPLICATE_REMITTANCE") in reported(acme, "elm" if again == "the bank" else "acme")
    assert before == effect(acme)


def test_out_of_balance_goes_to_suspense_whole_and_is_told_as_rejected(acme):
    line = pays_account("RMR*IK*INV000000002*PI*3000")
    elm(acme, premium_820("C", "3720", *line, trace=TRACE))
    assert (money("3720.00"), "open") == invoice(acme)
    assert ("3720.00", "0.00", "3720.00", "0.00") == pot(acme)
    assert [("OUT_OF_BALANCE", 372000)] == acme.rows("SELECT reason, amount FROM placements WHERE is_suspense")
    assert [("TR", "OUT_OF_BALANCE")] == reported(acme, "elm")


def test_a_partner_without_the_right_to_pay_for_an_account_pays_nothing_there(acme):
    birch = Envelope(number="000000901", sender="BIRCH", functional_id="RA", guide="005010X218", asks_for_ta1=False)
    body = premium_820("I", "3720", *pays_account("RMR*IK*INV000000002*PI*3720"), trace=TRACE)
    acme.take("birch", birch.around(body))
    cash(acme, "3720")
    assert (money("3720.00"), "open") == invoice(acme)
    assert ("3720.00", "0.00", "3720.00", "0.00") == pot(acme)
    assert [("NO_PARTNER_RIGHT", 372000)] == acme.rows("SELECT reason, amount FROM placements WHERE is_suspense")


@pytest.mark.parametrize(
    ("line", "account", "reason"),
    [
        ("RMR*IK*INV999999999*PI*100", "G001234", "NO_INVOICE"),
        ("RMR*IK*INV000000001*PI*100", "G001234", "CLOSED_INVOICE"),
        ("RMR*11*G999999*PO*100", "G999999", "NO_ACCOUNT"),
    ],
)
def test_money_that_finds_no_place_has_one_reason(acme, line, account, reason):
    elm(
        acme,
        premium_820(
            "C", "100", *pays_account(line, tax_id="000000001"), trace=TRACE, account=account, tax_id="000000001"
        ),
    )
    assert [(reason, 10000)] == acme.rows("SELECT reason, amount FROM placements WHERE reason IS NOT NULL")


def test_an_amount_that_cannot_be_read_refuses_the_set_without_effect(acme):
    before = effect(acme)
    elm(acme, premium_820("C", "12.345.6", *pays_account("RMR*IK*INV000000002*PI*12"), trace=TRACE))
    assert "refused" == last_set(acme)[0]
    assert before == effect(acme)


def test_a_report_over_no_money_is_kept_and_nothing_is_applied(acme):
    pays(acme, premium_820("I", "0", *pays_account("RMR*IK*INV000000002*PI*0"), trace="REPORT"))
    assert "ignored" == last_set(acme)[0]
