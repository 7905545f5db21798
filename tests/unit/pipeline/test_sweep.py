"""What interrupted work leaves behind is cleared up by somebody, and what is in hand is left alone."""

from datetime import timedelta

import pytest

from gateway.domain.exchange import DeliveryState
from gateway.pipeline.sweep import TICKS_KEPT, sweep
from gateway.pipeline.timetable import HERE, schedules, tick
from tests.unit.pipeline.house import OCTOBER
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

FILE = Envelope(asks_for_ta1=False).around(enrollment(member("A1")))


def test_the_half_file_of_a_killed_fetch_is_removed_and_one_that_is_being_written_is_not(house):
    waiting = house.home.inbound / ".incoming"
    waiting.mkdir(parents=True)
    (waiting / "acme-of-a-killed-process").write_bytes(b"ISA*00*")
    with house.plant.archive.incoming("inbound", "acme", OCTOBER.date()) as incoming:
        incoming.stream.write(FILE)
        sweep(house.plant, HERE)
        assert 1 == len(list(waiting.iterdir()))
        incoming.keep()
    assert [] == list(waiting.iterdir())


def test_ticks_are_forgotten_when_their_slots_are_long_gone(house):
    schedule = next(each for each in schedules(house.plant) if each.name == "poll/acme")
    tick(house.plant, schedule, OCTOBER)
    house.clock.instant = OCTOBER + TICKS_KEPT
    sweep(house.plant, HERE)
    assert [(1,)] == house.rows("SELECT count(*) FROM ticks")
    house.clock.instant += timedelta(seconds=1)
    sweep(house.plant, HERE)
    assert [(0,)] == house.rows("SELECT count(*) FROM ticks")


@pytest.mark.parametrize("state", [DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNKNOWN])
def test_a_delivery_that_no_job_has_in_hand_is_taken_up_and_arrives_once(house, state):
    house.take("acme", FILE)
    with house.plant.open_unit() as unit:
        ((document,),) = house.rows("SELECT id FROM documents")
        unit.documents.move(document, state, expected=[DeliveryState.VERIFIED], at=house.clock.now())
        unit.commit()
    for _ in range(2):
        sweep(house.plant, HERE)
    assert [(1,)] == house.rows("SELECT count(*) FROM jobs WHERE station = 'deliver' AND state = 'todo'")
    house.work()
    assert [("verified",)] == house.rows("SELECT state FROM documents")
    assert 1 == len(house.inbox("acme"))
