"""Which accounts a request for a person selects (DOMAIN 3.1); OR-04."""

from dataclasses import replace

import pytest

from gateway.billing.selection import Candidate, Target, is_at_or_below, select_accounts
from gateway.domain.parties import LineOfBusiness

PARENTS = {"NORTH": "acme", "CITY": "NORTH"}
TREE = [
    Candidate("HEAD", "acme", LineOfBusiness.GROUP),
    Candidate("PLANT", "NORTH", LineOfBusiness.GROUP, "the account is not eligible: INVRACTE is N"),
    Candidate("SHOP", "NORTH", LineOfBusiness.GROUP),
    Candidate("YARD", "CITY", LineOfBusiness.GROUP),
]
ACME = Target(person_id="acme")


def test_or_04_of_a_tree_of_four_accounts_one_not_eligible_and_one_taken_out_two_are_billed():
    found = select_accounts(replace(ACME, with_children=True, without=frozenset({"SHOP"})), TREE, PARENTS)
    assert ("HEAD", "YARD") == found.chosen
    assert (
        ("PLANT", "the account is not eligible: INVRACTE is N"),
        ("SHOP", "it was taken out"),
    ) == found.left_out


@pytest.mark.parametrize(
    ("target", "chosen"),
    [
        (ACME, ("HEAD",)),
        (Target(person_id="NORTH"), ("SHOP",)),
        (Target(person_id="NORTH", with_children=True), ("SHOP", "YARD")),
        (Target(person_id="CITY", with_children=True), ("YARD",)),
        (Target(account_id="SHOP"), ("SHOP",)),
        (Target(person_id="nobody", with_children=True), ()),
    ],
    ids=["the person alone", "a child alone", "a child with its own", "a leaf", "one account", "a stranger"],
)
def test_or_04_a_person_stands_for_its_accounts_and_with_the_option_for_those_below(target, chosen):
    assert chosen == select_accounts(target, TREE, PARENTS).chosen


@pytest.mark.parametrize(
    ("business", "why"),
    [
        (LineOfBusiness.SELF_FUNDED, "self-funded business gets no invoice request"),
        (LineOfBusiness.INDIVIDUAL, "individual business is ordered by account"),
    ],
)
def test_or_15_a_person_s_self_funded_and_individual_accounts_are_left_out_with_the_reason(business, why):
    assert (("X", why),) == select_accounts(ACME, [Candidate("X", "acme", business)], {}).left_out


def test_or_03_an_individual_account_is_ordered_by_its_id():
    assert ("X",) == select_accounts(Target("X"), [Candidate("X", "dunes", LineOfBusiness.INDIVIDUAL)], {}).chosen


def test_persons_in_a_circle_do_not_stop_the_search():
    assert not is_at_or_below("A", "acme", {"A": "B", "B": "A"})
