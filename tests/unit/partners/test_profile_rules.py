"""What a profile must agree on within itself: one change of a sample partner, and the mistake it makes."""

import pytest

from gateway.partners.partner import is_host_key

PROFILE = "acme/profile.toml"
KEY = 'private_key = { file = "secrets/gateway_ed25519" }'

WRONG = [
    (
        'id = "acme"',
        'id = "apex"',
        ("id", "it differs from the folder's name, acme", 'write id = "acme" or rename the folder to apex'),
    ),
    (
        KEY,
        'passphrase = { env = "PASSPHRASE" }',
        ("sftp.passphrase", "there is no key that it opens", "write sftp.private_key too"),
    ),
    (
        KEY,
        'private_key = { file = "secrets/gateway_ed25519", env = "KEY" }',
        (
            "sftp.private_key",
            "a secret's reference names neither or both of env and file",
            'write either { env = "NAME" } or { file = "secrets/name" }',
        ),
    ),
    (
        'host_key_file = "keys/host_key.pub"',
        'host_keys = ["sftp.acme.example ssh-ed25519 AAAA"]',
        (
            "sftp.host_keys[1]",
            "this is no OpenSSH public key",
            "write lines such as `ssh-ed25519 AAAA...`, without the host's name in front",
        ),
    ),
    (
        'archive_folder = "/outbox/processed"',
        'archive_folder = "/outbox/"',
        ("pick_up.archive_folder", "it is the folder that we pick up from", "name another folder"),
    ),
    (
        "[feeds]",
        '[delivery]\nack_folder = "/outbox"\n\n[feeds]',
        ("delivery.ack_folder", "it is the folder that we pick up from", "name another folder"),
    ),
    (
        "[enrollment]",
        '[enrollment]\nquirks = ["far_end_is_opn"]',
        ("enrollment.quirks[1]", "there is no quirk `far_end_is_opn`", "did you mean `far_end_is_open`?"),
    ),
    (
        "[feeds]",
        '[remittance]\nmay_pay = ["*"]\n\n[feeds]',
        ("remittance.may_pay", "only a bank may pay for every account", "name the accounts"),
    ),
    ("day = 5 ", "day = 8 ", ("expects[1].day", "a week has no day 8", "1 (Monday) to 7 (Sunday)")),
    (
        'after = "archive"',
        'after = "archive"\ncron = "*/5 6-20 * *"',
        (
            "pick_up.cron",
            "a cron line has 5 fields, not 4",
            "write minute, hour, day, month, weekday: 30 6 * * mon-fri",
        ),
    ),
    (
        'after = "archive"',
        'after = "archive"\ntime_zone = "America/New_Yrok"',
        ("pick_up.time_zone", "there is no such time zone", "did you mean `America/New_York`?"),
    ),
    (
        'role = "employer"',
        'role = "employr"',
        ("role", "`employr` is not one of the choices", "did you mean `employer`?"),
    ),
    (
        'id = "ACME"',
        'id = "ACME:EAST"',
        (
            "x12.id",
            "it has characters or a length that are not allowed",
            r"it must match ^(\*|[A-Za-z0-9 !&'()+,./?=%@_$#-]{1,15})$",
        ),
    ),
]


@pytest.mark.parametrize(("old", "new", "mistake"), WRONG, ids=[f"{each[2][0]}-{n}" for n, each in enumerate(WRONG)])
def test_one_wrong_setting_makes_one_mistake_with_its_remedy(home, old, new, mistake):
    home.change(PROFILE, old, new)
    assert [(PROFILE, *mistake)] == home.mistakes()


def test_two_partners_of_the_same_server_may_share_its_host_and_port(home):
    assert [] == home.mistakes()


def test_an_active_partner_whose_key_and_secret_are_in_place_has_no_mistake(home):
    home.activate("acme")
    assert [] == home.mistakes()


