"""The watch takes stock: what is new is an incident, what is over is closed by itself (LESSONS 9: features 9, 10)."""

from datetime import date, timedelta

import pytest

from gateway.domain.exchange import DeliveryState, FileState
from gateway.errors import HostKeyRefused
from gateway.partners.profile import Expectation
from gateway.pipeline.watch import watch
from tests.unit.pipeline.house import OCTOBER
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

WEEKLY = Expectation(what="changes", set_type="834", every="week", day=4, grace_days=1, since=date(2025, 10, 20))


def file(number, reference=""):
    envelope = Envelope(number=f"{number:09d}", asks_for_ta1=False)
    return envelope.around(enrollment(member(f"A{number}"), reference=reference or f"REF{number}"))


def look_at(house, *, hours=0):
    """Look at acme so many hours after the house's first instant; return the kinds of what stands."""
    house.clock.instant = OCTOBER + timedelta(hours=hours)
    watch(house.plant, "acme")
    return [kind for kind, partner in house.incidents() if partner == "acme"]


def test_a_missing_file_is_one_incident_that_closes_itself_when_the_file_comes(house):
    house.agree("acme", expects=(WEEKLY,))
    assert [] == look_at(house)  # Thursday: due today
    assert ["expected_file_late"] == look_at(house, hours=20)
    assert ["expected_file_missing"] == look_at(house, hours=40)
    assert ["expected_file_missing"] == look_at(house, hours=41)
    house.take("acme", file(1))
    assert [] == look_at(house, hours=42)
    assert [(2,)] == house.rows("SELECT count(*) FROM incidents WHERE kind LIKE 'expected%' AND closed_at IS NOT NULL")


def test_the_calendar_and_the_time_of_day_of_a_partner_count(house):
    in_new_york = {"time_zone": "America/New_York"}
    house.agree("acme", pick_up=in_new_york, expects=(WEEKLY.model_copy(update={"by": "17:00", "grace_days": 0}),))
    assert [] == look_at(house, hours=11)  # 20:00 UTC is 16:00 there
    assert ["expected_file_missing"] == look_at(house, hours=13)
    thanksgiving = WEEKLY.model_copy(update={"calendar": "us-federal", "since": date(2025, 11, 27), "grace_days": 0})
    house.agree("acme", pick_up=in_new_york, expects=(thanksgiving,))
    friday = (date(2025, 11, 28) - OCTOBER.date()).days * 24
    assert [] == look_at(house, hours=friday)
    assert ["expected_file_missing"] == look_at(house, hours=friday + 24)


def test_an_interchange_that_never_came_is_told_and_over_when_it_comes_after_all(house):
    house.agree("acme", watch={"control_numbers": "gapless"})
    for number in (1, 2, 5):
        house.take("acme", file(number))
    assert ["sequence_gap"] == look_at(house)
    ((message,),) = house.rows("SELECT message FROM incidents WHERE kind = 'sequence_gap'")
    assert "interchanges 000000003 to 000000004 of ZZ/ACME never came: ask whether they were sent" == message
    for number in (4, 3):
        house.take("acme", file(number))
    assert [] == look_at(house)


def test_a_partner_that_counts_for_all_its_receivers_together_has_no_gaps(house):
    for number in (1, 9):
        house.take("acme", file(number))
    assert [] == look_at(house)


def test_a_document_that_stays_away_is_told_at_half_of_its_time_and_at_the_whole(house):
    def refuse(_):
        raise HostKeyRefused

    sound = house.plant.open_session
    house.refit(open_session=refuse)
    house.take("acme", file(1))
    assert ["host_key_refused"] == look_at(house)
    assert ["ack_owed_late_soon", "host_key_refused"] == look_at(house, hours=0.5)
    assert ["ack_owed_overdue", "host_key_refused"] == look_at(house, hours=1)
    house.refit(open_session=sound)
    house.app.poll("acme")
    house.work()
    assert [] == look_at(house, hours=2)


def test_an_824_that_the_partner_never_answers_is_overdue_until_it_does(house):
    house.agree("acme", x12={"report_824": "always"}, watch={"ack_within_hours": 24})
    house.take("acme", file(1))
    assert [] == look_at(house, hours=11)
    assert ["ack_awaited_late_soon"] == look_at(house, hours=12)
    assert ["ack_awaited_overdue"] == look_at(house, hours=24)
    with house.plant.open_unit() as unit:
        ((report,),) = house.rows("SELECT id FROM documents WHERE kind = '824'")
        unit.documents.move(report, DeliveryState.ACKNOWLEDGED, expected=[DeliveryState.VERIFIED], at=house.clock.now())
        unit.commit()
    assert [] == look_at(house, hours=25)


def test_a_partner_that_never_answers_is_not_waited_for(house):
    house.agree("acme", x12={"report_824": "always"}, watch={"ack_within_hours": 0})
    house.take("acme", file(1))
    assert [] == look_at(house, hours=1000)


@pytest.mark.parametrize("state", [FileState.RECEIVED, FileState.APPLIED])
def test_a_file_that_stands_on_its_route_is_told(house, state):
    taken = house.take("acme", file(1))
    with house.plant.open_unit() as unit:
        unit.files.move(taken.id, state, expected=[FileState.ACKNOWLEDGED])
        unit.commit()
    assert ["file_overdue"] == look_at(house, hours=1)


def test_a_look_that_is_repeated_changes_nothing(house):
    house.agree("acme", expects=(WEEKLY,))
    look_at(house, hours=40)
    before = house.everything()
    look_at(house, hours=40)
    assert before == house.everything()


def test_the_end_of_our_control_numbers_is_told_before_it_comes(house):
    with house.plant.open_unit() as unit:
        unit.documents.seed_control_number(house.plant.us.id, "acme", "ISA", 999_900_000)
        unit.commit()
    assert ["control_numbers_end"] == look_at(house)
