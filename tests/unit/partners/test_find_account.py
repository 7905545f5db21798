"""From what an 834 says to the account that is billed: policy, else tax id, else ACT01."""

import pytest

from gateway.partners.loader import find_account


@pytest.mark.parametrize(
    ("policy", "sponsor_id", "account", "found"),
    [
        ("G001234", "", "", "G001234"),
        ("G001234", "223344556", "G005678", "G001234"),
        ("UNKNOWN", "223344556", "", "G005678"),
        ("", "123456789", "G005678", "G001234"),
        ("", "", "G005678", "G005678"),
        ("", "999999999", "G005678", "G005678"),
        ("", "", "", None),
        ("UNKNOWN", "999999999", "UNKNOWN", None),
        ("", "", "individual", None),
    ],
)
def test_the_policy_counts_before_the_tax_id_and_the_tax_id_before_the_account_number(
    home, policy, sponsor_id, account, found
):
    assert found == find_account(home.load()[0].values(), policy, sponsor_id, account)


@pytest.mark.parametrize(("account", "found"), [("", None), ("G005679", "G005679"), ("G001234", None)])
def test_of_two_accounts_with_one_tax_id_the_account_number_decides(home, account, found):
    home.add(
        "birch/billing.toml",
        '\n[accounts.G005679]\npolicies = ["G005679"]\ntax_ids = ["223344556"]\n'
        'bill_cycle = "MONTHLY"\nbill_period = "month"\n'
        'request_types = { enroll = "ENROLL", terminate = "LEAVE", cancel = "LEAVE" }\n',
    )
    partners, mistakes = home.load()
    assert [] == mistakes
    assert found == find_account(partners.values(), "", "223344556", account)


def test_only_the_partners_that_are_asked_are_searched(home):
    partners = home.load()[0]
    assert None is find_account([partners["birch"]], "G001234", "123456789", "G001234")
