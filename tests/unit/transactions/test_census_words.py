"""Who sends columns is told of columns."""

from pathlib import Path

import pytest

from gateway.transactions.census_compile import check_layout
from gateway.transactions.census_words import in_columns

LAYOUTS = Path(__file__).parents[3] / "mappings" / "census"
SAID = [
    # layout, what an 834 would be told, what a census is told
    ("people", "The group (REF*1L) is not yours.", "The group (`Group Number`) is not yours."),
    ("people", "name it in HD04.", "name it in `Medical Plan`."),
    ("people", "no end date was sent (DTP 349 or 357).", "no end date was sent (`End Date` or `Eligible Through`)."),
    ("people-fixed", "name it in HD04.", "name it in `68-75`."),
    ("people-fixed", "the policy (REF*1L)", "the policy (REF*1L)"),
    ("people", "HD049 and A349B are no places", "HD049 and A349B are no places"),
]


@pytest.mark.parametrize(("name", "x12", "columns"), SAID)
def test_places_of_an_834_become_columns_where_there_are_any(name, x12, columns):
    layout, _ = check_layout(LAYOUTS / f"{name}.toml")
    assert columns == in_columns(x12, layout)
