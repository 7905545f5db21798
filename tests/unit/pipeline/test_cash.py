"""A bank's list of deposits: money meets what was remitted, whichever came first, and once (DOMAIN 5.4, 7.6; HC-39)."""

import pytest

from gateway.partners.profile import Cash
from gateway.pipeline.unmatched import unmatched
from tests.unit.pipeline.test_settle import TRACE, acme, billed, effect, invoice, money, pays, pot
from tests.unit.pipeline.test_suspense import proven
from tests.unit.pipeline.x12_files import pays_account, premium_820

__all__ = ["acme", "billed"]
HEAD = "deposited_on,trace,amount,originator,payer_id,account,lockbox,return_code\n"
REMITTANCE = premium_820("I", "3720", *pays_account("RMR*IK*INV000000002*PI*3720"), trace=TRACE)
ALL = f"2025-12-02,{TRACE},3720.00,1123456789,123456789,,LB7,"
BAI2 = """01,122099999,123456789,251202,0200,1,,,2/
02,123456789,122099999,1,251202,0200,USD,2/
03,0001230045,USD,,,,/
16,142,372000,Z,BANK77,EFT20251201A,ACME CORP/
49,372000,3/
98,372000,1,5/
99,372000,1,7/
"""


@pytest.fixture
def bank(acme):
    """That house, whose bank sends lockbox lists."""
    acme.agree("elm", cash=Cash(files=("lockbox*.csv",)))
    return acme


def deposits(house, *rows, name="lockbox-1.csv"):
    return house.take("elm", (HEAD + "".join(f"{row}\n" for row in rows)).encode(), name)


def told(house):
    return house.rows("SELECT code, message FROM findings WHERE code LIKE '%\\_%' ESCAPE '\\' ORDER BY message")


@pytest.mark.parametrize("first", ["the money", "the remittance"])
def test_money_of_a_list_meets_its_remittance_whichever_comes_first(bank, first):
    steps = [lambda: deposits(bank, ALL), lambda: pays(bank, REMITTANCE)]
    for step in steps if first == "the money" else reversed(steps):
        step()
    assert (money("0.00"), "paid") == invoice(bank)
    assert ("7440.00", "0.00", "0.00", "0.00") == pot(bank)
    assert [] == bank.rows("SELECT id FROM transaction_sets WHERE state = 'waiting'")
    assert proven(bank)


@pytest.mark.parametrize("first", ["the money", "the remittance"])
def test_bai2_names_no_payer_and_still_meets_the_remittance_of_its_trace(bank, first):
    bank.agree("elm", cash=Cash(files=("*.bai",), format="bai2"))
    steps = [lambda: bank.take("elm", BAI2.encode(), "december.bai"), lambda: pays(bank, REMITTANCE)]
    for step in steps if first == "the money" else reversed(steps):
        step()
    assert (money("0.00"), "paid") == invoice(bank)
    assert ("7440.00", "0.00", "0.00", "0.00") == pot(bank)
    assert proven(bank)


def test_a_deposit_that_is_listed_twice_counts_once_and_is_said(bank):
    deposits(bank, ALL, ALL)
    assert ("3720.00", "3720.00", "0.00", "0.00") == pot(bank)
    assert ["DUPLICATE_REMITTANCE"] == [code for code, _ in told(bank)]
    before = effect(bank)
    deposits(bank, ALL, "2025-12-02,OTHER,1.00,,,,,", name="lockbox-2.csv")
    after = effect(bank)
    assert len(before["receipts"]) + 1 == len(after["receipts"])
    assert ("3720.00", "3720.00", "1.00", "0.00") == pot(bank)
    assert proven(bank)


def test_a_returned_deposit_undoes_what_it_paid(bank):
    pays(bank, REMITTANCE)
    deposits(bank, ALL)
    deposits(bank, f"2025-12-09,{TRACE},3720.00,,,,,NSF", name="lockbox-2.csv")
    assert (money("3720.00"), "open") == invoice(bank)
    assert ("3720.00", "0.00", "0.00", "0.00") == pot(bank)
    assert [("NSF", "elm")] == bank.rows("SELECT code, returned_by FROM returned_receipts")
    assert proven(bank)


def test_a_return_of_a_deposit_that_nobody_knows_is_said(bank):
    deposits(bank, "2025-12-09,NOWHERE,5.00,,,,,NSF")
    assert ["RETURN_UNKNOWN"] == [code for code, _ in told(bank)]


def test_a_list_that_cannot_be_read_is_refused_whole_with_its_line(bank):
    file = deposits(bank, ALL, "2025-12-01,T2,many,,,,,")
    ((state, reason),) = bank.rows("SELECT state, reason FROM transaction_sets WHERE file_id = ?", file.id)
    assert ("refused", True) == (state, reason.startswith("line 3:"))
    assert ("3720.00", "0.00", "0.00", "0.00") == pot(bank)


def test_a_list_is_answered_by_nothing(bank):
    before = bank.inbox("elm")
    deposits(bank, ALL)
    assert before == bank.inbox("elm")


def test_hc_39_a_missing_and_an_extra_deposit_are_found(bank):
    pays(bank, REMITTANCE)
    deposits(bank, "2025-12-02,EXTRA,99.00,,,,,")
    assert [(TRACE, "remittance without deposit"), ("EXTRA", "deposit without remittance")] == [
        (each.receipt.trace, each.what) for each in unmatched(bank.plant)
    ]
    deposits(bank, ALL, name="lockbox-2.csv")
    assert ["EXTRA"] == [each.receipt.trace for each in unmatched(bank.plant)]
