"""The whole trip in small acts: what partners drop, then what the gateway does of it. Each act may be done again."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from gateway.demo.remittances import Feed, pay_invoice
from gateway.demo.scenario import sample
from gateway.pipeline.request_target import RequestOrder
from tests.unit.pipeline.house import OCTOBER, House
from tests.unit.pipeline.x12_files import (
    ACME_PAYS,
    BIRCH,
    Envelope,
    birch_member,
    birch_roster,
    enrollment,
    member,
    transaction,
)

NOVEMBER = datetime(2025, 11, 12, 9, tzinfo=UTC)
ACME_TAX_ID = "123456789"


@dataclass(frozen=True)
class Act:
    """`drops` happens once, outside of us; `does` is our work, which may be interrupted and done again."""

    name: str
    drops: Callable[[House], object]
    does: Callable[[House], object]
    at: datetime = OCTOBER

    def play(self, house: House) -> None:
        house.clock.instant = self.at
        self.drops(house)
        self.does(house)


def _fetch(*partner_ids: str) -> Callable[[House], object]:
    def does(house: House) -> None:
        for partner_id in partner_ids:
            house.poll(partner_id)
        house.work()

    return does


def _enroll(house: House) -> None:
    good = enrollment(
        member("A1", tier="ESP"),
        member("A1", is_dependent=True, first_name="SAM"),
        member("A2", tier="FAM"),
        member("A3", plan="PLATINUM"),
        reference="FIRST",
    )
    second = enrollment(member("A4"), number="0002", reference="SECOND", created="20251020*0911")
    house.drop("acme", "first.834", Envelope().around(good, second))


def _letter(house: House) -> None:
    house.drop("acme", "letter.txt", sample("not_x12.txt"))


def _roster(house: House) -> None:
    house.drop("birch", "roster.834", BIRCH.around(birch_roster(*(birch_member(f"B{n}") for n in range(3)))))


def _exchange(house: House) -> None:
    house.drop("dunes", "exchange.834", sample("dunes_enroll.834"))


def _bill(house: House) -> None:
    house.bill()


def _nothing(house: House) -> None:
    pass


def _remittance(house: House) -> None:
    """Acme tells what it will pay: the whole invoice but for 620.00 of one member who left."""
    invoice, total = house.rows("SELECT id, total FROM invoices WHERE account_id = 'G001234'")[0]
    amount = Decimal(total) / 100 - 620
    body = transaction(
        "820",
        f"BPR*I*{amount}*C*NON******1{ACME_TAX_ID}******20251023",
        f"TRN*3*TRACE1*1{ACME_TAX_ID}",
        "REF*14*G001234",
        "N1*PE*EXAMPLE HEALTH PLAN*FI*987654321",
        f"N1*PR*SAMPLE CORP*FI*{ACME_TAX_ID}",
        f"ENT*1*2L*FI*{ACME_TAX_ID}",
        f"RMR*IK*{invoice}*PI*{amount}*{amount + 620}",
        "ADX*-620*AX",
        guide=ACME_PAYS.guide,
    )
    house.drop("acme", "remittance.820", ACME_PAYS.around(body))


def _cash(house: House) -> None:
    """The bank brings that money, with no word of what it is for."""
    ((amount,),) = house.rows("SELECT amount FROM receipts")
    house.drop("elm", "cash.820", cash_820(Decimal(amount) / 100, trace="TRACE1"))


def cash_820(amount: Decimal, *, trace: str, number: str = "000000701") -> bytes:
    """Return a bank's 820 that brings money and says nothing of what it pays (BPR01 = D)."""
    envelope = Envelope(number=number, sender="ELM", functional_id="RA", guide="005010X218")
    return envelope.around(
        transaction(
            "820",
            f"BPR*D*{amount}*C*ACH*CTX*01*123456780*DA*1230045*1{ACME_TAX_ID}**01*123456780*DA*1230045*20251023",
            f"TRN*3*{trace}*1{ACME_TAX_ID}",
            "REF*14*G001234",
            "N1*PE*EXAMPLE HEALTH PLAN*FI*987654321",
            f"N1*PR*SAMPLE CORP*FI*{ACME_TAX_ID}",
            guide="005010X218",
        )
    )


