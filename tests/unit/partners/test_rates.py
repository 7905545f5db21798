"""Rate files: every bad row is named by its line."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.partners.rates import read_rates

HEADER = "plan,tier,amount,starts_on,ends_on\n"


def read(tmp_path: Path, content: str | bytes):
    path = tmp_path / "rates.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    rates, mistakes = read_rates(path, "rates.csv")
    return rates, [(mistake.key, mistake.problem) for mistake in mistakes]


def test_a_rate_holds_plan_tier_price_and_days(tmp_path):
    rates, mistakes = read(tmp_path, HEADER + "GOLD,EMP,620.00,2025-01-01,2025-12-31\nGOLD,EMP,651.00,2026-01-01,\n")
    assert [] == mistakes
    assert [
        ("GOLD", "EMP", Decimal("620.00"), date(2025, 1, 1), date(2025, 12, 31)),
        ("GOLD", "EMP", Decimal("651.00"), date(2026, 1, 1), None),
    ] == [(rate.plan, rate.tier, rate.amount, rate.starts_on, rate.ends_on) for rate in rates]


def test_a_byte_order_mark_blanks_and_empty_lines_are_no_mistake(tmp_path):
    content = b"\xef\xbb\xbfplan, tier ,amount,starts_on,ends_on\r\n\r\nGOLD , EMP,620,2025-01-01,\r\n,,,,\r\n"
    rates, mistakes = read(tmp_path, content)
    assert ([], ["GOLD"]) == (mistakes, [rate.plan for rate in rates])


@pytest.mark.parametrize(
    ("rows", "mistakes"),
    [
        (
            "GOLD,EMP,six hundred,2025-01-01,\nGOLD,ESP,1240.00,2025-02-30,\n",
            [
                ("line 2, amount", "it is text, which does not fit"),
                ("line 3, starts_on", "it is text, which does not fit"),
            ],
        ),
        ("GOLD,EMP,-1.00,2025-01-01,\n", [("line 2, amount", "-1.00 is too small")]),
        ("GOLD,EMP,620.005,2025-01-01,\n", [("line 2, amount", "it has too many decimal places")]),
        (",EMP,620.00,2025-01-01,\n", [("line 2, plan", "it is missing")]),
        ("GOLD,EMP,620.00,2025-01-01\n", [("line 2", "the row has 4 fields, not 5")]),
        (
            "GOLD,EMP,620.00,2025-12-31,2025-01-01\n",
            [("line 2, ends_on", "the rate ends before it starts")],
        ),
        (
            "GOLD,EMP,651.00,2025-12-31,\nGOLD,EMP,620.00,2025-01-01,2025-12-31\n",
            [("line 2, starts_on", "it overlaps the rate of line 3")],
        ),
        (
            "GOLD,EMP,620.00,2025-01-01,\nGOLD,EMP,651.00,2025-01-01,\n",
            [("line 3, starts_on", "it overlaps the rate of line 2")],
        ),
        (
            "GOLD,EMP,620.00,2025-01-01,2025-12-31\nGOLD,EMP,651.00,2026-02-01,\n",
            [("line 3, starts_on", "no rate holds from 2026-01-01 through 2026-01-31")],
        ),
        (
            'GOLD,EMP,620.00,2025-01-01,\n"GOLD\n",ESP,1240,2025-01-01,x\n',
            [("line 4, ends_on", "it is text, which does not fit")],
        ),
    ],
)
def test_each_bad_row_is_named_by_its_line(tmp_path, rows, mistakes):
    assert mistakes == read(tmp_path, HEADER + rows)[1]


def test_rates_of_other_plans_and_tiers_neither_overlap_nor_leave_gaps(tmp_path):
    rows = "GOLD,EMP,1,2025-01-01,\nGOLD,ESP,2,2025-03-01,\nSILVER,EMP,3,2025-01-01,\n"
    assert [] == read(tmp_path, HEADER + rows)[1]


def test_good_rows_are_read_beside_bad_ones(tmp_path):
    rates, _ = read(tmp_path, HEADER + "GOLD,EMP,x,2025-01-01,\nGOLD,ESP,1240.00,2025-01-01,\n")
    assert ["ESP"] == [rate.tier for rate in rates]


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        ("", ("line 1", "these are not the columns of a rate file")),
        ("plan;tier;amount;starts_on;ends_on\n", ("line 1", "these are not the columns of a rate file")),
        (b"plan,tier,amount,starts_on,ends_on\nGOLD\xff,EMP,1,2025-01-01,\n", ("", "the file is not CSV in UTF-8")),
        (HEADER + '"GOLD,EMP,1,2025-01-01,\n', ("", "the file is not CSV in UTF-8")),
    ],
)
def test_a_file_that_is_no_rate_file_says_so_once(tmp_path, content, mistake):
    assert ((), [mistake]) == read(tmp_path, content)


def test_a_file_that_cannot_be_opened_is_a_mistake(tmp_path):
    rates, [mistake] = read_rates(tmp_path / "none.csv", "none.csv")
    assert ((), "none.csv", "the file cannot be read (No such file or directory)") == (
        rates,
        mistake.file,
        mistake.problem,
    )
