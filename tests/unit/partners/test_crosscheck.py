"""What partners must agree on with each other."""

import pytest


@pytest.mark.parametrize(
    ("file", "old", "new", "mistakes"),
    [
        (
            "birch/profile.toml",
            'id = "BIRCH"',
            'id = "ACME"',
            [("birch/profile.toml", "x12.id", "ZZ/ACME is already that of x12.id of acme")],
        ),
        (
            "birch/billing.toml",
            'policies = ["G005678"]',
            'policies = ["G005678", "G001234"]',
            [
                (
                    "birch/billing.toml",
                    "accounts.G005678.policies[2]",
                    "the policy G001234 is already that of accounts.G001234.policies[1] of acme",
                )
            ],
        ),
        (
            "birch/billing.toml",
            "[accounts.G005678]",
            "[accounts.G001234]",
            [
                (
                    "birch/billing.toml",
                    "accounts.G001234",
                    "the account id G001234 is already that of accounts.G001234 of acme",
                )
            ],
        ),
        (
            "birch/profile.toml",
            'username = "birch"',
            'username = "acme"',
            [("birch/profile.toml", "pick_up.folder", "this mailbox is already that of pick_up.folder of acme")],
        ),
        (
            "elm/profile.toml",
            'may_pay = ["*"]',
            'may_pay = ["G001234", "G00567"]',
            [("elm/profile.toml", "remittance.may_pay[2]", "there is no account G00567")],
        ),
        (
            "cedar/profile.toml",
            'accounts = ["G001234"]',
            'accounts = ["G001235"]',
            [("cedar/profile.toml", "feeds.accounts[1]", "there is no account G001235")],
        ),
        (
            "acme/billing.toml",
            'broker = "cedar"',
            'broker = "ceder"',
            [
                ("acme/billing.toml", "accounts.G001234.broker", "`ceder` is no partner"),
                ("cedar/profile.toml", "feeds.accounts[1]", "cedar is not the broker of record of G001234"),
            ],
        ),
        (
            "birch/billing.toml",
            "due_days = 15",
            'broker = "elm"',
            [("birch/billing.toml", "accounts.G005678.broker", "`elm` is no broker")],
        ),
    ],
)
def test_what_one_partner_claims_or_refers_to_must_fit_the_others(home, file, old, new, mistakes):
    home.change(file, old, new)
    assert mistakes == [mistake[:3] for mistake in home.mistakes()]


def test_a_broker_gets_no_invoices_of_a_sponsor_that_did_not_name_it(home):
    home.change("cedar/profile.toml", 'accounts = ["G001234"]', 'accounts = ["G005678"]')
    assert [
        (
            "cedar/profile.toml",
            "feeds.accounts[1]",
            "cedar is not the broker of record of G005678",
            'take it out, or write broker = "cedar" in partners/birch/billing.toml',
        )
    ] == home.mistakes()


def test_two_exchanges_may_both_have_a_pattern_of_individual_accounts(home):
    for file in ("profile.toml", "billing.toml"):
        text = (home.path / "partners/dunes" / file).read_text()
        home.add(f"oasis/{file}", text.replace("dunes", "oasis").replace("DUNES", "OASIS"))
    assert [] == home.mistakes()


def test_partners_that_take_any_sender_do_not_collide(home):
    for partner_id, identifier in (("acme", "ACME"), ("birch", "BIRCH")):
        home.change(f"{partner_id}/profile.toml", f'id = "{identifier}"', 'id = "*"')
    assert [] == home.mistakes()
