"""The alarm of a bill cycle that ends (IA-56)."""

from datetime import date

import pytest

from gateway.watch.cycles import CycleAhead, ending_cycles

STARTS = (date(2025, 10, 10), date(2025, 11, 10), date(2025, 12, 10))
CYCLE = CycleAhead("acme", "MONTHLY", STARTS)


@pytest.mark.parametrize(
    ("today", "ahead"),
    [
        (date(2025, 10, 9), None),
        (date(2025, 10, 10), None),
        (date(2025, 11, 10), 1),
        (date(2025, 12, 9), 1),
        (date(2025, 12, 10), 0),
    ],
    ids=["three ahead", "two ahead", "one ahead", "still one", "none"],
)
def test_ia_56_fewer_than_two_windows_ahead_raise_the_alarm(today, ahead):
    assert ([] if ahead is None else [ahead]) == [each.ahead for each in ending_cycles([CYCLE], today)]


def test_ia_56_the_alarm_says_what_to_do_and_is_the_same_until_a_window_passes():
    first, second = (ending_cycles([CYCLE], date(2025, 11, day))[0] for day in (10, 30))
    assert first == second
    assert "gateway cycle extend acme MONTHLY" in first.message
    assert first.key != ending_cycles([CYCLE], date(2025, 12, 10))[0].key
