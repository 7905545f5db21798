"""Bills as people see them: statements, explanations, corrections, what a change came to, and the proof of all."""

import json
import sqlite3
from contextlib import closing
from datetime import date
from decimal import Decimal

import pytest

from gateway.domain.journal import LedgerAccount
from gateway.domain.money import ZERO
from gateway.domain.period import CoverageMonth
from tests.unit.pipeline.groups import NOVEMBER_RUN, at, configure, form_groups, of, price, sends
from tests.unit.pipeline.x12_files import ACME_PAYS, ELM, Envelope, enrollment, member, pays_account, premium_820


@pytest.fixture
def two(house):
    """G1 and G2 with members, billed in three cycles: through December, January and February."""
    form_groups(house, "G1", "G2")
    sends(house, "G1", of("G1", "A1"), of("G1", "A2", tier="FAM"))
    sends(house, "G2", of("G2", "B1"))
    for year, month, day in ((2025, 11, 10), (2025, 12, 10), (2026, 1, 9)):
        at(house, year, month, day)
        house.bill()
    return house


# --- statements


def ledger(house, account_id):
    with house.plant.open_unit() as unit:
        return unit.ledger.balance(LedgerAccount.RECEIVABLE, account_id=account_id)


@pytest.mark.parametrize("group", ["G1", "G2"])
def test_hn_01_statements_of_three_cycles_are_retrievable_by_group_and_period_and_equal_the_ledger(group, two):
    totals = {
        "G1": {"2025-12": "4140.00", "2026-01": "2173.50", "2026-02": "2173.50"},
        "G2": {"2025-12": "1240.00", "2026-01": "651.00", "2026-02": "651.00"},
    }[group]
    dues = []
    for period, total in totals.items():
        view = two.app.queries.statement(group, CoverageMonth.parse(period))
        (each,) = view.bills
        assert (total, list(totals)) == (str(each.invoice.total), [str(known) for known in view.periods])
        dues.append(each.invoice.previous_balance - each.invoice.payments + each.invoice.total)
        assert dues[-1] == each.ledger_due
        assert each.invoice.total == sum((share.amount for share in each.shares), ZERO)
    assert ledger(two, group) == dues[-1]


def test_ia_37_a_feed_says_how_to_pay_how_to_dispute_what_late_means_and_whom_to_ask(two):
    (name, *_) = [name for name in two.inbox("acme") if name.startswith("invoice_") and name.endswith("json")]
    notes = json.loads(two.inbox("acme")[name])["notes"]
    assert all(notes[each] for each in ("how_to_pay", "how_to_dispute", "grace", "contact_name"))


def test_a_statement_is_printed_as_it_adds_up(two, gateway, valid):
    printed = gateway("show", "statement", "G1", "--period", "2026-01").stdout
    assert "previous balance 4,140.00 - payments 0.00 + adjustments 0.00 + current 2,173.50 = due 6,313.50" in printed
    assert "billed for 2026-01: 2,173.50" in printed
    assert "!!!" not in printed
    assert "to pay      Pay by the due date and quote the bill's number, in an 820 as RMR*IK." in printed
    assert "to dispute  Write to us" in printed
    assert "ask         EDI support" in printed
    assert (
        "G1"
        == valid("show-statement", gateway("show", "statement", "G1", "--period", "2026-01", "--json"))["account_id"]
    )


def test_a_period_without_a_bill_says_which_there_are(two, gateway):
    said = gateway("show", "statement", "G2", "--period", "2025-06").stdout
    assert "account G2 has no bill for 2025-06; there are statements for: 2025-12, 2026-01, 2026-02\n" == said


def test_ia_38_money_that_is_announced_and_not_there_is_shown_apart_on_the_next_statement(house, gateway):
    house.take("acme", Envelope().around(enrollment(member("A1"))))
    (first,) = house.bill().invoices
    paid = pays_account(f"RMR*IK*{first.id}*PI*{first.total}")
    house.take("acme", ACME_PAYS.around(premium_820("I", str(first.total), *paid, trace="T1")))
    at(house, 2025, 11, 10)
    (second,) = house.bill(NOVEMBER_RUN).invoices
    assert ("620.00", "0.00", "620.00") == (str(second.pending), str(second.payments), str(second.previous_balance))
    printed = gateway("show", "invoice", second.id).stdout
    assert "previous balance 620.00 - payments 0.00 + adjustments 0.00 + current 620.00 = due 1,240.00" in printed
    assert "announced and not there when it was made: 620.00" in printed


