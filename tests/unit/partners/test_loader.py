"""Partners are read whole: what can be used comes back, and every mistake is named at once."""

from decimal import Decimal
from pathlib import Path

import pytest

from gateway.domain.coverage import MembershipEvent
from gateway.domain.parties import LineOfBusiness, PartnerRole
from gateway.partners.loader import load_partners
from gateway.transactions.quirks import QUIRKS

ROOT = Path(__file__).parents[3]


def test_the_sample_partners_at_the_root_have_no_mistake():
    partners, mistakes = load_partners(ROOT, quirks=QUIRKS, environ={})
    assert [] == mistakes
    assert {"acme", "birch", "cedar", "dunes", "elm"} <= set(partners)


def test_a_partner_holds_its_profile_its_billing_and_its_rates(home):
    acme = home.load()[0]["acme"]
    assert ("acme", PartnerRole.EMPLOYER, 2022) == (acme.id, acme.profile.role, acme.profile.sftp.port)
    assert ["G001234"] == list(acme.accounts)
    gold = {rate.tier: rate.amount for rate in acme.rates if rate.plan == "GOLD" and rate.starts_on.year == 2025}
    assert {
        "EMP": Decimal("620.00"),
        "ESP": Decimal("1240.00"),
        "ECH": Decimal("1178.00"),
        "FAM": Decimal("1450.00"),
    } == gold


def test_the_sample_bill_cycle_has_the_windows_of_the_worked_example(home):
    windows = home.load()[0]["acme"].billing.bill_cycles["MONTHLY"]
    november = [window for window in windows if str(window.accounting) == "2025-11-01"]
    assert [("2025-10-10", "2025-10-15", "2025-11-30")] == [
        (str(window.start), str(window.end), str(window.cutoff)) for window in november
    ]
    assert "2027-12-31" == str(windows[-1].cutoff)


def test_an_exchange_has_a_pattern_and_no_accounts_of_its_own(home):
    dunes = home.load()[0]["dunes"]
    assert {} == dunes.accounts
    assert dunes.individual is not None
    assert LineOfBusiness.INDIVIDUAL is dunes.individual.line_of_business


def test_a_bank_needs_no_billing_file(home):
    elm = home.load()[0]["elm"]
    assert ({}, None, ()) == (elm.accounts, elm.individual, elm.rates)


def test_a_reinstatement_and_a_change_raise_the_type_of_an_enrollment_unless_they_have_their_own(home):
    home.change("birch/billing.toml", 'cancel = "LEAVE" }', 'cancel = "LEAVE", change = "LEAVE" }')
    types = home.load()[0]["birch"].accounts["G005678"].request_types
    assert ("ENROLL", "LEAVE") == (types[MembershipEvent.REINSTATE], types[MembershipEvent.CHANGE])


def test_an_account_may_have_a_rate_file_of_its_own(home):
    home.change("birch/billing.toml", 'rates = "rates.csv"', 'rates = "north.csv"')
    home.add("birch/north.csv", "plan,tier,amount,starts_on,ends_on\nSILVER,EMP,500.00,2025-01-01,\n")
    birch = home.load()[0]["birch"]
    assert [Decimal("500.00")] == [rate.amount for rate in birch.rates_for(birch.accounts["G005678"])]
    assert 8 == len(birch.rates)


def test_a_home_without_partners_has_no_mistake(tmp_path):
    assert ({}, []) == load_partners(tmp_path)


def test_a_file_beside_the_folders_and_a_folder_with_an_underscore_are_left_alone(home):
    home.add("_draft/profile.toml", "this is not even TOML")
    assert [] == home.mistakes()


def test_mistakes_of_all_files_of_all_partners_come_at_once(home):
    home.change("acme/profile.toml", "port = 2022", 'port = "2022"')
    home.change("acme/profile.toml", 'qualifier = "ZZ"', 'qualifer = "ZZ"')
    home.change("acme/billing.toml", "amount = 5.00", "amount = -5.00")
    home.change("birch/billing.toml", "due_days = 15", "due_days = true")
    home.change("birch/rates.csv", "540.00", "540.001")
    home.change("cedar/profile.toml", "[sftp]", "[sftp")
    assert [
        ("acme/billing.toml", "tolerance.amount", "-5.0 is too small", "0 or more"),
        ("acme/profile.toml", "sftp.port", "it is text, which does not fit", "write: whole number"),
        ("acme/profile.toml", "x12.qualifer", "there is no such setting", "did you mean `qualifier`?"),
        (
            "birch/billing.toml",
            "accounts.G005678.due_days",
            "it is true or false, which does not fit",
            "write: whole number",
        ),
        ("birch/rates.csv", "line 2, amount", "it has too many decimal places", "2 at most"),
    ] == [mistake for mistake in home.mistakes() if mistake[0] != "cedar/profile.toml"]
    [(_, key, problem, _)] = [mistake for mistake in home.mistakes() if mistake[0] == "cedar/profile.toml"]
    assert "line 7" == key
    assert problem.startswith("this is not TOML: ")


def test_a_partner_that_breaks_a_rule_is_still_there_and_one_that_cannot_be_read_is_not(home):
    home.change("acme/profile.toml", 'id = "acme"', 'id = "apex"')
    home.change("birch/profile.toml", "port = 2022", 'port = "2022"')
    assert {"apex", "cedar", "dunes", "elm"} == set(home.load()[0])


def test_references_are_not_called_wrong_while_the_partner_they_lead_to_cannot_be_read(home):
    home.change("acme/profile.toml", "port = 2022", 'port = "2022"')
    assert ["acme/profile.toml"] == [file for file, *_ in home.mistakes()]


def test_a_folder_without_a_profile_is_named(home):
    home.add("oak/billing.toml", "")
    assert [
        ("oak/profile.toml", "", "the file is missing", "write it, or copy one from an example"),
    ] == home.mistakes()


@pytest.mark.parametrize("file", ["acme/profile.toml", "acme/billing.toml"])
def test_a_file_that_is_not_utf_8_is_named(home, file):
    (home.path / "partners" / file).write_bytes(b'name = "M\xfcller"')
    assert [(file, "", "the file is not UTF-8", "save it as plain UTF-8 text that we may read")] == [
        mistake for mistake in home.mistakes() if mistake[0] == file
    ]


def test_a_mistake_never_quotes_what_may_be_a_secret(home):
    home.change("elm/profile.toml", '{ file = "secrets/elm_password" }', '"hunter2"')
    [mistake] = home.mistakes()
    assert ("sftp.password", "it is text, which does not fit") == mistake[1:3]
    assert "hunter2" not in " ".join(mistake)
