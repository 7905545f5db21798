"""Who is eligible for invoice requests (DOMAIN 3.1); OR-05, OR-06."""

from dataclasses import replace

import pytest

from gateway.billing.account import AccountRules
from gateway.billing.eligibility import why_not_eligible
from gateway.domain.parties import LineOfBusiness

GROUP = AccountRules(id="ACME", partner_id="acme")
PERSON = replace(GROUP, line_of_business=LineOfBusiness.INDIVIDUAL)
COBRA = replace(GROUP, direct_billed=True)


@pytest.mark.parametrize(
    ("characteristics", "said"),
    [
        ({"INVRACTE": "Y"}, ""),
        ({"INVRACTE": "N"}, "the account is not eligible: INVRACTE is N"),
        ({}, "the account is not eligible: it has no INVRACTE"),
        ({"INVRACTE": "yes"}, "the account is not eligible: INVRACTE is yes"),
    ],
    ids=["Y", "N", "absent", "another word"],
)
def test_or_05_only_the_value_y_makes_an_account_eligible(characteristics, said):
    assert said == why_not_eligible(replace(GROUP, characteristics=characteristics))


@pytest.mark.parametrize(
    ("characteristics", "said"),
    [
        ({"CM-BILLME": "Y"}, ""),
        ({"CM-BILLME": "Y", "INVRACTE": "N"}, ""),
        ({"INVRACTE": "Y"}, "the account is not eligible: it has no CM-BILLME"),
        ({"CM-BILLME": "N", "INVRACTE": "Y"}, "the account is not eligible: CM-BILLME is N"),
    ],
)
def test_or_06_behaviour_follows_the_renamed_type_and_the_old_name_is_ignored(characteristics, said):
    account = replace(GROUP, eligibility_type="CM-BILLME", characteristics=characteristics)
    assert said == why_not_eligible(account)


@pytest.mark.parametrize("account", [PERSON, COBRA], ids=["individual", "direct-billed"])
@pytest.mark.parametrize(
    ("of_account", "of_membership", "said"),
    [
        ({}, {"INVRACTE": "Y"}, ""),
        ({"INVRACTE": "Y"}, {}, "the membership is not eligible: it has no INVRACTE"),
        ({"INVRACTE": "Y"}, {"INVRACTE": "N"}, "the membership is not eligible: INVRACTE is N"),
    ],
)
def test_or_05_in_individual_and_direct_billed_business_the_membership_bears_it(
    account, of_account, of_membership, said
):
    assert said == why_not_eligible(replace(account, characteristics=of_account), of_membership)


def test_or_05_in_group_business_what_a_membership_bears_does_not_count():
    assert "the account is not eligible: it has no INVRACTE" == why_not_eligible(GROUP, {"INVRACTE": "Y"})