def test_money_announced_for_another_account_is_nobody_else_s(two):
    two.take(
        "acme", ACME_PAYS.around(premium_820("I", "100", *pays_account("RMR*11*G1*PO*100"), trace="T", account="G1"))
    )
    at(two, 2026, 2, 10)
    two.bill()
    found = dict(two.rows("SELECT account_id, pending FROM invoices WHERE cutoff_on = '2026-03-31'"))
    assert {"G1": 10000, "G2": 0} == found


# --- explanations


def test_ia_48_every_line_tells_rate_days_formula_and_the_segment_that_caused_it(two, gateway, valid):
    invoice = two.app.queries.statement("G1", CoverageMonth(2026, 1)).bills[0].invoice.id
    done = gateway("show", "invoice", invoice, "--explain")
    assert 0 == done.exit_code
    assert 2 == done.stdout.count("\nline ")
    assert "  rate        651.00 a month" in done.stdout
    assert "  days        31 of 31" in done.stdout
    assert "  formula     651.00 = 651.00" in done.stdout
    ((file_id, position),) = two.rows(
        "SELECT s.file_id, e.position FROM membership_events e JOIN transaction_sets s ON s.id = e.set_id "
        "JOIN memberships m ON m.id = e.membership_id WHERE m.subscriber_id = 'A1'"
    )
    assert f"caused by   file {file_id} (file-1), set " in done.stdout
    assert f"member loop 1, segment {position}" in done.stdout
    document = valid("show-invoice-explained", gateway("show", "invoice", invoice, "--explain", "--json"))
    assert [True, True] == [line["explanation"]["recomputes"] for line in document["lines"]]


def test_one_line_is_explained_alone(two, gateway):
    invoice = two.app.queries.statement("G1", CoverageMonth(2025, 12)).bills[0].invoice.id
    assert 1 == gateway("show", "invoice", invoice, "--line", "3").stdout.count("\nline 3 ")


def tamper(house, *statements):
    """Change what is issued behind the guards' back, as only somebody with the database in hand can."""
    with closing(sqlite3.connect(house.home.path / "gateway.db")) as database:
        for table in ("invoices", "invoice_lines", "journal_entries", "journal_postings"):
            database.execute(f"DROP TRIGGER IF EXISTS {table}_never_updated")
            database.execute(f"DROP TRIGGER IF EXISTS {table}_never_deleted")
        for statement in statements:
            database.execute(statement)
        database.commit()


def test_a_line_whose_explanation_does_not_recompute_is_shown_loudly_and_fails_the_proof(two, gateway):
    assert 0 == gateway("prove").exit_code
    tamper(
        two, "UPDATE invoice_lines SET formula = '620.01; full month' WHERE invoice_id = 'INV000000002' AND number = 1"
    )
    shown = gateway("show", "invoice", "INV000000002", "--explain")
    assert 1 == shown.exit_code
    assert "!!! WRONG   the formula gives 620.01, the line says 620.00" in shown.stdout
    assert "!!! 1 of these lines do not explain their amount" in shown.stdout
    done = gateway("prove")
    assert 1 == done.exit_code
    assert (
        "INV000000002  line 1 does not explain its amount: the formula gives 620.01, the line says 620.00"
        in done.stdout
    )


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE invoices SET total = total + 1 WHERE id = 'INV000000001'", "its 4 lines add up to 4140.00"),
        ("DELETE FROM invoice_lines WHERE invoice_id = 'INV000000001' AND number = 2", "its 3 lines add up to"),
        ("UPDATE journal_postings SET amount = amount + 1 WHERE ledger = 'receivable'", "does not balance"),
        ("UPDATE journal_entries SET \"on\" = '2020-01-01' WHERE sequence = 2", "entry 2 does not follow"),
        ("DELETE FROM journal_entries WHERE sequence = 3", "its last entry is not the one it says"),
        ("UPDATE number_series SET last = last + 1", "7 numbers were given, 6 bills are there up to 6"),
    ],
)  # fmt: skip
def test_whoever_edits_what_is_issued_is_found_by_the_proof(statement, said, two, gateway):
    tamper(two, "PRAGMA foreign_keys = OFF", statement)
    done = gateway("prove")
    assert 1 == done.exit_code
    assert said in done.stdout


