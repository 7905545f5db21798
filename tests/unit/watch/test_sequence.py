"""Control numbers that were sent and never came."""

import pytest

from gateway.watch.sequence import find_gaps


def spans(received: list[int], **options) -> list[tuple[int, int]]:
    return [(gap.first, gap.last) for gap in find_gaps("ZZ/ACME", received, **options)]


@pytest.mark.parametrize(
    ("received", "missing"),
    [
        ([], []),
        ([101], []),
        ([101, 102, 103], []),
        ([101, 103], [(102, 102)]),
        ([101, 105, 107], [(102, 104), (106, 106)]),
        ([101, 103, 102], []),  # one file overtook another
        ([101, 105, 103], [(102, 102), (104, 104)]),
        ([101, 103, 103, 101], [(102, 102)]),  # numbers that come twice close nothing
        ([999999998, 1], [(999999999, 999999999)]),  # past the last number, with or without a zero
        ([999999999, 0, 1], []),
        ([999999999, 1], []),
        ([5000, 1, 2], []),  # the sender began anew
        ([101, 103, 900000000, 900000002], [(102, 102), (900000001, 900000001)]),
    ],
)
def test_numbers_between_those_that_came_are_missing(received, missing):
    assert missing == spans(received)


@pytest.mark.parametrize(("step", "missing"), [(10, [(101, 109)]), (11, [])])
def test_a_step_over_the_jump_is_a_new_beginning(step, missing):
    assert missing == spans([100, 100 + step], jump=10)


def test_a_gap_says_whose_it_is_and_what_to_ask():
    one, many = find_gaps("ZZ/ACME", [101, 103, 106])
    assert (
        "sequence/ZZ/ACME/000000102",
        1,
        "interchange 000000102 of ZZ/ACME never came: ask whether it was sent",
    ) == (
        one.key,
        one.size,
        one.message,
    )
    assert (2, "interchanges 000000104 to 000000105 of ZZ/ACME never came: ask whether they were sent") == (
        many.size,
        many.message,
    )
