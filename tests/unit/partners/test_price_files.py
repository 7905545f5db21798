"""Files of rates by age, factors, fees and contributions: every bad row is named by its line."""

from datetime import date
from decimal import Decimal

import pytest

from gateway.partners.price_rows import KINDS, Contribution, Factor, Fee, Rate
from gateway.partners.rates import kind_of, parse_rows, write_rows

RATES = "plan,tier,amount,starts_on,ends_on\n"
FACTORS = "plan,factor,area,ages,multiplier,starts_on,ends_on\n"
FEES = "name,basis,amount,percent,plan,legal_entity,starts_on,ends_on\n"
CONTRIBUTIONS = "plan,tier,percent,amount,starts_on,ends_on\n"


def read(model, content: str):
    rows, mistakes = parse_rows(model, content.encode(), "prices.csv")
    return rows, [(mistake.key, mistake.problem, mistake.remedy) for mistake in mistakes]


def wrong(model, content: str) -> list[tuple[str, str]]:
    return [(key, problem) for key, problem, _ in read(model, content)[1]]


def test_age_bands_stand_in_the_column_of_the_tier():
    rows, mistakes = read(Rate, RATES + "SILVER,AGE 0-14,229.50,2025-01-01,\nSILVER,AGE 15+,300.00,2025-01-01,\n")
    assert ([], ["AGE 0-14", "AGE 15+"], [2, 3]) == (
        mistakes, [row.tier for row in rows], [row.line for row in rows],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "mistakes"),
    [
        ("SILVER,AGE 14-0,1,2025-01-01,\n", [("line 2", "the tier is no age band")]),
        ("SILVER,age 0-14,1,2025-01-01,\n", [("line 2", "the tier is no age band")]),
        (
            "SILVER,AGE 0-14,1,2025-01-01,\nSILVER,AGE 14-20,1,2025-01-01,\n",
            [("line 3, tier", "from 2025-01-01 on, the band shares ages with line 2")],
        ),
        (
            "SILVER,AGE 0-14,1,2025-01-01,\nSILVER,AGE 16-20,1,2025-01-01,\n",
            [("line 3, tier", "from 2025-01-01 on, no band holds for ages 15 through 15")],
        ),
        (
            "SILVER,AGE 0-14,1,2025-01-01,\nSILVER,EMP,1,2025-06-01,\n",
            [("line 3, tier", "from 2025-06-01 on, the plan is priced by tier and by age")],
        ),
        ("SILVER,EMP,1,2025-01-01,2025-05-31\nSILVER,AGE 0+,1,2025-06-01,\n", []),
        ("SILVER,AGE 0+,1,2025-01-01,\nGOLD,EMP,1,2025-01-01,\n", []),
    ],
)
def test_bands_share_no_age_leave_none_out_and_do_not_stand_beside_tiers(rows, mistakes):
    assert mistakes == wrong(Rate, RATES + rows)


def test_columns_may_stand_in_any_order_and_what_may_be_empty_may_be_left_out():
    rows, mistakes = read(Rate, "amount,tier,plan,starts_on\n620.00,EMP,GOLD,2025-01-01\n")
    assert ([], [("GOLD", "EMP", Decimal("620.00"), None)]) == (
        mistakes, [(row.plan, row.tier, row.amount, row.ends_on) for row in rows],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("header", "mistakes"),
    [
        ("plan,tier,amount,start_on,ends_on\n", [
            ("line 1, start_on", "there is no such column", "did you mean `starts_on`?"),
            ("line 1, starts_on", "the column is missing", "write: plan,tier,amount,starts_on,ends_on"),
        ]),
        ("plan,tier,amount,starts_on,plan\n", [("line 1, plan", "the column is there twice", "keep one")]),
    ],
)  # fmt: skip
def test_a_column_that_is_strange_missing_or_there_twice_is_named(header, mistakes):
    assert mistakes == read(Rate, header + "GOLD,EMP,1,2025-01-01,\n")[1]