def test_the_proof_of_all_is_told_in_one_line(two, gateway, valid):
    said = gateway("prove").stdout
    assert "6 bills with 12 lines for 11,029.00, 6 entries: all of it proves\n" == said
    assert [] == valid("prove", gateway("prove", "--json"))["faults"]
    assert gateway("prove", "G2").stdout.startswith("3 bills with 4 lines for 2,542.00, 3 entries")


# --- corrections


@pytest.mark.parametrize(
    ("ends", "credited"),
    [
        ("20251030", ["2025-11", "2025-12", "2026-01"]),  # before it began: a cancel
        ("20251130", ["2025-12", "2026-01"]),
    ],
)
def test_hf_23_charges_after_a_cancel_or_an_end_are_found_and_credited_on_the_next_bill(ends, credited, house):
    form_groups(house, "G1")
    sends(house, "G1", of("G1", "A1"), of("G1", "A2"))
    for day in ((2025, 11, 10), (2025, 12, 10)):
        at(house, *day)
        house.bill()
    sends(house, "G1", of("G1", "A1", does="024", ends=ends))
    at(house, 2026, 1, 9)
    (issued,) = house.bill().invoices
    lines = house.rows(
        "SELECT month, line_type, corrects_invoice_id, reason FROM invoice_lines "
        "WHERE invoice_id = ? AND amount < 0 ORDER BY month",
        issued.id,
    )
    bill_of = {"2025-11": "INV000000001", "2025-12": "INV000000001", "2026-01": "INV000000002"}
    assert [(month, "RETRO_TERM", bill_of[month], "billed, and no longer due") for month in credited] == lines
    at(house, 2026, 2, 10)
    house.bill()
    assert [(len(credited),)] == house.rows("SELECT count(*) FROM invoice_lines WHERE amount < 0")  # never twice


def test_a_residue_of_one_day_is_credited_like_a_whole_month(house):
    """HF-23: billed by days, a cover that was one day, then canceled."""
    form_groups(house, "G1", proration="daily")
    house.agree("acme", enrollment={"end_equals_begin": "one_day"})
    sends(house, "G1", of("G1", "A1"))
    sends(house, "G1", of("G1", "A2", does="021", begins="20251101"))
    at(house, 2025, 11, 10)
    house.bill()
    sends(house, "G1", of("G1", "A2", does="024", ends="20251101"))  # one day of cover stays: end = begin
    at(house, 2025, 12, 10)
    house.bill()
    sends(house, "G1", of("G1", "A2", does="024", ends="20251031"))  # never was covered
    at(house, 2026, 1, 9)
    house.bill()
    amounts = house.rows(
        "SELECT l.month, l.amount, l.formula FROM invoice_lines l JOIN memberships m ON m.id = l.membership_id "
        "WHERE m.subscriber_id = 'A2' ORDER BY l.invoice_id, l.month"
    )
    assert [
        ("2025-11", 62000, "620.00 * 30/30; by days"),
        ("2025-12", 62000, "620.00 * 31/31; by days"),
        ("2025-11", -59933, "20.67 - 620.00; due now: 620.00 * 1/30; by days"),
        ("2025-12", -62000, "0.00 - 620.00; due now: nothing"),
        ("2025-11", -2067, "0.00 - 20.67; due now: nothing"),
    ] == amounts
    assert house.app.queries.prove().holds


def test_hf_22_a_correction_of_september_is_found_on_every_later_bill_and_credited_once(two, gateway):
    """The rate of a period was wrong: each later bill of the group names what corrected it."""
    price(two, "600.00")  # of every EMP row, the past ones too
    at(two, 2026, 2, 10)
    two.bill()
    (third,) = two.app.queries.statement("G2", CoverageMonth(2026, 3)).bills
    view = two.app.queries.invoice(third.invoice.id)
    assert [("INV000000002", 2, "-40.00"), ("INV000000004", 1, "-51.00"), ("INV000000006", 1, "-51.00")] == [
        (each.invoice_id, each.lines, str(each.amount)) for each in view.corrects
    ]
    old = gateway("show", "invoice", "INV000000002").stdout
    assert "Corrected by" in old
    assert third.invoice.id in old
    assert [] == two.bill().invoices


# --- changes and bills


def impacts(house, account="G1"):
    view = house.app.queries.account(account)
    assert view.impacts.total == len(view.impacts.items)
    return [(each.event.value, each.impact.value, each.invoice_id) for each in reversed(view.impacts.items)]


