"""What holds for every stream of maintenance requests, whatever its order and habits."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gateway.domain.coverage import CoverageStatus, Family, FileAction
from gateway.enrollment.full_file import compare, restate

DAYS = st.sampled_from(
    ["", "2025-01-01", "2025-03-01", "2025-03-31", "2025-05-15", "2025-06-30", "2025-07-01", "2025-12-31"]
)
PRODUCTS = st.sampled_from(["PPO GOLD", "PPO SILVER", "PPO -", "DEN SMILE"])
LEVELS = st.sampled_from(["EMP", "FAM", "-"])
KINDS = st.sampled_from(["021", "021", "021", "024", "024", "025", "001", "026", "002", "030", "032"])
WHO = st.sampled_from(["ANN", "ANN", "ADAM", "AMY"])
REPEATED = {"no_change", "info", "link_only", "compare"}  # said again, these change nothing either


def line(kind: str, product: str, level: str, begin: str, end: str) -> str:
    return f"{kind} {product} {level} {begin}..{end}"


def request(kind: str, who: str, through: str, sent: list[str]) -> str:
    return " | ".join([f"{kind} {who} through={through}" if through else f"{kind} {who}", *sent])


lines = st.builds(line, KINDS, PRODUCTS, LEVELS, DAYS, DAYS)
requests = st.builds(
    request,
    st.sampled_from(["021", "001", "024", "025", "030"]),
    WHO,
    DAYS,
    st.lists(lines, max_size=2, unique_by=lambda text: text.split()[1]),
)
opening = st.just("021 ANN | 021 PPO GOLD EMP 2025-01-01..")
streams = st.builds(lambda first, rest: [first, *rest], opening, st.lists(requests, max_size=8))
rules = st.fixed_dictionaries(
    {},
    optional={
        "end_equals_begin": st.just("cancel"),
        "subscriber_term_cascades": st.just(False),
        "termination_days_limit": st.just(60),
        "addition_days_limit": st.just(200),
    },
)
quietly = settings(
    deadline=None,
    max_examples=150,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def fill(desk: Any, stream: list[str], agreed: dict[str, Any], cuts: Collection[int] = ()) -> Any:
    """A new desk with the stream on file, cut into several sets; the agreement holds from the second request on."""
    fresh = type(desk)()
    for number, text in enumerate(stream):
        if number in cuts:
            fresh.next_set()
        fresh.send(text)
        fresh.rules = replace(desk.rules, **agreed)
    fresh.next_set()
    return fresh


def believed(family: Family) -> set[tuple[object, ...]]:
    """The content of what is on file, without the ids and sources of its versions."""
    return {
        (row.line_id, row.level, row.period, row.status, row.premium, row.billable_before) for row in family.coverages
    }


@quietly
@given(stream=streams, last=requests, agreed=rules)
def test_a_request_that_is_sent_twice_changes_nothing_the_second_time(
    desk: Any, stream: list[str], last: str, agreed: dict[str, Any]
) -> None:
    desk = fill(desk, stream, agreed)
    first = desk.event(last)
    before = desk.family()
    desk.next_set()

    again = desk.event(last)

    assert again in REPEATED or again == first
    assert before == desk.family()
    change = desk.decisions[-1].change
    assert change is None or ((), (), ()) == (change.opened, change.superseded, change.members)


@quietly
@given(stream=streams, cuts=st.sets(st.integers(1, 8)), agreed=rules)
def test_a_stream_that_is_cut_into_several_files_gives_the_same_family(
    desk: Any, stream: list[str], cuts: set[int], agreed: dict[str, Any]
) -> None:
    whole = fill(desk, stream, agreed)
    in_parts = fill(desk, stream, agreed, cuts)

    assert believed(whole.family()) == believed(in_parts.family())
    assert whole.family().members == in_parts.family().members
    assert whole.status() == in_parts.status()


@quietly
@given(stream=streams, agreed=rules)
def test_a_change_is_exactly_the_difference_between_before_and_after(
    desk: Any, stream: list[str], agreed: dict[str, Any]
) -> None:
    believed_ids: set[str] = set()
    ever: set[str] = set()
    for decision in fill(desk, stream, agreed).decisions:
        if decision.change is None:
            assert decision.findings
            continue
        opened = [row.id for row in decision.change.opened]
        assert set(decision.change.superseded) <= believed_ids
        assert len(opened) == len(set(opened))
        assert not ever & set(opened)
        ever |= set(opened)
        believed_ids = (believed_ids - set(decision.change.superseded)) | set(opened)
        assert believed_ids == {row.id for row in decision.family.coverages}


@quietly
@given(stream=streams, agreed=rules)
def test_nobody_is_covered_twice_in_one_product_and_canceled_cover_has_no_day(
    desk: Any, stream: list[str], agreed: dict[str, Any]
) -> None:
    desk = fill(desk, stream, agreed)
    by_line: dict[str, list[Any]] = {}
    for row in desk.family().coverages:
        assert row.period.is_empty is (row.status is CoverageStatus.CANCELED)
        assert row.billable_before is None or row.billable_before > row.period.ends_before
        if row.status is not CoverageStatus.CANCELED:
            by_line.setdefault(row.line_id, []).append(row)
    for rows in by_line.values():
        rows.sort(key=lambda row: row.period.starts_on)
        for earlier, later in pairwise(rows):
            assert earlier.period.ends_before is not None
            assert earlier.period.ends_before <= later.period.starts_on


@quietly
@given(stream=streams, agreed=rules)
def test_a_full_file_equal_to_what_is_on_file_yields_no_event(
    desk: Any, ins: Callable[..., Any], stream: list[str], agreed: dict[str, Any]
) -> None:
    desk = fill(desk, stream, agreed)
    desk.header = replace(desk.header, action=FileAction.REPLACE, effective_on=date(2025, 8, 1))
    before = desk.family()
    # Under this agreement a line that begins and ends on one day says that it never was (DOMAIN 4.4 rule 8).
    assume(
        "cancel" not in agreed.values() or all(row.period.last_day != row.period.starts_on for row in before.coverages)
    )
    roster = [ins(text, person=person) for text, person in roster_of(before)]

    planned = compare(roster, [before], desk.header, desk.rules)
    events = {desk.decide(restate(request, desk.family())).change.events[0].event.value for request in roster}

    assert () == planned.terminations
    assert events <= {"no_change"}
    assert before == desk.family()


def roster_of(family: Family) -> list[tuple[str, Any]]:
    """Every member with active cover as a full file writes it."""
    roster = []
    for member in family.members:
        rows = [row for row in family.coverages if row.member_id == member.id]
        running = sorted((row for row in rows if not row.period.is_empty), key=lambda row: row.period.starts_on)
        sent = [
            line(
                "030",
                f"{row.insurance_line} {row.plan or '-'}",
                row.level or "-",
                str(row.period.starts_on),
                str(row.period.last_day or ""),
            )
            for row in {row.line_id: row for row in running}.values()
            if row.status is CoverageStatus.ACTIVE
        ]
        if sent:
            roster.append((" | ".join([f"030 {member.person.first_name}", *sent]), member.person))
    return roster
