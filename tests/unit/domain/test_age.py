"""Ages and age bands (DOMAIN 8.1)."""

from datetime import date

import pytest

from gateway.domain.age import AgeBand, age_on


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(1980, 1, 2), date(2025, 1, 1), 44),
        (date(1980, 1, 2), date(2025, 1, 2), 45),
        (date(2004, 2, 29), date(2025, 2, 28), 20),
        (date(2004, 2, 29), date(2025, 3, 1), 21),
        (date(2025, 6, 1), date(2025, 1, 1), 0),
    ],
    ids=["eve", "birthday", "leap eve", "leap", "not born yet"],
)
def test_an_age_is_counted_in_whole_years(born, day, age):
    assert age == age_on(born, day)


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("AGE 0-14", AgeBand(0, 14)),
        ("AGE 15", AgeBand(15, 15)),
        ("AGE 64+", AgeBand(64, None)),
        ("AGE 20-10", None),
        ("10-14", None),
        ("EMP", None),
        ("AGE", None),
    ],
)
def test_a_band_is_read_as_finance_writes_it(text, band):
    assert band == AgeBand.parse(text)


def test_both_ends_of_a_band_belong_to_it():
    assert [False, True, True, False] == [AgeBand(15, 20).holds(age) for age in (14, 15, 20, 21)]
    assert [False, True] == [AgeBand(64, None).holds(age) for age in (63, 99)]
