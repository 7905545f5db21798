"""Bill cycles: their windows, nightly retries, the alarm, and how one is extended (DOMAIN 3.8, IA-56)."""

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.bootstrap import open_app
from gateway.errors import ConfigurationError, NotAllowed, NotFound
from gateway.partners.billing import BillWindow
from tests.integration import ordering
from tests.integration.ordering import enroll

EXTEND = ("cycle", "extend", "acme", "MONTHLY", "--through")


@pytest.fixture
def cycle(house, gateway):
    """Calls a command in the house as it is after a restart."""

    def call(*words):
        done = gateway(*words)
        house.refit(partners=open_app(house.home, house.clock).plant.partners)
        return done

    return call


def windows(house):
    text = (house.home.partners / "acme/billing.toml").read_text()
    return tomllib.loads(text)["bill_cycles"]["MONTHLY"]


def one_window(house, **dates):
    window = BillWindow(**dates)
    later = [
        BillWindow(start=day, end=day, cutoff=date(2026, month, 28), accounting=day)
        for month, day in ((1, date(2025, 12, 10)), (2, date(2026, 1, 9)))
    ]
    cycles = house.plant.partner("acme").billing.bill_cycles
    house.agree_on_billing("acme", bill_cycles={**cycles, "MONTHLY": (window, *later)})


def price(house, amount):
    partner = house.plant.partner("acme")
    rates = tuple(each.model_copy(update={"amount": Decimal(amount)}) for each in partner.rates)
    house._exchange(replace(partner, rates=rates))


# --- what a window does


@pytest.mark.parametrize(
    ("cutoff", "months"),
    [(date(2025, 12, 31), ["2025-11", "2025-12"]), (date(2025, 10, 31), [])],
    ids=["in advance", "in arrears"],
)
def test_a_window_bills_in_advance_or_in_arrears_by_its_cutoff(house, cutoff, months):
    ordering.silence(house)
    one_window(house, start=date(2025, 11, 10), end=date(2025, 11, 14), cutoff=cutoff, accounting=date(2025, 11, 1))
    enroll(house, "A1")
    house.bill(date(2025, 11, 10))
    assert months == [month for (month,) in house.rows("SELECT month FROM invoice_lines ORDER BY month")]


def test_a_failed_bill_is_tried_every_night_while_its_window_is_open(house):
    ordering.silence(house)
    enroll(house, "A1")
    price(house, "0.00")
    assert [1, 1] == [len(house.bill(date(2025, 11, day)).held) for day in (10, 11)]
    price(house, "600.00")
    assert [1, 0] == [len(house.bill(date(2025, 11, day)).invoices) for day in (12, 13)]


def test_what_is_still_wrong_at_the_end_of_the_window_waits_for_a_person(house, gateway):
    ordering.silence(house)
    ordering.add_types(house)
    enroll(house, "A1")
    price(house, "0.00")
    for day in (10, 11, 12, 13, 14):
        house.bill(date(2025, 11, day))
    after = house.bill(date(2025, 11, 15))
    assert ([], [], [("account_held", "acme")]) == (after.held, after.invoices, house.incidents())
    price(house, "600.00")
    gateway(*ordering.words())
    assert [(60000,)] == house.rows("SELECT total FROM invoices")


# --- the alarm


def test_ia_56_the_watch_opens_one_incident_when_fewer_than_two_windows_are_ahead(house):
    house.clock.instant = datetime(2027, 10, 7, tzinfo=UTC)
    house.app.watch("acme")
    assert [] == [kind for kind, _ in house.incidents() if kind == "bill_cycle_ends"]
    house.clock.instant = datetime(2027, 10, 8, tzinfo=UTC)
    for _ in range(2):
        house.app.watch("acme")
    assert [("bill_cycle_ends", "acme")] == [each for each in house.incidents() if each[0] == "bill_cycle_ends"]
    [(message,)] = house.rows("SELECT message FROM incidents WHERE kind = 'bill_cycle_ends'")
    assert "has one window ahead, the last begins on 2027-11-10: extend it with `gateway cycle extend" in message


