"""Money killed at any statement: nothing is half booked, and done again it ends as if nothing had happened."""

import shutil
from dataclasses import replace

import pytest
from sqlalchemy import event

from gateway.domain.exchange import SetState
from gateway.domain.money_order import OrderKind
from gateway.errors import StoreError
from gateway.pipeline.money_orders import Wish, order, pieces_of
from gateway.pipeline.place_again import place_again
from gateway.pipeline.returns import take_back
from gateway.pipeline.route import ROUTE
from gateway.pipeline.settle import settle
from tests.faults.killing import Killed
from tests.unit.pipeline.house import _template
from tests.unit.pipeline.test_settle import TRACE, billed, effect, elm
from tests.unit.pipeline.x12_files import ELM, Envelope, enrollment, member, pays_account, pays_member, premium_820

__all__ = ["_template", "billed"]
SHORT = (
    *pays_member(1, "A100", "620", "620"),
    *pays_member(2, "A101", "1240", "1240"),
    *pays_member(3, "A102", "1857.5", "1860", "ADX*-2.5*H6"),
    *pays_member(4, "A900", "100", "100"),
)
REMITTANCE = premium_820("C", "3817.5", *SHORT, trace=TRACE)


def only_checked(house):
    """Receive and check the bank's 820; return what settles it."""
    path = house.home.path / "handed-over" / "money.820"
    path.write_bytes(replace(ELM, number="000000790", asks_for_ta1=False).around(REMITTANCE))
    file_id = house.app.ingest(path, "elm").file_id
    ROUTE["check"].run(house.plant, file_id)
    with house.plant.open_unit() as unit:
        (record,) = unit.exchanges.sets_of_file(file_id, states=[SetState.CHECKED])
    return lambda: settle(house.plant, record)


def in_suspense(house):
    """Let money come for nobody; return the order that applies it."""
    line = pays_account("RMR*11*G999999*PO*3720", tax_id="000000001")
    elm(house, premium_820("C", "3720", *line, trace=TRACE, account="G999999", tax_id="000000001"))
    (piece,) = pieces_of(house.plant, suspense=True)
    return lambda: order(house.plant, Wish(OrderKind.APPLY, piece.id, "ann", "it is theirs", "INV000000002"))


def settled(house):
    """Settle the remittance; return what takes it back."""
    elm(house, REMITTANCE)
    receipt_id = house.rows("SELECT id FROM receipts WHERE trace = ?", TRACE)[0][0]
    return lambda: take_back(house.plant, receipt_id, code="R01", by="dan", reason="no funds")


def enrolled(house):
    """Settle with money for A900, then enroll A900 without what follows; return what places the money."""
    elm(house, REMITTANCE)
    receipt_id = house.rows("SELECT id FROM receipts WHERE trace = ?", TRACE)[0][0]
    path = house.home.path / "handed-over" / "new.834"
    newcomer = enrollment(member("A900", begins="20260101"), reference="NEW", created="20251112*0900")
    path.write_bytes(Envelope(number="000000190").around(newcomer))
    file_id = house.app.ingest(path, "acme").file_id
    for station in ("check", "apply"):
        ROUTE[station].run(house.plant, file_id)
    return lambda: place_again(house.plant, f"{receipt_id}@now")


@pytest.mark.parametrize("begin", [only_checked, in_suspense, settled, enrolled])
def test_killed_at_any_statement_the_journal_agrees_and_doing_it_again_ends_the_same(billed, begin):
    house, kept = billed
    house.restore(kept)
    act = begin(house)
    before = effect(house)
    ready = kept.with_name(f"{kept.name}-{begin.__name__}")
    house.keep(ready)
    house.restore(ready)
    statements = watched(house, act)
    expected = effect(house)
    assert before != expected
    assert statements > 5
    for number in range(1, statements + 1):
        house.restore(ready)
        with pytest.raises((Killed, StoreError)):
            watched(house, act, dies_at=number)
        house.close()  # its connections die with a process
        assert before == effect(house), number
        assert () == house.app.queries.verify_journal().faults
        act()
        assert expected == effect(house), number
    assert () == house.app.queries.verify_journal().faults
    shutil.rmtree(ready)


def watched(house, act, dies_at=0):
    """Do `act`; return how many statements and commits it ran. At the one of number `dies_at` it dies."""
    seen = 0
    engine = house.app.database.engine

    def statement(*_words):
        nonlocal seen
        seen += 1
        if seen == dies_at:
            raise Killed

    def commit(_connection):
        statement()

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", commit)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", statement)
        event.remove(engine, "commit", commit)
    return seen
