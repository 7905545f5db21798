"""The payout file, field by field as a bank reads it (DOMAIN 8.8)."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.bank import is_aba
from gateway.errors import ValueNotWritable
from gateway.feeds.nacha import Credit, Originator, render_payout

US = Originator("123456780", "Elm Bank", "1987654321", "Example Health Plan")
MADE = datetime(2025, 12, 15, 9, 30, tzinfo=UTC)
BIRCH = Credit("011000015", "00042-7", "checking", Decimal("250.00"), "O1", "Birch & Co.")
PERSON = Credit("021000021", "998", "savings", Decimal("1234.56"), "O2", "account of a subscriber", is_company=False)


def lines(*payments, **about):
    rendered = render_payout(US, payments, made_at=MADE, pays_on=date(2025, 12, 16), **({"number": 1} | about))
    return rendered.decode("ascii").split("\n")[:-1]


@pytest.mark.parametrize(
    ("number", "is_one"),
    [("011000015", True), ("021000021", True), ("123456780", True), ("011000016", False), ("01100001", False),
     ("", False), ("01100001X", False)],
)  # fmt: skip
def test_a_bank_number_has_a_check_digit(number, is_one):
    assert is_one == is_aba(number)


@given(st.integers(0, 10**8 - 1), st.integers(1, 9))
def test_a_wrong_check_digit_is_always_found(first, off):
    right = next(f"{first:08d}{digit}" for digit in range(10) if is_aba(f"{first:08d}{digit}"))
    assert not is_aba(right[:8] + str((int(right[8]) + off) % 10))


def test_every_record_has_94_characters_and_blocks_of_ten():
    for count in (1, 5, 6, 7, 25):
        found = lines(*[BIRCH] * count)
        assert {94} == {len(line) for line in found}
        assert 0 == len(found) % 10


def test_a_company_and_a_person_stand_in_batches_of_their_own():
    found = lines(PERSON, BIRCH)
    assert ["1", "5", "6", "8", "5", "6", "8", "9", "9", "9"] == [line[0] for line in found]
    assert ["CCD", "PPD"] == [line[50:53] for line in found if line[0] == "5"]
    assert ["101 1234567801987654321" + "2512150930A094101"] == [found[0][:40]]
    entry = found[2]
    assert ("622", "011000015", "00042-7          ", "0000025000", "O1             ", "BIRCH & CO.") == (
        entry[:3], entry[3:12], entry[12:29], entry[29:39], entry[39:54], entry[54:76].strip(),
    )  # fmt: skip
    assert ("0", "12345678", "0000001") == (entry[78], entry[79:87], entry[87:])
    assert "632021000021998" == found[5][:15]


def test_totals_and_hash_are_those_of_the_entries():
    found = lines(PERSON, BIRCH)
    none = "0" * 12
    assert [("000001", "0001100001", none, "000000025000"), ("000001", "0002100002", none, "000000123456")] == [
        (line[4:10], line[10:20], line[20:32], line[32:44]) for line in found if line[0] == "8"
    ]  # fmt: skip
    assert ("000002", "000001", "00000002", "0003200003", none, "000000148456") == (
        found[7][1:7], found[7][7:13], found[7][13:21], found[7][21:31], found[7][31:43], found[7][43:55],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"routing": "011000016"}, "check digit"),
        ({"account": "12 3"}, "account of O1"),
        ({"account": "1" * 18}, "account of O1"),
        ({"amount": Decimal("0.00")}, "amount of O1"),
        ({"amount": Decimal("100000000.00")}, "amount of O1"),
    ],
)
def test_what_no_bank_would_take_is_refused_without_naming_the_account(change, says):
    values = {name: getattr(BIRCH, name) for name in Credit.__slots__} | change
    with pytest.raises(ValueNotWritable, match=says) as caught:
        lines(Credit(**values))
    assert values["account"] not in str(caught.value)


def test_a_day_has_files_a_to_z_and_0_to_9():
    assert ["B", "9"] == [lines(BIRCH, number=number)[0][33] for number in (2, 36)]
    with pytest.raises(ValueNotWritable, match="36"):
        lines(BIRCH, number=37)