def test_hf_25_every_change_is_on_a_bill_without_effect_or_on_the_open_list(house, gateway, valid):
    form_groups(house, "G1")
    sends(house, "G1", of("G1", "A1"), of("G1", "A2"))
    assert [("enroll", "open", "")] * 2 == impacts(house)
    at(house, 2025, 11, 10)
    house.bill()
    assert [("enroll", "billed", "INV000000001")] * 2 == impacts(house)
    at(house, 2025, 11, 20)
    sends(house, "G1", of("G1", "A1", does="024", ends="20260228"))  # beyond the next cutoff
    at(house, 2025, 11, 21)
    sends(house, "G1", of("G1", "A2", does="001", tier="FAM", begins="20251201"))
    at(house, 2025, 12, 10)
    house.bill()
    assert [
        ("enroll", "billed", "INV000000001"),
        ("enroll", "billed", "INV000000001"),
        ("terminate", "open", ""),
        ("change", "billed", "INV000000002"),
    ] == impacts(house)
    for day in ((2026, 1, 9), (2026, 2, 10)):
        at(house, *day)
        house.bill()
    # The bill through February looked at it: nothing was charged that had to be taken back.
    assert ("terminate", "billed", "INV000000003") == impacts(house)[2]
    shown = valid("show-account", gateway("show", "account", "G1", "--json"))
    assert ["change", "terminate", "enroll", "enroll"] == [each["event"] for each in shown["impacts"]["items"]]
    assert "Changes that may touch the bill" in gateway("show", "account", "G1").stdout


def test_hf_25_a_change_that_waits_for_a_request_says_until_when(house):
    house.take("acme", Envelope().around(enrollment(member("A1"))))
    (waiting,) = house.app.queries.account("G001234").impacts.items
    ((request, day),) = house.rows("SELECT id, processing_on FROM invoice_requests")
    assert ("open", request, date.fromisoformat(day)) == (waiting.impact, waiting.request_id, waiting.deadline)
    house.bill()
    (billed,) = house.app.queries.account("G001234").impacts.items
    assert ("billed", "INV000000001", "") == (billed.impact, billed.invoice_id, billed.request_id)


def test_a_held_account_says_so_where_one_looks_for_it(two, gateway, valid):
    configure(two, "G1", jump_percent=Decimal(10))
    sends(two, "G1", of("G1", "A3", tier="FAM", begins="20260201"))
    at(two, 2026, 2, 10)
    done = gateway("bill", "--as-of", "2026-02-10")
    assert 1 == done.exit_code
    assert "held  G1: The month's premium moves from 2173.50 to 3696.00, by more than 10 percent." in done.stdout
    assert "run 2026-02-10: 2 frozen = 1 invoiced + 0 with nothing due + 1 held; nothing fell out" in done.stdout
    assert "PREMIUM_JUMP" in gateway("bill", "--held").stdout
    assert "Waits for a person" in gateway("show", "account", "G1").stdout
    assert "held" in gateway("show", "run", "2026-02-10").stdout
    assert 1 == valid("show-run", gateway("show", "run", "2026-02-10", "--json"))["proof"]["held"]
    done = gateway("bill", "--release", "G1", "--by", "Kim", "--reason", "it did grow")
    assert 0 == done.exit_code
    assert "account G1 released by Kim at 2026-02-10 09:00:00: it did grow" in done.stdout
    assert "run 2026-02-10: 2 frozen = 2 invoiced + 0 with nothing due + 0 held; nothing fell out" in done.stdout
    again = gateway("bill", "--release", "G1", "--by", "Lee", "--reason", "me too")
    assert "released by Kim at 2026-02-10 09:00:00 before: nothing was done twice: it did grow" in again.stdout
    assert "no account waits for a person\n" == gateway("bill", "--held").stdout


@pytest.mark.parametrize(
    "words",
    [(), ("--held", "--as-of", "2025-11-10"), ("--release", "G1"), ("--release", "G1", "--by", "Kim", "--reason", " ")],
)
def test_a_call_that_is_not_clear_is_a_mistake_in_its_use(words, gateway):
    assert 2 == gateway("bill", *words).exit_code


# --- several accounts, one bill