def test_an_active_partner_needs_its_host_key_its_secret_and_a_contact(home):
    home.change("cedar/profile.toml", 'status = "onboarding"', 'status = "active"')
    home.change("cedar/profile.toml", 'email = "service@cedar.example"', "")
    assert [
        (
            "contact",
            "an active partner needs someone to call",
            "write contact.name, and contact.email or contact.phone",
        ),
        (
            "sftp.host_key_file",
            "the host key file keys/host_key.pub cannot be read",
            "save the partner's public host key there: ssh-keyscan shows it, the partner confirms it",
        ),
        ("sftp.private_key", "there is no secret file secrets/gateway_ed25519", "put it there, readable for us only"),
    ] == [mistake[1:] for mistake in home.mistakes()]


def test_an_active_partner_without_a_pinned_key_or_a_login_is_named(home):
    home.activate("acme")
    home.change(PROFILE, 'host_key_file = "keys/host_key.pub"', "")
    home.change(PROFILE, KEY, "")
    assert [
        ("sftp", "an active partner needs a way to log in"),
        ("sftp.host_keys", "an active partner's server needs a pinned host key"),
    ] == [mistake[1:3] for mistake in home.mistakes()]


def test_a_host_key_file_with_a_line_that_is_no_key_is_named(home):
    home.activate("acme")
    home.add("acme/keys/host_key.pub", "ssh-ed25519 not/base64!\n")
    assert [("sftp.host_key_file", "a line of it is no OpenSSH public key")] == [
        mistake[1:3] for mistake in home.mistakes()
    ]


def test_comments_in_a_host_key_file_are_no_keys(home):
    home.activate("acme")
    home.add("acme/keys/host_key.pub", "# pinned by telephone\n\n")
    assert [] == home.mistakes()
    assert 1 == len(home.load()[0]["acme"].host_keys())


def test_a_partner_in_onboarding_needs_no_secret_yet(home):
    home.change("elm/profile.toml", 'file = "secrets/elm_password"', 'env = "ELM_PASSWORD"')
    assert [] == home.mistakes()


def test_an_active_partner_finds_its_secret_in_the_environment(home):
    home.activate("elm")
    home.change("elm/profile.toml", 'file = "secrets/elm_password"', 'env = "ELM_PASSWORD"')
    assert [] == home.mistakes(environ={"ELM_PASSWORD": "planted"})
    assert [("sftp.password", "the environment variable ELM_PASSWORD is not set")] == [
        mistake[1:3] for mistake in home.mistakes(environ={})
    ]


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtleWtleWtleWtleWtleWtleWtleWtleWtleWtleWtl", True),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtleWtleWtleWtleWtleWtleWtleWtleWtleWtleWtl a comment", True),
        ("ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIGtleWtleWtleWtleWtleWtleWtleWtleWtleWtleWtl", False),
        ("host ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtleWtleWtleWtleWtleWtleWtleWtleWtleWtleWtl", False),
        ("ssh-dss AAAAB3NzaC1kc3M=", False),
        ("ssh-ed25519", False),
        ("", False),
    ],
)
def test_a_host_key_is_an_openssh_line_whose_type_and_content_agree(line, is_one):
    assert is_one is is_host_key(line)


def test_lists_of_deposits_are_a_banks_and_name_columns_that_we_know(home):
    home.add("elm/profile.toml", '\n[cash]\nfiles = ["lockbox*.csv"]\n')
    assert [] == home.mistakes()
    home.add("elm/profile.toml", '[cash.columns]\ntrce = "Check No"\n')
    home.add(PROFILE, '\n[cash]\nfiles = ["lockbox*.csv"]\n')
    assert [
        (PROFILE, "cash", "only a bank sends lists of deposits"),
        (PROFILE, "cash", "what this bank says is not taken as money"),
        ("elm/profile.toml", "cash.columns.trce", "a list of deposits has no column `trce`"),
    ] == [mistake[:3] for mistake in home.mistakes()]


def test_the_bank_of_a_refund_has_a_check_digit(home):
    home.change("acme/billing.toml", 'bill_cycle = "MONTHLY"', 'bill_cycle = "MONTHLY"\nrefund_routing = "011000016"')
    ((file, key, problem, _),) = home.mistakes()
    assert ("acme/billing.toml", "accounts.G001234.refund_routing") == (file, key)
    assert "no ABA routing number" in problem
