"""Which tier follows from who is covered (DOMAIN 8.1)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.billing.tier import Composition, derive_tier, disagrees

FOUR = frozenset({"EMP", "ESP", "ECH", "FAM"})
THREE = frozenset({"EMP", "TWO", "FAM"})
TWO = frozenset({"EMP", "FAM"})

ALONE = Composition(has_subscriber=True, spouses=0, children=0)
COUPLE = Composition(has_subscriber=True, spouses=1, children=0)
PARENT = Composition(has_subscriber=True, spouses=0, children=1)
PARENT_OF_TWO = Composition(has_subscriber=True, spouses=0, children=2)
FAMILY = Composition(has_subscriber=True, spouses=1, children=2)
CHILD = Composition(has_subscriber=False, spouses=0, children=1)


@pytest.mark.parametrize(
    ("who", "four", "three", "two"),
    [
        (ALONE, "EMP", "EMP", "EMP"),
        (COUPLE, "ESP", "TWO", "FAM"),
        (PARENT, "ECH", "TWO", "FAM"),
        (PARENT_OF_TWO, "ECH", "FAM", "FAM"),
        (FAMILY, "FAM", "FAM", "FAM"),
        (CHILD, "", "", ""),
    ],
)
def test_the_tier_is_the_narrowest_that_fits_among_those_with_a_price(who, four, three, two):
    assert [four, three, two] == [derive_tier(who, priced) for priced in (FOUR, THREE, TWO)]


@pytest.mark.parametrize(
    ("who", "tier"),
    [
        (CHILD, "CHD"),
        (Composition(has_subscriber=False, spouses=1, children=0), "SPO"),
        (Composition(has_subscriber=False, spouses=1, children=1), "SPC"),
    ],
)
def test_dependents_without_their_subscriber_have_tiers_of_their_own(who, tier):
    assert tier == derive_tier(who, frozenset({"CHD", "SPO", "SPC", "DEP"}))
    assert "DEP" == derive_tier(who, frozenset({"DEP", "FAM"}))


@pytest.mark.parametrize(
    ("tier", "who", "expected"),
    [
        ("EMP", ALONE, False),
        ("EMP", COUPLE, True),
        ("FAM", ALONE, True),
        ("FAM", PARENT_OF_TWO, False),
        ("TWO", COUPLE, False),
        ("E5D", ALONE, True),
        ("E6D", PARENT_OF_TWO, False),
        ("E3D", FAMILY, False),
        ("XYZ", ALONE, False),  # not known here
    ],
)
def test_a_sent_tier_that_cannot_be_that_of_the_covered_members_disagrees(tier, who, expected):
    assert expected == disagrees(tier, who)


FIVE = frozenset({"EMP", "ESP", "E1D", "ECH", "FAM"})
compositions = st.builds(Composition, st.booleans(), st.integers(0, 2), st.integers(0, 9))


@pytest.mark.parametrize(
    ("who", "tier"), [(ALONE, "EMP"), (COUPLE, "ESP"), (PARENT, "E1D"), (PARENT_OF_TWO, "ECH"), (FAMILY, "FAM")]
)
def test_a_table_of_five_tiers_tells_one_child_from_more(who, tier):
    assert tier == derive_tier(who, FIVE)


@settings(deadline=None, database=None)
@given(compositions, st.sampled_from([TWO, THREE, FOUR, FIVE]))
def test_every_family_with_its_subscriber_has_a_tier_in_every_table(who, priced):
    assert derive_tier(who, priced) in (priced if who.has_subscriber else {"", "TWO"})


@settings(deadline=None, database=None)
@given(compositions)
def test_a_tier_that_was_derived_never_disagrees_with_who_is_covered(who):
    tier = derive_tier(who, FOUR)
    assert not tier or not disagrees(tier, who)