def test_a_factor_is_for_an_area_or_for_tobacco():
    rows, mistakes = read(
        Factor, FACTORS + "SILVER,area,R-IL001,,1.0345,2025-01-01,\n,tobacco,,AGE 21+,1.15,2025-01-01,\n"
    )
    assert ([], [("SILVER", "area", "R-IL001", ""), ("", "tobacco", "", "AGE 21+")]) == (
        mistakes, [row.key for row in rows],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "mistake"),
    [
        (",area,,,1.1,2025-01-01,", ("line 2", "an area factor names its area, and a tobacco factor none")),
        (",tobacco,R-IL001,,1.1,2025-01-01,", ("line 2", "an area factor names its area, and a tobacco factor none")),
        (",area,R-IL001,AGE 21+,1.1,2025-01-01,", ("line 2", "only a tobacco factor has ages")),
        (",tobacco,,21+,1.1,2025-01-01,", ("line 2", "only a tobacco factor has ages")),
        (",smoking,,,1.1,2025-01-01,", ("line 2, factor", "`smoking` is not one of the choices")),
        (",tobacco,,,11,2025-01-01,", ("line 2, multiplier", "11 is too large")),
        (",tobacco,,,0,2025-01-01,", ("line 2, multiplier", "0 is too small")),
    ],
)
def test_a_bad_factor_is_named_by_its_line(row, mistake):
    assert [mistake] == wrong(Factor, FACTORS + row + "\n")


def test_a_fee_is_an_amount_or_a_percentage():
    rows, mistakes = read(
        Fee, FEES + "Administration,member,2.50,,,EXSERVICE,2025-01-01,\nSurcharge,contract,,1.5,GOLD,,2025-01-01,\n"
    )
    assert ([], [("Administration",), ("Surcharge",)]) == (mistakes, [row.key for row in rows])


@pytest.mark.parametrize(
    ("row", "mistake"),
    [
        ("Admin,member,2.50,1.5,,,2025-01-01,", ("line 2", "a fee is an amount or a percentage")),
        ("Admin,member,,,,,2025-01-01,", ("line 2", "a fee is an amount or a percentage")),
        ("Admin,member,,1.5,,,2025-01-01,", ("line 2", "a percentage is not counted per member")),
        ("Admin,person,2.50,,,,2025-01-01,", ("line 2, basis", "`person` is not one of the choices")),
        ("Admin,member,0.00,,,,2025-01-01,", ("line 2, amount", "0.00 is too small")),
        ("=Admin,member,2.50,,,,2025-01-01,", ("line 2, name", "it has characters or a length that are not allowed")),
        (
            "Admin,member,2.50,,,,2025-01-01,2025-12-31\nAdmin,member,3.00,,,,2025-12-01,",
            ("line 3, starts_on", "it overlaps the fee of line 2"),
        ),
    ],
)
def test_a_bad_fee_is_named_by_its_line(row, mistake):
    assert [mistake] == wrong(Fee, FEES + row + "\n")


def test_a_fee_may_pause_and_a_rate_may_not():
    pause = "Admin,member,2.50,,,,2025-01-01,2025-06-30\nAdmin,member,2.50,,,,2025-09-01,\n"
    assert [] == wrong(Fee, FEES + pause)