def test_accounts_of_one_word_get_one_bill_over_theirs_with_a_sub_total_for_each(house, gateway, valid):
    form_groups(house, "G1", "G2", "G3", consolidated="ACME")
    configure(house, "G3", consolidated="")
    for group, subscriber in (("G1", "A1"), ("G2", "B1"), ("G3", "C1")):
        sends(house, group, of(group, subscriber))
    at(house, 2025, 11, 10)
    house.bill()
    (over,) = house.app.queries.run("2025-11-10").consolidated
    assert ("CONACME000000001", "2480.00", ("INV000000001", "INV000000002")) == (
        over.id,
        str(over.total),
        over.invoice_ids,
    )
    printed = gateway("show", "consolidated", over.id).stdout
    assert "consolidated bill CONACME000000001 of acme, ACME, 2025-11-10: 2,480.00" in printed
    together = next(line for line in printed.splitlines() if line.startswith("together"))
    assert ["together", over.id, "0.00", "0.00", "1,240.00", "1,240.00", "2,480.00"] == together.split()
    assert 2 == len(valid("show-consolidated", gateway("show", "consolidated", over.id, "--json"))["bills"])
    assert "on consolidated bill CONACME000000001" in gateway("show", "invoice", "INV000000001").stdout
    house.bill()
    at(house, 2025, 12, 10)
    house.bill()
    assert [("CONACME000000001",), ("CONACME000000002",)] == house.rows("SELECT id FROM consolidated_bills ORDER BY id")
    assert house.app.queries.prove().holds


def test_a_held_account_s_bill_goes_on_the_consolidated_bill_of_the_run_that_makes_it(house):
    form_groups(house, "G1", "G2", consolidated="ACME")
    sends(house, "G1", of("G1", "A1"))
    sends(house, "G2", of("G2", "B1", tier="FAM"))
    price(house, "0.00", tier="FAM")
    at(house, 2025, 11, 10)
    house.bill()
    price(house, "1450.00", tier="FAM")
    at(house, 2025, 11, 11)
    house.bill()
    assert [("CONACME000000001", "G1"), ("CONACME000000002", "G2")] == house.rows(
        "SELECT consolidated_id, account_id FROM consolidated_items JOIN invoices ON id = invoice_id ORDER BY 1"
    )


def test_a_consolidated_bill_is_fed_to_its_partner_once_and_paid_under_its_own_number(house):
    """REF*2F of an 820 means all bills on it, the oldest first (DOMAIN 5.1, 5.5)."""
    form_groups(house, "G1", "G2", consolidated="ACME")
    sends(house, "G1", of("G1", "A1", begins="20251201"))
    sends(house, "G2", of("G2", "B1", begins="20251201", tier="FAM"))
    at(house, 2025, 11, 10)
    house.bill()
    feeds = {name: content for name, content in house.inbox("acme").items() if name.startswith("consolidated_")}
    assert ["csv", "json"] == sorted(name.rpartition(".")[2] for name in feeds)
    (csv_text,) = (content.decode() for name, content in feeds.items() if name.endswith("csv"))
    _, *rows, trailer = csv_text.splitlines()
    assert ["G1,ACME CORP,INV000000001", "G2,ACME CORP,INV000000002"] == [",".join(row.split(",")[1:4]) for row in rows]
    assert "TRAILER,2,2070.00" == trailer
    paid = pays_account("RMR*11*ACME*PI*2070", "REF*2F*CONACME000000001")
    house.take("elm", ELM.around(premium_820("C", "2070", *paid, trace="T1", account="G1")))
    assert [("INV000000001", "paid"), ("INV000000002", "paid")] == [
        (each.id, each.status) for each in sorted(house.app.queries.summary().invoices.items, key=lambda each: each.id)
    ]
    before = house.everything()
    house.bill()
    assert before == house.everything()


@pytest.mark.parametrize(("amount", "left"), [("1000", ["0.00", "1070.00"]), ("3000", ["0.00", "0.00"])])
def test_too_little_for_a_consolidated_bill_pays_the_first_and_too_much_is_left_over(amount, left, house):
    form_groups(house, "G1", "G2", consolidated="ACME")
    sends(house, "G1", of("G1", "A1", begins="20251201"))
    sends(house, "G2", of("G2", "B1", begins="20251201", tier="FAM"))
    at(house, 2025, 11, 10)
    house.bill()
    paid = pays_account(f"RMR*IK*CONACME000000001*PI*{amount}")
    house.take("elm", ELM.around(premium_820("C", amount, *paid, trace="T1", account="G1")))
    view = house.app.queries.summary()
    assert left == [str(each.open) for each in sorted(view.invoices.items, key=lambda each: each.id)]
    assert max(Decimal(amount) - 2070, ZERO) == view.cash.unapplied + view.cash.suspense
