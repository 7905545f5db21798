"""An id is its content: the same on every node, different for different things."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.identity import content_id


def test_the_same_content_has_the_same_id_on_every_node_and_day():
    assert "F01mbf8vw00m4m" == content_id("F", "acme", "0" * 64)


def test_parts_are_joined_so_that_they_cannot_run_into_each_other():
    assert content_id("F", "ab", "c") != content_id("F", "a", "bc")


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_different_content_has_different_ids(one, other):
    assert (one == other) == (content_id("X", *one) == content_id("X", *other))
