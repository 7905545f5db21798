"""What a bank says arrived or went back, as a lockbox list or BAI2; taken whole or not at all (DOMAIN 5.4, HC-39)."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transactions.cash_items import read_cash, total_of

HEAD = "deposited_on,trace,amount,originator,payer_id,account,lockbox,return_code\r\n"
DAY = date(2025, 12, 1)
BAI2 = """01,122099999,123456789,251201,0200,1,,,2/
02,123456789,122099999,1,251201,0200,USD,2/
03,0001230045,USD,010,500000,,,190,371750,1,V,251201,,/
16,142,371750,Z,BANK77,EFT20251201A,ACME CORP/
16,165,25000,S,0,25000,0,BANK78,,NO CUSTOMER REFERENCE/
88,MORE TEXT/
16,555,10000,Z,,CHECK9,RETURNED ITEM/
16,475,5000,Z,,PAID,A CHEQUE OF OURS/
49,1283500,6/
98,1283500,1,8/
99,1283500,1,10/
"""


def lockbox(*rows, head=HEAD, columns=None):
    return read_cash((head + "".join(f"{row}\r\n" for row in rows)).encode(), "lockbox_csv", columns or {})


def bai2(text=BAI2):
    return read_cash(text.encode(), "bai2", {})


def short(found):
    return [(each.line, str(each.amount), each.trace, each.deposited_on, each.return_code) for each in found.items]


def test_a_lockbox_list_has_a_row_for_each_deposit_and_return():
    found = lockbox("2025-12-01,T1,620.00,1123456789,123456789,G001234,LB7,", "20251201,T2,5,,,,,NSF")
    assert [(2, "620.00", "T1", DAY, ""), (3, "5.00", "T2", DAY, "NSF")] == short(found)
    assert ("1123456789", "123456789", "G001234", "LB7") == (
        found.items[0].originator, found.items[0].payer_id, found.items[0].account, found.items[0].lockbox,
    )  # fmt: skip
    assert Decimal("615.00") == total_of(found.items)


def test_a_bank_may_call_its_columns_as_it_likes():
    columns = {"deposited_on": "Date", "trace": "Check No", "amount": "Amount"}
    found = lockbox("x,2025-12-01,77,1.50", head="Batch,Date,Check No,Amount\r\n", columns=columns)
    assert [(2, "1.50", "77", DAY, "")] == short(found)


@pytest.mark.parametrize(
    ("row", "line", "says"),
    [
        ("2025-12-01,T1,1e3,,,,,", 2, "amount or trace"),
        ("2025-12-01,,1.00,,,,,", 2, "amount or trace"),
        ("2025-12-01,T1,1.005,,,,,", 2, "amount or trace"),
        ("2025-02-30,T1,1.00,,,,,", 2, "day"),
        ("2025-12-01,T1,1.00", 2, "3 cells"),
    ],
)
def test_one_row_that_cannot_be_read_refuses_the_whole_list(row, line, says):
    found = lockbox(row, "2025-12-01,T2,5.00,,,,,")
    assert () == found.items
    assert (line, True) == (found.findings[0].place.line, says in found.findings[0].message)


def test_a_list_without_its_columns_is_refused():
    assert "no column amount" in lockbox(head="deposited_on,trace\r\n").findings[0].message


def test_bai2_credits_and_returns_are_taken_and_other_debits_only_count_for_the_total():
    assert [
        (4, "3717.50", "EFT20251201A", DAY, ""),
        (5, "250.00", "BANK78", DAY, ""),
        (7, "100.00", "CHECK9", DAY, "RETURNED"),
    ] == short(bai2())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("16,142,371750", "16,142,371751"), "control total"),
        (("49,1283500", "49,1283501"), "control total"),
        (("99,1283500", "99,1"), "control total"),
        (("99,1283500,1,10/\n", ""), "is cut"),
        (("02,123456789,122099999,1,251201", "02,123456789,122099999,1,251301"), "day"),
        (("16,165", "17,165"), "record code"),
        ((",Z,,CHECK9", ",Z,,"), "which payment"),
    ],
)
def test_bai2_that_does_not_agree_with_itself_is_refused_whole(change, says):
    found = bai2(BAI2.replace(*change))
    assert ((), True) == (found.items, says in found.findings[0].message)


@given(st.binary(max_size=200), st.sampled_from(["lockbox_csv", "bai2"]))
def test_any_bytes_give_items_or_a_finding_and_never_an_exception(content, how):
    found = read_cash(content, how, {})
    assert not (found.items and found.findings)


@given(st.text(alphabet="0123456789,/-S VD\n16289", max_size=120))
def test_any_bai2_like_text_gives_items_or_a_finding(text):
    found = bai2("01,/\n" + text)
    assert not (found.items and found.findings)
