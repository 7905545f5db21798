"""Collection through the stations and commands: reviews, notices, cases, disputes, and the wait for the 834."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.domain.charge import LineType
from gateway.domain.collection import CaseCause
from gateway.domain.remittance import Case
from gateway.errors import NotAllowed, NotFound
from gateway.pipeline.case_desk import close, open_cases
from gateway.pipeline.reports import report
from gateway.pipeline.timetable import schedules
from tests.integration.books import Books
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

DUE = "2025-12-01"
WHY = ("--by", "Jo Doe", "--reason", "found it", "--cause", "CLIENT_DATA")


@pytest.fixture
def books(house) -> Books:
    return Books(house.plant.open_unit)


def at(house, day: str) -> None:
    on = date.fromisoformat(day)
    house.clock.instant = datetime(on.year, on.month, on.day, 9, tzinfo=UTC)


def collect(house, gateway, *days: str) -> None:
    for day in days:
        at(house, day)
        done = gateway("collect")
        assert 0 == done.exit_code, done.output


def steps(house):
    return house.rows("SELECT kind, made_on, amount FROM collection_steps ORDER BY made_on, kind")


def cases(house, kind: str):
    return house.rows("SELECT key, amount, closed_at FROM cases WHERE kind = ? ORDER BY key", kind)


def state(house, day: str) -> str:
    with house.app.queries.reading_reports(date.fromisoformat(day)) as reader:
        return next(row[2] for row in report(house.plant, reader, "delinquency").rows)


# --- notices, request, 834


def test_an_account_that_does_not_pay_gets_its_notices_and_a_request_that_waits_for_the_024(house, gateway, books):
    """IA-43: TERM_REQUESTED until an 834 with 024 comes; only that makes the account TERMINATED."""
    house.take("acme", Envelope().around(enrollment(member("A100"))))
    books._known.add("G001234")
    books.bill("INV1", "1240.00", due=DUE, billed="2025-11-10")
    collect(house, gateway, "2025-11-26", "2025-12-02", "2025-12-11", "2025-12-22", "2026-01-01", "2026-01-02")
    assert [
        ("reminder", "2025-11-26", 124000),
        ("late_notice", "2025-12-02", 124000),
        ("second_notice", "2025-12-11", 124000),
        ("final_notice", "2025-12-22", 124000),
        ("termination_request", "2026-01-02", 124000),
    ] == steps(house)
    ((key, amount, closed_at),) = cases(house, "TERMINATION_REQUEST")
    assert (124000, None) == (amount, closed_at)
    assert "024" in gateway("case", "show", key).stdout
    collect(house, gateway, "2026-03-01")
    assert "TERM_REQUESTED" == state(house, "2026-03-01")
    assert [("active",)] == house.rows("SELECT status FROM memberships")
    ends = enrollment(member("A100", does="024", ends="20260131"), reference="REF2", created="20260301*0910")
    file = house.take("acme", replace(Envelope(), number="000000102").around(ends))
    assert "acknowledged" == file.state.value
    collect(house, gateway, "2026-03-02")
    assert "TERMINATED" == state(house, "2026-03-02")


def test_looking_twice_changes_nothing(house, gateway, books):
    books.bill("INV1", "1240.00", due=DUE)
    collect(house, gateway, "2025-12-19", "2026-01-15")
    before = house.everything()
    collect(house, gateway, "2026-01-15")
    assert before == house.everything()


def test_a_bad_account_does_not_stop_the_others(house, gateway, books):
    books.bill("INV1", "1240.00", due=DUE)
    books.bill("INV2", "1240.00", due=DUE, account="STRANGER")
    collect(house, gateway, "2025-12-02")
    assert [("late_notice",)] == house.rows("SELECT kind FROM collection_steps WHERE account_id = 'G001234'")
    assert [] == house.rows("SELECT kind FROM collection_steps WHERE account_id = 'STRANGER'")  # no terms are agreed


def test_a_payment_ends_dunning_and_a_returned_one_moves_paid_through_back_with_a_log_entry(house, gateway, books):
    """HN-12: NSF return moves it back with a log entry."""
    books.bill("INV1", "1240.00", due=DUE, month="2025-12")
    collect(house, gateway, "2025-12-05")
    books.pay("1240.00", "2025-12-06", invoice="INV1")
    collect(house, gateway, "2025-12-06")
    books.take_back("1240.00", "2025-12-09", invoice="INV1")
    collect(house, gateway, "2025-12-09")
    assert [
        ("PAST_DUE", 124000, None),
        ("CURRENT", 0, "2025-12-31"),
        ("PAST_DUE", 124000, None),
    ] == house.rows("SELECT state, past_due, paid_through FROM standings ORDER BY as_of")
    ((text,),) = house.rows("SELECT text FROM log_events WHERE text LIKE '%it was CURRENT%'")
    assert "is PAST_DUE, paid through nothing; it was CURRENT, paid through 2025-12-31" in text


# --- disputes


def test_a_dispute_freezes_until_it_is_closed(house, gateway, books):
    """IA-41, IA-45: through the command; the grace ends while it is open and nothing is asked for."""
    books.bill("INV1", "1240.00", due=DUE)
    at(house, "2025-12-05")
    done = gateway("case", "dispute", "INV1", "--by", "Jo Doe", "--reason", "billed for somebody who left")
    assert 0 == done.exit_code, done.output
    again = gateway("case", "dispute", "INV1", "--by", "Jo Doe", "--reason", "billed for somebody who left")
    assert 1 == len(cases(house, "DISPUTE")), again.output
    collect(house, gateway, "2025-12-06", "2026-01-10", "2026-02-10")
    assert [] == steps(house)
    assert "DISPUTED" == state(house, "2026-02-10")
    ((key, _, _),) = cases(house, "DISPUTE")
    gateway("case", "close", key, *WHY)
    collect(house, gateway, "2026-02-11")
    assert "PAST_DUE" == state(house, "2026-02-11")
    assert [("late_notice", "2026-02-11", 124000)] == steps(house)


@pytest.mark.parametrize("amount", ["-1", "1240.01"])
def test_more_than_the_invoice_cannot_be_disputed(amount, gateway, books):
    books.bill("INV1", "1240.00", due=DUE)
    with pytest.raises(NotAllowed, match="cannot be disputed"):
        gateway("case", "dispute", "INV1", f"--amount={amount}", "--by", "Jo", "--reason", "x")


# --- cases


def open_case(house, day: str = "2025-12-01", key: str = "SHORT_PAY/R1/INV1") -> None:
    at(house, day)
    with house.plant.open_unit() as unit:
        open_cases(house.plant, unit, [Case(key, "SHORT_PAY", "G001234", "INV1", Decimal("12.00"), "Short.")])
        unit.commit()


def test_a_case_is_overdue_on_working_day_six_and_escalated_once_on_day_eleven(house, gateway):
    """HF-03, HF-08: opened on a Monday; five working days, then ten; the escalation goes to the configured role."""
    open_case(house, "2025-12-01")
    listed = json.loads(gateway("case", "list", "--json").stdout)["cases"][0]
    assert ("premium billing", "2025-12-08", "2025-12-15") == (
        listed["owner"],
        listed["due_on"],
        listed["escalates_on"],
    )
    at(house, "2025-12-08")
    assert 0 == gateway("case", "list").exit_code
    at(house, "2025-12-09")
    done = gateway("case", "list")
    assert (1, True) == (done.exit_code, "overdue" in done.stdout)
    collect(house, gateway, "2025-12-15")
    assert "escalated" not in gateway("case", "list").stdout
    collect(house, gateway, "2025-12-16", "2025-12-17")
    assert "billing management" in gateway("case", "list").stdout
    assert [("opened",), ("escalated",)] == house.rows("SELECT act FROM case_log ORDER BY number")


def test_a_case_is_assigned_and_closed_with_a_reason_and_its_log_says_who_did_what(house, gateway):
    """HF-05, HF-07: closing without a reason is refused; twice does nothing twice; another end is refused."""
    open_case(house)
    gateway("case", "assign", "SHORT_PAY", "--to", "Al Roe", "--by", "Jo Doe")
    gateway("case", "assign", "SHORT_PAY", "--to", "Al Roe", "--by", "Jo Doe")
    assert 2 == gateway("case", "close", "SHORT_PAY", "--by", "Al Roe", "--cause", "EXPECTED").exit_code
    assert (
        2 == gateway("case", "close", "SHORT_PAY", "--by", "Al Roe", "--cause", "EXPECTED", "--reason", " ").exit_code
    )
    with pytest.raises(NotAllowed, match="with a reason"):
        close(house.plant, "SHORT_PAY", by="Al Roe", reason=" ", cause=CaseCause.EXPECTED)
    gateway("case", "close", "SHORT_PAY", *WHY)
    before = house.everything()
    gateway("case", "close", "SHORT_PAY", *WHY)
    assert before == house.everything()
    with pytest.raises(NotAllowed, match="closed before"):
        gateway("case", "close", "SHORT_PAY", "--by", "Al", "--reason", "other", "--cause", "EXPECTED")
    with pytest.raises(NotAllowed, match="is closed"):
        gateway("case", "assign", "SHORT_PAY", "--to", "Someone", "--by", "Jo Doe")
    log = json.loads(gateway("case", "show", "SHORT_PAY", "--json").stdout)["log"]
    assert [("gateway", "opened"), ("Jo Doe", "assigned"), ("Jo Doe", "closed")] == [
        (each["by"], each["act"]) for each in log
    ]
    assert "no case is open" in gateway("case", "list").stdout
    assert "closed: CLIENT_DATA" in gateway("case", "list", "--closed").stdout


def test_a_case_is_found_by_the_beginning_of_its_key_while_it_is_the_only_one(house, gateway):
    open_case(house)
    open_case(house, key="SHORT_PAY/R2/INV2")
    with pytest.raises(NotFound, match="may be any of SHORT_PAY/R1/INV1, SHORT_PAY/R2/INV2"):
        gateway("case", "show", "SHORT_PAY")
    with pytest.raises(NotFound, match="there is no case"):
        gateway("case", "show", "NOTHING")


def test_cases_that_were_opened_before_there_were_owners_are_taken_up(house, gateway):
    """The columns came later: the daily look gives the old ones an owner and dates."""
    with house.plant.open_unit() as unit:
        unit.ledger.open_cases([Case("OVER_PAY/R1/INV1", "OVER_PAY", "G001234", "INV1", Decimal("5.00"), "Over.")])
        unit.commit()
    assert 0 == gateway("case", "list").exit_code
    collect(house, gateway, "2025-12-01")
    listed = gateway("case", "list").stdout
    assert re.search(r"OVER_PAY/R1/INV1 .*premium billing .*2025-12-08", listed)


# --- the daily review


def test_the_review_flags_a_jump_of_the_bill_once_and_its_case_closes_with_an_explanation(house, gateway, books):
    """HF-04, HF-05 through the station; reviewing again opens nothing again."""
    people = (("M1", "GOLD", "620.00"), ("M2", "GOLD", "1240.00"))
    books.bill("INV1", "1860.00", due="2025-11-01", lines=people)
    books.bill("INV2", "4340.00", due="2025-12-01", lines=(*people, *((f"N{n}", "GOLD", "620.00") for n in range(4))))
    collect(house, gateway, "2025-12-02", "2025-12-03")
    ((key, amount, _),) = cases(house, "PREMIUM_CHANGE")
    assert 248000 == amount
    assert 1 == len(cases(house, "LIVES_CHANGE"))
    gateway("case", "close", key, "--by", "Jo", "--reason", "four new hires, 834 of 11-20", "--cause", "EXPECTED")
    collect(house, gateway, "2025-12-04")
    assert 1 == len(cases(house, "PREMIUM_CHANGE"))


def test_a_month_in_which_the_payment_drops_is_flagged_when_it_is_over(house, gateway, books):
    """HF-02 through the station: a payment of the running month may still come."""
    for n, month in enumerate(("07", "08", "09", "10", "11"), start=1):
        books.bill(f"INV{n}", "10000.00", due=f"2025-{month}-01", month=f"2025-{month}")
        books.pay("8000.00" if month == "11" else "10000.00", f"2025-{month}-05", invoice=f"INV{n}")
    collect(house, gateway, "2025-11-30")
    assert [] == cases(house, "PAYMENT_TREND")
    collect(house, gateway, "2025-12-01")
    assert [200000] == [amount for _, amount, _ in cases(house, "PAYMENT_TREND")]


def test_a_payment_that_leaves_out_dental_opens_a_case(house, gateway, books):
    """HF-20: PRODUCT_MISSING."""
    books.bill("INV1", "660.00", due=DUE, lines=(("M1", "GOLD", "620.00"), ("M1", "DENTAL", "40.00")))
    books.pay("620.00", DUE, invoice="INV1")
    collect(house, gateway, "2025-12-02")
    assert [("PRODUCT_MISSING/INV1/DENTAL", 4000, None)] == cases(house, "PRODUCT_MISSING")


def test_a_retroactive_credit_alone_is_no_drop_of_a_product(house, gateway, books):
    books.bill("INV1", "620.00", due="2025-11-01")
    books.bill("INV2", "-620.00", due="2025-12-01", kind=LineType.RETRO_TERM)
    collect(house, gateway, "2025-12-02")
    assert [] == cases(house, "PRODUCT_DROPPED")


def test_the_daemon_collects_every_day(house):
    found = {each.name: each.cron for each in schedules(house.plant)}
    assert ("0 6 * * *", "0 6 * * *") == (found["delinquency"], found["review_payments"])


def test_nothing_personal_stands_in_cases_steps_or_their_log(house, gateway, books):
    """PHI stays in: ids, amounts and days only."""
    house.take("acme", Envelope().around(enrollment(member("A100", first_name="PLANTED"))))
    books._known.add("G001234")
    books.bill("INV1", "1240.00", due=DUE)
    collect(house, gateway, "2025-12-19", "2026-01-15")
    for table in ("cases", "case_log", "collection_steps", "standings", "log_events"):
        assert "PLANTED" not in str(house.rows(f"SELECT * FROM {table}"))