@pytest.mark.parametrize(
    ("row", "mistakes"),
    [
        (",,75,,2025-01-01,", []),
        ("GOLD,FAM,,700.00,2025-01-01,", []),
        (",,75,700.00,2025-01-01,", [("line 2", "a contribution is a percentage or an amount")]),
        (",,101,,2025-01-01,", [("line 2, percent", "101 is too large")]),
    ],
)
def test_a_contribution_is_a_percentage_or_an_amount(row, mistakes):
    assert mistakes == wrong(Contribution, CONTRIBUTIONS + row + "\n")


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (RATES, "rates"), (FACTORS, "factors"), (FEES, "fees"), (CONTRIBUTIONS, "contributions"),
        ("plan,tier,amount,starts_on\n", "rates"), ("percent,starts_on\n", "contributions"),
        ("starts_on,tier,plan,amount\r\n", "rates"), ("\ufeffplan,tier,amount,starts_on\n", "rates"), ("a,b\n", ""),
    ],
)  # fmt: skip
def test_the_columns_say_what_kind_of_file_it_is(header, kind):
    assert kind == kind_of(header.encode())


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("rates", RATES + "GOLD,EMP,620.00,2025-01-01,2025-12-31\nGOLD,EMP,651.00,2026-01-01,\n"),
        ("factors", FACTORS + ",tobacco,,AGE 21+,1.15,2025-01-01,\n"),
        ("fees", FEES + "Administration,member,2.50,,,,2025-01-01,\n"),
        ("contributions", CONTRIBUTIONS + ",,75,,2025-01-01,\n"),
    ],
)
def test_what_is_written_is_what_was_read(kind, content):
    rows, _ = parse_rows(KINDS[kind], content.encode(), "prices.csv")
    assert content == write_rows(KINDS[kind], reversed(rows))


def test_a_row_for_other_days_says_the_same():
    (row,), _ = parse_rows(Rate, (RATES + "GOLD,EMP,620.00,2025-01-01,\n").encode(), "rates.csv")
    cut = row.over(date(2025, 6, 1), date(2025, 6, 30))
    assert (row.key, row.terms, "2025-06-30") == (cut.key, cut.terms, str(cut.ends_on))


# --- as a partner has them


def test_the_files_of_a_partner_are_read_beside_its_rates(home):
    home.add("birch/fees.csv", FEES + "Administration,member,2.50,,,,2025-01-01,\n")
    home.add("birch/contributions.csv", CONTRIBUTIONS + ",,75,,2025-01-01,\n")
    birch = home.load()[0]["birch"]
    counts = {kind: len(birch.price_rows(kind, f"{kind}.csv")) for kind in KINDS}
    assert ({"rates": 8, "factors": 0, "fees": 1, "contributions": 1}, []) == (counts, home.mistakes())


def test_a_bad_row_in_any_of_them_is_a_mistake_of_the_home(home):
    home.add("birch/fees.csv", FEES + "Administration,member,2.50,,,,2025-01-01,2024-01-01\n")
    assert [
        ("birch/fees.csv", "line 2, ends_on", "the fee ends before it starts", "swap or correct the dates")
    ] == home.mistakes()


def test_a_file_that_an_account_names_must_be_there(home):
    home.change("birch/billing.toml", 'rates = "rates.csv"', 'rates = "rates.csv"\nfees = "our-fees.csv"')
    assert [
        ("birch/billing.toml", "accounts.G005678.fees", "there is no file our-fees.csv",
         "write the file, or leave the setting out")
    ] == home.mistakes()  # fmt: skip


def test_ia_51_a_fee_never_has_the_name_of_a_plan(home):
    home.add("birch/fees.csv", FEES + "SILVER,member,2.50,,,,2025-01-01,\n")
    assert [
        ("birch/billing.toml", "accounts.G005678.fees", "the fee `SILVER` has the name of a plan",
         "give the fee another name")
    ] == home.mistakes()  # fmt: skip


def test_hf_30_a_code_leads_to_one_product(home):
    products = '[products.LIFE]\nline = "LIFE"\ncodes = ["LF50"]\n\n[products.ADD]\nline = "ADD"\ncodes = ["LF50"]\n\n'
    home.change("birch/billing.toml", "[accounts.G005678]", products + "[accounts.G005678]")
    assert [
        ("birch/billing.toml", "products.ADD.codes", "the code `LF50` is already that of LIFE", "keep it in one place")
    ] == home.mistakes()