def _payment(house: House) -> None:
    """The bank brings the money for birch's invoice with its remittance."""
    invoice, total = house.rows("SELECT id, total FROM invoices WHERE account_id = 'G005678'")[0]
    feed = Feed(invoice, "G005678", Decimal(total) / 100)
    paid = pay_invoice(feed, feed.total, payer="BIRCH", tax_id="223344556", trace="ELM2", on=OCTOBER)
    house.drop("elm", "payment.820", paid)


def _answer(house: House) -> None:
    """Acme accepts our first document and rejects our report."""
    (report,) = house.rows("SELECT control_number FROM documents WHERE kind = '824' AND partner_id = 'acme'")[0]
    envelope = Envelope(number="000000301", asks_for_ta1=False, functional_id="FA", guide="005010X231A1")
    body = transaction("999", f"AK1*AG*{int(report)}*005010X186A1", "AK9*R*1*1*0", guide=envelope.guide)
    content = envelope.around(body).replace(b"GS*", b"TA1*000000001*251023*0900*A*000~\nGS*", 1)
    house.drop("acme", "answers.999", content)


def _leave(house: House) -> None:
    gone = enrollment(member("A2", does="024", tier="FAM", ends="20251031"), reference="THIRD", created="20251110*0800")
    house.drop("acme", "leave.834", Envelope(number="000000110").around(gone))


def _shrunken_roster(house: House) -> None:
    """Birch's next full file names one member of three: too many would end."""
    roster = birch_roster(birch_member("B0"), reference="ROSTER2", created="20251110*0630", effective="20251201")
    house.drop("birch", "roster-2.834", Envelope(number="000000502", sender="BIRCH").around(roster))


def _release(house: House) -> None:
    """An operator has asked birch, and lets its file be applied."""
    ((held,),) = house.rows(
        "SELECT s.id FROM transaction_sets s JOIN files f ON f.id = s.file_id WHERE f.name = 'roster-2.834'"
    )
    house.app.release(held, by="operator", reason="birch has confirmed it")
    house.work()


def _late_bill(house: House) -> None:
    house.bill()
    for partner_id in house.app.active_partners():
        house.app.watch(partner_id)


def _order(house: House) -> None:
    """A person looks at a trial bill of acme through January and orders the bill; another approves it."""
    wanted = RequestOrder(
        "PREVIEW",
        "G001234",
        cutoff_on=date(2026, 1, 31),
        accounting_on=date(2026, 1, 1),
        bill_on=date(2025, 11, 12),
        by="pat",
    )
    house.app.create_requests(wanted)
    house.work()
    [made] = house.app.create_requests(replace(wanted, request_type="ADHOC"))
    house.app.approve_request(made.request.id, by="kim")
    house.work()


ACTS = (
    Act("an enrollment of two sets with a bad member", _enroll, _fetch("acme")),
    Act("a letter", _letter, _fetch("acme")),
    Act("a full file", _roster, _fetch("birch")),
    Act("an exchange's file", _exchange, _fetch("dunes")),
    Act("the first bills", _nothing, _bill),
    Act("a remittance without money", _remittance, _fetch("acme")),
    Act("the money for it", _cash, _fetch("elm")),
    Act("a payment", _payment, _fetch("elm")),
    Act("what acme answers", _answer, _fetch("acme")),
    Act("a termination", _leave, _fetch("acme"), at=NOVEMBER),
    Act("a full file that is held", _shrunken_roster, _fetch("birch"), at=NOVEMBER),
    Act("its release", _nothing, _release, at=NOVEMBER),
    Act("the second bills, and what did not come", _nothing, _late_bill, at=NOVEMBER),
    Act("a bill that one person orders and another approves", _nothing, _order, at=NOVEMBER),
)
