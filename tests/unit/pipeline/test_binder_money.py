"""Money that comes before the enrolment or the bill moves by itself once they come (DOMAIN 3.9, 5.5)."""

from dataclasses import replace
from datetime import UTC, date, datetime

from tests.unit.pipeline.test_settle import acme, billed, elm, invoice, last_set, money, pot
from tests.unit.pipeline.test_suspense import proven
from tests.unit.pipeline.x12_files import Envelope, enrollment, member, pays_account, pays_member, premium_820

__all__ = ["acme", "billed"]
NEWCOMER = pays_member(1, "A900", "620", "620", month="20260101-20260131")


def early(house):
    """Let money come for A900, whom nobody enrolled, and whose account cannot be told."""
    elm(house, premium_820("C", "620", *NEWCOMER, trace="BINDER", account="G999999", tax_id="000000001"))
    assert ("3720.00", "0.00", "620.00", "0.00") == pot(house)
    assert [("NO_MEMBER",)] == house.rows("SELECT reason FROM placements WHERE is_suspense AND released_in IS NULL")


def january_bill(house):
    """Let 2026 cost what 2025 does, and bill January."""
    acme = house.plant.partners["acme"]
    rates = tuple(each.model_copy(update={"ends_on": date(2026, 12, 31)}) for each in acme.rates)
    house.refit(partners={**house.plant.partners, "acme": replace(acme, rates=rates)})
    house.clock.instant = datetime(2025, 12, 10, 9, tzinfo=UTC)
    return house.bill().invoices


def enrolls(house):
    newcomer = enrollment(member("A900", begins="20260101"), reference="NEW", created="20251112*0900")
    house.take("acme", Envelope(number="000000190").around(newcomer))
    assert "applied" == last_set(house)[0]


def test_binder_money_waits_in_suspense_and_moves_to_the_account_when_the_834_comes(acme):
    early(acme)
    enrolls(acme)
    assert ("3720.00", "620.00", "0.00", "0.00") == pot(acme)
    assert money("620.00") == acme.app.queries.account("G001234").unapplied
    ((text,),) = acme.rows("SELECT text FROM log_events WHERE text LIKE '%waited and was placed%'")
    assert "620.00 unapplied" in text
    assert proven(acme)


def test_what_is_prepaid_pays_its_month_when_the_bill_comes(acme):
    early(acme)
    enrolls(acme)
    (january,) = january_bill(acme)
    assert money("4340.00") == january.total
    assert (money("3720.00"), "partial") == invoice(acme, 3)
    assert ("4340.00", "0.00", "0.00", "0.00") == pot(acme)
    ((subscriber,),) = acme.rows(
        "SELECT m.subscriber_id FROM placements p JOIN memberships m ON m.id = p.membership_id WHERE p.invoice_id = ?",
        january.id,
    )
    assert "A900" == subscriber
    assert proven(acme)


def test_money_that_waits_is_placed_once_however_often_it_is_looked_at(acme):
    early(acme)
    newcomer = enrollment(member("A900", begins="20260101"), reference="NEW", created="20251112*0900")
    path = acme.drop("acme", "new.834", Envelope(number="000000190").around(newcomer))
    assert path.exists()
    acme.poll("acme")
    acme.work(times=2)
    assert ("3720.00", "620.00", "0.00", "0.00") == pot(acme)
    assert proven(acme)


def test_an_enrolment_of_somebody_else_moves_nothing(acme):
    early(acme)
    other = enrollment(member("A901", begins="20260101"), reference="NEW", created="20251112*0900")
    acme.take("acme", Envelope(number="000000190").around(other))
    assert ("3720.00", "0.00", "620.00", "0.00") == pot(acme)


def test_money_in_advance_for_a_month_pays_its_bill_when_it_comes(acme):
    line = pays_account("RMR*11*G001234*PA*3720", "DTM*582****RD8*20260101-20260131")
    elm(acme, premium_820("C", "3720", *line, trace="ADVANCE"))
    assert ("3720.00", "3720.00", "0.00", "0.00") == pot(acme)
    (january,) = january_bill(acme)
    assert (money("0.00"), "paid") == invoice(acme, int(january.id[3:]))
    assert ("7440.00", "0.00", "0.00", "0.00") == pot(acme)
    assert proven(acme)
