"""What was believed at any instant: both times of a cover, on both databases, against a replay of what had come."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.coverage import Coverage, CoverageStatus, Family
from gateway.domain.exchange import SetSource
from gateway.domain.period import Period
from gateway.enrollment.covers import Covers
from gateway.errors import NotFound
from gateway.ports.queries import MemberView
from gateway.store.database import Database
from tests.contract.records import ACME, add_file_with_set
from tests.unit.enrollment.conftest import Desk, ins
from tests.unit.enrollment.test_enrollment_properties import streams

START = datetime(2025, 11, 5, 8, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


class Diary:
    """A desk whose decisions are written to a database: one set a minute, all for the subscriber S100."""

    def __init__(self, database: Database) -> None:
        self._open = database.unit_of_work(database.embedded_queue())
        self._queries = database.queries()
        self.desk = Desk()
        self.believed: dict[datetime, Family] = {}  # after each instant, by replay
        with self._open() as unit:
            add_file_with_set(unit)
            unit.enrollment.add_account(ACME)
            unit.commit()

    def write(self, *texts: str) -> datetime:
        """Decide these requests as one set and write what they come to; return the instant it was learnt at."""
        at = START + timedelta(minutes=len(self.believed))
        source = SetSource("F1", "S1", "000000001", "1", "0001")
        with self._open() as unit:
            for text in texts:
                self.desk.sent += 1
                request = ins(text, ordinal=self.desk.sent, position=self.desk.sent)
                self.desk.circumstances = lambda: replace(  # type: ignore[method-assign]
                    Desk.circumstances(self.desk), source=source, known_at=at
                )
                decision = self.desk.decide(request)
                if decision.change is not None:
                    unit.enrollment.save([decision.change])
            unit.commit()
        if self.desk.families:
            self.believed[at] = self.desk.family()
        return at

    def known(self, at: datetime) -> MemberView:
        return self._queries.member("S100", known_at=at)


def covers(view: MemberView) -> list[tuple[object, ...]]:
    return sorted(
        (each.member_id, each.insurance_line, each.plan, each.level, each.starts_on, each.last_day, each.status)
        for each in view.coverages
    )


def replayed(family: Family) -> list[tuple[object, ...]]:
    def line(row: Coverage) -> tuple[object, ...]:
        period: Period = row.period
        return row.member_id, row.insurance_line, row.plan, row.level, period.starts_on, period.last_day, row.status

    return sorted(map(line, family.coverages))


@pytest.fixture
def diary(database: Database) -> Diary:
    return Diary(database)


def test_a_cover_is_shown_as_it_was_believed_between_two_changes(diary: Diary) -> None:
    first = diary.write("021 ANN | 021 PPO GOLD EMP 2025-01-01..")
    second = diary.write("024 ANN reason=08 | 024 PPO GOLD EMP ..2025-08-31")
    before, after = diary.known(second - MOMENT), diary.known(second)
    assert [(date(2025, 1, 1), None, CoverageStatus.ACTIVE)] == [
        (each.starts_on, each.last_day, each.status) for each in before.coverages
    ]
    assert [(date(2025, 1, 1), date(2025, 8, 31), CoverageStatus.TERMINATED)] == [
        (each.starts_on, each.last_day, each.status) for each in after.coverages
    ]
    assert (("active", ""), ("terminated", "08")) == (
        (before.membership.status, before.membership.termination_reason),
        (after.membership.status, after.membership.termination_reason),
    )
    assert first == before.coverages[0].known_at


def test_the_instant_of_a_change_belongs_to_the_new_belief(diary: Diary) -> None:
    diary.write("021 ANN | 021 PPO GOLD EMP 2025-01-01..")
    changed = diary.write("001 ANN | 001 PPO GOLD FAM 2025-01-01..")
    assert ["FAM"] == [each.level for each in diary.known(changed).coverages]
    assert ["EMP"] == [each.level for each in diary.known(changed - MOMENT).coverages]


def test_what_is_believed_then_is_not_shown_as_superseded_later(diary: Diary) -> None:
    first = diary.write("021 ANN | 021 PPO GOLD EMP 2025-01-01..")
    diary.write("001 ANN | 001 PPO GOLD FAM 2025-01-01..")
    assert [None] == [each.superseded_at for each in diary.known(first).coverages]


def test_people_and_changes_that_came_later_are_left_out(diary: Diary) -> None:
    first = diary.write("021 ANN | 021 PPO GOLD EMP 2025-01-01..")
    later = diary.write("021 ADAM | 021 PPO GOLD - 2025-01-01..")
    assert [(1, 1), (2, 2)] == [(len(view.members), len(view.changes)) for view in map(diary.known, (first, later))]


def test_before_anything_was_known_there_is_nothing_to_show(diary: Diary) -> None:
    first = diary.write("021 ANN | 021 PPO GOLD EMP 2025-01-01..")
    with pytest.raises(NotFound, match="nothing was known of membership"):
        diary.known(first - MOMENT)


def test_an_instant_may_be_given_in_any_zone(diary: Diary) -> None:
    at = diary.write("021 ANN | 021 PPO GOLD EMP 2025-01-01..")
    assert covers(diary.known(at)) == covers(diary.known(at.astimezone()))


@settings(
    deadline=None,
    max_examples=25,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@given(stream=streams, cuts=st.sets(st.integers(1, 8)))
def test_the_belief_at_any_instant_is_what_a_replay_of_all_that_had_come_gives(
    database: Database, stream: list[str], cuts: set[int]
) -> None:
    with database.engine.begin() as connection:
        for table in ("coverages", "membership_events", "members", "memberships"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    diary = Diary(database)
    batches: list[list[str]] = [[]]
    for number, text in enumerate(stream):
        if number in cuts:
            batches.append([])
        batches[-1].append(text)
    for batch in batches:
        diary.write(*batch)
    for at, family in diary.believed.items():
        for instant in (at, at + timedelta(seconds=59)):
            view = diary.known(instant)
            assert replayed(family) == covers(view)
            assert Covers(family).status == view.membership.status
