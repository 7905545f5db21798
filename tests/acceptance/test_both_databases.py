"""The same trip on the embedded database and on PostgreSQL with procrastinate: same effects, same money."""

import shutil
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.bootstrap import open_app
from gateway.demo.remittances import Feed, pay_invoice
from gateway.demo.scenario import sample
from gateway.ports.clock import FixedClock
from gateway.settings import Home, packaged_mappings, packaged_partners

OCTOBER = datetime(2025, 10, 23, 9, tzinfo=UTC)
SETTINGS = """
database_url = "{url}"

[identity]
id = "EXAMPLEHEALTH"
name = "Example Health Plan"
"""


@pytest.fixture
def app(database_url, tmp_path):
    home = Home(tmp_path / "home")
    shutil.copytree(packaged_mappings(), home.mappings)
    shutil.copytree(packaged_partners(), home.partners)
    home.settings_file.write_text(SETTINGS.format(url=database_url))
    app = open_app(home, FixedClock(OCTOBER))
    app.upgrade()
    yield app
    app.database.close()


@pytest.fixture
def ingest(app, tmp_path):
    def ingest(content, partner, name="file.edi"):
        path = tmp_path / name
        path.write_bytes(content)
        arrival = app.ingest(path, partner)
        app.runner().drain()
        return app.file(arrival.file_id)

    return ingest


def bill(app, on):
    report = app.bill(on)
    app.runner().drain()
    return {invoice.account_id: invoice for invoice in report.invoices}


def test_enrollment_becomes_a_bill_and_a_payment_settles_it(app, ingest):
    assert "acknowledged" == ingest(sample("acme_enroll.834"), "acme").state
    assert "acknowledged" == ingest(sample("birch_full.834"), "birch").state
    invoices = bill(app, date(2025, 10, 23))
    assert {"G001234": Decimal("3310.00"), "G005678": Decimal("2160.00")} == {
        account: invoice.total for account, invoice in invoices.items()
    }
    feed = Feed(invoices["G001234"].id, "G001234", Decimal("3310.00"))
    payment = pay_invoice(feed, feed.total, payer="ACME CORP", tax_id="123456789", trace="T1", on=OCTOBER)
    assert "acknowledged" == ingest(payment, "elm").state
    shown = app.queries.invoice(invoices["G001234"].id)
    assert (Decimal(0), "paid") == (shown.open, shown.invoice.status)
    cash = app.queries.summary().cash
    assert (Decimal("3310.00"), Decimal("3310.00")) == (cash.received, cash.applied)


def test_the_next_bill_states_what_stood_open_and_what_was_paid_since(app, ingest):
    """previous balance - payments + adjustments + current = due (DOMAIN 10)."""
    ingest(sample("acme_enroll.834"), "acme")
    first = bill(app, date(2025, 10, 23))["G001234"]
    feed = Feed(first.id, "G001234", first.total)
    paid = Decimal("2690.00")
    ingest(pay_invoice(feed, paid, payer="ACME CORP", tax_id="123456789", trace="T1", on=OCTOBER), "elm")
    second = bill(app, date(2025, 11, 12))["G001234"]
    assert (Decimal(0), Decimal(0)) == (first.previous_balance, first.payments)
    assert (Decimal("3310.00"), paid) == (second.previous_balance, second.payments)
    owed = app.queries.account("G001234").balance
    assert owed == second.previous_balance - second.payments + second.total


def test_running_everything_twice_changes_nothing(app, ingest):
    ingest(sample("acme_enroll.834"), "acme")
    bill(app, date(2025, 10, 23))
    before = app.queries.summary()
    ingest(sample("acme_enroll.834"), "acme")
    assert {} == bill(app, date(2025, 10, 23))
    assert before == app.queries.summary()


def test_a_bank_that_says_the_same_twice_counts_once(app, ingest):
    ingest(sample("acme_enroll.834"), "acme")
    (invoice,) = bill(app, date(2025, 10, 23)).values()
    feed = Feed(invoice.id, "G001234", invoice.total)
    said = [
        pay_invoice(feed, feed.total, payer=payer, tax_id="123456789", trace="T1", on=OCTOBER)
        for payer in ("ACME CORP", "ACME CORPORATION")  # other bytes, other hash, the same money
    ]
    ingest(said[0], "elm")
    again = ingest(said[1].replace(b"*000", b"*100", 1).replace(b"IEA*1*000", b"IEA*1*100"), "elm", "again.820")
    assert app.refusals(again.id)
    assert Decimal("3310.00") == app.queries.summary().cash.received


def test_a_late_termination_is_credited_as_far_back_as_the_agreement_allows(app, ingest):
    """DOMAIN 9.2 through all stations: 60 days back from 2025-11-05 credit October and November, September stays."""
    enrolled = sample("acme_enroll.834").replace(b"*20251101", b"*20250801").replace(b"*20251020*", b"*20250820*")
    app.plant.clock.instant = datetime(2025, 8, 25, 9, tzinfo=UTC)
    ingest(enrolled, "acme")
    for day in (date(2025, 8, 25), date(2025, 9, 10), date(2025, 10, 10)):
        app.plant.clock.instant = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        bill(app, day)
    app.plant.clock.instant = datetime(2025, 11, 5, 9, tzinfo=UTC)
    ingest(termination(), "acme")
    december = bill(app, date(2025, 11, 12))["G001234"]
    lines = [each.line for each in app.queries.invoice(december.id).lines.items]
    credited = {(str(line.month), line.amount) for line in lines if line.line_type == "RETRO_TERM"}
    assert {("2025-10", Decimal("-1450.00")), ("2025-11", Decimal("-1450.00"))} == credited
    assert all(line.corrects_invoice_id for line in lines if line.line_type == "RETRO_TERM")


def termination():
    """The 834 that ends the FAM contract A101 on 2025-08-31, received 2025-11-05."""
    text = sample("acme_bad_members.834").decode()
    head, _, rest = text.partition("INS*")
    tail = rest[rest.index("SE*") :]
    member = (
        "INS*Y*18*024*08*A***TE~\nREF*0F*A101~\nREF*1L*G001234~\nDTP*357*D8*20250831~\n"
        "NM1*IL*1*BRAMBLETHORN*BARNABY****34*900550111~\nHD*024**PPO*GOLD*FAM~\nDTP*349*D8*20250831~\n"
    )
    body = head.replace("QTY*ET*4", "QTY*ET*1").replace("QTY*DT*1", "QTY*DT*0").replace("QTY*TO*5", "QTY*TO*1") + member
    count = body[body.index("ST*834") :].count("~\n") + 1
    return (body + f"SE*{count}*" + tail.split("*", 2)[2]).encode()
