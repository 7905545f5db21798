"""The same loops again are known by their bytes and not read: only where nothing happened since (DOMAIN 4.5)."""

import pytest

from gateway.pipeline.said_before import Recogniser, families_at_once
from gateway.transactions.sent import SentLoop
from tests.unit.pipeline.x12_files import Envelope, enrollment, member

FAMILY = (member("A100", tier="FAM"), member("A100", is_dependent=True, first_name="KIM"))
SINGLE = member("A200")
EVERYBODY = (*FAMILY, SINGLE)


@pytest.fixture
def send(house):
    """Take the members of one change file after the other; return the events of each, and how many loops were read."""
    sent = 0

    def send(*members, partner="acme", **header):
        nonlocal sent
        sent += 1
        reference = f"REF{sent}"
        read = []
        original = SentLoop.read
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SentLoop, "read", lambda loop: read.append(loop.ordinal) or original(loop))
            envelope = Envelope(number=f"{100 + sent:09d}")
            content = enrollment(*members, reference=reference, created=f"20251020*09{sent:02d}", **header)
            file = house.take(partner, envelope.around(content))
        events = house.rows(
            "SELECT e.event FROM membership_events e JOIN transaction_sets s ON s.id = e.set_id "
            "WHERE s.file_id = ? ORDER BY e.ordinal",
            file.id,
        )
        return [event for (event,) in events], read

    return send


def test_the_same_members_again_are_not_read_and_logged_each(house, send):
    send(*EVERYBODY)
    before = house.rows("SELECT * FROM coverages"), house.rows("SELECT * FROM members")
    assert (["no_change"] * 3, []) == send(*EVERYBODY)
    assert before == (house.rows("SELECT * FROM coverages"), house.rows("SELECT * FROM members"))
    logged = house.rows("SELECT membership_id, count(*) FROM membership_log WHERE event = 'no_change' GROUP BY 1")
    assert [1, 2] == sorted(count for _, count in logged)


def test_each_no_change_names_the_member_whose_loop_it_was(house, send):
    send(*FAMILY)
    send(*FAMILY)
    named = house.rows("SELECT ordinal, member_id FROM membership_events ORDER BY ordinal, known_at")
    assert named[0] == named[1]
    assert named[2] == named[3]
    assert named[0] != named[2]


def test_only_the_family_that_says_something_else_is_read(send):
    send(*EVERYBODY)
    assert (["no_change", "no_change", "change"], [3]) == send(*FAMILY, member("A200", tier="ESP"))


def test_what_happened_since_makes_the_same_loops_news(send):
    send(SINGLE)
    send(member("A200", tier="ESP"))
    assert (["change"], [1]) == send(SINGLE)
    assert (["no_change"], []) == send(SINGLE)


def test_a_dependent_told_alone_makes_the_family_s_loops_news(send):
    send(*FAMILY)
    send(member("A100", is_dependent=True, first_name="LEE"))
    _, read = send(*FAMILY)
    assert [1, 2] == read


def test_a_dependent_without_its_subscriber_is_always_read(send):
    send(*FAMILY)
    send(FAMILY[1])
    assert (["no_change"], [1]) == send(FAMILY[1])


def test_the_same_family_twice_in_a_file_and_something_else_between_is_read(send):
    send(SINGLE)
    events, read = send(member("A200", tier="ESP"), member("A300"), SINGLE)
    assert (["change", "enroll", "change"], [1, 2, 3]) == (events, sorted(read))


def test_another_date_of_the_file_makes_the_same_loops_news(send):
    send(*EVERYBODY)
    _, read = send(*EVERYBODY, effective="20251201")
    assert [1, 2, 3] == read


def test_another_agreement_makes_the_same_loops_news(house, send):
    send(*EVERYBODY)
    house.agree("acme", enrollment={"end_equals_begin": "one_day"})
    _, read = send(*EVERYBODY)
    assert [1, 2, 3] == read


def test_loops_with_a_finding_are_read_again(house, send):
    send(member("A200", plan="UNHEARD"))
    _, read = send(member("A200", plan="UNHEARD"))
    assert [1] == read


def test_the_item_of_a_refused_member_is_closed_by_the_loops_that_were_good_before(house, send):
    send(SINGLE)
    send(member("A200", does="024", plan="UNHEARD", ends="20251130"))
    assert [(None,)] == house.rows("SELECT closed_at FROM work_items")
    send(SINGLE)
    assert [(None,)] != house.rows("SELECT closed_at FROM work_items")


def test_a_full_file_that_repeats_itself_reads_nobody_twice(house, send):
    send(*EVERYBODY, action="RX")
    events, read = send(*EVERYBODY, action="RX")
    assert ["no_change"] * 3 == events
    assert [1, 2, 3] == read  # once, to see who is absent


def test_a_chunk_ends_between_families():
    class Loop:
        raw = b"INS"

        def __init__(self, kind: str) -> None:
            self.opens_family = kind == "s"

    sizes = [len(chunk) for chunk in families_at_once(map(Loop, "sddsddsdd"), 2)]
    assert [3, 3, 3] == sizes


def test_one_letter_more_or_another_agreement_is_another_digest():
    class Loop:
        opens_family = True

        def __init__(self, raw: bytes) -> None:
            self.raw = raw

    def digest(raw: bytes, *agreement: object) -> str:
        [family] = Recogniser(*agreement).families([Loop(raw)])
        return family.digest

    assert digest(b"INS*Y~", 1) == digest(b"INS*Y~", 1)
    assert 3 == len({digest(b"INS*Y~", 1), digest(b"INS*Y*18~", 1), digest(b"INS*Y~", 2)})
