"""A dependent is refused only when its subscriber is neither in the file nor on file (DOMAIN 4.4 rule 1)."""

from tests.unit.pipeline.x12_files import Envelope, enrollment, member

PARENT = member("A100", tier="FAM")
CHILD = member("A100", is_dependent=True, first_name="KIM")
STRANGER = member("A999", is_dependent=True, first_name="LEE")


def covered(house):
    return house.rows("SELECT count(*) FROM coverages WHERE superseded_at IS NULL")[0][0]


def test_a_dependent_before_its_subscriber_waits_for_it(house):
    file = house.take("acme", Envelope().around(enrollment(CHILD, member("A200"), PARENT)))
    assert 3 == covered(house)
    assert [] == house.rows("SELECT code FROM work_items")
    assert ["acknowledged"] == [file.state]


def test_the_order_of_a_family_does_not_change_its_cover(make_house):
    told = []
    for loops in ((PARENT, CHILD), (CHILD, PARENT)):
        house = make_house()
        house.take("acme", Envelope().around(enrollment(*loops)))
        told.append(house.rows("SELECT line_id, plan, level, starts_on FROM coverages ORDER BY line_id"))
    assert told[0] == told[1]


def test_a_dependent_whose_subscriber_never_comes_is_refused_at_the_end(house):
    house.take("acme", Envelope().around(enrollment(STRANGER, PARENT)))
    assert 1 == covered(house)
    assert [("SUBSCRIBER_NOT_FOUND", 1)] == house.rows("SELECT code, ordinal FROM work_items")