def test_ia_56_the_incident_closes_when_the_cycle_was_extended(house, cycle):
    house.clock.instant = datetime(2027, 11, 10, tzinfo=UTC)
    house.app.watch("acme")
    cycle(*EXTEND, "2028-12-31", "--write", "--by", "kim")
    house.app.watch("acme")
    assert [] == [kind for kind, _ in house.incidents() if kind == "bill_cycle_ends"]


def test_a_cycle_that_bills_nobody_raises_no_alarm(house):
    cycles = house.plant.partner("acme").billing.bill_cycles
    house.agree_on_billing("acme", bill_cycles={**cycles, "OLD": cycles["MONTHLY"][:1]})
    house.app.watch("acme")
    assert [] == [kind for kind, _ in house.incidents() if kind == "bill_cycle_ends"]


# --- list and extend


def test_the_list_says_how_far_each_cycle_reaches(house, cycle):
    line = next(row for row in cycle("cycle", "list").stdout.splitlines() if row.startswith("acme"))
    for each in ("MONTHLY", "30", "25", "2027-11-10", "2027-12-31", "G001234", "every month on day 10"):
        assert each in line
    house.clock.instant = datetime(2027, 10, 8, tzinfo=UTC)
    assert "EXTEND" in cycle("cycle", "list", "acme").stdout
    assert "2025-10-10  2025-10-15  2025-11-30  2025-11-01" in cycle("cycle", "list", "acme", "--windows").stdout


def test_an_extension_is_shown_before_anything_is_written(house, cycle):
    before = (house.home.partners / "acme/billing.toml").read_bytes()
    shown = cycle(*EXTEND, "2028-02-29").stdout
    assert "2027-12-10  2027-12-15  2028-01-31  2028-01-01" in shown
    assert "2028-01-10  2028-01-13  2028-02-29  2028-02-01" in shown
    assert "nothing is written" in shown
    assert before == (house.home.partners / "acme/billing.toml").read_bytes()


def test_new_windows_follow_the_pattern_and_writing_them_twice_adds_nothing(house, cycle):
    before = (house.home.partners / "acme/billing.toml").read_text().splitlines()
    cycle(*EXTEND, "2028-12-31", "--write", "--by", "kim")
    once = (house.home.partners / "acme/billing.toml").read_text()
    assert [] == [line for line in before if line not in once.splitlines()]
    assert (42, date(2028, 12, 31)) == (len(windows(house)), windows(house)[-1]["cutoff"])
    assert "reaches 2028-12-31 already" in cycle(*EXTEND, "2028-12-31", "--write", "--by", "kim").stdout
    assert once == (house.home.partners / "acme/billing.toml").read_text()
    [(said,)] = house.rows("SELECT text FROM log_events WHERE station = 'cycle'")
    assert "was extended by kim: 12 windows" in said


def test_a_process_that_read_the_file_before_cannot_write_the_same_windows_twice(house, gateway):
    gateway(*EXTEND, "2028-01-31", "--write", "--by", "kim")
    with pytest.raises(ConfigurationError, match="it starts on or before the end of the window before it"):
        gateway(*EXTEND, "2028-01-31", "--write", "--by", "kim")
    assert 31 == len(windows(house))


def test_what_cannot_be_extended_is_said(house, gateway):
    assert 2 == gateway(*EXTEND, "2028-12-31", "--write").exit_code
    with pytest.raises(NotFound, match="acme has no bill cycle WEEKLY"):
        gateway("cycle", "extend", "acme", "WEEKLY", "--through", "2028-12-31")
    one_window(house, start=date(2025, 11, 3), end=date(2025, 11, 30), accounting=date(2025, 11, 9))
    with pytest.raises(NotAllowed, match="follow no monthly pattern"):
        gateway(*EXTEND, "2028-12-31")
